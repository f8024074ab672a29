"""Where the project in a folder stands, read from its files alone: no SDK, no environment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_roadmap.adapters.document import PolicyError, read_policy, read_roadmap_file
from pytest_roadmap.adapters.document.registers import RegisterError
from pytest_roadmap.adapters.document.waivers import read_waivers
from pytest_roadmap.cli._project import (
    UNUSABLE_BLOCKERS,
    UNUSABLE_LOCK,
    UNUSABLE_SIGNERS,
    ProjectEvidence,
    read_evidence,
    read_features,
)
from pytest_roadmap.domain.standing import Occasion, Standing, derive_standing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.quality.finding import Finding
    from pytest_roadmap.domain.quality.row import TaskRow
    from pytest_roadmap.domain.roadmap import Roadmap
    from pytest_roadmap.domain.status import DerivedTask
    from pytest_roadmap.domain.waiver import WaiverEntry

_POLICY = Path(".roadmap/policy.yaml")
_WAIVERS = Path(".roadmap/waivers.yaml")
_EMBEDDED = Path("build/embedded")


class UnusableProjectError(Exception):
    """A file of the project cannot be used; one sentence for each problem."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = tuple(sentences)
        super().__init__("\n".join(self.sentences))


@dataclass(frozen=True)
class ProjectStanding:
    """The project, and the derived status of its tasks at ``now`` (UTC)."""

    root: Path
    roadmap: Roadmap
    rows: tuple[TaskRow, ...]
    policy: Policy
    evidence: ProjectEvidence
    standing: Standing
    waivers: tuple[WaiverEntry, ...]
    now: datetime

    @property
    def tasks(self) -> tuple[DerivedTask, ...]:
        """The derived tasks in document order."""
        return tuple(self.standing.derived[task.task_id] for task in self.roadmap.tasks)

    @property
    def without_feature(self) -> frozenset[str]:
        """The tasks that have no feature yet."""
        having = {feature.task_id for feature in self.evidence.evidence.features}
        return frozenset(self.roadmap.by_id) - having

    @property
    def remarks(self) -> tuple[str, ...]:
        """What does not count, a sentence each: overdue blockers, files and records."""
        overdue = (
            blocker.overdue_sentence
            for blocker in self.evidence.evidence.blockers
            if blocker.overdue(self.now.date())
        )
        files = (f"{each.code}: {each.message}" for each in self.evidence.findings)
        return (*overdue, *files, *self.standing.remarks)

    @property
    def embedded_records(self) -> int:
        """How many embedded records lie about, none of which counts."""
        places = (self.root / _EMBEDDED).glob("**/evidence/*.dsse.json")
        return self.evidence.embedded + sum(1 for _ in places)


def read_standing(
    document: Path, root: Path, now: datetime, occasion: Occasion = Occasion.DONE
) -> ProjectStanding:
    """Read the project at ``root`` and derive its tasks.

    Raises:
        UnusableProjectError: the policy, the document, blockers, waivers or signers are broken.
    """
    try:
        policy = read_policy(root / _POLICY)
    except PolicyError as error:
        raise UnusableProjectError([str(error)]) from error
    reading = read_roadmap_file(document, policy)
    roadmap = reading.roadmap
    if roadmap is None:
        raise UnusableProjectError(
            f"{document}:{each.line or 1}: {each.code}: {each.message}"
            for each in reading.findings
            if each.level.value == "error"
        )
    _refuse_unknown_tasks(policy, roadmap)
    try:
        waivers = read_waivers(root / _WAIVERS, roadmap.by_id, policy.gates)
    except RegisterError as error:
        raise UnusableProjectError([str(error)]) from error
    evidence = read_evidence(root, roadmap, read_features(root, roadmap), policy, now)
    _refuse_unusable(evidence.findings)
    standing = derive_standing(roadmap, policy, evidence.evidence, now, occasion)
    return ProjectStanding(root, roadmap, reading.rows, policy, evidence, standing, waivers, now)


def _refuse_unknown_tasks(policy: Policy, roadmap: Roadmap) -> None:
    unknown = [
        f"{_POLICY}: {key}: {task_id} is no task of the document"
        for task_id, key in policy.named_tasks().items()
        if task_id not in roadmap.by_id
    ]
    if unknown:
        raise UnusableProjectError(unknown)


def _refuse_unusable(findings: list[Finding]) -> None:
    unusable = (UNUSABLE_BLOCKERS, UNUSABLE_LOCK, UNUSABLE_SIGNERS)
    broken = [each.message for each in findings if each.code in unusable]
    if broken:
        raise UnusableProjectError(broken)
