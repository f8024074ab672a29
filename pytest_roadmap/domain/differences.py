"""What a comparison claims, whatever was compared: no differences, and not of nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DifferenceClaim:
    """One comparison: what speaks against it, and how much was compared."""

    text: str
    problems: tuple[str, ...]
    compared: int


class DifferenceReport(Protocol):
    """A comparison that a step can ask for its differences."""

    def claims(self) -> Iterator[DifferenceClaim]:
        """Each claim in the order in which it is judged."""
