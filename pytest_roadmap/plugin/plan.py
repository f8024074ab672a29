"""In which order scenarios run, and what must have finished before each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One item of a run: a scenario or a row, and whether it changes shared state."""

    task_id: str
    key: str
    mutates: bool


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The items in running order; ``before[i]`` are the positions that must have ended before i."""

    before: tuple[tuple[int, ...], ...]
    mutates: tuple[bool, ...]


def order_scenarios(entries: Iterable[tuple[str, int]], task_order: Mapping[str, int]) -> list[int]:
    """Positions sorted by dependency order of the tasks, then by the order given inside each.

    Args:
        entries: task id and order inside the task's feature, by position.
        task_order: rank of each task; dependencies rank lower.
    """
    listed = list(entries)
    return sorted(range(len(listed)), key=lambda i: (task_order[listed[i][0]], listed[i][1], i))


def plan_run(
    steps: Sequence[PlannedStep | None], depends_on: Mapping[str, Sequence[str]]
) -> RunPlan:
    """What each item waits for.

    An item waits for the one before it in its own task; the first of a task waits for the last of
    each selected task below it, seen through tasks that have no item here. A position without a
    scenario waits for nothing.

    Args:
        steps: the items in running order.
        depends_on: direct dependencies of every task, in dependency order (dependencies first).
    """
    last: dict[str, int] = {}
    for position, step in enumerate(steps):
        if step is not None:
            last[step.task_id] = position
    waits = _ends_below(last, depends_on)
    before: list[tuple[int, ...]] = []
    previous: dict[str, int] = {}
    for position, step in enumerate(steps):
        if step is None:
            before.append(())
            continue
        earlier = previous.get(step.task_id)
        before.append(waits.get(step.task_id, ()) if earlier is None else (earlier,))
        previous[step.task_id] = position
    return RunPlan(tuple(before), tuple(step is not None and step.mutates for step in steps))


def _ends_below(
    last: Mapping[str, int], depends_on: Mapping[str, Sequence[str]]
) -> dict[str, tuple[int, ...]]:
    """For each task, the last items of the nearest tasks below it that have any."""
    ends: dict[str, tuple[int, ...]] = {}
    for task_id, below in depends_on.items():
        found: set[int] = set()
        for dependency in below:
            if dependency in last:
                found.add(last[dependency])
            else:
                found.update(ends.get(dependency, ()))
        ends[task_id] = tuple(sorted(found))
    return ends
