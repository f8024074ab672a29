"""Jobs and runs as the API writes them.

Source: https://docs.databricks.com/api/azure/workspace/jobs/getrun (2.2, documented; for a run of
several tasks set-up and execution durations are 0 and ``run_duration`` counts).
Source: https://github.com/apache/airflow/pull/72313 (reported from a live workspace: ``tasks`` has
one entry for each attempt). Assumed: a run of one task repeats that task's durations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.wire import millis

if TYPE_CHECKING:
    from datetime import datetime

    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import CloudState
    from pytest_roadmap.embedded.state_jobs import Job, JobRun, Lifecycle, Repair, TaskRun

_V2 = {"WAITING_FOR_RETRY": "WAITING", "SKIPPED": "TERMINATED", "INTERNAL_ERROR": "TERMINATED"}
_GOOD = frozenset({"SUCCESS", "SUCCESS_WITH_FAILURES", "DISABLED", "SKIPPED"})
_WORKSPACE = "Microsoft.Databricks/workspaces"


def job_answer(job: Job, *, full: bool) -> dict[str, Any]:
    """A job; lists leave the tasks out unless they were asked for."""
    hidden = () if full else ("tasks", "job_clusters", "environments", "parameters")
    settings = {name: value for name, value in job.settings.items() if name not in hidden}
    return {
        "job_id": job.job_id,
        "creator_user_name": job.creator_user_name,
        "run_as_user_name": job.runs_as,
        "settings": settings,
        "created_time": millis(job.created_time),
    }


def run_answer(
    cloud: Cloud, run: JobRun, *, tasks: bool = True, history: bool = False
) -> dict[str, Any]:
    """A run."""
    page = page_url(cloud.state, run)
    answer: dict[str, Any] = {
        **({"job_id": run.job_id} if run.job_id else {}),
        "run_id": run.run_id,
        "job_run_id": run.run_id,
        "number_in_job": run.number_in_job,
        "creator_user_name": run.creator_user_name,
        "run_name": run.run_name,
        "run_type": run.run_type,
        "trigger": run.trigger,
        "format": "MULTI_TASK",
        "run_page_url": page,
        "job_parameters": [
            {"name": name, "default": default, "value": value}
            for name, (default, value) in run.parameters.items()
        ],
        **state_answer(run.lifecycle),
        **_run_times(run),
    }
    if run.parent_run_id:
        answer["trigger_info"] = {"run_id": run.parent_run_id}
    if tasks:
        answer["tasks"] = [task_answer(item, page) for item in run.tasks]
    if history:
        answer["repair_history"] = [_repair_answer(item) for item in _history(run)]
    return answer


def task_answer(task: TaskRun, page: str) -> dict[str, Any]:
    """One attempt at one task."""
    hidden = ("min_retry_interval_millis", "max_retries", "retry_on_timeout")
    shown = {name: value for name, value in task.definition.items() if name not in hidden}
    return {
        **shown,
        "run_id": task.run_id,
        "run_page_url": f"{page.rpartition('/')[0]}/{task.run_id}",
        "attempt_number": task.attempt,
        **state_answer(task.lifecycle),
        **times(task.lifecycle),
    }


def state_answer(lifecycle: Lifecycle) -> dict[str, Any]:
    """``state`` of the older and ``status`` of the newer API."""
    state: dict[str, Any] = {
        "life_cycle_state": lifecycle.life_cycle,
        "state_message": lifecycle.message,
        "user_cancelled_or_timedout": lifecycle.result in ("CANCELED", "TIMEDOUT"),
    }
    status: dict[str, Any] = {"state": _V2.get(lifecycle.life_cycle, lifecycle.life_cycle)}
    if lifecycle.life_cycle == "QUEUED":
        reason = "Queued due to reaching maximum concurrent runs limit."
        state["queue_reason"] = reason
        status["queue_details"] = {"code": "MAX_CONCURRENT_RUNS_REACHED", "message": reason}
    if lifecycle.is_over:
        if lifecycle.result:
            state["result_state"] = lifecycle.result
        kind = "SUCCESS" if lifecycle.code in _GOOD else "CLIENT_ERROR"
        kind = "INTERNAL_ERROR" if lifecycle.code == "INTERNAL_ERROR" else kind
        status["termination_details"] = {
            "code": lifecycle.code,
            "type": kind,
            "message": lifecycle.message,
        }
    return {"state": state, "status": status}


def times(lifecycle: Lifecycle) -> dict[str, int]:
    """Start, end and durations of a task, in milliseconds."""
    begun = lifecycle.executing_since
    return {
        "start_time": millis(lifecycle.started),
        "end_time": millis(lifecycle.ended) if lifecycle.ended else 0,
        "setup_duration": _between(lifecycle.queued_until or lifecycle.started, begun),
        "execution_duration": _between(begun, lifecycle.ended),
        "cleanup_duration": 0,
    }


def _run_times(run: JobRun) -> dict[str, int]:
    lifecycle, found = run.lifecycle, times(run.lifecycle)
    single = run.tasks[-1].lifecycle if len({t.task_key for t in run.tasks}) == 1 else None
    inner = times(single) if single else {"setup_duration": 0, "execution_duration": 0}
    found |= {name: inner[name] for name in ("setup_duration", "execution_duration")}
    found["run_duration"] = _between(lifecycle.started, lifecycle.ended)
    found["queue_duration"] = _between(lifecycle.started, lifecycle.queued_until)
    return found


def _between(first: datetime | None, last: datetime | None) -> int:
    return max(0, millis(last) - millis(first)) if first and last else 0


def _history(run: JobRun) -> list[Repair]:
    from pytest_roadmap.embedded.state_jobs import Repair as Entry  # noqa: PLC0415 - a value only

    return run.repairs or [Entry(0, [task.run_id for task in run.tasks], run.lifecycle)]


def _repair_answer(item: Repair) -> dict[str, Any]:
    return {
        **({"id": item.repair_id} if item.repair_id else {}),
        "type": "REPAIR" if item.repair_id else "ORIGINAL",
        "start_time": millis(item.lifecycle.started),
        "end_time": millis(item.lifecycle.ended) if item.lifecycle.ended else 0,
        "task_run_ids": item.task_run_ids,
        **state_answer(item.lifecycle),
    }


def page_url(state: CloudState, run: JobRun) -> str:
    """The page of a run in the workspace."""
    found = next((item for item in state.arm.values() if item.get("type") == _WORKSPACE), {})
    host = found.get("properties", {}).get("workspaceUrl", "localhost")
    return f"https://{host}/?o={state.workspace_id}#job/{run.job_id}/run/{run.run_id}"
