"""Sentences about how the roadmap is kept: phases of the past, and who refers to what."""

from __future__ import annotations

from pytest_bdd import parsers, then

from pytest_roadmap.domain.legacy_map import map_coverage, map_problems, phase_targets
from pytest_roadmap.domain.markdown import SectionRead
from pytest_roadmap.domain.recording import Expect, Recorder
from pytest_roadmap.domain.roadmap import Roadmap


@then("the map has one well-formed row per phase")
def map_is_well_formed(section_read: SectionRead, expect: Expect) -> None:
    expect.none("the map has one well-formed row per phase", map_problems(section_read))


@then(parsers.re(r'phase "(?P<phase>[^"]*)" leads to existing tasks'))
def phase_leads_to_tasks(
    phase: str, section_read: SectionRead, roadmap: Roadmap, expect: Expect
) -> None:
    targets = phase_targets(section_read, phase, roadmap)
    expect.none(f"every target of Phase {phase} resolves", targets.faults)
    listed = ", ".join(targets.tasks)
    expect.at_least(f"tasks of Phase {phase} ({listed})", 1, len(targets.tasks))


@then("uncovered and doubly covered tasks are listed")
def coverage_is_listed(
    section_read: SectionRead, roadmap: Roadmap, recorder: Recorder, expect: Expect
) -> None:
    coverage = map_coverage(section_read, roadmap)
    expect.none("the coverage of every task is known", coverage.faults)
    for claim, tasks in (("no phase", coverage.uncovered), ("several phases", coverage.several)):
        recorder.assertion(f"tasks in {claim}", "listed", list(tasks), holds=True)
