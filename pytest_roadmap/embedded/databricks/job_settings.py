"""What a job may be made of: settings and tasks are checked here, once, before they are kept.

Source: https://docs.databricks.com/api/azure/workspace/jobs/create (2.2, documented: field names,
limits, the meaning of ``run_if``). A field or kind of task that this cloud does not act on is
refused by name: to keep it silently would look like support. Wording of refusals is assumed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.errors import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

EXECUTED = ("sql_task", "notebook_task", "spark_python_task", "run_job_task", "pipeline_task")
RUN_IF = (
    "ALL_SUCCESS",
    "ALL_DONE",
    "NONE_FAILED",
    "AT_LEAST_ONE_SUCCESS",
    "ALL_FAILED",
    "AT_LEAST_ONE_FAILED",
)
SETTINGS = (
    "name",
    "description",
    "tags",
    "tasks",
    "parameters",
    "run_as",
    "schedule",
    "trigger",
    "continuous",
    "max_concurrent_runs",
    "timeout_seconds",
    "queue",
    "deployment",
    "edit_mode",
    "format",
    "email_notifications",
    "webhook_notifications",
    "notification_settings",
    "environments",
    "job_clusters",
    "performance_target",
)
_TASK = frozenset(
    [
        *EXECUTED,
        "task_key",
        "description",
        "depends_on",
        "run_if",
        "disabled",
        "timeout_seconds",
        "max_retries",
        "min_retry_interval_millis",
        "retry_on_timeout",
        "email_notifications",
        "webhook_notifications",
        "notification_settings",
        "environment_key",
        "job_cluster_key",
        "new_cluster",
        "disable_auto_optimization",
    ]
)
_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "sql_task": (("warehouse_id",), ("file", "query", "parameters")),
    "notebook_task": (("notebook_path",), ("base_parameters", "source", "warehouse_id")),
    "spark_python_task": (("python_file",), ("parameters", "source")),
    "run_job_task": (("job_id",), ("job_parameters",)),
    "pipeline_task": (("pipeline_id",), ("full_refresh",)),
}
_TEXT_MAPS = ("parameters", "base_parameters", "job_parameters")
_TRIGGERS = ("schedule", "trigger", "continuous")
_KEY = re.compile(r"^[A-Za-z0-9_-]{1,100}\Z")
_MOST_TASKS, _MOST_RUNS = 1000, 1000
_NAME_LENGTH = 4096


def check_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with the defaults the service adds.

    Raises:
        InvalidParameterError: names the field and what it must be.
    """
    _known("job settings", settings, SETTINGS)
    found = {"name": "Untitled", "max_concurrent_runs": 1, "timeout_seconds": 0, **settings}
    found |= {"format": "MULTI_TASK", "email_notifications": found.get("email_notifications") or {}}
    if not isinstance(found["name"], str) or not 0 < len(found["name"]) <= _NAME_LENGTH:
        raise InvalidParameterError("name must be a text of 1 to 4096 bytes")
    _number(found, "max_concurrent_runs", 0, _MOST_RUNS)
    _number(found, "timeout_seconds", 0, None)
    found["tasks"] = check_tasks(found.get("tasks") or [])
    found["parameters"] = _parameters(found.get("parameters") or [])
    for name in _TRIGGERS:
        if name in found:
            found[name] = _pausable(name, found[name])
    return {name: value for name, value in found.items() if value is not None}


def check_tasks(tasks: Any) -> list[dict[str, Any]]:
    """The tasks with their defaults; keys are unique, what they depend on exists, without circle.

    Raises:
        InvalidParameterError: names the task and what is wrong.
    """
    if not isinstance(tasks, list) or len(tasks) > _MOST_TASKS:
        raise InvalidParameterError(f"tasks must be a list of at most {_MOST_TASKS} tasks")
    found = [_task(item) for item in tasks]
    keys = [task["task_key"] for task in found]
    if len(set(keys)) != len(keys):
        raise InvalidParameterError("Task keys must be unique within a job")
    for task in found:
        for key in dependencies(task):
            if key not in keys:
                raise InvalidParameterError(
                    f"Task {task['task_key']} depends on {key}, which does not exist"
                )
    _without_circle(found)
    return found


def dependencies(task: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of the tasks this one depends on."""
    return tuple(str(item["task_key"]) for item in task.get("depends_on") or ())


def kind_of(task: Mapping[str, Any]) -> str:
    """Which of the kinds that execute the task is."""
    return next(kind for kind in EXECUTED if kind in task)


def _task(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict) or not _KEY.match(str(item.get("task_key", ""))):
        raise InvalidParameterError(
            "Each task needs a task_key of letters, digits, hyphens and underscores"
        )
    key = item["task_key"]
    _known(f"task {key}", item, _TASK)
    kinds = [kind for kind in EXECUTED if item.get(kind) is not None]
    if len(kinds) != 1:
        raise InvalidParameterError(f"Task {key} must have exactly one of {', '.join(EXECUTED)}")
    _check_kind(key, kinds[0], item[kinds[0]])
    found = {"run_if": "ALL_SUCCESS", "timeout_seconds": 0, "email_notifications": {}, **item}
    if found["run_if"] not in RUN_IF:
        raise InvalidParameterError(f"Task {key}: run_if must be one of {', '.join(RUN_IF)}")
    for name, least in (("timeout_seconds", 0), ("max_retries", -1)):
        _number(found, name, least, None)
    _number(found, "min_retry_interval_millis", 0, None)
    wanted = found.get("depends_on") or []
    if not isinstance(wanted, list) or not all(
        isinstance(one, dict) and set(one) == {"task_key"} for one in wanted
    ):
        raise InvalidParameterError(
            f"Task {key}: depends_on must list task_key (outcome is not "
            "supported by the embedded cloud)"
        )
    return {name: value for name, value in found.items() if value is not None}


def _check_kind(key: str, kind: str, value: Any) -> None:
    required, optional = _FIELDS[kind]
    if not isinstance(value, dict):
        raise InvalidParameterError(f"Task {key}: {kind} must be an object")
    _known(f"task {key}, {kind}", value, (*required, *optional))
    for name in required:
        if not value.get(name):
            raise InvalidParameterError(f"Task {key}: {kind} needs {name}")
    place = _sql_source(key, value) if kind == "sql_task" else value
    if place.get("source", "WORKSPACE") != "WORKSPACE":
        raise InvalidParameterError(
            f"Task {key}: source {place['source']} is not supported by the embedded cloud"
        )
    for name in _TEXT_MAPS:
        if name in value and not (kind == "spark_python_task" and name == "parameters"):
            text_map(f"Task {key}: {kind}.{name}", value[name])


def _sql_source(key: str, task: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a SQL task runs: a file or a saved query, and only one of them."""
    wanted = {"file": ("path", "source"), "query": ("query_id",)}
    named = [name for name in wanted if name in task]
    if len(named) != 1:
        raise InvalidParameterError(f"Task {key}: sql_task needs either file or query")
    found, fields = task[named[0]], wanted[named[0]]
    if not isinstance(found, dict) or not found.get(fields[0]):
        raise InvalidParameterError(f"Task {key}: sql_task.{named[0]} needs {fields[0]}")
    _known(f"task {key}, sql_task.{named[0]}", found, fields)
    return found


def text_map(what: str, value: Any) -> dict[str, str]:
    """A map of text to text.

    Raises:
        InvalidParameterError: it is something else.
    """
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise InvalidParameterError(f"{what} must map names to texts")
    return dict(value)


def _parameters(items: Any) -> list[dict[str, str]]:
    good = isinstance(items, list) and all(
        isinstance(item, dict)
        and set(item) == {"name", "default"}
        and all(isinstance(value, str) for value in item.values())
        and re.match(r"^[\w.-]+\Z", item["name"])
        for item in items
    )
    if not good or len({item["name"] for item in items}) != len(items):
        raise InvalidParameterError("parameters must list name and default, each name once")
    return list(items)


def _pausable(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidParameterError(f"{name} must be an object")
    if name == "schedule" and not (
        value.get("quartz_cron_expression") and value.get("timezone_id")
    ):
        raise InvalidParameterError("schedule needs quartz_cron_expression and timezone_id")
    found = {"pause_status": "UNPAUSED", **value}
    if found["pause_status"] not in ("PAUSED", "UNPAUSED"):
        raise InvalidParameterError(f"{name}.pause_status must be PAUSED or UNPAUSED")
    return found


def _known(where: str, value: Mapping[str, Any], names: Any) -> None:
    unknown = sorted(name for name in value if name not in names)
    if unknown:
        raise InvalidParameterError(
            f"{where}: {', '.join(unknown)} is not supported by the embedded cloud"
        )


def _number(found: Mapping[str, Any], name: str, least: int, most: int | None) -> None:
    value = found.get(name)
    if value is None:
        return
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        raise InvalidParameterError(f"{name} must be a number from {least}")


def _without_circle(tasks: list[dict[str, Any]]) -> None:
    left = {task["task_key"]: set(dependencies(task)) for task in tasks}
    while left:
        ready = {key for key, needs in left.items() if not needs & set(left)}
        if not ready:
            raise InvalidParameterError(f"Tasks {', '.join(sorted(left))} depend on each other")
        left = {key: needs for key, needs in left.items() if key not in ready}
