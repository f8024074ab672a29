"""``status``: the declared status of every task against the one that its evidence gives (a.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pytest_roadmap.domain.declared import compare_declared, why_not_done
from pytest_roadmap.domain.effective import (
    EffectiveResult,
    FreshnessLimit,
    RegisteredBlocker,
    effective_results,
)
from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.roadmap import Roadmap, dod_digest
from pytest_roadmap.domain.status import DerivedTask, derive_all
from pytest_roadmap.domain.task import Status, Task
from pytest_roadmap.domain.validity import REAL_SCHEMA, failures_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_roadmap.domain.evidence import Record
    from pytest_roadmap.domain.feature import FeatureText
    from pytest_roadmap.domain.policy import Policy

CHECK = "status"
_READING_MODES = frozenset({"RO", "NOOP", "PROBE"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known outside the document.

    ``records`` are those of real environments, ``refused`` gives the word why files of a task do
    not count at all (``TAMPERED``, ``EMBEDDED_ONLY``), ``feature_digests`` are by scenario id.
    """

    records: tuple[Record, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    features: tuple[FeatureText, ...] = ()
    feature_digests: Mapping[str, str] = field(default_factory=dict)
    blockers: tuple[RegisteredBlocker, ...] = ()


def check_status(
    roadmap: Roadmap, policy: Policy, evidence: Evidence, now: datetime
) -> Iterator[Finding]:
    """One finding for each task whose declared status is not the derived one.

    Args:
        roadmap: the document's tasks.
        policy: which environment kinds count, and how long a record stays fresh.
        evidence: records, features and registered blockers of the project.
        now: the time at which age is measured, UTC.
    """
    refused = dict(evidence.refused)
    counted = tuple(_counting(roadmap, evidence, now, refused))
    derived = derive_all(
        roadmap,
        {feature.task_id: _required(feature) for feature in evidence.features if feature.task_id},
        _effective(roadmap, policy, evidence, counted, now),
        today=now.date(),
        blockers=evidence.blockers,
    )
    with_records = {record.task_id for record in counted}
    yield from _unverified(roadmap, with_records)
    for task_id, word in evidence.refused.items():
        if word == "TAMPERED" and task_id in roadmap.by_id:
            yield _finding(
                roadmap.task(task_id),
                "TAMPERED",
                Level.ERROR,
                "an evidence file of the task is not what its statement says",
            )
    for task in roadmap.tasks:
        found = derived[task.task_id]
        word = why_not_done(found) if task.task_id in with_records else ""
        yield from _compare(found, word or refused.get(task.task_id, "NO_RECORD"))


def _unverified(roadmap: Roadmap, task_ids: set[str]) -> Iterator[Finding]:
    """A record is asked less here than by a gate: who wrote it, and where, stays open."""
    for task in roadmap.tasks:
        if task.task_id in task_ids:
            yield _finding(
                task,
                "RECORD_UNVERIFIED",
                Level.WARNING,
                "the records of the task are counted without asking for their environment's "
                "identity, their commit and their proven controls",
            )


def _finding(task: Task, code: str, level: Level, message: str) -> Finding:
    return Finding(CHECK, code, level, task.task_id, task.line, message)


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
        limit = _freshness(task, policy, modes)
        found.update(effective_results(own, kinds=kinds, now=now, limit=limit))
    return found


def _freshness(task: Task, policy: Policy, modes: Mapping[str, frozenset[str]]) -> FreshnessLimit:
    """The limit for Done (rules d.7): documents, then state that is only read, then events."""

    def limit(scenario_id: str) -> timedelta | None:
        if task.verification_level == policy.levels[0]:
            key = "l1_document_d"
        elif modes.get(scenario_id, frozenset()) <= _READING_MODES:
            key = "state_done_d"
        else:
            key = "event_done_d"
        return timedelta(days=policy.freshness[key])

    return limit


def _compare(found: DerivedTask, detail: str) -> Iterator[Finding]:
    task = found.task
    comparison = compare_declared(task.status, found.status)
    if not comparison.code:
        return
    level = Level(comparison.level.value)
    if level is Level.ERROR:
        yield _finding(
            task,
            comparison.code,
            level,
            f"declared Done, but evidence gives {found.status}: {detail}; "
            f"the row may say {found.status}",
        )
        return
    if task.status is Status.BLOCKED and found.status is Status.NOT_STARTED:
        message = "declared Blocked, but no evidence and no registered blocker shows a block"
    else:
        message = f"declared {task.status}, but evidence gives {found.status}"
    yield _finding(task, comparison.code, level, message)
