"""What follows from ended tasks, without a cloud."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_roadmap.embedded.databricks.job_rules import (
    kept_from_running,
    message_of,
    result_of_run,
)


def _task(key: str, *after: str, **more: Any) -> dict[str, Any]:
    return {"task_key": key, "depends_on": [{"task_key": name} for name in after], **more}


@pytest.mark.parametrize(
    ("condition", "ended", "expected"),
    [
        ("ALL_SUCCESS", ["SUCCESS", "SUCCESS"], ""),
        ("ALL_SUCCESS", ["SUCCESS", "EXCLUDED"], ""),
        ("ALL_SUCCESS", ["SUCCESS", "FAILED"], "UPSTREAM_FAILED"),
        ("ALL_SUCCESS", ["SUCCESS", "CANCELED"], "UPSTREAM_CANCELED"),
        ("ALL_SUCCESS", ["FAILED", "CANCELED"], "UPSTREAM_FAILED"),
        ("ALL_DONE", ["FAILED", "CANCELED"], ""),
        ("NONE_FAILED", ["SUCCESS", "EXCLUDED"], ""),
        ("NONE_FAILED", ["SUCCESS", "TIMEDOUT"], "UPSTREAM_FAILED"),
        ("AT_LEAST_ONE_SUCCESS", ["FAILED", "SUCCESS"], ""),
        ("AT_LEAST_ONE_SUCCESS", ["FAILED", "FAILED"], "UPSTREAM_FAILED"),
        ("ALL_FAILED", ["FAILED", "FAILED"], ""),
        ("ALL_FAILED", ["FAILED", "SUCCESS"], "EXCLUDED"),
        ("AT_LEAST_ONE_FAILED", ["FAILED", "SUCCESS"], ""),
        ("AT_LEAST_ONE_FAILED", ["SUCCESS", "SUCCESS"], "EXCLUDED"),
    ],
)
def test_run_if_decides_over_the_results_before(
    condition: str, ended: list[str], expected: str
) -> None:
    """Each condition with what satisfies it and what does not."""
    results = dict(zip(("a", "b"), ended, strict=True))
    assert kept_from_running(_task("c", "a", "b", run_if=condition), results) == expected


def test_a_disabled_task_is_never_run() -> None:
    """Whatever came before."""
    assert kept_from_running(_task("c", "a", disabled=True), {"a": "SUCCESS"}) == "DISABLED"


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({"a": "SUCCESS", "b": "SUCCESS"}, "SUCCESS"),
        ({"a": "FAILED", "b": "SUCCESS"}, "SUCCESS_WITH_FAILURES"),
        ({"a": "SUCCESS", "b": "FAILED"}, "FAILED"),
        ({"a": "FAILED", "b": "UPSTREAM_FAILED"}, "FAILED"),
        ({"a": "SUCCESS", "b": "EXCLUDED"}, "SUCCESS"),
        ({"a": "SUCCESS", "b": "DISABLED"}, "SUCCESS"),
        ({"a": "CANCELED", "b": "UPSTREAM_CANCELED"}, "CANCELED"),
        ({"a": "TIMEDOUT", "b": "UPSTREAM_FAILED"}, "FAILED"),
    ],
)
def test_the_leaves_decide_the_run(results: dict[str, str], expected: str) -> None:
    """b depends on a."""
    assert result_of_run([_task("a"), _task("b", "a")], results) == expected


def test_the_message_of_a_failed_run_names_the_task() -> None:
    """And its words; a successful run says nothing."""
    assert message_of("FAILED", {"a": "FAILED"}, {"a": "no table"}) == (
        "Task a failed with message: no table"
    )
    assert message_of("SUCCESS", {"a": "SUCCESS"}, {}) == ""
    assert message_of("CANCELED", {"a": "CANCELED"}, {}) == "Run cancelled."
