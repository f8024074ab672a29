"""Differences of earlier comparisons are corrected in commits that were then compared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pytest_roadmap.domain.config_binding import ConfigComparison, compare_configuration
from pytest_roadmap.domain.config_history import (
    FACT,
    EarlierDifference,
    correction_problems,
    earlier_differences,
)
from pytest_roadmap.domain.config_sources import Measurements
from pytest_roadmap.domain.evidence import Record
from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.ports import FileChange
from tests.fakes.world import NOW
from tests.unit.domain.config_cases import (
    COMMON,
    DEV,
    MAP,
    VALUES,
    azure,
    environment,
    repository,
    with_values,
    workspace,
)

DAY = timedelta(days=1)
THEN = dict.fromkeys((COMMON, DEV, MAP), "c0")
NOW_COMMITTED = dict.fromkeys((COMMON, DEV, MAP), "c1")


def record(task_id: str, *facts: Any) -> Record:
    return Record(
        *("01J", task_id, "sha256:0", "dev", "dev", None, NOW, NOW, ()),
        facts={FACT: list(facts)} if facts else {},
    )


def compared(values: Any = VALUES, **changes: FileChange) -> ConfigComparison:
    """The comparison of now, with some files changed otherwise."""
    held = repository(values)
    held.changes = {change.path: change for change in changes.values()}
    return compare_configuration(held, Measurements(environment(), workspace(), azure()), NOW)


def earlier(path: str = "catalog", commits: Any = None) -> EarlierDifference:
    return EarlierDifference(path, NOW - DAY, "01J", THEN if commits is None else commits)


def test_the_differences_of_a_record_are_read_back() -> None:
    """What a comparison wrote is what a later one finds, with the commits of clean files."""
    wrong = compared(
        with_values(COMMON, catalog="draft"), dev=FileChange(DEV, "c1", NOW - DAY, clean=False)
    )
    (found,) = earlier_differences(
        [record("SEC-006", wrong.as_fact()), record("SEC-006"), record("SEC-001", {"at": 3})],
        "SEC-006",
    )
    assert found == EarlierDifference("catalog", NOW, "01J", {COMMON: "c1", MAP: "c1"})


@pytest.mark.parametrize("fact", [{"at": "yesterday"}, {"at": "2026-01-01T00:00:00Z"}, "text"])
def test_a_record_that_cannot_be_read_judges_nothing(fact: Any) -> None:
    """It names the record."""
    with pytest.raises(InconclusiveError, match="record 01J"):
        earlier_differences([record("SEC-006", fact)], "SEC-006")


def test_a_first_comparison_without_differences_has_nothing_to_correct() -> None:
    """An empty list is a pass while everything is committed."""
    assert correction_problems(compared(), ()) == ()


def test_a_difference_that_a_commit_removed_is_corrected() -> None:
    """The files have moved on to another commit since."""
    assert correction_problems(compared(), [earlier()]) == ()


def test_a_difference_of_an_uncommitted_file_needs_no_later_commit() -> None:
    """What was never committed is corrected by not committing it."""
    assert correction_problems(compared(), [earlier(commits={})]) == ()


@pytest.mark.parametrize(
    ("values", "before", "said"),
    [
        (VALUES, earlier(commits=NOW_COMMITTED), "agrees now without a commit"),
        (with_values(COMMON, catalog="draft"), earlier(), "and still does: catalog is 'draft'"),
        (with_values(COMMON, colour="red"), earlier("colour"), "is no longer compared"),
    ],
)
def test_a_difference_that_is_still_open_is_named(values: Any, before: Any, said: str) -> None:
    """Gone without a commit, still there, or out of sight."""
    (problem,) = correction_problems(compared(values), [before, before])
    assert said in problem


def test_a_key_that_was_removed_altogether_is_corrected() -> None:
    """Neither in the files nor in the map."""
    assert correction_problems(compared(), [earlier("colour")]) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (FileChange(DEV, "", None, clean=False), "was never committed"),
        (FileChange(DEV, "c1", NOW - DAY, clean=False), "is changed and not committed"),
        (FileChange(MAP, "c1", NOW + DAY, clean=True), "after this comparison"),
    ],
)
def test_files_must_be_committed_before_they_are_compared(change: FileChange, said: str) -> None:
    """Whatever was found earlier."""
    (problem,) = correction_problems(compared(changed=change), ())
    assert problem.startswith(change.path)
    assert said in problem
