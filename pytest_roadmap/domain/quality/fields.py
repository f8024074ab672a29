"""QA-04, row by row: the fields of one task are present and in range (rules c.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.domain.markup import fold, hidden_characters, unwrap_code
from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.quality.row import (
    REQUIRED_COLUMNS,
    SUB_TASK_COLUMNS,
    Block,
    TaskRow,
    TaskTable,
)
from pytest_roadmap.domain.quality.values import (
    empty_fault,
    evidence_fault,
    evidence_slot,
    is_slot_path,
)
from pytest_roadmap.domain.task import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_roadmap.domain.policy import Policy

CHECK = "QA-04"
STRUCTURE = "structure"
_STATUSES = tuple(status.value for status in Status)


def check_table(table: TaskTable) -> Iterator[Finding]:
    """What the header of a task table lacks, has twice, or misspells."""
    yield from _missing_columns(table)
    yield from _sub_task_columns(table)
    seen: set[str] = set()
    for name in table.columns:
        key = _meant(name)
        if key in seen:
            message = f"the table has the column {name!r} twice"
            yield _of_table(table, STRUCTURE, "DUPLICATE_COLUMN", message)
        seen.add(key)
        if hidden := hidden_characters(name):
            message = f"the column name {name!r} holds {', '.join(hidden)}"
            yield _of_table(table, STRUCTURE, "HIDDEN_CHARACTER", message)


def _meant(name: str) -> str:
    return fold(name).casefold()


def _of_table(table: TaskTable, check: str, code: str, message: str) -> Finding:
    return Finding(check, code, Level.ERROR, None, table.line, message)


def _missing_columns(table: TaskTable) -> Iterator[Finding]:
    near = {_meant(name): name for name in table.columns}
    for name in REQUIRED_COLUMNS:
        if name not in table.columns:
            slip = near.get(_meant(name))
            hint = f"; its column {slip!r} is not that name" if slip else ""
            message = f"the table has no column {name}{hint}"
            yield _of_table(table, CHECK, "MISSING_COLUMN", message)


def _sub_task_columns(table: TaskTable) -> Iterator[Finding]:
    meant = {_meant(name) for name in SUB_TASK_COLUMNS}
    found = [name for name in table.columns if _meant(name) in meant]
    if len(found) > 1 or set(found) - set(SUB_TASK_COLUMNS):
        message = f"one column {SUB_TASK_COLUMNS[0]} is meant, not {', '.join(map(repr, found))}"
        yield _of_table(table, CHECK, "SUB_TASK_COLUMN", message)


def check_row(row: TaskRow, policy: Policy) -> Iterator[Finding]:
    """Everything QA-04 has to say about one row by itself."""
    yield from _hidden(row)
    yield from _empty(row)
    yield from _task_id(row, policy)
    yield from _ranges(row, policy)
    yield from _block(row)
    for fault in row.depends_on_faults:
        yield _error(row, fault.code, f"depends_on {fault.message}")
    yield from _sub_tasks(row)
    yield from _evidence(row, policy)


def _finding(row: TaskRow, check: str, code: str, level: Level, message: str) -> Finding:
    return Finding(check, code, level, row.task_id or None, row.line, message)


def _error(row: TaskRow, code: str, message: str) -> Finding:
    return _finding(row, CHECK, code, Level.ERROR, message)


def _hidden(row: TaskRow) -> Iterator[Finding]:
    if "&" not in row.raw and not hidden_characters(row.raw):
        return
    named = ((name, hidden_characters(text)) for name, text in row.cells.items())
    found = [(name, hidden) for name, hidden in named if hidden]
    # Markdown trims some of them off the edge of a cell; a tab there is only padding.
    if not found and (hidden := hidden_characters(row.raw.replace("\t", " "))):
        found = [("the row", hidden)]
    for name, hidden in found:
        yield _finding(
            row,
            STRUCTURE,
            "HIDDEN_CHARACTER",
            Level.ERROR,
            f"{name} holds {', '.join(hidden)}",
        )


def _empty(row: TaskRow) -> Iterator[Finding]:
    for name in REQUIRED_COLUMNS:
        if name != "depends_on" and (text := row.cells.get(name)) is not None:
            fault = empty_fault(unwrap_code(text))
            if fault:
                yield _error(row, fault.code, f"{name} {fault.message}")


def _task_id(row: TaskRow, policy: Policy) -> Iterator[Finding]:
    written = row.cells.get("task_id")
    if not written:
        return
    if policy.is_task_id(written):
        prefix = written.rpartition("-")[0]
        code = row.table.workstream.removeprefix("WS-")
        if prefix and code and not f"{prefix}-".startswith(f"{code}-"):
            yield _error(
                row,
                "WRONG_WORKSTREAM",
                f"{written} stands in the section of {row.table.workstream}",
            )
        return
    meant = fold(written)
    if policy.is_task_id(meant):
        yield _error(
            row, "MALFORMED_ID", f"the task_id {written!r} must be written as plain {meant}"
        )
    else:
        yield _error(
            row, "MALFORMED_ID", f"the task_id {written!r} does not match {policy.task_id_pattern}"
        )


def _ranges(row: TaskRow, policy: Policy) -> Iterator[Finding]:
    allowed: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("status", "UNKNOWN_STATUS", _STATUSES),
        ("priority", "UNKNOWN_PRIORITY", tuple(policy.priorities)),
        ("verification_level", "UNKNOWN_LEVEL", policy.levels),
        ("target_gate", "UNKNOWN_GATE", tuple(policy.gates)),
    )
    for name, code, values in allowed:
        text = row.cells.get(name)
        if text is not None and text not in values and not empty_fault(text):
            yield _error(row, code, f"{name} is {text!r}, not one of {', '.join(values)}")


def _block(row: TaskRow) -> Iterator[Finding]:
    status = row.cells.get("status")
    if status not in _STATUSES:
        return
    if row.table.block is Block.DONE and status != Status.DONE:
        yield _error(row, "WRONG_BLOCK", f"status is {status} but the row stands under Done")
    elif row.table.block is Block.OPEN and status == Status.DONE:
        yield _error(row, "WRONG_BLOCK", "status is Done but the row stands among the open tasks")


def _sub_tasks(row: TaskRow) -> Iterator[Finding]:
    column = row.table.sub_task_column
    if column is None:
        return
    if empty_fault(row.cells[column]):
        if row.cells.get("status") != Status.DONE:
            yield _error(row, "SUB_TASKS_MISSING", "an unfinished task needs numbered sub-tasks")
        return
    for fault in row.sub_task_faults:
        yield _error(row, fault.code, f"{column} {fault.message}")


def _evidence(row: TaskRow, policy: Policy) -> Iterator[Finding]:
    cell = row.cells.get("evidence_path")
    if cell is None or empty_fault(unwrap_code(cell)):
        return
    fault = evidence_fault(cell, row.cells.get("source_doc", ""))
    if fault:
        yield _error(row, fault.code, f"evidence_path {fault.message}")
        return
    path = unwrap_code(cell)
    if not is_slot_path(path):
        yield _finding(
            row,
            CHECK,
            "SELF_REFERENCE",
            Level.WARNING,
            f"evidence_path is the task's own source {path!r}; Done still needs a record",
        )
        return
    yield from _slot_remarks(row, path, policy)


def _slot_remarks(row: TaskRow, path: str, policy: Policy) -> Iterator[Finding]:
    prefix = row.task_id.rpartition("-")[0].lower().replace("-", "_")
    if prefix and not evidence_slot(path).startswith(f"{prefix}_"):
        yield _finding(
            row,
            CHECK,
            "EVIDENCE_PREFIX",
            Level.WARNING,
            f"the evidence file's name does not begin with {prefix}_",
        )
    level = row.cells.get("verification_level")
    if path.endswith(".md") and level == policy.levels[-1]:
        yield _finding(
            row,
            CHECK,
            "LIVE_CHECK_DOCUMENT",
            Level.INFO,
            f"the evidence of a live check ({level}) is a document, not a log",
        )
