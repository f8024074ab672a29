"""Runs on the embedded cloud once they are there: repaired, cancelled, listed, read, deleted."""

from __future__ import annotations

import pytest
from databricks.sdk.errors import InvalidParameterValue, PermissionDenied, ResourceDoesNotExist
from databricks.sdk.service.jobs import (
    JobAccessControlRequest,
    JobPermissionLevel,
    RunLifeCycleState,
    TerminationCodeCode,
)

from tests.contract.embedded_cloud import OUTSIDER, RunningCloud
from tests.contract.embedded_jobs import (
    QUEUE,
    WRITTEN,
    attempts,
    ended,
    finished,
    make_job,
    put_file,
    result,
    rows,
    sql_task,
    start,
    until,
    wait_for,
    writing_job,
)


def test_a_repair_runs_the_failed_tasks_again_as_the_job_is_now(cloud: RunningCloud) -> None:
    """Same run, new attempt, two entries of history; a second repair needs the first one's id."""
    job_id = make_job(
        cloud,
        sql_task(cloud, "good", "SELECT 1"),
        sql_task(cloud, "bad", "SELECT nope", depends_on=[{"task_key": "good"}]),
    )
    run_id = start(cloud, job_id)
    assert result(ended(cloud, run_id)) == "FAILED"
    put_file(cloud, "bad.sql", "SELECT 1")
    jobs = cloud.client("admin").jobs
    jobs.repair_run(run_id, rerun_all_failed_tasks=True)
    run = ended(cloud, run_id)
    repair_id = (run.repair_history or [])[-1].id
    assert result(run) == "SUCCESS"
    assert (len(attempts(run, "good")), len(attempts(run, "bad"))) == (1, 2)
    kinds = [item.type.value for item in run.repair_history or [] if item.type]
    assert kinds == ["ORIGINAL", "REPAIR"]
    with pytest.raises(InvalidParameterValue, match="latest repair ID"):
        jobs.repair_run(run_id, rerun_tasks=["good"])
    jobs.repair_run(run_id, rerun_tasks=["good"], latest_repair_id=repair_id)
    again = ended(cloud, run_id)
    assert (result(again), len(attempts(again, "good"))) == ("SUCCESS", 2)


def test_a_run_that_is_active_cannot_be_repaired(cloud: RunningCloud) -> None:
    """Only a terminated run can."""
    cloud.faults("task-hangs")
    run_id = start(cloud, writing_job(cloud))
    with pytest.raises(InvalidParameterValue, match="has not ended"):
        cloud.client("admin").jobs.repair_run(run_id, rerun_all_failed_tasks=True)


def test_cancelling_a_job_ends_its_active_runs(cloud: RunningCloud) -> None:
    """Each ends as cancelled by a user."""
    job_id = writing_job(cloud, max_concurrent_runs=2)
    cloud.faults("task-hangs")
    started = [start(cloud, job_id), start(cloud, job_id)]
    wait_for(cloud, started[1], RunLifeCycleState.RUNNING)
    cloud.client("admin").jobs.cancel_all_runs(job_id=job_id)
    for run_id in started:
        run = ended(cloud, run_id)
        assert run.status is not None
        assert run.status.termination_details is not None
        assert run.status.termination_details.code is TerminationCodeCode.USER_CANCELED


def test_cancelling_reaches_a_queued_run_and_the_child_of_a_run(cloud: RunningCloud) -> None:
    """The one never starts, the other ends with its parent."""
    child = writing_job(cloud, name="child")
    call = {"task_key": "call", "run_job_task": {"job_id": child}}
    job_id = make_job(cloud, call)
    cloud.faults("task-hangs:job=child")
    first = start(cloud, job_id)
    queued = start(cloud, job_id, queue=QUEUE)
    jobs = cloud.client("admin").jobs
    jobs.cancel_run(queued)
    assert result(ended(cloud, queued)) == "CANCELED"
    wait_for(cloud, first, RunLifeCycleState.RUNNING)
    until(lambda: list(jobs.list_runs(job_id=child)))
    jobs.cancel_run(first)
    assert result(ended(cloud, first)) == "CANCELED"
    inner = next(iter(jobs.list_runs(job_id=child))).run_id
    assert inner is not None
    assert result(ended(cloud, inner)) == "CANCELED"
    assert rows(cloud, WRITTEN) == []


def test_runs_are_listed_newest_first_by_job_state_and_time(cloud: RunningCloud) -> None:
    """Pages are followed; the filters narrow."""
    job_id = writing_job(cloud)
    made = [start(cloud, job_id, queue=QUEUE) for _ in range(3)]
    for run_id in made:
        last = ended(cloud, run_id)
    jobs = cloud.client("admin").jobs
    assert [run.run_id for run in jobs.list_runs(job_id=job_id, limit=2)] == made[::-1]
    assert list(jobs.list_runs(job_id=job_id, active_only=True)) == []
    assert last.start_time is not None
    late = jobs.list_runs(job_id=job_id, start_time_from=last.start_time)
    assert made[2] in [run.run_id for run in late]
    assert list(jobs.list_runs(job_id=job_id, start_time_to=1)) == []
    expanded = next(iter(jobs.list_runs(job_id=job_id, expand_tasks=True)))
    assert [task.task_key for task in expanded.tasks or []] == ["write"]


def test_the_output_of_several_tasks_is_asked_task_by_task(cloud: RunningCloud) -> None:
    """The run's own id is refused."""
    job_id = make_job(cloud, sql_task(cloud, "a", "SELECT 1"), sql_task(cloud, "b", "SELECT 1"))
    run = finished(cloud, job_id)
    assert run.run_id is not None
    with pytest.raises(InvalidParameterValue, match="multiple tasks"):
        cloud.client("admin").jobs.get_run_output(run.run_id)


def test_runs_are_seen_by_who_sees_the_job(cloud: RunningCloud) -> None:
    """Nothing before CAN_VIEW, all of it after."""
    job_id = writing_job(cloud)
    run = finished(cloud, job_id)
    assert run.run_id is not None
    jobs = cloud.client("outsider").jobs
    with pytest.raises(PermissionDenied):
        jobs.get_run(run.run_id)
    row = JobAccessControlRequest(user_name=OUTSIDER, permission_level=JobPermissionLevel.CAN_VIEW)
    cloud.client("admin").jobs.update_permissions(str(job_id), access_control_list=[row])
    assert jobs.get_run(run.run_id).run_id == run.run_id
    with pytest.raises(PermissionDenied):
        jobs.cancel_run(run.run_id)


def test_an_unknown_run_does_not_exist(cloud: RunningCloud) -> None:
    """In the sentence the SDK knows."""
    with pytest.raises(ResourceDoesNotExist):
        cloud.client("admin").jobs.get_run(4711)


def test_the_older_api_answers_alike_and_a_task_is_found_by_its_own_id(
    cloud: RunningCloud,
) -> None:
    """2.1 beside 2.2; the run of a task names the run it belongs to."""
    run = finished(cloud, writing_job(cloud))
    old = cloud.rest("admin", "GET", f"/api/2.1/jobs/runs/get?run_id={run.run_id}").json()
    assert (old["run_id"], old["state"]["result_state"]) == (run.run_id, "SUCCESS")
    task_id = attempts(run, "write")[0].run_id
    assert task_id is not None
    task = cloud.client("admin").jobs.get_run(task_id)
    assert (task.run_id, task.job_run_id) == (task_id, run.run_id)


def test_a_deleted_run_is_gone_and_an_active_one_stays(cloud: RunningCloud) -> None:
    """The history of a job loses it."""
    job_id = writing_job(cloud)
    run_id = start(cloud, job_id)
    ended(cloud, run_id)
    jobs = cloud.client("admin").jobs
    jobs.delete_run(run_id)
    assert list(jobs.list_runs(job_id=job_id)) == []
    cloud.faults("task-hangs")
    active = start(cloud, job_id)
    with pytest.raises(InvalidParameterValue, match="is active"):
        jobs.delete_run(active)
