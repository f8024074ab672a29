"""The jobs part of the workspace adapter against a scripted server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_roadmap.adapters.databricks import DatabricksWorkspace, Limits, connect_workspace
from pytest_roadmap.domain.outcome import AccessRefusedError, AssetMissingError
from pytest_roadmap.domain.recording import Recorder
from tests.unit.adapters.fake_http import FakeServer, Reply, accept, fake_server

JOBS = "/api/2.2/jobs"


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server() as fake:
        fake.on("GET /.well-known/databricks-config", Reply())
        yield fake


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("SEC-007.S1", lambda: datetime.now(UTC), "When something is run")


@pytest.fixture
def workspace(server: FakeServer, recorder: Recorder) -> DatabricksWorkspace:
    connection = connect_workspace(
        server.url,
        {"auth_type": "pat", "token": "fake-token-value"},
        identity="harness",
        limits=Limits(retry_s=3, http_s=2),
        answer_check=accept,
        trust_env=False,
    )
    return DatabricksWorkspace(connection, recorder)


def named(job_id: int, name: str) -> dict[str, Any]:
    return {"job_id": job_id, "settings": {"name": name}}


def test_a_job_is_found_by_its_exact_name(
    server: FakeServer, workspace: DatabricksWorkspace
) -> None:
    """The service's filter passes over case; the contract does not."""
    server.on(f"GET {JOBS}/list", Reply(body={"jobs": [named(1, "a"), named(2, "A")]}))
    assert [job["job_id"] for job in workspace.jobs_named("A")] == [2]


def test_a_job_with_many_tasks_is_read_to_its_last_page(
    server: FakeServer, workspace: DatabricksWorkspace
) -> None:
    """A hundred tasks stand on a page."""
    first = {"tasks": [{"task_key": "a"}], "parameters": [{"name": "p", "default": ""}]}
    second = {"tasks": [{"task_key": "b"}]}
    server.on(
        f"GET {JOBS}/get",
        Reply(
            body={"job_id": 1, "run_as_user_name": "x", "settings": first, "next_page_token": "t"}
        ),
        Reply(body={"job_id": 1, "settings": second}),
    )
    job = workspace.job(1)
    assert [task["task_key"] for task in job["settings"]["tasks"]] == ["a", "b"]
    assert (job["run_as_user_name"], len(job["settings"]["parameters"])) == ("x", 1)


def test_a_run_is_asked_for_with_token_queue_and_parameters(
    server: FakeServer, workspace: DatabricksWorkspace, recorder: Recorder
) -> None:
    """The SDK repeats a request whose connection broke; the token keeps that harmless."""
    server.on(f"POST {JOBS}/run-now", Reply(body={"run_id": 77}))
    assert workspace.run_now(1, {"run_id": "r"}, "token-1") == 77
    sent = recorder.events[-1].body["request"]
    assert sent == {
        "job_id": 1,
        "job_parameters": {"run_id": "r"},
        "idempotency_token": "token-1",
        "queue": {"enabled": True},
    }


def test_a_run_is_read_with_every_task_and_its_repairs(
    server: FakeServer, workspace: DatabricksWorkspace
) -> None:
    """Pages continue the arrays of the first one."""
    arrays: dict[str, list[Any]] = {
        "job_clusters": [],
        "job_parameters": [],
        "repair_history": [{"type": "ORIGINAL"}],
    }
    server.on(
        f"GET {JOBS}/runs/get",
        Reply(body={"run_id": 5, "tasks": [{"task_key": "a"}], **arrays, "next_page_token": "t"}),
        Reply(body={"run_id": 5, "tasks": [{"task_key": "b"}], **arrays | {"repair_history": []}}),
    )
    run = workspace.run(5)
    assert [task["task_key"] for task in run["tasks"]] == ["a", "b"]
    assert len(run["repair_history"]) == 1


def test_runs_are_listed_over_all_pages_since_a_moment(
    server: FakeServer, workspace: DatabricksWorkspace, recorder: Recorder
) -> None:
    """Milliseconds since the epoch, as the service counts."""
    server.on(
        f"GET {JOBS}/runs/list",
        Reply(body={"runs": [{"run_id": 2}], "next_page_token": "t"}),
        Reply(body={"runs": [{"run_id": 1}]}),
    )
    found = workspace.runs(9, since=datetime(2026, 1, 1, tzinfo=UTC), active_only=True)
    assert [run["run_id"] for run in found] == [2, 1]
    sent = recorder.events[0].body["request"]
    assert (sent["start_time_from"], sent["active_only"]) == ("1767225600000", "true")


def test_output_permissions_pipelines_and_objects_are_the_answers_of_the_service(
    server: FakeServer, workspace: DatabricksWorkspace
) -> None:
    """One read each."""
    acl = {"access_control_list": [{"user_name": "kim", "all_permissions": []}]}
    server.on(f"GET {JOBS}/runs/get-output", Reply(body={"error": "boom"}))
    server.on("GET /api/2.0/permissions/jobs/1", Reply(body=acl))
    server.on("GET /api/2.0/permissions/warehouses/w", Reply(body=acl))
    server.on("GET /api/2.0/pipelines/p", Reply(body={"pipeline_id": "p"}))
    server.on("GET /api/2.0/workspace/get-status", Reply(body={"object_id": 4}))
    assert workspace.run_output(3)["error"] == "boom"
    assert workspace.job_permissions(1)[0]["user_name"] == "kim"
    assert len(workspace.object_permissions("warehouses", "w")) == 1
    assert workspace.pipeline("p")["pipeline_id"] == "p"
    assert workspace.object_status("/a")["object_id"] == 4


def test_refused_and_absent_are_told_apart(
    server: FakeServer, workspace: DatabricksWorkspace
) -> None:
    """A job that does not exist is answered with 400 and these words."""
    missing = {
        "error_code": "INVALID_PARAMETER_VALUE",
        "message": "Job 1 does not exist.",
    }
    refused = {"error_code": "PERMISSION_DENIED", "message": "no"}
    server.on(f"GET {JOBS}/get", Reply(status=400, body=missing))
    server.on(f"POST {JOBS}/run-now", Reply(status=403, body=refused))
    with pytest.raises(AssetMissingError):
        workspace.job(1)
    with pytest.raises(AccessRefusedError):
        workspace.run_now(1, {}, "t")
