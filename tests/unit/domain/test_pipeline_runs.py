"""Pipelines run in order under one business run id."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.pipeline_contract import Window
from pytest_roadmap.domain.pipeline_outputs import earlier_runs
from pytest_roadmap.domain.pipeline_runs import (
    PipelineRunner,
    PipelineRuns,
    elapsed_problems,
    idempotency_token,
    run_problems,
    used_parameter_problems,
)
from tests.fakes.jobs import ended_state
from tests.fakes.world import NOW, PIPELINE, FakeWorkspace
from tests.unit.domain.pipeline_cases import (
    HI,
    JOB,
    LO,
    RUN,
    RUN_ID,
    bound,
    job_body,
    run_body,
    workspace,
)

WINDOW = Window("smoke", LO, HI)


class Ticking:
    """A clock that advances by what was slept."""

    def __init__(self) -> None:
        self.now = NOW
        self.pauses: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)


def run(
    fake: FakeWorkspace, environment: Environment | None = None, *names: str
) -> tuple[PipelineRuns, Ticking]:
    clock = Ticking()
    runner = PipelineRunner(fake, environment or bound(), clock, clock.pause)
    return runner.run_in_order(names or ("A",), "incremental", WINDOW, RUN_ID), clock


def test_a_run_is_asked_for_with_the_bound_parameters_and_a_token() -> None:
    """Names come from the binding, values from the sentence; the token fits the service."""
    fake = workspace()
    run(fake)
    ((job_id, parameters, token),) = fake.run_requests
    assert (job_id, len(token)) == (JOB, 64)
    assert parameters == {
        "run_id": RUN_ID,
        "mode": "incremental",
        "ws": "2026-02-01T00:00:00Z",
        "we": "2026-02-02T00:00:00Z",
    }


def test_a_successful_run_has_no_problem_and_can_be_handed_on() -> None:
    """What a later scenario reads is what was run."""
    runs, _ = run(workspace())
    assert [*run_problems(runs), *used_parameter_problems(runs), *elapsed_problems(runs, 1)] == []
    handed = earlier_runs(runs.as_facts())
    assert (handed.run_id, handed.window) == (RUN_ID, WINDOW)
    assert [(each.run_id, each.run_as) for each in handed.runs] == [(RUN, PIPELINE)]


def test_it_waits_until_the_run_has_ended() -> None:
    """The pause grows, so that a long run is asked about rarely."""
    running = run_body() | {"state": {"life_cycle_state": "RUNNING"}, "status": {}}
    _, clock = run(workspace(polls={RUN: [running, running]}))
    assert clock.pauses == [0.2, pytest.approx(0.3)]


def test_a_run_that_does_not_end_in_time_cannot_be_judged() -> None:
    """A time-out of ours blames nobody."""
    queued = run_body() | {"state": {"life_cycle_state": "QUEUED"}, "status": {}}
    with pytest.raises(InconclusiveError, match="run_timeout"):
        run(workspace(job_runs={RUN: queued}))


def test_a_skipped_run_cannot_be_judged() -> None:
    """Nothing ran."""
    with pytest.raises(InconclusiveError, match="run_skipped"):
        run(workspace(job_runs={RUN: run_body(**ended_state("", "SKIPPED"))}))


def test_a_parameter_that_the_job_does_not_declare_starts_nothing() -> None:
    """The service might drop it silently, and the run would use its defaults."""
    fake = workspace(jobs={JOB: job_body("run_id", "mode", "ws")})
    runs, _ = run(fake)
    assert fake.run_requests == []
    assert list(run_problems(runs)) == [f"A was not started: job {JOB} declares no we"]


def test_a_pipeline_after_a_failed_one_is_not_started() -> None:
    """It would work on data that are not there."""
    runs, _ = run(workspace(job_runs={RUN: run_body("FAILED")}), None, "A", "B")
    said = list(run_problems(runs))
    assert said[-1] == "B was not started, because a pipeline before it did not succeed"
    assert "run 7001 ended TERMINATED FAILED" in said


def test_a_run_of_another_job_is_not_the_one_asked_for() -> None:
    """Its tasks may have the same names."""
    runs, _ = run(workspace(job_runs={RUN: run_body(job_id=99)}))
    assert list(run_problems(runs)) == [f"run {RUN} is one of job 99, asked for was job {JOB}"]


def test_an_old_run_that_was_handed_out_again_is_found() -> None:
    """A token that was used before answers the run it started."""
    old: dict[str, Any] = run_body(start_time=1_000)
    runs, _ = run(workspace(job_runs={RUN: old}))
    assert any("before it was asked for" in said for said in used_parameter_problems(runs))


def test_execution_beyond_the_limit_is_a_problem() -> None:
    """The limit is in minutes, the service counts milliseconds."""
    runs, _ = run(workspace(job_runs={RUN: run_body(execution_duration=90_000)}))
    assert list(elapsed_problems(runs, 1)) == ["1.5 minutes of execution, the limit is 1"]


def test_a_time_that_was_not_measured_is_not_within_the_limit() -> None:
    """A run without a duration proves nothing."""
    runs, _ = run(workspace(job_runs={RUN: run_body(tasks=[])}))
    assert list(elapsed_problems(runs, 1)) == ["the service states no execution time for A"]


def test_what_did_not_start_is_not_judged_by_its_parameters() -> None:
    """There is no run to look at."""
    runs, _ = run(workspace(jobs={JOB: job_body("run_id")}))
    assert list(used_parameter_problems(runs)) == []
    assert runs.as_facts()["runs"] == []


def test_the_parameter_of_the_run_id_must_be_bound() -> None:
    """Without it no row of the run could be told from another."""
    with pytest.raises(BlockedError, match=r"missing_binding\(params.run_id\)"):
        run(workspace(), bound(params__run_id=None))


def test_the_token_differs_by_environment_run_pipeline_and_attempt() -> None:
    """Only the same attempt may answer the same run."""
    tokens = {
        idempotency_token("dev", "r", "A", attempt=1),
        idempotency_token("prod", "r", "A", attempt=1),
        idempotency_token("dev", "r2", "A", attempt=1),
        idempotency_token("dev", "r", "B", attempt=1),
        idempotency_token("dev", "r", "A", attempt=2),
    }
    assert len(tokens) == 5
