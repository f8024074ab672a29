"""From an environment's name to ports: the only place that knows embedded from real.

Importing it imports no cloud SDK and starts nothing.
"""

from pytest_roadmap.composition.cloud import EmbeddedCloud, connect_embedded, start_embedded
from pytest_roadmap.composition.options import CompositionError, RunOptions
from pytest_roadmap.composition.run import Run, open_run

__all__ = [
    "CompositionError",
    "EmbeddedCloud",
    "Run",
    "RunOptions",
    "connect_embedded",
    "open_run",
    "start_embedded",
]
