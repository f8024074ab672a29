"""The seeded jobs, the workspace files they run, and what ran before.

Ids are fixed, so that documents can name them. Pipelines run as the service principal and are
deployed from a bundle; the harness may start them and change nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from pytest_roadmap.embedded.databricks.job_settings import check_settings
from pytest_roadmap.embedded.databricks.levels import ancestors
from pytest_roadmap.embedded.state import CloudState
from pytest_roadmap.embedded.state_jobs import Job, JobRun, Lifecycle, TaskRun, WorkspaceObject

PIPELINE_A = 510000000000101
FAILED_RUN, FAILED_RERUN, RERUN = 610000000000101, 610000000000103, 610000000000105
_FILES = "/Shared/pipelines"
_WINDOW = ("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z")
_RUN_ID = "run-20260202-0100"
#: How long ago the runs of the past started, and how long each of them took.
_PAST = (
    (FAILED_RUN, timedelta(hours=27), "The warehouse was stopped."),
    (FAILED_RERUN, timedelta(hours=26), "The warehouse was stopped."),
    (RERUN, timedelta(hours=25), ""),
)
_TOOK = timedelta(seconds=42)
_PARAMETERS = (
    ("run_id", "manual"),
    ("mode", "incremental"),
    ("window_start", "1970-01-01T00:00:00Z"),
    ("window_end", "1970-01-02T00:00:00Z"),
)


def add_jobs(
    state: CloudState, now: datetime, *, admin: str, harness: str, run_as: str, warehouse: str
) -> None:
    """Put the jobs, their files and their past into a fresh state."""
    born = now - timedelta(days=30)
    path = _add_file(state, "pipeline_a.sql", admin, run_as, born)
    settings = check_settings(
        {
            "name": "pipeline_a",
            "tasks": [
                {
                    "task_key": "dq_gate",
                    "sql_task": {
                        "warehouse_id": warehouse,
                        "file": {"path": path, "source": "WORKSPACE"},
                    },
                    "timeout_seconds": 60,
                }
            ],
            "parameters": [{"name": name, "default": value} for name, value in _PARAMETERS],
            "run_as": {"service_principal_name": run_as},
            "max_concurrent_runs": 1,
            "timeout_seconds": 120,
            "deployment": {
                "kind": "BUNDLE",
                "metadata_file_path": "/Workspace/Shared/.bundle/pipelines/state/metadata.json",
            },
            "edit_mode": "UI_LOCKED",
        }
    )
    acl = {admin: "IS_OWNER", harness: "CAN_MANAGE_RUN", run_as: "CAN_VIEW"}
    state.lakeflow.jobs[PIPELINE_A] = Job(PIPELINE_A, admin, born, settings, acl)
    job = state.lakeflow.jobs[PIPELINE_A]
    for run_id, ago, failure in _PAST:
        _add_run(state, job, run_id, now - ago, run_as, failure)


def _add_file(state: CloudState, name: str, creator: str, reader: str, born: datetime) -> str:
    lakeflow = state.lakeflow
    path = f"{_FILES}/{name}"
    for folder in reversed(list(ancestors(path))):
        if folder not in lakeflow.objects:
            lakeflow.objects[folder] = WorkspaceObject(
                lakeflow.next_id(), folder, "DIRECTORY", born, born
            )
    lakeflow.objects[_FILES].acl = {creator: "CAN_MANAGE", reader: "CAN_READ"}
    content = (files(__package__) / "sample" / name).read_bytes()
    lakeflow.objects[path] = WorkspaceObject(
        lakeflow.next_id(), path, "FILE", born, born, content=content
    )
    return path


def _add_run(
    state: CloudState, job: Job, run_id: int, started: datetime, run_as: str, failure: str
) -> None:
    """One run of the past; ``failure`` is what its task printed."""
    task = job.settings["tasks"][0]
    values = (_RUN_ID, "incremental", *_WINDOW)
    state.lakeflow.runs[run_id] = JobRun(
        run_id,
        job.job_id,
        run_id,
        job.name,
        job.creator_user_name,
        run_as,
        job.settings,
        _lifecycle(started, failure),
        parameters={
            name: (default, value)
            for (name, default), value in zip(_PARAMETERS, values, strict=True)
        },
        tasks=[
            TaskRun(
                run_id + 1,
                task["task_key"],
                task,
                _lifecycle(started, failure),
                output={"error": failure} if failure else {},
            )
        ],
        acl=job.acl,
    )


def _lifecycle(started: datetime, failure: str) -> Lifecycle:
    words: dict[str, Any] = {"result": "SUCCESS", "code": "SUCCESS"}
    if failure:
        words = {"result": "FAILED", "code": "RUN_EXECUTION_ERROR", "message": failure}
    return Lifecycle(
        started,
        "TERMINATED",
        queued_until=started,
        executing_since=started,
        ended=started + _TOOK,
        **words,
    )
