"""QA-04: every task is complete and in range; and the tasks, once nothing stands against them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.domain.markup import unwrap_code
from pytest_roadmap.domain.quality.fields import CHECK, check_row, check_table
from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.quality.graph import check_graph
from pytest_roadmap.domain.quality.row import (
    REQUIRED_COLUMNS,
    SUB_TASK_COLUMNS,
    TaskRow,
    TaskTable,
)
from pytest_roadmap.domain.task import Status, Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_roadmap.domain.policy import Policy


def check_tasks(
    tables: Sequence[TaskTable],
    rows: Sequence[TaskRow],
    policy: Policy,
    unread_ids: frozenset[str] = frozenset(),
) -> Iterator[Finding]:
    """Everything to say about the task tables and their rows, at once.

    Args:
        tables: every task table, with or without rows.
        rows: the rows that could be read.
        policy: the values that are in range.
        unread_ids: task ids on lines reported as unreadable.
    """
    first_of: dict[int, TaskRow] = {}
    for row in rows:
        first_of.setdefault(row.table.line, row)
    named = any(table.workstream for table in tables)
    for table in tables:
        yield from check_table(table)
        if named and not table.workstream:
            yield _outside(table, first_of.get(table.line))
        yield from _without_sub_tasks(table, first_of.get(table.line))
    for row in rows:
        yield from check_row(row, policy)
    yield from check_graph(rows, policy, unread_ids)


def _outside(table: TaskTable, first: TaskRow | None) -> Finding:
    message = "the table stands in no workstream, while other tables do"
    task_id = first.task_id or None if first else None
    return Finding(CHECK, "NO_WORKSTREAM", Level.ERROR, task_id, table.line, message)


def _without_sub_tasks(table: TaskTable, first: TaskRow | None) -> Iterator[Finding]:
    if table.sub_task_column is None and first is not None:
        yield Finding(
            CHECK,
            "NO_SUB_TASK_COLUMN",
            Level.WARNING,
            first.task_id or None,
            table.line,
            f"the table has no column {SUB_TASK_COLUMNS[0]}, so its tasks have no sub-tasks",
        )


def task_of(row: TaskRow) -> Task:
    """The task of a row against which no check has an error."""
    cells = row.cells
    known = (*REQUIRED_COLUMNS, row.table.sub_task_column)
    return Task(
        task_id=cells["task_id"],
        status=Status(cells["status"]),
        priority=cells["priority"],
        depends_on=row.depends_on,
        source_doc=cells["source_doc"],
        dod=cells["dod"],
        verification_level=cells["verification_level"],
        evidence_path=unwrap_code(cells["evidence_path"]),
        owner=cells["owner"],
        target_gate=cells["target_gate"],
        sub_tasks=row.sub_tasks,
        section=row.table.section,
        workstream=row.table.workstream,
        line=row.line,
        extra={name: text for name, text in cells.items() if name not in known},
    )
