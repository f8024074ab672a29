"""Why a record does not count: the words of rules d.4, and what the record itself tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pytest_roadmap.domain.evidence import Record

REAL_SCHEMA = "roadmap-evidence/1"
EMBEDDED_SCHEMA = "roadmap-evidence-embedded/1"
EMBEDDED_KIND = "embedded"


class Failure(StrEnum):
    """The failure words of rules d.4 that speak of a record or its file; STALE is d.7's."""

    TAMPERED = "TAMPERED"
    INTERRUPTED = "INTERRUPTED"
    EMBEDDED_ONLY = "EMBEDDED_ONLY"
    KIND = "KIND"
    IDENTITY = "IDENTITY"
    UNTRACKED_CODE = "UNTRACKED_CODE"
    DOD_CHANGED = "DOD_CHANGED"
    CONTROLS_UNPROVEN = "CONTROLS_UNPROVEN"
    CLOCK = "CLOCK"
    INPUT_CHANGED = "INPUT_CHANGED"
    ATTESTATION = "ATTESTATION"
    RESOURCE_CHANGED = "RESOURCE_CHANGED"


@dataclass(frozen=True, slots=True)
class ValidityFailure:
    """One failed rule and its reason in a sentence."""

    failure: Failure
    reason: str


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A rule that cannot be decided here; the sentence says what would let it be."""

    reason: str


def schema_of_kind(kind: str) -> str:
    """The only schema a record of this environment kind may have."""
    return EMBEDDED_SCHEMA if kind == EMBEDDED_KIND else REAL_SCHEMA


def failures_of(
    record: Record,
    *,
    schema: str,
    dod_digest: str,
    feature_digests: Mapping[str, str],
    now: datetime,
) -> tuple[ValidityFailure, ...]:
    """Every rule the record breaks as evidence of ``schema``; nothing means that it may count.

    ``feature_digests`` are the current ones by scenario id.
    """
    return (
        *_embedded(record, schema),
        *dod_changes(record, dod_digest, feature_digests),
        *_clock(record, now),
    )


def dod_changes(
    record: Record, dod_digest: str, feature_digests: Mapping[str, str]
) -> tuple[ValidityFailure, ...]:
    """DOD_CHANGED for another definition of done, and for each scenario of another feature text."""
    found = []
    if record.dod_digest != dod_digest:
        found.append(
            f"{record.task_id}: the record was made for another text of the definition of done"
        )
    found += [
        f"{result.scenario_id}: the feature has changed since the record was made"
        for result in record.scenarios
        if feature_digests.get(result.scenario_id, result.feature_digest) != result.feature_digest
    ]
    return tuple(ValidityFailure(Failure.DOD_CHANGED, reason) for reason in found)


def _embedded(record: Record, schema: str) -> tuple[ValidityFailure, ...]:
    if schema == EMBEDDED_SCHEMA or (record.kind != EMBEDDED_KIND and record.state_id is None):
        return ()
    reason = f"{record.task_id}: a run in the embedded environment proves the check, not the task"
    return (ValidityFailure(Failure.EMBEDDED_ONLY, reason),)


def _clock(record: Record, now: datetime) -> tuple[ValidityFailure, ...]:
    found = []
    if not record.started <= record.ended <= now:
        found.append(f"{record.task_id}: the record's times are not in order: started, ended, now")
    found += [
        f"{result.scenario_id}: its times are not in order: started, ended, the record's end"
        for result in record.scenarios
        if not result.started <= result.ended <= record.ended
    ]
    return tuple(ValidityFailure(Failure.CLOCK, reason) for reason in found)
