"""Files of SQL and references in parameters, without a cloud."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pytest_roadmap.embedded.databricks.job_sql import split
from pytest_roadmap.embedded.databricks.job_values import (
    UnknownReferenceError,
    references,
    resolve,
)
from pytest_roadmap.embedded.databricks.job_world import Stop
from pytest_roadmap.embedded.sql.errors import SqlError
from pytest_roadmap.embedded.state_jobs import JobRun, Lifecycle, TaskRun

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;\n-- a; comment\nSELECT ';' AS x;;\n", ["SELECT 1", "SELECT ';' AS x"]),
        ("/* ; */ SELECT `a;b` FROM t; ", ["SELECT `a;b` FROM t"]),
        (" ;\n-- nothing\n", []),
    ],
)
def test_a_file_is_cut_at_semicolons_outside_texts_names_and_comments(
    text: str, expected: list[str]
) -> None:
    """Empty statements fall away."""
    assert split(text) == expected


def test_text_that_is_not_sql_is_a_syntax_error() -> None:
    """An open string has no end."""
    with pytest.raises(SqlError, match="PARSE_SYNTAX_ERROR"):
        split("SELECT 'open")


def test_references_are_replaced_and_unknown_ones_refused() -> None:
    """Spaces inside the braces do not matter."""
    task = TaskRun(21, "load", {}, Lifecycle(NOW), attempt=1)
    run = JobRun(14, 7, 14, "job", "me", "me", {}, Lifecycle(NOW))
    run.parameters = {"run_id": ("none", "r1")}
    known = references(run, task)
    text = "{{job.parameters.run_id}}/{{ job.run_id }}/{{task.execution_count}}"
    assert resolve(text, known) == "r1/14/2"
    assert resolve("{{job.start_time.iso_date}}", known) == "2026-02-10"
    with pytest.raises(UnknownReferenceError, match=r"tasks\.x\.values\.y"):
        resolve("{{tasks.x.values.y}}", known)


def test_the_first_reason_to_stop_counts_and_late_listeners_hear_of_it() -> None:
    """Nothing is interrupted twice."""
    stop = Stop()
    heard: list[str] = []
    stop.interrupts(lambda: heard.append("early"))
    stop.ask("timed out")
    stop.ask("cancelled")
    stop.interrupts(lambda: heard.append("late"))
    assert (stop.reason, stop.asked, heard) == ("timed out", True, ["early", "late"])
