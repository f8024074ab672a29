"""The nodes of pytest that stand for scenarios, and for tasks that have none yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from _pytest._code.code import TerminalRepr

    from pytest_roadmap.adapters.document.features import ScenarioText
    from pytest_roadmap.domain.task import Task
    from pytest_roadmap.plugin.execution import ScenarioRun

READ_ONLY = "RO"


@dataclass(frozen=True, slots=True)
class PlannedScenario:
    """One scenario, or one row of an outline, as it was collected.

    ``row`` is empty unless the scenario is an outline, ``values`` are its cells. ``changes`` says
    in what the quoted texts differ from the document; such a scenario can at best end
    inconclusive.
    """

    task: Task
    text: ScenarioText
    row: str
    values: Mapping[str, str]
    feature_digest: str
    changes: str = ""

    @property
    def scenario_id(self) -> str:
        """The id of the scenario, without its row."""
        return self.text.scenario_id

    @property
    def key(self) -> str:
        """The id with its row, as it stands at the end of the node id."""
        return f"{self.text.scenario_id}[{self.row}]" if self.row else self.text.scenario_id

    @property
    def mutates(self) -> bool:
        """Whether any mode of the scenario goes beyond reading."""
        return any(mode != READ_ONLY for mode in self.text.modes)


class ScenarioItem(pytest.Function):
    """A scenario as a test: ``features/sec/SEC-003.feature::SEC-003.S1``."""

    planned: PlannedScenario
    order: int
    run: ScenarioRun | None = None

    @classmethod
    def create(
        cls,
        parent: pytest.Module,
        planned: PlannedScenario,
        order: int,
        run: Callable[..., Any],
        beside: ScenarioItem | None = None,
    ) -> ScenarioItem:
        """The item below its feature file, at its place there; ``run`` executes the steps.

        An item of the same file spares pytest to find out again which fixtures it asks for, as
        the cases of a parametrized test do.
        """
        known = None if beside is None else beside._fixtureinfo  # noqa: SLF001 - no public name
        item = cls.from_parent(parent, name=planned.key, callobj=run, fixtureinfo=known)
        item.planned = planned
        item.order = order
        return item

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Point at the scenario in its feature file, not at the function that runs it."""
        return self.path, self.planned.text.line - 1, f"{self.name} {self.planned.text.title}"

    def repr_failure(  # type: ignore[override]  # the base class says the same of itself
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> str | TerminalRepr:
        """Show the step and what it called, without the machinery that called it."""
        own = excinfo.traceback.filter(lambda entry: not _is_machinery(Path(entry.path)))
        if own:
            excinfo.traceback = own
        return super().repr_failure(excinfo)


_MACHINERY = ("_pytest", "pytest_bdd", "pluggy")


def _is_machinery(path: Path) -> bool:
    return path.parent == Path(__file__).parent or any(part in _MACHINERY for part in path.parts)


class TaskWithoutFeature(pytest.Item):
    """Stands for a task that has no feature, while pytest selects; it never runs.

    pytest's own ``-m`` and ``-k`` thereby tell which of these tasks the run is about.
    """

    task: Task

    @classmethod
    def create(cls, session: pytest.Session, task: Task, path: Path) -> TaskWithoutFeature:
        """The stand-in at the path where the feature of the task would be."""
        name = task.task_id
        nodeid = f"{path.relative_to(session.config.rootpath).as_posix()}::{name}"
        item = cls.from_parent(session, name=name, nodeid=nodeid)
        item.task = task
        return item

    def runtest(self) -> None:
        """Refuse: the stand-in is taken out before anything runs."""
        raise AssertionError(f"{self.name} has no feature and cannot run")
