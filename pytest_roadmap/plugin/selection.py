"""Which tasks a run is about, and the order in which their scenarios run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pytest_roadmap.plugin.items import ScenarioItem, TaskWithoutFeature
from pytest_roadmap.plugin.plan import PlannedStep, RunPlan, order_scenarios, plan_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import pytest

    from pytest_roadmap.plugin.collection import Collection
    from pytest_roadmap.plugin.project import Plans


@dataclass(frozen=True, slots=True)
class SelectedScenario:
    """One selected scenario or row, as far as records and scheduling need to know it.

    ``rows`` counts all rows of the scenario, those that were not selected included.
    """

    position: int
    task_id: str
    scenario_id: str
    row: str
    title: str
    sub_tasks: tuple[int, ...]
    modes: tuple[str, ...]
    required: bool
    feature_digest: str
    mutates: bool
    rows: int

    @property
    def key(self) -> str:
        """The id with its row."""
        return f"{self.scenario_id}[{self.row}]" if self.row else self.scenario_id


@dataclass(frozen=True, slots=True)
class Selection:
    """What is left after ``-m``, ``-k`` and the like, in running order.

    ``whole`` are the tasks of which nothing was left out, those without a feature included;
    ``without_feature`` are the latter. ``required`` are the required scenarios of each collected
    feature, selected or not. ``size`` counts all items of the session.
    """

    size: int
    scenarios: tuple[SelectedScenario, ...]
    whole: frozenset[str]
    without_feature: tuple[str, ...]
    required: Mapping[str, tuple[str, ...]]

    def plan(self, depends_on: Mapping[str, tuple[str, ...]]) -> RunPlan:
        """What each item of the session waits for."""
        steps: list[PlannedStep | None] = [None] * self.size
        for scenario in self.scenarios:
            steps[scenario.position] = PlannedStep(scenario.task_id, scenario.key, scenario.mutates)
        return plan_run(steps, depends_on)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "size": self.size,
            "scenarios": [asdict(scenario) for scenario in self.scenarios],
            "whole": sorted(self.whole),
            "without_feature": list(self.without_feature),
            "required": {task_id: list(ids) for task_id, ids in self.required.items()},
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Selection:
        """The selection that ``to_json`` described."""
        scenarios = (
            SelectedScenario(
                **{
                    **scenario,
                    "sub_tasks": tuple(scenario["sub_tasks"]),
                    "modes": tuple(scenario["modes"]),
                }
            )
            for scenario in plain["scenarios"]
        )
        return cls(
            size=plain["size"],
            scenarios=tuple(scenarios),
            whole=frozenset(plain["whole"]),
            without_feature=tuple(plain["without_feature"]),
            required={task_id: tuple(ids) for task_id, ids in plain["required"].items()},
        )


def stand_ins(session: pytest.Session, collection: Collection) -> Iterator[TaskWithoutFeature]:
    """An item for each task without a feature, where the arguments would have found one."""
    plans = collection.project.plans
    asked = [path for path in _argument_paths(session.config) if path is not None]
    for task in plans.roadmap.tasks:
        if task.task_id in collection.collected or task.task_id in collection.refused:
            continue
        path = collection.project.feature_path(task)
        if not path.exists() and any(path.is_relative_to(one) for one in asked):
            item = TaskWithoutFeature.create(session, task, path)
            for name in plans.markers(task):
                item.add_marker(name)
            yield item


def _argument_paths(config: pytest.Config) -> Iterator[Path | None]:
    """The files and directories named by the arguments; None for a single test."""
    for argument in config.args:
        path, _, inside = str(argument).partition("::")
        yield None if inside else (config.invocation_params.dir / path).resolve()


def order_items(items: list[pytest.Item], plans: Plans) -> None:
    """Put the scenarios in running order; other tests keep their places."""
    ranks = {task.task_id: rank for rank, task in enumerate(plans.running_order)}
    places = [place for place, item in enumerate(items) if isinstance(item, ScenarioItem)]
    scenarios = [item for item in items if isinstance(item, ScenarioItem)]
    entries = ((item.planned.task.task_id, item.order) for item in scenarios)
    for place, position in zip(places, order_scenarios(entries, ranks), strict=True):
        items[place] = scenarios[position]


def take_out_stand_ins(items: list[pytest.Item]) -> tuple[str, ...]:
    """Remove the stand-ins from the list; the ids of their tasks."""
    left = [item.task.task_id for item in items if isinstance(item, TaskWithoutFeature)]
    items[:] = [item for item in items if not isinstance(item, TaskWithoutFeature)]
    return tuple(left)


def select(
    items: Iterable[pytest.Item], without_feature: tuple[str, ...], collection: Collection
) -> Selection:
    """What the session runs, from its ordered items."""
    listed = list(items)
    scenarios = tuple(
        _selected(position, item)
        for position, item in enumerate(listed)
        if isinstance(item, ScenarioItem)
    )
    chosen: dict[str, set[str]] = {}
    for scenario in scenarios:
        chosen.setdefault(scenario.task_id, set()).add(scenario.key)
    whole = {
        task_id
        for task_id, keys in collection.collected.items()
        if chosen.get(task_id) == set(keys)
    }
    return Selection(
        size=len(listed),
        scenarios=scenarios,
        whole=frozenset(whole.union(without_feature)),
        without_feature=without_feature,
        required={
            task_id: tuple(s.scenario_id for s in feature.scenarios if s.required)
            for task_id, feature in collection.texts.items()
        },
    )


def _selected(position: int, item: ScenarioItem) -> SelectedScenario:
    planned = item.planned
    return SelectedScenario(
        position=position,
        task_id=planned.task.task_id,
        scenario_id=planned.scenario_id,
        row=planned.row,
        title=planned.text.title,
        sub_tasks=planned.text.sub_tasks,
        modes=planned.text.modes,
        required=planned.text.required,
        feature_digest=planned.feature_digest,
        mutates=planned.mutates,
        rows=planned.text.rows or 1,
    )
