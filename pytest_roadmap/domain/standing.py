"""Where every task of a project stands: the one derivation of checks, status, gate and sync."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from pytest_roadmap.domain.provenance import (
    Asked,
    Shortcoming,
    Surroundings,
    resource_changes,
    shortcomings,
)
from pytest_roadmap.domain.roadmap import Roadmap, dod_digest
from pytest_roadmap.domain.status import DerivedTask, derive_all
from pytest_roadmap.domain.validity import REAL_SCHEMA, Unjudged, failures_of

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
    ``runner_signed`` are ids of records that a key with the role ``runner`` signed,
    ``surroundings`` is what the records are held against.
    """

    records: tuple[Record, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    features: tuple[FeatureText, ...] = ()
    feature_digests: Mapping[str, str] = field(default_factory=dict)
    blockers: tuple[RegisteredBlocker, ...] = ()
    runner_signed: frozenset[str] = frozenset()
    surroundings: Surroundings = field(default_factory=Surroundings)


@dataclass(frozen=True, slots=True)
class Standing:
    """The derived status of every task, in dependency order.

    ``refused`` gives, by task, the word why its newest evidence does not count, and ``reasons``
    the sentence where a record itself is to blame; ``unjudged`` says of a task what would let its
    newest record be judged. ``counted`` are the tasks with a record that counts, ``unsigned``
    those of which such a record has no signature of a runner.
    """

    derived: Mapping[str, DerivedTask]
    refused: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    unjudged: Mapping[str, str] = field(default_factory=dict)
    counted: frozenset[str] = frozenset()
    unsigned: frozenset[str] = frozenset()

    @property
    def tampered(self) -> frozenset[str]:
        """The tasks with an evidence file that is not what its statement says."""
        return frozenset(task for task, word in self.refused.items() if word == "TAMPERED")

    @property
    def remarks(self) -> tuple[str, ...]:
        """A sentence for each task whose newest record does not count, or cannot be judged."""
        refused = (f"{self.refused[task]} {reason}" for task, reason in self.reasons.items())
        return (*refused, *(f"UNJUDGED {reason}" for reason in self.unjudged.values()))


def derive_standing(
    roadmap: Roadmap,
    policy: Policy,
    evidence: Evidence,
    now: datetime,
    occasion: Occasion = Occasion.DONE,
) -> Standing:
    """Derive every task from the records that count for it.

    Args:
        roadmap: the document's tasks.
        policy: which environment kinds count, and how long a record stays fresh.
        evidence: records, features and registered blockers of the project.
        now: the time at which age is measured, UTC.
        occasion: which of the freshness limits apply.
    """
    found = _Sifted(dict(evidence.refused))
    for task in roadmap.tasks:
        _sift(task, policy, evidence, now, found)
    derived = derive_all(
        roadmap,
        {feature.task_id: _required(feature) for feature in evidence.features if feature.task_id},
        _effective(roadmap, policy, evidence, found.counted, now, occasion),
        today=now.date(),
        blockers=evidence.blockers,
    )
    unsigned = (
        task_id
        for task_id, each in derived.items()
        if {result.record_id for result in each.results} - {None} - evidence.runner_signed
    )
    return Standing(
        derived,
        found.refused,
        found.reasons,
        found.unjudged,
        frozenset(record.task_id for record in found.counted),
        frozenset(unsigned),
    )


def _required(feature: FeatureText) -> tuple[str, ...]:
    return tuple(each.scenario_id for each in feature.scenarios if each.required)


@dataclass
class _Sifted:
    """The records that count, and by task why the newest of the others does not."""

    refused: dict[str, str]
    reasons: dict[str, str] = field(default_factory=dict)
    unjudged: dict[str, str] = field(default_factory=dict)
    counted: list[Record] = field(default_factory=list)

    def note(self, record: Record, first: Shortcoming) -> None:
        task_id = record.task_id
        if isinstance(first, Unjudged):
            self.unjudged.setdefault(task_id, first.reason)
        elif task_id not in self.refused:
            self.refused[task_id] = first.failure.value
            self.reasons[task_id] = first.reason


def _sift(task: Task, policy: Policy, evidence: Evidence, now: datetime, found: _Sifted) -> None:
    """Divide the records of a task into those that count and, newest first, the others."""
    own = [record for record in evidence.records if record.task_id == task.task_id]
    asked = Asked(policy.required_kinds_of(task), task.verification_level == policy.levels[0])
    broken = {
        record.record_id: (
            *failures_of(
                record,
                schema=REAL_SCHEMA,
                dod_digest=dod_digest(task),
                feature_digests=evidence.feature_digests,
                now=now,
            ),
            *shortcomings(record, asked, evidence.surroundings),
        )
        for record in own
    }
    changed = resource_changes(record for record in own if not broken[record.record_id])
    counted = False
    in_kind = any(record.kind in asked.kinds for record in own)
    for record in sorted(own, key=lambda each: (each.ended, each.record_id), reverse=True):
        reasons = broken[record.record_id]
        if record.record_id in changed:
            reasons = (changed[record.record_id],)
        if not reasons:
            counted = True
            found.counted.append(record)
        elif not counted and (record.kind in asked.kinds or not in_kind):
            found.note(record, _first(reasons))


def _first(reasons: Iterable[Shortcoming]) -> Shortcoming:
    """A broken rule before one that cannot be decided."""
    return min(reasons, key=lambda each: isinstance(each, Unjudged))


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
        bound = _bound_age(own, evidence.surroundings)
        limit = freshness_limit(task, policy, modes, occasion, bound)
        found.update(effective_results(own, kinds=kinds, now=now, limit=limit))
    return found


def _bound_age(records: Iterable[Record], around: Surroundings) -> timedelta | None:
    """The strictest ``evidence.max_age_h`` of the environments that the records are of."""
    named = (around.environments.get(record.environment) for record in records)
    hours = [each.get("evidence.max_age_h") for each in named if each is not None]
    return min((timedelta(hours=each) for each in hours if each), default=None)


def freshness_limit(
    task: Task,
    policy: Policy,
    modes: Mapping[str, frozenset[str]],
    occasion: Occasion,
    bound: timedelta | None,
) -> FreshnessLimit:
    """The limit of rules d.7: documents, then state that is only read, then events.

    A stricter limit of the environment wins.
    """

    def limit(scenario_id: str) -> timedelta | None:
        if task.verification_level == policy.levels[0]:
            key = "l1_document_d"
        elif modes.get(scenario_id, frozenset()) <= _READING_MODES:
            key = f"state_{occasion}_d"
        else:
            key = f"event_{occasion}_d"
        agreed = timedelta(days=policy.freshness[key])
        return agreed if bound is None else min(agreed, bound)

    return limit
