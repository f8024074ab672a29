"""Jobs on the running embedded cloud, through the unmodified SDK."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

from databricks.sdk.service.jobs import JobSettings, QueueSettings, Run, RunLifeCycleState, RunTask
from databricks.sdk.service.workspace import ImportFormat, Language

from tests.contract.embedded_cloud import PIPELINE, RunningCloud

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WAREHOUSE = "wh-embedded-1"
FOLDER = "/Shared/contract"
ENDED = (
    RunLifeCycleState.TERMINATED,
    RunLifeCycleState.SKIPPED,
    RunLifeCycleState.INTERNAL_ERROR,
)
AS_PIPELINE = {"run_as": {"service_principal_name": PIPELINE}}
WRITE = (
    "INSERT INTO main.ops.pipeline_state (pipeline_name, last_run_id, last_status) "
    "SELECT 'contract', :run_id, current_user()"
)
WRITTEN = (
    "SELECT last_run_id, last_status FROM main.ops.pipeline_state "
    "WHERE pipeline_name = 'contract' ORDER BY last_run_id"
)
RUN_ID = [{"name": "run_id", "default": "none"}]
QUEUE = QueueSettings(enabled=True)


def put_file(cloud: RunningCloud, name: str, text: str, *, notebook: bool = False) -> str:
    """A file or Python notebook that the pipeline principal may read; its path."""
    client, path = cloud.client("admin"), f"{FOLDER}/{name}"
    client.workspace.mkdirs(FOLDER)
    client.workspace.import_(
        path,
        content=base64.b64encode(text.encode()).decode(),
        format=ImportFormat.SOURCE if notebook else ImportFormat.RAW,
        language=Language.PYTHON if notebook else None,
        overwrite=True,
    )
    folder = client.workspace.get_status(FOLDER)
    row = {"service_principal_name": PIPELINE, "permission_level": "CAN_READ"}
    answer = cloud.rest(
        "admin",
        "PATCH",
        f"/api/2.0/permissions/directories/{folder.object_id}",
        {"access_control_list": [row]},
    )
    assert answer.status_code == 200, answer.text
    return path


def sql_task(cloud: RunningCloud, key: str, text: str, **more: Any) -> dict[str, Any]:
    """A task that runs this SQL from a file of its own."""
    path = put_file(cloud, f"{key}.sql", text)
    return {
        "task_key": key,
        "sql_task": {"warehouse_id": WAREHOUSE, "file": {"path": path}},
        **more,
    }


def notebook_task(cloud: RunningCloud, key: str, text: str, **more: Any) -> dict[str, Any]:
    """A task that runs this Python as a notebook of its own."""
    path = put_file(cloud, key, text, notebook=True)
    return {"task_key": key, "notebook_task": {"notebook_path": path}, **more}


def make_job(cloud: RunningCloud, *tasks: Mapping[str, Any], **settings: Any) -> int:
    """A job of the administrator that runs as the pipeline principal; its id."""
    body = {"name": "contract", "tasks": list(tasks), **AS_PIPELINE, **settings}
    answer = cloud.rest("admin", "POST", "/api/2.2/jobs/create", body)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["job_id"])


def update(cloud: RunningCloud, job_id: int, settings: Mapping[str, Any]) -> None:
    """Change a job as the administrator."""
    cloud.client("admin").jobs.update(job_id, new_settings=JobSettings.from_dict(dict(settings)))


def start(cloud: RunningCloud, job_id: int, **options: Any) -> int:
    """Start a run as the administrator; its id."""
    return int(cloud.client("admin").jobs.run_now(job_id, **options).bind()["run_id"])


def ended(cloud: RunningCloud, run_id: int, within_s: float = 20) -> Run:
    """The run once it has ended."""
    return wait_for(cloud, run_id, *ENDED, within_s=within_s)


def until(condition: Callable[[], object], within_s: float = 20) -> None:
    """Wait until something holds."""
    limit = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < limit, f"still not so after {within_s} s"
        time.sleep(0.02)


def wait_for(
    cloud: RunningCloud, run_id: int, *states: RunLifeCycleState, within_s: float = 20
) -> Run:
    """The run once it is in one of these states."""
    limit = time.monotonic() + within_s
    while time.monotonic() < limit:
        found = cloud.client("admin").jobs.get_run(run_id, include_history=True)
        assert found.state is not None
        if found.state.life_cycle_state in states:
            return found
        time.sleep(0.02)
    raise AssertionError(f"run {run_id} is not in {states} after {within_s} s")


def finished(cloud: RunningCloud, job_id: int, **options: Any) -> Run:
    """Start a run and wait for its end."""
    return ended(cloud, start(cloud, job_id, **options))


def result(run: Run) -> str:
    """The result of a run; its life cycle state where it has none."""
    assert run.state is not None
    assert run.state.life_cycle_state is not None
    found = run.state.result_state
    return found.value if found else run.state.life_cycle_state.value


def attempts(run: Run, key: str) -> list[RunTask]:
    """The attempts at one task, first one first."""
    return [task for task in run.tasks or [] if task.task_key == key]


def task_result(run: Run, key: str) -> str:
    """The result of the last attempt at a task."""
    state = attempts(run, key)[-1].state
    assert state is not None
    assert state.result_state is not None
    return state.result_state.value


def rows(cloud: RunningCloud, statement: str) -> list[list[str | None]]:
    """What the harness reads."""
    answer = cloud.sql("harness", statement)
    assert answer["status"]["state"] == "SUCCEEDED", answer
    found: list[list[str | None]] = answer["result"].get("data_array", [])
    return found


def writing_job(cloud: RunningCloud, **settings: object) -> int:
    """A job that notes its run id and who ran it; its id."""
    return make_job(cloud, sql_task(cloud, "write", WRITE), parameters=RUN_ID, **settings)
