"""The roadmap document, read whole: its tasks, or everything that stands against them."""

from __future__ import annotations

import gc
import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_roadmap.adapters.document.blocks import Block, Heading, Table, read_blocks
from pytest_roadmap.adapters.document.hidden import Hidden, unread_lines
from pytest_roadmap.adapters.document.sections import Sections
from pytest_roadmap.adapters.document.tables import read_table
from pytest_roadmap.domain.quality.finding import Finding, Level, has_errors, in_document_order
from pytest_roadmap.domain.quality.qa04 import check_tasks, task_of
from pytest_roadmap.domain.roadmap import Roadmap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.quality.row import TaskRow, TaskTable

CHECK = "structure"
MAX_BYTES = 16 << 20
MAX_CELLS = 1_000_000
MAX_LINES = 400_000


@dataclass(frozen=True, slots=True)
class RoadmapReading:
    """What a document says.

    ``roadmap`` is None while any finding is an error. ``rows`` are the rows that could be read,
    each with its raw line; ``lines`` are the document's lines without their ends. ``readable`` is
    False when the file cannot be read as a roadmap at all.
    """

    roadmap: Roadmap | None
    findings: tuple[Finding, ...]
    rows: tuple[TaskRow, ...] = ()
    lines: tuple[str, ...] = ()
    readable: bool = True


def read_roadmap_file(path: Path, policy: Policy) -> RoadmapReading:
    """Read the roadmap document at this path; a file that cannot be read is a finding."""
    try:
        if not path.exists():
            return _unreadable("NO_FILE", f"there is no file {path}")
        if not path.is_file():
            return _unreadable("NOT_A_FILE", f"{path} is no regular file")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        return _unreadable("UNREADABLE", f"{str(path)!r} cannot be read: {error}")
    return read_roadmap(content, policy)


def read_roadmap(content: bytes, policy: Policy) -> RoadmapReading:
    """Read the bytes of a roadmap document; all problems are found at once.

    Args:
        content: the file as it is; UTF-8, with or without a byte order mark, any line ends.
        policy: the ids, levels, priorities and gates that exist.
    """
    if len(content) > MAX_BYTES:
        return _unreadable("TOO_LARGE", f"the document is larger than {MAX_BYTES} bytes")
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _unreadable("NOT_UTF8", f"the document is not UTF-8 (byte {error.start})", line)
    text = decoded.replace("\r\n", "\n").replace("\r", "\n")
    if text.count("|") > MAX_CELLS or text.count("\n") > MAX_LINES:
        return _unreadable(
            "TOO_LARGE", f"the document has more than {MAX_CELLS} cells or {MAX_LINES} lines"
        )
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    with _without_cycle_search():
        return _Reader(policy, text, digest).reading()


def _unreadable(code: str, message: str, line: int | None = None) -> RoadmapReading:
    finding = Finding(CHECK, code, Level.ERROR, None, line, message)
    return RoadmapReading(None, (finding,), readable=False)


@dataclass
class _Reader:
    policy: Policy
    text: str
    digest: str
    rows: list[TaskRow] = field(default_factory=list)
    tables: list[TaskTable] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    miscounted: bool = False

    def reading(self) -> RoadmapReading:
        lines = self.text.split("\n")
        blocks = tuple(read_blocks(self.text, lines))
        workstreams = self._read_tables(blocks, lines)
        self._report_hidden(blocks, lines)
        self.findings.extend(
            check_tasks(self.tables, self.rows, self.policy, frozenset(self.unread))
        )
        readable = bool(self.rows) or self.miscounted
        if not readable:
            self._add("NO_TASKS", None, None, "the document holds no task that can be read")
        findings = in_document_order(self.findings)
        roadmap = None
        if not has_errors(findings):
            tasks = tuple(task_of(row) for row in self.rows)
            roadmap = Roadmap(tasks, self.digest, workstreams)
        return RoadmapReading(roadmap, findings, tuple(self.rows), tuple(lines), readable=readable)

    def _add(self, code: str, task: str | None, line: int | None, message: str) -> None:
        self.findings.append(Finding(CHECK, code, Level.ERROR, task, line, message))

    def _read_tables(self, blocks: Iterable[Block], lines: list[str]) -> Mapping[str, str]:
        sections = Sections()
        for block in blocks:
            if isinstance(block, Heading):
                sections.enter(block)
            elif isinstance(block, Table) and not block.nested:
                reading = read_table(block, sections, lines, self.policy)
                if reading is None:
                    continue
                self.tables.append(reading.table)
                self.rows.extend(reading.rows)
                self.findings.extend(reading.findings)
                self.unread |= reading.unread_ids
                self.miscounted = self.miscounted or bool(reading.findings)
        return sections.workstreams

    def _report_hidden(self, blocks: Iterable[Block], lines: list[str]) -> None:
        places = {table.columns.index("task_id") for table in self.tables if _has_id(table)}
        for hidden in unread_lines(blocks, lines, self.policy, places or {0}):
            self._add(hidden.code, hidden.task or None, hidden.line, hidden.message)
            self.unread |= _ids(hidden)


def _has_id(table: TaskTable) -> bool:
    return "task_id" in table.columns


def _ids(hidden: Hidden) -> set[str]:
    return {hidden.task} if hidden.task else set()


@contextmanager
def _without_cycle_search() -> Iterator[None]:
    """No search for reference cycles meanwhile: there are none, and each pass walks every object.

    With it, ten times the tasks take twenty times as long.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
