"""What counts as a success of a run, and what it used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pytest_roadmap.domain.job_runs import (
    JobRun,
    failed_attempts,
    parameter_problems,
    replay_problem,
    success_problems,
)
from tests.fakes.jobs import ended_state
from tests.unit.domain.pipeline_cases import STARTED, run_body

EXPECTED = frozenset({"dq"})


def problems(body: dict[str, Any]) -> list[str]:
    return list(success_problems(JobRun(body), EXPECTED))


def task(result: str, **more: Any) -> dict[str, Any]:
    return {"task_key": "dq", "run_id": 1, **ended_state(result), **more}


def test_a_run_that_succeeded_with_all_its_tasks_has_no_problem() -> None:
    """State, result, termination code and every task say success."""
    assert problems(run_body()) == []


@pytest.mark.parametrize("word", ["FAILED", "TIMEDOUT", "CANCELED", "SUCCESS_WITH_FAILURES"])
def test_any_other_word_is_no_success(word: str) -> None:
    """Also a success with failures is none."""
    said = problems(run_body() | ended_state(word))
    assert said == [f"run 7001 ended TERMINATED {word}"]


def test_a_success_with_another_termination_code_is_none() -> None:
    """Both the older and the newer part of the answer count."""
    body = run_body()
    body["status"] = {"state": "TERMINATED", "termination_details": {"code": "RUN_EXECUTION_ERROR"}}
    assert len(problems(body)) == 1


def test_a_task_is_judged_by_its_last_attempt() -> None:
    """The service lists each attempt; a retry that succeeded makes up for the first."""
    body = run_body()
    body["tasks"] = [task("SUCCESS", attempt_number=1), task("FAILED", attempt_number=0)]
    assert problems(body) == []


def test_a_task_that_failed_last_is_a_problem_although_the_run_succeeded() -> None:
    """The result of the run does not speak for its tasks."""
    body = run_body(tasks=[task("FAILED")])
    assert problems(body) == ["run 7001: task dq ended TERMINATED FAILED"]


@pytest.mark.parametrize("word", ["EXCLUDED", "DISABLED"])
def test_a_task_that_was_left_out_is_a_problem(word: str) -> None:
    """A disabled task does nothing, and the run still succeeds."""
    assert "was left out" in problems(run_body(tasks=[task(word)]))[0]


def test_a_task_that_is_missing_is_a_problem() -> None:
    """The tasks of the job are expected in its run; of no task nothing is judged."""
    assert problems(run_body(tasks=[])) == [
        "run 7001: task dq did not run",
        "run 7001 has no task",
    ]


def test_a_skipped_run_is_recognised_by_its_state_or_code() -> None:
    """Over the limit on concurrent runs the service starts nothing."""
    assert JobRun(run_body(**ended_state("", "SKIPPED"))).was_skipped
    assert JobRun(run_body(**ended_state("MAX_CONCURRENT_RUNS_EXCEEDED"))).was_skipped
    assert not JobRun(run_body()).was_skipped


def test_execution_of_several_tasks_is_the_sum_over_them() -> None:
    """The run itself states 0 then; where it states its own, that counts."""
    two = [task("SUCCESS", execution_duration=3), task("SUCCESS", execution_duration=4)]
    assert JobRun(run_body(tasks=two)).execution_ms == 7
    assert JobRun(run_body(execution_duration=5)).execution_ms == 5


def test_parameters_are_the_ones_that_ran() -> None:
    """The value wins over the default, the default stands in for a value that is absent."""
    run = JobRun(
        {
            "overriding_parameters": {"notebook_params": {"old": "1"}},
            "job_parameters": [
                {"name": "a", "default": "d", "value": "v"},
                {"name": "b", "default": "d"},
            ],
        }
    )
    assert run.parameters == {"old": "1", "a": "v", "b": "d"}


def test_a_run_that_used_other_values_is_named_with_both() -> None:
    """A value that is absent is another one, too."""
    said = list(parameter_problems(JobRun(run_body()), {"mode": "backfill", "none": "1"}))
    assert said == [
        "run 7001 used mode='incremental', requested was 'backfill'",
        "run 7001 used none=None, requested was '1'",
    ]


def test_a_run_from_before_the_request_is_a_replay() -> None:
    """A minute of difference between two clocks is none."""
    run = JobRun(run_body())
    assert replay_problem(run, STARTED + timedelta(seconds=30)) == ""
    assert "before it was asked for" in replay_problem(run, STARTED + timedelta(hours=1))


def test_failed_attempts_leave_out_what_never_ran() -> None:
    """A task whose predecessor failed has no output."""
    body = run_body(
        tasks=[task("FAILED", run_id=5), task("UPSTREAM_FAILED"), task("SUCCESS"), {"run_id": 9}]
    )
    assert failed_attempts(JobRun(body)) == (5,)


def test_the_words_of_the_service_are_kept() -> None:
    """A message says why."""
    state = {"life_cycle_state": "INTERNAL_ERROR", "state_message": "no capacity"}
    run = JobRun({"run_id": 1, "state": state, "run_page_url": "https://w/1"})
    assert (run.word, run.has_ended, run.url) == (
        "INTERNAL_ERROR: no capacity",
        True,
        "https://w/1",
    )
