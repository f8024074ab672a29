"""What the Allure results of one run are told about it and about its scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_roadmap.adapters.allure.identity import scenario_key

if TYPE_CHECKING:
    from pytest_roadmap.domain.task import Task


@dataclass(frozen=True, slots=True)
class ReportedRun:
    """One run: its environment, and the words of its roadmap and policy.

    ``severities`` maps a priority to an Allure severity. ``document_url`` is the address of the
    roadmap document; a task is its line, ``#L<line>``.
    """

    environment: str
    kind: str
    severities: Mapping[str, str]
    document_url: str = ""


@dataclass(frozen=True, slots=True)
class ReportedScenario:
    """One scenario, or one row of an outline with its columns in ``parameters``."""

    task: Task
    scenario_id: str
    title: str
    row: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    sub_tasks: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The id with its row."""
        return scenario_key(self.scenario_id, self.row)


#: A step that was not reached: its keyword and its text.
StepText = tuple[str, str]
Table = Sequence[Sequence[str]]
