"""What counts for a scenario, out of everything that was ever recorded about it (rules a.2)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from pytest_roadmap.domain.outcome import Outcome

if TYPE_CHECKING:
    from pytest_roadmap.domain.evidence import Record, ScenarioResult


@dataclass(frozen=True, slots=True)
class EffectiveResult:
    """The one result of a scenario that counts, and where it comes from.

    ``history`` says that the scenario passed once, however long ago; ``stale`` that its newest
    pass is too old to count. ``record_id`` and ``ended`` are None when nothing was recorded.
    """

    scenario_id: str
    outcome: Outcome
    reason: str = ""
    detail: str = ""
    owner: str = ""
    stale: bool = False
    history: bool = False
    record_id: str | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class RegisteredBlocker:
    """An external precondition that people registered as unmet, until ``review_by`` (UTC dates)."""

    task_id: str
    code: str
    condition: str
    owner: str
    since: date
    review_by: date

    def holds(self, today: date) -> bool:
        """Whether the block counts today."""
        return self.since <= today <= self.review_by

    def overdue(self, today: date) -> bool:
        """Whether nobody reviewed it in time, so that it no longer counts."""
        return today > self.review_by

    @property
    def overdue_sentence(self) -> str:
        """What to say about the blocker once nobody reviewed it in time."""
        return (
            f"BLOCK_STALE {self.task_id}: {self.code} of {self.owner} was to be reviewed by "
            f"{self.review_by} and no longer counts"
        )


@dataclass(frozen=True, slots=True)
class _Entry:
    record_id: str
    result: ScenarioResult


#: How long a result of a scenario counts; None means it never goes stale (rules d.7).
FreshnessLimit = Callable[[str], timedelta | None]


def never_stale(_scenario_id: str) -> timedelta | None:
    """The limit for results that are judged at once, as a run judges its own."""
    return None


def effective_results(
    records: Iterable[Record],
    *,
    kinds: Collection[str],
    now: datetime,
    limit: FreshnessLimit = never_stale,
) -> Mapping[str, EffectiveResult]:
    """The effective result of every scenario that the records speak of.

    Args:
        records: valid records (rules d.4) in any order; outline rows are already joined.
        kinds: the environment kinds that count (rules a.7); other records are passed over.
        now: UTC, the time at which age is measured.
        limit: freshness limit of a scenario id.

    Returns:
        Results by scenario id; a scenario that is absent was never run.
    """
    entries: dict[str, list[_Entry]] = {}
    for record in records:
        if record.kind in kinds:
            for result in record.scenarios:
                entries.setdefault(result.scenario_id, []).append(_Entry(record.record_id, result))
    return {
        scenario_id: _effective(scenario_id, found, now, limit(scenario_id))
        for scenario_id, found in entries.items()
    }


def _effective(
    scenario_id: str, entries: list[_Entry], now: datetime, limit: timedelta | None
) -> EffectiveResult:
    newest_first = sorted(entries, key=_newest_and_worst, reverse=True)
    conclusive = [entry for entry in newest_first if entry.result.outcome.conclusive]
    history = any(entry.result.outcome is Outcome.PASS for entry in conclusive)
    fresh = next((entry for entry in conclusive if _is_fresh(entry, now, limit)), None)
    if fresh is not None:
        return _result(scenario_id, fresh, history=history, stale=False)
    stale = bool(conclusive) and conclusive[0].result.outcome is Outcome.PASS
    counting = _newest_without_verdict(newest_first)
    if counting is None:
        return EffectiveResult(
            scenario_id,
            Outcome.NOT_RUN,
            reason="stale",
            history=history,
            stale=stale,
            record_id=newest_first[0].record_id,
            ended=newest_first[0].result.ended,
        )
    return _result(scenario_id, counting, history=history, stale=stale)


def _newest_without_verdict(newest_first: list[_Entry]) -> _Entry | None:
    """The newest entry that says why there is no verdict; a scenario not run says least."""
    open_entries = [entry for entry in newest_first if not entry.result.outcome.conclusive]
    telling = (entry for entry in open_entries if entry.result.outcome is not Outcome.NOT_RUN)
    return next(telling, open_entries[0] if open_entries else None)


def _newest_and_worst(entry: _Entry) -> tuple[datetime, str, bool, str, str]:
    """Sorts by time, then record; of two results in one record the one that is no pass counts."""
    result = entry.result
    no_pass = result.outcome is not Outcome.PASS
    return result.ended, entry.record_id, no_pass, result.outcome.value, result.reason


def _is_fresh(entry: _Entry, now: datetime, limit: timedelta | None) -> bool:
    return limit is None or now - entry.result.ended <= limit


def _result(scenario_id: str, entry: _Entry, *, history: bool, stale: bool) -> EffectiveResult:
    result = entry.result
    return EffectiveResult(
        scenario_id,
        result.outcome,
        result.reason,
        result.detail,
        result.owner,
        stale=stale,
        history=history,
        record_id=entry.record_id,
        ended=result.ended,
    )
