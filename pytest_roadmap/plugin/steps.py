"""What is known about step functions before any of them runs."""

from __future__ import annotations

import inspect
import os
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it gives something that nobody awaits."""
    while isinstance(function, partial):
        function = function.func
    function = inspect.unwrap(function)
    if not inspect.isroutine(function):
        function = getattr(type(function), "__call__", function)
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def async_step_problems(root: Path) -> Iterator[str]:
    """One line for each registered step that is async, with the place of its function."""
    from pytest_bdd.steps import (  # noqa: PLC0415 - loaded by its own entry point anyway
        step_function_context_registry,
    )

    for context in list(step_function_context_registry.values()):
        if is_async(context.step_func):
            yield f"{place_of(context.step_func, root)}: ASYNC_STEP: {async_sentence(context)}"


def async_sentence(context: Any) -> str:
    """Why an async step is refused."""
    return (
        f"the step {context.parser.name!r} is async: nothing would await it and its scenario"
        " would pass for nothing"
    )


def place_of(function: Callable[..., Any], root: Path) -> str:
    """``steps/x.py:12``, as far as it can be told."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return repr(function)
    return f"{os.path.relpath(code.co_filename, root)}:{code.co_firstlineno}"
