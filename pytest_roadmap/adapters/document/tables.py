"""Rows of task tables: told from other tables by their header, read by column name."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_roadmap.adapters.document.lines import row_task_id
from pytest_roadmap.domain.markup import fold
from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.quality.row import REQUIRED_COLUMNS, TaskRow, TaskTable, read_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_roadmap.adapters.document.blocks import Row, Table
    from pytest_roadmap.adapters.document.sections import Sections
    from pytest_roadmap.domain.policy import Policy

_CHECK = "QA-04"
_TELLING_COLUMNS = 5
_FOLDED_COLUMNS = frozenset(fold(name).casefold() for name in REQUIRED_COLUMNS)
_FOLDED_ID = fold("task_id").casefold()


@dataclass(frozen=True, slots=True)
class TableReading:
    """A task table, its readable rows, and the findings on the others."""

    table: TaskTable
    rows: tuple[TaskRow, ...]
    findings: tuple[Finding, ...]
    unread_ids: frozenset[str]


def is_task_table(table: Table) -> bool:
    """Whether the header means task fields, be it with a slip in some of the names."""
    folded = {fold(name).casefold() for name in table.columns}
    return _FOLDED_ID in folded or len(folded & _FOLDED_COLUMNS) >= _TELLING_COLUMNS


def read_table(
    table: Table, sections: Sections, lines: list[str], policy: Policy
) -> TableReading | None:
    """The rows of a task table; None when the table holds no tasks."""
    if not is_task_table(table):
        return None
    columns = tuple(unicodedata.normalize("NFC", name) for name in table.columns)
    head = TaskTable(table.line, columns, sections.section, sections.workstream, sections.block)
    rows: list[TaskRow] = []
    findings: list[Finding] = []
    unread: set[str] = set()
    for row in table.rows:
        if row.cell_count == len(columns):
            cells = _cells(columns, row)
            rows.append(read_row(head, row.line, lines[row.line - 1], cells, policy))
            continue
        task_id = _broken_id(columns, row, lines[row.line - 1], policy)
        unread |= {task_id} - {""}
        findings.append(_miscounted(row, len(columns), task_id))
    return TableReading(head, tuple(rows), tuple(findings), frozenset(unread))


def _cells(columns: tuple[str, ...], row: Row) -> dict[str, str]:
    """The cells by column; of a column that stands twice the first, which is a finding anyway."""
    cells: dict[str, str] = {}
    for name, text in zip(columns, row.cells, strict=True):
        cells.setdefault(name, text)
    return cells


def _broken_id(columns: tuple[str, ...], row: Row, line: str, policy: Policy) -> str:
    place = columns.index("task_id") if "task_id" in columns else 0
    written = row.cells[place]
    return written if policy.is_task_id(written) else row_task_id(line, policy, {place}) or ""


def _miscounted(row: Row, expected: int, task_id: str) -> Finding:
    return Finding(
        _CHECK,
        "CELL_COUNT",
        Level.ERROR,
        task_id or None,
        row.line,
        f"the row has {row.cell_count} cells, its header {expected}; "
        "write a pipe inside a cell as \\|",
    )


def table_lines(table: Table) -> Iterator[int]:
    """The 1-based lines a table covers: header, delimiter and rows."""
    yield table.line
    yield table.line + 1
    for row in table.rows:
        yield row.line
