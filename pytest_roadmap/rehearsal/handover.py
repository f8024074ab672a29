"""The handover as people do it: the inventory grows, is locked, and is signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from pytest_roadmap.adapters.evidence.attest import (
    attestation_statement,
    create_attestation,
    sign_attestation,
    write_envelope,
)
from pytest_roadmap.adapters.evidence.envelope import signed_envelope
from pytest_roadmap.adapters.evidence.signing import file_subject
from pytest_roadmap.domain.attestation import Attestation
from pytest_roadmap.domain.handoff import canonical_digest, parse_version, read_time
from pytest_roadmap.rehearsal.people import load_key, person

INVENTORY = ".specs/handoff/inventory.yaml"
TEMPLATE = ".specs/handoff/inventory.schema.json"
CHANGELOG = ".specs/handoff/changelog.yaml"
LOCK = ".specs/handoff/lock.yaml"
ATTESTATIONS = ".roadmap/attestations"
SIGNERS = ".roadmap/signers.yaml"
PURPOSE = "handoff-lock"
TASK = "SEC-001"


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of the inventory in its history."""

    version: str
    at: datetime
    author: str
    reason: str
    inventory: bytes


def changelog_document(revisions: Sequence[Revision]) -> bytes:
    """The changelog of these versions, oldest first, as a chain of digests."""
    entries: list[dict[str, Any]] = []
    for revision in revisions:
        entries.append(_entry(revision, entries[-1]["digest"] if entries else None))
    return _yaml({"schema": "handoff-changelog/1", "entries": entries})


def _entry(revision: Revision, prev_digest: str | None) -> dict[str, Any]:
    return {
        "version": revision.version,
        "at": revision.at.isoformat(timespec="seconds"),
        "author": revision.author,
        "reason": revision.reason,
        "digest": canonical_digest(revision.inventory),
        "prev_digest": prev_digest,
    }


def lock_document(revision: Revision, template: bytes, at: datetime) -> bytes:
    """The lock of a version under a template."""
    return _yaml(
        {
            "schema": "handoff-lock/1",
            "version": revision.version,
            "at": at.isoformat(timespec="seconds"),
            "digest": canonical_digest(revision.inventory),
            "template_digest": canonical_digest(template),
        }
    )


def relock(repository: Path, now: datetime, locked_at: datetime) -> None:
    """Record the inventory as it stands as the next version, and lock that version."""
    path = repository / CHANGELOG
    entries = yaml.safe_load(path.read_bytes())["entries"]
    newest = parse_version(str(entries[-1]["version"])) or (0, 0, 0)
    version = f"{newest[0]}.{newest[1]}.{newest[2] + 1}"
    inventory = (repository / INVENTORY).read_bytes()
    revision = Revision(version, now, person("infra.park").address, "corrected", inventory)
    entries.append(_entry(revision, entries[-1]["digest"]))
    path.write_bytes(_yaml({"schema": "handoff-changelog/1", "entries": entries}))
    template = (repository / TEMPLATE).read_bytes()
    (repository / LOCK).write_bytes(lock_document(revision, template, locked_at))


def locked_at(repository: Path) -> datetime:
    """When the inventory was locked.

    Raises:
        ValueError: it is not locked.
    """
    lock = yaml.safe_load((repository / LOCK).read_bytes())
    at = read_time(str(lock["at"]))
    if at is None:
        raise ValueError(f"{LOCK} has no time")
    return at


@dataclass(frozen=True, slots=True)
class Signature:
    """What one person does when asked to sign the lock.

    ``alias`` says whom the statement names, ``key_of`` whose key signs it; ``task`` and
    ``environment`` are what it is bound to.
    """

    alias: str
    role: str
    signed_at: datetime
    expires_in: timedelta
    key_of: str = ""
    task: str = TASK
    environment: str = "embedded"
    decision: str = "approve"


def sign_lock(repository: Path, keys: Path, number: int, signature: Signature) -> Path:
    """Sign the lock of the inventory as it stands; the new attestation file."""
    attestation = _statement(repository, number, signature)
    key = load_key(keys, signature.key_of or signature.alias)
    return sign_attestation(repository / ATTESTATIONS, attestation, key)


def sign_and_alter(repository: Path, keys: Path, number: int, signature: Signature) -> Path:
    """Sign it, then put the signature on another statement; the new attestation file."""
    attestation = _statement(repository, number, signature)
    key = load_key(keys, signature.alias)
    honest = attestation_statement(attestation)
    signed = signed_envelope(
        {**honest, "predicate": {**honest["predicate"], "statement": ""}}, [key]
    )
    other = signed_envelope(honest, [key])
    return write_envelope(
        repository / ATTESTATIONS, attestation, {**other, "signatures": signed["signatures"]}
    )


def _statement(repository: Path, number: int, signature: Signature) -> Attestation:
    subject = file_subject(repository, Path(INVENTORY))
    return create_attestation(
        attestation_id=f"AT-{signature.signed_at:%Y}-{number:04d}",
        purpose=PURPOSE,
        subject_name=subject.name,
        subject_digest=subject.digest,
        role=signature.role,
        person=person(signature.alias).address,
        signed_at=signature.signed_at,
        expires_in=signature.expires_in,
        task=signature.task,
        environment=signature.environment,
        decision=signature.decision,
        statement="the handed-over assets are listed completely; this version is in force",
    )


def _yaml(data: Any) -> bytes:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True).encode("utf-8")
