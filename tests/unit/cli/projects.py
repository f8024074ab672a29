"""A small project on disk: its one feature, and a policy that fits any document."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

GOOD_FEATURE = """@SEC-001
Feature: One
  모든 값이 일치

  @S1 @sub-1 @RO @required
  Scenario: First
    1) 하나

    Then a

  @S2 @sub-2 @RO @required
  Scenario: Second
    2) 둘

    Then b
"""


def forget_named_tasks(project: Path) -> None:
    """Let the policy name no task, so that it fits any document."""
    path = project / ".roadmap" / "policy.yaml"
    lines = [line for line in path.read_text("utf-8").split("\n") if "CUT-007: [re" not in line]
    for index, line in enumerate(lines):
        before, found, after = line.partition("never_waive: [")
        kept = f"{before}{found}{after[after.index(']') :]}" if found else line
        before, found, after = kept.partition("signoff_task: ")
        lines[index] = before + after.partition(", ")[2] if found else kept
        if line.lstrip().startswith("conditions: {"):
            lines[index] = "}"
        if line.lstrip().startswith("backlog: {"):
            lines[index] = "}"
        if line.startswith("task_kinds"):
            lines[index] = "task_kinds: {}"
        if line.startswith("slots"):
            lines[index] = ""
    path.write_text("\n".join(lines), "utf-8")
