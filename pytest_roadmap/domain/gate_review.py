"""A gate as its sign-off task sees it: every area Done on fresh evidence, and approved for good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pytest_roadmap.domain.gate_rows import GateRow
from pytest_roadmap.domain.signoff import (
    REJECT,
    Approval,
    ApprovalEntry,
    SignoffText,
    decision_problems,
    log_problems,
    signature_problems,
)


@dataclass(frozen=True, slots=True)
class ReviewedTask:
    """A counted task with the file its status rests on.

    ``file_problems`` say why an evidence file of the task cannot be used, ``changed`` which
    documents are others than its newest record judged.
    """

    row: GateRow
    file_problems: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateReview:
    """A gate judged by the records on disk, without its sign-off task; ``areas`` are its list."""

    gate: str
    areas: Mapping[str, tuple[str, ...]]
    tasks: tuple[ReviewedTask, ...]


@dataclass(frozen=True, slots=True)
class SignoffReview:
    """The sign-off document of a gate with what was found about it; None where there is none.

    ``earlier`` are the log entries of every commit so far.
    """

    gate: str
    roles: tuple[str, ...]
    signoff: SignoffText | None = None
    approval: Approval | None = None
    earlier: tuple[ApprovalEntry, ...] = field(default_factory=tuple)


class GateReviewPort(Protocol):
    """Gates and their sign-off documents, as records and repository show them."""

    def evaluate(self, gate: str) -> GateReview:
        """The gate without its sign-off task, from the records on disk.

        Raises:
            BlockedError: the policy has no such gate.
        """

    def signoff(self, gate: str) -> SignoffReview:
        """The newest sign-off document of the gate."""


def area_problems(review: GateReview) -> Iterator[str]:
    """Why the checklist is not complete on fresh evidence."""
    known = {task.row.task_id: task for task in review.tasks}
    if not review.areas:
        yield f"the policy names no area of {review.gate}: gates.{review.gate}.conditions"
    named: set[str] = set()
    for area, task_ids in review.areas.items():
        for task_id in task_ids:
            named.add(task_id)
            task = known.get(task_id)
            if task is None:
                yield f"{area}: {task_id} is not counted by {review.gate}"
            elif not task.row.done:
                yield f"{area}: {task_id} is {task.row.result.status}: {task.row.reason}"
    for task in review.tasks:
        if task.row.task_id not in named and task.row.open:
            yield f"{task.row.task_id} is {task.row.result.status}: {task.row.reason}"
        yield from _evidence_problems(task)


def _evidence_problems(task: ReviewedTask) -> Iterator[str]:
    name = task.row.task_id
    yield from (f"{name}: {problem}" for problem in task.file_problems)
    yield from (f"{name}: {path} has changed since it was judged" for path in task.changed)


def approval_problems(review: SignoffReview, gate: GateReview) -> Iterator[str]:
    """Why no final entry approves the gate as it stands."""
    signoff, approval = review.signoff, review.approval
    if signoff is None or approval is None:
        yield f"there is no sign-off document of {review.gate}"
        return
    yield from signoff.problems
    yield from decision_problems(signoff, signoff.verdict, review.roles)
    if signoff.decision is not None and signoff.decision.decision == REJECT:
        yield f"section 7: the meeting rejected {review.gate}"
    yield from signature_problems(signoff, approval)
    yield from log_problems(signoff, approval, review.earlier)
    for task in gate.tasks:
        yield from (
            f"{review.gate} is open again: {path}, which {task.row.task_id} judged, has changed"
            for path in task.changed
        )
