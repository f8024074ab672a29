"""One line for each task: what it declares, what evidence derives, and why."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from pytest_roadmap.domain.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_roadmap.domain.status import DerivedTask

HEADER = ("task", "declared", "derived", "scenarios", "reason")
_GAP = "  "


def task_cells(found: DerivedTask, name: str, reason: str, *, no_feature: bool) -> tuple[str, ...]:
    """The cells of one task under ``HEADER``; a task without feature measures nothing yet."""
    flags = "".join(f" {flag}" for flag in found.flags)
    return (
        name,
        found.task.status.value,
        f"{found.status.value}{flags}",
        Outcome.NOT_RUN.value if no_feature else _counts(found),
        _without_feature(found, reason) if no_feature else reason,
    )


def _without_feature(found: DerivedTask, reason: str) -> str:
    return f"no feature yet; {reason}" if found.blocks or found.blocked_by else "no feature yet"


def _counts(found: DerivedTask) -> str:
    counts = found.counts
    return ", ".join(f"{counts[word]} {word.value}" for word in Outcome if counts[word]) or "none"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns side by side, wide characters counted twice; the last column runs free."""
    columns = range(len(rows[0]) - 1)
    widths = [max(_width(row[column]) for row in rows) for column in columns]
    return [_GAP.join([*map(_padded, row[:-1], widths), row[-1]]).rstrip() for row in rows]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
