"""The records that earlier runs of a gate's other tasks have left, for those who now sign it off.

A proof of the sign-off starts from them, so that it need not run the whole gate for each control.
They are embedded records like any other and are judged like any other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from pytest_roadmap.adapters.document import read_policy, read_roadmap_file
from pytest_roadmap.adapters.document.features import read_feature_file
from pytest_roadmap.adapters.evidence.store import EvidenceStore
from pytest_roadmap.adapters.evidence.ulid import UlidFactory
from pytest_roadmap.domain.documents import GENERATED_ROADMAP
from pytest_roadmap.domain.evidence import Record, ScenarioResult
from pytest_roadmap.domain.feature import ScenarioText
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.roadmap import dod_digest
from pytest_roadmap.domain.task import Task
from pytest_roadmap.domain.validity import EMBEDDED_KIND, EMBEDDED_SCHEMA
from pytest_roadmap.rehearsal.handover import CHANGELOG, INVENTORY, LOCK

_POLICY = ".roadmap/policy.yaml"
_CLOUD = "cloud.json"
_SHORTLY = timedelta(seconds=5)
#: The document of the handover and its lock, as the check of the handover reads them.
_INPUTS = {"SEC-001": (INVENTORY, CHANGELOG, LOCK)}


def leave_records(
    repository: Path,
    gate: str,
    now: datetime,
    *,
    blocked: str = "",
    aged: tuple[str, timedelta] | None = None,
    foreign: bool = False,
) -> None:
    """Write a passing record of every task the gate counts, its sign-off task aside.

    Args:
        repository: of the embedded environment; the records go beside it.
        gate: whose tasks.
        now: when the runs have ended (UTC).
        blocked: a task that could not be checked.
        aged: a task, and how long ago it was checked.
        foreign: let them be of another state of the cloud.
    """
    policy = read_policy(repository / _POLICY)
    roadmap = read_roadmap_file(repository / GENERATED_ROADMAP, policy).roadmap
    if roadmap is None:
        raise ValueError(f"{GENERATED_ROADMAP} cannot be read")
    store = EvidenceStore(
        evidence_folder(repository), schema=EMBEDDED_SCHEMA, self_reference_slots=policy.slots
    )
    ended, new_id = now - _SHORTLY, UlidFactory(lambda: now)
    for task in roadmap.counted(gate):
        if task.task_id == policy.gates[gate].signoff_task:
            continue
        made = _record(repository, task, new_id(), ended)
        if made is None:
            continue
        if task.task_id == blocked:
            made = _blocked(made)
        if aged is not None and task.task_id == aged[0]:
            made = _moved(made, aged[1])
        store.write(replace(made, state_id="another") if foreign else made, (), task)


def evidence_folder(repository: Path) -> Path:
    """Where the records of the embedded environment lie."""
    return repository.parent / "evidence"


def evidence_file(repository: Path, task_id: str) -> Path:
    """The newest evidence file of a task."""
    policy = read_policy(repository / _POLICY)
    roadmap = read_roadmap_file(repository / GENERATED_ROADMAP, policy).roadmap
    if roadmap is None:
        raise ValueError(f"{GENERATED_ROADMAP} cannot be read")
    store = EvidenceStore(
        evidence_folder(repository), schema=EMBEDDED_SCHEMA, self_reference_slots=policy.slots
    )
    slot = store.slot(roadmap.task(task_id))
    return max(store.root.glob(f"*_{slot}"))


def _record(repository: Path, task: Task, record_id: str, ended: datetime) -> Record | None:
    """A record of the task's feature; None while it has none."""
    found = sorted((repository / "features").rglob(f"{task.task_id}.feature"))
    if not found:
        return None
    reading = read_feature_file(found[0], (task.task_id,))
    if reading.feature is None:
        raise ValueError(f"{found[0].name} cannot be read")
    digest = "sha256:" + hashlib.sha256(found[0].read_bytes()).hexdigest()
    return Record(
        record_id=record_id,
        task_id=task.task_id,
        dod_digest=dod_digest(task),
        environment=EMBEDDED_KIND,
        kind=EMBEDDED_KIND,
        state_id=_state_id(repository),
        started=ended - _SHORTLY,
        ended=ended,
        scenarios=tuple(_passed(each, ended, digest) for each in reading.feature.scenarios),
        facts={"inputs": list(_inputs(repository, task.task_id))},
    )


def _passed(scenario: ScenarioText, ended: datetime, digest: str) -> ScenarioResult:
    return ScenarioResult(
        scenario_id=scenario.scenario_id,
        title=scenario.title,
        sub_tasks=scenario.sub_tasks,
        modes=scenario.modes,
        required=scenario.required,
        outcome=Outcome.PASS,
        reason="",
        detail="",
        owner="",
        failed_step="",
        started=ended - _SHORTLY,
        ended=ended,
        feature_digest=digest,
    )


def _inputs(repository: Path, task_id: str) -> Iterator[dict[str, str]]:
    for path in _INPUTS.get(task_id, ()):
        content = (repository / path).read_bytes()
        yield {"path": path, "sha256": hashlib.sha256(content).hexdigest()}


def _blocked(record: Record) -> Record:
    scenarios = tuple(
        replace(each, outcome=Outcome.BLOCKED, reason="access_not_granted", owner="Infra")
        for each in record.scenarios
    )
    return replace(record, scenarios=scenarios)


def _moved(record: Record, back: timedelta) -> Record:
    scenarios = tuple(
        replace(each, started=each.started - back, ended=each.ended - back)
        for each in record.scenarios
    )
    return replace(
        record, started=record.started - back, ended=record.ended - back, scenarios=scenarios
    )


def _state_id(repository: Path) -> str:
    state = json.loads((repository.parent / _CLOUD).read_text("utf-8"))
    return str(state["state_id"])
