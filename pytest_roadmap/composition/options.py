"""What a run is asked to do, and the error of a run that cannot begin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

EMBEDDED = "embedded"


class CompositionError(Exception):
    """The environment cannot be opened; the message says what to change, one line a problem."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The choices of one run.

    ``root`` is the project; ``environment`` is ``embedded`` or the name of a file below
    ``.roadmap/environments``; ``evidence_dir`` moves the records of a real environment.
    """

    root: Path
    document: Path
    environment: str
    evidence_dir: Path | None = None
    embedded_url: str | None = None
