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
    plain = _plain(function)
    return inspect.iscoroutinefunction(plain) or inspect.isasyncgenfunction(plain)


def async_step_problems(root: Path) -> Iterator[str]:
    """One line for each async step of the project below ``root``, with its place.

    Steps from elsewhere are no matter of this project; they are refused when one runs.
    """
    from pytest_bdd.steps import (  # noqa: PLC0415 - loaded by its own entry point anyway
        step_function_context_registry,
    )

    for context in list(step_function_context_registry.values()):
        code = getattr(_plain(context.step_func), "__code__", None)
        if code is None or not is_async(context.step_func):
            continue
        file = Path(code.co_filename)
        if file.is_relative_to(root):
            yield (
                f"{os.path.relpath(file, root)}:{code.co_firstlineno}: ASYNC_STEP: the step"
                f" {context.parser.name!r} is async: nothing would await it and its scenario would"
                " pass for nothing"
            )


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function below decorators, partial applications and callable objects."""
    while isinstance(function, partial):
        function = function.func
    function = inspect.unwrap(function)
    return function if inspect.isroutine(function) else type(function).__call__
