"""From an environment's name to ports: the only place that knows embedded from real.

Importing it imports no cloud SDK and starts nothing; its parts are imported when they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_roadmap.composition.opening import Opening, opening_of
from pytest_roadmap.composition.options import CompositionError, RunOptions

if TYPE_CHECKING:
    from pytest_roadmap.composition.cloud import EmbeddedCloud, connect_embedded, start_embedded
    from pytest_roadmap.composition.run import Run, open_run

__all__ = [
    "CompositionError",
    "EmbeddedCloud",
    "Opening",
    "Run",
    "RunOptions",
    "connect_embedded",
    "open_run",
    "opening_of",
    "start_embedded",
]

_LATER = {
    "EmbeddedCloud": "cloud",
    "connect_embedded": "cloud",
    "start_embedded": "cloud",
    "Run": "run",
    "open_run": "run",
}


def __getattr__(name: str) -> Any:
    """The parts that take their time to import."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
