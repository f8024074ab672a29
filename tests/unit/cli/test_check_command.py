"""``roadmap check``: verdicts, exit statuses and the JSON report."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_roadmap.cli import main
from tests.unit.cli.projects import GOOD_FEATURE, forget_named_tasks
from tests.unit.document.documents import REAL_DOCUMENT, document, row

if TYPE_CHECKING:
    from pathlib import Path


def small(project: Path, *rows: str) -> None:
    """Let the project's document have these rows only."""
    forget_named_tasks(project)
    (project / ".roadmap" / "implementation_roadmap.md").write_text(document(*rows), "utf-8")


def report(capsys: pytest.CaptureFixture[str], *args: str) -> dict[str, Any]:
    status = main(["check", "--format", "json", *args])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["exit_code"] == status
    return found


def codes(found: dict[str, Any], level: str = "error") -> list[tuple[str, str | None]]:
    return [(each["code"], each["task"]) for each in found["findings"] if each["level"] == level]


@pytest.mark.usefixtures("project")
class TestTheRealDocument:
    """The document as it is, without any evidence."""

    def test_it_passes_qa_04(self, capsys: pytest.CaptureFixture[str]) -> None:
        """34 tasks and no error."""
        found = report(capsys, "--document", str(REAL_DOCUMENT), "--only", "QA-04")

        assert (found["verdict"], found["exit_code"], found["tasks"]) == ("pass", 0, 34)
        assert list(found) == ["verdict", "exit_code", "tasks", "findings"]
        assert {tuple(each) for each in found["findings"]} == {
            ("check", "code", "level", "task", "line", "message")
        }

    def test_the_one_task_declared_done_has_no_record(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The error of rules a.6; eleven tasks are ahead and two blocks are unproven."""
        found = report(capsys, "--only", "status")

        assert found["exit_code"] == 20
        assert codes(found) == [("DECLARED_DONE_INVALID", "GOV-005")]
        assert "NO_RECORD" in found["findings"][-5]["message"] or any(
            "NO_RECORD" in each["message"] for each in found["findings"]
        )
        warned = codes(found, "warning")
        assert sum(code == "DECLARED_AHEAD" for code, _ in warned) == 11
        assert [task for code, task in warned if code == "BLOCK_UNPROVEN"] == ["SEC-004", "SEC-005"]

    def test_without_its_source_documents_qa_01_is_inconclusive(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Never a pass: the items of eleven documents are unknown, and no task is an orphan."""
        found = report(capsys, "--only", "QA-01")

        assert (found["verdict"], found["exit_code"]) == ("inconclusive", 22)
        assert codes(found) == []
        assert codes(found, "warning") == [("SOURCE_UNREAD", None)] * 11

    def test_several_checks_are_joined_by_commas(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Findings of both come in one report."""
        found = report(capsys, "--only", "QA-04,status")

        assert {each["check"] for each in found["findings"]} == {"QA-04", "status"}

    def test_no_choice_means_every_check(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The checks of tasks, texts, status and features."""
        found = report(capsys)

        assert {each["check"] for each in found["findings"]} == {
            *("QA-01", "QA-02", "QA-03", "QA-04", "QA-05", "gates", "status", "features")
        }

    def test_a_task_without_feature_is_no_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        """It is only not run."""
        found = report(capsys, "--only", "features")

        assert found["verdict"] == "pass"
        assert len(codes(found, "info")) == 34

    def test_the_text_ends_with_the_verdict(self, capsys: pytest.CaptureFixture[str]) -> None:
        """And names file and line of each finding."""
        assert main(["check", "--only", "QA-04"]) == 0
        lines = capsys.readouterr().out.splitlines()

        assert lines[-1] == "PASS: 34 tasks, 0 error(s), 6 warning(s), 5 info(s)"
        assert lines[0].startswith(".roadmap/implementation_roadmap.md:63: warning: QA-04 ")


def test_qa_04_looks_at_nothing_but_the_document(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Broken features, evidence and blockers beside it change nothing."""
    (project / "features").mkdir()
    (project / "features" / "x.feature").write_text("no gherkin", "utf-8")
    (project / ".roadmap" / "blockers.yaml").write_text("{", "utf-8")

    assert report(capsys, "--only", "QA-04")["verdict"] == "pass"


def test_a_finding_that_fails_gives_20(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its line and task."""
    small(project, row("SEC-001", dod="TBD"))

    found = report(capsys, "--only", "QA-04")

    assert (found["verdict"], found["exit_code"], found["tasks"]) == ("fail", 20, 1)
    assert [(each["task"], each["line"]) for each in found["findings"]] == [("SEC-001", 9)]


@pytest.mark.parametrize("only", ["QA-04", "structure", "status", "features"])
def test_a_document_that_is_no_roadmap_gives_30(
    project: Path, capsys: pytest.CaptureFixture[str], only: str
) -> None:
    """Whatever is asked."""
    (project / "x.md").write_bytes(b"\xff\x00")

    found = report(capsys, "--only", only, "--document", "x.md")

    assert (found["verdict"], found["exit_code"], found["tasks"]) == ("invalid", 30, 0)


@pytest.mark.parametrize("name", [".", "absent.md", "x" * 5000, "/dev/null", "\udcff.md"])
@pytest.mark.usefixtures("project")
def test_a_path_that_is_no_document_gives_30(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Directory, missing, impossible or special file."""
    assert report(capsys, "--document", name)["exit_code"] == 30


def test_a_missing_or_broken_policy_gives_30(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing can be judged without it."""
    policy = project / ".roadmap" / "policy.yaml"
    policy.write_text("schema: other\n", "utf-8")
    broken = report(capsys, "--only", "QA-04")
    policy.unlink()
    missing = report(capsys)

    assert [each["verdict"] for each in (broken, missing)] == ["invalid", "invalid"]
    assert codes(missing) == [("POLICY_INVALID", None)]


def test_a_policy_that_names_tasks_the_document_lacks_gives_30(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For status, which needs gates and kinds; QA-04 does not ask."""
    (project / "small.md").write_text(document(row()), "utf-8")

    assert report(capsys, "--document", "small.md", "--only", "QA-04")["exit_code"] == 0
    assert report(capsys, "--document", "small.md", "--only", "status")["exit_code"] == 30


@pytest.mark.parametrize("only", ["QA-99", "", "QA-04,", "qa-04"])
@pytest.mark.usefixtures("project")
def test_an_unknown_check_is_a_usage_error(capsys: pytest.CaptureFixture[str], only: str) -> None:
    """The choices are named."""
    assert main(["check", "--only", only]) == 2
    assert (
        "QA-01, QA-02, QA-03, QA-04, QA-05, gates, defaults, structure, status, features"
        in capsys.readouterr().err
    )


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """It lists the command."""
    assert main(["--help"]) == 0
    assert "check" in capsys.readouterr().out


def test_no_command_is_a_usage_error() -> None:
    """Exit status 2, as everywhere."""
    assert main([]) == 2


class TestFeatures:
    """``--only features`` on a document of one task."""

    @pytest.fixture(autouse=True)
    def _one_task(self, project: Path) -> None:
        small(project, row("SEC-001"))
        (project / "features" / "sec").mkdir(parents=True)
        self.path = project / "features" / "sec" / "SEC-001.feature"

    def check(self, capsys: pytest.CaptureFixture[str], text: str) -> dict[str, Any]:
        self.path.write_text(text, "utf-8")
        return report(capsys, "--only", "features")

    def test_a_feature_that_covers_and_quotes_passes(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Nothing is found."""
        assert self.check(capsys, GOOD_FEATURE)["findings"] == []

    @pytest.mark.parametrize(
        ("code", "old", "new"),
        [
            ("DOD_NOT_QUOTED", "모든 값이 일치", "모든 값이 거의 일치"),
            ("DOD_NOT_QUOTED", "  모든 값이 일치\n", ""),
            ("SUB_TASK_NOT_QUOTED", "2) 둘", "2) 두 번째"),
            ("SUB_TASK_NOT_QUOTED", "    2) 둘\n", ""),
            ("SUB_TASK_NOT_QUOTED", "@sub-2", "@sub-3"),
            ("SUB_TASK_UNCOVERED", "@sub-2 @RO @required", "@sub-2 @RO"),
            ("SUB_TASK_UNCOVERED", "@sub-2 ", ""),
            ("NO_NUMBER", "@S2 ", ""),
            ("UNKNOWN_TASK", "@SEC-001", "@SEC-002"),
        ],
    )
    def test_what_is_uncovered_or_misquoted_fails(
        self, capsys: pytest.CaptureFixture[str], code: str, old: str, new: str
    ) -> None:
        """Named with the file."""
        found = self.check(capsys, GOOD_FEATURE.replace(old, new, 1))

        assert found["exit_code"] == 20
        assert code in {each for each, _ in codes(found)}
        assert all("features/sec/SEC-001.feature" in e["message"] for e in found["findings"][:1])

    def test_a_second_feature_of_a_task_fails(self, capsys: pytest.CaptureFixture[str]) -> None:
        """One task has one feature."""
        (self.path.parent / "SEC-001b.feature").write_text(GOOD_FEATURE, "utf-8")

        assert codes(self.check(capsys, GOOD_FEATURE)) == [("SECOND_FEATURE", "SEC-001")]

    def test_a_scenario_without_mode_or_then_is_a_warning(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It can be run, but hardly judged."""
        text = GOOD_FEATURE.replace("@S2 @sub-2 @RO", "@S2 @sub-2").replace("Then b", "Given b")

        assert [code for code, _ in codes(self.check(capsys, text), "warning")] == [
            "NO_MODE",
            "NO_THEN",
        ]

    def test_blanks_do_not_break_a_quotation(self, capsys: pytest.CaptureFixture[str]) -> None:
        """White space is collapsed before texts are compared."""
        text = GOOD_FEATURE.replace("모든 값이 일치", "모든  값이\n  일치")

        assert self.check(capsys, text)["findings"] == []


class TestStatus:
    """``--only status`` beside blockers and evidence."""

    def blockers(self, project: Path, text: str) -> None:
        small(project, row("SEC-001", status="Blocked"))
        (project / "features").mkdir()
        (project / "features" / "a.feature").write_text(GOOD_FEATURE, "utf-8")
        (project / ".roadmap" / "blockers.yaml").write_text(text, "utf-8")

    def test_a_registered_blocker_proves_a_block(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The declared word stands."""
        self.blockers(
            project,
            "- {task: SEC-001, code: licence, condition: none bought, owner: Infra, "
            "since: 2020-01-01, review_by: 2999-01-01}\n",
        )

        assert report(capsys, "--only", "status")["findings"] == []

    @pytest.mark.parametrize(
        "text",
        [
            "{",
            "a: b",
            "- {task: SEC-001}",
            "- x",
            "- {task: SEC-001, code: 1, condition: a, owner: b, since: x, review_by: y}",
            "- {task: SEC-001, code: c, condition: a, owner: b, since: x, review_by: y}",
        ],
    )
    def test_unreadable_blockers_leave_the_status_open(
        self, project: Path, capsys: pytest.CaptureFixture[str], text: str
    ) -> None:
        """Inconclusive: nobody can say whether the block is real."""
        self.blockers(project, text)

        found = report(capsys, "--only", "status")

        assert (found["verdict"], found["exit_code"]) == ("inconclusive", 22)
        assert "BLOCKERS_UNREADABLE" in {each["code"] for each in found["findings"]}

    def test_an_evidence_name_the_store_cannot_keep_is_a_warning(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The document is in order, yet no record can be found under that name."""
        path = f"`.agents/logs/verification/20260212_{'x' * 200}.log`"
        small(project, row("SEC-001", evidence_path=path))

        assert codes(report(capsys, "--only", "status"), "warning") == [("NO_SLOT", "SEC-001")]


def test_a_reader_that_goes_away_is_no_crash(project: Path) -> None:
    """The pipe is closed before the report is written."""
    script = "import sys; from pytest_roadmap.cli import main; sys.exit(main(['check']))"
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()

    assert (process.wait(), complaint) == (141, b"")
