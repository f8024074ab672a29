"""What the steps need of a Databricks bundle: what it would deploy, as its own tool says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class BundleSummary:
    """The bundle as resolved for one target; ``problem`` says why its tool gave none.

    ``jobs`` maps the id of a deployed job to its resolved definition (``name``, ``run_as`` …).
    """

    target: str
    mode: str = ""
    jobs: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    problem: str = ""


class BundlePort(Protocol):
    """C-BUNDLE: the bundle that an environment binds."""

    def summary(self) -> BundleSummary:
        """Ask the tool once, bounded in time; a tool that ends with an error is an answer.

        Raises:
            BlockedError: not bound, or the tool is absent (``missing_tool``).
            InconclusiveError: no end in time, or no answer that can be read.
        """
