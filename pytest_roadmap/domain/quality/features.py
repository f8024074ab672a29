"""``features``: each sub-task has a required scenario, and features quote the document verbatim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.roadmap import Roadmap, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_roadmap.domain.feature import FeatureProblem, FeatureText, ScenarioText
    from pytest_roadmap.domain.task import Task

CHECK = "features"


def check_features(
    roadmap: Roadmap,
    features: Iterable[FeatureText],
    problems: Mapping[str, Iterable[FeatureProblem]],
) -> Iterator[Finding]:
    """What the features lack, against the roadmap they belong to.

    Args:
        roadmap: the tasks of the document.
        features: every feature that could be read.
        problems: lint problems by path of the feature file.
    """
    by_path = {feature.path: feature.task_id for feature in features}
    for path, found in problems.items():
        for problem in found:
            yield Finding(
                CHECK,
                problem.code,
                Level.ERROR,
                by_path.get(path) or None,
                problem.line or None,
                problem.message,
                path,
            )
    first: dict[str, FeatureText] = {}
    for feature in features:
        if not feature.task_id:
            continue
        owner = first.setdefault(feature.task_id, feature)
        if owner is not feature:
            yield _finding(
                feature, "SECOND_FEATURE", Level.ERROR, feature.line, f"{owner.path} is its feature"
            )
            continue
        yield from _check_feature(roadmap.task(feature.task_id), feature)
    for task in roadmap.tasks:
        if task.task_id not in first:
            yield Finding(
                CHECK,
                "NO_FEATURE",
                Level.INFO,
                task.task_id,
                task.line,
                f"{task.task_id} has no feature, so nothing of it is run",
            )


def _finding(feature: FeatureText, code: str, level: Level, line: int, message: str) -> Finding:
    return Finding(CHECK, code, level, feature.task_id, line, message, feature.path)


def _check_feature(task: Task, feature: FeatureText) -> Iterator[Finding]:
    if normalise(feature.description) != normalise(task.dod):
        yield _finding(
            feature,
            "DOD_NOT_QUOTED",
            Level.ERROR,
            feature.line,
            f"the feature's description is not the DoD of {task.task_id}: {task.dod!r}",
        )
    covered: set[int] = set()
    for scenario in feature.scenarios:
        if scenario.required:
            covered.update(scenario.sub_tasks)
        yield from _check_scenario(task, feature, scenario)
    for sub in task.sub_tasks:
        if sub.number not in covered:
            yield _finding(
                feature,
                "SUB_TASK_UNCOVERED",
                Level.ERROR,
                feature.line,
                f"no scenario tagged @sub-{sub.number} @required covers {sub.number}) {sub.text}",
            )
    if not any(scenario.required for scenario in feature.scenarios):
        yield _finding(
            feature,
            "NO_REQUIRED",
            Level.ERROR,
            feature.line,
            "no scenario is tagged @required, so the task could never become Done",
        )


def _check_scenario(task: Task, feature: FeatureText, scenario: ScenarioText) -> Iterator[Finding]:
    change = scenario_quotation_change(task, scenario)
    if change:
        yield _finding(
            feature,
            "SUB_TASK_NOT_QUOTED",
            Level.ERROR,
            scenario.line,
            f"scenario {scenario.title!r} quotes differently: {change}",
        )
    if not scenario.modes:
        yield _finding(
            feature,
            "NO_MODE",
            Level.WARNING,
            scenario.line,
            f"scenario {scenario.title!r} has no mode tag such as @RO",
        )
    if not any(step.kind == "Outcome" for step in scenario.steps):
        yield _finding(
            feature,
            "NO_THEN",
            Level.WARNING,
            scenario.line,
            f"scenario {scenario.title!r} has no Then, so it can never fail",
        )


def scenario_quotation_change(task: Task, scenario: ScenarioText) -> str:
    """How the scenario's quotation of its sub-tasks differs, in words; empty when it does not."""
    texts = {sub.number: sub.text for sub in task.sub_tasks}
    unknown = [str(number) for number in scenario.sub_tasks if number not in texts]
    if unknown:
        return f"sub-task {', '.join(unknown)}, which the document does not have"
    quoted = " ".join(f"{number}) {texts[number]}" for number in scenario.sub_tasks)
    if scenario.sub_tasks and normalise(scenario.description) != normalise(quoted):
        return f"the document says {quoted!r}"
    return ""


def quotation_changes(task: Task, feature: FeatureText, scenario: ScenarioText) -> str:
    """What feature and scenario quote differently from the document; empty when nothing."""
    changed = []
    if normalise(feature.description) != normalise(task.dod):
        changed.append(f"the DoD of {task.task_id}")
    if scenario_quotation_change(task, scenario):
        numbers = ", ".join(str(number) for number in scenario.sub_tasks)
        changed.append(f"sub-task {numbers} of {task.task_id}")
    return f"the feature quotes differently: {'; '.join(changed)}" if changed else ""
