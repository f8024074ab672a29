"""``status``: the declared status of every task against the one that its evidence gives (a.6)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pytest_roadmap.domain.declared import compare_declared, why_not_done
from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.standing import Evidence, Standing, derive_standing
from pytest_roadmap.domain.status import DerivedTask
from pytest_roadmap.domain.task import Status, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.roadmap import Roadmap

CHECK = "status"
#: A finding of this code leaves the check inconclusive.
UNJUDGED = "RECORD_UNJUDGED"


def check_status(
    roadmap: Roadmap, policy: Policy, evidence: Evidence, now: datetime
) -> Iterator[Finding]:
    """One finding for each task whose declared status is not the derived one.

    Args:
        roadmap: the document's tasks.
        policy: which environment kinds count, and how long a record stays fresh.
        evidence: records, features and registered blockers of the project.
        now: the time at which age is measured, UTC.
    """
    standing = derive_standing(roadmap, policy, evidence, now)
    yield from _not_counted(roadmap, standing)
    for task_id, word in evidence.refused.items():
        if word == "TAMPERED" and task_id in roadmap.by_id:
            yield _finding(
                roadmap.task(task_id),
                "TAMPERED",
                Level.ERROR,
                "an evidence file of the task is not what its statement says",
            )
    for task in roadmap.tasks:
        yield from _compare(standing.derived[task.task_id], not_done_word(standing, task.task_id))


def not_done_word(standing: Standing, task_id: str) -> str:
    """Why the evidence of a task does not make it Done, in one word of rules a.6."""
    word = why_not_done(standing.derived[task_id]) if task_id in standing.counted else ""
    if word in ("", "NO_RECORD"):
        return standing.refused.get(task_id, "NO_RECORD")
    return word


def _not_counted(roadmap: Roadmap, standing: Standing) -> Iterator[Finding]:
    """Why the newest record of a task does not count, or what would let it be judged."""
    for task in roadmap.tasks:
        if task.task_id in standing.reasons:
            word, reason = standing.refused[task.task_id], standing.reasons[task.task_id]
            yield _finding(task, word, Level.WARNING, reason)
        if task.task_id in standing.unjudged:
            yield _finding(task, UNJUDGED, Level.WARNING, standing.unjudged[task.task_id])


def _finding(task: Task, code: str, level: Level, message: str) -> Finding:
    return Finding(CHECK, code, level, task.task_id, task.line, message)


def _compare(found: DerivedTask, detail: str) -> Iterator[Finding]:
    task = found.task
    comparison = compare_declared(task.status, found.status)
    if not comparison.code:
        return
    level = Level(comparison.level.value)
    if level is Level.ERROR:
        yield _finding(
            task,
            comparison.code,
            level,
            f"declared Done, but evidence gives {found.status}: {detail}; "
            f"the row may say {found.status}",
        )
        return
    if task.status is Status.BLOCKED and found.status is Status.NOT_STARTED:
        message = "declared Blocked, but no evidence and no registered blocker shows a block"
    else:
        message = f"declared {task.status}, but evidence gives {found.status}"
    yield _finding(task, comparison.code, level, message)
