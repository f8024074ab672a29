"""What a lock remembers of a proof."""

from __future__ import annotations

from itertools import permutations

import pytest

from pytest_roadmap.domain.controls import Observed, judge_healthy
from pytest_roadmap.domain.lock import (
    SCHEMA,
    digest_of,
    lock_entry,
    lock_key,
    lock_problem,
    merged_lock,
    outdated,
    proven_counts,
)
from pytest_roadmap.domain.outcome import Outcome
from tests.unit.proof_cases import control, guard, killed

FILES = [("a", b"1"), ("b", b"2"), ("c/d", b"3")]


def test_a_digest_does_not_depend_on_the_order_of_files() -> None:
    """Folders are listed in any order."""
    assert len({digest_of(files) for files in permutations(FILES)}) == 1


@pytest.mark.parametrize(
    "files",
    [
        FILES[:2],
        [*FILES[:2], ("c/e", b"3")],
        [*FILES[:2], ("c/d", b"4")],
        [("a", b"1b"), ("", b"2"), ("c/d", b"3")],
        [("a1", b""), ("b", b"2"), ("c/d", b"3")],
    ],
)
def test_a_digest_depends_on_names_contents_and_where_they_part(
    files: list[tuple[str, bytes]],
) -> None:
    """No two sets of files share one."""
    assert digest_of(files) != digest_of(FILES)


def test_every_part_of_a_key_counts() -> None:
    """Feature, controls, steps, package; and none can stand for another."""
    keys = {
        lock_key(b"f", b"c", "s", "p"),
        lock_key(b"F", b"c", "s", "p"),
        lock_key(b"f", b"C", "s", "p"),
        lock_key(b"f", b"c", "S", "p"),
        lock_key(b"f", b"c", "s", "P"),
        lock_key(b"c", b"f", "s", "p"),
    }

    assert len(keys) == 6


def test_an_entry_lists_what_was_proven_by_scenario() -> None:
    """Killed controls and green guards, sorted; a scenario without any is there too."""
    proofs = [
        judge_healthy("SEC-001.S2", Observed(Outcome.PASS)),
        killed(guard()),
        killed(control("SEC-001.S1.N2")),
        killed(control("SEC-001.S1.N1")),
    ]

    assert lock_entry("k", proofs) == {
        "key": "k",
        "scenarios": {
            "SEC-001.S1": ["SEC-001.S1.G1", "SEC-001.S1.N1", "SEC-001.S1.N2"],
            "SEC-001.S2": [],
        },
    }


def test_entries_replace_their_own_and_keep_others_with_a_feature() -> None:
    """A task that is not among the present ones is forgotten."""
    known = {"tasks": {"A": {"key": "1"}, "B": {"key": "1"}, "GONE": {"key": "1"}}}

    lock = merged_lock(known, {"B": {"key": "2"}, "C": {"key": "2"}}, iter(["A", "B", "C"]))

    assert lock == {
        "schema": SCHEMA,
        "tasks": {"A": {"key": "1"}, "B": {"key": "2"}, "C": {"key": "2"}},
    }


def test_outdated_are_tasks_of_another_key_or_without_entry() -> None:
    """Entries of tasks that nobody asks for do not matter."""
    known = {"tasks": {"A": {"key": "1"}, "B": {"key": "1"}, "OTHER": {"key": "0"}}}

    assert outdated(known, {"A": "1", "B": "2", "C": "1"}) == ("B", "C")
    assert outdated({}, {"A": "1"}) == ("A",)


@pytest.mark.parametrize(
    "found",
    [
        [],
        None,
        {},
        {"schema": "roadmap-controls-lock/2", "tasks": {}},
        {"schema": SCHEMA},
        {"schema": SCHEMA, "tasks": []},
        {"schema": SCHEMA, "tasks": {"A": "sha256:1"}},
    ],
)
def test_what_is_no_lock_is_said(found: object) -> None:
    """In a sentence, before anything trusts it."""
    assert lock_problem(found)


def test_a_merged_lock_is_a_lock() -> None:
    """What is written can be read."""
    assert lock_problem(merged_lock({}, {"A": {"key": "1"}}, ["A"])) is None


def test_controls_are_counted_for_the_present_key_only() -> None:
    """Another key, another task or a malformed entry proves nothing."""
    tasks = {
        "A-1": {"key": "k", "scenarios": {"A-1.S1": ["N1", "N2"], "A-1.S2": "N1", "A-1.S3": [1]}},
        "A-2": {"key": "old", "scenarios": {"A-2.S1": ["N1"]}},
        "A-3": {"key": "k", "scenarios": []},
    }
    keys = dict.fromkeys(("A-1", "A-2", "A-3", "A-4"), "k")
    assert proven_counts({"schema": SCHEMA, "tasks": tasks}, keys) == {"A-1.S1": 2}
    assert proven_counts({}, keys) == {}
