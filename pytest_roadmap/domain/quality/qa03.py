"""QA-03: every ``source_doc`` names a tracked file, and a place that is in it (rules c.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pytest_roadmap.domain.quality.finding import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pytest_roadmap.domain.roadmap import Roadmap
    from pytest_roadmap.domain.task import Task

CHECK = "QA-03"
_REFERENCE = re.compile(r"`([^`#]+)(?:#([^`#]+))?`(?:\s*\(([^()`]+)\))?")


@dataclass(frozen=True, slots=True)
class Reference:
    """One part of a ``source_doc`` cell; ``section`` and ``tag`` are empty where not given."""

    path: str
    section: str
    tag: str


class UnjudgedError(Exception):
    """Whether a path is tracked cannot be said; the message is a sentence."""


class Sources(Protocol):
    """The source documents of the project."""

    def path_problem(self, path: str) -> str | None:
        """Why the path names no tracked file; raises ``UnjudgedError`` where git cannot tell."""
        ...

    def has_section(self, path: str, section: str) -> bool:
        """Whether the file has the heading, section number or key."""
        ...

    def has_tag(self, path: str, tag: str) -> bool:
        """Whether the file has the milestone or decision."""
        ...

    def renumbered(self, path: str, section: str) -> str:
        """The number and title that the section has now, where an earlier version had it so."""
        ...


def read_references(cell: str) -> Iterator[Reference | str]:
    """The references of a cell; a part that is none comes as its text."""
    for part in cell.split(","):
        match = _REFERENCE.fullmatch(part.strip())
        yield Reference(match[1], match[2] or "", match[3] or "") if match else part.strip()


def check_references(
    roadmap: Roadmap, sources: Sources, listed: Collection[str]
) -> Iterator[Finding]:
    """Everything wrong with the references of every task.

    Args:
        roadmap: the tasks.
        sources: answers for the files.
        listed: the paths of the document's own list of references; empty if it has none.
    """
    unlisted: set[str] = set()
    for task in roadmap.tasks:
        for reference in read_references(task.source_doc):
            if isinstance(reference, str):
                message = f"{reference!r} is no reference such as `docs/plan.md#3` (M1)"
                yield _finding("REF_SYNTAX", task, message)
                continue
            yield from _check(task, reference, sources)
            if listed and reference.path not in listed and reference.path not in unlisted:
                unlisted.add(reference.path)
                message = f"{reference.path} is not in the document's list of references"
                yield _finding("REF_NOT_LISTED", task, message, Level.WARNING)


def _check(task: Task, reference: Reference, sources: Sources) -> Iterator[Finding]:
    path = reference.path
    try:
        problem = sources.path_problem(path)
    except UnjudgedError as error:
        yield _finding("REF_UNJUDGED", task, f"{path}: {error}", Level.WARNING)
        return
    if problem is not None:
        yield _finding("REF_PATH", task, f"{path!r}: {problem}")
        return
    if reference.section and not sources.has_section(path, reference.section):
        now = sources.renumbered(path, reference.section)
        moved = f"; its heading may be #{now} now" if now else ""
        message = f"{path} has no section #{reference.section}{moved}"
        yield _finding("REF_SECTION", task, message)
    if reference.tag and not sources.has_tag(path, reference.tag):
        message = f"{path} has no milestone or decision ({reference.tag})"
        yield _finding("REF_TAG", task, message)


def _finding(code: str, task: Task, message: str, level: Level = Level.ERROR) -> Finding:
    return Finding(CHECK, code, level, task.task_id, task.line, message)
