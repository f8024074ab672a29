"""Small roadmaps, results and policies that the tests of the rules are written in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from pytest_roadmap.domain.effective import EffectiveResult, RegisteredBlocker
from pytest_roadmap.domain.evidence import Record, ScenarioResult
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.roadmap import Roadmap
from pytest_roadmap.domain.task import Status, SubTask, Task

NOW = datetime(2026, 2, 12, 9, 0, tzinfo=UTC)
TODAY = NOW.date()


def task(
    task_id: str,
    *depends_on: str,
    gate: str = "G1",
    priority: str = "P0",
    status: Status = Status.NOT_STARTED,
) -> Task:
    """A well-formed task."""
    workstream = task_id.partition("-")[0]
    return Task(
        task_id=task_id,
        status=status,
        priority=priority,
        depends_on=depends_on,
        source_doc="`.specs/a.md`",
        dod="it is there",
        verification_level="L1",
        evidence_path=f".agents/logs/verification/20260212_{task_id.lower()}.log",
        owner="Platform",
        target_gate=gate,
        sub_tasks=(SubTask(1, "look"),),
        section=f"WS-{workstream}",
        workstream=workstream,
        line=1,
    )


def roadmap(*tasks: Task) -> Roadmap:
    """A roadmap of these tasks."""
    return Roadmap(tasks=tasks, digest="sha256:" + "0" * 64)


def required(task_id: str, count: int) -> dict[str, tuple[str, ...]]:
    """The task with that many required scenarios."""
    return {task_id: tuple(f"{task_id}.S{number}" for number in range(1, count + 1))}


def effective(words: Mapping[str, str], *, history: bool = False) -> dict[str, EffectiveResult]:
    """Effective results by scenario id, from their words."""
    return {
        scenario_id: EffectiveResult(
            scenario_id,
            Outcome(word),
            reason="missing_binding(x)" if word == "blocked" else "",
            owner="Infra" if word == "blocked" else "",
            history=history or word == "pass",
            record_id="01J",
            ended=NOW,
        )
        for scenario_id, word in words.items()
    }


def blocker(task_id: str, *, review_by: str = "2026-03-01") -> RegisteredBlocker:
    """A block registered at the beginning of the year."""
    return RegisteredBlocker(
        task_id,
        "external_team(network)",
        "the private endpoint is not there",
        "Infra",
        date(2026, 1, 1),
        date.fromisoformat(review_by),
    )


def record(
    number: int,
    words: Mapping[str, str],
    *,
    kind: str = "dev",
    age: timedelta = timedelta(0),
    task_id: str = "A-1",
) -> Record:
    """A record with these outcomes that ended ``age`` before now."""
    ended = NOW - age
    return Record(
        record_id=f"01J{number:023d}",
        task_id=task_id,
        dod_digest="sha256:" + "0" * 64,
        environment=kind,
        kind=kind,
        state_id=None,
        started=ended - timedelta(minutes=1),
        ended=ended,
        scenarios=tuple(
            ScenarioResult(
                scenario_id=scenario_id,
                title=scenario_id,
                sub_tasks=(1,),
                modes=("RO",),
                required=True,
                outcome=Outcome(word),
                reason=word,
                detail="",
                owner="",
                failed_step="",
                started=ended - timedelta(minutes=1),
                ended=ended,
                feature_digest="sha256:" + "0" * 64,
            )
            for scenario_id, word in words.items()
        ),
    )
