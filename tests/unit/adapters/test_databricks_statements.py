"""Statements of the workspace adapter against a scripted server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.recording import Recorder
from tests.unit.adapters.fake_http import FakeServer, Reply, fake_server
from tests.unit.adapters.scripted_workspace import workspace

STATEMENTS = "/api/2.0/sql/statements"


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server() as fake:
        fake.on("GET /.well-known/databricks-config", Reply())
        yield fake


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("SEC-003.S1", lambda: datetime.now(UTC), "When something is read")


def statement(state: str, **more: Any) -> Reply:
    return Reply(body={"statement_id": "st-1", "status": {"state": state}, **more})


def succeeded(rows: list[list[str | None]], **manifest: Any) -> Reply:
    columns = [{"name": "v"}]
    return statement(
        "SUCCEEDED",
        manifest={"schema": {"columns": columns}, "total_row_count": len(rows), **manifest},
        result={"data_array": rows},
    )


def test_the_result_of_a_statement_is_whole(server: FakeServer, recorder: Recorder) -> None:
    """Every chunk is fetched, nulls stay nulls."""
    first = succeeded([["1"], [None]])
    first.body["result"]["next_chunk_index"] = 1
    first.body["manifest"]["total_row_count"] = 3
    server.on(f"POST {STATEMENTS}", first)
    server.on(f"GET {STATEMENTS}/st-1/result/chunks/1", Reply(body={"data_array": [["3"]]}))

    result = workspace(server, recorder).execute("SELECT 1", warehouse_id="w")

    assert result.rows == (("1",), (None,), ("3",))


def test_a_truncated_result_is_no_result(server: FakeServer, recorder: Recorder) -> None:
    """``manifest.truncated`` must be false."""
    server.on(f"POST {STATEMENTS}", succeeded([["1"]], truncated=True))

    with pytest.raises(InconclusiveError, match="partial_result"):
        workspace(server, recorder).execute("SELECT 1", warehouse_id="w")


def test_rows_that_are_missing_are_noticed(server: FakeServer, recorder: Recorder) -> None:
    """The manifest's row count must be reached."""
    reply = succeeded([["1"]])
    reply.body["manifest"]["total_row_count"] = 2
    server.on(f"POST {STATEMENTS}", reply)

    with pytest.raises(InconclusiveError, match="1 of 2"):
        workspace(server, recorder).execute("SELECT 1", warehouse_id="w")


def test_a_failed_statement_is_an_answer(server: FakeServer, recorder: Recorder) -> None:
    """SQL errors come with HTTP 200; a lack of permission is recognised as such."""
    error = {"error_code": "PERMISSION_DENIED", "message": "no SELECT on t"}
    failed = {"status": {"state": "FAILED", "error": error, "sql_state": "42501"}}
    server.on(f"POST {STATEMENTS}", Reply(body={"statement_id": "st-1", **failed}))

    result = workspace(server, recorder).execute("SELECT 1", warehouse_id="w")

    assert (result.state, result.refused, result.error_message) == (
        "FAILED",
        True,
        "no SELECT on t",
    )


def test_what_the_embedded_engine_cannot_evaluate_is_inconclusive(
    server: FakeServer, recorder: Recorder
) -> None:
    """Never healthy, never failing (rules a.1, fault 6)."""
    error = {"error_code": "X", "message": "PIVOT is unsupported by the embedded engine"}
    server.on(
        f"POST {STATEMENTS}",
        Reply(body={"statement_id": "st-1", "status": {"state": "FAILED", "error": error}}),
    )

    with pytest.raises(InconclusiveError, match="unsupported"):
        workspace(server, recorder).execute("SELECT 1", warehouse_id="w")


def test_a_running_statement_is_polled_to_its_end(server: FakeServer, recorder: Recorder) -> None:
    """A statement that outlives the synchronous wait is asked for again."""
    server.on(f"POST {STATEMENTS}", statement("RUNNING"))
    server.on(f"GET {STATEMENTS}/st-1", statement("RUNNING"), succeeded([["1"]]))

    result = workspace(server, recorder).execute(
        "SELECT :v", warehouse_id="w", parameters={"v": "1"}
    )

    assert result.rows == (("1",),)
    sent = recorder.events[0].body["request"]
    assert sent["parameters"] == [{"name": "v", "type": "STRING", "value": "1"}]
    assert {"key": "dod_task", "value": "SEC-003"} in sent["query_tags"]


def test_a_statement_that_does_not_end_is_cancelled(server: FakeServer, recorder: Recorder) -> None:
    """Our own time-out judges nothing, and leaves nothing running."""
    server.on(f"POST {STATEMENTS}", statement("RUNNING"))
    server.on(f"GET {STATEMENTS}/st-1", statement("RUNNING"))
    server.on(f"POST {STATEMENTS}/st-1/cancel", Reply())

    with pytest.raises(InconclusiveError, match="statement_timeout"):
        workspace(server, recorder, statement_s=0.1).execute("SELECT 1", warehouse_id="w")
    assert server.requests(f"{STATEMENTS}/st-1/cancel")
