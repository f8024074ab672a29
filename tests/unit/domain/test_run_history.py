"""Every unsuccessful run has a recorded cause and a later success."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from pytest_roadmap.domain.evidence import Record
from pytest_roadmap.domain.outcome import NotRunError, Outcome
from pytest_roadmap.domain.policy import Policy
from pytest_roadmap.domain.ports import UnreadableDocumentError
from pytest_roadmap.domain.recording import Recorder
from pytest_roadmap.domain.run_history import RunHistory, history_problems, read_run_history
from pytest_roadmap.domain.scenario_results import (
    first_recorded,
    leave_result,
    passed_result,
    result_limit,
)
from tests.fakes.jobs import ended_state, milliseconds
from tests.fakes.world import NOW, FakeRepository, FakeWorkspace
from tests.unit import domain_cases as cases
from tests.unit.domain.pipeline_cases import JOB, STARTED, run_body, workspace

FAILED, RERUN = 7001, 7002
LATER = STARTED + timedelta(hours=1)
RESOLVED = LATER + timedelta(hours=1)
PATH = "incidents/a.yaml"


def record(**changes: Any) -> dict[str, Any]:
    return {
        "run_id": FAILED,
        "cause_class": "data",
        "cause": "a file was cut off",
        "rerun_run_id": RERUN,
        "resolved_at": RESOLVED.isoformat(),
    } | changes


def runs(*bodies: dict[str, Any]) -> dict[int, Any]:
    return {body["run_id"]: body for body in bodies}


def later(result: str = "SUCCESS", **changes: Any) -> dict[str, Any]:
    times = {
        "start_time": milliseconds(LATER),
        "end_time": milliseconds(LATER + timedelta(minutes=1)),
    }
    return run_body(result, RERUN, **times | changes)


def history(*bodies: dict[str, Any], since: datetime | None = None, **incidents: Any) -> RunHistory:
    """The history of job A, by default one failure and its rerun, with one record."""
    values = incidents or {PATH: record()}
    fake: FakeWorkspace = workspace(
        job_runs=runs(*(bodies or (run_body("FAILED"), later()))),
        outputs={1: {"error": "boom", "error_trace": "line 1"}},
    )
    repository = FakeRepository(contents=dict.fromkeys(values, b""), values=values)
    return read_run_history(fake, repository, {"A": JOB}, since, "run_id")


def problems(*bodies: dict[str, Any], **incidents: Any) -> list[str]:
    return list(history_problems(history(*bodies, **incidents)))


def test_a_failure_with_cause_and_rerun_is_accounted_for() -> None:
    """The facts hold digests of what the run printed, not the text."""
    found = history()
    facts = found.as_facts()
    assert list(history_problems(found)) == []
    assert (facts["runs"], facts["unsuccessful"], facts["incidents"]) == (2, [FAILED], [PATH])
    assert facts["error_digests"][0].startswith("sha256:")


def test_runs_without_failure_need_no_record() -> None:
    """0 failed attempts of n runs."""
    assert problems(later()) == []


def test_older_runs_are_not_looked_at() -> None:
    """The history begins where the sentence says."""
    found = history(since=LATER)
    assert [run.run_id for run in found.runs["A"]] == [RERUN]
    assert found.as_facts()["since"] == LATER.isoformat()


def test_a_failure_without_a_record_is_a_problem() -> None:
    """Nor with two that contradict each other."""
    other = {PATH: record(run_id=9)}
    assert problems(**other) == [
        "run 7001 of A (TERMINATED FAILED) has 0 incident records, expected one"
    ]
    twice = {PATH: record(), "incidents/b.yaml": record()}
    assert "has 2 incident records" in problems(**twice)[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cause": ""}, "has an empty cause"),
        ({"cause_class": "TBD"}, "has an empty cause_class"),
        ({"resolved_at": "soon"}, "resolved_at is no time"),
        ({"resolved_at": STARTED.isoformat()}, "before the rerun ended"),
        ({"rerun_run_id": 1}, "names run 1, which A does not have"),
        ({"rerun_run_id": FAILED}, "it was not repaired"),
    ],
)
def test_a_record_must_be_true_and_whole(changes: dict[str, Any], said: str) -> None:
    """Cause, rerun and time are held against the runs."""
    assert said in problems(**{PATH: record(**changes)})[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (ended_state("FAILED"), "its rerun 7002 ended TERMINATED FAILED"),
        ({"start_time": 1}, "its rerun 7002 started before it"),
        (
            {"tasks": [{"task_key": "dq", **ended_state("EXCLUDED")}]},
            "its rerun 7002 left out dq",
        ),
        ({"job_parameters": []}, "its rerun 7002 has run_id=None, it has 'dod-1'"),
    ],
)
def test_a_rerun_must_have_made_up_for_it(changes: dict[str, Any], said: str) -> None:
    """It succeeded, later, with the same business run id."""
    assert any(said in problem for problem in problems(run_body("FAILED"), later(**changes)))


def repaired(**changes: Any) -> dict[str, Any]:
    """A run whose first attempt failed and whose repair succeeded."""
    first = {"type": "ORIGINAL", **ended_state("FAILED")}
    second = {"type": "REPAIR", "end_time": milliseconds(LATER), **ended_state("SUCCESS")}
    tasks = [
        {"task_key": "dq", "run_id": 1, "attempt_number": 0, **ended_state("FAILED")},
        {"task_key": "dq", "run_id": 2, "attempt_number": 1, **ended_state("SUCCESS")},
    ]
    return run_body(repair_history=[first, second], tasks=tasks) | changes


def test_a_repair_keeps_the_id_of_the_run() -> None:
    """The record names the run itself as its rerun."""
    assert problems(repaired(), **{PATH: record(rerun_run_id=FAILED)}) == []
    early = record(rerun_run_id=FAILED, resolved_at=STARTED.isoformat())
    assert "before the repair ended" in problems(repaired(), **{PATH: early})[0]


def test_a_repaired_run_still_needs_its_record() -> None:
    """The success of the repair does not hide the failure."""
    assert "has 0 incident records" in problems(repaired(), **{PATH: record(run_id=9)})[0]


def test_a_list_that_shows_the_last_attempt_only_hides_no_repair() -> None:
    """Its number says that there was one before."""
    whole = repaired()
    listed = whole | {"tasks": whole["tasks"][1:], "repair_history": None}

    class Listing(FakeWorkspace):
        def runs(self, *_: Any, **__: Any) -> Any:
            return (listed,)

    fake = Listing(job_runs=runs(whole))
    found = read_run_history(fake, FakeRepository(), {"A": JOB}, None, "run_id")
    assert [each.run.run_id for each in found.unsuccessful] == [FAILED]


def test_a_retried_task_is_no_unsuccessful_run() -> None:
    """The service tried again by itself, and the run succeeded."""
    assert problems(repaired(repair_history=[]), **{PATH: record(run_id=9)}) == []


def test_a_run_under_way_is_not_judged() -> None:
    """It may still succeed."""
    running = run_body() | {"state": {"life_cycle_state": "RUNNING"}, "status": {}}
    assert problems(running, **{PATH: record(run_id=9)}) == []


def test_a_run_in_an_unknown_state_is_no_run_under_way() -> None:
    """It has not succeeded, and nobody can say that it will."""
    odd = run_body() | {"state": {"life_cycle_state": "ABANDONED"}, "status": {}}
    assert "has 0 incident records" in problems(odd, **{PATH: record(run_id=9)})[0]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"run_id": 1}, "an incident record has run_id, cause_class"),
        (record(run_id="x"), "run_id is 'x', expected the id of a run"),
        (UnreadableDocumentError("incidents/a.yaml: no YAML"), "no YAML"),
    ],
)
def test_a_file_that_is_no_record_is_named(value: Any, said: str) -> None:
    """A broken file must not look like no incident."""
    assert said in problems(**{PATH: value})[0]


def test_files_of_another_kind_are_passed_over() -> None:
    """A folder may hold a README."""
    assert problems(**{PATH: record(), "incidents/README.md": None}) == []


def test_output_that_is_gone_leaves_no_digest() -> None:
    """The service keeps it for a while only; an empty one says nothing."""
    gone = run_body("FAILED")
    gone["tasks"][0]["run_id"] = 99
    assert history(gone, later()).as_facts()["error_digests"] == []


def recorded(word: Outcome) -> Record:
    """A record of the task with the first scenario only."""
    return cases.record(1, {"SEC-007.S1": word.value}, task_id="SEC-007")


def test_a_result_is_handed_on_by_the_record_of_the_scenario() -> None:
    """A later scenario finds what an earlier one left, if that one passed."""
    recorder = Recorder("SEC-007.S1", lambda: NOW)
    leave_result(recorder, {"run": 1})
    handed = replace(recorded(Outcome.PASS), facts=recorder.facts)
    other = cases.record(2, {}, task_id="SEC-006")
    found = passed_result([other, handed], "SEC-007.S1", kind="dev", now=NOW)
    assert found == {"run": 1}


def test_without_a_pass_or_its_result_the_scenario_waits() -> None:
    """Failed, never run, or a record of another making."""
    failed, empty = recorded(Outcome.FAIL), recorded(Outcome.PASS)
    for known in ([], [failed], [empty]):
        with pytest.raises(NotRunError, match=r"waiting\(SEC-007.S1\)"):
            passed_result(known, "SEC-007.S1", kind="dev", now=NOW)


def test_a_result_is_gone_on_with_while_it_is_fresh() -> None:
    """The policy's days for events, or the stricter hours of the environment."""
    policy = Policy({}, "", {"L1": ("dev",)}, freshness={"state_done_d": 30, "event_done_d": 90})
    task = replace(cases.task("SEC-007"), verification_level="L3")
    ran = replace(recorded(Outcome.PASS).scenarios[0], modes=("RUN",))
    known = [replace(recorded(Outcome.PASS), scenarios=(ran,))]
    assert result_limit(known, task, policy, None)("SEC-007.S1") == timedelta(days=90)
    assert result_limit(known, task, policy, 48)("SEC-007.S1") == timedelta(hours=48)
    assert result_limit([], task, policy, None)("SEC-007.S1") == timedelta(days=30)


def test_the_first_record_of_a_task_dates_it() -> None:
    """Records of other tasks and kinds do not."""
    known = [cases.record(1, {}, task_id="SEC-006")]
    assert first_recorded(known, "SEC-006", kind="dev") == known[0].started
    assert first_recorded(known, "SEC-005", kind="dev") is None
    assert first_recorded(known, "SEC-006", kind="prod") is None
