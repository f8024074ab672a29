"""What is known about step functions before any of them runs."""

from __future__ import annotations

import inspect
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it gives something that nobody awaits."""
    while isinstance(function, partial):
        function = function.func
    function = inspect.unwrap(function)
    if not inspect.isroutine(function):
        function = type(function).__call__
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def async_step_problems(root: Path) -> Iterator[str]:
    """One line for each async step of the project below ``root``, with its place.

    Steps from elsewhere are no matter of this project; they are refused when one runs.
    """
    from pytest_bdd.steps import (  # noqa: PLC0415 - loaded by its own entry point anyway
        step_function_context_registry,
    )

    for context in list(step_function_context_registry.values()):
        if is_async(context.step_func) and _file_of(context.step_func).is_relative_to(root):
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
    line = code.co_firstlineno if code else 0
    return f"{os.path.relpath(_file_of(function), root)}:{line}"


def _file_of(function: Callable[..., Any]) -> Path:
    return Path(inspect.getfile(inspect.unwrap(function)))
