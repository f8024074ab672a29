"""Faults, snapshots and the clock of the embedded cloud."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest
from databricks.sdk.errors import InternalError
from databricks.sdk.service.sql import State

from tests.contract.embedded_cloud import PIPELINE, SCIM, UC, RunningCloud, error_of


def test_a_throttled_call_says_when_to_come_back_and_the_sdk_does(cloud: RunningCloud) -> None:
    """429 with Retry-After, once; the SDK waits and succeeds."""
    cloud.faults(f"throttle:route={UC}/catalogs,count=1,retry_after=1")
    started = time.monotonic()
    assert cloud.client("harness").catalogs.get("main").name == "main"
    assert time.monotonic() - started >= 1
    cloud.faults(f"throttle:route={UC}/catalogs,retry_after=7")
    answer = cloud.rest("harness", "GET", f"{UC}/catalogs/main")
    assert error_of(answer) == (429, "REQUEST_LIMIT_EXCEEDED")
    assert answer.headers["Retry-After"] == "7"
    assert cloud.rest("harness", "GET", f"{UC}/schemas/main.silver").status_code == 200


def test_a_failing_service_is_an_internal_error(cloud: RunningCloud) -> None:
    """500, for one principal only where the fault says so."""
    cloud.faults("error-500:principal=roadmap-reader")
    with pytest.raises(InternalError):
        cloud.client("harness").catalogs.get("main")
    assert cloud.rest("admin", "GET", f"{UC}/catalogs/main").status_code == 200


def test_a_dropped_connection_is_retried_by_the_sdk(cloud: RunningCloud) -> None:
    """The connection closes without an answer, once."""
    cloud.faults(f"drop-connection:route={SCIM},count=1")
    assert cloud.client("harness").current_user.me().active is True
    active = cloud.admin("GET", "faults")["active"]
    assert [(item["id"], item["remaining"]) for item in active] == [("drop-connection", 0)]


def test_slow_answers_take_their_time(cloud: RunningCloud) -> None:
    """The delay is added to the answer."""
    cloud.faults("slow-responses:ms=200,count=1")
    started = time.monotonic()
    assert cloud.rest("harness", "GET", f"{SCIM}/Me").status_code == 200
    assert time.monotonic() - started >= 0.2


def test_an_answer_can_change_between_two_reads(cloud: RunningCloud) -> None:
    """SEC-002.S3.N2: the first read is true, later ones are not."""
    path = f"{UC}/external-locations/loc-landing"
    cloud.faults(f"altered-answer:route={path},field=owner,value=someone,after=1")
    first, second = (cloud.rest("harness", "GET", path).json()["owner"] for _ in range(2))
    assert (first, second) == ("infra.park@embedded.example", "someone")


@pytest.mark.parametrize("change", ["field=owners,value=x", "field=read_only,value=maybe"])
def test_an_answer_that_cannot_be_altered_is_an_error(cloud: RunningCloud, change: str) -> None:
    """A misspelt field must not leave the answer healthy."""
    path = f"{UC}/external-locations/loc-landing"
    cloud.faults(f"altered-answer:route={path},{change}")
    assert error_of(cloud.rest("harness", "GET", path)) == (500, "INTERNAL_ERROR")


def test_the_host_can_answer_for_another_workspace(cloud: RunningCloud) -> None:
    """The header changes with it, also in the SDK's discovery address."""
    cloud.faults("wrong-workspace:id=42")
    answer = cloud.rest("harness", "GET", f"{SCIM}/Me")
    assert answer.headers["x-databricks-org-id"] == "42"
    config = cloud.rest(None, "GET", "/.well-known/databricks-config").json()
    assert config["workspace_id"] == "42"


def test_a_token_can_stand_for_somebody_else(cloud: RunningCloud) -> None:
    """SEC-003.S2.N5: the subject's credential is really the harness's."""
    cloud.faults("swapped-identity:subject=sp-pipeline,as=roadmap-reader")
    answer = cloud.rest("pipeline_sp", "GET", f"{SCIM}/Me").json()
    assert answer["displayName"] == "roadmap-reader"


@pytest.mark.parametrize("wrong", ["nope", "throttle:colour=red", "throttle:count=0"])
def test_an_unknown_fault_is_refused_with_the_known_ones(cloud: RunningCloud, wrong: str) -> None:
    """A control with a typo must not run without its fault."""
    token = cloud.connection["admin_token"]
    answer = cloud.rest(token, "POST", "/_embedded/faults", {"active": ["throttle", wrong]})
    assert error_of(answer) == (400, "INVALID_PARAMETER_VALUE")
    assert cloud.admin("GET", "faults")["active"] == []


def test_restore_brings_back_grants_files_faults_and_the_clock(cloud: RunningCloud) -> None:
    """The whole state; the snapshot stays usable."""
    kept = cloud.admin("POST", "snapshot")["snapshot_id"]
    for _ in range(2):
        cloud.revoke("catalog", "main", PIPELINE, "USE_CATALOG")
        cloud.rest("harness", "PUT", "/api/2.0/fs/files/Volumes/main/ops/probe_volume/x")
        cloud.faults("slow-responses:ms=1")
        cloud.admin("POST", "clock", {"advance_s": 86400})
        assert cloud.admin("POST", "restore", {"snapshot_id": kept})["snapshot_id"] == kept
        state = cloud.admin("GET", "state")
        assert (state["storage"], state["faults"], state["clock_offset_s"]) == ([], [], 0)
        assert cloud.rest("pipeline_sp", "GET", f"{UC}/catalogs/main").status_code == 200
    cloud.admin("POST", "forget", {"snapshot_id": kept})
    token = cloud.connection["admin_token"]
    answer = cloud.rest(token, "POST", "/_embedded/restore", {"snapshot_id": kept})
    assert answer.status_code == 404


def test_table_data_come_back_with_the_state(cloud: RunningCloud) -> None:
    """Versions are pointers to immutable relations."""
    kept = cloud.admin("POST", "snapshot")["snapshot_id"]
    count = "SELECT count(*) FROM main.gold.dq_trend"
    before = cloud.sql("pipeline_sp", count)["result"]["data_array"]
    cloud.sql("pipeline_sp", "DELETE FROM main.gold.dq_trend")
    assert cloud.sql("pipeline_sp", count)["result"]["data_array"] == [["0"]]
    cloud.admin("POST", "restore", {"snapshot_id": kept})
    assert cloud.sql("pipeline_sp", count)["result"]["data_array"] == before


def test_the_clock_only_goes_forward(cloud: RunningCloud) -> None:
    """The well-known address tells the offset."""
    before = datetime.fromisoformat(cloud.admin("GET", "state")["now"])
    after = datetime.fromisoformat(cloud.admin("POST", "clock", {"advance_s": 3600})["now"])
    assert after - before >= timedelta(hours=1)
    found = cloud.rest(None, "GET", "/.well-known/roadmap-embedded").json()
    assert (found["clock_offset_s"], found["state_id"]) == (3600, cloud.connection["state_id"])
    token = cloud.connection["admin_token"]
    for wrong in (-1, "1", True, None):
        answer = cloud.rest(token, "POST", "/_embedded/clock", {"advance_s": wrong})
        assert answer.status_code == 400


def test_a_warehouse_starts_runs_and_stops(cloud: RunningCloud) -> None:
    """STOPPED, STARTING, RUNNING, STOPPED; starting a running one changes nothing."""
    warehouse = cloud.connection["warehouse_id"]
    warehouses = cloud.client("harness").warehouses
    assert warehouses.get(warehouse).state == State.STOPPED
    warehouses.start(warehouse)
    assert warehouses.get(warehouse).state == State.STARTING
    cloud.admin("POST", "clock", {"advance_s": 60})
    assert warehouses.get(warehouse).state == State.RUNNING
    warehouses.start(warehouse)
    assert warehouses.get(warehouse).state == State.RUNNING
    cloud.client("admin").warehouses.stop(warehouse)
    assert warehouses.get(warehouse).state == State.STOPPING
    cloud.admin("POST", "clock", {"advance_s": 60})
    assert warehouses.get(warehouse).state == State.STOPPED


def test_a_warehouse_can_be_stuck(cloud: RunningCloud) -> None:
    """The fault keeps it STARTING."""
    cloud.faults("warehouse-stuck-starting")
    warehouse = cloud.connection["warehouse_id"]
    cloud.client("harness").warehouses.start(warehouse)
    cloud.admin("POST", "clock", {"advance_s": 3600})
    assert cloud.client("harness").warehouses.get(warehouse).state == State.STARTING
