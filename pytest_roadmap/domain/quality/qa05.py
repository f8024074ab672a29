"""QA-05: every numbered Legacy Phase of the text resolves by the document's own map (rules c.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_roadmap.domain.quality.finding import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pytest_roadmap.domain.roadmap import Roadmap
    from pytest_roadmap.domain.task import Task

CHECK = "QA-05"
MAX_PHASES = 1000
"""How many phases one range may name; a longer one is no range of phases."""

_NUMBER = r"(\d{1,9})(?![A-Za-z0-9_]|\.\d)"
_MENTION = re.compile(
    r"(?<![A-Za-z0-9_/.\-])(?:Legacy\s+)?(?:Phase|페이즈)\s*[-_]?\s*"
    + _NUMBER
    + r"(?:\s*[~–-]\s*(?:Phase\s*)?"  # noqa: RUF001 - people write ranges with an en dash
    + _NUMBER
    + ")?",
    re.IGNORECASE | re.ASCII,
)
_TARGET = re.compile(r"\s*(WS-[A-Z0-9]+)\s*(?:\(([^()]*)\))?\s*(?:,|$)")
_MILESTONE = re.compile(r"\(\s*(M\d+)\s*\)", re.ASCII)
_MILESTONE_SPEC = re.compile(r"M(\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class TextLine:
    """Running text of the document, without code spans, link targets and fences."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """One row of the Legacy map: its first cell, as text, and its second, the targets."""

    line: int
    phase: str
    targets: str


@dataclass(frozen=True, slots=True)
class Mention:
    """The phases ``first`` to ``last`` that a text names; equal for a single one."""

    first: int
    last: int


def mentions(text: str) -> Iterator[Mention]:
    """The numbered phases of a text; a bare "Phase" is generic and no mention."""
    for match in _MENTION.finditer(text):
        first = int(match[1])
        yield Mention(first, int(match[2]) if match[2] else first)


def check_phases(
    roadmap: Roadmap, text: Sequence[TextLine], rows: Sequence[PhaseRow]
) -> Iterator[Finding]:
    """Everything to say about mentions, map rows and the tasks in no or in several phases."""
    if not rows:
        message = "the document has no table of Legacy Phases"
        yield Finding(CHECK, "NO_PHASE_MAP", Level.WARNING, None, None, message)
    members: dict[int, frozenset[str]] = {}
    for row in rows:
        number = phase_number(row.phase)
        if number is None:
            yield _finding("PHASE_ROW", row.line, f"the row {row.phase!r} names no one phase")
            continue
        if number in members:
            yield _finding("PHASE_TWICE", row.line, f"Phase {number} has a row already")
        found, faults = resolve_targets(row.targets, roadmap)
        for fault in faults:
            yield _finding("PHASE_TARGET", row.line, f"Phase {number}: {fault}")
        members[number] = members.get(number, frozenset()) | found
    for each in text:
        for mention in mentions(each.text):
            yield from _unmapped(mention, each.line, members.keys())
    if members:
        yield from _coverage(roadmap, members)


def phase_number(phase: str) -> int | None:
    """The one phase that the first cell of a map row names; None where it names none or several."""
    found = tuple(mentions(phase))
    return found[0].first if len(found) == 1 and found[0].first == found[0].last else None


def _finding(code: str, line: int | None, message: str) -> Finding:
    return Finding(CHECK, code, Level.ERROR, None, line, message)


def _unmapped(mention: Mention, line: int, known: Collection[int]) -> Iterator[Finding]:
    first, last = mention.first, mention.last
    if not 0 <= last - first < MAX_PHASES:
        message = f"Phase {first}~{last} is no range of phases"
        yield _finding("PHASE_RANGE", line, message)
        return
    for number in range(first, last + 1):
        if number not in known:
            yield _finding("PHASE_UNMAPPED", line, f"Phase {number} has no row in the Legacy map")


def resolve_targets(cell: str, roadmap: Roadmap) -> tuple[frozenset[str], tuple[str, ...]]:
    """The ids of the tasks a cell of targets names, and what in it does not resolve."""
    found: set[str] = set()
    faults: list[str] = []
    place = 0
    while place < len(cell) or not cell:
        match = _TARGET.match(cell, place)
        if match is None or match.end() == place:
            faults.append(f"{cell[place:].strip()!r} is no target such as WS-SEC(SEC-001~SEC-002)")
            break
        tasks = tuple(task for task in roadmap.tasks if task.workstream == match[1])
        if not tasks:
            faults.append(f"{match[1]} is no workstream with tasks")
        elif match[2] is None:
            found |= {task.task_id for task in tasks}
        else:
            for spec in match[2].split(","):
                ids = _of_spec(spec.strip(), tasks)
                found |= ids
                if not ids:
                    faults.append(f"{match[1]}({spec.strip()}) names what no task there answers to")
        place = match.end()
    return frozenset(found), tuple(faults)


def _of_spec(spec: str, tasks: Sequence[Task]) -> frozenset[str]:
    """The tasks of a workstream a spec names; none where an end of it does not exist."""
    first, tilde, last = (part.strip() for part in spec.partition("~"))
    ends = (first, last if tilde else first)
    numbers = [_MILESTONE_SPEC.fullmatch(end) for end in ends]
    if numbers[0] and numbers[1]:
        low, high = int(numbers[0][1]), int(numbers[1][1])
        places = {task.task_id: int(mark[1:]) for task in tasks for mark in milestones(task)}
        if not {low, high} <= set(places.values()):
            return frozenset()
        return frozenset(task_id for task_id, at in places.items() if low <= at <= high)
    ids = sorted(task.task_id for task in tasks)
    if not set(ends) <= set(ids):
        return frozenset()
    return frozenset(task_id for task_id in ids if ends[0] <= task_id <= ends[1])


def milestones(task: Task) -> tuple[str, ...]:
    """The milestones ``(Mn)`` that the task's sources carry."""
    return tuple(_MILESTONE.findall(task.source_doc))


def _coverage(roadmap: Roadmap, members: dict[int, frozenset[str]]) -> Iterator[Finding]:
    for task in roadmap.tasks:
        phases = [number for number, ids in sorted(members.items()) if task.task_id in ids]
        if len(phases) == 1:
            continue
        code, message = "NO_PHASE", "no row of the Legacy map holds the task"
        if phases:
            listed = ", ".join(str(number) for number in phases)
            code, message = "SEVERAL_PHASES", f"the Legacy map holds the task in phases {listed}"
        yield Finding(CHECK, code, Level.WARNING, task.task_id, task.line, message)
