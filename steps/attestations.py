"""Sentences about signatures: who attested what."""

from __future__ import annotations

from pytest_bdd import parsers, then

from pytest_roadmap.domain.handoff import LockedDocument
from pytest_roadmap.domain.outcome import PendingError
from pytest_roadmap.domain.ports import AttestationPort
from pytest_roadmap.domain.recording import Expect, Recorder


@then(parsers.re(r'a valid attestation "(?P<purpose>[^"]*)" by "(?P<roles>[^"]*)" exists'))
def valid_attestation_exists(
    purpose: str,
    roles: str,
    locked_document: LockedDocument,
    attestations: AttestationPort,
    recorder: Recorder,
    expect: Expect,
) -> None:
    needed = [role.strip() for role in roles.split(",")]
    verdict = attestations.verify(
        purpose,
        needed,
        subject_digest=locked_document.digest,
        task=recorder.scenario.partition(".")[0],
        not_before=locked_document.locked_at,
    )
    expect.none(f"every {purpose} attestation is valid", verdict.problems)
    if verdict.missing:
        raise PendingError(f"waiting_signature({', '.join(verdict.missing)})", f"{purpose} is open")
    expect.at_least(f"persons who signed {purpose}", len(needed), len(set(verdict.persons)))
    recorder.facts["attestations"] = list(verdict.valid)
