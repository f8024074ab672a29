"""A row of a task table as written, before anything is judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pytest_roadmap.domain.quality.values import (
    Fault,
    empty_fault,
    read_depends_on,
    read_sub_tasks,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.task import SubTask

REQUIRED_COLUMNS = (
    "task_id",
    "status",
    "priority",
    "depends_on",
    "source_doc",
    "dod",
    "verification_level",
    "evidence_path",
    "owner",
    "target_gate",
)
"""The ten fields that every task has, in the order of the document's convention."""

SUB_TASK_COLUMNS = ("세부 태스크", "sub_tasks")
"""The names of the column that holds the numbered sub-tasks; a table may lack it."""


class Block(StrEnum):
    """Which part of a workstream a table stands in, by its heading."""

    DONE = "done"
    OPEN = "open"
    UNNAMED = ""


@dataclass(frozen=True, slots=True)
class TaskTable:
    """A table of tasks; ``line`` is that of its header, ``columns`` are NFC names in order."""

    line: int
    columns: tuple[str, ...]
    section: str
    workstream: str
    block: Block

    @property
    def sub_task_column(self) -> str | None:
        """The name of the sub-task column, if the table has one."""
        return next((name for name in SUB_TASK_COLUMNS if name in self.columns), None)


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One row: the text of each cell by column, escaped pipes unescaped; ``raw`` is the line.

    ``depends_on`` and ``sub_tasks`` are what could be read of those cells, with what is wrong in
    the rest; both are empty where the table has no such column.
    """

    table: TaskTable
    line: int
    raw: str
    cells: Mapping[str, str]
    depends_on: tuple[str, ...] = ()
    depends_on_faults: tuple[Fault, ...] = ()
    sub_tasks: tuple[SubTask, ...] = ()
    sub_task_faults: tuple[Fault, ...] = ()

    @property
    def task_id(self) -> str:
        """The id as written, empty where the table has no such column."""
        return self.cells.get("task_id", "")


def read_row(
    table: TaskTable, line: int, raw: str, cells: Mapping[str, str], policy: Policy
) -> TaskRow:
    """The row with its composed cells read, each once."""
    depends_on, depends_on_faults = read_depends_on(cells.get("depends_on", "-"), policy)
    sub_tasks: tuple[SubTask, ...] = ()
    sub_task_faults: tuple[Fault, ...] = ()
    column = table.sub_task_column
    if column is not None and not empty_fault(cells[column]):
        sub_tasks, sub_task_faults = read_sub_tasks(cells[column])
    return TaskRow(
        table, line, raw, cells, depends_on, depends_on_faults, sub_tasks, sub_task_faults
    )
