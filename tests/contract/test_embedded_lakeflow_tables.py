"""``system.lakeflow`` on the embedded cloud: runs as rows, for who may read them."""

from __future__ import annotations

import pytest

from tests.contract.embedded_cloud import HARNESS, RunningCloud
from tests.contract.embedded_jobs import finished, make_job, rows, sql_task

# ruff: noqa: S608 - the id is a number of ours
OUTCOMES = (
    "SELECT count(DISTINCT run_id), max_by(result_state, period_end_time), count(*) "
    "FROM system.lakeflow.job_run_timeline WHERE job_id = '{job_id}'"
)


def _readable(cloud: RunningCloud) -> None:
    cloud.grant("catalog", "system", HARNESS, "USE_CATALOG")
    cloud.grant("schema", "system.lakeflow", HARNESS, "USE_SCHEMA", "SELECT")


@pytest.mark.parametrize(("text", "outcome"), [("SELECT 1", "SUCCEEDED"), ("nope", "FAILED")])
def test_a_run_is_a_row_with_its_result(cloud: RunningCloud, text: str, outcome: str) -> None:
    """Joined to the job by its id; the principal it runs as is an id, too."""
    _readable(cloud)
    job_id = make_job(cloud, sql_task(cloud, "t", text))
    finished(cloud, job_id)
    assert rows(cloud, OUTCOMES.format(job_id=job_id)) == [["1", outcome, "1"]]
    query = f"SELECT name, run_as FROM system.lakeflow.jobs WHERE job_id = '{job_id}'"
    assert rows(cloud, query) == [["contract", "7000000000000003"]]
    query = (
        "SELECT task_key, result_state FROM system.lakeflow.job_task_run_timeline "
        f"WHERE job_id = '{job_id}'"
    )
    assert rows(cloud, query) == [["t", outcome]]


def test_a_table_without_rows_keeps_its_types(cloud: RunningCloud) -> None:
    """Times are times, so that they compare."""
    _readable(cloud)
    query = (
        "SELECT count(*) FROM system.lakeflow.job_run_timeline "
        "WHERE job_id = '1' AND period_end_time > current_timestamp()"
    )
    assert rows(cloud, query) == [["0"]]


def test_nobody_reads_the_system_tables_without_a_grant(cloud: RunningCloud) -> None:
    """Nor writes them with one."""
    query = "SELECT * FROM system.lakeflow.jobs"
    assert cloud.sql("harness", query)["status"]["sql_state"] == "42501"
    _readable(cloud)
    change = "DELETE FROM system.lakeflow.jobs"
    assert cloud.sql("harness", change)["status"]["sql_state"] == "42501"
