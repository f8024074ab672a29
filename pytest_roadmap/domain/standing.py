"""Where every task of a project stands: the one derivation of checks, status, gate and sync."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from pytest_roadmap.domain.effective import (
    EffectiveResult,
    FreshnessLimit,
    RegisteredBlocker,
    effective_results,
)
from pytest_roadmap.domain.roadmap import Roadmap, dod_digest
from pytest_roadmap.domain.status import DerivedTask, derive_all
from pytest_roadmap.domain.validity import REAL_SCHEMA, failures_of

if TYPE_CHECKING:
    from pytest_roadmap.domain.evidence import Record
    from pytest_roadmap.domain.feature import FeatureText
    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.task import Task

_READING_MODES = frozenset({"RO", "NOOP", "PROBE"})


class Occasion(StrEnum):
    """What freshness is asked for (rules d.7): a gate review is stricter than a task's Done."""

    DONE = "done"
    GATE = "gate"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known outside the document.

    ``records`` are those of real environments, ``refused`` gives the word why files of a task do
    not count at all (``TAMPERED``, ``EMBEDDED_ONLY``), ``feature_digests`` are by scenario id,
    ``runner_signed`` are ids of records that a key with the role ``runner`` signed.
    """

    records: tuple[Record, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    features: tuple[FeatureText, ...] = ()
    feature_digests: Mapping[str, str] = field(default_factory=dict)
    blockers: tuple[RegisteredBlocker, ...] = ()
    runner_signed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """The derived status of every task, in dependency order.

    ``refused`` gives, by task, the first word why evidence of it does not count; ``unverified``
    are the tasks with records that were counted without asking for their environment's identity,
    their commit and their proven controls.
    """

    derived: Mapping[str, DerivedTask]
    refused: Mapping[str, str]
    unverified: frozenset[str]
    unsigned: frozenset[str]

    @property
    def tampered(self) -> frozenset[str]:
        """The tasks with an evidence file that is not what its statement says."""
        return frozenset(task for task, word in self.refused.items() if word == "TAMPERED")


def derive_standing(
    roadmap: Roadmap,
    policy: Policy,
    evidence: Evidence,
    now: datetime,
    occasion: Occasion = Occasion.DONE,
) -> Standing:
    """Derive every task from the records of the environment kinds that count for it.

    Args:
        roadmap: the document's tasks.
        policy: which environment kinds count, and how long a record stays fresh.
        evidence: records, features and registered blockers of the project.
        now: the time at which age is measured, UTC.
        occasion: which of the freshness limits apply.
    """
    refused = dict(evidence.refused)
    counted = tuple(_counting(roadmap, evidence, now, refused))
    derived = derive_all(
        roadmap,
        {feature.task_id: _required(feature) for feature in evidence.features if feature.task_id},
        _effective(roadmap, policy, evidence, counted, now, occasion),
        today=now.date(),
        blockers=evidence.blockers,
    )
    unsigned = (
        task_id
        for task_id, found in derived.items()
        if {each.record_id for each in found.results} - {None} - evidence.runner_signed
    )
    return Standing(
        derived,
        refused,
        frozenset(record.task_id for record in counted),
        frozenset(unsigned),
    )


def _required(feature: FeatureText) -> tuple[str, ...]:
    return tuple(each.scenario_id for each in feature.scenarios if each.required)


def _counting(
    roadmap: Roadmap, evidence: Evidence, now: datetime, refused: dict[str, str]
) -> Iterator[Record]:
    """The records that may count; the first reason against any other is noted by task."""
    digests = {task.task_id: dod_digest(task) for task in roadmap.tasks}
    for record in evidence.records:
        if record.task_id not in digests:
            continue
        failures = failures_of(
            record,
            schema=REAL_SCHEMA,
            dod_digest=digests[record.task_id],
            feature_digests=evidence.feature_digests,
            now=now,
        )
        if failures:
            refused.setdefault(record.task_id, failures[0].failure.value)
        else:
            yield record


def _effective(
    roadmap: Roadmap,
    policy: Policy,
    evidence: Evidence,
    records: Iterable[Record],
    now: datetime,
    occasion: Occasion,
) -> Mapping[str, EffectiveResult]:
    by_task: dict[str, list[Record]] = {}
    for record in records:
        by_task.setdefault(record.task_id, []).append(record)
    modes = {
        scenario.scenario_id: frozenset(scenario.modes)
        for feature in evidence.features
        for scenario in feature.scenarios
    }
    found: dict[str, EffectiveResult] = {}
    for task_id, own in by_task.items():
        task = roadmap.task(task_id)
        kinds = policy.required_kinds_of(task)
        limit = _freshness(task, policy, modes, occasion)
        found.update(effective_results(own, kinds=kinds, now=now, limit=limit))
    return found


def _freshness(
    task: Task, policy: Policy, modes: Mapping[str, frozenset[str]], occasion: Occasion
) -> FreshnessLimit:
    """The limit of rules d.7: documents, then state that is only read, then events."""

    def limit(scenario_id: str) -> timedelta | None:
        if task.verification_level == policy.levels[0]:
            key = "l1_document_d"
        elif modes.get(scenario_id, frozenset()) <= _READING_MODES:
            key = f"state_{occasion}_d"
        else:
            key = f"event_{occasion}_d"
        return timedelta(days=policy.freshness[key])

    return limit
