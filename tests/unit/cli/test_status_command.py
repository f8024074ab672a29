"""``roadmap status``: the derived word of every task beside the declared one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_roadmap.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.usefixtures("project")
def test_every_task_of_the_document_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """34 tasks, none of them with evidence."""
    assert main(["status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["task", "declared", "derived", "scenarios", "reason"]
    assert lines[-1] == "34 tasks: 34 NotStarted"


@pytest.mark.usefixtures("project")
def test_json_names_the_difference(capsys: pytest.CaptureFixture[str]) -> None:
    """The code of rules a.6."""
    assert main(["status", "--format", "json"]) == 0
    tasks = {each["task"]: each for each in json.loads(capsys.readouterr().out)["tasks"]}
    assert tasks["GOV-005"]["difference"] == "DECLARED_DONE_INVALID"
    assert tasks["SEC-003"]["difference"] is None
    assert tasks["SEC-004"]["difference"] == "BLOCK_UNPROVEN"


@pytest.mark.usefixtures("project")
def test_markdown_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Header, rule, 34 rows, remarks."""
    assert main(["status", "--format", "markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("| ") for line in lines) == 36
    assert lines[-1] == "- 34 tasks: 34 NotStarted"


def test_registered_blockers_block(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And those they hold up one hop further."""
    (project / ".roadmap" / "blockers.yaml").write_text(
        "- {task: SEC-004, code: external_team, condition: no vault, owner: Infra, "
        "since: 2020-01-01, review_by: 2999-01-01}\n",
        "utf-8",
    )
    main(["status", "--format", "json"])
    tasks = {each["task"]: each for each in json.loads(capsys.readouterr().out)["tasks"]}
    assert tasks["SEC-004"]["derived"] == "Blocked"
    assert tasks["SEC-004"]["blocks"] == [
        {"code": "external_team", "owner": "Infra", "detail": "no vault"}
    ]
    assert "SEC-004" in tasks["SEC-006"]["blocked_upstream"]


@pytest.mark.parametrize(
    ("name", "text"), [("policy.yaml", "{"), ("blockers.yaml", "{"), ("waivers.yaml", "a: b")]
)
def test_a_broken_file_ends_in_one_sentence(
    project: Path, capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    """On the error stream, with the file."""
    (project / ".roadmap" / name).write_text(text, "utf-8")

    assert main(["status"]) == 30
    printed = capsys.readouterr()
    assert printed.out == ""
    assert name in printed.err
    assert len(printed.err.splitlines()) == 1
