"""Small roadmap documents for tests, built from rows with sensible cells."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_roadmap.adapters.document import RoadmapReading, read_policy, read_roadmap
from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.quality.row import REQUIRED_COLUMNS

if TYPE_CHECKING:
    from pytest_roadmap.domain.policy import Policy

PROJECT = Path(__file__).parents[3]
REAL_DOCUMENT = PROJECT / ".roadmap" / "implementation_roadmap.md"
SUB = "세부 태스크"
COLUMNS = (*REQUIRED_COLUMNS, SUB)


@cache
def policy() -> Policy:
    return read_policy(PROJECT / ".roadmap" / "policy.yaml")


def cells(task_id: str = "SEC-001", **changed: str) -> dict[str, str]:
    """The cells of a good row; sub-tasks go by ``sub``."""
    name = task_id.lower().replace("-", "_")
    values = {
        "task_id": task_id,
        "status": "NotStarted",
        "priority": "P0",
        "depends_on": "-",
        "source_doc": "`.specs/a.md`",
        "dod": "모든 값이 일치",
        "verification_level": "L1",
        "evidence_path": f"`.agents/logs/verification/20260212_{name}.md`",
        "owner": "Platform",
        "target_gate": "G1",
        SUB: "1) 하나<br>2) 둘",
    }
    values.update({SUB if key == "sub" else key: value for key, value in changed.items()})
    return values


def line(values: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> str:
    return "| " + " | ".join(values[name] for name in columns) + " |"


def row(task_id: str = "SEC-001", **changed: str) -> str:
    return line(cells(task_id, **changed))


def header(columns: tuple[str, ...] = COLUMNS) -> str:
    return "| " + " | ".join(columns) + " |\n|" + "---|" * len(columns)


HEAD_LINES = 7
"""The first row of `document` stands at this line plus two."""


def document(*rows: str, heading: str = "### 3.1 WS-SEC (Security)", block: str = "미완료") -> str:
    top = f"# 로드맵\n\n{heading}\n\n#### {block}\n\n"
    return top + "\n".join([header(), *rows]) + "\n\n끝.\n"


def read(text: str | bytes) -> RoadmapReading:
    return read_roadmap(text.encode() if isinstance(text, str) else text, policy())


def errors(text: str | bytes) -> list[Finding]:
    return [each for each in read(text).findings if each.level is Level.ERROR]


def codes(text: str | bytes) -> set[str]:
    return {each.code for each in errors(text)}
