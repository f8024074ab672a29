"""One attempt at one task, executed for real as the principal of the run.

Source: https://docs.databricks.com/api/azure/workspace/jobs (documented: which parameters reach a
task, what its output holds, and that job parameters win over a task's own of the same name).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import job_python, levels
from pytest_roadmap.embedded.databricks.job_settings import kind_of
from pytest_roadmap.embedded.databricks.job_sql import (
    NotOnWarehouseError,
    run_statement,
    split,
    typed,
    wait_for_warehouse,
)
from pytest_roadmap.embedded.databricks.job_values import (
    UnknownReferenceError,
    references,
    resolve,
)
from pytest_roadmap.embedded.sql.errors import SqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_roadmap.embedded.databricks.job_world import Stop, World
    from pytest_roadmap.embedded.sql.engine import SqlEngine
    from pytest_roadmap.embedded.state import Principal
    from pytest_roadmap.embedded.state_jobs import JobRun, TaskRun, WorkspaceObject

_MOST_OUTPUT = 5 * 1024 * 1024


class TaskFailedError(Exception):
    """The attempt failed; ``code`` is the termination code, ``output`` what was left of it."""

    def __init__(self, message: str, code: str = "RUN_EXECUTION_ERROR", **output: Any) -> None:
        super().__init__(message)
        self.code = code
        self.output = {"error": message, **output}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt works with.

    ``start_child`` starts a job and gives its run id; ``child_end`` waits for a run and gives its
    result.
    """

    world: World
    engine: SqlEngine
    run: JobRun
    task: TaskRun
    principal: Principal
    stop: Stop
    start_child: Callable[[int, Mapping[str, str]], int]
    child_end: Callable[[int, Stop], str]


def execute(attempt: Attempt) -> dict[str, Any]:
    """Run the attempt to its end; its output.

    Raises:
        TaskFailedError: it failed.
        WorldReplacedError: the cloud has another state by now.
    """
    kind = kind_of(attempt.task.definition)
    try:
        return _KINDS[kind](attempt, attempt.task.definition[kind])
    except UnknownReferenceError as error:
        raise TaskFailedError(str(error), "INVALID_RUN_CONFIGURATION") from error
    except NotOnWarehouseError as error:
        raise TaskFailedError(str(error), "UNAUTHORIZED_ERROR") from error


def _given(attempt: Attempt) -> JobRun:
    """The run with the values its tasks get (fault ``job-parameter-lost``: the defaults)."""
    run = attempt.run
    with attempt.world.lock:
        lost = attempt.world.state.fault("job-parameter-lost")
    if lost is None:
        return run
    names = {lost.parameters["name"]} if "name" in lost.parameters else set(run.parameters)
    kept = {
        name: (default, default if name in names else value)
        for name, (default, value) in run.parameters.items()
    }
    return replace(run, parameters=kept)


def _parameters(attempt: Attempt, own: Mapping[str, str]) -> dict[str, str]:
    run = _given(attempt)
    known = references(run, attempt.task)
    found = {name: resolve(value, known) for name, value in own.items()}
    return found | {name: value for name, (_, value) in run.parameters.items()}


def _source(attempt: Attempt, path: str, object_type: str) -> WorkspaceObject:
    """The file or notebook, if the principal of the run may read it."""
    with attempt.world.lock:
        state = attempt.world.state
        found = state.lakeflow.objects.get(path)
        if found is None or found.object_type != object_type:
            raise TaskFailedError(
                f"Unable to access the {object_type.lower()} {path!r}: it does not exist.",
                "RESOURCE_NOT_FOUND",
            )
        if not levels.may_object(state, attempt.principal, found, "CAN_READ"):
            raise TaskFailedError(
                f"{attempt.principal.name} does not have CAN_READ on {path}.", "UNAUTHORIZED_ERROR"
            )
        return found


def _sql(attempt: Attempt, task: Mapping[str, Any]) -> dict[str, Any]:
    text, what = _sql_text(attempt, task)
    parameters = typed(_parameters(attempt, task.get("parameters") or {}))
    warehouse_id, stop = task["warehouse_id"], attempt.stop
    done: list[dict[str, Any]] = []
    kind = "file_output" if "file" in task else "query_output"
    listed = "statements" if "file" in task else "sql_statements"
    output: dict[str, Any] = {"sql_output": {kind: {listed: done, "warehouse_id": warehouse_id}}}
    try:
        statements = split(text)
        if not statements:
            raise TaskFailedError(f"{what} holds no statement.", **output)
        if not wait_for_warehouse(attempt.world, attempt.principal, warehouse_id, stop):
            return output
        for statement in statements:
            if stop.asked:
                return output
            run_statement(
                attempt.engine,
                attempt.world,
                attempt.principal,
                statement,
                parameters,
                warehouse_id,
                stop,
            )
            done.append({"lookup_key": str(len(done))})
    except SqlError as error:
        raise TaskFailedError(str(error), **output) from error
    return output


def _sql_text(attempt: Attempt, task: Mapping[str, Any]) -> tuple[str, str]:
    """The text of the file or saved query, and how messages name it."""
    if "file" in task:
        source = _source(attempt, task["file"]["path"], "FILE")
        return source.content.decode("utf-8", "replace"), f"The file {source.path}"
    query_id = task["query"]["query_id"]
    with attempt.world.lock:
        state = attempt.world.state
        found = state.lakeflow.queries.get(query_id)
        if found is None:
            raise TaskFailedError(f"Query {query_id} does not exist.", "RESOURCE_NOT_FOUND")
        if not levels.holds(state, attempt.principal, found.acl, levels.QUERY, "CAN_RUN"):
            raise TaskFailedError(
                f"{attempt.principal.name} does not have CAN_RUN on query {query_id}.",
                "UNAUTHORIZED_ERROR",
            )
        return found.text, f"The query {found.display_name}"


def _notebook(attempt: Attempt, task: Mapping[str, Any]) -> dict[str, Any]:
    source = _source(attempt, task["notebook_path"], "NOTEBOOK")
    if source.language != "PYTHON":
        raise TaskFailedError(
            f"A notebook in {source.language} is unsupported by the embedded cloud.",
            "INVALID_RUN_CONFIGURATION",
        )
    widgets = _parameters(attempt, task.get("base_parameters") or {})
    ended = job_python.run(attempt, source, widgets=widgets, arguments=())
    exited = ended.exited or ""
    return {
        **_python_output(ended),
        "notebook_output": {"result": exited, "truncated": False},
    }


def _python_file(attempt: Attempt, task: Mapping[str, Any]) -> dict[str, Any]:
    source = _source(attempt, task["python_file"], "FILE")
    known = references(_given(attempt), attempt.task)
    arguments = tuple(resolve(str(item), known) for item in task.get("parameters") or ())
    return _python_output(job_python.run(attempt, source, widgets={}, arguments=arguments))


def _python_output(ended: job_python.Ended) -> dict[str, Any]:
    logs = ended.logs[:_MOST_OUTPUT]
    output: dict[str, Any] = {"logs": logs, "logs_truncated": len(ended.logs) > len(logs)}
    if ended.error:
        raise TaskFailedError(ended.error, error_trace=ended.trace, **output)
    return output


def _child_job(attempt: Attempt, task: Mapping[str, Any]) -> dict[str, Any]:
    known = references(_given(attempt), attempt.task)
    parameters = {
        name: resolve(value, known) for name, value in (task.get("job_parameters") or {}).items()
    }
    run_id = attempt.start_child(int(task["job_id"]), parameters)
    with attempt.world.lock:
        attempt.task.output["run_job_output"] = {"run_id": run_id}
    result = attempt.child_end(run_id, attempt.stop)
    output: dict[str, Any] = {"run_job_output": {"run_id": run_id}}
    if result != "SUCCESS" and not attempt.stop.asked:
        raise TaskFailedError(f"The triggered run {run_id} ended as {result}.", **output)
    return output


def _pipeline(_attempt: Attempt, task: Mapping[str, Any]) -> dict[str, Any]:
    raise TaskFailedError(
        f"An update of pipeline {task['pipeline_id']} is unsupported by the embedded cloud.",
        "INVALID_RUN_CONFIGURATION",
    )


_KINDS: dict[str, Callable[[Attempt, Mapping[str, Any]], dict[str, Any]]] = {
    "sql_task": _sql,
    "notebook_task": _notebook,
    "spark_python_task": _python_file,
    "run_job_task": _child_job,
    "pipeline_task": _pipeline,
}
