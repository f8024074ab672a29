"""Whether a feature still quotes what the document says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.domain.roadmap import normalise

if TYPE_CHECKING:
    from pytest_roadmap.adapters.document.features import FeatureText, ScenarioText
    from pytest_roadmap.domain.task import Task


def quotation_changes(task: Task, feature: FeatureText, scenario: ScenarioText) -> str:
    """What differs from the document, as a sentence; empty when nothing does."""
    changed = []
    if normalise(feature.description) != normalise(task.dod):
        changed.append(f"the DoD of {task.task_id}")
    texts = {sub.number: sub.text for sub in task.sub_tasks}
    unknown = [number for number in scenario.sub_tasks if number not in texts]
    changed.extend(f"sub-task {number}, which the document does not have" for number in unknown)
    quoted = " ".join(f"{number}) {texts.get(number, '')}" for number in scenario.sub_tasks)
    if not unknown and scenario.sub_tasks and normalise(scenario.description) != normalise(quoted):
        numbers = ", ".join(str(number) for number in scenario.sub_tasks)
        changed.append(f"sub-task {numbers} of {task.task_id}")
    return f"the feature quotes differently: {'; '.join(changed)}" if changed else ""
