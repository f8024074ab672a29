"""Runs of jobs: start, read, repair, cancel.

Source: https://docs.databricks.com/api/azure/workspace/jobs/runnow and its neighbours (2.2; 2.1 is
served alike; documented: a used idempotency token answers the run it started, the newest run is
listed first, output belongs to the run of a task, a repair takes an ended run and the job's
settings of now).
Source: https://github.com/databricks/databricks-sdk-py/issues/157 (reported: a second repair needs
``latest_repair_id``). Other wording is assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import levels
from pytest_roadmap.embedded.databricks.job_execution import runs_of
from pytest_roadmap.embedded.databricks.job_settings import check_settings, text_map
from pytest_roadmap.embedded.databricks.jobs import VERSIONS, check_run_as, job_of, listed
from pytest_roadmap.embedded.databricks.run_answers import page_url, run_answer, task_answer
from pytest_roadmap.embedded.errors import InvalidParameterError
from pytest_roadmap.embedded.state_jobs import JobRun, Lifecycle, Repair, TaskRun
from pytest_roadmap.embedded.wire import Call, Route, millis

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud

_MOST_LISTED = 25
_LONGEST_TOKEN = 64
_FAILED = frozenset({"FAILED", "TIMEDOUT", "CANCELED", "UPSTREAM_FAILED", "UPSTREAM_CANCELED", ""})


def _number(value: object, name: str) -> int:
    if isinstance(value, bool) or not str(value).isdigit():
        raise InvalidParameterError(f"{name} must be a number, not {value!r}")
    return int(str(value))


def _run_of(cloud: Cloud, call: Call, run_id: object, level: str) -> JobRun:
    """The run, if the caller holds the level on it (the levels of its job; documented)."""
    found = cloud.state.lakeflow.runs.get(_number(run_id, "run_id"))
    if found is None:
        raise InvalidParameterError(f"Run {run_id} does not exist.")
    runs_of(cloud).settle(cloud.state)
    levels.require(cloud.state, call.principal, found.acl, levels.JOB, level, f"run {run_id}")
    return found


def _task_of(cloud: Cloud, run_id: int) -> tuple[JobRun, TaskRun] | None:
    return next(
        (
            (run, task)
            for run in cloud.state.lakeflow.runs.values()
            for task in run.tasks
            if task.run_id == run_id
        ),
        None,
    )


def _token(cloud: Cloud, call: Call) -> tuple[str, JobRun | None]:
    """The idempotency token and the run it has started before."""
    token = call.optional_text("idempotency_token")
    if len(token) > _LONGEST_TOKEN:
        raise InvalidParameterError("idempotency_token must have at most 64 characters")
    earlier = cloud.state.lakeflow.tokens.get(token) if token else None
    return token, None if earlier is None else cloud.state.lakeflow.runs.get(earlier)


def _run_now(cloud: Cloud, call: Call) -> dict[str, Any]:
    job = job_of(cloud, call.principal, call.body.get("job_id"), "CAN_MANAGE_RUN")
    service, lakeflow = runs_of(cloud), cloud.state.lakeflow
    service.settle(cloud.state)
    token, run = _token(cloud, call)
    if run is None and cloud.state.fault("run-now-answers-old-run"):
        past = [r for r in lakeflow.runs.values() if r.job_id == job.job_id]
        run = past[-1] if past else None
    if run is None:
        run = service.start_job(
            job,
            creator=call.principal.name,
            given=text_map("job_parameters", call.body.get("job_parameters") or {}),
            queue=bool((call.body.get("queue") or {}).get("enabled")),
            only=tuple(call.body.get("only") or ()),
        )
    if token:
        lakeflow.tokens[token] = run.run_id
    return {"run_id": run.run_id, "number_in_job": run.number_in_job}


def _submit(cloud: Cloud, call: Call) -> dict[str, Any]:
    token, run = _token(cloud, call)
    if run is None:
        tasks = call.body.get("tasks")
        if not tasks:
            raise InvalidParameterError("Missing required field: tasks")
        settings = check_settings(
            {"tasks": tasks, "timeout_seconds": call.body.get("timeout_seconds") or 0}
        )
        run_as, name = call.body.get("run_as"), call.optional_text("run_name", "Untitled")
        caller = call.principal
        acting = check_run_as(cloud.state, caller, run_as) if run_as else caller.name
        run = runs_of(cloud).start_once(name, settings, acting, caller.name)
    if token:
        cloud.state.lakeflow.tokens[token] = run.run_id
    return {"run_id": run.run_id}


def _get(cloud: Cloud, call: Call) -> dict[str, Any]:
    """A run, or the run of one task by its own id (documented)."""
    run_id = _number(call.argument("run_id"), "run_id")
    part = _task_of(cloud, run_id)
    run = _run_of(cloud, call, part[0].run_id if part else run_id, "CAN_VIEW")
    if part is not None:
        answer = task_answer(part[1], page_url(cloud.state, run))
        return {**answer, "job_id": run.job_id, "job_run_id": run.run_id, "run_name": run.run_name}
    return run_answer(cloud, run, history=call.query.get("include_history") == "true")


def _list(cloud: Cloud, call: Call) -> dict[str, Any]:
    query, state = call.query, cloud.state
    runs_of(cloud).settle(state)
    if "job_id" in query:
        job_of(cloud, call.principal, query["job_id"], "CAN_VIEW")
    if query.get("active_only") == query.get("completed_only") == "true":
        raise InvalidParameterError("active_only and completed_only cannot both be true")
    tasks = query.get("expand_tasks") == "true"
    seen = [
        run_answer(cloud, run, tasks=tasks)
        for run in reversed(state.lakeflow.runs.values())
        if _wanted(run, call)
        and levels.holds(state, call.principal, run.acl, levels.JOB, "CAN_VIEW")
    ]
    return listed("runs", [] if state.fault("runs-forgotten") else seen, call, _MOST_LISTED)


def _wanted(run: JobRun, call: Call) -> bool:
    query, started = call.query, millis(run.lifecycle.started)
    least, most = query.get("start_time_from", "0"), query.get("start_time_to", "9" * 15)
    return (
        query.get("job_id", str(run.job_id)) == str(run.job_id)
        and _number(least, "start_time_from") <= started <= _number(most, "start_time_to")
        and not (query.get("active_only") == "true" and run.lifecycle.is_over)
        and not (query.get("completed_only") == "true" and not run.lifecycle.is_over)
        and query.get("run_type", run.run_type) == run.run_type
    )


def _output(cloud: Cloud, call: Call) -> dict[str, Any]:
    run_id = _number(call.argument("run_id"), "run_id")
    part = _task_of(cloud, run_id)
    if part is None:
        run = _run_of(cloud, call, run_id, "CAN_VIEW")
        if len({task.task_key for task in run.tasks}) != 1:
            raise InvalidParameterError(
                "Retrieving the output of runs with multiple tasks is not supported. Please "
                "retrieve the output of each individual task run instead."
            )
        part = (run, run.tasks[-1])
    run, task = part
    _run_of(cloud, call, run.run_id, "CAN_VIEW")
    page = page_url(cloud.state, run)
    metadata = {**run_answer(cloud, run, tasks=False), **task_answer(task, page)}
    return {"metadata": metadata, **task.output}


def _cancel(cloud: Cloud, call: Call) -> dict[str, Any]:
    run = _run_of(cloud, call, call.body.get("run_id"), "CAN_MANAGE_RUN")
    runs_of(cloud).cancel(run)
    return {}


def _cancel_all(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Active runs of a job; queued ones only when asked (documented)."""
    job = job_of(cloud, call.principal, call.body.get("job_id"), "CAN_MANAGE_RUN")
    queued = call.flag("all_queued_runs")
    for run in list(cloud.state.lakeflow.runs.values()):
        if run.job_id == job.job_id and (queued or run.lifecycle.life_cycle != "QUEUED"):
            runs_of(cloud).cancel(run)
    return {}


def _delete(cloud: Cloud, call: Call) -> dict[str, Any]:
    run = _run_of(cloud, call, call.body.get("run_id"), "CAN_MANAGE")
    if not run.lifecycle.is_over:
        raise InvalidParameterError(f"Run {run.run_id} is active and cannot be deleted.")
    del cloud.state.lakeflow.runs[run.run_id]
    return {}


def _repair(cloud: Cloud, call: Call) -> dict[str, Any]:
    run = _run_of(cloud, call, call.body.get("run_id"), "CAN_MANAGE_RUN")
    lakeflow = cloud.state.lakeflow
    job = lakeflow.jobs.get(run.job_id)
    if job is None:
        raise InvalidParameterError(f"Run {run.run_id} has no job, so it cannot be repaired.")
    if not run.lifecycle.is_over or run.lifecycle.life_cycle == "SKIPPED":
        raise InvalidParameterError(f"Run {run.run_id} has not ended, so it cannot be repaired.")
    latest = run.repairs[-1].repair_id if run.repairs else 0
    if latest and call.body.get("latest_repair_id") != latest:
        raise InvalidParameterError(
            "The latest repair ID needs to be provided in order to create a new repair"
        )
    keys = _keys_to_rerun(call, run, {task["task_key"] for task in job.settings["tasks"]})
    given = text_map("job_parameters", call.body.get("job_parameters") or {})
    for name in given:
        if name not in run.parameters:
            raise InvalidParameterError(f"Job parameters {name} are not defined in the job")
    run.parameters |= {name: (run.parameters[name][0], value) for name, value in given.items()}
    if not run.repairs:
        run.repairs.append(Repair(0, [task.run_id for task in run.tasks], run.lifecycle))
    run.lifecycle = Lifecycle(cloud.now())
    before = len(run.tasks)
    entry = Repair(lakeflow.next_id(), [], run.lifecycle)
    run.repairs.append(entry)
    runs_of(cloud).repair(run, keys, job.settings)
    entry.task_run_ids = [task.run_id for task in run.tasks[before:]]
    return {"repair_id": entry.repair_id}


def _keys_to_rerun(call: Call, run: JobRun, known: set[str]) -> list[str]:
    """Tasks to run again: those named, or those that did not succeed."""
    named = call.body.get("rerun_tasks") or []
    failed = call.flag("rerun_all_failed_tasks")
    if bool(named) == failed:
        raise InvalidParameterError("Give either rerun_tasks or rerun_all_failed_tasks")
    if len(set(named)) != len(named):
        raise InvalidParameterError("rerun_tasks cannot contain duplicate task keys.")
    last = {task.task_key: task for task in run.tasks}
    if failed:
        named = [key for key, task in last.items() if task.lifecycle.result in _FAILED]
    missing = sorted(key for key in named if key not in last or key not in known)
    if missing or not named:
        raise InvalidParameterError(f"There is no task to run again: {', '.join(missing)}")
    return list(named)


_QUERY = (
    "job_id",
    "active_only",
    "completed_only",
    "offset",
    "limit",
    "run_type",
    "expand_tasks",
    "start_time_from",
    "start_time_to",
    "page_token",
)
_NOW = ("job_id", "job_parameters", "idempotency_token", "queue", "only")
_ONCE = ("run_name", "tasks", "run_as", "timeout_seconds", "idempotency_token", "queue")
_AGAIN = (
    "run_id",
    "rerun_tasks",
    "rerun_all_failed_tasks",
    "latest_repair_id",
    "job_parameters",
)
ROUTES: tuple[Route, ...] = tuple(
    route
    for root in VERSIONS
    for route in (
        Route("POST", f"{root}/run-now", _run_now, body=_NOW),
        Route("POST", f"{root}/runs/submit", _submit, body=_ONCE),
        Route(
            "GET",
            f"{root}/runs/get",
            _get,
            ("run_id", "include_history", "include_resolved_values", "page_token"),
        ),
        Route("GET", f"{root}/runs/list", _list, _QUERY),
        Route("GET", f"{root}/runs/get-output", _output, ("run_id",)),
        Route("POST", f"{root}/runs/cancel", _cancel, body=("run_id",)),
        Route("POST", f"{root}/runs/cancel-all", _cancel_all, body=("job_id", "all_queued_runs")),
        Route("POST", f"{root}/runs/delete", _delete, body=("run_id",)),
        Route("POST", f"{root}/runs/repair", _repair, body=_AGAIN),
    )
)
