"""In which order the tasks of a run come."""

from __future__ import annotations

from dataclasses import replace

from pytest_roadmap.domain.policy import GatePolicy, Policy
from pytest_roadmap.plugin.project import Plans
from tests.unit.domain_cases import roadmap, task


def plans(**signoff: str) -> Plans:
    """A-2 signs off after A-1; A-3 and A-4 need nobody, A-5 needs A-2."""
    tasks = (
        task("A-1"),
        task("A-2", "A-1"),
        task("A-3"),
        task("A-4", gate="G2"),
        task("A-5", "A-2", gate="G2"),
    )
    gates = {name: GatePolicy(name, signoff_task=signoff.get(name)) for name in ("G1", "G2")}
    policy = Policy(gates, "[A-Z]-[0-9]", {"L1": ("dev",)})
    return Plans(roadmap(*tasks), policy)


def order(given: Plans) -> list[str]:
    return [each.task_id for each in given.running_order]


def test_tasks_come_after_those_they_depend_on() -> None:
    """In document order otherwise."""
    assert order(plans()) == ["A-1", "A-2", "A-3", "A-4", "A-5"]


def test_a_sign_off_comes_after_all_that_its_gate_counts() -> None:
    """Also after tasks that it does not depend on."""
    assert order(plans(G1="A-2")) == ["A-1", "A-3", "A-2", "A-4", "A-5"]


def test_what_needs_the_sign_off_comes_after_it() -> None:
    """Even where the same gate counts it."""
    assert order(plans(G2="A-2")) == ["A-1", "A-3", "A-4", "A-2", "A-5"]


def test_sign_offs_that_would_wait_for_each_other_keep_the_roadmap_s_order() -> None:
    """A policy can make a circle that the document has not."""
    known = plans()
    both = (
        replace(known.roadmap.task("A-1"), depends_on=()),
        task("A-3"),
        task("A-6", "A-3"),
        task("A-7", "A-1", gate="G2"),
        task("A-8", "A-6", gate="G2"),
    )
    gates = {
        "G1": GatePolicy("G1", signoff_task="A-3"),
        "G2": GatePolicy("G2", signoff_task="A-1"),
    }
    circle = Plans(roadmap(*both), replace(known.policy, gates=gates))
    assert order(circle) == [each.task_id for each in circle.roadmap.ordered()]
