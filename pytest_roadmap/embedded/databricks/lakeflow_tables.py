"""The system tables of jobs: what ``system.lakeflow`` says of the jobs and runs of this workspace.

Source: https://learn.microsoft.com/azure/databricks/admin/system-tables/jobs (documented: tables,
columns, that reading needs USE and SELECT, that a run longer than an hour has a row for each clock
hour and its result in the last one only). Columns of structured types are left out, and rows appear
at once; on the service they arrive hours later. Result and trigger words are documented there too.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.state import Catalog, Column, Schema, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from pytest_roadmap.embedded.state import CloudState
    from pytest_roadmap.embedded.state_jobs import JobRun, Lifecycle

_OWNER = "System user"
_STRING, _TIME = "string", "timestamp"
_PLACE = (("account_id", _STRING), ("workspace_id", _STRING), ("job_id", _STRING))
_PERIOD = (("period_start_time", _TIME), ("period_end_time", _TIME))
_END = (("result_state", _STRING), ("termination_code", _STRING))
_COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "system.lakeflow.jobs": (
        *_PLACE,
        ("name", _STRING),
        ("description", _STRING),
        ("creator_id", _STRING),
        ("change_time", _TIME),
        ("delete_time", _TIME),
        ("run_as", _STRING),
    ),
    "system.lakeflow.job_run_timeline": (
        *_PLACE,
        ("run_id", _STRING),
        *_PERIOD,
        ("trigger_type", _STRING),
        ("run_type", _STRING),
        ("run_name", _STRING),
        *_END,
    ),
    "system.lakeflow.job_task_run_timeline": (
        *_PLACE,
        ("run_id", _STRING),
        *_PERIOD,
        ("task_key", _STRING),
        *_END,
        ("job_run_id", _STRING),
        ("parent_run_id", _STRING),
    ),
}
_RESULTS = {
    "SUCCESS": "SUCCEEDED",
    "SUCCESS_WITH_FAILURES": "SUCCEEDED",
    "FAILED": "FAILED",
    "TIMEDOUT": "TIMED_OUT",
    "CANCELED": "CANCELLED",
    "UPSTREAM_CANCELED": "SKIPPED",
    "UPSTREAM_FAILED": "SKIPPED",
    "EXCLUDED": "SKIPPED",
    "DISABLED": "SKIPPED",
    "MAXIMUM_CONCURRENT_RUNS_REACHED": "SKIPPED",
    "": "ERROR",
}
_TRIGGERS = {"ONE_TIME": "ONETIME", "RUN_JOB_TASK": "RUN_JOB_TASK"}
Row = tuple[Any, ...]


def add_system_tables(state: CloudState, born: datetime) -> None:
    """Put catalog, schema and tables into a new world; nobody holds a privilege on them."""
    birth: dict[str, Any] = {
        "owner": _OWNER,
        "created_at": born,
        "created_by": _OWNER,
        "updated_at": born,
        "updated_by": _OWNER,
    }
    state.catalogs["system"] = Catalog("system", **birth, catalog_type="SYSTEM_CATALOG")
    schema = Schema("system.lakeflow", **birth)
    schema.schema_id = "ebedded0-0000-4000-8000-000000000599"
    state.schemas[schema.full_name] = schema
    for number, (name, columns) in enumerate(_COLUMNS.items(), start=90):
        table = Table(name, **birth)
        table.table_id = f"ebedded0-0000-4000-8000-0000000007{number}"
        table.columns = [Column(column, kind) for column, kind in columns]
        state.tables[name] = table


def rows_of(state: CloudState, full_name: str, now: datetime) -> list[Row] | None:
    """The rows of a system table at this time; None for any other table."""
    rows = _ROWS.get(full_name)
    return None if rows is None else list(rows(state, now))


def _place(state: CloudState, job_id: int) -> Row:
    return state.metastore.metastore_id, str(state.workspace_id), str(job_id) if job_id else None


def _principal_id(state: CloudState, name: str) -> str | None:
    found = state.principal_named(name)
    return found.principal_id if found else None


def _jobs(state: CloudState, _now: datetime) -> Iterator[Row]:
    for job in state.lakeflow.jobs.values():
        yield (
            *_place(state, job.job_id),
            job.name,
            job.settings.get("description"),
            _principal_id(state, job.creator_user_name),
            job.created_time,
            None,
            _principal_id(state, job.runs_as),
        )


def _runs(state: CloudState, now: datetime) -> Iterator[Row]:
    for run in state.lakeflow.runs.values():
        trigger = _TRIGGERS.get(run.trigger, run.trigger)
        for start, end, result, code in _slices(run.lifecycle, now):
            place = (*_place(state, run.job_id), str(run.run_id))
            yield (*place, start, end, trigger, run.run_type, run.run_name, result, code)


def _tasks(state: CloudState, now: datetime) -> Iterator[Row]:
    for run in state.lakeflow.runs.values():
        for task in run.tasks:
            for start, end, result, code in _slices(task.lifecycle, now):
                place = (*_place(state, run.job_id), str(task.run_id))
                ended = (start, end, task.task_key, result, code)
                yield (*place, *ended, str(run.run_id), _parent(run))


def _parent(run: JobRun) -> str | None:
    return str(run.parent_run_id) if run.parent_run_id else None


def _slices(
    lifecycle: Lifecycle, now: datetime
) -> Iterator[tuple[datetime, datetime, str | None, str | None]]:
    """A row for each clock hour touched; an active run has no result yet."""
    start, end = lifecycle.started, lifecycle.ended or now
    while True:
        hour = start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        if hour >= end:
            break
        yield start, hour, None, None
        start = hour
    over = lifecycle.is_over
    result = _RESULTS.get(lifecycle.result, lifecycle.result) if over else None
    yield start, end, result, lifecycle.code if over else None


_ROWS: dict[str, Callable[[CloudState, datetime], Iterator[Row]]] = {
    "system.lakeflow.jobs": _jobs,
    "system.lakeflow.job_run_timeline": _runs,
    "system.lakeflow.job_task_run_timeline": _tasks,
}
