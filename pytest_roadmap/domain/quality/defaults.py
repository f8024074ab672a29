"""``defaults``: what a roadmap takes for granted stays true of it (rules c.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.quality.qa05 import phase_number
from pytest_roadmap.domain.task import Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pytest_roadmap.domain.quality.qa05 import PhaseRow
    from pytest_roadmap.domain.roadmap import Roadmap
    from pytest_roadmap.domain.task import Task

CHECK = "defaults"
_BEGUN = (Status.IN_PROGRESS, Status.DONE)


def check_legacy_kept(
    rows: Sequence[PhaseRow], before: Sequence[Sequence[PhaseRow]]
) -> Iterator[Finding]:
    """The map of Legacy Phases is there, and holds every row that it held before.

    Args:
        rows: the map as it is.
        before: the map of each earlier version of the document, newest first.
    """
    if not rows:
        message = "the document has no table of Legacy Phases; its history must stay readable"
        yield Finding(CHECK, "LEGACY_MAP_GONE", Level.ERROR, None, None, message)
        return
    kept = {phase_number(row.phase) for row in rows}
    lost = {phase_number(row.phase): row.phase for version in before for row in version}
    for number, phase in lost.items():
        if number is not None and number not in kept:
            message = f"the Legacy map has lost its row {phase!r}"
            yield Finding(CHECK, "LEGACY_ROW_GONE", Level.ERROR, None, rows[0].line, message)


def check_backlog(roadmap: Roadmap, tag: str, first: Collection[str]) -> Iterator[Finding]:
    """No task behind the backlog gate has begun before the tasks that go first are Done.

    Args:
        roadmap: the tasks.
        tag: what marks a task of the backlog, wherever it stands in its row; empty for none.
        first: ids of the tasks that go first.
    """
    waiting = [task_id for task_id in first if _open(roadmap, task_id)]
    for task in roadmap.tasks if waiting and tag else ():
        if _carries(task, tag) and task.status in _BEGUN:
            message = f"it carries {tag} and is {task.status} before {', '.join(waiting)} is Done"
            yield Finding(CHECK, "BACKLOG_EARLY", Level.ERROR, task.task_id, task.line, message)


def _open(roadmap: Roadmap, task_id: str) -> bool:
    return task_id in roadmap.by_id and roadmap.task(task_id).status is not Status.DONE


def _carries(task: Task, tag: str) -> bool:
    texts = (task.dod, *(sub.text for sub in task.sub_tasks), *task.extra.values())
    return any(tag in text for text in texts)
