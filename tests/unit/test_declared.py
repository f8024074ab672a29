"""Declared against derived status (rules a.6), and the sentence that explains a status."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_roadmap.domain.declared import Comparison, Level, compare_declared, why_not_done
from pytest_roadmap.domain.effective import RegisteredBlocker
from pytest_roadmap.domain.reasons import reason_of
from pytest_roadmap.domain.status import DerivedTask, derive_all
from pytest_roadmap.domain.task import Status
from tests.unit.domain_cases import TODAY, blocker, effective, required, roadmap, task

OK = "ok"
TABLE = {
    "NotStarted": [OK, "DECLARED_BEHIND i", "DECLARED_BEHIND i", "DECLARED_BEHIND i"],
    "InProgress": ["DECLARED_AHEAD w", OK, "DECLARED_AHEAD w", "DECLARED_BEHIND i"],
    "Blocked": ["BLOCK_UNPROVEN w", "BLOCK_LIFTED w", OK, "BLOCK_LIFTED w"],
    "Done": ["DECLARED_DONE_INVALID e"] * 3 + [OK],
}
LEVELS = {"i": Level.INFO, "w": Level.WARNING, "e": Level.ERROR}
DERIVED = ["NotStarted", "InProgress", "Blocked", "Done"]


@pytest.mark.parametrize(
    ("declared", "derived", "cell"),
    [
        (declared, derived, cell)
        for declared, cells in TABLE.items()
        for derived, cell in zip(DERIVED, cells, strict=True)
    ],
)
def test_declared_and_derived_compare_as_in_the_table(
    declared: Any, derived: Any, cell: Any
) -> None:
    """Every cell of the table, code and level."""
    code, _, level = cell.partition(" ")
    expected = Comparison("", Level.OK) if code == OK else Comparison(code, LEVELS[level])

    assert compare_declared(Status(declared), Status(derived)) == expected


def _derive(
    words: dict[int, str],
    *,
    count: int = 1,
    history: bool = False,
    stale: bool = False,
    deps: tuple[str, ...] = (),
    blockers: tuple[RegisteredBlocker, ...] = (),
) -> DerivedTask:
    tasks = roadmap(*(task(name) for name in deps), task("A-9", *deps))
    results = effective({f"A-9.S{number}": word for number, word in words.items()}, history=history)
    if stale:
        results = {name: replace(result, stale=True) for name, result in results.items()}
    needed = required("A-9", count)
    return derive_all(tasks, needed, results, today=TODAY, blockers=blockers)["A-9"]


@pytest.mark.parametrize(
    ("case", "word"),
    [
        ({"words": {}}, "NO_RECORD"),
        ({"words": {1: "fail"}}, "FAILING"),
        ({"words": {1: "pass"}, "deps": ("A-1",)}, "DEPS"),
        ({"words": {1: "not_run"}, "history": True, "stale": True}, "STALE"),
    ],
)
def test_a_refused_done_says_why(case: Any, word: Any) -> None:
    """The detail word beside DECLARED_DONE_INVALID."""
    assert why_not_done(_derive(**case)) == word


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ({"words": {1: "pass"}}, "all 1 required scenarios pass"),
        ({"words": {1: "fail"}}, "fails: A-9.S1"),
        ({"words": {1: "blocked"}}, "blocked: missing_binding(x) (owner Infra)"),
        ({"words": {}, "count": 2}, "not run: A-9.S1, A-9.S2"),
        ({"words": {}, "count": 0}, "no required scenario: nothing measures this task yet"),
        ({"words": {1: "pending"}}, "pending: A-9.S1"),
        (
            {"words": {1: "pass"}, "deps": ("A-1",)},
            "all required scenarios pass, waits for A-1",
        ),
        (
            {"words": {1: "not_run"}, "blockers": (blocker("A-9", review_by="2026-02-01"),)},
            "not run: A-9.S1; its registered blocker is past its review date and no longer counts",
        ),
        (
            {"words": {}, "deps": ("A-1",), "blockers": (blocker("A-1"),)},
            "blocked by A-1; not run: A-9.S1",
        ),
        (
            {"words": {}, "deps": ("A-1", "A-2"), "blockers": (blocker("A-1"),)},
            "not run: A-9.S1; blocked upstream: A-1",
        ),
    ],
)
def test_a_status_is_explained_in_a_sentence(case: Any, sentence: Any) -> None:
    """What is missing and who has it, in words of the roadmap."""
    assert reason_of(_derive(**case)) == sentence
