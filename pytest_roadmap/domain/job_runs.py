"""One run of a job as the service describes it, and what must hold of it (C-RUNOK, C-RUNPAR).

``runs/get`` lists one entry for each attempt at a task, so a task is judged by its last attempt. A
run of several tasks states no execution time of its own: it is the sum over its tasks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

ENDED = frozenset({"TERMINATED", "SKIPPED", "INTERNAL_ERROR"})
SUCCESS = "SUCCESS"
#: What may still succeed; a word that is not known is no such promise.
_UNDER_WAY = frozenset(
    {"PENDING", "QUEUED", "RUNNING", "TERMINATING", "BLOCKED", "WAITING", "WAITING_FOR_RETRY"}
)
_LEFT_OUT = frozenset({"EXCLUDED", "DISABLED"})
#: How far the clocks of harness and service may differ.
CLOCK_TOLERANCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run in the service's own words."""

    body: Mapping[str, Any] = field(repr=False)

    @property
    def run_id(self) -> int:
        """The platform's id of the run."""
        return int(self.body.get("run_id") or 0)

    @property
    def url(self) -> str:
        """The page of the run."""
        return str(self.body.get("run_page_url") or "")

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return _life_cycle(self.body) in ENDED

    @property
    def is_under_way(self) -> bool:
        """Whether the service says that it is still at it."""
        return _life_cycle(self.body) in _UNDER_WAY

    @property
    def was_skipped(self) -> bool:
        """Whether the service never started it, for the limit on concurrent runs."""
        code = _code(self.body)
        return _life_cycle(self.body) == "SKIPPED" or code == "MAX_CONCURRENT_RUNS_EXCEEDED"

    @property
    def succeeded(self) -> bool:
        """C-RUNOK of the run itself; ``SUCCESS_WITH_FAILURES`` is none."""
        return _succeeded(self.body)

    @property
    def word(self) -> str:
        """How it ended, for people."""
        return _word(self.body)

    @property
    def started(self) -> datetime:
        """When it was asked for, UTC."""
        return at_milliseconds(self.body.get("start_time"))

    @property
    def ended(self) -> datetime:
        """When it ended, UTC."""
        return at_milliseconds(self.body.get("end_time"))

    @property
    def parameters(self) -> dict[str, str]:
        """C-RUNPAR: the values that really ran."""
        legacy = (self.body.get("overriding_parameters") or {}).get("notebook_params") or {}
        found = {str(name): str(value) for name, value in legacy.items()}
        for item in self.body.get("job_parameters") or ():
            value = item.get("value")
            found[str(item.get("name"))] = str(item.get("default") if value is None else value)
        return found

    @property
    def tasks(self) -> dict[str, Mapping[str, Any]]:
        """The last attempt at each task."""
        found: dict[str, Mapping[str, Any]] = {}
        for task in self.body.get("tasks") or ():
            key = str(task.get("task_key"))
            if key not in found or _attempt(task) >= _attempt(found[key]):
                found[key] = task
        return found

    @property
    def execution_ms(self) -> int:
        """Milliseconds of execution, without queue and set-up."""
        whole = int(self.body.get("execution_duration") or 0)
        each = (int(t.get("execution_duration") or 0) for t in self.body.get("tasks") or ())
        return whole or sum(each)

    @property
    def repairs(self) -> tuple[Mapping[str, Any], ...]:
        """The repair history: the original run first, one entry for each repair after it."""
        return tuple(self.body.get("repair_history") or ())


def success_problems(run: JobRun, expected_tasks: frozenset[str]) -> Iterator[str]:
    """Why the run is no success with all expected tasks."""
    name = f"run {run.run_id}"
    if not run.succeeded:
        yield f"{name} ended {run.word}"
    tasks = run.tasks
    for key in sorted(expected_tasks - set(tasks)):
        yield f"{name}: task {key} did not run"
    if not tasks:
        yield f"{name} has no task"
    left = left_out(run)
    for key, task in tasks.items():
        if key in left:
            yield f"{name}: task {key} was left out ({_word(task)})"
        elif not _succeeded(task):
            yield f"{name}: task {key} ended {_word(task)}"


def left_out(run: JobRun) -> tuple[str, ...]:
    """The tasks that the run was asked not to do, or that are switched off."""
    return tuple(
        key
        for key, task in run.tasks.items()
        if _code(task) in _LEFT_OUT or _result(task) in _LEFT_OUT
    )


def parameter_problems(run: JobRun, requested: Mapping[str, str]) -> Iterator[str]:
    """Which requested value the run did not use."""
    used = run.parameters
    for name, value in requested.items():
        if used.get(name) != value:
            yield f"run {run.run_id} used {name}={used.get(name)!r}, requested was {value!r}"


def replay_problem(run: JobRun, asked: datetime) -> str:
    """That the run is one from before it was asked for; "" if it is not."""
    if run.started >= asked - CLOCK_TOLERANCE:
        return ""
    return f"run {run.run_id} was started at {run.started}, before it was asked for at {asked}"


def failed_attempts(run: JobRun) -> tuple[int, ...]:
    """The ids of the attempts that did not succeed, whose output says why."""
    return tuple(
        int(task["run_id"])
        for task in run.body.get("tasks") or ()
        if task.get("run_id") and _result(task) not in (SUCCESS, "", "UPSTREAM_FAILED")
    )


def at_milliseconds(value: Any) -> datetime:
    """A time of the service; one that is absent lies at the epoch."""
    return datetime.fromtimestamp(int(value or 0) / 1000, UTC)


def state_succeeded(state: Mapping[str, Any]) -> bool:
    """Whether ``state`` (``RunState``) is a success."""
    return state.get("life_cycle_state") == "TERMINATED" and state.get("result_state") == SUCCESS


def _succeeded(body: Mapping[str, Any]) -> bool:
    status = body.get("status") or {}
    return (
        status.get("state") == "TERMINATED"
        and _code(body) == SUCCESS
        and state_succeeded(body.get("state") or {})
    )


def _life_cycle(body: Mapping[str, Any]) -> str:
    state = (body.get("state") or {}).get("life_cycle_state")
    return str(state or (body.get("status") or {}).get("state") or "")


def _result(body: Mapping[str, Any]) -> str:
    return str((body.get("state") or {}).get("result_state") or "")


def _code(body: Mapping[str, Any]) -> str:
    details = (body.get("status") or {}).get("termination_details") or {}
    return str(details.get("code") or "")


def _word(body: Mapping[str, Any]) -> str:
    parts = dict.fromkeys((_life_cycle(body), _result(body), _code(body)))
    said = str((body.get("state") or {}).get("state_message") or "").strip()
    return " ".join(filter(None, parts)) + (f": {said[:300]}" if said else "")


def _attempt(task: Mapping[str, Any]) -> tuple[int, int]:
    return int(task.get("attempt_number") or 0), int(task.get("start_time") or 0)
