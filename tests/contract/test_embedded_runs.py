"""Runs on the embedded cloud: started, executed as the principal of the job, ended."""

from __future__ import annotations

import pytest
from databricks.sdk.errors import InvalidParameterValue, PermissionDenied
from databricks.sdk.service.jobs import (
    RunLifeCycleState,
    TerminationCodeCode,
)
from databricks.sdk.service.sql import CreateQueryRequestQuery

from tests.contract.embedded_cloud import INFRA, PIPELINE, RunningCloud
from tests.contract.embedded_jobs import (
    QUEUE,
    RUN_ID,
    WRITE,
    WRITTEN,
    attempts,
    ended,
    finished,
    make_job,
    result,
    rows,
    sql_task,
    start,
    task_result,
    update,
    wait_for,
    writing_job,
)


def test_a_sql_task_runs_as_the_principal_of_the_job(cloud: RunningCloud) -> None:
    """The row, the table's history and the query history all name it."""
    run = finished(cloud, writing_job(cloud), job_parameters={"run_id": "r1"})
    assert result(run) == "SUCCESS"
    assert run.creator_user_name == "admin@embedded.example"
    assert rows(cloud, WRITTEN) == [["r1", PIPELINE]]
    history = cloud.sql("harness", "DESCRIBE HISTORY main.ops.pipeline_state LIMIT 1")
    assert history["result"]["data_array"][0][3] == PIPELINE


def test_an_ended_run_says_so_in_both_forms_with_its_times(cloud: RunningCloud) -> None:
    """state of the older API, status of the newer one, and its page."""
    run = finished(cloud, writing_job(cloud), job_parameters={"run_id": "r1"})
    assert run.state is not None
    assert run.state.life_cycle_state is RunLifeCycleState.TERMINATED
    assert run.status is not None
    assert run.status.termination_details is not None
    assert run.status.termination_details.code is TerminationCodeCode.SUCCESS
    assert run.start_time is not None
    assert run.end_time is not None
    assert run.run_duration is not None
    assert run.end_time - run.start_time == run.run_duration > 0
    assert run.run_page_url is not None
    assert run.run_page_url.endswith(f"/run/{run.run_id}")


def test_the_run_lists_the_parameters_that_counted(cloud: RunningCloud) -> None:
    """Default and value of each declared one; an undeclared one is refused."""
    job_id = make_job(
        cloud,
        sql_task(cloud, "t", "SELECT 1"),
        parameters=[*RUN_ID, {"name": "mode", "default": "incremental"}],
    )
    run = finished(cloud, job_id, job_parameters={"run_id": "r1"})
    assert [item.as_dict() for item in run.job_parameters or []] == [
        {"name": "run_id", "default": "none", "value": "r1"},
        {"name": "mode", "default": "incremental", "value": "incremental"},
    ]
    with pytest.raises(InvalidParameterValue, match="not defined"):
        start(cloud, job_id, job_parameters={"window": "x"})


def test_a_sql_task_may_run_a_saved_query(cloud: RunningCloud) -> None:
    """Once the principal of the run may run it."""
    wanted = CreateQueryRequestQuery(display_name="write", query_text=WRITE)
    query_id = str(cloud.client("admin").queries.create(query=wanted).id)
    assert [item.id for item in cloud.client("admin").queries.list()] == [query_id]
    with pytest.raises(PermissionDenied):
        cloud.client("pipeline_sp").queries.get(query_id)
    task = {"warehouse_id": "wh-embedded-1", "query": {"query_id": query_id}}
    job_id = make_job(cloud, {"task_key": "query", "sql_task": task}, parameters=RUN_ID)
    assert result(finished(cloud, job_id)) == "FAILED"
    row = {"service_principal_name": PIPELINE, "permission_level": "CAN_RUN"}
    path = f"/api/2.0/permissions/sql/queries/{query_id}"
    answer = cloud.rest("admin", "PATCH", path, {"access_control_list": [row]})
    assert answer.status_code == 200, answer.text
    assert result(finished(cloud, job_id, job_parameters={"run_id": "q"})) == "SUCCESS"
    assert rows(cloud, WRITTEN) == [["q", PIPELINE]]
    cloud.client("admin").queries.delete(query_id)
    assert result(finished(cloud, job_id)) == "FAILED"


def test_references_in_task_parameters_are_replaced(cloud: RunningCloud) -> None:
    """Job parameters, the run and the task are known; anything else fails the task."""
    text = (
        "INSERT INTO main.ops.pipeline_state (pipeline_name, last_run_id, last_status) "
        "SELECT 'contract', :mine, :platform"
    )
    task = sql_task(cloud, "ref", text)
    task["sql_task"]["parameters"] = {
        "mine": "x-{{job.parameters.run_id}}-{{task.name}}",
        "platform": "{{ job.run_id }}",
    }
    job_id = make_job(cloud, task, parameters=RUN_ID)
    run = finished(cloud, job_id, job_parameters={"run_id": "r1"})
    assert rows(cloud, WRITTEN) == [["x-r1-ref", str(run.run_id)]]
    task["sql_task"]["parameters"]["mine"] = "{{tasks.other.values.x}}"
    update(cloud, job_id, {"tasks": [task]})
    assert result(finished(cloud, job_id)) == "FAILED"


def test_a_used_idempotency_token_answers_the_old_run(cloud: RunningCloud) -> None:
    """No second run starts, even after the first has ended."""
    job_id = writing_job(cloud)
    options = {"idempotency_token": "once", "job_parameters": {"run_id": "r1"}}
    first = start(cloud, job_id, **options)
    ended(cloud, first)
    assert start(cloud, job_id, **options) == first
    assert rows(cloud, WRITTEN) == [["r1", PIPELINE]]
    with pytest.raises(InvalidParameterValue, match="64"):
        start(cloud, job_id, idempotency_token="x" * 65)


def test_a_failed_statement_fails_task_and_run_with_its_words(cloud: RunningCloud) -> None:
    """The output of the task has the error; the run itself has none."""
    job_id = make_job(cloud, sql_task(cloud, "bad", "SELECT * FROM main.silver.absent"))
    run = finished(cloud, job_id)
    task = attempts(run, "bad")[0]
    assert (result(run), task_result(run, "bad")) == ("FAILED", "FAILED")
    assert task.run_id is not None
    output = cloud.client("admin").jobs.get_run_output(task.run_id)
    assert output.error is not None
    assert "TABLE_OR_VIEW_NOT_FOUND" in output.error
    assert run.state is not None
    assert "Task bad failed" in str(run.state.state_message)


def test_the_rights_of_the_run_as_principal_count_not_those_of_the_caller(
    cloud: RunningCloud,
) -> None:
    """The administrator starts it; the pipeline principal lost MODIFY."""
    cloud.revoke("schema", "main.ops", PIPELINE, "MODIFY")
    run = finished(cloud, writing_job(cloud))
    task = attempts(run, "write")[0].run_id
    assert task is not None
    error = cloud.client("admin").jobs.get_run_output(task).error
    assert "MODIFY" in str(error)
    assert rows(cloud, WRITTEN) == []


@pytest.mark.parametrize("what", ["file", "warehouse", "principal"])
def test_what_the_run_as_principal_may_not_use_fails_the_run(
    cloud: RunningCloud, what: str
) -> None:
    """Its file, its warehouse, itself."""
    job_id = writing_job(cloud)
    if what == "file":
        folder = cloud.client("admin").workspace.get_status("/Shared/contract").object_id
        path = f"/api/2.0/permissions/directories/{folder}"
        assert cloud.rest("admin", "PUT", path, {"access_control_list": []}).status_code == 200
    elif what == "warehouse":
        path = "/api/2.0/permissions/warehouses/wh-embedded-1"
        assert cloud.rest("admin", "PUT", path, {"access_control_list": []}).status_code == 200
    else:
        body = {"Operations": [{"op": "replace", "path": "active", "value": False}]}
        path = "/api/2.0/preview/scim/v2/ServicePrincipals/7000000000000003"
        assert cloud.rest("admin", "PATCH", path, body).status_code == 204
    run = finished(cloud, job_id)
    task = attempts(run, "write")[0].status
    assert task is not None
    assert task.termination_details is not None
    assert result(run) == "FAILED"
    assert task.termination_details.code is TerminationCodeCode.UNAUTHORIZED_ERROR


def test_over_the_limit_a_run_is_skipped_or_waits_in_the_queue(cloud: RunningCloud) -> None:
    """max_concurrent_runs is 1 by default."""
    job_id = writing_job(cloud)
    cloud.faults("task-hangs:job=contract")
    first = start(cloud, job_id, job_parameters={"run_id": "first"})
    skipped = cloud.client("admin").jobs.get_run(start(cloud, job_id))
    assert result(skipped) == "MAXIMUM_CONCURRENT_RUNS_REACHED"
    assert skipped.state is not None
    assert skipped.state.life_cycle_state is RunLifeCycleState.SKIPPED
    queued = start(cloud, job_id, queue=QUEUE, job_parameters={"run_id": "queued"})
    waiting = cloud.client("admin").jobs.get_run(queued)
    assert waiting.state is not None
    assert waiting.state.life_cycle_state is RunLifeCycleState.QUEUED
    cloud.faults()
    cloud.client("admin").jobs.cancel_run(first)
    assert result(ended(cloud, first)) == "CANCELED"
    after = ended(cloud, queued)
    assert result(after) == "SUCCESS"
    assert after.queue_duration
    assert rows(cloud, WRITTEN) == [["queued", PIPELINE]]


def test_a_failing_task_is_tried_again_and_each_attempt_is_listed(cloud: RunningCloud) -> None:
    """The first attempt loses its cluster, the second one succeeds."""
    task = sql_task(cloud, "flaky", "SELECT 1", max_retries=2, min_retry_interval_millis=10)
    cloud.faults("task-attempt-fails:task=flaky,message=spot lost,count=1")
    run = finished(cloud, make_job(cloud, task))
    tried = attempts(run, "flaky")
    assert [item.attempt_number for item in tried] == [0, 1]
    assert [item.state.result_state.value for item in tried if item.state] == ["FAILED", "SUCCESS"]  # type: ignore[union-attr]
    assert tried[0].run_id != tried[1].run_id
    assert result(run) == "SUCCESS"


def test_retries_end(cloud: RunningCloud) -> None:
    """One retry is two attempts."""
    run = finished(cloud, make_job(cloud, sql_task(cloud, "bad", "SELECT nope", max_retries=1)))
    assert len(attempts(run, "bad")) == 2
    assert result(run) == "FAILED"


@pytest.mark.parametrize("where", ["job", "task"])
def test_what_takes_too_long_is_timed_out(cloud: RunningCloud, where: str) -> None:
    """The limit of the job ends the run, the limit of a task its attempt."""
    limit = {"timeout_seconds": 1}
    task = sql_task(cloud, "slow", "SELECT 1", **(limit if where == "task" else {}))
    cloud.faults("task-hangs:task=slow")
    run = finished(cloud, make_job(cloud, task, **(limit if where == "job" else {})))
    assert result(run) == ("TIMEDOUT" if where == "job" else "FAILED")
    assert task_result(run, "slow") == "TIMEDOUT"


def test_tasks_run_in_their_order_and_an_upstream_failure_stops_what_follows(
    cloud: RunningCloud,
) -> None:
    """What depends on a failed task is not executed unless its run_if says so."""
    after = [{"task_key": "bad"}]
    run = finished(
        cloud,
        make_job(
            cloud,
            sql_task(cloud, "bad", "SELECT nope"),
            sql_task(cloud, "next", "SELECT 1", depends_on=after),
            sql_task(cloud, "always", "SELECT 1", depends_on=after, run_if="ALL_DONE"),
            sql_task(cloud, "alarm", "SELECT 1", depends_on=after, run_if="AT_LEAST_ONE_FAILED"),
        ),
    )
    assert {t.task_key: task_result(run, t.task_key) for t in run.tasks or []} == {
        "bad": "FAILED",
        "next": "UPSTREAM_FAILED",
        "always": "SUCCESS",
        "alarm": "SUCCESS",
    }
    assert result(run) == "FAILED"


def test_a_run_whose_leaves_succeeded_over_a_failure_succeeded_with_failures(
    cloud: RunningCloud,
) -> None:
    """That is not success."""
    run = finished(
        cloud,
        make_job(
            cloud,
            sql_task(cloud, "bad", "SELECT nope"),
            sql_task(
                cloud, "last", "SELECT 1", depends_on=[{"task_key": "bad"}], run_if="ALL_DONE"
            ),
        ),
    )
    assert result(run) == "SUCCESS_WITH_FAILURES"
    assert run.status is not None
    assert run.status.termination_details is not None
    assert run.status.termination_details.code is TerminationCodeCode.SUCCESS_WITH_FAILURES


def test_a_disabled_task_is_listed_as_disabled(cloud: RunningCloud) -> None:
    """The run succeeds, the task says what it is."""
    off = sql_task(cloud, "off", "SELECT nope", disabled=True)
    run = finished(cloud, make_job(cloud, sql_task(cloud, "on", "SELECT 1"), off))
    assert (result(run), task_result(run, "off")) == ("SUCCESS", "DISABLED")


def test_only_the_named_tasks_run_when_a_run_asks_for_them(cloud: RunningCloud) -> None:
    """The others are not part of the run."""
    job_id = make_job(cloud, sql_task(cloud, "a", "SELECT 1"), sql_task(cloud, "b", "SELECT 1"))
    run = finished(cloud, job_id, only=["b"])
    assert [task.task_key for task in run.tasks or []] == ["b"]


def test_a_child_job_runs_as_its_own_principal_with_the_given_parameters(
    cloud: RunningCloud,
) -> None:
    """The parent waits for it and ends like it."""
    child = writing_job(cloud, name="child")
    call = {"job_id": child, "job_parameters": {"run_id": "from-{{job.parameters.run_id}}"}}
    task = {"task_key": "call", "run_job_task": call}
    run = finished(cloud, make_job(cloud, task, parameters=RUN_ID), job_parameters={"run_id": "p"})
    assert result(run) == "SUCCESS"
    assert rows(cloud, WRITTEN) == [["from-p", PIPELINE]]
    inner = next(iter(cloud.client("admin").jobs.list_runs(job_id=child)))
    assert inner.trigger is not None
    assert inner.trigger.value == "RUN_JOB_TASK"
    cloud.faults("task-attempt-fails:job=child")
    assert result(finished(cloud, make_job(cloud, task, parameters=RUN_ID))) == "FAILED"


def test_a_one_time_run_needs_no_job(cloud: RunningCloud) -> None:
    """It runs as whom it names, if the caller may."""
    task = sql_task(cloud, "once", WRITE.replace(":run_id", "'submitted'"))
    body = {"run_name": "once", "tasks": [task], "run_as": {"service_principal_name": PIPELINE}}
    answer = cloud.rest("admin", "POST", "/api/2.2/jobs/runs/submit", body)
    run = ended(cloud, answer.json()["run_id"])
    assert (result(run), run.job_id) == ("SUCCESS", None)
    assert rows(cloud, WRITTEN) == [["submitted", PIPELINE]]
    assert cloud.rest("operator", "POST", "/api/2.2/jobs/runs/submit", body).status_code == 403


def test_a_restored_world_has_no_running_run_left(cloud: RunningCloud) -> None:
    """A run that was active in the snapshot ends; it writes nothing into the new state."""
    job_id = writing_job(cloud)
    cloud.faults("task-hangs")
    run_id = start(cloud, job_id)
    wait_for(cloud, run_id, RunLifeCycleState.RUNNING)
    kept = cloud.admin("POST", "snapshot")["snapshot_id"]
    cloud.admin("POST", "restore", {"snapshot_id": kept})
    cloud.faults()
    assert result(ended(cloud, run_id)) == "INTERNAL_ERROR"
    assert rows(cloud, WRITTEN) == []


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (f"run-executes-as:principal={INFRA}", [["r1", INFRA]]),
        ("job-parameter-ignored:name=run_id", [["none", PIPELINE]]),
        ("job-parameter-lost:name=run_id", [["none", PIPELINE]]),
        ("task-does-nothing:task=write", []),
    ],
)
def test_a_fault_changes_what_a_successful_run_leaves(
    cloud: RunningCloud, fault: str, expected: list[list[str]]
) -> None:
    """The run itself reports success."""
    job_id = writing_job(cloud)
    for kind in ("warehouses/wh-embedded-1",):
        row = {"user_name": INFRA, "permission_level": "CAN_USE"}
        path = f"/api/2.0/permissions/{kind}"
        cloud.rest("admin", "PATCH", path, {"access_control_list": [row]})
    folder = cloud.client("admin").workspace.get_status("/Shared/contract").object_id
    row = {"user_name": INFRA, "permission_level": "CAN_READ"}
    path = f"/api/2.0/permissions/directories/{folder}"
    cloud.rest("admin", "PATCH", path, {"access_control_list": [row]})
    cloud.grant("catalog", "main", INFRA, "USE_CATALOG")
    cloud.faults(fault)
    run = finished(cloud, job_id, job_parameters={"run_id": "r1"})
    assert result(run) == "SUCCESS"
    assert rows(cloud, WRITTEN) == expected
    shown = {item.name: item.value for item in run.job_parameters or []}
    assert shown["run_id"] == ("none" if fault.startswith("job-parameter-ignored") else "r1")


def test_faults_can_answer_an_old_run_and_forget_all_runs(cloud: RunningCloud) -> None:
    """A fresh token does not help against the first."""
    job_id = writing_job(cloud)
    first = start(cloud, job_id)
    ended(cloud, first)
    cloud.faults("run-now-answers-old-run")
    assert start(cloud, job_id, idempotency_token="fresh") == first
    cloud.faults("runs-forgotten")
    assert list(cloud.client("admin").jobs.list_runs(job_id=job_id)) == []
