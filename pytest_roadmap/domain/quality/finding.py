"""What a quality check found, and what several findings mean for the whole check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Level(StrEnum):
    """How much a finding weighs: an error fails the check, the others inform."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check has to say, in a sentence that a reader of the roadmap understands.

    ``line`` is 1-based, None where no line fits. ``file`` is the file it belongs to, empty for the
    roadmap document.
    """

    check: str
    code: str
    level: Level
    task: str | None
    line: int | None
    message: str
    file: str = ""

    def __str__(self) -> str:
        """``plan.md:3: error: QA-01 UNMAPPED: …`` with what of it is known."""
        place = f"{self.file or 'roadmap'}:{self.line}" if self.line else self.file or "roadmap"
        task = f" {self.task}" if self.task else ""
        return f"{place}: {self.level.value}: {self.check} {self.code}{task}: {self.message}"


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any finding fails its check."""
    return any(finding.level is Level.ERROR for finding in findings)


def in_document_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings by line, those without a line first; otherwise in the order given."""
    return tuple(sorted(findings, key=lambda finding: finding.line or 0))
