"""The statement API as the real SDK meets it: states, waiting, results, refusals, history."""

# ruff: noqa: S608 - the statements are the test's own

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied
from databricks.sdk.service.sql import (
    ExecuteStatementRequestOnWaitTimeout,
    QueryFilter,
    QueryTag,
    StatementParameterListItem,
    StatementResponse,
    StatementState,
)

from tests.contract.embedded_cloud import LANDING, PIPELINE

if TYPE_CHECKING:
    from tests.contract.embedded_cloud import RunningCloud

SLOW = (
    "SELECT count(*) FROM main.silver.txn a, main.silver.txn b, main.silver.txn c, "
    "main.silver.txn d, main.silver.txn e, main.silver.txn f, main.silver.txn g, "
    "main.silver.txn h, main.silver.txn i WHERE a.amount + b.amount + c.amount + d.amount + "
    "e.amount + f.amount + g.amount + h.amount + i.amount > 1"
)


def execute(
    cloud: RunningCloud, role: str, sql: str, wait: str = "30s", **more: object
) -> StatementResponse:
    """One statement through the SDK."""
    client = cloud.client(role)
    warehouse = cloud.connection["warehouse_id"]
    api = client.statement_execution
    return api.execute_statement(sql, warehouse, wait_timeout=wait, **more)  # type: ignore[arg-type]


def rows(response: StatementResponse) -> list[list[str]]:
    """The rows of a statement that succeeded."""
    assert response.status is not None
    assert response.status.state == StatementState.SUCCEEDED, response.status.as_dict()
    assert response.result is not None
    return response.result.data_array or []


def test_a_stopped_warehouse_starts_on_the_first_statement(cloud: RunningCloud) -> None:
    """The statement waits for the start, and the identity is the token's."""
    client, warehouse = cloud.client("pipeline_sp"), cloud.connection["warehouse_id"]
    assert str(client.warehouses.get(warehouse).state) == "State.STOPPED"
    assert rows(execute(cloud, "pipeline_sp", "SELECT current_user()")) == [[PIPELINE]]
    assert str(client.warehouses.get(warehouse).state) == "State.RUNNING"


def test_a_result_has_its_manifest(cloud: RunningCloud) -> None:
    """Names, types, counts and values as strings."""
    response = execute(
        cloud,
        "pipeline_sp",
        "SELECT :n AS n, CAST(1.50 AS DECIMAL(10,2)) AS d, true AS b, "
        "CAST(NULL AS DATE) AS e, :t AS t",
        parameters=[
            StatementParameterListItem(name="n", value="5", type="BIGINT"),
            StatementParameterListItem(name="t", value="2026-02-01T00:00:00Z", type="TIMESTAMP"),
        ],
        query_tags=[QueryTag("dod_task", "SEC-003")],
    )
    assert rows(response) == [["5", "1.50", "true", None, "2026-02-01T00:00:00.000Z"]]
    manifest = response.manifest
    assert manifest is not None
    assert manifest.schema is not None
    columns = manifest.schema.columns or []
    assert [(c.name, c.type_text, str(c.type_name)[19:]) for c in columns] == [
        ("n", "BIGINT", "LONG"),
        ("d", "DECIMAL(10,2)", "DECIMAL"),
        ("b", "BOOLEAN", "BOOLEAN"),
        ("e", "DATE", "DATE"),
        ("t", "TIMESTAMP", "TIMESTAMP"),
    ]
    assert (manifest.total_row_count, manifest.truncated) == (1, False)


def test_a_refusal_is_a_failed_statement_with_its_state(cloud: RunningCloud) -> None:
    """HTTP 200, FAILED, 42501 and the missing privilege in words."""
    response = execute(cloud, "pipeline_sp", "SELECT * FROM main._private.salaries")
    assert response.status is not None
    assert response.status.state == StatementState.FAILED
    assert response.status.sql_state == "42501"
    assert response.status.error is not None
    assert "USE SCHEMA on Schema 'main._private'" in str(response.status.error.message)
    assert response.result is None


def test_what_the_engine_cannot_do_is_named_as_such(cloud: RunningCloud) -> None:
    """The words the harness turns into inconclusive."""
    response = execute(cloud, "pipeline_sp", "SELECT hash(0)")
    assert response.status is not None
    assert response.status.error is not None
    assert "unsupported by the embedded engine" in str(response.status.error.message)
    assert response.status.sql_state not in ("42501", None)


def test_a_statement_continues_after_the_request(cloud: RunningCloud) -> None:
    """``wait_timeout`` 0s answers at once; the result is polled."""
    response = execute(cloud, "pipeline_sp", "SELECT 1", wait="0s")
    client = cloud.client("pipeline_sp")
    deadline = time.monotonic() + 10
    while response.status and response.status.state in (
        StatementState.PENDING,
        StatementState.RUNNING,
    ):
        assert time.monotonic() < deadline
        time.sleep(0.02)
        response = client.statement_execution.get_statement(str(response.statement_id))
    assert rows(response) == [["1"]]


def test_cancelling_a_statement_that_has_ended_changes_nothing(cloud: RunningCloud) -> None:
    """It is no error either."""
    ended = cloud.sql("harness", "SELECT 1")
    path = f"/api/2.0/sql/statements/{ended['statement_id']}"
    assert cloud.rest("harness", "POST", f"{path}/cancel").status_code == 200
    assert cloud.rest("harness", "GET", path).json()["status"]["state"] == "SUCCEEDED"


def test_a_running_statement_can_be_cancelled(cloud: RunningCloud) -> None:
    """Cancel interrupts the query; it ends CANCELED."""
    client = cloud.client("pipeline_sp")
    response = execute(cloud, "pipeline_sp", SLOW, wait="0s")
    statement = str(response.statement_id)
    client.statement_execution.cancel_execution(statement)
    deadline = time.monotonic() + 10
    state = None
    while state != StatementState.CANCELED:
        assert time.monotonic() < deadline, state
        time.sleep(0.02)
        status = client.statement_execution.get_statement(statement).status
        state = status.state if status else None
    assert state == StatementState.CANCELED


@pytest.mark.parametrize(
    ("wait", "on_timeout"),
    [("3s", "CONTINUE"), ("51s", "CONTINUE"), ("0s", "CANCEL"), ("ten", "CONTINUE")],
)
def test_a_wait_out_of_range_is_refused(cloud: RunningCloud, wait: str, on_timeout: str) -> None:
    """0s or 5s to 50s; CANCEL needs a wait."""
    choice = ExecuteStatementRequestOnWaitTimeout(on_timeout)
    with pytest.raises(BadRequest):
        execute(cloud, "pipeline_sp", "SELECT 1", wait=wait, on_wait_timeout=choice)


def test_a_row_limit_truncates_and_says_so(cloud: RunningCloud) -> None:
    """``manifest.truncated`` is true when rows were left out."""
    response = execute(cloud, "pipeline_sp", "SELECT txn_id FROM main.silver.txn", row_limit=2)
    assert len(rows(response)) == 2
    assert response.manifest is not None
    assert response.manifest.truncated is True


def test_a_big_result_comes_in_chunks(cloud: RunningCloud) -> None:
    """Every chunk is fetched by its index; together they are the whole result."""
    sql = (
        "SELECT concat_ws('-', sha2(a.txn_id, 256), sha2(b.txn_id, 256), sha2(c.txn_id, 256), "
        "sha2(d.txn_id, 256), sha2(a.txn_id, 256)) AS v FROM main.silver.txn a, "
        "main.silver.txn b, main.silver.txn c, main.silver.txn d"
    )
    response = execute(cloud, "pipeline_sp", sql, wait="50s")
    found = list(rows(response))
    assert response.manifest is not None
    assert response.result is not None
    following, api = response.result.next_chunk_index, cloud.client("pipeline_sp")
    assert following == 1
    while following is not None:
        chunk = api.statement_execution.get_statement_result_chunk_n(
            str(response.statement_id), following
        )
        found += chunk.data_array or []
        following = chunk.next_chunk_index
    assert len(found) == response.manifest.total_row_count == 11**4


def test_a_statement_is_visible_to_its_owner_only(cloud: RunningCloud) -> None:
    """Another principal gets 404 for get and cancel; a workspace admin sees it."""
    statement = str(execute(cloud, "pipeline_sp", "SELECT 1").statement_id)
    other = cloud.client("harness").statement_execution
    for attempt in (other.get_statement, other.cancel_execution):
        with pytest.raises(NotFound):
            attempt(statement)
    assert cloud.client("admin").statement_execution.get_statement(statement).status is not None


def test_the_warehouse_must_exist_and_be_usable(cloud: RunningCloud) -> None:
    """404 for an unknown warehouse, 403 without CAN USE, before any statement runs."""
    api = cloud.client("pipeline_sp").statement_execution
    with pytest.raises(NotFound):
        api.execute_statement("SELECT 1", "0000000000000000")
    with pytest.raises(PermissionDenied):
        execute(cloud, "outsider", "SELECT 1")


@pytest.mark.parametrize(
    "body",
    [
        {"disposition": "EXTERNAL_LINKS"},
        {"format": "CSV"},
        {"parameters": [{"value": "1"}]},
        {"parameters": [{"name": "a", "value": 1}]},
        {"parameters": "x"},
        {"row_limit": 0},
        {"statement": ""},
        {"unknown_field": 1},
    ],
)
def test_a_malformed_request_is_refused(cloud: RunningCloud, body: dict[str, object]) -> None:
    """400 with an error code, never an empty success."""
    sent = {"statement": "SELECT 1", "warehouse_id": cloud.connection["warehouse_id"], **body}
    answer = cloud.rest("pipeline_sp", "POST", "/api/2.0/sql/statements", sent)
    assert answer.status_code == 400
    assert answer.json()["error_code"]


def test_history_lists_ones_own_statements_newest_first(cloud: RunningCloud) -> None:
    """Tags, status and error are kept; other people's statements are not shown."""
    execute(cloud, "admin", "SELECT 'of admin'")
    execute(cloud, "pipeline_sp", "SELECT 'a'", query_tags=[QueryTag("dod_task", "SEC-003")])
    execute(cloud, "pipeline_sp", "CREATE SCHEMA main.nope")
    found = cloud.client("pipeline_sp").query_history.list().res or []
    assert [item.query_text for item in found] == ["CREATE SCHEMA main.nope", "SELECT 'a'"]
    assert "42501" in str(found[0].error_message)
    assert [tag.as_dict() for tag in found[1].query_tags or []] == [
        {"key": "dod_task", "value": "SEC-003"}
    ]
    everything = cloud.client("admin").query_history.list(max_results=2)
    assert len(everything.res or []) == 2
    assert everything.has_next_page is True


def test_history_is_filtered_by_statement_and_time(cloud: RunningCloud) -> None:
    """Filters narrow the list."""
    statement = str(execute(cloud, "pipeline_sp", "SELECT 'b'").statement_id)
    execute(cloud, "pipeline_sp", "SELECT 'c'")
    api = cloud.client("pipeline_sp").query_history
    found = api.list(filter_by=QueryFilter(statement_ids=[statement])).res or []
    assert [item.query_text for item in found] == ["SELECT 'b'"]


def test_a_written_path_is_listed_and_read_back(cloud: RunningCloud) -> None:
    """The statements of the external location check work as the pipeline principal."""
    path = f"{LANDING}_dod_probe/u1"
    execute(cloud, "pipeline_sp", f"INSERT OVERWRITE DIRECTORY '{path}' USING CSV SELECT 'u1' AS v")
    assert len(rows(execute(cloud, "pipeline_sp", f"LIST '{path}'"))) == 2
    read = f"SELECT * FROM read_files('{path}', format => 'csv', schema => 'v STRING')"
    assert rows(execute(cloud, "pipeline_sp", read)) == [["u1"]]


def test_a_restored_snapshot_has_the_old_rows(cloud: RunningCloud) -> None:
    """Rows follow the snapshot of the state."""
    snapshot = cloud.admin("POST", "snapshot")["snapshot_id"]
    execute(cloud, "pipeline_sp", "DELETE FROM main.silver.txn")
    assert rows(execute(cloud, "pipeline_sp", "SELECT count(*) FROM main.silver.txn")) == [["0"]]
    cloud.admin("POST", "restore", {"snapshot_id": snapshot})
    assert rows(execute(cloud, "pipeline_sp", "SELECT count(*) FROM main.silver.txn")) == [["11"]]
