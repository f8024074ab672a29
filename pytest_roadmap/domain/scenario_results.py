"""What a scenario hands to later ones through its record, and how they find it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pytest_roadmap.domain.effective import FreshnessLimit, effective_results, never_stale
from pytest_roadmap.domain.evidence import Record
from pytest_roadmap.domain.outcome import NotRunError, Outcome
from pytest_roadmap.domain.policy import Policy
from pytest_roadmap.domain.recording import Recorder
from pytest_roadmap.domain.standing import Occasion, freshness_limit
from pytest_roadmap.domain.task import Task

#: The fact of a record under which each scenario leaves what later ones need.
RESULTS = "results"


def leave_result(recorder: Recorder, result: Mapping[str, Any]) -> None:
    """Hand a result to later scenarios, also of later runs."""
    recorder.facts.setdefault(RESULTS, {})[recorder.scenario] = dict(result)


def passed_result(
    records: Iterable[Record],
    scenario: str,
    *,
    kind: str,
    now: datetime,
    limit: FreshnessLimit = never_stale,
) -> Mapping[str, Any]:
    """What a scenario left when it effectively passed.

    Args:
        records: valid records of one environment.
        scenario: id such as ``SEC-007.S1``.
        kind: of the environment.
        now: UTC.
        limit: freshness limit of a scenario id.

    Raises:
        NotRunError: its newest effective result is no pass, or it left nothing.
    """
    known = tuple(records)
    found = effective_results(known, kinds=(kind,), now=now, limit=limit).get(scenario)
    waiting = f"waiting({scenario})"
    if found is None or found.outcome is not Outcome.PASS:
        said = found.outcome.value if found else "never run"
        raise NotRunError(waiting, f"{scenario} has not passed here: {said}")
    for record in known:
        if record.record_id == found.record_id:
            left = (record.facts.get(RESULTS) or {}).get(scenario)
            if isinstance(left, Mapping):
                return left
    raise NotRunError(waiting, f"{scenario} passed and its record holds no result to go on with")


def first_recorded(records: Iterable[Record], task_id: str, *, kind: str) -> datetime | None:
    """When the task was first recorded in this environment, None if never."""
    times = (r.started for r in records if r.task_id == task_id and r.kind == kind)
    return min(times, default=None)


def result_limit(
    records: Iterable[Record], task: Task, policy: Policy, bound_h: float | None
) -> FreshnessLimit:
    """How long a result of the task's scenarios may be gone on with (rules d.7).

    Args:
        records: which of them say what modes a scenario has.
        task: the one whose result is wanted.
        policy: its limits for a task that is Done.
        bound_h: hours, the stricter limit of the environment (``evidence.max_age_h``), or None.
    """
    modes = {s.scenario_id: frozenset(s.modes) for each in records for s in each.scenarios}
    bound = timedelta(hours=bound_h) if bound_h else None
    return freshness_limit(task, policy, modes, Occasion.DONE, bound)
