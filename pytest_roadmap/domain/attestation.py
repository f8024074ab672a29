"""When an attestation counts (rules d.5): pure rules over what was signed, by whom, for what."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pytest_roadmap.domain.ports import AttestationVerdict

PREDICATE_TYPE = "urn:pytest-roadmap:attestation:v1"
RUNNER_ROLE = "runner"
APPROVE = "approve"
#: What is unseen beside the format characters: joiner, Hangul and Khmer fillers, selectors.
_UNSEEN = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
#: Git may record an attestation up to this long after it was signed.
COMMIT_GRACE = timedelta(days=1)

PURPOSES = frozenset(
    (
        *("handoff-lock", "rotation-procedure", "cutover-lock", "business-consent"),
        *("preflight-approved", "response-flow", "rollback-decision", "execute-cutover"),
        *("cutover-notice", "issue-accepted", "handover", "naming-approved", "alert-received"),
        *("workbook-viewed", "runbook-review", "gameday-held", "rule-review", "review-held"),
        *("gate-approved", "waiver-approved"),
    )
)
#: These never expire by themselves; they are bound to one commit instead.
WITHOUT_EXPIRY = frozenset(("gate-approved",))


@dataclass(frozen=True, slots=True)
class Attestation:
    """What a person stated about one subject; times are UTC, ``subject_digest`` is ``sha256:…``.

    ``environment``, ``task`` and ``gate`` are None where the statement is bound to none.
    """

    attestation_id: str
    purpose: str
    subject_name: str
    subject_digest: str
    role: str
    person: str
    decision: str
    signed_at: datetime
    expires_at: datetime | None
    task: str | None = None
    gate: str | None = None
    environment: str | None = None
    conditions: tuple[str, ...] = ()
    statement: str = ""
    event_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signer:
    """A person of ``signers.yaml`` with one key."""

    person: str
    roles: tuple[str, ...]
    key_id: str
    valid_from: datetime
    valid_until: datetime | None = None
    revoked_at: datetime | None = None

    def problem_at(self, moment: datetime) -> str | None:
        """Why the key did not count at that moment, or None."""
        if self.revoked_at is not None and self.revoked_at <= moment:
            return f"the key of {self.person} was revoked on {self.revoked_at:%Y-%m-%d}"
        if moment < self.valid_from:
            return f"the key of {self.person} is valid only from {self.valid_from:%Y-%m-%d}"
        if self.valid_until is not None and self.valid_until <= moment:
            return f"the key of {self.person} was valid only until {self.valid_until:%Y-%m-%d}"
        return None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An attestation as it was found; ``signers`` are those whose signature verified.

    ``problems`` says what is wrong with the envelope itself. ``added_at`` is when git recorded the
    file, None when nobody asked or it is not recorded yet.
    """

    attestation: Attestation
    signers: tuple[Signer, ...]
    problems: tuple[str, ...] = ()
    added_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked for: the subject digest is recomputed by the harness, never read."""

    purpose: str
    roles: tuple[str, ...]
    subject_digest: str
    environment: str
    now: datetime
    task: str | None = None
    gate: str | None = None
    not_before: datetime | None = None


def judge(candidates: Iterable[Candidate], demand: Demand) -> AttestationVerdict:
    """What the candidates amount to for this demand.

    A role counts as missing when nobody attested for it; it has a problem when somebody did, and
    invalidly. An older, invalid attestation does no harm beside a valid one for the same role; a
    later one that does not approve takes the same person's approval back.
    """
    concerned = [item for item in candidates if _concerns(item.attestation, demand)]
    found = {
        id(item): (*problems_of(item, demand), *_taken_back(item, concerned, demand))
        for item in concerned
    }
    valid = [item for item in concerned if not found[id(item)]]
    uncovered = [
        role for role in demand.roles if role not in {item.attestation.role for item in valid}
    ]
    if not uncovered:
        return _with_distinct_persons(valid, demand)
    problems = [
        f"{item.attestation.attestation_id}: {reason}"
        for item in concerned
        if item.attestation.role in uncovered or item.attestation.role not in demand.roles
        for reason in found[id(item)]
    ]
    spoken_for = {item.attestation.role for item in concerned}
    return AttestationVerdict(
        valid=tuple(item.attestation.attestation_id for item in valid),
        persons=tuple(item.attestation.person for item in valid),
        missing=tuple(role for role in uncovered if role not in spoken_for),
        problems=tuple(dict.fromkeys(problems)),
    )


def problems_of(candidate: Candidate, demand: Demand) -> tuple[str, ...]:
    """Why one attestation does not count for the demand, each reason as a sentence."""
    attestation = candidate.attestation
    return (
        *candidate.problems,
        *_signature_problems(candidate),
        *_role_problems(attestation, demand),
        *_scope_problems(attestation, demand),
        *_time_problems(candidate, demand),
        *_decision_problems(attestation),
    )


def _taken_back(
    candidate: Candidate, concerned: Sequence[Candidate], demand: Demand
) -> tuple[str, ...]:
    """The later word of the same person, in the same role, that does not approve any more."""
    given = candidate.attestation
    return tuple(
        f"{later.person} took it back by {later.attestation_id}: {decided}"
        for other in concerned
        if (later := other.attestation).signed_at > given.signed_at
        and (later.role, person_key(later.person)) == (given.role, person_key(given.person))
        and not _decision_problems(given)
        for decided in _decision_problems(later)
        if problems_of(other, demand) == (decided,)
    )


def person_key(person: str) -> str:
    """Two spellings of one person compare equal: Unicode form, case, spaces and unseen signs aside.

    A blank between two words counts once, however wide it is.
    """
    seen = "".join(each for each in person if not _unseen(each))
    return " ".join(unicodedata.normalize("NFKC", seen).casefold().split())


def _unseen(char: str) -> bool:
    """Format characters, variation selectors, joiners and fillers, which leave no mark."""
    return char in _UNSEEN or unicodedata.category(char) == "Cf"


def _concerns(attestation: Attestation, demand: Demand) -> bool:
    """Whether it was meant for this, or is passed off as it: the same subject, or the same scope.

    The same purpose for another subject of another task is simply somebody else's business.
    """
    if attestation.purpose != demand.purpose:
        return False
    same_scope = (
        (demand.task is None or attestation.task == demand.task)
        and attestation.gate == demand.gate
        and attestation.environment in (None, demand.environment)
    )
    return same_scope or attestation.subject_digest == demand.subject_digest


def _own_signers(candidate: Candidate) -> list[Signer]:
    """Those signatures that belong to the person in whose name it speaks; others may co-sign."""
    person = person_key(candidate.attestation.person)
    return [signer for signer in candidate.signers if person_key(signer.person) == person]


def _signature_problems(candidate: Candidate) -> list[str]:
    attestation = candidate.attestation
    own = _own_signers(candidate)
    if not own:
        return [f"it is not signed by {attestation.person}, in whose name it speaks"]
    reasons = [signer.problem_at(attestation.signed_at) for signer in own]
    if None not in reasons:
        return [reason for reason in reasons if reason is not None]
    held = {
        role
        for signer in own
        if signer.problem_at(attestation.signed_at) is None
        for role in signer.roles
    }
    if attestation.role not in held:
        return [f"{attestation.person} did not hold the role {attestation.role}"]
    return []


def _role_problems(attestation: Attestation, demand: Demand) -> list[str]:
    if attestation.role in demand.roles:
        return []
    return [f"it is signed as {attestation.role}, asked for is {' + '.join(demand.roles)}"]


def _scope_problems(attestation: Attestation, demand: Demand) -> list[str]:
    problems = []
    if attestation.subject_digest != demand.subject_digest:
        problems.append(
            f"it was given for another text of {attestation.subject_name}: "
            f"{attestation.subject_digest[:19]}…, now {demand.subject_digest[:19]}…"
        )
    if demand.task is not None and attestation.task != demand.task:
        problems.append(f"it was given for task {attestation.task}, not for {demand.task}")
    if attestation.gate != demand.gate:
        problems.append(f"it was given for {_gate(attestation.gate)}, not for {_gate(demand.gate)}")
    if attestation.environment not in (None, demand.environment):
        problems.append(
            f"it was given for environment {attestation.environment}, not {demand.environment}"
        )
    return problems


def _gate(gate: str | None) -> str:
    return "no gate" if gate is None else f"gate {gate}"


def _time_problems(candidate: Candidate, demand: Demand) -> list[str]:
    attestation = candidate.attestation
    signed = attestation.signed_at
    problems = []
    if signed > demand.now:
        problems.append(f"it is signed in the future, at {_when(signed)}")
    if attestation.expires_at is None:
        if attestation.purpose not in WITHOUT_EXPIRY:
            problems.append("it has no expiry")
    elif demand.now >= attestation.expires_at:
        problems.append(f"it expired at {_when(attestation.expires_at)}")
    if attestation.event_at is not None and signed < attestation.event_at:
        problems.append(f"it was signed before the event at {_when(attestation.event_at)}")
    if demand.not_before is not None and signed < demand.not_before:
        problems.append(
            f"it was signed at {_when(signed)}, before the evidence of {_when(demand.not_before)}"
        )
    if candidate.added_at is not None and signed > candidate.added_at + COMMIT_GRACE:
        problems.append(f"its signing time is later than its commit of {_when(candidate.added_at)}")
    return problems


def _decision_problems(attestation: Attestation) -> list[str]:
    if attestation.decision != APPROVE:
        return [f"its decision is {attestation.decision}"]
    if attestation.conditions:
        return ["it approves under an open condition: " + "; ".join(attestation.conditions)]
    return []


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _with_distinct_persons(valid: Sequence[Candidate], demand: Demand) -> AttestationVerdict:
    """Give every role a person and a key of its own, where that is possible."""
    by_role = {
        role: [item for item in valid if item.attestation.role == role] for role in demand.roles
    }
    chosen = _assignment(demand.roles, by_role, {})
    if chosen is None:
        persons = " and ".join(sorted({item.attestation.person for item in valid}))
        problem = (
            f"{' + '.join(demand.roles)} need different persons with different keys, "
            f"but all were signed by {persons}"
        )
        return AttestationVerdict(problems=(problem,))
    return AttestationVerdict(
        valid=tuple(item.attestation.attestation_id for item in chosen),
        persons=tuple(item.attestation.person for item in chosen),
    )


def _assignment(
    roles: Sequence[str], by_role: Mapping[str, Sequence[Candidate]], taken: Mapping[str, str]
) -> list[Candidate] | None:
    """One candidate a role, newest first, no person and no key twice; None when impossible."""
    if not roles:
        return []
    newest_first = sorted(by_role[roles[0]], key=lambda item: item.attestation.signed_at)[::-1]
    for item in newest_first:
        marks = {person_key(item.attestation.person): "person"}
        marks |= {signer.key_id: "key" for signer in _own_signers(item)}
        if marks.keys() & taken.keys():
            continue
        rest = _assignment(roles[1:], by_role, {**taken, **marks})
        if rest is not None:
            return [item, *rest]
    return None
