"""The seeded jobs, the workspace files and the pipeline they use, and what ran before.

Ids are fixed, so that documents can name them. The jobs are deployed from a bundle by the service
principal they run as; the harness may start them and change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from pytest_roadmap.embedded.databricks.job_settings import check_settings
from pytest_roadmap.embedded.databricks.levels import ancestors
from pytest_roadmap.embedded.state import CloudState
from pytest_roadmap.embedded.state_jobs import (
    Job,
    JobRun,
    Lifecycle,
    Pipeline,
    TaskRun,
    WorkspaceObject,
)

JOB_A, JOB_SILVER, JOB_B, JOB_C = (510000000000100 + number for number in range(1, 5))
JOB_BOOTSTRAP, JOB_SYNC, JOB_MATERIALIZATION, JOB_CLEANUP, JOB_RULES_CHECK = (
    510000000000100 + number for number in range(5, 10)
)
SILVER_PIPELINE = "ebedded0-0000-4000-8000-0000000009a1"
FAILED_RUN, FAILED_RERUN, RERUN = 610000000000101, 610000000000103, 610000000000105
_FILES = "/Shared/pipelines"
_NOTEBOOK = "bootstrap_catalog"
_WINDOW = ("2026-02-01T00:00:00Z", "2026-02-01T01:00:00Z")
_RUN_ID = "run-20260201-0100"
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
_BUNDLE = "/Workspace/Shared/.bundle/pipelines/state/metadata.json"


@dataclass(frozen=True, slots=True)
class Owners:
    """Who is who in the seeded jobs, by the names that permissions use."""

    admin: str
    harness: str
    pipeline: str
    warehouse: str


def add_jobs(state: CloudState, now: datetime, owners: Owners) -> None:
    """Put the jobs, what they use and their past into a fresh state."""
    born = now - timedelta(days=30)
    _add_folders(state, owners, born)
    for job_id, name, tasks, takes_window in _jobs(owners.warehouse):
        for task in tasks:
            _add_source(state, task, born)
        _add_job(state, job_id, name, tasks, owners, born, takes_window=takes_window)
    state.lakeflow.pipelines[SILVER_PIPELINE] = Pipeline(
        SILVER_PIPELINE,
        owners.pipeline,
        owners.pipeline,
        {"name": "silver_materialization", "catalog": "main", "schema": "silver"},
        born,
        {owners.pipeline: "IS_OWNER", owners.harness: "CAN_VIEW"},
    )
    for run_id, ago, failure in _PAST:
        _add_run(state, state.lakeflow.jobs[JOB_A], run_id, now - ago, failure)


def _jobs(warehouse: str) -> tuple[tuple[int, str, list[dict[str, Any]], bool], ...]:
    """Id, name, tasks, and whether the job takes run id, mode and window."""

    def sql(key: str, name: str, **more: Any) -> dict[str, Any]:
        file = {"path": f"{_FILES}/{name}.sql", "source": "WORKSPACE"}
        return {"task_key": key, "sql_task": {"warehouse_id": warehouse, "file": file}, **more}

    notebook = {"notebook_path": f"{_FILES}/{_NOTEBOOK}", "source": "WORKSPACE"}
    check = {
        "task_key": "check",
        "depends_on": [{"task_key": "sync"}],
        "run_job_task": {"job_id": JOB_RULES_CHECK},
    }
    return (
        (JOB_A, "pipeline_a", [sql("dq_gate", "pipeline_a", timeout_seconds=60)], True),
        (JOB_SILVER, "pipeline_silver", [sql("materialize", "pipeline_silver")], True),
        (JOB_B, "pipeline_b", [sql("summarize", "pipeline_b")], True),
        (JOB_C, "pipeline_c", [sql("trend", "pipeline_c")], True),
        (
            JOB_BOOTSTRAP,
            "bootstrap_catalog",
            [{"task_key": "bootstrap", "notebook_task": notebook}],
            False,
        ),
        (
            JOB_SYNC,
            "sync_dim_rule_scd2",
            [sql("sync", "sync_dim_rule_scd2"), check],
            False,
        ),
        (
            JOB_MATERIALIZATION,
            "pipeline_silver_materialization",
            [{"task_key": "refresh", "pipeline_task": {"pipeline_id": SILVER_PIPELINE}}],
            False,
        ),
        (
            JOB_CLEANUP,
            "bad_records_retention_cleanup",
            [sql("cleanup", "bad_records_retention_cleanup")],
            False,
        ),
        (JOB_RULES_CHECK, "rules_check", [sql("count", "rules_check")], False),
    )


def _add_job(
    state: CloudState,
    job_id: int,
    name: str,
    tasks: list[dict[str, Any]],
    owners: Owners,
    born: datetime,
    *,
    takes_window: bool,
) -> None:
    declared = _PARAMETERS if takes_window else ()
    settings = check_settings(
        {
            "name": name,
            "tasks": tasks,
            "parameters": [{"name": key, "default": value} for key, value in declared],
            "run_as": {"service_principal_name": owners.pipeline},
            "max_concurrent_runs": 1,
            "timeout_seconds": 120,
            "deployment": {"kind": "BUNDLE", "metadata_file_path": _BUNDLE},
            "edit_mode": "UI_LOCKED",
        }
    )
    acl = {
        owners.pipeline: "IS_OWNER",
        owners.admin: "CAN_MANAGE",
        owners.harness: "CAN_MANAGE_RUN",
    }
    state.lakeflow.jobs[job_id] = Job(job_id, owners.pipeline, born, settings, acl)


def _add_folders(state: CloudState, owners: Owners, born: datetime) -> None:
    """The folder of the sources; what may be done there reaches below it."""
    lakeflow = state.lakeflow
    for folder in reversed([_FILES, *ancestors(_FILES)]):
        lakeflow.objects[folder] = WorkspaceObject(
            lakeflow.next_id(), folder, "DIRECTORY", born, born
        )
    lakeflow.objects[_FILES].acl = {
        owners.admin: "CAN_MANAGE",
        owners.pipeline: "CAN_READ",
        owners.harness: "CAN_READ",
    }


def _add_source(state: CloudState, task: dict[str, Any], born: datetime) -> None:
    """The file or notebook of a task, from the samples of this package."""
    if "notebook_task" in task:
        path, name, kind = task["notebook_task"]["notebook_path"], f"{_NOTEBOOK}.notebook", "PYTHON"
    elif "sql_task" in task:
        path, kind = task["sql_task"]["file"]["path"], ""
        name = path.rpartition("/")[2]
    else:
        return
    lakeflow = state.lakeflow
    lakeflow.objects[path] = WorkspaceObject(
        lakeflow.next_id(),
        path,
        "NOTEBOOK" if kind else "FILE",
        born,
        born,
        language=kind,
        content=(files(__package__) / "sample" / name).read_bytes(),
    )


def _add_run(state: CloudState, job: Job, run_id: int, started: datetime, failure: str) -> None:
    """One run of the past; ``failure`` is what its task printed."""
    task = job.settings["tasks"][0]
    values = (_RUN_ID, "incremental", *_WINDOW)
    state.lakeflow.runs[run_id] = JobRun(
        run_id,
        job.job_id,
        run_id,
        job.name,
        job.creator_user_name,
        job.settings["run_as"]["service_principal_name"],
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
