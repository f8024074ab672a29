"""What a person does to attest: take a subject, answer for it with a registered key, once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pytest_roadmap.adapters.evidence.attest import (
    FoundAttestation,
    RepositoryAttestations,
    attestation_statement,
    sign_attestation,
)
from pytest_roadmap.adapters.evidence.files import UnreadableFileError, read_plain_file
from pytest_roadmap.adapters.evidence.keys import CryptoSigner, key_id
from pytest_roadmap.adapters.evidence.signers import SignerRegistry
from pytest_roadmap.domain.attestation import (
    Attestation,
    Candidate,
    Demand,
    Signer,
    person_key,
    problems_of,
)
from pytest_roadmap.domain.canonical import canonical_json
from pytest_roadmap.domain.handoff import canonical_digest
from pytest_roadmap.domain.redaction import LeakError, assert_clean
from pytest_roadmap.domain.signoff import PURPOSE as GATE_APPROVED
from pytest_roadmap.domain.signoff_text import signed_digest

_SUBJECT_LIMIT = 64 * 1024 * 1024
_ID_HEX = 10


class AttestationRefusedError(Exception):
    """Nothing was signed; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A file of the repository: its path there (POSIX) and its canonical ``sha256:…``."""

    name: str
    digest: str


def file_subject(repository: Path, path: Path, purpose: str = "") -> Subject:
    """The file as a subject; the digest ignores line ends and Unicode forms, as the steps do.

    Args:
        repository: the project's folder.
        path: absolute, or relative to ``repository``.
        purpose: what it is attested for: a sign-off document is approved without its log and
            signatures, which come later.

    Raises:
        AttestationRefusedError: outside the repository, no plain file, or no UTF-8 text.
    """
    root = repository.resolve()
    try:
        real = (root / path).resolve()
        inside = real.is_relative_to(root)
    except (OSError, ValueError, RuntimeError) as error:
        raise AttestationRefusedError(f"the subject {str(path)!r} is no usable path") from error
    if not inside:
        raise AttestationRefusedError(
            f"the subject {path} lies outside the repository {root}: nobody else could recompute it"
        )
    try:
        digest_of = signed_digest if purpose == GATE_APPROVED else canonical_digest
        digest = digest_of(read_plain_file(real, _SUBJECT_LIMIT))
    except UnreadableFileError as error:
        raise AttestationRefusedError(f"the subject {path}: {error}") from error
    except UnicodeDecodeError as error:
        raise AttestationRefusedError(f"the subject {path} is no UTF-8 text") from error
    return Subject(real.relative_to(root).as_posix(), digest)


def with_own_id(attestation: Attestation) -> Attestation:
    """The attestation under an id made of its content: ``AT-<year>-<10 hex digits>``.

    Two people who sign on two branches never choose the same id.
    """
    nameless = canonical_json(attestation_statement(replace(attestation, attestation_id="")))
    digest = hashlib.sha256(nameless.encode("utf-8", "surrogatepass")).hexdigest()
    name = f"AT-{attestation.signed_at:%Y}-{digest[:_ID_HEX]}"
    return replace(attestation, attestation_id=name)


def registered_signer(
    registry: SignerRegistry, key: CryptoSigner, person: str, role: str, moment: datetime
) -> Signer:
    """The entry of ``signers.yaml`` that lets this key speak for the person in that role.

    Raises:
        AttestationRefusedError: there is none, or it does not hold at that moment.
    """
    signer = registry.signers.get(key_id(key))
    if signer is None:
        raise AttestationRefusedError(
            f"the key {key_id(key)[:16]} is not registered in signers.yaml; --print-signer prints "
            "the entry that Platform has to review"
        )
    if person_key(signer.person) != person_key(person):
        raise AttestationRefusedError(
            f"the key {signer.key_id[:16]} belongs to {signer.person}, not to {person}"
        )
    if role not in signer.roles:
        raise AttestationRefusedError(
            f"signers.yaml does not give {signer.person} the role {role} "
            f"with this key, only {', '.join(signer.roles)}"
        )
    problem = signer.problem_at(moment)
    if problem is not None:
        raise AttestationRefusedError(problem)
    return signer


def attest(
    folder: Path, attestation: Attestation, key: CryptoSigner, registry: SignerRegistry
) -> Path:
    """Sign and write the attestation if it will count; the new file's path.

    The person's name is written as ``signers.yaml`` spells it.

    Raises:
        AttestationRefusedError: the key may not speak so, the attestation would not count, it
            seems to hold a secret, or the person has already stated the same.
        EvidenceError: the folder cannot be written.
    """
    moment = attestation.signed_at
    signer = registered_signer(registry, key, attestation.person, attestation.role, moment)
    attestation = replace(attestation, person=signer.person)
    reasons = _self_made_problems(attestation, signer)
    if reasons:
        raise AttestationRefusedError("it would not count: " + "; ".join(reasons))
    _refuse_secrets(attestation)
    found, _ = RepositoryAttestations(folder, registry, lambda: moment, environment="").read()
    earlier = _same(found, attestation)
    if earlier is not None:
        name = earlier.candidate.attestation.attestation_id
        raise AttestationRefusedError(
            f"{signer.person} has already stated exactly this: {name} in {earlier.path.name}"
        )
    return sign_attestation(folder, attestation, key)


def demand_of(attestation: Attestation, subject_digest: str, now: datetime) -> Demand:
    """The demand that this attestation was made for, over the subject as it is."""
    return Demand(
        purpose=attestation.purpose,
        roles=(attestation.role,),
        subject_digest=subject_digest,
        environment=attestation.environment or "",
        now=now,
        task=attestation.task,
        gate=attestation.gate,
    )


def _self_made_problems(attestation: Attestation, signer: Signer) -> tuple[str, ...]:
    """What no verifier could accept; a rejection or an open condition is a person's right."""
    unconditional = replace(attestation, decision="approve", conditions=())
    demand = demand_of(attestation, attestation.subject_digest, attestation.signed_at)
    return problems_of(Candidate(unconditional, (signer,)), demand)


def _refuse_secrets(attestation: Attestation) -> None:
    for text in (attestation.statement, *attestation.conditions):
        try:
            assert_clean(text)
        except LeakError as error:
            raise AttestationRefusedError(f"the statement or a condition: {error}") from error


def _same(found: Iterable[FoundAttestation], wanted: Attestation) -> FoundAttestation | None:
    """An attestation in force that differs in id and times at most."""
    for item in found:
        stated = item.candidate.attestation
        alike = replace(
            stated,
            attestation_id=wanted.attestation_id,
            signed_at=wanted.signed_at,
            expires_at=wanted.expires_at,
        )
        if alike == wanted and _in_force(item, wanted):
            return item
    return None


def _in_force(item: FoundAttestation, wanted: Attestation) -> bool:
    stated = item.candidate.attestation
    signed = any(person_key(s.person) == person_key(stated.person) for s in item.candidate.signers)
    expired = stated.expires_at is not None and stated.expires_at <= wanted.signed_at
    return signed and not item.candidate.problems and not expired
