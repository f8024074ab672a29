"""Whether a gate is open, and why not (rules b.1, b.2 and b.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pytest_roadmap.domain.gate_rows import GateRow, Waiver, WaiverUse, gate_rows
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.task import Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.roadmap import Roadmap
    from pytest_roadmap.domain.status import DerivedTask


class Verdict(StrEnum):
    """What a gate review hears."""

    INVALID = "INVALID"
    FAIL = "FAIL"
    BLOCKED = "BLOCKED"
    INCOMPLETE = "INCOMPLETE"
    PASS_WITH_WAIVERS = "PASS_WITH_WAIVERS"  # noqa: S105 - a verdict, no password
    PASS = "PASS"  # noqa: S105 - a verdict, no password

    @property
    def opens(self) -> bool:
        """Whether a gate with this verdict is open."""
        return self in (Verdict.PASS, Verdict.PASS_WITH_WAIVERS)

    def exit_code(self, *, no_waivers: bool = False) -> int:
        """The exit status for this verdict; ``no_waivers`` gives a waived pass one of its own."""
        if self is Verdict.PASS_WITH_WAIVERS and no_waivers:
            return 10
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Verdict.INVALID: 30,
    Verdict.FAIL: 20,
    Verdict.BLOCKED: 21,
    Verdict.INCOMPLETE: 22,
    Verdict.PASS_WITH_WAIVERS: 0,
    Verdict.PASS: 0,
}
_WORST_FIRST = tuple(Verdict)


def worst_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several verdicts; of none, INCOMPLETE: a gate nobody judged is not open."""
    present = set(verdicts)
    return next((word for word in _WORST_FIRST if word in present), Verdict.INCOMPLETE)


class CheckResult(StrEnum):
    """How a quality check of the roadmap ended.

    ``not_asked`` is for a check that the run could not ask; like ``inconclusive`` it leaves a gate
    at best INCOMPLETE, because nothing unmeasured counts as passed.
    """

    PASS = "pass"  # noqa: S105 - the word of a check, no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class GateConditions:
    """What a gate asks for beside its tasks.

    Attributes:
        qa: result of each quality check that belongs to the judgement, by its id. An error that
            makes the document unusable (a hard QA-04 error) belongs in ``invalid``.
        invalid: sentences why document, policy or evidence cannot be judged at all.
        tampered: ids of tasks with tampered evidence.
        unsigned: ids of tasks whose Done rests on unsigned evidence.
        open: sentences for whatever else is still open, such as a missing sign-off.
        waivers: valid waivers of any gate.
        leave_out: ids of tasks that the judgement passes over (a sign-off task judging its gate).
    """

    qa: Mapping[str, CheckResult]
    invalid: tuple[str, ...] = ()
    tampered: Collection[str] = ()
    unsigned: Collection[str] = ()
    open: tuple[str, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    leave_out: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class GateDecision:
    """A verdict with its reason and the tasks it rests on, in dependency order.

    ``horizon`` and ``oldest`` are the times (UTC) of the newest and the oldest result that
    counted; both are None when nothing was recorded. ``qa`` are the results of the quality checks.
    """

    gate: str
    verdict: Verdict
    reason: str
    rows: tuple[GateRow, ...]
    waivers: tuple[WaiverUse, ...] = ()
    horizon: datetime | None = None
    oldest: datetime | None = None
    qa: Mapping[str, CheckResult] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """The exit status of this verdict where waivers are accepted."""
        return self.verdict.exit_code()

    @property
    def checks_sentence(self) -> str:
        """``quality checks: QA-01 pass, …``; empty where none was asked."""
        words = ", ".join(f"{name} {result.value}" for name, result in self.qa.items())
        return f"quality checks: {words}" if words else ""

    @property
    def root_blocked(self) -> tuple[GateRow, ...]:
        """The counted tasks whose own external precondition is unmet."""
        return tuple(row for row in self.rows if row.result.derived.root_blocked)

    def headline(self, environment: str) -> str:
        """``G1 EMBEDDED PASS``: gate, environment and verdict."""
        return f"{self.gate} {environment.upper()} {self.verdict}"


def decide_gate(
    gate: str,
    rows: tuple[GateRow, ...],
    conditions: GateConditions,
    required_gates: Mapping[str, Verdict],
    waivers: tuple[WaiverUse, ...] = (),
) -> GateDecision:
    """The verdict of a gate: the first word of rules b.4 whose condition holds.

    Args:
        gate: name of the gate.
        rows: its counted tasks; without any the gate is INCOMPLETE, never open.
        conditions: what else is asked.
        required_gates: verdict of each gate that this one requires, by name.
        waivers: what this gate's waivers did.
    """
    findings = {
        Verdict.INVALID: _invalid(rows, conditions),
        Verdict.FAIL: _failing(rows, conditions),
        Verdict.BLOCKED: _blocked(rows),
        Verdict.INCOMPLETE: _incomplete(rows, conditions),
    }
    for name, verdict in required_gates.items():
        if not verdict.opens:
            findings[verdict].append(f"required gate {name} is {verdict}")
    verdict, reason = next(
        ((word, "; ".join(found)) for word, found in findings.items() if found), _passing(rows)
    )
    times = [r.ended for row in rows for r in row.result.results if r.ended is not None]
    horizon, oldest = max(times, default=None), min(times, default=None)
    return GateDecision(gate, verdict, reason, rows, waivers, horizon, oldest, conditions.qa)


def _invalid(rows: tuple[GateRow, ...], conditions: GateConditions) -> list[str]:
    tampered = [row.task_id for row in rows if row.task_id in conditions.tampered]
    return [*conditions.invalid, *_named("tampered evidence", tampered)]


def _failing(rows: tuple[GateRow, ...], conditions: GateConditions) -> list[str]:
    failing = [row.task_id for row in rows if row.open and row.failing]
    return _named("failing", failing) + _checks(conditions, CheckResult.FAIL)


def _blocked(rows: tuple[GateRow, ...]) -> list[str]:
    blocked = [row for row in rows if row.open and row.result.status is Status.BLOCKED]
    roots = {row.task_id for row in blocked if row.result.derived.root_blocked}
    return _named("blocked", [row.task_id for row in blocked if row.task_id in roots]) + _named(
        "blocked by a dependency", [row.task_id for row in blocked if row.task_id not in roots]
    )


def _incomplete(rows: tuple[GateRow, ...], conditions: GateConditions) -> list[str]:
    if not rows:
        return ["the gate counts no task"]
    unsigned = [row.task_id for row in rows if row.open and row.unsigned]
    unfinished = [row.task_id for row in rows if row.open and not row.unsigned]
    label = f"{len(unfinished)} of {len(rows)} counted tasks not Done"
    asked = [] if conditions.qa else ["no quality check was asked"]
    return [
        *_named(label, unfinished),
        *_named("Done by unsigned evidence", unsigned),
        *_checks(conditions, CheckResult.INCONCLUSIVE),
        *_checks(conditions, CheckResult.NOT_ASKED),
        *asked,
        *conditions.open,
    ]


def _passing(rows: tuple[GateRow, ...]) -> tuple[Verdict, str]:
    waived = [row.task_id for row in rows if row.waived_by is not None]
    if waived:
        return Verdict.PASS_WITH_WAIVERS, "all other counted tasks are Done; waived: " + ", ".join(
            waived
        )
    return Verdict.PASS, f"all {len(rows)} counted tasks are Done"


def _named(label: str, names: list[str]) -> list[str]:
    return [f"{label}: {', '.join(names)}"] if names else []


def _checks(conditions: GateConditions, result: CheckResult) -> list[str]:
    word = result.value.replace("_", " ")
    return _named(f"checks {word}", [name for name, got in conditions.qa.items() if got is result])


def decide_gates(
    roadmap: Roadmap,
    policy: Policy,
    derived: Mapping[str, DerivedTask],
    conditions: GateConditions,
) -> Mapping[str, GateDecision]:
    """The decision of every gate of the policy, in the policy's order.

    Each gate also carries the word of the gates it requires, so that one evaluated alone says
    which other gate it still waits for.
    """
    decided: dict[str, GateDecision] = {}

    def decide(gate: str) -> GateDecision:
        if gate not in decided:
            required = {name: decide(name).verdict for name in policy.gates[gate].requires}
            rows, waivers = gate_rows(
                gate,
                roadmap,
                policy,
                derived,
                waivers=conditions.waivers,
                unsigned=conditions.unsigned,
                leave_out=conditions.leave_out,
            )
            decided[gate] = decide_gate(gate, rows, conditions, required, waivers)
        return decided[gate]

    return {gate: decide(gate) for gate in policy.gates}


#: Exit statuses of pytest that say the session itself went wrong: interrupted, internal, usage.
_PYTEST_OWN = (2, 3, 4)


def session_exit(
    pytest_status: int, verdicts: Iterable[Verdict], outcomes: Iterable[Outcome]
) -> int:
    """The exit status of a pytest session that ran roadmap scenarios (rules b.4).

    Args:
        pytest_status: what pytest itself would end with.
        verdicts: verdict of each gate whose own tasks are wholly in the selection.
        outcomes: outcome of each selected scenario.

    Returns:
        The worst verdict's code; without a wholly selected gate, the worst outcome's. A failing
        ordinary test (1) and an empty session (5) are never lowered, an interrupted or broken
        session keeps its status.
    """
    judged, words = tuple(verdicts), frozenset(outcomes)
    if pytest_status in _PYTEST_OWN:
        return pytest_status
    if judged:
        return max(worst_verdict(judged).exit_code(), pytest_status)
    return max(_outcomes_exit(words), pytest_status)


def _outcomes_exit(words: frozenset[Outcome]) -> int:
    if Outcome.FAIL in words:
        return Verdict.FAIL.exit_code()
    if Outcome.BLOCKED in words:
        return Verdict.BLOCKED.exit_code()
    if words - {Outcome.PASS}:
        return Verdict.INCOMPLETE.exit_code()
    return 0
