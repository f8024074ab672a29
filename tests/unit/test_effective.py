"""The effective result of a scenario (rules a.2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pytest_roadmap.domain.effective import effective_results
from pytest_roadmap.domain.evidence import Record
from pytest_roadmap.domain.outcome import Outcome
from tests.unit.domain_cases import NOW, record

DAY = timedelta(days=1)
S1 = "A-1.S1"


def _only(
    *records: Record, kinds: tuple[str, ...] = ("dev",), limit: timedelta | None = None
) -> Any:
    found = effective_results(records, kinds=kinds, now=NOW, limit=lambda _: limit)
    return found.get(S1)


def test_a_later_unclear_result_does_not_erase_a_fresh_pass() -> None:
    """Inconclusive, pending and blocked say nothing about a deliverable that was judged."""
    for word in ("inconclusive", "pending", "blocked", "not_run"):
        result = _only(record(1, {S1: "pass"}, age=DAY), record(2, {S1: word}))

        assert result.outcome is Outcome.PASS


def test_a_later_fail_erases_a_pass() -> None:
    """The newest verdict counts, and the earlier pass stays history."""
    result = _only(record(1, {S1: "pass"}, age=DAY), record(2, {S1: "fail"}))

    assert result.outcome is Outcome.FAIL
    assert result.history


def test_a_pass_after_a_fail_counts() -> None:
    """A repaired deliverable passes."""
    result = _only(record(1, {S1: "fail"}, age=DAY), record(2, {S1: "pass"}))

    assert result.outcome is Outcome.PASS


def test_a_pass_past_its_limit_is_history_only() -> None:
    """A stale pass does not count, is flagged, and is remembered."""
    result = _only(record(1, {S1: "pass"}, age=9 * DAY), limit=8 * DAY)

    assert result.outcome is Outcome.NOT_RUN
    assert result.stale
    assert result.history


def test_a_pass_exactly_at_its_limit_still_counts() -> None:
    """The limit itself is within the limit."""
    result = _only(record(1, {S1: "pass"}, age=8 * DAY), limit=8 * DAY)

    assert result.outcome is Outcome.PASS


def test_without_a_fresh_verdict_the_newest_unclear_word_counts() -> None:
    """Of blocked and then pending, pending is what holds now."""
    result = _only(record(1, {S1: "blocked"}, age=DAY), record(2, {S1: "pending"}))

    assert result.outcome is Outcome.PENDING


def test_a_scenario_that_was_not_run_hides_no_block() -> None:
    """Not running says nothing about the precondition that blocked it before."""
    result = _only(record(1, {S1: "blocked"}, age=DAY), record(2, {S1: "not_run"}))

    assert result.outcome is Outcome.BLOCKED
    assert result.reason == "blocked"


def test_records_of_another_kind_do_not_count() -> None:
    """A pass on a kind that the task does not accept is no result at all."""
    assert _only(record(1, {S1: "pass"}, kind="embedded"), kinds=("dev", "prod")) is None


def test_over_several_kinds_the_newest_verdict_counts() -> None:
    """A later fail in rehearsal outweighs the pass in dev."""
    result = _only(
        record(1, {S1: "pass"}, age=DAY),
        record(2, {S1: "fail"}, kind="rehearsal"),
        kinds=("dev", "rehearsal"),
    )

    assert result.outcome is Outcome.FAIL


def test_the_result_names_its_record() -> None:
    """A reader can find the evidence that counted."""
    counted = record(7, {S1: "pass"})

    result = _only(counted, record(3, {S1: "pass"}, age=DAY))

    assert result.record_id == counted.record_id
    assert result.ended == counted.ended
