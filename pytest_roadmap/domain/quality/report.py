"""What all findings of a check come to: one verdict word and one exit code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pytest_roadmap.domain.quality.finding import Finding, has_errors, in_document_order

if TYPE_CHECKING:
    from collections.abc import Iterable


class Verdict(StrEnum):
    """How a check of the document ended; a gate has words of its own."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"

    @property
    def exit_code(self) -> int:
        """0 pass, 20 fail, 22 inconclusive, 30 the document or policy cannot be read."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Verdict.PASS: 0,
    Verdict.FAIL: 20,
    Verdict.INCONCLUSIVE: 22,
    Verdict.INVALID: 30,
}


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The verdict over a document, the number of its readable tasks, and every finding."""

    verdict: Verdict
    tasks: int
    findings: tuple[Finding, ...]


def conclude(
    findings: Iterable[Finding], *, tasks: int, readable: bool = True, complete: bool = True
) -> CheckReport:
    """The report over these findings.

    Args:
        findings: of every check that ran.
        tasks: how many task rows could be read.
        readable: False when there is no roadmap to judge: the verdict is invalid.
        complete: False when a check could not judge something; without an error elsewhere the
            verdict is inconclusive.
    """
    ordered = in_document_order(findings)
    if not readable:
        verdict = Verdict.INVALID
    elif has_errors(ordered):
        verdict = Verdict.FAIL
    else:
        verdict = Verdict.PASS if complete else Verdict.INCONCLUSIVE
    return CheckReport(verdict, tasks, ordered)
