"""Gather what the checks look at, and run those asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_roadmap.adapters.document import (
    PolicyError,
    RoadmapReading,
    read_policy,
    read_roadmap_file,
)
from pytest_roadmap.domain.quality.features import check_features
from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.quality.qa02 import check_resources
from pytest_roadmap.domain.quality.report import CheckReport, conclude
from pytest_roadmap.domain.quality.status import UNJUDGED, check_status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.roadmap import Roadmap

_POLICY = Path(".roadmap/policy.yaml")
#: Checks that look at the tasks, and so only at a document without errors.
_TEXTS = frozenset({"QA-01", "QA-02", "QA-03", "QA-05", "gates", "defaults"})
_NEED_TASKS = _TEXTS | {"status", "features"}


def check_project(document: Path, checks: Collection[str], root: Path) -> CheckReport:
    """The report of the asked checks over a document and the project at ``root``."""
    try:
        policy = read_policy(root / _POLICY)
    except PolicyError as error:
        sentence = f"{error.key} {error.sentence}".strip()
        finding = Finding("policy", "POLICY_INVALID", Level.ERROR, None, None, sentence, error.file)
        return conclude([finding], tasks=0, readable=False)
    reading = read_roadmap_file(document, policy)
    findings = list(_of_document(reading, checks))
    readable, complete = reading.readable, True
    if reading.roadmap is not None and _TEXTS & set(checks):
        from pytest_roadmap.composition.quality import (  # noqa: PLC0415 - imports rapidfuzz
            UNJUDGED,
            check_texts,
        )

        findings += check_texts(reading.roadmap, reading.lines, policy, checks, root, document)
        complete = all(finding.code not in UNJUDGED for finding in findings)
    if reading.roadmap is not None and {"status", "features"} & set(checks):
        unknown = tuple(_unknown_tasks(reading.roadmap, policy)) if "status" in checks else ()
        found, judged = _of_project(reading.roadmap, policy, checks, root)
        complete = complete and judged
        findings += [*unknown, *found]
        readable = not unknown
    return conclude(findings, tasks=len(reading.rows), readable=readable, complete=complete)


def _of_document(reading: RoadmapReading, checks: Collection[str]) -> Iterator[Finding]:
    """The findings of the asked checks, and every error that keeps the document from being read."""
    for finding in reading.findings:
        asked = finding.check in checks or (finding.check == "structure" and "QA-04" in checks)
        needed = bool(_NEED_TASKS & set(checks)) or finding.check == "structure"
        if asked or (finding.level is Level.ERROR and needed):
            yield finding


def _unknown_tasks(roadmap: Roadmap, policy: Policy) -> Iterator[Finding]:
    """The tasks that only the policy knows: it is broken for this document (rules g)."""
    for task_id, key in policy.named_tasks().items():
        if task_id not in roadmap.by_id:
            yield Finding(
                "policy",
                "POLICY_UNKNOWN_TASK",
                Level.ERROR,
                task_id,
                None,
                f"{key} names {task_id}, which is no task of the document",
                _POLICY.as_posix(),
            )


def _of_project(
    roadmap: Roadmap, policy: Policy, checks: Collection[str], root: Path
) -> tuple[list[Finding], bool]:
    """What features and evidence show, and whether all of it could be judged."""
    from pytest_roadmap.cli._project import (  # noqa: PLC0415 - imports gherkin
        read_evidence,
        read_features,
    )

    features = read_features(root, roadmap)
    findings: list[Finding] = []
    complete = True
    if "features" in checks:
        findings += check_features(roadmap, features.texts, features.problems)
    if "status" in checks:
        now = datetime.now(UTC)
        project = read_evidence(root, roadmap, features, policy, now)
        found = tuple(check_status(roadmap, policy, project.evidence, now))
        findings += [*project.findings, *found]
        if "QA-02" in checks:
            findings += check_resources(roadmap, project.evidence.records)
        complete = project.complete and all(each.code != UNJUDGED for each in found)
    return findings, complete
