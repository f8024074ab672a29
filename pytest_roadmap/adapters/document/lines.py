"""Single lines of a document: cells of a line that looks like a table row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.domain.markup import fold
from pytest_roadmap.domain.task import Status

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_roadmap.domain.policy import Policy

_CONTAINER_MARKS = " \t>-*+"
_LONGEST_ID = 80
_FEW = 4
_MANY = 6
_STATUSES = frozenset(status.value for status in Status)


def count_cells(line: str) -> int:
    """How many cells the line of a table row has as written.

    A pipe after a backslash belongs to its cell, inside code spans too; any other pipe parts
    cells, inside code spans too (GFM). A first and a last pipe part nothing.
    """
    bare = line.strip(" \t>") if line.lstrip()[:1] == ">" else line.strip()
    pipes = bare.count("|") - bare.count("\\|")
    leading = bare.startswith("|")
    trailing = bare.endswith("|") and not bare.endswith("\\|")
    return pipes + 1 - leading - trailing


def split_cells(line: str) -> list[str]:
    """The cells of a line that looks like a table row, marks of a quote or list removed."""
    cells = [""]
    for part in line.strip(_CONTAINER_MARKS).split("|"):
        if cells[-1].endswith("\\"):
            cells[-1] = f"{cells[-1][:-1]}|{part}"
        else:
            cells.append(part)
    cells = cells[1:]
    if cells and not cells[0].strip():
        cells = cells[1:]
    if cells and not cells[-1].strip():
        cells = cells[:-1]
    return [cell.strip() for cell in cells]


def row_task_id(line: str, policy: Policy, id_places: Collection[int]) -> str | None:
    """The task id of a line that looks like a row of a task table, else None.

    The id is what the cell means, full-width letters and marks folded away. It is the empty
    string when the line is a row by its other cells but shows no id where tables have theirs.

    Args:
        line: the raw line.
        policy: tells ids and priorities.
        id_places: the positions of the ``task_id`` column in the document's tables.
    """
    if line.count("|") < _FEW - 2:
        return None
    cells = split_cells(line)
    if len(cells) < _FEW:
        return None
    folded = [fold(cell) if len(cell) <= _LONGEST_ID else "" for cell in cells]
    ids = [_as_id(cell, policy) for cell in folded]
    for place in id_places:
        if place < len(ids) and ids[place]:
            return ids[place]
    if any(ids):
        return ""
    values = set(folded)
    if len(cells) >= _MANY and values & _STATUSES and values & set(policy.priorities):
        return ""
    return None


def _as_id(cell: str, policy: Policy) -> str:
    return next((each for each in (cell, cell.upper()) if policy.is_task_id(each)), "")
