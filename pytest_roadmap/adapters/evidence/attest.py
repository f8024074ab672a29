"""Attestations as files: written and signed by people, read and verified by the harness (d.5)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_roadmap.adapters.evidence.envelope import signed_envelope
from pytest_roadmap.adapters.evidence.files import (
    EvidenceError,
    UnreadableFileError,
    publish_new,
    read_plain_file,
    sync_folder,
    temporary_copy,
)
from pytest_roadmap.adapters.evidence.keys import Signer as SigningKey
from pytest_roadmap.adapters.evidence.layout import GarbledError
from pytest_roadmap.adapters.evidence.signers import SignerRegistry
from pytest_roadmap.adapters.evidence.statement import STATEMENT_TYPE, open_envelope
from pytest_roadmap.domain.attestation import (
    PREDICATE_TYPE,
    PURPOSES,
    WITHOUT_EXPIRY,
    Attestation,
    Candidate,
    Demand,
    judge,
)
from pytest_roadmap.domain.canonical import utc_text
from pytest_roadmap.domain.ports import AttestationVerdict, Clock

DEFAULT_EXPIRY = timedelta(days=90)
_LIMIT = 1024 * 1024
_MAX_NUMBER = 100_000
_END = ".dsse.json"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_NAME = re.compile(r"\d{8}_(?P<purpose>[a-z-]+)_\d+\.dsse\.json", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)


def create_attestation(
    *,
    attestation_id: str,
    purpose: str,
    subject_name: str,
    subject_digest: str,
    role: str,
    person: str,
    signed_at: datetime,
    expires_in: timedelta | None = DEFAULT_EXPIRY,
    **more: Any,
) -> Attestation:
    """An attestation with the default decision and expiry; ``more`` are its other fields.

    Raises:
        ValueError: an unknown purpose, no digest, an odd id, or times without zone.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"{purpose!r} is no purpose; known are {', '.join(sorted(PURPOSES))}")
    if not _DIGEST.fullmatch(subject_digest):
        raise ValueError(f"{subject_digest!r} is no digest (sha256:<64 hex digits>)")
    if not _ID.fullmatch(attestation_id):
        raise ValueError(f"{attestation_id!r} is no attestation id")
    if signed_at.tzinfo is None:
        raise ValueError("signed_at has no zone")
    expires_at = None
    if expires_in is not None and purpose not in WITHOUT_EXPIRY:
        expires_at = signed_at + expires_in
    return Attestation(
        attestation_id=attestation_id,
        purpose=purpose,
        subject_name=subject_name,
        subject_digest=subject_digest,
        role=role,
        person=person,
        decision=more.pop("decision", "approve"),
        signed_at=signed_at,
        expires_at=more.pop("expires_at", expires_at),
        **more,
    )


def attestation_statement(attestation: Attestation) -> dict[str, Any]:
    """The in-toto Statement of an attestation."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [
            {
                "name": attestation.subject_name,
                "digest": {"sha256": attestation.subject_digest.removeprefix("sha256:")},
            }
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "id": attestation.attestation_id,
            "purpose": attestation.purpose,
            "task": attestation.task,
            "gate": attestation.gate,
            "environment": attestation.environment,
            "role": attestation.role,
            "person": attestation.person,
            "decision": attestation.decision,
            "conditions": list(attestation.conditions),
            "statement": attestation.statement,
            "event_at": _optional(attestation.event_at),
            "signed_at": utc_text(attestation.signed_at),
            "expires_at": _optional(attestation.expires_at),
        },
    }


def sign_attestation(folder: Path, attestation: Attestation, signer: SigningKey) -> Path:
    """Sign it and write it as ``<yyyymmdd>_<purpose>_<n>.dsse.json``; the new file's path.

    Raises:
        EvidenceError: the folder cannot be written.
    """
    envelope = signed_envelope(attestation_statement(attestation), [signer])
    return write_envelope(folder, attestation, envelope)


def write_envelope(folder: Path, attestation: Attestation, envelope: Mapping[str, Any]) -> Path:
    """Write an envelope under the first free number of its day and purpose, whole or not at all."""
    stem = f"{attestation.signed_at.astimezone(UTC):%Y%m%d}_{attestation.purpose}"
    content = (json.dumps(envelope) + "\n").encode("ascii")
    with temporary_copy(folder, stem, content) as temporary:
        for number in range(1, _MAX_NUMBER):
            path = folder / f"{stem}_{number}{_END}"
            if publish_new(temporary, path):
                sync_folder(folder)
                return path
    raise EvidenceError(f"no free name for {stem} in {folder}")


@dataclass(frozen=True, slots=True)
class FoundAttestation:
    """One readable attestation file: what it says, who signed it, what is wrong with that."""

    path: Path
    candidate: Candidate


class RepositoryAttestations:
    """The attestations below a folder, judged against ``signers.yaml``: ``AttestationPort``.

    Files are read again for every question, for a person may sign while the run goes on.

    Args:
        folder: holds ``*.dsse.json``; an absent folder holds nothing.
        signers: the registry.
        clock: the present moment.
        environment: the name of the environment this run is made in.
        added_at: when git recorded a file, where the caller can tell.
    """

    def __init__(
        self,
        folder: Path,
        signers: SignerRegistry,
        clock: Clock,
        *,
        environment: str,
        added_at: Callable[[Path], datetime | None] | None = None,
    ) -> None:
        self._folder = folder
        self._signers = signers
        self._clock = clock
        self._environment = environment
        self._added_at = added_at

    def verify(
        self,
        purpose: str,
        roles: Sequence[str],
        *,
        subject_digest: str,
        task: str | None = None,
        gate: str | None = None,
        not_before: datetime | None = None,
    ) -> AttestationVerdict:
        """Judge all attestations of that purpose; several roles need different persons."""
        found, unreadable = self.read()
        demand = Demand(
            purpose=purpose,
            roles=tuple(roles),
            subject_digest=subject_digest,
            environment=self._environment,
            now=self._clock(),
            task=task,
            gate=gate,
            not_before=not_before,
        )
        verdict = judge((item.candidate for item in found), demand)
        garbled = tuple(reason for path, reason in unreadable if _may_be_of(path.name, purpose))
        if not garbled or (verdict.valid and not verdict.missing and not verdict.problems):
            return verdict
        return AttestationVerdict(
            verdict.valid, verdict.persons, verdict.missing, verdict.problems + garbled
        )

    def read(self) -> tuple[tuple[FoundAttestation, ...], tuple[tuple[Path, str], ...]]:
        """Every attestation, and a sentence for every file that is none; never raises."""
        found: list[FoundAttestation] = []
        unreadable: list[tuple[Path, str]] = []
        ids: dict[str, Path] = {}
        for path in self._paths():
            try:
                item = self._one(path)
            except (GarbledError, UnreadableFileError) as error:
                unreadable.append((path, f"{path.name}: {error}"))
                continue
            earlier = ids.setdefault(item.candidate.attestation.attestation_id, path)
            if earlier is not path:
                unreadable.append((path, f"{path.name}: its id is that of {earlier.name}"))
                continue
            found.append(item)
        return tuple(found), tuple(unreadable)

    def _paths(self) -> Iterator[Path]:
        if self._folder.is_dir():
            yield from sorted(self._folder.glob("[!.]*" + _END))

    def _one(self, path: Path) -> FoundAttestation:
        opened = open_envelope(read_plain_file(path, _LIMIT))
        attestation = read_attestation(opened.statement)
        signers, problems = self._signers.verify(opened.envelope)
        if not opened.signed:
            problems = (*problems, "it is not signed")
        added_at = self._added_at(path) if self._added_at is not None else None
        return FoundAttestation(path, Candidate(attestation, signers, problems, added_at))


def read_attestation(statement: Mapping[str, Any]) -> Attestation:
    """The attestation that a Statement holds.

    Raises:
        GarbledError: it is no attestation, or a field is missing or of the wrong type.
    """
    if statement.get("predicateType") != PREDICATE_TYPE:
        raise GarbledError("it is a statement, but no attestation")
    try:
        (subject,) = statement["subject"]
        predicate = statement["predicate"]
        return Attestation(
            attestation_id=_text(predicate, "id"),
            purpose=_text(predicate, "purpose"),
            subject_name=_text(subject, "name"),
            subject_digest=_digest(subject["digest"]["sha256"]),
            role=_text(predicate, "role"),
            person=_text(predicate, "person"),
            decision=_text(predicate, "decision"),
            signed_at=_moment(_text(predicate, "signed_at")),
            expires_at=_optional_moment(predicate, "expires_at"),
            task=_optional_text(predicate, "task"),
            gate=_optional_text(predicate, "gate"),
            environment=_optional_text(predicate, "environment"),
            conditions=_conditions(predicate["conditions"]),
            statement=_optional_text(predicate, "statement") or "",
            event_at=_optional_moment(predicate, "event_at"),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise GarbledError(f"it is no complete attestation: {error!r}") from error


def _may_be_of(file_name: str, purpose: str) -> bool:
    """Whether an unreadable file could have held this purpose: not if it is named for another."""
    named = _NAME.fullmatch(file_name)
    return named is None or named["purpose"] not in PURPOSES or named["purpose"] == purpose


def _optional(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)


def _text(fields: Mapping[str, Any], key: str) -> str:
    value = fields[key]
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"{key} is no text")
    return value


def _digest(stated: Any) -> str:
    digest = f"sha256:{stated}"
    if not _DIGEST.fullmatch(digest):
        raise ValueError("its subject has no SHA-256 digest")
    return digest


def _conditions(stated: Any) -> tuple[str, ...]:
    if not isinstance(stated, list):
        raise TypeError("conditions is no list")
    return tuple(item if isinstance(item, str) else json.dumps(item) for item in stated)


def _optional_text(fields: Mapping[str, Any], key: str) -> str | None:
    value = fields.get(key)
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"the time {text!r} has no zone")
    return moment.astimezone(UTC)


def _optional_moment(fields: Mapping[str, Any], key: str) -> datetime | None:
    text = _optional_text(fields, key)
    return None if text is None else _moment(text)
