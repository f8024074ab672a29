"""Sentences about signatures: who attested what."""

from __future__ import annotations

import pytest
from pytest_bdd import parsers, then

from pytest_roadmap.domain.documents import AttestedSubject, attested_subject
from pytest_roadmap.domain.outcome import PendingError
from pytest_roadmap.domain.ports import AttestationPort, RepositoryPort
from pytest_roadmap.domain.recording import Expect, Recorder


@pytest.fixture
def signed_subject() -> AttestedSubject | None:
    """What an earlier sentence says is signed; the locked or written document otherwise."""
    return None


@then(parsers.re(r'a valid attestation "(?P<purpose>[^"]*)" by "(?P<roles>[^"]*)" exists'))
def valid_attestation_exists(
    purpose: str,
    roles: str,
    signed_subject: AttestedSubject | None,
    repository: RepositoryPort,
    attestations: AttestationPort,
    recorder: Recorder,
    expect: Expect,
) -> None:
    needed = [role.strip() for role in roles.split(",")]
    subject = signed_subject or attested_subject(repository, purpose)
    verdict = attestations.verify(
        purpose,
        needed,
        subject_digest=subject.digest,
        task=recorder.scenario.partition(".")[0],
        gate=subject.gate,
        not_before=subject.not_before,
    )
    expect.none(f"every {purpose} attestation is valid", verdict.problems)
    if verdict.missing:
        raise PendingError(f"waiting_signature({', '.join(verdict.missing)})", f"{purpose} is open")
    expect.at_least(f"persons who signed {purpose}", len(needed), len(set(verdict.persons)))
    recorder.facts["attestations"] = list(verdict.valid)
