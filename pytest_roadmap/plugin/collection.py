"""Features of the roadmap as test files, without a test module beside them."""

from __future__ import annotations

import hashlib
import os
import re
import types
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_roadmap.domain.permission import MODES
from pytest_roadmap.domain.quality.features import quotation_changes
from pytest_roadmap.plugin.items import PlannedScenario, ScenarioItem
from pytest_roadmap.plugin.project import Plans, Project, UnreadableProjectError
from pytest_roadmap.plugin.steps import async_step_problems

if TYPE_CHECKING:
    from pytest_roadmap.adapters.document.features import FeatureText, ScenarioText
    from pytest_roadmap.domain.task import Task


_ROW_LENGTH = 60


class Collection:
    """What the features of this session hold, and the markers that were registered for them."""

    def __init__(self, project: Project, config: pytest.Config) -> None:
        self.project = project
        self.config = config
        #: Keys of all scenarios (with their rows) by task, selected or not; empty when refused.
        self.collected: dict[str, tuple[str, ...]] = {}
        self.texts: dict[str, FeatureText] = {}
        #: Task ids of features that were refused, by their path.
        self.refused: set[str] = set()
        self.collecting = False
        self._paths: dict[str, Path] = {}
        self._registered: set[str] = set()
        self._told = False

    def plans(self) -> Plans:
        """The roadmap and its policy.

        Raises:
            Collector.CollectError: either cannot be used; the details stand in the first error.
        """
        try:
            plans = self.project.plans
        except UnreadableProjectError as error:
            text = "the roadmap cannot be read, see the first error" if self._told else str(error)
            self._told = True
            raise pytest.Collector.CollectError(text) from error
        self.register_all(plans)
        return plans

    def register_early(self) -> None:
        """Make the markers known before anything is collected; a problem is told at collection."""
        with suppress(UnreadableProjectError):
            self.register_all(self.project.plans)

    def register_all(self, plans: Plans) -> None:
        """Make the markers of the document and the tags of features known."""
        if not self._registered:
            for name, sentence in plans.all_markers():
                self.register(name, sentence)
            for mode in MODES:
                self.register(mode, f"scenarios of mode {mode}")
            self.register("required", "scenarios that count for the status of their task")
            self.register("two-phase", "scenarios that arm first and collect in a later run")

    def register(self, name: str, sentence: str) -> None:
        """Make a marker known to ``--strict-markers``, once."""
        if name not in self._registered:
            self._registered.add(name)
            self.config.addinivalue_line("markers", f"{name}: {sentence}")

    @cached_property
    def async_problems(self) -> tuple[str, ...]:
        """One line for each step of the loaded step modules that is async."""
        return tuple(async_step_problems(self.project.options.root))

    def claim(self, task_id: str, path: Path) -> str:
        """Note the one feature of a task; a sentence when another feature has it already."""
        first = self._paths.setdefault(task_id, path)
        return "" if first == path else f"{task_id} has a feature already: {first}"

    def required_elsewhere(self, task: Task) -> tuple[str, ...]:
        """The required scenarios of a task whose feature was not among the arguments."""
        path = self.project.feature_path(task)
        if task.task_id in self.texts or not path.is_file():
            return ()
        from pytest_roadmap.adapters.document.features import (  # noqa: PLC0415 - imports gherkin
            read_feature_file,
        )

        feature = read_feature_file(path, (task.task_id,)).feature
        scenarios = feature.scenarios if feature else ()
        return tuple(scenario.scenario_id for scenario in scenarios if scenario.required)


def collected_twice(obj: object, project: Project) -> Path | None:
    """The feature of the roadmap that a test function of pytest-bdd runs, if it is one."""
    if not isinstance(obj, types.FunctionType):
        return None
    from pytest_bdd.scenario import (  # noqa: PLC0415 - loaded by its own entry point anyway
        scenario_wrapper_template_registry,
    )

    template = scenario_wrapper_template_registry.get(obj)
    path = Path(template.feature.filename) if template else None
    return path if path and project.holds_feature(path) else None


class FeatureFile(pytest.Module):
    """One feature file; its items are named by their scenario ids."""

    collection: Collection

    @classmethod
    def create(cls, parent: pytest.Collector, path: Path, collection: Collection) -> FeatureFile:
        """The collector of a feature file."""
        node: FeatureFile = cls.from_parent(parent, path=path)
        node.collection = collection
        # There is no Python module to import; fixtures and reports ask for one all the same.
        node.obj = types.ModuleType(path.stem)
        node.obj.__file__ = str(path)
        return node

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each scenario, and for each row of an outline.

        Raises:
            CollectError: the feature could be green for nothing.
        """
        plans = self.collection.plans()
        feature = self._read(plans)
        task = plans.roadmap.task(feature.task_id)
        for name in plans.markers(task):
            self.add_marker(name)
        self.collection.collecting = True
        try:
            items = list(self._items(plans, task, feature))
        finally:
            self.collection.collecting = False
        self.collection.texts[task.task_id] = feature
        self.collection.collected[task.task_id] = tuple(item.planned.key for item in items)
        yield from items

    def _read(self, plans: Plans) -> FeatureText:
        from pytest_roadmap.adapters.document.features import (  # noqa: PLC0415 - imports gherkin
            read_feature_file,
        )

        reading = read_feature_file(self.path, plans.roadmap.by_id)
        shown = os.path.relpath(self.path, self.collection.project.options.root)
        lines = [f"{shown}:{p.line}: {p.code}: {p.message}" for p in reading.problems]
        lines.extend(self.collection.async_problems)
        if reading.feature is not None:
            lines.extend(
                f"{shown}:{scenario.line}: NO_MODE: scenario {scenario.title!r} needs a mode tag"
                " such as @RO: without one nobody knows what it may change"
                for scenario in reading.feature.scenarios
                if not scenario.modes
            )
        if reading.feature is not None and reading.feature.task_id:
            second = self.collection.claim(reading.feature.task_id, self.path)
            if second:
                lines.append(f"{shown}:{reading.feature.line}: SECOND_FEATURE: {second}")
            self.collection.refused.add(reading.feature.task_id)
        if lines or reading.feature is None:
            raise self.CollectError("\n".join(lines))
        self.collection.refused.discard(reading.feature.task_id)
        from pytest_roadmap.plugin.bdd import share_reading  # noqa: PLC0415 - needs pytest-bdd

        share_reading(self.path, reading.document)
        return reading.feature

    def _items(self, plans: Plans, task: Task, feature: FeatureText) -> Iterator[ScenarioItem]:
        digest = "sha256:" + hashlib.sha256(self.path.read_bytes()).hexdigest()
        order = count()
        item: ScenarioItem | None = None
        for text in feature.scenarios:
            run = bind_scenario(self.path, text)
            changes = quotation_changes(plans.roadmap.task(task.task_id), feature, text)
            for row, values in scenario_rows(self.path, text):
                planned = PlannedScenario(task, text, row, values, digest, changes)
                once = partial_run(run, values)
                item = ScenarioItem.create(self, planned, next(order), once, beside=item)
                for tag in dict.fromkeys(text.tags):
                    self.collection.register(tag, f"roadmap scenarios tagged @{tag}")
                    item.add_marker(tag)
                yield item


Run = Callable[[pytest.FixtureRequest, dict[str, str]], object]


def bind_scenario(path: Path, text: ScenarioText) -> Run:
    """The scenario as pytest-bdd runs it."""
    from pytest_bdd import scenario  # noqa: PLC0415 - loaded by its own entry point anyway

    bound: Run = scenario(str(path), text.title, features_base_dir=str(path.parent))(lambda: None)
    return bound


def partial_run(run: Run, values: dict[str, str]) -> Callable[..., Any]:
    """A test function for one row; pytest gives it the request."""

    def run_scenario(request: pytest.FixtureRequest) -> None:
        __tracebackhide__ = True
        run(request, values)

    return run_scenario


def scenario_rows(path: Path, text: ScenarioText) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a scenario, each with a name of its own; one nameless row without Examples."""
    if text.rows is None:
        yield "", {}
        return
    from pytest_bdd.feature import get_feature  # noqa: PLC0415 - loaded with pytest-bdd anyway

    seen: dict[str, int] = {}
    template = get_feature(str(path.parent), path.name).scenarios[text.title]
    for examples in template.examples:
        for values in examples.as_contexts():
            name = re.sub(r"[^\w.,=+-]+", "_", "-".join(values.values()))[:_ROW_LENGTH] or "row"
            seen[name] = seen.get(name, 0) + 1
            yield name if seen[name] == 1 else f"{name}-{seen[name]}", values
