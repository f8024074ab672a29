"""What a job may be made of, without a cloud."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_roadmap.embedded.databricks.job_settings import check_settings
from pytest_roadmap.embedded.errors import InvalidParameterError

NOTE = {"notebook_path": "/n"}


def _task(**more: Any) -> dict[str, Any]:
    return {"task_key": "a", "notebook_task": NOTE, **more}


def test_defaults_are_those_of_the_service() -> None:
    """Name, one run at a time, no limit of time; a trigger without pause status is unpaused."""
    found = check_settings({"continuous": {}, "tasks": [_task()]})
    assert (found["name"], found["max_concurrent_runs"], found["timeout_seconds"]) == (
        "Untitled",
        1,
        0,
    )
    assert found["format"] == "MULTI_TASK"
    assert found["continuous"] == {"pause_status": "UNPAUSED"}
    assert found["tasks"][0]["run_if"] == "ALL_SUCCESS"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"colour": "red"}, "colour is not supported"),
        ({"name": ""}, "name must be"),
        ({"max_concurrent_runs": 1001}, "max_concurrent_runs must be"),
        ({"timeout_seconds": True}, "timeout_seconds must be"),
        ({"tasks": {}}, ""),
        ({"tasks": "x"}, "tasks must be a list"),
        ({"tasks": ["x"]}, "needs a task_key"),
        ({"tasks": [{"task_key": "a b", "notebook_task": NOTE}]}, "needs a task_key"),
        ({"tasks": [{"task_key": "a"}]}, "exactly one of"),
        ({"tasks": [_task(sql_task={})]}, "exactly one of"),
        ({"tasks": [_task(), _task()]}, "unique"),
        ({"tasks": [_task(depends_on=[{"task_key": "b"}])]}, "b, which does not exist"),
        ({"tasks": [_task(depends_on=[{"task_key": "a"}])]}, "depend on each other"),
        (
            {"tasks": [_task(depends_on=[{"task_key": "a", "outcome": "true"}])]},
            "must list task_key",
        ),
        ({"tasks": [_task(run_if="MAYBE")]}, "run_if must be one of"),
        ({"tasks": [_task(max_retries=-2)]}, "max_retries must be"),
        ({"tasks": [_task(existing_cluster_id="x")]}, "existing_cluster_id is not supported"),
        ({"tasks": [{"task_key": "a", "notebook_task": {}}]}, "needs notebook_path"),
        ({"tasks": [{"task_key": "a", "notebook_task": "n"}]}, "must be an object"),
        (
            {"tasks": [{"task_key": "a", "notebook_task": {**NOTE, "source": "GIT"}}]},
            "source GIT is not supported",
        ),
        (
            {"tasks": [{"task_key": "a", "notebook_task": {**NOTE, "base_parameters": {"x": 1}}}]},
            "must map names to texts",
        ),
        (
            {"tasks": [{"task_key": "a", "sql_task": {"warehouse_id": "w", "file": "x"}}]},
            "needs path",
        ),
        (
            {"tasks": [{"task_key": "a", "sql_task": {"warehouse_id": "w", "query": {}}}]},
            "needs query_id",
        ),
        (
            {"tasks": [{"task_key": "a", "sql_task": {"warehouse_id": "w"}}]},
            "either file or query",
        ),
        ({"parameters": [{"name": "a"}]}, "each name once"),
        ({"parameters": [{"name": "a", "default": "1"}] * 2}, "each name once"),
        ({"schedule": "daily"}, "schedule must be an object"),
        ({"schedule": {"timezone_id": "UTC"}}, "schedule needs"),
        ({"trigger": {"pause_status": "OFF"}}, "PAUSED or UNPAUSED"),
    ],
)
def test_a_bad_definition_is_refused_by_its_field(settings: dict[str, Any], said: str) -> None:
    """The sentence names it; an empty collection of tasks is none."""
    if not said:
        assert check_settings(settings)["tasks"] == []
        return
    with pytest.raises(InvalidParameterError, match=said):
        check_settings(settings)
