"""The graph of a roadmap: order, closure, counted tasks, digests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_roadmap.domain.quality.graph import find_cycles
from pytest_roadmap.domain.roadmap import CyclicDependencyError, Roadmap, dod_digest
from pytest_roadmap.domain.task import SubTask
from tests.unit.document.documents import REAL_DOCUMENT, read
from tests.unit.domain_cases import roadmap, task


def real() -> Roadmap:
    found = read(REAL_DOCUMENT.read_bytes()).roadmap
    assert found is not None
    return found


def test_tasks_are_ordered_by_dependency_then_by_document() -> None:
    """A later row comes first only where an earlier one needs it."""
    tasks = roadmap(task("A-1", "C-1"), task("B-1"), task("C-1"), task("D-1", "A-1", "B-1"))

    assert [each.task_id for each in tasks.ordered()] == ["B-1", "C-1", "A-1", "D-1"]


def test_an_order_over_a_cycle_is_refused() -> None:
    """There is none."""
    with pytest.raises(CyclicDependencyError):
        roadmap(task("A-1", "B-1"), task("B-1", "A-1")).ordered()


@pytest.mark.parametrize(
    ("gate", "own", "counted"), [("G1", 10, 10), ("G2", 14, 22), ("G3", 8, 16), ("G4", 2, 22)]
)
def test_gates_of_the_real_document_count_as_in_the_rules(
    gate: str, own: int, counted: int
) -> None:
    """Own tasks and everything they need."""
    assert (len(real().own(gate)), len(real().counted(gate))) == (own, counted)


def test_dependencies_are_followed_in_both_directions() -> None:
    """Direct dependents, and all dependencies however far away."""
    assert real().dependents("SEC-002") == ("SEC-003", "SEC-004", "SEC-006")
    assert real().transitive_dependencies("SEC-005") == {"SEC-001", "SEC-002", "SEC-003", "SEC-004"}


def test_a_task_is_found_by_its_id() -> None:
    """And nothing else is."""
    assert real().task("MON-001").line == 81
    with pytest.raises(KeyError):
        real().task("MON-999")


def test_a_chain_of_ten_thousand_tasks_needs_no_stack() -> None:
    """Order and closure are not recursive."""
    chain = [task("T-0")] + [task(f"T-{n}", f"T-{n - 1}") for n in range(1, 10_000)]
    tasks = roadmap(*reversed(chain))

    assert tasks.ordered()[0].task_id == "T-0"
    assert len(tasks.transitive_dependencies("T-9999")) == 9_999


def test_the_digest_of_a_dod_covers_what_a_record_proves() -> None:
    """DoD, sub-tasks and level; white space and everything else of the row do not matter."""
    base = task("A-1")
    same = replace(base, dod="it  is\nthere", owner="Ops", line=7, evidence_path="x")
    others = [
        replace(base, dod="it was there"),
        replace(base, verification_level="L2"),
        replace(base, sub_tasks=(SubTask(1, "look twice"),)),
        replace(base, sub_tasks=()),
    ]

    assert dod_digest(same) == dod_digest(base)
    assert dod_digest(base) not in {dod_digest(each) for each in others}


def test_every_strongly_connected_part_gives_one_cycle() -> None:
    """Tasks that only lead into a cycle, or out of one, are not in it."""
    edges = {"a": ["b"], "b": ["c"], "c": ["b", "d"], "d": [], "e": ["f"], "f": ["e"], "g": ["a"]}

    assert sorted(map(sorted, find_cycles(edges))) == [["b", "c"], ["e", "f"]]
