"""Tables of derived tasks as text, Markdown and plain values, for every command alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_roadmap.domain.declared import compare_declared
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.reasons import reason_of
from pytest_roadmap.domain.task_table import HEADER, aligned, task_cells

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pytest_roadmap.domain.status import DerivedTask


def text_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows under the usual header, side by side."""
    return aligned([HEADER, *rows])


def markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as a GFM table."""
    rule = ["---"] * len(HEADER)
    return [_markdown_row(row) for row in (HEADER, rule, *rows)]


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def status_cells(found: DerivedTask, without_feature: Collection[str]) -> tuple[str, ...]:
    """One task as cells of the table."""
    task_id = found.task.task_id
    return task_cells(found, task_id, reason_of(found), no_feature=task_id in without_feature)


def plain_task(found: DerivedTask) -> dict[str, Any]:
    """One task as JSON values; ``difference`` is the code of declared against derived."""
    task = found.task
    return {
        "task": task.task_id,
        "gate": task.target_gate,
        "priority": task.priority,
        "declared": task.status.value,
        "derived": found.status.value,
        "difference": compare_declared(task.status, found.status).code or None,
        "flags": [flag.value for flag in found.flags],
        "reason": reason_of(found),
        "scenarios": {word.value: found.counts[word] for word in Outcome},
        "blocks": [
            {"code": each.code, "owner": each.owner, "detail": each.detail} for each in found.blocks
        ],
        "blocked_upstream": list(found.blocked_upstream),
    }
