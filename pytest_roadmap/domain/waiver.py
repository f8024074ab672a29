"""When a waiver is valid (rules b.3): every condition, each with its own named reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pytest_roadmap.domain.attestation import person_key
from pytest_roadmap.domain.canonical import canonical_digest
from pytest_roadmap.domain.gate_rows import Waiver
from pytest_roadmap.domain.ports import AttestationVerdict

if TYPE_CHECKING:
    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.roadmap import Roadmap
    from pytest_roadmap.domain.task import Task

PURPOSE = "waiver-approved"
SHORTEST_REASON = 20
_PLACEHOLDER = re.compile(r"\b(?:tbd|todo|fixme|n/a|lorem|xxx)\b|<[^<>]*>|미정", re.IGNORECASE)
_OWNERS = re.compile(r"\s*[+,/&]\s*")


class WaiverFault(StrEnum):
    """The condition that a waiver breaks."""

    NOT_COUNTED = "NOT_COUNTED"
    PRIORITY = "PRIORITY"
    NEVER_WAIVE = "NEVER_WAIVE"
    NOT_YET = "NOT_YET"
    EXPIRED = "EXPIRED"
    TOO_LONG = "TOO_LONG"
    SCOPE = "SCOPE"
    REASON = "REASON"
    APPROVER_ROLE = "APPROVER_ROLE"
    APPROVER_IS_REQUESTER = "APPROVER_IS_REQUESTER"
    APPROVER_OWNS_TASK = "APPROVER_OWNS_TASK"
    ATTESTATION = "ATTESTATION"
    RENEWALS = "RENEWALS"
    TOO_MANY = "TOO_MANY"


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks for a waiver."""

    role: str
    name: str


@dataclass(frozen=True, slots=True)
class Approver:
    """Who approved it, and the id of the attestation that says so."""

    role: str
    name: str
    attestation: str


@dataclass(frozen=True, slots=True)
class WaiverEntry:
    """A waiver as people wrote it; both dates are UTC days and belong to it."""

    waiver_id: str
    gate: str
    task_id: str
    scope: tuple[str, ...]
    reason: str
    risk: str
    compensation: str
    requested_by: Requester
    approved_by: tuple[Approver, ...]
    created: date
    expires: date

    @property
    def subject_digest(self) -> str:
        """The digest an approval is over: the canonical JSON without ``approved_by``."""
        subject: dict[str, Any] = {
            "id": self.waiver_id,
            "gate": self.gate,
            "task": self.task_id,
            "scope": self.scope,
            "reason": self.reason,
            "risk": self.risk,
            "compensation": self.compensation,
            "requested_by": {"role": self.requested_by.role, "name": self.requested_by.name},
            "created": self.created,
            "expires": self.expires,
        }
        return canonical_digest(subject)


@dataclass(frozen=True, slots=True)
class WaiverProblem:
    """One broken condition and its sentence."""

    fault: WaiverFault
    reason: str


@dataclass(frozen=True, slots=True)
class InvalidWaiver:
    """A waiver that is ignored, with every condition it breaks."""

    entry: WaiverEntry
    problems: tuple[WaiverProblem, ...]

    def __str__(self) -> str:
        reasons = "; ".join(f"{each.fault}: {each.reason}" for each in self.problems)
        return f"WAIVER_INVALID {self.entry.waiver_id} ({self.entry.task_id}): {reasons}"


@dataclass(frozen=True, slots=True)
class WaiverJudgement:
    """The waivers that count, and those that are ignored and reported."""

    valid: tuple[Waiver, ...] = ()
    invalid: tuple[InvalidWaiver, ...] = ()


#: What the attestations say about the approval of a waiver, over its subject digest.
Approval = Callable[[WaiverEntry], AttestationVerdict]


def judge_waivers(
    entries: Sequence[WaiverEntry],
    roadmap: Roadmap,
    policy: Policy,
    *,
    today: date,
    approval: Approval,
) -> WaiverJudgement:
    """Tell valid waivers from the others.

    Args:
        entries: as read; every task and gate they name exists.
        roadmap: the tasks and what each gate counts.
        policy: who approves, what is never waived, and the limits.
        today: the UTC day of the judgement.
        approval: asked once for each waiver.
    """
    valid: list[Waiver] = []
    invalid: list[InvalidWaiver] = []
    per_gate: Counter[str] = Counter()
    for entry in sorted(entries, key=lambda each: each.created):
        problems = [
            *_of_subject(entry, roadmap, policy),
            *_of_time(entry, policy, today),
            *_of_reason(entry),
            *_of_approvers(entry, roadmap.task(entry.task_id), policy),
            *_of_attestation(entry, approval(entry)),
            *_of_renewal(entry, entries, policy),
        ]
        most = policy.waivers["max_per_gate"]
        if not problems and per_gate[entry.gate] >= most:
            reason = f"{entry.gate} has {most} waivers already"
            problems = [WaiverProblem(WaiverFault.TOO_MANY, reason)]
        if problems:
            invalid.append(InvalidWaiver(entry, tuple(problems)))
        else:
            per_gate[entry.gate] += 1
            valid.append(
                Waiver(entry.waiver_id, entry.gate, entry.task_id, entry.scope, entry.reason)
            )
    return WaiverJudgement(tuple(valid), tuple(invalid))


def _of_subject(entry: WaiverEntry, roadmap: Roadmap, policy: Policy) -> Iterator[WaiverProblem]:
    task = roadmap.task(entry.task_id)
    if task not in roadmap.counted(entry.gate):
        reason = f"{entry.task_id} is not counted by {entry.gate}"
        yield WaiverProblem(WaiverFault.NOT_COUNTED, reason)
    priority = policy.priorities.get(task.priority)
    if priority is None or not priority.waivable:
        yield WaiverProblem(WaiverFault.PRIORITY, f"{task.priority} is never waivable")
    if entry.task_id in policy.gates[entry.gate].never_waive:
        reason = f"{entry.task_id} is never waived at {entry.gate}"
        yield WaiverProblem(WaiverFault.NEVER_WAIVE, reason)
    foreign = [each for each in entry.scope if not each.startswith(f"{entry.task_id}.")]
    if foreign:
        reason = f"no scenario of {entry.task_id}: {', '.join(foreign)}"
        yield WaiverProblem(WaiverFault.SCOPE, reason)


def _of_time(entry: WaiverEntry, policy: Policy, today: date) -> Iterator[WaiverProblem]:
    if today < entry.created:
        yield WaiverProblem(WaiverFault.NOT_YET, f"it begins on {entry.created}")
    if today > entry.expires:
        yield WaiverProblem(WaiverFault.EXPIRED, f"it expired on {entry.expires}")
    if entry.expires < entry.created:
        reason = f"it expires on {entry.expires}, before {entry.created}"
        yield WaiverProblem(WaiverFault.EXPIRED, reason)
    most = policy.waivers["max_days"]
    if entry.expires - entry.created > timedelta(days=most):
        yield WaiverProblem(WaiverFault.TOO_LONG, f"it lasts longer than {most} days")


def _of_reason(entry: WaiverEntry) -> Iterator[WaiverProblem]:
    text = " ".join(entry.reason.split())
    if len(text) < SHORTEST_REASON:
        reason = f"the reason has fewer than {SHORTEST_REASON} characters"
        yield WaiverProblem(WaiverFault.REASON, reason)
    elif found := _PLACEHOLDER.search(text):
        yield WaiverProblem(WaiverFault.REASON, f"the reason holds a placeholder: {found[0]}")


def _of_approvers(entry: WaiverEntry, task: Task, policy: Policy) -> Iterator[WaiverProblem]:
    allowed = policy.gates[entry.gate].waiver_approvers
    owners = {person_key(owner) for owner in _OWNERS.split(task.owner.strip())}
    for approver in entry.approved_by:
        if approver.role not in allowed:
            reason = f"{approver.role} may not approve at {entry.gate}: {', '.join(allowed)}"
            yield WaiverProblem(WaiverFault.APPROVER_ROLE, reason)
        if person_key(approver.name) == person_key(entry.requested_by.name):
            reason = f"{approver.name} approved the own request"
            yield WaiverProblem(WaiverFault.APPROVER_IS_REQUESTER, reason)
        if owners <= {person_key(approver.role), person_key(approver.name)}:
            reason = f"{approver.role} alone owns {entry.task_id}"
            yield WaiverProblem(WaiverFault.APPROVER_OWNS_TASK, reason)


def _of_attestation(entry: WaiverEntry, verdict: AttestationVerdict) -> Iterator[WaiverProblem]:
    """The approvals named must be the valid ones, signed by the persons named."""
    if not entry.approved_by:
        yield WaiverProblem(WaiverFault.ATTESTATION, "nobody has approved it yet")
        return
    for role in verdict.missing:
        yield WaiverProblem(WaiverFault.ATTESTATION, f"no approval was signed as {role}")
    for problem in verdict.problems:
        yield WaiverProblem(WaiverFault.ATTESTATION, problem)
    if verdict.missing or verdict.problems:
        return
    persons = {person_key(person) for person in verdict.persons}
    for approver in entry.approved_by:
        if approver.attestation not in verdict.valid:
            reason = f"{approver.attestation} is no valid approval of this waiver"
            yield WaiverProblem(WaiverFault.ATTESTATION, reason)
        elif person_key(approver.name) not in persons:
            reason = f"{approver.attestation} was not signed by {approver.name}"
            yield WaiverProblem(WaiverFault.ATTESTATION, reason)


def _of_renewal(
    entry: WaiverEntry, entries: Sequence[WaiverEntry], policy: Policy
) -> Iterator[WaiverProblem]:
    earlier = [
        each.waiver_id
        for each in entries
        if (each.gate, each.task_id) == (entry.gate, entry.task_id)
        and (each.created, each.waiver_id) < (entry.created, entry.waiver_id)
    ]
    most = policy.waivers["max_renewals"]
    if len(earlier) > most:
        reason = f"it renews {', '.join(earlier)}; at most {most} renewal(s) are allowed"
        yield WaiverProblem(WaiverFault.RENEWALS, reason)
