"""Labels, links and description of a scenario's result: where it stands in the roadmap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_roadmap.adapters.allure.values import ReportedRun, ReportedScenario
    from pytest_roadmap.domain.task import Task

LINK_TASK = "tms"
LINK_RECORD = "record"


def task_labels(task: Task, run: ReportedRun) -> list[dict[str, str]]:
    """What every scenario of a task is found under."""
    labels = {
        "epic": task.workstream,
        "feature": task.task_id,
        "parentSuite": task.workstream,
        "suite": task.task_id,
        "task_id": task.task_id,
        "gate": task.target_gate,
        "priority": task.priority,
        "level": task.verification_level,
        "severity": run.severities.get(task.priority, "normal"),
        "owner": task.owner,
        "environment": run.environment,
        "kind": run.kind,
        "framework": "pytest-bdd",
        "language": "python",
    }
    return [{"name": name, "value": value} for name, value in labels.items() if value]


def scenario_labels(scenario: ReportedScenario) -> Iterator[dict[str, str]]:
    """What tells one scenario of a task from the others."""
    yield {"name": "allure.id", "value": scenario.key}
    yield {"name": "story", "value": scenario.title}
    for tag in scenario.tags:
        yield {"name": "tag", "value": tag}


def task_links(task: Task, run: ReportedRun) -> list[dict[str, str]]:
    """The task's row in the roadmap document."""
    if not run.document_url:
        return []
    url = f"{run.document_url}#L{task.line}"
    return [{"type": LINK_TASK, "name": f"{task.task_id} in the roadmap", "url": url}]


def with_record(result: Mapping[str, Any], href: str, record_id: str) -> dict[str, Any]:
    """The result with a link to its record, in place of any earlier one."""
    links = [link for link in result["links"] if link["type"] != LINK_RECORD]
    links.append({"type": LINK_RECORD, "name": f"record {record_id}", "url": href})
    return {**result, "links": links}


def description(scenario: ReportedScenario) -> str:
    """The DoD and the sub-tasks that the scenario stands for, as Markdown, word for word."""
    task = scenario.task
    lines = [f"**DoD {task.task_id}**: {task.dod}"]
    lines.extend(
        f"{sub.number}) {sub.text}" for sub in task.sub_tasks if sub.number in scenario.sub_tasks
    )
    return "\n\n".join(lines)
