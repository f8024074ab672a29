"""The verdict of a gate and the exit status of a session (rules b.1 to b.4)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from pytest_roadmap.domain.gate import (
    CheckResult,
    GateConditions,
    Verdict,
    decide_gates,
    session_exit,
    worst_verdict,
)
from pytest_roadmap.domain.gate_rows import Waiver
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.policy import GatePolicy, Policy
from pytest_roadmap.domain.status import derive_all
from tests.unit.domain_cases import effective, required, roadmap, task

GREEN = {"QA-04": CheckResult.PASS}
POLICY = Policy(
    gates={
        "G1": GatePolicy("G1", never_waive=("A-3",)),
        "G2": GatePolicy("G2", requires=("G1",)),
        "G3": GatePolicy("G3", requires=("G1",), signature_required=True),
    },
    task_id_pattern=r"^[A-Z]-\d+$",
    required_kinds={"L1": ("dev",)},
)
#: A-1 (P0) <- A-2 (P1) ; A-3 (P1, never waived) ; B-1 (P1) is G2's own and needs A-1.
TASKS = (
    task("A-1"),
    task("A-2", "A-1", priority="P1"),
    task("A-3", priority="P1"),
    task("B-1", "A-1", priority="P1", gate="G2"),
    task("C-1", "A-1", priority="P1", gate="G3"),
)
NEEDED = {t.task_id: required(t.task_id, 1)[t.task_id] for t in TASKS}


def _decide(words: Any = None, *, tasks: Any = TASKS, qa: Any = GREEN, **conditions: Any) -> Any:
    results = {name: "pass" for ids in NEEDED.values() for name in ids}
    results |= {f"{name}.S1": word for name, word in (words or {}).items()}
    tree = roadmap(*tasks)
    derived = derive_all(tree, NEEDED, effective(results))
    return decide_gates(tree, POLICY, derived, GateConditions(qa=qa, **conditions))


def test_a_gate_passes_when_every_counted_task_is_done() -> None:
    """All Done, the checks asked and green: PASS with exit status 0."""
    decision = _decide()["G1"]

    assert decision.verdict is Verdict.PASS
    assert decision.exit_code == 0
    assert decision.headline("embedded") == "G1 EMBEDDED PASS"


def test_a_gate_counts_the_tasks_its_own_tasks_need() -> None:
    """Own tasks and their dependencies are the rows, each marked."""
    rows = _decide()["G2"].rows

    assert [(row.task_id, row.own) for row in rows] == [("A-1", False), ("B-1", True)]


def test_a_failing_task_fails_the_gate() -> None:
    """FAIL names the task that fails."""
    decision = _decide({"A-3": "fail"})["G1"]

    assert (decision.verdict, decision.exit_code) == (Verdict.FAIL, 20)
    assert "A-3" in decision.reason


def test_a_failing_task_outweighs_a_blocked_one() -> None:
    """What the team can repair comes first."""
    assert _decide({"A-3": "fail", "A-1": "blocked"})["G1"].verdict is Verdict.FAIL


def test_a_blocked_task_blocks_the_gate_and_shows_its_root() -> None:
    """BLOCKED names the root apart from the task that it blocks."""
    decision = _decide({"A-1": "blocked", "A-2": "not_run"})["G1"]

    assert (decision.verdict, decision.exit_code) == (Verdict.BLOCKED, 21)
    assert [row.task_id for row in decision.root_blocked] == ["A-1"]
    assert decision.reason == "blocked: A-1; blocked by a dependency: A-2"


@pytest.mark.parametrize("word", ["pending", "inconclusive", "not_run"])
def test_an_unmeasured_task_keeps_the_gate_incomplete(word: Any) -> None:
    """Whatever was not judged is not passed."""
    decision = _decide({"A-3": word})["G1"]

    assert (decision.verdict, decision.exit_code) == (Verdict.INCOMPLETE, 22)
    assert "A-3" in decision.reason


def test_a_gate_that_counts_no_task_is_incomplete() -> None:
    """Nothing counted is nothing proven."""
    decision = _decide(tasks=TASKS[:3])["G2"]

    assert decision.verdict is Verdict.INCOMPLETE
    assert decision.reason == "the gate counts no task"


@pytest.mark.parametrize("word", ["FAIL", "BLOCKED", "INCOMPLETE", "INVALID"])
def test_a_gate_carries_the_word_of_a_gate_it_requires(word: Any) -> None:
    """G2's own tasks are fine, yet it waits for G1 with G1's own word."""
    outcome = {"FAIL": "fail", "BLOCKED": "blocked", "INCOMPLETE": "not_run"}.get(word, "pass")
    tampered = ("A-3",) if word == "INVALID" else ()

    decisions = _decide({"A-3": outcome}, tampered=tampered)

    assert decisions["G2"].verdict is Verdict(word)
    assert decisions["G2"].reason == f"required gate G1 is {word}"


def test_tampered_evidence_of_a_task_that_is_not_counted_matters_to_no_gate() -> None:
    """B-1 belongs to G2 alone."""
    decisions = _decide(tampered=("B-1",))

    assert decisions["G1"].verdict is Verdict.PASS
    assert (decisions["G2"].verdict, decisions["G2"].exit_code) == (Verdict.INVALID, 30)


def test_an_invalid_document_makes_every_gate_invalid() -> None:
    """What cannot be judged outweighs what fails."""
    decisions = _decide({"A-1": "fail"}, invalid=("the document has no tasks",))

    assert {decision.verdict for decision in decisions.values()} == {Verdict.INVALID}


@pytest.mark.parametrize(
    ("qa", "verdict"),
    [
        ({"QA-01": CheckResult.FAIL}, Verdict.FAIL),
        ({"QA-01": CheckResult.INCONCLUSIVE}, Verdict.INCOMPLETE),
        ({"QA-01": CheckResult.NOT_ASKED}, Verdict.INCOMPLETE),
        ({}, Verdict.INCOMPLETE),
    ],
)
def test_a_gate_is_no_better_than_its_quality_checks(qa: Any, verdict: Any) -> None:
    """A check that fails, cannot tell, or was never asked keeps the gate shut."""
    assert _decide(qa=qa)["G1"].verdict is verdict


def test_an_open_condition_keeps_the_gate_incomplete() -> None:
    """A missing sign-off is named."""
    decision = _decide(open=("no sign-off by Infra",))["G1"]

    assert decision.verdict is Verdict.INCOMPLETE
    assert decision.reason == "no sign-off by Infra"


def test_unsigned_evidence_counts_only_where_signatures_are_not_required() -> None:
    """The same unsigned Done opens G1 and not G3."""
    decisions = _decide(unsigned=("A-1",))

    assert decisions["G1"].verdict is Verdict.PASS
    assert decisions["G3"].verdict is Verdict.INCOMPLETE
    assert decisions["G3"].reason == "Done by unsigned evidence: A-1"


def test_a_task_left_out_is_not_judged() -> None:
    """A sign-off task judges its gate without itself."""
    assert _decide({"A-3": "not_run"}, leave_out=("A-3",))["G1"].verdict is Verdict.PASS


def test_a_waiver_excuses_a_task() -> None:
    """The gate opens with the word that says so, and its own exit status on request."""
    decision = _decide({"A-2": "fail"}, waivers=(Waiver("W-1", "G1", "A-2"),))["G1"]

    assert decision.verdict is Verdict.PASS_WITH_WAIVERS
    assert decision.verdict.exit_code(no_waivers=True) == 10
    assert [use.used for use in decision.waivers] == [True]


@pytest.mark.parametrize(
    ("waiver", "note"),
    [
        (Waiver("W-1", "G1", "A-1"), "priority P0 is never waivable"),
        (Waiver("W-1", "G1", "A-3"), "A-3 is never waived at G1"),
        (Waiver("W-1", "G1", "B-1"), "B-1 is not counted by G1"),
        (Waiver("W-1", "G1", "A-2"), "A-2 is Done without it"),
    ],
)
def test_a_waiver_without_effect_says_why(waiver: Any, note: Any) -> None:
    """It excuses nothing and stands in the report."""
    decision = _decide(waivers=(waiver,))["G1"]

    assert decision.verdict is Verdict.PASS
    assert [(use.used, use.note) for use in decision.waivers] == [(False, note)]


def test_a_waiver_with_a_scope_excuses_only_those_scenarios() -> None:
    """A failing scenario outside the scope still fails the gate."""
    waiver = Waiver("W-1", "G1", "A-2", scope=("A-2.S9",))

    decision = _decide({"A-2": "fail"}, waivers=(waiver,))["G1"]

    assert decision.verdict is Verdict.FAIL
    assert decision.waivers[0].note == "outside its scope these do not pass: A-2.S1"


def test_a_waiver_below_a_task_that_cannot_be_waived_does_not_help() -> None:
    """The task above cannot become Done, and the report says so beside the waiver."""
    tasks = (task("A-2", priority="P1"), task("A-1", "A-2"))
    waiver = Waiver("W-1", "G1", "A-2")

    decision = _decide({"A-2": "pending"}, tasks=tasks, waivers=(waiver,))["G1"]

    assert decision.verdict is Verdict.INCOMPLETE
    assert "A-1 cannot be waived" in decision.waivers[0].note


@pytest.mark.parametrize(
    ("status", "verdicts", "outcomes", "expected"),
    [
        (0, ["PASS"], ["pass"], 0),
        (0, ["INCOMPLETE"], ["pass"], 22),
        (0, ["INCOMPLETE", "BLOCKED"], [], 21),
        (1, ["FAIL", "BLOCKED"], ["fail"], 20),
        (0, ["INVALID", "FAIL"], [], 30),
        (1, ["PASS"], ["pass"], 1),
        (5, ["PASS"], [], 5),
        (2, ["FAIL"], ["fail"], 2),
        (3, ["FAIL"], ["fail"], 3),
        (4, [], [], 4),
        (0, [], ["pass", "pass"], 0),
        (1, [], ["pass", "fail", "blocked"], 20),
        (0, [], ["pass", "blocked"], 21),
        (0, [], ["pending"], 22),
        (0, [], ["not_run"], 22),
        (1, [], ["inconclusive"], 22),
        (1, [], ["pass"], 1),
        (5, [], [], 5),
        (0, [], [], 0),
    ],
)
def test_the_exit_status_of_a_session(
    status: Any, verdicts: Any, outcomes: Any, expected: Any
) -> None:
    """The worst verdict decides, and pytest's own bad news is never lowered."""
    words = [Outcome(word) for word in outcomes]

    assert session_exit(status, [Verdict(word) for word in verdicts], words) == expected


def test_joining_verdicts_is_commutative_associative_and_idempotent() -> None:
    """Several gates have one worst verdict, however they are put together."""
    for a, b, c in itertools.product(Verdict, repeat=3):
        assert worst_verdict([a, b]) is worst_verdict([b, a])
        assert worst_verdict([worst_verdict([a, b]), c]) is worst_verdict(
            [a, worst_verdict([b, c])]
        )
        assert worst_verdict([a, a]) is a


def test_no_verdict_at_all_is_incomplete() -> None:
    """A session that judged no gate opened none."""
    assert worst_verdict([]) is Verdict.INCOMPLETE
