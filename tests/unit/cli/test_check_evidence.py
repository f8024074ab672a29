"""``roadmap check --only status`` beside real records in the evidence folder."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_roadmap.adapters.evidence.store import EvidenceStore
from pytest_roadmap.cli._checks import check_project
from pytest_roadmap.domain.quality.finding import Level
from pytest_roadmap.domain.roadmap import dod_digest
from pytest_roadmap.domain.validity import EMBEDDED_SCHEMA, REAL_SCHEMA
from tests.unit.cli.projects import GOOD_FEATURE, forget_named_tasks
from tests.unit.cli.provable import bind, judged, live, prove, proven, publish
from tests.unit.document.documents import document, read, row
from tests.unit.domain_cases import record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_roadmap.domain.evidence import Record
    from pytest_roadmap.domain.quality.report import CheckReport
    from pytest_roadmap.domain.task import Task

FOLDER = Path(".agents/logs/verification")
BOTH = {"SEC-001.S1": "pass", "SEC-001.S2": "pass"}


class World:
    """A project of one task that is declared Done, whose records can be valid by every rule."""

    def __init__(self, root: Path) -> None:
        self.root = root
        forget_named_tasks(root)
        (root / "features").mkdir()
        (root / "judged.md").write_text("# Judged\n", "utf-8")
        bind(root)
        self.declare("L1")

    def declare(self, level: str, feature: str = GOOD_FEATURE) -> None:
        """Let the task be of this level, with this feature."""
        root, self.feature, self.level = self.root, feature, level
        text = document(row(status="Done", verification_level=level), block="Done")
        (root / ".roadmap" / "implementation_roadmap.md").write_text(text, "utf-8")
        (root / "features" / "a.feature").write_text(feature, "utf-8")
        prove(root, BOTH)
        self.commit = publish(root)
        roadmap = read(text).roadmap
        assert roadmap is not None
        self.task: Task = roadmap.tasks[0]

    def record(
        self, words: dict[str, str], *, kind: str = "dev", days: int = 0, number: int = 1
    ) -> Record:
        made = record(number, words, kind=kind, task_id="SEC-001")
        shift = datetime.now(UTC) - timedelta(days=days, minutes=5) - made.ended
        feature = "sha256:" + hashlib.sha256(self.feature.encode()).hexdigest()
        scenarios = tuple(
            replace(
                each,
                started=each.started + shift,
                ended=each.ended + shift,
                feature_digest=feature,
                controls=proven(self.commit),
            )
            for each in made.scenarios
        )
        documents = {"inputs": [judged(self.root, "judged.md")]}
        return replace(
            made,
            dod_digest=dod_digest(self.task),
            started=made.started + shift,
            ended=made.ended + shift,
            scenarios=scenarios,
            state_id="s-1" if kind == "embedded" else None,
            runner={"git_commit": self.commit, "tree_clean": True},
            facts=documents if self.level == "L1" else documents | live(kind),
        )

    def write(self, made: Record, schema: str = REAL_SCHEMA) -> Path:
        return EvidenceStore(self.root / FOLDER, schema=schema).write(made, (), self.task)

    def report(self) -> CheckReport:
        document_path = self.root / ".roadmap" / "implementation_roadmap.md"
        return check_project(document_path, ("status",), self.root)


@pytest.fixture
def world(project: Path) -> World:
    return World(project)


def errors(report: CheckReport) -> Iterable[str]:
    return [f"{each.code}: {each.message}" for each in report.findings if each.level is Level.ERROR]


def test_a_task_with_a_fresh_record_of_every_required_scenario_is_done(world: World) -> None:
    """The declared word stands, and nothing is left to say."""
    world.write(world.record(BOTH))

    report = world.report()

    assert (report.verdict.value, report.findings) == ("pass", ())


@pytest.mark.parametrize(
    ("words", "days", "detail"),
    [
        ({"SEC-001.S1": "pass"}, 0, "NO_RECORD"),
        ({**BOTH, "SEC-001.S2": "fail"}, 0, "FAILING"),
        (BOTH, 400, "STALE"),
    ],
)
def test_declared_done_needs_fresh_passes_only(
    world: World, words: dict[str, str], days: int, detail: str
) -> None:
    """Else the finding says which rule is broken."""
    world.write(world.record(words, days=days))

    found = list(errors(world.report()))

    assert [each.partition(":")[0] for each in found] == ["DECLARED_DONE_INVALID"]
    assert detail in found[0]


def test_a_record_for_another_dod_does_not_count(world: World) -> None:
    """DOD_CHANGED."""
    world.write(replace(world.record(BOTH), dod_digest="sha256:" + "1" * 64))

    assert "DOD_CHANGED" in next(iter(errors(world.report())))


def test_an_embedded_record_never_counts(world: World) -> None:
    """Even where somebody put it among the real ones."""
    world.write(world.record(BOTH, kind="embedded"), EMBEDDED_SCHEMA)

    assert "EMBEDDED_ONLY" in next(iter(errors(world.report())))


def test_a_changed_evidence_file_is_tampered(world: World) -> None:
    """The statement beside it tells."""
    path = world.write(world.record(BOTH))
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")

    found = list(errors(world.report()))

    assert [each.partition(":")[0] for each in found] == ["TAMPERED", "DECLARED_DONE_INVALID"]


@pytest.mark.parametrize(
    ("mode", "days", "verdict"),
    [("RO", 20, "pass"), ("RO", 40, "fail"), ("NOTIFY", 40, "pass"), ("NOTIFY", 100, "fail")],
)
def test_state_stays_fresh_for_30_days_and_events_for_90(
    world: World, mode: str, days: int, verdict: str
) -> None:
    """The limits of the policy for a live check; documents have one of their own."""
    world.declare("L3", GOOD_FEATURE.replace("@RO", f"@{mode}"))
    world.write(world.record(BOTH, kind="prod", days=days))

    assert world.report().verdict.value == verdict


def test_an_environment_kind_that_the_level_does_not_ask_for_does_not_count(world: World) -> None:
    """A live check in dev is no evidence."""
    world.declare("L3")
    world.write(world.record(BOTH, kind="dev"))

    assert world.report().verdict.value == "fail"


def test_a_record_of_a_task_that_is_gone_is_passed_over(world: World) -> None:
    """It belongs to no row."""
    own = world.record(BOTH)
    scenarios = tuple(
        replace(each, scenario_id=each.scenario_id.replace("SEC-001", "SEC-002"))
        for each in own.scenarios
    )
    made = replace(own, task_id="SEC-002", scenarios=scenarios)
    store = EvidenceStore(world.root / FOLDER, schema=REAL_SCHEMA)
    store.write(made, (), replace(world.task, task_id="SEC-002"))

    assert "NO_RECORD" in next(iter(errors(world.report())))
