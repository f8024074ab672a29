"""What follows from ended tasks: whether the next may run, and how the run as a whole ended.

Source: https://learn.microsoft.com/azure/databricks/jobs/run-if (documented: the conditions, that
an excluded task counts as a success, and that the leaves decide the run; a run whose leaves
succeeded although another task failed "succeeded with failures").
Source: the SDK's ``TerminationCodeCode`` (documented there: SKIPPED for what an upstream failure
kept from running, DISABLED, CANCELED for a run that took too long, USER_CANCELED).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.embedded.databricks.job_settings import dependencies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_GOOD = frozenset({"SUCCESS", "EXCLUDED", "DISABLED"})
_BAD = frozenset({"FAILED", "TIMEDOUT", "UPSTREAM_FAILED"})
_CANCELLED = frozenset({"CANCELED", "UPSTREAM_CANCELED"})
CODES = {
    "SUCCESS": "SUCCESS",
    "SUCCESS_WITH_FAILURES": "SUCCESS_WITH_FAILURES",
    "FAILED": "RUN_EXECUTION_ERROR",
    "TIMEDOUT": "CANCELED",
    "CANCELED": "USER_CANCELED",
    "UPSTREAM_FAILED": "SKIPPED",
    "UPSTREAM_CANCELED": "SKIPPED",
    "EXCLUDED": "SKIPPED",
    "DISABLED": "DISABLED",
    "MAXIMUM_CONCURRENT_RUNS_REACHED": "MAX_CONCURRENT_RUNS_EXCEEDED",
}


def kept_from_running(task: Mapping[str, Any], results: Mapping[str, str]) -> str:
    """The result of a task whose dependencies ended so; empty when it has to run."""
    if task.get("disabled"):
        return "DISABLED"
    ended = [results[key] for key in dependencies(task)]
    if not ended:
        return ""
    good = [result in _GOOD for result in ended]
    bad = [result in _BAD for result in ended]
    cancelled = any(result in _CANCELLED for result in ended)
    condition = task.get("run_if", "ALL_SUCCESS")
    runs = {
        "ALL_SUCCESS": all(good),
        "ALL_DONE": True,
        "NONE_FAILED": not any(bad) and not cancelled,
        "AT_LEAST_ONE_SUCCESS": any(good),
        "ALL_FAILED": all(bad),
        "AT_LEAST_ONE_FAILED": any(bad),
    }[condition]
    if runs:
        return ""
    if condition in ("ALL_FAILED", "AT_LEAST_ONE_FAILED"):
        return "EXCLUDED"
    return "UPSTREAM_CANCELED" if cancelled and not any(bad) else "UPSTREAM_FAILED"


def result_of_run(tasks: Sequence[Mapping[str, Any]], results: Mapping[str, str]) -> str:
    """How the run ended, from the results of its tasks."""
    needed = {key for task in tasks for key in dependencies(task)}
    leaves = [results[task["task_key"]] for task in tasks if task["task_key"] not in needed]
    if all(result in _GOOD for result in leaves):
        clean = all(result in _GOOD for result in results.values())
        return "SUCCESS" if clean else "SUCCESS_WITH_FAILURES"
    return "CANCELED" if all(r in _GOOD | _CANCELLED for r in results.values()) else "FAILED"


def message_of(result: str, results: Mapping[str, str], messages: Mapping[str, str]) -> str:
    """The sentence of the run's state."""
    failed = sorted(key for key, ended in results.items() if ended in ("FAILED", "TIMEDOUT"))
    if result == "FAILED" and failed:
        return f"Task {failed[0]} failed with message: {messages.get(failed[0], '')[:500]}"
    return "Run cancelled." if result == "CANCELED" else ""
