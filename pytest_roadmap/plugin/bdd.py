"""Spares pytest-bdd work that was done already; what it finds stays the same.

Three places reach into pytest-bdd. Each is there for its share of the CPU time of a run (see
``benchmarks/overhead.py``), and a test holds each against what pytest-bdd does by itself.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from types import FunctionType
from typing import TYPE_CHECKING, Any

from pytest_bdd.compat import get_fixture_names, getfixturedefs
from pytest_bdd.feature import features
from pytest_bdd.gherkin_parser import GherkinDocument
from pytest_bdd.parser import FeatureParser
from pytest_bdd.steps import StepNamePrefix, step_function_context_registry

from pytest_roadmap.plugin.items import ScenarioItem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pytest
    from pytest_bdd.parser import Step


class _ParsedFeature(FeatureParser):
    """Takes the Gherkin document that the linter read, in place of reading the file again."""

    def __init__(self, path: Path, document: Mapping[str, Any]) -> None:
        super().__init__(str(path.parent), path.name)
        self._document = document

    def _parse_feature_file(self) -> GherkinDocument:
        return GherkinDocument.from_dict(self._document)


def share_reading(path: Path, document: Mapping[str, Any]) -> None:
    """Put a feature into pytest-bdd's own cache, from the document that gherkin-official gave."""
    features[str(path)] = _ParsedFeature(path, document).parse()


#: The module; ``pytest_bdd.scenario`` is the function of the same name.
_scenario: Any = importlib.import_module("pytest_bdd.scenario")


class StepSearch:
    """Finds the function of a step among those its feature file can see, listed once per file.

    pytest-bdd goes through every fixture of the session for every step, and asks pytest for the
    one it found as for a fixture of its own. Where exactly one function matches, the answer is
    known without that; anything else is left to pytest-bdd.

    pytest-bdd also reads the signature of a step function twice for every step it runs. It is
    read once per function here.
    """

    def __init__(self) -> None:
        self._search = _scenario.get_step_function
        self._read = (_scenario.signature, _scenario.get_required_args)
        self._seen: tuple[object, int] | None = None
        self._visible: list[Any] = []
        self._known = 0
        self._names: list[str] = []

    def install(self) -> None:
        """Answer pytest-bdd's searches from now on; those of other tests go their old way."""
        _scenario.get_step_function = self.find
        _scenario.signature, _scenario.get_required_args = map(_once_per_function, self._read)

    def remove(self) -> None:
        """Let pytest-bdd search by itself again."""
        _scenario.get_step_function = self._search
        _scenario.signature, _scenario.get_required_args = self._read

    def find(self, request: pytest.FixtureRequest, step: Step) -> Any:
        """The context of the function whose text matches the step; None when none does."""
        node = request.node
        if isinstance(node, ScenarioItem):
            matching = [
                context
                for context in self._visible_to(node.parent, request._fixturemanager)  # noqa: SLF001 - as pytest-bdd does
                if context.type in (None, step.type) and context.parser.is_matching(step.name)
            ]
            if len(matching) == 1:
                return matching[0]
        return self._search(request=request, step=step)

    def _visible_to(self, file: Any, fixturemanager: Any) -> list[Any]:
        seen = (file, len(step_function_context_registry))
        if seen != self._seen:
            self._visible = [
                context
                for name in self._step_names(fixturemanager)
                for fixturedef in getfixturedefs(fixturemanager, name, file) or ()
                if (context := step_function_context_registry.get(fixturedef.func)) is not None
            ]
            self._seen = seen
        return self._visible

    def _step_names(self, fixturemanager: Any) -> list[str]:
        """The fixtures that stand for steps anywhere, listed again when a step was added."""
        if self._known != len(step_function_context_registry):
            self._known = len(step_function_context_registry)
            self._names = [
                name
                for name in get_fixture_names(fixturemanager=fixturemanager)
                if name.startswith(StepNamePrefix.step_def.value)
            ]
        return self._names


def _once_per_function(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What the signature of a function says, kept for those asked about most lately."""
    kept = lru_cache(maxsize=1024)(read)

    def ask(function: Any) -> Any:
        return kept(function) if type(function) is FunctionType else read(function)

    return ask
