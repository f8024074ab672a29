"""Outcome words as Allure statuses."""

from __future__ import annotations

import pytest

from pytest_roadmap.domain.outcome import AccessRefusedError, Outcome, ScenarioStopError

PASSED = "passed"
FAILED = "failed"
BROKEN = "broken"
SKIPPED = "skipped"

#: Allure has no words for what was not judged; the message of the result starts with ours.
STATUS_OF = {
    Outcome.PASS: PASSED,
    Outcome.FAIL: FAILED,
    Outcome.BLOCKED: SKIPPED,
    Outcome.PENDING: SKIPPED,
    Outcome.INCONCLUSIVE: BROKEN,
    Outcome.NOT_RUN: SKIPPED,
}


def status_of_error(error: BaseException) -> str:
    """The status of a step that raised; the word of its scenario is decided elsewhere."""
    if isinstance(error, ScenarioStopError):
        return STATUS_OF[error.outcome]
    if isinstance(error, (AccessRefusedError, pytest.skip.Exception)):
        return SKIPPED
    if isinstance(error, (AssertionError, pytest.fail.Exception)):
        return FAILED
    return BROKEN


def step_message(error: BaseException) -> str:
    """What a step says about its error."""
    text = str(error)
    if isinstance(error, ScenarioStopError):
        return f"{error.outcome.value}: {text}"
    if isinstance(error, AssertionError):
        return text or "assertion failed"
    return f"{type(error).__name__}: {text}"
