"""What a run makes of its records: derived statuses and the verdicts of whole gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_roadmap.domain.effective import effective_results
from pytest_roadmap.domain.gate import CheckResult, GateConditions, GateDecision, decide_gates
from pytest_roadmap.domain.status import DerivedTask, derive_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from pytest_roadmap.domain.evidence import Record
    from pytest_roadmap.domain.gate_rows import Waiver
    from pytest_roadmap.domain.roadmap import Roadmap
    from pytest_roadmap.plugin.project import Plans


@dataclass(frozen=True, slots=True)
class RunJudgement:
    """The verdicts that a run prints; ``gates`` holds only gates that were wholly selected."""

    derived: Mapping[str, DerivedTask]
    gates: tuple[GateDecision, ...]


def whole_gates(roadmap: Roadmap, gates: Iterable[str], whole: frozenset[str]) -> tuple[str, ...]:
    """The gates whose own tasks are all wholly selected; a gate without tasks is none of them."""
    found = []
    for gate in gates:
        own = {task.task_id for task in roadmap.own(gate)}
        if own and own <= whole:
            found.append(gate)
    return tuple(found)


def derive_run(
    plans: Plans,
    records: Iterable[Record],
    required: Mapping[str, tuple[str, ...]],
    *,
    kind: str,
    now: datetime,
) -> Mapping[str, DerivedTask]:
    """The status of every task, as this environment alone shows it (rules g.1)."""
    effective = effective_results(records, kinds=(kind,), now=now)
    return derive_all(plans.roadmap, required, effective, today=now.date(), blockers=plans.blockers)


def judge_gates(
    plans: Plans,
    derived: Mapping[str, DerivedTask],
    qa: Mapping[str, CheckResult],
    whole: frozenset[str],
    waivers: tuple[Waiver, ...] = (),
    still_open: tuple[str, ...] = (),
) -> tuple[GateDecision, ...]:
    """The decision of each wholly selected gate, in the order of the policy.

    ``still_open`` are sentences that keep every gate shut.
    """
    wanted = whole_gates(plans.roadmap, plans.policy.gates, whole)
    if not wanted:
        return ()
    conditions = GateConditions(qa=qa, waivers=waivers, open=still_open)
    decisions = decide_gates(plans.roadmap, plans.policy, derived, conditions)
    return tuple(decisions[gate] for gate in wanted)
