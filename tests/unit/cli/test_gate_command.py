"""``roadmap gate``: verdicts from records alone, with all a review is told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pytest_roadmap.adapters.document.waivers import read_waivers
from pytest_roadmap.adapters.evidence.attest import create_attestation, sign_attestation
from pytest_roadmap.adapters.evidence.keys import generate_key, public_key_pem
from pytest_roadmap.adapters.evidence.signers import signer_entry
from pytest_roadmap.cli import main
from pytest_roadmap.domain.validity import EMBEDDED_SCHEMA
from tests.unit.cli.projects import GOOD_FEATURE, forget_named_tasks
from tests.unit.cli.test_check_evidence import BOTH, World
from tests.unit.document.documents import document, row

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC)
BLOCKER = (
    "- {{task: SEC-001, code: licence, condition: none bought, owner: Infra, "
    "since: 2020-01-01, review_by: {until}}}\n"
)


def small(project: Path, *rows: str) -> None:
    """Let the project's document have these rows only, and SEC-001 a feature."""
    forget_named_tasks(project)
    (project / ".roadmap" / "implementation_roadmap.md").write_text(document(*rows), "utf-8")
    (project / "features").mkdir()
    (project / "features" / "a.feature").write_text(GOOD_FEATURE, "utf-8")
    with_sources(project)


def with_sources(project: Path) -> None:
    """Let git track what the rows refer to, an item for each, so that no quality check fails."""
    (project / ".specs").mkdir()
    text = (project / ".roadmap" / "implementation_roadmap.md").read_text("utf-8")
    ids = re.findall(r"^\| ([A-Z]+-\d{3}) ", text, re.MULTILINE)
    items = (f"- [ ] {each}의 일 <!-- roadmap: {each} -->\n" for each in ids)
    (project / ".specs" / "a.md").write_text("# A\n\n" + "".join(items), "utf-8")
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    subprocess.run(["git", "add", ".specs"], cwd=project, check=True)


def report(capsys: pytest.CaptureFixture[str], *args: str) -> dict[str, Any]:
    status = main(["gate", "G1", "--format", "json", *args])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["exit_code"] == status
    return found


class TestAnOpenTask:
    """One P0 task without a record."""

    @pytest.fixture(autouse=True)
    def _one_task(self, project: Path) -> None:
        small(project, row("SEC-001"))

    def test_without_records_a_gate_is_incomplete(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Nobody has looked yet."""
        found = report(capsys)

        assert (found["verdict"], found["exit_code"]) == ("INCOMPLETE", 22)
        assert "1 of 1 counted tasks not Done: SEC-001" in found["reason"]
        assert found["evidence_horizon"] is None

    def test_a_registered_blocker_is_shown_with_its_owner(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It blocks the gate."""
        path = project / ".roadmap" / "blockers.yaml"
        path.write_text(BLOCKER.format(until="2999-01-01"), "utf-8")

        found = report(capsys)

        assert (found["verdict"], found["exit_code"]) == ("BLOCKED", 21)
        assert found["root_blockers"] == [
            {"task": "SEC-001", "code": "licence", "owner": "Infra", "detail": "none bought"}
        ]

    def test_an_overdue_blocker_is_reported_and_ignored(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Past its review date it blocks nothing."""
        path = project / ".roadmap" / "blockers.yaml"
        path.write_text(BLOCKER.format(until="2020-02-01"), "utf-8")

        found = report(capsys)

        assert found["verdict"] == "INCOMPLETE"
        assert found["remarks"][0].startswith("BLOCK_STALE SEC-001: ")

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("blockers.yaml", "- {task: SEC-001}"),
            ("waivers.yaml", "- {id: W-1}"),
            ("signers.yaml", "{"),
            ("policy.yaml", "x: 1"),
        ],
    )
    def test_a_broken_file_makes_the_gate_invalid(
        self, project: Path, capsys: pytest.CaptureFixture[str], name: str, text: str
    ) -> None:
        """The file is named in one sentence."""
        (project / ".roadmap" / name).write_text(text, "utf-8")

        found = report(capsys)

        assert (found["verdict"], found["exit_code"]) == ("INVALID", 30)
        assert name in found["reason"]

    def test_a_gate_nobody_knows_is_a_usage_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The gates of the policy are named."""
        assert main(["gate", "G9"]) == 2
        assert "choose from G1, G2, G3, G4" in capsys.readouterr().err

    def test_markdown_holds_the_same_table(self, capsys: pytest.CaptureFixture[str]) -> None:
        """For a pull request."""
        assert main(["gate", "G1", "--format", "markdown"]) == 22
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "## G1 INCOMPLETE"
        assert lines[2] == "| task | declared | derived | scenarios | reason |"
        assert lines[4].startswith("| SEC-001 | NotStarted | NotStarted | 2 not_run |")

    def test_the_text_ends_with_the_verdict(self, capsys: pytest.CaptureFixture[str]) -> None:
        """As a run prints it, without an environment."""
        main(["gate", "G1"])
        assert capsys.readouterr().out.splitlines()[-1].startswith("G1 INCOMPLETE (22): ")


class TestRecords:
    """One task with a record of its two scenarios."""

    @pytest.fixture
    def world(self, project: Path) -> World:
        with_sources(project)
        return World(project)

    def test_a_fresh_record_makes_the_task_done(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Valid by every rule, so that nothing about it stays open."""
        world.write(world.record(BOTH))

        found = report(capsys)

        assert found["tasks"][0]["derived"] == "Done"
        assert "SEC-001" not in found["reason"]
        assert (found["remarks"], found["oldest_evidence_age_d"]) == ([], 0)

    def test_a_failing_scenario_fails_the_gate(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Whatever else is open."""
        world.write(world.record({**BOTH, "SEC-001.S2": "fail"}))

        assert report(capsys)["exit_code"] == 20

    def test_tampered_evidence_makes_the_gate_invalid(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A word changed by hand."""
        path = world.write(world.record(BOTH))
        path.write_text(path.read_text("utf-8").replace("pass", "fail"), "utf-8")

        found = report(capsys)

        assert (found["verdict"], found["exit_code"]) == ("INVALID", 30)
        assert "tampered evidence: SEC-001" in found["reason"]

    def test_embedded_records_are_ignored_and_counted(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """They prove the check, never the task."""
        world.write(world.record(BOTH, kind="embedded"), EMBEDDED_SCHEMA)

        found = report(capsys)

        assert found["embedded_records_ignored"] == 1
        assert found["tasks"][0]["derived"] == "NotStarted"

    def test_a_gate_review_asks_for_fresher_state_than_done(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Read-only state: seven days at a review, thirty afterwards (rules d.7)."""
        world.declare("L3")
        world.write(world.record(BOTH, kind="prod", days=10))

        assert report(capsys)["tasks"][0]["flags"] == ["STALE_ONLY", "STALE"]
        assert main(["status", "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out)["tasks"][0]["derived"] == "Done"


WAIVER = f"""\
- id: W-1
  gate: G1
  task: SEC-001
  scope: []
  reason: the freeze ends only next month
  risk: configs may drift
  compensation: compared by hand
  requested_by: {{role: Ops, name: kim@corp}}
  approved_by: [{{role: Platform, name: lee@corp, attestation: AT-1}}]
  created: {(NOW - timedelta(days=2)).date()}
  expires: {(NOW + timedelta(days=20)).date()}
"""


class TestWaivers:
    """One P1 task that somebody asks to pass over."""

    @pytest.fixture(autouse=True)
    def _waived(self, project: Path) -> None:
        small(project, row("SEC-001", priority="P1", owner="Data Eng"))
        (project / ".roadmap" / "waivers.yaml").write_text(WAIVER, "utf-8")

    def sign(self, project: Path, **changed: Any) -> None:
        """Lee approves with a registered key."""
        key = generate_key()
        entry = signer_entry(
            "lee@corp", ("Platform",), public_key_pem(key), valid_from=NOW - timedelta(days=30)
        )
        (project / ".roadmap" / "signers.yaml").write_text(yaml.safe_dump([entry]), "utf-8")
        (waiver,) = read_waivers(project / ".roadmap" / "waivers.yaml", {"SEC-001"}, {"G1"})
        fields: dict[str, Any] = {
            "attestation_id": "AT-1",
            "purpose": "waiver-approved",
            "subject_name": "waiver W-1",
            "subject_digest": waiver.subject_digest,
            "role": "Platform",
            "person": "lee@corp",
            "signed_at": NOW - timedelta(hours=1),
            "task": "SEC-001",
            "gate": "G1",
            **changed,
        }
        folder = project / ".roadmap" / "attestations"
        folder.mkdir()
        sign_attestation(folder, create_attestation(**fields), key)

    def test_a_signed_waiver_lets_the_gate_pass_over_its_task(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The task keeps its own word."""
        self.sign(project)

        found = report(capsys)

        assert found["waivers"] == [{"id": "W-1", "task": "SEC-001", "used": True, "note": ""}]
        assert found["tasks"][0]["waived_by"] == "W-1"
        assert found["tasks"][0]["derived"] == "NotStarted"
        assert "not Done" not in found["reason"]

    def test_an_approval_of_another_text_is_none(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Its digest is recomputed, never read."""
        self.sign(project, subject_digest="sha256:" + "0" * 64)

        found = report(capsys)

        assert found["waivers"] == []
        assert found["remarks"][0].startswith("WAIVER_INVALID W-1 (SEC-001): ATTESTATION: ")

    def test_without_signers_nothing_is_approved(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The missing file is named."""
        assert ".roadmap/signers.yaml" in report(capsys)["remarks"][0]


@pytest.mark.usefixtures("project")
def test_the_real_document_without_evidence_is_not_open(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Ten tasks are counted by G1, 22 by G4."""
    counted = {}
    for gate in ("G1", "G4"):
        assert main(["gate", gate, "--format", "json"]) in (20, 22)
        counted[gate] = len(json.loads(capsys.readouterr().out)["tasks"])
    assert counted == {"G1": 10, "G4": 22}


def test_no_cloud_sdk_is_imported(project: Path) -> None:
    """Records are files."""
    script = (
        "import sys; from pytest_roadmap.cli import main; main(['gate', 'G1']); "
        "sys.exit(any(name.split('.')[0] in ('azure', 'databricks', 'duckdb', 'pytest') "
        "for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=project, check=False)
    assert done.returncode == 0


def test_tampered_evidence_in_a_slot_of_the_policy_belongs_to_its_task(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """GOV-005 is its own source, so that its records lie elsewhere (rules a.6)."""
    folder = project / ".agents" / "logs" / "verification"
    folder.mkdir(parents=True)
    (folder / "20260212_gov_legacy_mapping.md").write_text("---\nschema: roadmap-evidence/1\n---\n")

    found = report(capsys)

    assert (found["verdict"], found["exit_code"]) == ("INVALID", 30)
    assert "tampered evidence: GOV-005" in found["reason"]
