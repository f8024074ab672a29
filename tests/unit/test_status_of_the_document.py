"""The derivation on the project's own document (rules a.5 and b.4)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pytest_roadmap.adapters.document import read_policy, read_roadmap
from pytest_roadmap.domain.declared import Level, compare_declared
from pytest_roadmap.domain.effective import EffectiveResult, RegisteredBlocker
from pytest_roadmap.domain.gate import CheckResult, GateConditions, Verdict, decide_gates
from pytest_roadmap.domain.policy import Policy
from pytest_roadmap.domain.roadmap import Roadmap
from pytest_roadmap.domain.status import DerivedTask, derive_all
from pytest_roadmap.domain.task import Status
from tests.unit.domain_cases import TODAY, blocker, effective

ROOT = Path(__file__).parents[2]
BLOCKED = ("SEC-004", "SEC-005")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return read_policy(ROOT / ".roadmap" / "policy.yaml")


@pytest.fixture(scope="module")
def roadmap(policy: Policy) -> Roadmap:
    document = ROOT / ".roadmap" / "implementation_roadmap.md"
    reading = read_roadmap(document.read_bytes(), policy)
    assert reading.roadmap is not None
    return reading.roadmap


def _required(roadmap: Roadmap) -> dict[str, tuple[str, ...]]:
    return {
        task.task_id: tuple(
            f"{task.task_id}.S{number}" for number in range(1, max(2, len(task.sub_tasks)) + 1)
        )
        for task in roadmap.tasks
    }


def _partial_evidence(roadmap: Roadmap) -> dict[str, EffectiveResult]:
    """One passing scenario for each task in progress, all of them for the one that is Done."""
    words = {}
    for task in roadmap.tasks:
        scenarios = _required(roadmap)[task.task_id]
        if task.status is Status.IN_PROGRESS:
            words[scenarios[0]] = "pass"
        elif task.status is Status.DONE:
            words |= dict.fromkeys(scenarios, "pass")
    return effective(words)


def _blockers() -> tuple[RegisteredBlocker, ...]:
    return tuple(blocker(task_id) for task_id in BLOCKED)


def _derive_as_declared(roadmap: Roadmap) -> dict[str, DerivedTask]:
    required = _required(roadmap)
    evidence = _partial_evidence(roadmap)
    return dict(derive_all(roadmap, required, evidence, today=TODAY, blockers=_blockers()))


def test_the_declared_status_of_all_34_tasks_is_derived(roadmap: Roadmap) -> None:
    """Roots SEC-004 and SEC-005 and partial evidence for the 11 tasks give what the rows say."""
    derived = _derive_as_declared(roadmap)

    assert len(derived) == 34
    assert {name: result.status for name, result in derived.items()} == {
        task.task_id: task.status for task in roadmap.tasks
    }


def test_a_block_is_reported_far_downstream_without_hiding_progress(roadmap: Roadmap) -> None:
    """Everything that rests on SEC-004 names it, and only the roots are Blocked."""
    derived = _derive_as_declared(roadmap)

    words = Counter(result.status for result in derived.values())
    assert words[Status.BLOCKED] == 2
    reached = [name for name, result in derived.items() if "SEC-004" in result.blocked_upstream]
    assert len(reached) == 24
    assert derived["CUT-003"].status is Status.IN_PROGRESS


def _verdicts(
    roadmap: Roadmap, policy: Policy, derived: dict[str, DerivedTask]
) -> dict[str, Verdict]:
    conditions = GateConditions(qa={"QA-04": CheckResult.PASS})
    decisions = decide_gates(roadmap, policy, derived, conditions)
    return {gate: decision.verdict for gate, decision in decisions.items()}


def test_without_records_every_gate_is_incomplete(roadmap: Roadmap, policy: Policy) -> None:
    """An empty environment passes nothing and fails nothing."""
    derived = dict(derive_all(roadmap, _required(roadmap), {}))

    verdicts = _verdicts(roadmap, policy, derived)

    assert verdicts == dict.fromkeys(("G1", "G2", "G3", "G4"), Verdict.INCOMPLETE)


def test_with_the_registered_blockers_every_gate_is_blocked(
    roadmap: Roadmap, policy: Policy
) -> None:
    """SEC-004 is counted by all four gates."""
    verdicts = _verdicts(roadmap, policy, _derive_as_declared(roadmap))

    assert verdicts == dict.fromkeys(("G1", "G2", "G3", "G4"), Verdict.BLOCKED)


@pytest.mark.parametrize(("gate", "counted"), [("G1", 10), ("G2", 22), ("G3", 16), ("G4", 22)])
def test_a_gate_counts_its_own_tasks_and_what_they_need(
    roadmap: Roadmap, policy: Policy, gate: str, counted: int
) -> None:
    """The figures of the real tables (rules b.1)."""
    derived = dict(derive_all(roadmap, _required(roadmap), {}))

    decision = decide_gates(roadmap, policy, derived, GateConditions(qa={}))[gate]

    assert len(decision.rows) == counted


def test_the_only_declared_done_without_a_record_is_reported(roadmap: Roadmap) -> None:
    """GOV-005 is the expected first finding: declared Done, nothing recorded."""
    derived = derive_all(roadmap, _required(roadmap), {})

    errors = [
        task.task_id
        for task in roadmap.tasks
        if compare_declared(task.status, derived[task.task_id].status).level is Level.ERROR
    ]
    assert errors == ["GOV-005"]
