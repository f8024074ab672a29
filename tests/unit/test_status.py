"""The derived status of a task (rules a.3 and a.4)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from pytest_roadmap.domain.status import Dependencies, Flag, derive_all, derive_status
from pytest_roadmap.domain.task import Status
from tests.unit.domain_cases import TODAY, blocker, effective, required, roadmap, task

D, W, F = Dependencies.DONE, Dependencies.WAITING, Dependencies.FRONTIER_BLOCKED

#: Rules a.4, printed table: (allP, hasP, hasF, hasB, history) -> words for done, waiting, frontier.
#: None stands for "any".
TABLE = [
    ((1, 1, 0, 0, None), ("Done", "InProgress", "InProgress")),
    ((0, 0, 0, 0, 0), ("NotStarted", "NotStarted", "Blocked(prop)")),
    ((0, 0, 0, 0, 1), ("InProgress", "InProgress", "Blocked(prop)")),
    ((0, 0, 0, 1, None), ("Blocked(root)", "Blocked(root)", "Blocked(root)")),
    ((0, 0, 1, None, 0), ("NotStarted+F", "NotStarted+F", "NotStarted+F")),
    ((0, 0, 1, None, 1), ("InProgress+F", "InProgress+F", "InProgress+F")),
    ((0, 1, 0, 0, None), ("InProgress", "InProgress", "Blocked(prop)")),
    ((0, 1, 0, 1, None), ("Blocked(root)", "Blocked(root)", "Blocked(root)")),
    ((0, 1, 1, None, None), ("InProgress+F", "InProgress+F", "InProgress+F")),
]


def _combinations() -> Any:
    for pattern, words in TABLE:
        choices = [(0, 1) if value is None else (value,) for value in pattern]
        for inputs in itertools.product(*choices):
            for deps, word in zip((D, W, F), words, strict=True):
                yield inputs, deps, word


def _word(derived: Any) -> Any:
    if Flag.FAILING in derived.flags:
        return f"{derived.status}+F"
    if derived.status is Status.BLOCKED:
        return "Blocked(root)" if derived.root_blocked else "Blocked(prop)"
    return str(derived.status)


def _derive(inputs: Any, deps: Any) -> Any:
    names = ("all_pass", "has_pass", "has_fail", "has_blocked", "history")
    return derive_status(**dict(zip(names, map(bool, inputs), strict=True)), deps=deps)


def test_the_printed_table_covers_54_combinations() -> None:
    """Nothing that can occur is missing from the table, and nothing stands there twice."""
    combinations = [(inputs, deps) for inputs, deps, _ in _combinations()]

    assert len(combinations) == 54
    assert len(set(combinations)) == 54


@pytest.mark.parametrize(("inputs", "deps", "word"), list(_combinations()))
def test_every_combination_derives_the_word_of_the_table(inputs: Any, deps: Any, word: Any) -> None:
    """The function and the printed table agree."""
    assert _word(_derive(inputs, deps)) == word


@pytest.mark.parametrize(
    ("inputs", "deps", "flags"),
    [
        ((1, 1, 0, 0, 1), W, (Flag.COMPLETE_WAITING_DEPS,)),
        ((0, 1, 1, 0, 0), D, (Flag.FAILING,)),
        ((0, 1, 1, 1, 0), D, (Flag.FAILING, Flag.BLOCKED_PART)),
        ((0, 0, 1, 1, 0), D, (Flag.FAILING, Flag.BLOCKED_PART)),
        ((0, 0, 0, 1, 0), D, (Flag.BLOCKED,)),
        ((0, 1, 0, 0, 0), F, (Flag.BLOCKED_BY,)),
        ((0, 0, 0, 0, 1), D, (Flag.STALE_ONLY,)),
        ((0, 1, 0, 0, 0), D, ()),
    ],
)
def test_a_derived_status_carries_the_flags_of_its_rule(inputs: Any, deps: Any, flags: Any) -> None:
    """Each rule that has flags gives exactly those."""
    assert _derive(inputs, deps).flags == flags


@pytest.mark.parametrize("inputs", [(1, 1, 1, 0, 0), (1, 1, 0, 1, 0), (1, 0, 0, 0, 0)])
def test_contradicting_inputs_are_refused(inputs: Any) -> None:
    """All pass beside a fail, a block or no pass at all cannot be derived from."""
    with pytest.raises(ValueError, match="all scenarios pass"):
        _derive(inputs, D)


def test_a_task_without_required_scenarios_is_never_done() -> None:
    """Nothing measured is no pass."""
    tasks = roadmap(task("SEC-001"))

    derived = derive_all(tasks, {}, {})

    assert derived["SEC-001"].status is Status.NOT_STARTED


def test_a_scenario_without_result_was_not_run() -> None:
    """One passing and one absent scenario are partial evidence."""
    tasks = roadmap(task("SEC-001"))

    derived = derive_all(tasks, required("SEC-001", 2), effective({"SEC-001.S1": "pass"}))

    assert derived["SEC-001"].status is Status.IN_PROGRESS


def test_done_waits_for_dependencies() -> None:
    """A complete task with an unfinished dependency is InProgress and says why."""
    tasks = roadmap(task("SEC-001"), task("SEC-002", "SEC-001"))
    needed = required("SEC-001", 1) | required("SEC-002", 1)

    derived = derive_all(tasks, needed, effective({"SEC-002.S1": "pass"}))

    assert derived["SEC-002"].status is Status.IN_PROGRESS
    assert derived["SEC-002"].flags == (Flag.COMPLETE_WAITING_DEPS,)
    assert derived["SEC-002"].waiting_for == ("SEC-001",)


def test_a_dependency_that_was_done_before_is_told_from_one_that_never_was() -> None:
    """DEP_REGRESSED appears only when a dependency left Done."""
    tasks = roadmap(task("SEC-001"), task("SEC-002", "SEC-001"))
    needed = required("SEC-001", 1) | required("SEC-002", 1)
    results = effective({"SEC-002.S1": "pass"})

    derived = derive_all(tasks, needed, results, done_before=["SEC-001"])

    assert Flag.DEP_REGRESSED in derived["SEC-002"].flags


def test_a_block_propagates_one_hop_and_is_reported_further() -> None:
    """The next task is Blocked, the one after keeps its word and names the root."""
    tasks = roadmap(task("A-1"), task("A-2", "A-1"), task("A-3", "A-2"))
    needed = required("A-1", 1)

    derived = derive_all(tasks, needed, effective({"A-1.S1": "blocked"}))

    assert [derived[name].status for name in ("A-1", "A-2", "A-3")] == [
        Status.BLOCKED,
        Status.BLOCKED,
        Status.NOT_STARTED,
    ]
    assert derived["A-2"].blocked_by == ("A-1",)
    assert derived["A-3"].blocked_by == ()
    assert derived["A-3"].blocked_upstream == ("A-1",)


def test_a_block_does_not_propagate_while_another_dependency_is_open() -> None:
    """A task is Blocked by others only when the block is the single thing missing."""
    tasks = roadmap(task("A-1"), task("A-2"), task("A-3", "A-1", "A-2"))

    derived = derive_all(tasks, required("A-1", 1), effective({"A-1.S1": "blocked"}))

    assert derived["A-3"].status is Status.NOT_STARTED
    assert derived["A-3"].dependencies is Dependencies.WAITING


def test_a_registered_blocker_blocks_a_task_without_results() -> None:
    """A block that people registered counts where nothing was measured."""
    tasks = roadmap(task("A-1"))

    derived = derive_all(tasks, required("A-1", 1), {}, today=TODAY, blockers=[blocker("A-1")])

    assert derived["A-1"].status is Status.BLOCKED
    assert derived["A-1"].blocks[0].owner == "Infra"


def test_a_registered_blocker_leaves_judged_scenarios_alone() -> None:
    """Where every required scenario has a verdict, the registered block has nothing to say."""
    tasks = roadmap(task("A-1"))
    results = effective({"A-1.S1": "pass"})

    derived = derive_all(tasks, required("A-1", 1), results, today=TODAY, blockers=[blocker("A-1")])

    assert derived["A-1"].status is Status.DONE


def test_an_overdue_blocker_is_ignored_and_reported() -> None:
    """Past its review date a registered block no longer counts."""
    tasks = roadmap(task("A-1"))
    late = blocker("A-1", review_by="2026-02-01")

    derived = derive_all(tasks, required("A-1", 1), {}, today=TODAY, blockers=[late])

    assert derived["A-1"].status is Status.NOT_STARTED
    assert Flag.BLOCK_STALE in derived["A-1"].flags


def test_blockers_need_a_date() -> None:
    """Without today nobody can tell whether a registered block still counts."""
    with pytest.raises(ValueError, match="give today"):
        derive_all(roadmap(task("A-1")), {}, {}, blockers=[blocker("A-1")])


def test_counts_name_every_word() -> None:
    """A table of outcomes has a cell for each word."""
    tasks = roadmap(task("A-1"))

    derived = derive_all(tasks, required("A-1", 3), effective({"A-1.S1": "pass"}))

    counts = {word.value: count for word, count in derived["A-1"].counts.items()}
    assert counts == {
        "pass": 1,
        "fail": 0,
        "blocked": 0,
        "pending": 0,
        "inconclusive": 0,
        "not_run": 2,
    }
