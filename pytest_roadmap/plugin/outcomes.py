"""From the way pytest ended a scenario to one of the six words, and back to pytest's display."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pytest_roadmap.domain.outcome import (
    AccessRefusedError,
    AssetMissingError,
    BlockedError,
    Outcome,
    ScenarioStopError,
)

#: Category of pytest's counts, letter and word of each outcome. A category of their own for the
#: words that pytest does not know; "error" keeps the traceback of what could not be judged.
_DISPLAY: dict[str, tuple[str, str, tuple[str, dict[str, bool]]]] = {
    Outcome.PASS: ("passed", ".", ("PASSED", {"green": True})),
    Outcome.FAIL: ("failed", "F", ("FAILED", {"red": True})),
    Outcome.BLOCKED: ("blocked", "B", ("BLOCKED", {"yellow": True})),
    Outcome.PENDING: ("pending", "W", ("PENDING", {"yellow": True})),
    Outcome.INCONCLUSIVE: ("inconclusive", "I", ("INCONCLUSIVE", {"red": True})),
    Outcome.NOT_RUN: ("not run", "N", ("NOT RUN", {"yellow": True})),
}

Status = tuple[str, str, tuple[str, dict[str, bool]]]


@dataclass(frozen=True, slots=True)
class Ending:
    """The word of a scenario with its reason; ``owner`` is the role that can lift a block."""

    outcome: Outcome
    reason: str = ""
    detail: str = ""
    owner: str = ""

    @property
    def skips(self) -> bool:
        """Whether pytest shows it as a skip: it ended early on purpose."""
        return self.outcome not in (Outcome.PASS, Outcome.FAIL)


PASSED = Ending(Outcome.PASS)


def judge_exception(error: BaseException, *, in_then: bool) -> tuple[Ending, bool]:
    """The ending that an exception means, and whether its traceback is worth keeping.

    ``in_then`` says that it came out of a ``Then`` step: nothing else can fail a scenario.
    """
    if isinstance(error, ScenarioStopError):
        owner = error.owner if isinstance(error, BlockedError) else ""
        return Ending(error.outcome, error.reason, error.detail, owner), False
    if isinstance(error, AccessRefusedError):
        reason = f"access_not_granted({error.resource})"
        return Ending(Outcome.BLOCKED, reason, str(error), "Platform"), False
    if isinstance(error, pytest.skip.Exception):
        return Ending(Outcome.NOT_RUN, "skipped", error.msg or ""), False
    if in_then and isinstance(error, (AssertionError, pytest.fail.Exception)):
        return Ending(Outcome.FAIL, "assertion", str(error)), True
    if isinstance(error, AssetMissingError):
        return Ending(Outcome.INCONCLUSIVE, f"asset_missing({error.resource})", str(error)), True
    return Ending(Outcome.INCONCLUSIVE, f"error({type(error).__name__})", str(error)), True


def cap_changed(ending: Ending, changes: str) -> Ending:
    """What is left of an ending where the feature quotes something else than the document says."""
    if not changes or ending.outcome not in (Outcome.PASS, Outcome.FAIL):
        return ending
    detail = f"{changes}; without that the scenario would end {ending.outcome.value}"
    return Ending(Outcome.INCONCLUSIVE, "DOD_CHANGED", detail)


def skip_text(ending: Ending) -> str:
    """The reason that pytest shows for a skipped scenario."""
    text = f"roadmap:{ending.outcome.value}"
    if ending.reason:
        text += f":{ending.reason}"
    return f"{text}: {ending.detail}" if ending.detail else text


def display(word: str, *, failed: bool) -> Status:
    """How the terminal counts and shows a word."""
    category, letter, (text, markup) = _DISPLAY[word]
    if failed and word != Outcome.FAIL:
        return "error", letter, (text, {"red": True})
    return category, letter, (text, markup)
