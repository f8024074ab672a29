"""What the jobs part of ``WorkspacePort`` promises, on the SDK against the embedded cloud."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from pytest_roadmap.composition import EmbeddedCloud, RunOptions, open_run, start_embedded
from pytest_roadmap.domain.bound_jobs import bound_job_id, declared_parameters
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.job_runs import JobRun, failed_attempts, success_problems
from pytest_roadmap.domain.outcome import AccessRefusedError, AssetMissingError
from pytest_roadmap.domain.pipeline_baseline import record_baseline, require_contract
from pytest_roadmap.domain.pipeline_contract import load_contract
from pytest_roadmap.domain.ports import Ports
from pytest_roadmap.domain.recording import Recorder
from pytest_roadmap.domain.warehouse import running_warehouse
from pytest_roadmap.domain.warehouse_desk import WarehouseDesk
from tests.fakes.world import PIPELINE

ROOT = Path(__file__).parents[2]
FILE = "/Shared/pipelines/pipeline_a.sql"
LIMIT_S = 20.0


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    started = start_embedded(ROOT, tmp_path_factory.mktemp("cloud"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def opened(cloud: EmbeddedCloud) -> tuple[Ports, Environment]:
    document = ROOT / ".roadmap/implementation_roadmap.md"
    run = open_run(RunOptions(ROOT, document, "embedded"), cloud.connection)
    return run.ports(Recorder("SEC-007.S1", lambda: datetime.now(UTC))), run.environment


@pytest.fixture
def ports(opened: tuple[Ports, Environment]) -> Ports:
    return opened[0]


@pytest.fixture
def environment(opened: tuple[Ports, Environment]) -> Environment:
    return opened[1]


@pytest.fixture
def job_id(ports: Ports, environment: Environment) -> int:
    return bound_job_id(ports.workspace, environment, "A")


def finished(ports: Ports, run_id: int) -> JobRun:
    deadline = time.monotonic() + LIMIT_S
    while not (run := JobRun(ports.workspace.run(run_id))).has_ended:
        assert time.monotonic() < deadline, f"run {run_id} is {run.word}"
        time.sleep(0.05)
    return run


def test_a_job_is_the_same_by_id_and_by_name(ports: Ports, job_id: int) -> None:
    """Its effective identity is the service principal, by explicit setting."""
    job = ports.workspace.job(job_id)
    (named,) = ports.workspace.jobs_named("pipeline_a")
    assert named["job_id"] == job["job_id"] == job_id
    assert job["run_as_user_name"] == PIPELINE
    assert job["settings"]["run_as"] == {"service_principal_name": PIPELINE}
    assert declared_parameters(job) == ("run_id", "mode", "window_start", "window_end")


def test_a_run_uses_its_parameters_and_a_token_starts_it_once(ports: Ports, job_id: int) -> None:
    """The second request with the token answers the first run."""
    values = {"run_id": f"contract-{uuid4().hex}"}
    token = uuid4().hex
    run_id = ports.workspace.run_now(job_id, values, token)
    assert ports.workspace.run_now(job_id, values, token) == run_id
    run = finished(ports, run_id)
    assert list(success_problems(run, frozenset({"dq_gate"}))) == []
    assert run.parameters["run_id"] == values["run_id"]
    assert run.execution_ms > 0
    assert run.url.startswith("https://")


def test_runs_are_listed_since_a_moment_and_by_activity(ports: Ports, job_id: int) -> None:
    """Runs of the past have failed, been repeated, and ended."""
    past = [JobRun(body) for body in ports.workspace.runs(job_id)]
    words = [run.succeeded for run in past][-3:]
    recent = ports.workspace.runs(job_id, since=datetime.now(UTC) - timedelta(hours=2))
    assert words == [True, False, False]
    assert len(recent) == len(past) - 3
    assert ports.workspace.runs(job_id, active_only=True) == ()


def test_the_output_of_a_failed_task_says_why(ports: Ports, job_id: int) -> None:
    """It is asked for by the run of the task."""
    failed = JobRun(ports.workspace.runs(job_id)[-1])
    (attempt,) = failed_attempts(failed)
    assert ports.workspace.run_output(attempt)["error"] == "The warehouse was stopped."


def test_permissions_of_a_job_name_every_holder_with_its_level(ports: Ports, job_id: int) -> None:
    """The pipeline principal deployed the job."""
    found = ports.workspace.job_permissions(job_id)
    own = [entry for entry in found if entry.get("service_principal_name") == PIPELINE]
    assert [p["permission_level"] for p in own[0]["all_permissions"]] == ["IS_OWNER"]


def test_a_file_of_the_workspace_is_seen_by_the_principal_that_runs_it(ports: Ports) -> None:
    """Whoever may not read it is told that it does not exist."""
    assert ports.act_as("pipeline_sp").object_status(FILE)["object_type"] == "FILE"
    with pytest.raises(AssetMissingError):
        ports.workspace.object_status("/Shared/nowhere")


def test_who_holds_nothing_on_a_job_may_not_run_it(ports: Ports, job_id: int) -> None:
    """The operator of another day."""
    with pytest.raises(AccessRefusedError):
        ports.act_as("operator").run_now(job_id, {}, uuid4().hex)


def test_the_bound_contract_holds_and_a_baseline_can_be_taken(
    ports: Ports, environment: Environment
) -> None:
    """The check queries are answered by the embedded engine as they stand."""
    contract = load_contract(environment)
    require_contract(ports.workspace, contract)
    desk = WarehouseDesk(ports.workspace, running_warehouse(environment, ports.workspace))
    baseline = record_baseline(desk, contract, contract.order, "contract-unused")
    assert len(baseline.tables) == len(contract.outputs)
    assert all(each.fingerprint.isdecimal() for each in baseline.tables if each.rows)
