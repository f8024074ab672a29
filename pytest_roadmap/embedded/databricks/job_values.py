"""Dynamic value references in the parameters of tasks: ``{{job.parameters.run_id}}``.

Source: https://learn.microsoft.com/azure/databricks/jobs/dynamic-value-references (documented).
References this cloud does not know are refused, because the service would put a value there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_roadmap.embedded.state_jobs import JobRun, TaskRun

_REFERENCE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


class UnknownReferenceError(ValueError):
    """A reference that has no value here."""


def references(run: JobRun, task: TaskRun) -> dict[str, str]:
    """Every reference with its value."""
    started = run.lifecycle.started
    known = {f"job.parameters.{name}": value for name, (_, value) in run.parameters.items()}
    return known | {
        "job.id": str(run.job_id),
        "job.name": run.run_name,
        "job.run_id": str(run.run_id),
        "job.trigger.type": run.trigger.lower(),
        "job.start_time.iso_datetime": started.strftime("%Y-%m-%dT%H:%M:%S"),
        "job.start_time.iso_date": started.strftime("%Y-%m-%d"),
        "job.start_time.timestamp_ms": str(int(started.timestamp() * 1000)),
        "task.name": task.task_key,
        "task.run_id": str(task.run_id),
        "task.execution_count": str(task.attempt + 1),
    }


def job_of_history(run: JobRun, task: TaskRun) -> dict[str, str]:
    """How the history of a table names the run that wrote to it.

    Source: https://docs.databricks.com/en/delta/history.html (documented: ``job`` is a struct). Its
    fields are those of open-source Delta's ``JobInfo``. What a SQL warehouse writes has none.
    """
    return {
        "jobId": str(run.job_id),
        "jobName": run.run_name,
        "jobRunId": str(run.run_id),
        "runId": str(task.run_id),
        "triggerType": "manual" if run.trigger == "ONE_TIME" else run.trigger.lower(),
    }


def resolve(text: str, known: Mapping[str, str]) -> str:
    """The text with its references replaced.

    Raises:
        UnknownReferenceError: one has no value.
    """

    def value(match: re.Match[str]) -> str:
        found = known.get(match[1])
        if found is None:
            raise UnknownReferenceError(
                f"The reference {{{{{match[1]}}}}} is unsupported by the embedded cloud."
            )
        return found

    return _REFERENCE.sub(value, text)
