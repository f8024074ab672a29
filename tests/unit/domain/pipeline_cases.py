"""A small bound world for the tests of the pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.ports import StatementResult
from tests.fakes.jobs import ended_state, milliseconds
from tests.fakes.world import NOW, PIPELINE, FakeWorkspace

RUN_ID = "dod-1"
JOB, RUN = 41, 7001
STARTED = NOW + timedelta(seconds=1)
LO, HI = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)
BINDINGS: dict[str, Any] = {
    "uc": {"catalog": "main"},
    "warehouse": {"id": "wh"},
    "sla": {"smoke_timeout_min": 1},
    "params": {"run_id": "run_id", "mode": "mode", "window_start": "ws", "window_end": "we"},
    "jobs": {"A": {"id": JOB}, "B": {"name": "summary"}},
    "pipelines": {
        "order": ["A", "B"],
        "modes": {"incremental": "incremental"},
        "windows": {
            "smoke": ["2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"],
            "history_start": "2026-02-01T00:00:00Z",
        },
        "source": {
            "table": "bronze.raw",
            "key": ["txn_id"],
            "event_ts": "event_ts",
            "watermark": "ingest_ts",
        },
        "A": {
            "outputs": [
                {
                    "table": "silver.dq",
                    "key": ["run_id", "rule_id"],
                    "run_id": "run_id",
                    "written_at": "run_ts",
                    "smoke_any_of": True,
                }
            ]
        },
        "B": {
            "outputs": [
                {
                    "table": "gold.daily",
                    "key": ["day"],
                    "run_id": "run_id",
                    "volatile": ["run_id"],
                    "smoke_any_of": True,
                }
            ]
        },
        "dq": {
            "table": "silver.dq",
            "severity": "severity",
            "critical_value": "CRITICAL",
            "checked": "checked",
            "bad": "bad",
            "status": "status",
            "window_start": "ws",
            "window_end": "we",
        },
        "state": {
            "table": "ops.state",
            "key": "name",
            "watermark": "mark",
            "run_id": "last_run",
            "status": "status",
            "updated_at": "at",
        },
        "rules": {"table": "silver.rules", "key": "rule_id", "current": "is_current"},
    },
}


def bound(**changes: Any) -> Environment:
    """The environment; each change sets (or, with None, removes) a dotted key (``__`` for dots)."""
    bindings = deepcopy(BINDINGS)
    for name, value in changes.items():
        *path, last = name.split("__")
        node = bindings
        for part in path:
            node = node.setdefault(part, {})
        if value is None:
            node.pop(last, None)
        else:
            node[last] = value
    return Environment("embedded", "embedded", bindings, "embedded.yaml")


def table(*columns: str) -> Mapping[str, Any]:
    """A table as the service lists it."""
    return {"columns": [{"name": name} for name in columns]}


def run_body(result: str = "SUCCESS", run_id: int = RUN, **changes: Any) -> dict[str, Any]:
    """A run of job A that ended."""
    values = {"run_id": RUN_ID, "mode": "incremental", "ws": "2026-02-01T00:00:00Z"}
    body = {
        "job_id": JOB,
        "run_id": run_id,
        "run_page_url": f"https://w/#job/{JOB}/run/{run_id}",
        "start_time": milliseconds(STARTED),
        "end_time": milliseconds(STARTED + timedelta(seconds=9)),
        "execution_duration": 0,
        "job_parameters": [
            {"name": name, "default": "", "value": value}
            for name, value in {**values, "we": "2026-02-02T00:00:00Z"}.items()
        ],
        "tasks": [
            {"task_key": "dq", "run_id": 1, "execution_duration": 4000, **ended_state(result)}
        ],
        **ended_state(result),
    }
    return body | changes


def job_body(*parameters: str) -> dict[str, Any]:
    """Job A."""
    names = parameters or ("run_id", "mode", "ws", "we")
    return {
        "job_id": JOB,
        "run_as_user_name": PIPELINE,
        "settings": {
            "name": "a",
            "tasks": [{"task_key": "dq"}],
            "parameters": [{"name": name, "default": ""} for name in names],
        },
    }


def workspace(**changes: Any) -> FakeWorkspace:
    """A workspace in which job A has one run ahead of it."""
    found = FakeWorkspace(jobs={JOB: job_body()}, job_runs={RUN: run_body()}, next_runs=[RUN])
    for name, value in changes.items():
        setattr(found, name, value)
    return found


def answer(*rows: tuple[str | None, ...], columns: tuple[str, ...] = ()) -> StatementResult:
    """A statement that succeeded with these rows."""
    return StatementResult("s", "SUCCEEDED", columns, rows)


def failed(code: str, message: str = "no", sql_state: str = "") -> StatementResult:
    """A statement that failed."""
    return StatementResult(
        "s", "FAILED", error_code=code, error_message=message, sql_state=sql_state
    )
