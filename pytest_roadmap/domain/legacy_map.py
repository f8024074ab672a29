"""The map from Legacy Phases to workstreams: whether it is whole, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_roadmap.domain.quality.qa05 import phase_number, resolve_targets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_roadmap.domain.markdown import MarkdownRow, SectionRead
    from pytest_roadmap.domain.roadmap import Roadmap

_HEADER = ("Legacy Phase", "Workstream 매핑", "비고")


@dataclass(frozen=True, slots=True)
class Targets:
    """The tasks one row of the map leads to, and what in it leads nowhere."""

    tasks: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """Tasks that no phase leads to, tasks of several phases, and what speaks against both lists."""

    uncovered: tuple[str, ...]
    several: tuple[str, ...]
    faults: tuple[str, ...]


def map_problems(section: SectionRead) -> tuple[str, ...]:
    """What speaks against one well-formed row for each phase; empty when nothing does."""
    if len(section.headings) != 1:
        return (f"{section.document} has {len(section.headings)} headings {section.name!r}",)
    if len(section.tables) != 1:
        return (f"{len(section.tables)} tables stand under {section.name!r}, expected one",)
    table = section.tables[0]
    if table.columns != _HEADER:
        return (f"the header is {' | '.join(table.columns)}, expected {' | '.join(_HEADER)}",)
    if not table.rows:
        return ("the map has no row",)
    problems = [problem for row in table.rows for problem in _row_problems(row)]
    numbers = [phase_number(row.cells[0]) for row in table.rows]
    twice = sorted({n for n in numbers if n is not None and numbers.count(n) > 1})
    problems += [f"Phase {number} has {numbers.count(number)} rows" for number in twice]
    return tuple(problems)


def _row_problems(row: MarkdownRow) -> Iterator[str]:
    if row.written != len(_HEADER):
        yield f"line {row.line} has {row.written} cells, its header {len(_HEADER)}"
    for name, cell in zip(_HEADER, row.cells, strict=False):
        if not cell.strip():
            yield f"line {row.line}: the cell {name!r} is empty"
    if phase_number(row.cells[0]) is None:
        yield f"line {row.line}: {row.cells[0]!r} names no one phase"


def phase_targets(section: SectionRead, phase: str, roadmap: Roadmap) -> Targets:
    """Where the rows of one phase lead; a phase without a row leads nowhere, which is a fault."""
    found = [targets for number, targets in _targets(section, roadmap) if str(number) == phase]
    if not found:
        return Targets(faults=(f"Phase {phase} has no row in the map",))
    ids = frozenset(task for targets in found for task in targets.tasks)
    faults = tuple(fault for targets in found for fault in targets.faults)
    return Targets(_in_order(roadmap, ids), faults)


def map_coverage(section: SectionRead, roadmap: Roadmap) -> Coverage:
    """Which tasks are in no phase or in several; a target that leads nowhere makes it unknown."""
    phases: dict[str, set[int | None]] = {task.task_id: set() for task in roadmap.tasks}
    faults: list[str] = []
    rows = 0
    for number, targets in _targets(section, roadmap):
        rows += 1
        faults += [f"Phase {number}: {fault}" for fault in targets.faults]
        for task in targets.tasks:
            phases[task].add(number)
    if not rows:
        faults.append("there is no map, so nothing is known of any task")
    return Coverage(_counted(phases, 0, 0), _counted(phases, 2, len(phases)), tuple(faults))


def _counted(phases: Mapping[str, set[int | None]], least: int, most: int) -> tuple[str, ...]:
    return tuple(task for task, found in phases.items() if least <= len(found) <= most)


def _targets(section: SectionRead, roadmap: Roadmap) -> Iterator[tuple[int | None, Targets]]:
    for table in section.tables:
        for row in table.rows if len(table.columns) == len(_HEADER) else ():
            ids, faults = resolve_targets(row.cells[1], roadmap)
            yield phase_number(row.cells[0]), Targets(_in_order(roadmap, ids), faults)


def _in_order(roadmap: Roadmap, ids: frozenset[str]) -> tuple[str, ...]:
    return tuple(task.task_id for task in roadmap.tasks if task.task_id in ids)
