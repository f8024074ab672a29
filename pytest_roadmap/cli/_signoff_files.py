"""Writing, recording and judging sign-off documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pytest_roadmap.adapters.document.signoff import read_signoff
from pytest_roadmap.adapters.repository.at_commit import project_at
from pytest_roadmap.adapters.repository.git import GitError, run_git
from pytest_roadmap.cli._signoff import UnknownGateError, gather
from pytest_roadmap.cli._signoff_place import SignoffPlace
from pytest_roadmap.cli._standing import UnusableProjectError
from pytest_roadmap.composition.signoffs import FoundSignoff, SignoffFolder, signoff_name
from pytest_roadmap.domain.gate import Verdict
from pytest_roadmap.domain.policy import GatePolicy
from pytest_roadmap.domain.ports import AttestationVerdict
from pytest_roadmap.domain.redaction import LeakError, assert_clean
from pytest_roadmap.domain.signoff import (
    REJECT,
    Approval,
    ApprovalEntry,
    decision_problems,
    first_difference,
    log_problems,
    next_entry,
    signature_problems,
    waiver_problems,
)
from pytest_roadmap.reporting.signoff import EMPTY_DECISION, SignoffFacts, document, figures
from pytest_roadmap.reporting.words import KOREAN

_REPEATS = 1000


class NotApprovableError(Exception):
    """The approval cannot be recorded; one sentence for each reason."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = tuple(sentences)
        super().__init__("\n".join(self.sentences))


@dataclass(frozen=True, slots=True)
class _Desk:
    """A gate under review: the place, the folder of its documents, and its policy."""

    place: SignoffPlace
    folder: SignoffFolder
    policy: GatePolicy


def act(
    place: SignoffPlace, gate: str, now: datetime, *, language: str | None, record: bool
) -> str:
    """Write the document, or record its approval; what to tell.

    Raises:
        NotApprovableError: the approval does not hold, so nothing was recorded.
        UnknownGateError, UnusableProjectError: nothing was written.
    """
    folder = SignoffFolder(place.root, place.environment, lambda: now)
    found = folder.newest(gate)
    facts = _at_its_commit(gather(place, gate, now=now), found)
    desk = _Desk(place, folder, place.stand(now).policy.gates[gate])
    if record:
        return _record(desk, facts, found, now)
    return _write(desk, facts, found, language, now)


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a document takes over from the one that is there."""

    path: Path
    language: str
    generated: datetime
    decision_text: str = ""
    entries: tuple[ApprovalEntry, ...] = ()

    def text(self, facts: SignoffFacts, approval: Approval) -> str:
        return document(
            facts,
            self.language,
            decision_text=self.decision_text,
            entries=self.entries,
            approval=approval,
            generated=self.generated,
        )


def _at_its_commit(facts: SignoffFacts, found: FoundSignoff | None) -> SignoffFacts:
    """The facts under the commit that a document states, where nothing else has changed."""
    if found is None or not found.signoff.commit:
        return facts
    before = replace(facts, commit=found.signoff.commit)
    stated = found.signoff.figures
    return facts if first_difference(stated, figures(before, found.signoff.language)) else before


def _write(
    desk: _Desk,
    facts: SignoffFacts,
    found: FoundSignoff | None,
    language: str | None,
    now: datetime,
) -> str:
    draft = _draft(desk, facts, found, language, now.replace(microsecond=0))
    _refuse_secrets(facts, draft.language)
    unsigned = draft.text(facts, Approval(AttestationVerdict()))
    approval = desk.folder.approval(read_signoff(unsigned), desk.policy)
    _replace(draft.path, draft.text(facts, approval))
    decision = facts.decision
    told = f"{decision.gate} {decision.verdict} ({decision.exit_code}): {decision.reason}"
    vacant = (
        f"warning: nobody in signers.yaml holds the role {role}, which must sign"
        for role in desk.folder.vacant_roles(desk.policy)
    )
    return "\n".join([f"{draft.path}: {told}", *vacant])


def _draft(
    desk: _Desk,
    facts: SignoffFacts,
    found: FoundSignoff | None,
    language: str | None,
    now: datetime,
) -> _Draft:
    """The same document while it says the same; a new one once people have decided on it."""
    gate = facts.decision.gate
    if found is None:
        return _Draft(_free(desk.folder, gate, now), language or KOREAN, now)
    signoff = found.signoff
    spoken = language or signoff.language
    if not first_difference(signoff.figures, figures(facts, spoken)):
        made = signoff.generated or now
        return _Draft(found.path, spoken, made, signoff.decision_text, signoff.entries)
    decided = signoff.decision_text.strip() != EMPTY_DECISION.strip()
    path = _free(desk.folder, gate, now) if decided else found.path
    return _Draft(path, spoken, now, entries=signoff.entries)


def _free(folder: SignoffFolder, gate: str, now: datetime) -> Path:
    names = (signoff_name(gate, now, repeat) for repeat in range(1, _REPEATS))
    return next(path for name in names if not (path := folder.folder / name).exists())


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)


def _refuse_secrets(facts: SignoffFacts, language: str) -> None:
    """Nothing that looks like a secret is written; who approved a waiver is meant to be read."""
    nameless = tuple(replace(each, approvers=(), note="") for each in facts.waivers)
    try:
        assert_clean(figures(replace(facts, waivers=nameless), language))
    except LeakError as error:
        raise NotApprovableError([f"no sign-off document was written: {error}"]) from error


def _record(desk: _Desk, facts: SignoffFacts, found: FoundSignoff | None, now: datetime) -> str:
    gate = facts.decision.gate
    if found is None:
        raise NotApprovableError([f"there is no sign-off document of {gate}: write it first"])
    problems = [*_content_problems(desk, facts, found), *_rejected(found)]
    approval = desk.folder.approval(found.signoff, desk.policy)
    problems += [*signature_problems(found.signoff, approval), *_expired(facts, approval)]
    if problems:
        raise NotApprovableError(f"{found.path.name}: {problem}" for problem in problems)
    entry = next_entry(found.signoff, approval, now.replace(microsecond=0))
    known = [each.checklist_digest for each in found.signoff.entries]
    entries = found.signoff.entries
    if entry.checklist_digest not in known:
        entries = (*entries, entry)
    signoff = found.signoff
    made = signoff.generated or now
    draft = _Draft(found.path, signoff.language, made, signoff.decision_text, entries)
    _replace(found.path, draft.text(facts, approval))
    return f"{found.path}: {gate} approved, entry {entries[-1].version} of its log"


def _rejected(found: FoundSignoff) -> Iterator[str]:
    decision = found.signoff.decision
    if decision is not None and decision.decision == REJECT:
        yield "section 7: the gate was rejected; there is no approval to record"


def _expired(facts: SignoffFacts, approval: Approval) -> Iterator[str]:
    used = {each.waiver_id: each.expires for each in facts.waivers if each.used}
    yield from waiver_problems(used, approval)


def _content_problems(desk: _Desk, facts: SignoffFacts, found: FoundSignoff) -> Iterator[str]:
    signoff = found.signoff
    yield from signoff.problems
    difference = first_difference(signoff.figures, figures(facts, signoff.language))
    if difference:
        yield difference
    yield from decision_problems(signoff, facts.decision.verdict.value, desk.policy.signoff_roles)


def signoff_problems(place: SignoffPlace, path: Path, now: datetime) -> tuple[str, ...]:
    """Every sentence of a sign-off document that does not hold; nothing means that it is valid.

    Raises:
        UnknownGateError, UnusableProjectError: it cannot be judged.
    """
    folder = SignoffFolder(place.root, place.environment, lambda: now)
    found = folder.read(path)
    signoff = found.signoff
    if not signoff.gate:
        return signoff.problems
    # The newest evidence may be of the second in which the document was written.
    known = [each for each in (signoff.generated, signoff.horizon) if each is not None]
    reviewed = max(known, default=now)
    facts = _facts_of(place, found, reviewed)
    policy = place.stand(reviewed).policy.gates[signoff.gate]
    desk = _Desk(place, folder, policy)
    approval = folder.approval(signoff, policy)
    return (
        *_commit_problems(place, signoff.commit),
        *_content_problems(desk, facts, found),
        *signature_problems(signoff, approval),
        *_expired(facts, approval),
        *_of_log(folder, found, approval),
    )


def _facts_of(place: SignoffPlace, found: FoundSignoff, reviewed: datetime) -> SignoffFacts:
    """What the records give today; if it differs, at the commit in which the document stands.

    What changes after an approval does not void it, except evidence that was tampered with.
    """
    signoff = found.signoff
    today = gather(place, signoff.gate, now=reviewed, commit=signoff.commit)
    same = not first_difference(signoff.figures, figures(today, signoff.language))
    if same or place.base is not None or today.decision.verdict is Verdict.INVALID:
        return today
    try:
        named = ("log", "-1", "--format=%H", "--", str(found.path.resolve()))
        commit = run_git(place.root, *named).decode("ascii").strip()
        with project_at(place.root, commit) as committed:
            inside = place.document.resolve().relative_to(place.root.resolve())
            there = SignoffPlace(committed.root, committed.root / inside)
            then = gather(there, signoff.gate, now=reviewed, commit=signoff.commit)
    except (GitError, ValueError, UnknownGateError, UnusableProjectError):
        return today
    return today if first_difference(signoff.figures, figures(then, signoff.language)) else then


def _commit_problems(place: SignoffPlace, commit: str) -> Iterator[str]:
    try:
        run_git(place.root, "merge-base", "--is-ancestor", commit, "HEAD")
    except GitError:
        yield f"section 1: the commit {commit} is not in the history of this repository"


def newest_problems(place: SignoffPlace, gate: str, now: datetime) -> tuple[str, ...]:
    """Why the newest sign-off document of a gate is not valid, or that there is none."""
    files = SignoffFolder(place.root, place.environment, lambda: now).files(gate)
    if not files:
        return (f"there is no document of {gate}",)
    return signoff_problems(place, files[-1], now)


def _of_log(folder: SignoffFolder, found: FoundSignoff, approval: Approval) -> Iterator[str]:
    try:
        earlier = folder.earlier_entries(found.signoff.gate)
    except GitError as error:
        yield f"section 7: the earlier entries cannot be read: {error}"
        return
    yield from log_problems(found.signoff, approval, earlier)
