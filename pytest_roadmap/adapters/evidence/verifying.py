"""Every file of a folder as a reviewer sees it: does it hold, and if not, by which rule's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pytest_roadmap.adapters.evidence.attest import FoundAttestation, RepositoryAttestations
from pytest_roadmap.adapters.evidence.reading import LoadedEvidence, StoredRecord, load_folder
from pytest_roadmap.adapters.evidence.signers import SignerRegistry
from pytest_roadmap.adapters.evidence.signing import (
    AttestationRefusedError,
    demand_of,
    file_subject,
)
from pytest_roadmap.domain.attestation import (
    APPROVE,
    PURPOSES,
    Attestation,
    person_key,
    problems_of,
)
from pytest_roadmap.domain.validity import (
    EMBEDDED_KIND,
    EMBEDDED_SCHEMA,
    REAL_SCHEMA,
    Failure,
    failures_of,
)

_STATEMENT_END = ".dsse.json"
_NO_SIGNERS = "there is no signers.yaml to check its signature against"
_EMBEDDED_ONLY = "it proves the check, never the task"


class Effect(StrEnum):
    """What one file means for the whole; the last of these that occurs decides."""

    HOLDS = "holds"
    ASIDE = "does not count, and does no harm"
    OPEN = "cannot be judged here"
    FAILS = "fails"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Verified:
    """One file: the word of the rule it breaks (``ok`` for none) and the reason as a sentence."""

    path: Path
    word: str
    reason: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Bench:
    """What files are verified against.

    ``signers`` is None where there is no ``signers.yaml``. Embedded records are signed by keys of
    their own run, so they are checked against ``embedded_signers`` only.
    """

    repository: Path
    now: datetime
    signers: SignerRegistry | None = None
    embedded_signers: SignerRegistry | None = None
    added_at: Callable[[Path], datetime | None] | None = None


def is_evidence_name(name: str) -> bool:
    """Whether the name is that of an evidence file or of its statement."""
    return name.removesuffix(_STATEMENT_END).endswith((".log", ".md"))


def is_attestation_name(name: str) -> bool:
    """Whether the name is that of an attestation."""
    return name.endswith(_STATEMENT_END) and not is_evidence_name(name)


def verify_evidence(folder: Path, names: Collection[str], bench: Bench) -> tuple[Verified, ...]:
    """Judge the evidence files of these names, in the order of their names.

    A file that claims to be no evidence of ours and has no statement is left out.
    """
    real = load_folder(folder, REAL_SCHEMA, bench.signers)
    embedded = load_folder(folder, EMBEDDED_SCHEMA, bench.embedded_signers)
    judged = {item.path: _real(item, bench) for item in real.stored}
    judged |= {item.path: _embedded(item) for item in embedded.stored}
    judged |= _problems(real) | _problems(embedded)
    wanted = {folder / name.removesuffix(_STATEMENT_END) for name in names}
    for name in names:
        path = folder / name.removesuffix(_STATEMENT_END)
        if name.endswith(_STATEMENT_END) and path not in judged:
            reason = f"its schema is neither {REAL_SCHEMA} nor {EMBEDDED_SCHEMA}"
            judged[path] = Verified(path, "SCHEMA", reason, Effect.OPEN)
    return tuple(judged[path] for path in sorted(wanted & judged.keys()))


def _problems(loaded: LoadedEvidence) -> dict[Path, Verified]:
    return {
        item.path: Verified(
            item.path,
            str(item.failure),
            item.reason.removeprefix(f"{item.path.name}: "),
            Effect.INVALID if item.failure is Failure.TAMPERED else Effect.OPEN,
        )
        for item in loaded.problems
    }


def _real(item: StoredRecord, bench: Bench) -> Verified:
    record = item.record
    failures = failures_of(
        record,
        schema=REAL_SCHEMA,
        dod_digest=record.dod_digest,
        feature_digests={},
        now=bench.now,
    )
    if failures:
        return Verified(item.path, str(failures[0].failure), failures[0].reason, Effect.FAILS)
    if item.signed and bench.signers is None:
        return Verified(item.path, "UNCHECKED", _NO_SIGNERS, Effect.OPEN)
    signed = _signed_by(item, bench.signers)
    return Verified(item.path, "ok", f"{_summary(item)}; {signed}", Effect.HOLDS)


def _embedded(item: StoredRecord) -> Verified:
    reason = f"{_summary(item)}; {_EMBEDDED_ONLY}"
    return Verified(item.path, str(Failure.EMBEDDED_ONLY), reason, Effect.ASIDE)


def _summary(item: StoredRecord) -> str:
    record = item.record
    words = Counter(str(result.outcome) for result in record.scenarios)
    counted = ", ".join(f"{number} {word}" for word, number in words.items()) or "no scenario"
    return f"{record.task_id} in {record.environment} ({record.kind}): {counted}"


def _signed_by(item: StoredRecord, signers: SignerRegistry | None) -> str:
    if signers is None or not item.signed_by:
        return "unsigned"
    persons = ", ".join(sorted({signers.signers[key].person for key in item.signed_by}))
    return f"signed by {persons}" + ("" if item.by_runner else ", who was no runner then")


def verify_attestations(folder: Path, names: Collection[str], bench: Bench) -> tuple[Verified, ...]:
    """Judge the attestations of these names as of now, in the order of their names.

    The digest of a subject is recomputed from the repository. One that expired or whose subject
    changed does no harm once the same role has attested the same anew.
    """
    registry = bench.signers or SignerRegistry({}, {})
    reader = RepositoryAttestations(
        folder, registry, lambda: bench.now, environment="", added_at=bench.added_at
    )
    found, unusable = reader.read()
    digests: dict[tuple[str, str], str | None] = {}
    judged = {item.path: _attestation(item, bench, digests) for item in found}
    scopes = {item.path: item.candidate.attestation for item in found}
    judged = {path: _superseded(each, judged, scopes) for path, each in judged.items()}
    for path, reason in unusable:
        sentence = reason.removeprefix(f"{path.name}: ")
        judged[path] = Verified(path, "UNUSABLE", sentence, Effect.FAILS)
    wanted = {folder / name for name in names}
    return tuple(judged[path] for path in sorted(wanted & judged.keys()))


def _attestation(
    item: FoundAttestation, bench: Bench, digests: dict[tuple[str, str], str | None]
) -> Verified:
    stated = item.candidate.attestation
    if bench.signers is None:
        return Verified(item.path, "UNCHECKED", _NO_SIGNERS, Effect.OPEN)
    subject = stated.subject_name, stated.purpose
    if subject not in digests:
        digests[subject] = _digest(bench.repository, *subject)
    digest = digests[subject]
    demand = demand_of(stated, digest or stated.subject_digest, bench.now)
    reasons = problems_of(item.candidate, demand)
    if stated.purpose not in PURPOSES:
        reasons = (*reasons, f"its purpose {stated.purpose} is unknown")
    if reasons:
        word = _word(item, digest, bench.now)
        return Verified(item.path, word, "; ".join(reasons), Effect.FAILS)
    told = _told(stated)
    if digest is None:
        reason = f"{told}; {stated.subject_name} is no text file here to recompute the digest of"
        return Verified(item.path, "UNPROVEN", reason, Effect.OPEN)
    if stated.environment == EMBEDDED_KIND:
        word, reason = str(Failure.EMBEDDED_ONLY), f"{told}; {_EMBEDDED_ONLY}"
        return Verified(item.path, word, reason, Effect.ASIDE)
    return Verified(item.path, "ok", told, Effect.HOLDS)


def _digest(repository: Path, name: str, purpose: str) -> str | None:
    try:
        return file_subject(repository, Path(name), purpose).digest
    except AttestationRefusedError:
        return None


def _word(item: FoundAttestation, digest: str | None, now: datetime) -> str:
    """The name of the most basic thing that is wrong."""
    stated = item.candidate.attestation
    person = person_key(stated.person)
    if item.candidate.problems or person not in {
        person_key(signer.person) for signer in item.candidate.signers
    }:
        return "SIGNATURE"
    if digest not in (None, stated.subject_digest):
        return "SUBJECT_CHANGED"
    if stated.expires_at is not None and stated.expires_at <= now:
        return "EXPIRED"
    if stated.decision != APPROVE or stated.conditions:
        return "NOT_APPROVED"
    return "ATTESTATION"


def _superseded(
    judged: Verified, others: Mapping[Path, Verified], stated: Mapping[Path, Attestation]
) -> Verified:
    """What a later statement of the same role about the same has replaced does no harm."""
    if judged.word not in ("SUBJECT_CHANGED", "EXPIRED", "NOT_APPROVED"):
        return judged
    own = stated[judged.path]
    for path, other in others.items():
        later = stated[path].signed_at > own.signed_at
        if later and other.effect is Effect.HOLDS and _scope(stated[path]) == _scope(own):
            reason = f"{stated[path].attestation_id} replaces it; {judged.reason}"
            return replace(judged, word="superseded", reason=reason, effect=Effect.ASIDE)
    return judged


def _scope(stated: Attestation) -> tuple[str | None, ...]:
    bound = (stated.task, stated.gate, stated.environment)
    return (stated.purpose, stated.role, stated.subject_name, *bound)


def _told(stated: Attestation) -> str:
    until = f"until {stated.expires_at:%Y-%m-%d}" if stated.expires_at else "without expiry"
    bound = " ".join(
        each for each in (stated.task, stated.gate, stated.environment) if each is not None
    )
    return (
        f"{stated.attestation_id}: {stated.purpose} of {stated.subject_name} by {stated.person} "
        f"as {stated.role}, {until}" + (f", for {bound}" if bound else "")
    )
