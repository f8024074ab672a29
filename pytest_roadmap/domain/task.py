"""What one row of a task table says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Status(StrEnum):
    """The status of a task, declared by the document or derived from evidence."""

    NOT_STARTED = "NotStarted"
    IN_PROGRESS = "InProgress"
    BLOCKED = "Blocked"
    DONE = "Done"


@dataclass(frozen=True, slots=True)
class SubTask:
    """One numbered part of a task: ``1) …``."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Task:
    """One task with the fields of the document, spelled as there.

    ``dod`` and the sub-task texts keep the cell's Markdown (code spans included), with escaped
    pipes unescaped. ``line`` is 1-based. ``extra`` holds cells of columns that are not known.
    """

    task_id: str
    status: Status
    priority: str
    depends_on: tuple[str, ...]
    source_doc: str
    dod: str
    verification_level: str
    evidence_path: str
    owner: str
    target_gate: str
    sub_tasks: tuple[SubTask, ...]
    section: str
    workstream: str
    line: int
    extra: Mapping[str, str] = field(default_factory=dict)
