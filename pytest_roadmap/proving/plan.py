"""Which cases a proof consists of, read from features and their controls."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest_roadmap
from pytest_roadmap.adapters.document.controls import SUFFIX, ControlsError, read_controls
from pytest_roadmap.adapters.document.features import read_feature_file
from pytest_roadmap.domain.controls import Control, ProvedScenario, control_problems
from pytest_roadmap.domain.feature import FeatureText, ScenarioText, StepText
from pytest_roadmap.domain.lock import digest_of, lock_key
from pytest_roadmap.proving.worker import Case

LOCK = Path(".roadmap/controls.lock.json")
_FEATURES = Path("features")
_STEPS = Path("steps")
_BUILT = ("__pycache__",)


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

    def cases(self) -> tuple[Case, ...]:
        """Every scenario healthy, then once per control."""
        healthy = [Case(each.scenario_id, self.feature, None) for each in self.scenarios]
        broken = [Case(each.scenario_id, self.feature, each) for each in self.controls]
        return (*healthy, *broken)


def plan_tasks(root: Path, task_ids: Sequence[str], wanted: Sequence[str]) -> tuple[TaskPlan, ...]:
    """The plans of the wanted tasks, of all with a feature when none is named.

    Raises:
        PlanError: a wanted task has no feature, or a feature or controls file cannot be used.
    """
    steps = digest_of(_sources(root / _STEPS))
    package = digest_of(_sources(Path(pytest_roadmap.__file__).parent))
    features = sorted((root / _FEATURES).rglob("*.feature"))
    problems: list[str] = []
    plans: list[TaskPlan] = []
    for path in features:
        try:
            plan = _plan(root, path, task_ids, (steps, package))
        except PlanError as error:
            problems.append(str(error))
            continue
        if not wanted or plan.task_id in wanted:
            plans.append(plan)
    planned = {plan.task_id for plan in plans}
    problems += [f"{name}: no feature of this task" for name in wanted if name not in planned]
    if not plans and not problems:
        problems.append(f"there is no feature below {_FEATURES}/")
    if problems:
        raise PlanError("\n".join(problems))
    return tuple(plans)


def read_lock(root: Path) -> Mapping[str, Any]:
    """The lock as it is; empty when there is none.

    Raises:
        PlanError: it is no JSON object.
    """
    path = root / LOCK
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise PlanError(f"{LOCK}: {error}") from error
    if not isinstance(found, dict):
        raise PlanError(f"{LOCK}: expected a JSON object")
    return found


def write_lock(root: Path, lock: Mapping[str, Any]) -> None:
    """Replace the lock at once."""
    path = root / LOCK
    new = path.with_suffix(".json.new")
    new.write_text(json.dumps(lock, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    new.replace(path)


def _plan(root: Path, path: Path, task_ids: Sequence[str], code: tuple[str, str]) -> TaskPlan:
    shown = path.relative_to(root).as_posix()
    reading = read_feature_file(path, task_ids)
    if reading.problems or reading.feature is None:
        lines = [f"{shown}:{each.line}: {each.code}: {each.message}" for each in reading.problems]
        raise PlanError("\n".join(lines))
    controls_path = path.with_name(path.stem + SUFFIX)
    try:
        controls = read_controls(controls_path)
    except ControlsError as error:
        raise PlanError(f"{path.parent.relative_to(root).as_posix()}/{error}") from error
    problems = control_problems(controls, _steps_by_scenario(reading.feature))
    if problems:
        raise PlanError("\n".join(f"{controls_path.name}: {problem}" for problem in problems))
    key = lock_key(path.read_bytes(), controls_path.read_bytes(), *code)
    scenarios = tuple(_proved(reading.feature, each) for each in reading.feature.scenarios)
    return TaskPlan(reading.feature.task_id, shown, scenarios, controls, key)


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


def _sources(folder: Path) -> list[tuple[str, bytes]]:
    """Every file of a folder but what Python builds there, by its path."""
    return [
        (path.relative_to(folder).as_posix(), path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and not any(part in _BUILT for part in path.parts)
    ]
