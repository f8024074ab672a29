"""The features, evidence and registered blockers of the project in a folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_roadmap.adapters.document.blockers import read_blockers
from pytest_roadmap.adapters.document.features import read_feature_file
from pytest_roadmap.adapters.document.registers import RegisterError
from pytest_roadmap.adapters.evidence.files import EvidenceError
from pytest_roadmap.adapters.evidence.slots import slot_of
from pytest_roadmap.adapters.evidence.store import EvidenceStore
from pytest_roadmap.adapters.repository.lock_file import LockFileError
from pytest_roadmap.composition.surroundings import surroundings_of
from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.quality.status import CHECK
from pytest_roadmap.domain.standing import Evidence
from pytest_roadmap.domain.validity import EMBEDDED_SCHEMA, REAL_SCHEMA, Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from pytest_roadmap.adapters.evidence.reading import LoadedEvidence
    from pytest_roadmap.adapters.evidence.signers import SignerRegistry
    from pytest_roadmap.domain.effective import RegisteredBlocker
    from pytest_roadmap.domain.feature import FeatureProblem, FeatureText
    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.roadmap import Roadmap

_FEATURES = Path("features")
_EVIDENCE = Path(".agents/logs/verification")
_BLOCKERS = Path(".roadmap/blockers.yaml")
_SIGNERS = Path(".roadmap/signers.yaml")
UNUSABLE_BLOCKERS = "BLOCKERS_UNREADABLE"
UNUSABLE_SIGNERS = "SIGNERS_UNREADABLE"
UNUSABLE_LOCK = "LOCK_UNREADABLE"


@dataclass(frozen=True, slots=True)
class Features:
    """Every feature file below ``features/``: texts, lint problems by path, digests by scenario."""

    texts: tuple[FeatureText, ...]
    problems: dict[str, tuple[FeatureProblem, ...]]
    digests: dict[str, str]


@dataclass
class ProjectEvidence:
    """What is known about the project's status, and what could not be read of it.

    ``embedded`` counts the embedded records that somebody put among the real ones.
    """

    evidence: Evidence
    findings: list[Finding] = field(default_factory=list)
    complete: bool = True
    embedded: int = 0


def read_features(root: Path, roadmap: Roadmap) -> Features:
    """Read the feature files of the project; an unreadable one is a problem of its path."""
    texts: list[FeatureText] = []
    problems: dict[str, tuple[FeatureProblem, ...]] = {}
    digests: dict[str, str] = {}
    for path in sorted((root / _FEATURES).rglob("*.feature")):
        reading = read_feature_file(path, roadmap.by_id)
        shown = path.relative_to(root).as_posix()
        if reading.problems:
            problems[shown] = reading.problems
        if reading.feature is not None:
            text = replace(reading.feature, path=shown)
            texts.append(text)
            digest = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
            digests.update((each.scenario_id, digest) for each in text.scenarios)
    return Features(tuple(texts), problems, digests)


def read_evidence(
    root: Path, roadmap: Roadmap, features: Features, policy: Policy, now: datetime
) -> ProjectEvidence:
    """Read the records of real environments, what they are held against, and registered blockers.

    ``now`` (UTC) is the time at which attestations are judged.
    """
    project = ProjectEvidence(Evidence())
    signers = _signers(root, project)
    loaded = _records(root, signers)
    refused = _refused(loaded, _slots(roadmap, project, policy.slots), project)
    for task_id in _embedded(root):
        refused.setdefault(task_id, Failure.EMBEDDED_ONLY.value)
        project.embedded += 1
    project.evidence = Evidence(
        records=loaded.records,
        refused=refused,
        features=features.texts,
        feature_digests=features.digests,
        blockers=_blockers(root, roadmap, project),
        runner_signed=frozenset(each.record.record_id for each in loaded.stored if each.by_runner),
    )
    _surround(root, project, policy, now, signers)
    return project


def _records(root: Path, signers: SignerRegistry | None) -> LoadedEvidence:
    """The records; a signature that nobody registered could have made verifies nowhere."""
    store = EvidenceStore(root / _EVIDENCE, schema=REAL_SCHEMA)
    loaded = store.load(signers)
    if signers is not None or not any(each.signed for each in loaded.stored):
        return loaded
    from pytest_roadmap.adapters.evidence.signers import (  # noqa: PLC0415 - imports crypto
        SignerRegistry,
    )

    return store.load(SignerRegistry({}, {}))


def _refused(
    loaded: LoadedEvidence, slots: Mapping[str, str], project: ProjectEvidence
) -> dict[str, str]:
    """The word of each task with a tampered file; what else cannot be judged is remarked."""
    refused: dict[str, str] = {}
    for problem in loaded.problems:
        task_id = slots.get(problem.slot or "")
        if task_id is not None and problem.failure is Failure.TAMPERED:
            refused[task_id] = problem.failure.value
            continue
        project.findings.append(
            Finding(CHECK, problem.failure.value, Level.WARNING, task_id, None, problem.reason)
        )
        project.complete = project.complete and problem.slot is not None
    return refused


def _surround(
    root: Path,
    project: ProjectEvidence,
    policy: Policy,
    now: datetime,
    signers: SignerRegistry | None,
) -> None:
    """Look at everything the records speak of."""
    evidence = project.evidence
    try:
        around = surroundings_of(
            root,
            evidence.records,
            evidence.feature_digests,
            policy,
            now=now,
            signers=signers,
        )
    except LockFileError as error:
        project.findings.append(
            Finding(CHECK, UNUSABLE_LOCK, Level.WARNING, None, None, str(error))
        )
        project.complete = False
        return
    project.evidence = replace(evidence, surroundings=around)


def _signers(root: Path, project: ProjectEvidence) -> SignerRegistry | None:
    """Who may sign, where the project says so; only then are signatures verified."""
    path = root / _SIGNERS
    if not path.is_file():
        return None
    from pytest_roadmap.adapters.evidence.signers import (  # noqa: PLC0415 - imports crypto
        SignerRegistry,
        SignersError,
    )

    try:
        return SignerRegistry.load(path)
    except SignersError as error:
        project.findings.append(
            Finding(CHECK, UNUSABLE_SIGNERS, Level.WARNING, None, None, str(error))
        )
        project.complete = False
        return None


def _slots(roadmap: Roadmap, project: ProjectEvidence, named: Mapping[str, str]) -> dict[str, str]:
    """The task of each slot; a task whose evidence path is no slot of the store is remarked."""
    slots: dict[str, str] = {}
    for task in roadmap.tasks:
        try:
            slots[slot_of(task, named)] = task.task_id
        except EvidenceError as error:
            project.findings.append(
                Finding(CHECK, "NO_SLOT", Level.WARNING, task.task_id, task.line, str(error))
            )
    return slots


def _embedded(root: Path) -> Iterator[str]:
    """The tasks of embedded records that somebody put among the real ones; they never count."""
    loaded = EvidenceStore(root / _EVIDENCE, schema=EMBEDDED_SCHEMA).load()
    return (record.task_id for record in loaded.records)


def _blockers(
    root: Path, roadmap: Roadmap, project: ProjectEvidence
) -> tuple[RegisteredBlocker, ...]:
    try:
        return read_blockers(root / _BLOCKERS, roadmap.by_id)
    except RegisterError as error:
        project.findings.append(
            Finding(CHECK, UNUSABLE_BLOCKERS, Level.WARNING, None, None, str(error))
        )
        project.complete = False
        return ()
