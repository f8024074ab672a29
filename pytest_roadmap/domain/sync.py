"""Which declared statuses may be replaced by the derived ones, and why the others stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_roadmap.domain.quality.row import Block, TaskRow
from pytest_roadmap.domain.task import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_roadmap.domain.standing import Standing


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """The statuses to write by task id, in document order, and a sentence for each that stays."""

    changes: Mapping[str, Status]
    kept: tuple[str, ...]


def plan_sync(rows: Iterable[TaskRow], standing: Standing) -> SyncPlan:
    """Compare every row with its derived status.

    Done is written only where the newest evidence is valid by every rule: neither refused, nor
    still to be judged.
    """
    changes: dict[str, Status] = {}
    kept: list[str] = []
    for row in rows:
        found = standing.derived[row.task_id]
        if found.task.status is found.status:
            continue
        words = f"{row.task_id} declares {found.task.status}, evidence gives {found.status}"
        reason = _refusal(row, found.status, standing)
        if reason:
            kept.append(f"{words}: {reason}")
        else:
            changes[row.task_id] = found.status
    return SyncPlan(changes, tuple(kept))


def _refusal(row: TaskRow, status: Status, standing: Standing) -> str:
    task_id = row.task_id
    if status is Status.DONE:
        if task_id in standing.refused:
            return f"some of its evidence is refused ({standing.refused[task_id]})"
        if task_id in standing.unjudged:
            return f"its newest record cannot be judged: {standing.unjudged[task_id]}"
        if row.table.block is Block.OPEN:
            return "move its row to the Done table first"
    elif row.table.block is Block.DONE:
        return "move its row to the table of open tasks first"
    return ""
