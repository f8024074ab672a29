"""Every seeded job runs as it is deployed, started by the harness and writing as the principal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_roadmap.embedded import seed_jobs
from tests.contract.embedded_cloud import PIPELINE, RunningCloud
from tests.contract.embedded_jobs import ended, finished, result

if TYPE_CHECKING:
    from databricks.sdk.service.jobs import Run

PIPELINES = (seed_jobs.JOB_A, seed_jobs.JOB_SILVER, seed_jobs.JOB_B, seed_jobs.JOB_C)
MAINTENANCE = (
    seed_jobs.JOB_BOOTSTRAP,
    seed_jobs.JOB_SYNC,
    seed_jobs.JOB_CLEANUP,
    seed_jobs.JOB_RULES_CHECK,
)
DAY = {
    "run_id": "contract",
    "mode": "incremental",
    "window_start": "2026-02-01T00:00:00Z",
    "window_end": "2026-02-02T00:00:00Z",
}
#: Output, how many rows of it carry the id of a run over the first day.
OUTPUTS = (
    ("main.silver.dq_status", 3),
    ("main.silver.bad_records", 6),
    ("main.silver.txn", 275),
    ("main.gold.daily_account_summary", 50),
    ("main.gold.recon_result", 2),
    ("main.gold.dq_trend", 2),
)


def run_as_harness(cloud: RunningCloud, job_id: int, parameters: dict[str, str]) -> Run:
    """One run of a seeded job, to its end."""
    body = {"job_id": job_id, "job_parameters": parameters}
    answer = cloud.rest("harness", "POST", "/api/2.2/jobs/run-now", body)
    assert answer.status_code == 200, answer.text
    return ended(cloud, int(answer.json()["run_id"]))


def rows(cloud: RunningCloud, statement: str) -> list[list[str | None]]:
    """The rows of a query of the harness."""
    answer = cloud.sql("harness", statement)
    assert answer["status"]["state"] == "SUCCEEDED", answer
    found: list[list[str | None]] = answer["result"].get("data_array", [])
    return found


@pytest.fixture
def processed(cloud: RunningCloud) -> RunningCloud:
    """The cloud after the four pipelines ran over the first day, in their order."""
    for job_id in PIPELINES:
        assert result(run_as_harness(cloud, job_id, DAY)) == "SUCCESS"
    return cloud


def test_every_pipeline_leaves_rows_of_its_run_written_by_the_principal(
    processed: RunningCloud,
) -> None:
    """All outputs carry the business run id, and the history names who wrote them."""
    counted = [(table, int(rows(processed, _count(table))[0][0] or 0)) for table, _ in OUTPUTS]
    assert counted == list(OUTPUTS)
    newest = [rows(processed, f"DESCRIBE HISTORY {table} LIMIT 1")[0] for table, _ in OUTPUTS]
    assert {row[3] for row in newest} == {PIPELINE}


def _count(table: str) -> str:
    return f"SELECT COUNT(*) FROM {table} WHERE run_id = 'contract'"  # noqa: S608 (a constant)


@pytest.mark.parametrize("job_id", MAINTENANCE)
def test_a_maintenance_job_succeeds_as_it_is_deployed(cloud: RunningCloud, job_id: int) -> None:
    """Its sources are where it looks for them, and the principal may do what it does."""
    assert result(finished(cloud, job_id)) == "SUCCESS"


def test_a_run_over_an_earlier_window_moves_no_watermark_back(processed: RunningCloud) -> None:
    """Pipeline state keeps the greater of both times."""
    state = "SELECT last_watermark FROM main.ops.pipeline_state WHERE pipeline_name = 'A'"
    before = rows(processed, state)
    run_as_harness(processed, seed_jobs.JOB_A, {**DAY, "window_end": "2026-02-01T02:00:00Z"})
    assert rows(processed, state) == before == [["2026-02-02T00:00:00.000Z"]]
