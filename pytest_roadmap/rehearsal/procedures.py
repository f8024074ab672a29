"""How people agree to a written procedure: a role signs it as it stands, until the next review."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from pytest_roadmap.adapters.evidence.attest import create_attestation, sign_attestation
from pytest_roadmap.adapters.evidence.signing import file_subject
from pytest_roadmap.rehearsal.handover import ATTESTATIONS
from pytest_roadmap.rehearsal.people import load_key, person

ROTATION = "rotation-procedure"
_DOCUMENT = ".specs/ops/secret_rotation.md"
_TASK = "SEC-004"
_NUMBER = 101
_VALID = timedelta(days=90)


def sign_rotation(
    repository: Path,
    keys: Path,
    signed_at: datetime,
    *,
    alias: str = "infra.park",
    expires_in: timedelta = _VALID,
) -> None:
    """Sign the rotation procedure for Infra, in place of what was signed before."""
    withdraw_rotation(repository)
    subject = file_subject(repository, Path(_DOCUMENT))
    attestation = create_attestation(
        attestation_id=f"AT-{signed_at:%Y}-{_NUMBER:04d}",
        purpose=ROTATION,
        subject_name=subject.name,
        subject_digest=subject.digest,
        role="Infra",
        person=person(alias).address,
        signed_at=signed_at,
        expires_in=expires_in,
        task=_TASK,
        environment="embedded",
        decision="approve",
        statement="secrets are rotated by this procedure; the expiry is its next review",
    )
    sign_attestation(repository / ATTESTATIONS, attestation, load_key(keys, alias))


def withdraw_rotation(repository: Path) -> None:
    """Nobody has signed the rotation procedure."""
    for path in (repository / ATTESTATIONS).glob(f"*_{ROTATION}_*.dsse.json"):
        path.unlink()
