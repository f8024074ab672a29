"""The tasks a gate counts, and what waivers excuse among them (rules b.1 to b.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.reasons import reason_of
from pytest_roadmap.domain.status import DerivedTask, Flag
from pytest_roadmap.domain.task import Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.roadmap import Roadmap


@dataclass(frozen=True, slots=True)
class Waiver:
    """A valid waiver (rules b.3): it excuses a task at one gate; a scope, only those scenarios."""

    waiver_id: str
    gate: str
    task_id: str
    scope: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WaiverUse:
    """What a waiver did at its gate; ``note`` says why it did nothing, or not enough."""

    waiver: Waiver
    used: bool
    note: str = ""

    @property
    def sentence(self) -> str:
        """What a reader of the gate is told about the waiver."""
        effect = "used" if self.used else "without effect"
        note = f": {self.note}" if self.note else ""
        return f"waiver {self.waiver.waiver_id} for {self.waiver.task_id} {effect}{note}"


@dataclass(frozen=True, slots=True)
class GateRow:
    """One counted task: ``own`` tasks target this gate, the others are depended on."""

    result: DerivedTask
    own: bool
    reason: str
    waived_by: str | None = None
    unsigned: bool = False

    @property
    def task_id(self) -> str:
        """The id of the counted task."""
        return self.result.task.task_id

    @property
    def done(self) -> bool:
        """Whether evidence says Done, signed where this gate wants it signed."""
        return self.result.status is Status.DONE and not self.unsigned

    @property
    def failing(self) -> bool:
        """Whether a required scenario found the deliverable absent or wrong."""
        return Flag.FAILING in self.result.flags

    @property
    def open(self) -> bool:
        """Whether the gate still waits for this task."""
        return not self.done and self.waived_by is None


def gate_rows(
    gate: str,
    roadmap: Roadmap,
    policy: Policy,
    derived: Mapping[str, DerivedTask],
    *,
    waivers: Iterable[Waiver] = (),
    unsigned: Collection[str] = (),
    leave_out: Collection[str] = (),
) -> tuple[tuple[GateRow, ...], tuple[WaiverUse, ...]]:
    """The counted tasks of a gate in dependency order, and what each of its waivers did."""
    own = {task.task_id for task in roadmap.own(gate)}
    counted = {task.task_id for task in roadmap.counted(gate)} - set(leave_out)
    uses = [
        _use(waiver, policy, {task_id: derived[task_id] for task_id in counted}, roadmap)
        for waiver in waivers
        if waiver.gate == gate
    ]
    excused = {use.waiver.task_id: use.waiver.waiver_id for use in uses if use.used}
    signed = policy.gates[gate].signature_required
    rows = tuple(
        GateRow(
            derived[task_id],
            task_id in own,
            reason_of(derived[task_id]),
            waived_by=excused.get(task_id),
            unsigned=signed and task_id in unsigned,
        )
        for task_id in derived
        if task_id in counted
    )
    return rows, tuple(uses)


def _use(
    waiver: Waiver, policy: Policy, counted: Mapping[str, DerivedTask], roadmap: Roadmap
) -> WaiverUse:
    refusal = _refusal(waiver, policy, counted)
    if refusal:
        return WaiverUse(waiver, used=False, note=refusal)
    above = [
        task_id
        for task_id, result in counted.items()
        if not _waivable(result, policy)
        and waiver.task_id in roadmap.transitive_dependencies(task_id)
    ]
    note = ""
    if above:
        note = (
            f"{', '.join(sorted(above))} cannot be waived, depends on {waiver.task_id} "
            "and so cannot become Done"
        )
    return WaiverUse(waiver, used=True, note=note)


def _refusal(waiver: Waiver, policy: Policy, counted: Mapping[str, DerivedTask]) -> str:
    result = counted.get(waiver.task_id)
    if result is None:
        return f"{waiver.task_id} is not counted by {waiver.gate}"
    if not _waivable(result, policy):
        return f"priority {result.task.priority} is never waivable"
    if waiver.task_id in policy.gates[waiver.gate].never_waive:
        return f"{waiver.task_id} is never waived at {waiver.gate}"
    if result.status is Status.DONE:
        return f"{waiver.task_id} is Done without it"
    if missing := _outside_scope(waiver, result):
        return "outside its scope these do not pass: " + ", ".join(missing)
    return ""


def _outside_scope(waiver: Waiver, result: DerivedTask) -> list[str]:
    if not waiver.scope:
        return []
    return [
        scenario.scenario_id
        for scenario in result.results
        if scenario.scenario_id not in waiver.scope and scenario.outcome is not Outcome.PASS
    ]


def _waivable(result: DerivedTask, policy: Policy) -> bool:
    priority = policy.priorities.get(result.task.priority)
    return priority is not None and priority.waivable
