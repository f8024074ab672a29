"""Which arguments of a step come from its text, and not from fixtures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

StepFunction = Callable[..., object]


class StepArguments:
    """Tells the parameters of a step from the fixtures that it also takes.

    pytest-bdd hands both over in one dictionary. The parser of the step knows the names; asking it
    again is dear, so the names are kept per step function.
    """

    def __init__(self) -> None:
        self._names: dict[StepFunction, frozenset[str]] = {}

    def of_text(
        self, step_func: StepFunction, text: str, args: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The arguments that were read from the text of the step."""
        names = self._names.get(step_func)
        if names is None:
            names = self._names[step_func] = _parsed_names(step_func, text)
        return {name: value for name, value in args.items() if name in names}


def _parsed_names(step_func: StepFunction, text: str) -> frozenset[str]:
    from pytest_bdd.steps import (  # noqa: PLC0415 - loaded by its own entry point anyway
        step_function_context_registry,
    )

    names: set[str] = set()
    for context in list(step_function_context_registry.values()):
        if context.step_func is step_func and context.parser.is_matching(text):
            names.update(context.parser.parse_arguments(text) or ())
    return frozenset(names)
