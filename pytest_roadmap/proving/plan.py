"""Which cases a proof consists of, read from features and their controls."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_roadmap.adapters.document.controls import (
    SUFFIX,
    ControlsError,
    read_controls,
    read_given,
)
from pytest_roadmap.adapters.document.features import read_feature_file
from pytest_roadmap.adapters.repository.lock_file import LOCK, LockFileError, read_lock_file
from pytest_roadmap.adapters.repository.sources import package_digest, steps_digest
from pytest_roadmap.domain.controls import Change, Control, ProvedScenario, control_problems
from pytest_roadmap.domain.feature import FeatureText, ScenarioText, StepText
from pytest_roadmap.domain.lock import lock_key
from pytest_roadmap.proving.case import Case

_FEATURES = Path("features")


class PlanError(Exception):
    """A proof cannot be planned; the message has one line a problem."""


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """The proof of one task: its scenarios, its controls, and the key of its lock entry."""

    task_id: str
    feature: str
    scenarios: tuple[ProvedScenario, ...]
    controls: tuple[Control, ...]
    key: str
    given: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)

    def cases(self) -> tuple[Case, ...]:
        """Every scenario healthy, then once per control."""
        healthy = [self._case(each.scenario_id, None) for each in self.scenarios]
        broken = [self._case(each.scenario_id, each) for each in self.controls]
        return (*healthy, *broken)

    def _case(self, scenario_id: str, control: Control | None) -> Case:
        return Case(scenario_id, self.feature, control, self.given.get(scenario_id, ()))


def plan_tasks(root: Path, task_ids: Sequence[str], wanted: Sequence[str]) -> tuple[TaskPlan, ...]:
    """The plans of the wanted tasks, of all with a feature when none is named.

    Args:
        root: the project.
        task_ids: the tasks of its roadmap.
        wanted: whose features to prove; what is wrong with the others does not matter then.

    Raises:
        PlanError: a wanted task has no feature or two, or a feature or controls file cannot be
            used.
    """
    plans, problems = _plans(root, task_ids, wanted)
    counted = Counter(plan.task_id for plan in plans)
    twice = [
        f"{name}: {count} features of this task" for name, count in counted.items() if count > 1
    ]
    absent = [_absent(name, task_ids) for name in dict.fromkeys(wanted) if name not in counted]
    if wanted and not absent:
        problems = []
    if not plans and not problems and not absent:
        absent = [f"there is no feature below {_FEATURES}/"]
    if problems or twice or absent:
        raise PlanError("\n".join([*problems, *twice, *absent]))
    return tuple(plans)


def _plans(
    root: Path, task_ids: Sequence[str], wanted: Sequence[str]
) -> tuple[list[TaskPlan], list[str]]:
    """The plans that can be made, and why others cannot."""
    code = steps_digest(root), package_digest()
    plans: list[TaskPlan] = []
    problems: list[str] = []
    for path in sorted((root / _FEATURES).rglob("*.feature")):
        try:
            plan = _plan(root, path, task_ids, wanted, code)
        except PlanError as error:
            problems.append(str(error))
            continue
        if plan is not None:
            plans.append(plan)
    return plans, problems


def _absent(task_id: str, known: Sequence[str]) -> str:
    where = (
        f"no usable feature below {_FEATURES}/" if task_id in known else "no task of the roadmap"
    )
    return f"{task_id}: {where}"


def read_lock(root: Path) -> Mapping[str, Any]:
    """The lock as it is; empty when there is none.

    Raises:
        PlanError: it cannot be read as one.
    """
    try:
        return read_lock_file(root)
    except LockFileError as error:
        raise PlanError(str(error)) from error


def write_lock(root: Path, lock: Mapping[str, Any]) -> None:
    """Replace the lock at once.

    Raises:
        PlanError: it cannot be written.
    """
    path = root / LOCK
    new = path.with_suffix(".json.new")
    try:
        new.write_text(json.dumps(lock, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise PlanError(f"{LOCK}: cannot be written: {error.strerror}") from error


def features_of(root: Path, task_ids: Sequence[str]) -> frozenset[str]:
    """The tasks that a feature file below the project names, whatever else is wrong with it."""
    readings = (read_feature_file(path, task_ids) for path in (root / _FEATURES).rglob("*.feature"))
    return frozenset(each.feature.task_id for each in readings if each.feature is not None)


def _plan(
    root: Path,
    path: Path,
    task_ids: Sequence[str],
    wanted: Sequence[str],
    code: tuple[str, str],
) -> TaskPlan | None:
    """The plan of one feature; None if its task is not wanted."""
    shown = path.relative_to(root)
    reading = read_feature_file(path, task_ids)
    feature = reading.feature
    if feature is not None and wanted and feature.task_id not in wanted:
        return None
    if reading.problems or feature is None:
        lines = [f"{shown}:{each.line}: {each.code}: {each.message}" for each in reading.problems]
        raise PlanError("\n".join(lines))
    controls_path = path.with_name(path.stem + SUFFIX)
    controls, given = _controls(controls_path, shown.parent, feature)
    key = lock_key(path.read_bytes(), controls_path.read_bytes(), *code)
    scenarios = tuple(_proved(feature, each) for each in feature.scenarios)
    return TaskPlan(feature.task_id, shown.as_posix(), scenarios, controls, key, given)


def _controls(
    path: Path, folder: Path, feature: FeatureText
) -> tuple[tuple[Control, ...], Mapping[str, tuple[Change, ...]]]:
    """The controls, and what is given before the cases of a scenario."""
    try:
        controls, given = read_controls(path), read_given(path)
    except ControlsError as error:
        problems = str(error).split("\n")
    else:
        steps = _steps_by_scenario(feature)
        unknown = [f"given: the feature has no {name}" for name in given if name not in steps]
        found = (*unknown, *control_problems(controls, steps))
        problems = [f"{path.name}: {problem}" for problem in found]
    if problems:
        raise PlanError("\n".join(f"{folder.as_posix()}/{problem}" for problem in problems))
    return controls, given


def _line(step: StepText) -> str:
    return f"{step.keyword} {step.text}"


def _steps_by_scenario(feature: FeatureText) -> dict[str, tuple[str, ...]]:
    return {
        each.scenario_id: tuple(map(_line, (*feature.background, *each.steps)))
        for each in feature.scenarios
    }


def _proved(feature: FeatureText, scenario: ScenarioText) -> ProvedScenario:
    then_steps: list[str] = []
    judging = False
    for step in scenario.steps:
        if step.kind != "Conjunction":
            judging = step.kind == "Outcome"
        if judging:
            then_steps.append(_line(step))
    return ProvedScenario(feature.task_id, scenario.scenario_id, tuple(then_steps))
