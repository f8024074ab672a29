"""The sign-off of a gate: its decision, its approvals, and why one does not hold (rules e)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import zip_longest

from pytest_roadmap.domain.gate import Verdict
from pytest_roadmap.domain.ports import AttestationVerdict
from pytest_roadmap.domain.signoff_text import checklist_digest

PURPOSE = "gate-approved"
APPROVE = "approve"
APPROVE_WITH_WAIVERS = "approve with waivers"
REJECT = "reject"
DECISIONS = (APPROVE, APPROVE_WITH_WAIVERS, REJECT)
#: All sign within this time, and no later than this after the newest evidence.
SIGNING_WINDOW = timedelta(days=7)
#: The verdict that a decision needs; a rejection needs none.
_NEEDS = {APPROVE: Verdict.PASS, APPROVE_WITH_WAIVERS: Verdict.PASS_WITH_WAIVERS}


@dataclass(frozen=True, slots=True)
class Condition:
    """What somebody still has to do after the decision."""

    text: str
    owner: str
    due: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the meeting decided; ``participants`` are (role, name), ``met_on`` is a UTC day."""

    met_on: date
    decision: str
    participants: tuple[tuple[str, str], ...]
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovalEntry:
    """One line of the approval log; ``at`` is UTC, digests are ``sha256:…``."""

    gate: str
    version: int
    checklist_digest: str
    attestation_digests: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class SignoffText:
    """A sign-off document as it was read.

    ``figures`` is the text of sections 1 to 6, ``verdict`` the word its header states, ``horizon``
    the newest evidence it counts and ``generated`` when it was written (UTC, None where it does
    not say). ``problems`` are sentences about what could not be read.
    """

    gate: str
    language: str
    figures: str
    verdict: str = ""
    commit: str = ""
    horizon: datetime | None = None
    generated: datetime | None = None
    decision: Decision | None = None
    decision_text: str = ""
    entries: tuple[ApprovalEntry, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def checklist_digest(self) -> str:
        """What the signatures are over: sections 1 to 6 and the decision as written."""
        return checklist_digest(self.figures, self.decision_text)

    @property
    def not_before(self) -> datetime | None:
        """The time before which nobody can have seen this text, to the second."""
        known = [each for each in (self.horizon, self.generated) if each is not None]
        return max(known).replace(microsecond=0) if known else None


@dataclass(frozen=True, slots=True)
class SignedBy:
    """A signature that was found: who, when, and the digest of its file."""

    attestation_id: str
    role: str
    person: str
    signed_at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Approval:
    """What the attestations over a sign-off amount to, with those that count."""

    verdict: AttestationVerdict
    signed: tuple[SignedBy, ...] = ()

    @property
    def last(self) -> datetime | None:
        """When the last of them signed."""
        return max((each.signed_at for each in self.signed), default=None)

    @property
    def digests(self) -> tuple[str, ...]:
        """The digests of the attestation files, in order."""
        return tuple(sorted(each.digest for each in self.signed))


def decision_problems(signoff: SignoffText, verdict: str, roles: Iterable[str]) -> Iterator[str]:
    """Why the decision of section 7 cannot be taken on this verdict."""
    decision = signoff.decision
    if decision is None:
        yield "section 7: nobody has decided yet"
        return
    needed = _NEEDS.get(decision.decision)
    if needed is not None and verdict != needed:
        yield f"section 7: {decision.decision!r} needs the verdict {needed}, it is {verdict}"
    present = {role for role, _name in decision.participants}
    absent = [role for role in roles if role not in present]
    if absent:
        yield f"section 7: nobody took part as {', '.join(absent)}"
    for each in decision.conditions:
        if not (each.text and each.owner and each.due):
            yield "section 7: a condition has no text, owner or due date"


def signature_problems(signoff: SignoffText, approval: Approval) -> Iterator[str]:
    """Why the signatures do not make the sign-off valid."""
    verdict = approval.verdict
    for role in verdict.missing:
        yield f"section 8: nobody has signed as {role}"
    for problem in verdict.problems:
        yield f"section 8: {problem}"
    if not (approval.signed or verdict.missing or verdict.problems):
        yield f"section 8: nobody has signed; the policy names no role for {signoff.gate}"
    times = sorted(each.signed_at for each in approval.signed)
    if times and times[-1] - times[0] > SIGNING_WINDOW:
        yield f"section 8: the signatures lie {(times[-1] - times[0]).days} days apart, at most 7"
    if times and signoff.horizon and times[0] - signoff.horizon > SIGNING_WINDOW:
        age = (times[0] - signoff.horizon).days
        yield f"section 8: the newest evidence was {age} days old at the first signature, at most 7"


def waiver_problems(expiries: Mapping[str, date], approval: Approval) -> Iterator[str]:
    """The used waivers that had expired when the last person signed."""
    last = approval.last
    for waiver_id, expires in expiries.items():
        if last is not None and last.date() > expires:
            yield (
                f"section 5: {waiver_id} expired on {expires}, before the last signature of "
                f"{last:%Y-%m-%d}"
            )


def log_problems(
    signoff: SignoffText, approval: Approval, earlier: Sequence[ApprovalEntry]
) -> Iterator[str]:
    """Why the approval log is not final.

    Args:
        signoff: the document as it stands.
        approval: the signatures over its present checklist.
        earlier: the entries of every earlier commit, oldest first.
    """
    entries = signoff.entries
    for entry in earlier:
        if entry not in entries:
            yield f"section 7: entry {entry.version} of {entry.at:%Y-%m-%d} was changed or removed"
    if [each.version for each in entries] != list(range(1, len(entries) + 1)):
        yield "section 7: the versions of the approval log are not 1, 2, 3 in order"
    for entry in entries:
        if entry.gate != signoff.gate:
            yield f"section 7: entry {entry.version} is of gate {entry.gate}"
    own = [each for each in entries if each.checklist_digest == signoff.checklist_digest]
    if len(own) != 1:
        yield f"section 7: {len(own)} entries of the log approve this checklist, expected one"
        return
    yield from _entry_problems(own[0], entries, approval)


def _entry_problems(
    entry: ApprovalEntry, entries: Sequence[ApprovalEntry], approval: Approval
) -> Iterator[str]:
    if entry is not entries[-1]:
        yield f"section 7: entry {entries[-1].version} approves another checklist since then"
    if tuple(sorted(entry.attestation_digests)) != approval.digests:
        yield f"section 7: entry {entry.version} names other attestations than those that count"
    last = approval.last
    if last is not None and entry.at < last:
        yield f"section 7: entry {entry.version} was made before the last signature"


def next_entry(signoff: SignoffText, approval: Approval, at: datetime) -> ApprovalEntry:
    """The entry that records the approval of the present checklist."""
    version = max((each.version for each in signoff.entries), default=0) + 1
    return ApprovalEntry(signoff.gate, version, signoff.checklist_digest, approval.digests, at)


def first_difference(stated: str, computed: str) -> str:
    """The first line of sections 1 to 6 that is not what the records give; "" for none."""
    ours, theirs = stated.strip("\n").split("\n"), computed.strip("\n").split("\n")
    section = "1"
    for index, (said, found) in enumerate(zip_longest(ours, theirs)):
        if said == found:
            if said is not None and said.startswith("## "):
                section = said.removeprefix("## ").partition(".")[0]
            continue
        if found is not None and (said is None or said in theirs[index + 1 :]):
            return f"section {section}: it leaves out {found!r}, which the records give"
        if said is not None and (found is None or found in ours[index + 1 :]):
            return f"section {section}: it says {said!r}, which the records do not give"
        return f"section {section}: it says {said!r}, the records give {found!r}"
    return ""
