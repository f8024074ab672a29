"""Write status cells into the bytes of a roadmap document, and change nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_roadmap.adapters.document.reader import read_roadmap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.quality.row import TaskRow
    from pytest_roadmap.domain.task import Status

#: The line ends of the reader; no other character of Unicode ends a line here.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_BOM = "\ufeff"


class StatusEditError(Exception):
    """The status of a task cannot be written without changing something else."""


def edit_statuses(content: bytes, statuses: Mapping[str, Status], policy: Policy) -> bytes:
    """The document with other words in the status cells of these tasks.

    All other bytes stay: line ends, byte order mark, spacing, escaped pipes. The result was read
    again and says the same as before, but for these statuses.

    Raises:
        StatusEditError: the document cannot be read, a task is not in it, or the edited document
            would say something else or be wrong, such as Done among the open tasks.
    """
    before = read_roadmap(content, policy)
    if before.roadmap is None:
        raise StatusEditError("the document has errors; roadmap check lists them")
    rows = {row.task_id: row for row in before.rows}
    lines = _LINE.findall(content.decode("utf-8"))
    for task_id, status in statuses.items():
        if task_id not in rows:
            raise StatusEditError(f"{task_id}: the document has no such task")
        row = rows[task_id]
        lines[row.line - 1] = _with_status(row, lines[row.line - 1], status)
    edited = "".join(lines).encode("utf-8")
    _compare(content, edited, statuses, policy)
    return edited


def _with_status(row: TaskRow, line: str, status: Status) -> str:
    """The line with this word in place of the one in its status cell."""
    start, end = cell_span(line, row.table.columns.index("status"))
    old = row.cells["status"]
    if line[start:end].strip() != old:
        raise StatusEditError(f"{row.task_id}: the status cell is not written as plain text")
    cell = line[start:end]
    at = start + len(cell) - len(cell.lstrip())
    return line[:at] + status.value + line[at + len(old) :]


def cell_span(line: str, column: int) -> tuple[int, int]:
    """Where a cell of a table row stands: between its pipes, spaces included.

    A first pipe parts nothing; a row may go without outer pipes. A pipe after a backslash belongs
    to its cell (GFM).
    """
    first = len(line) - len(line.lstrip(_BOM + " \t"))
    pipes = [
        place
        for place, char in enumerate(line)
        if char == "|" and (place == 0 or line[place - 1] != "\\")
    ]
    outer = pipes[:1] == [first]
    edges = [*pipes, len(line)] if outer else [first - 1, *pipes, len(line)]
    return edges[column] + 1, edges[column + 1]


def _compare(content: bytes, edited: bytes, statuses: Mapping[str, Status], policy: Policy) -> None:
    """Read both documents again; they differ in these statuses or the edit is refused."""
    before, after = read_roadmap(content, policy), read_roadmap(edited, policy)
    if after.roadmap is None:
        found = next(each for each in after.findings if each.level.value == "error")
        raise StatusEditError(f"{found.task or 'the document'}: {found.message}")
    for old, new in zip(before.rows, after.rows, strict=True):
        status = statuses.get(old.task_id)
        wanted = dict(old.cells) if status is None else {**old.cells, "status": status.value}
        if wanted != dict(new.cells) or old.line != new.line:
            raise StatusEditError(f"{old.task_id}: the edit would change more than its status")
