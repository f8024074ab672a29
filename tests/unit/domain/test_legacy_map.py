"""Whether the Legacy map is whole, and which tasks it leads to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_roadmap.domain.legacy_map import map_coverage, map_problems, phase_targets
from pytest_roadmap.domain.markdown import (
    MarkdownHeading,
    MarkdownRow,
    MarkdownTable,
    MarkdownText,
    SectionRead,
    read_section,
)
from pytest_roadmap.domain.roadmap import Roadmap
from tests.unit.domain_cases import task

_NAME = "Legacy Phase ↔ Workstream 매핑"
_HEADER = ("Legacy Phase", "Workstream 매핑", "비고")
_ROADMAP = Roadmap(
    tuple(
        replace(task(each), workstream=f"WS-{each[:3]}")
        for each in ("SEC-001", "SEC-002", "MON-001")
    )
)


def section(*rows: tuple[str, str], columns: tuple[str, ...] = _HEADER) -> SectionRead:
    """A map of these rows below its heading."""
    table = MarkdownTable(
        12, columns, tuple(MarkdownRow(14, (phase, cell, "note"), 3) for phase, cell in rows)
    )
    heading = MarkdownHeading(10, 2, f"6) {_NAME}")
    return read_section(MarkdownText((heading,), (table,)), _NAME, "roadmap")


def test_a_map_with_one_row_per_phase_is_well_formed() -> None:
    """Nothing is said against a map as the document has it."""
    assert map_problems(section(("Phase 11 Build", "WS-SEC"), ("Phase 12", "WS-MON"))) == ()


@pytest.mark.parametrize(
    "broken",
    [
        read_section(MarkdownText(), _NAME, "roadmap"),
        section(),
        section(("Phase 11", "WS-SEC"), ("Phase 11 again", "WS-MON")),
        section(("Phase 11", " ")),
        section(("Build", "WS-SEC")),
        section(("Phase 11", "WS-SEC"), columns=("Legacy Phase", "Workstream", "비고")),
    ],
)
def test_a_map_that_is_not_whole_is_told_so(broken: SectionRead) -> None:
    """A missing map, an empty one, a phase twice, an empty cell and another header are faults."""
    assert map_problems(broken)


def test_a_row_with_a_cell_too_many_is_a_fault() -> None:
    """The written cells count, not those that are left after cutting."""
    table = MarkdownTable(12, _HEADER, (MarkdownRow(14, ("Phase 1", "WS-SEC", "x"), 4),))
    heading = MarkdownHeading(10, 2, _NAME)
    found = read_section(MarkdownText((heading,), (table,)), _NAME, "roadmap")
    assert map_problems(found) == ("line 14 has 4 cells, its header 3",)


def test_a_phase_leads_to_the_tasks_of_its_range() -> None:
    """A range takes both ends."""
    targets = phase_targets(section(("Phase 11", "WS-SEC(SEC-001~SEC-002)")), "11", _ROADMAP)
    assert (targets.tasks, targets.faults) == (("SEC-001", "SEC-002"), ())


@pytest.mark.parametrize(
    "cell", ["WS-OPS", "WS-SEC(SEC-001~SEC-018)", "WS-SEC(SEC-002~SEC-001)", "WS-MON(M7)", ""]
)
def test_a_target_that_leads_nowhere_is_named(cell: str) -> None:
    """An unknown workstream, end, milestone, a reversed range and an empty cell are faults."""
    assert phase_targets(section(("Phase 11", cell)), "11", _ROADMAP).faults


def test_a_phase_without_a_row_leads_nowhere() -> None:
    """No row is a fault, not an empty list of tasks."""
    targets = phase_targets(section(("Phase 11", "WS-SEC")), "12", _ROADMAP)
    assert targets.faults == ("Phase 12 has no row in the map",)


def test_coverage_lists_tasks_in_no_phase_and_in_several() -> None:
    """Both lists keep the order of the document."""
    coverage = map_coverage(
        section(("Phase 11", "WS-SEC"), ("Phase 12", "WS-SEC(SEC-002)")), _ROADMAP
    )
    assert (coverage.uncovered, coverage.several) == (("MON-001",), ("SEC-002",))
    assert coverage.faults == ()


def test_coverage_without_a_map_is_unknown() -> None:
    """An absent map is a fault, not a list of all tasks."""
    assert map_coverage(read_section(MarkdownText(), _NAME, "roadmap"), _ROADMAP).faults
