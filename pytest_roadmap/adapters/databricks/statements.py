"""One SQL statement from submission to its last row (C-SQL).

Source: https://docs.databricks.com/api/azure/workspace/statementexecution (2.0). A statement that
fails is an answer; a result that is not whole is none. The API has no idempotency token, and the
SDK repeats a request whose connection broke: a statement may then run twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_roadmap.adapters.databricks.connection import WorkspaceConnection
from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.ports import StatementResult
from pytest_roadmap.domain.recording import Recorder

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_RUNNING = ("PENDING", "RUNNING")
_ENDED = ("SUCCEEDED", "FAILED", "CANCELED", "CLOSED")
_LONGEST_PAUSE_S = 15.0


@dataclass(frozen=True, slots=True)
class Statement:
    """What to run, and where."""

    text: str
    warehouse_id: str
    parameters: Mapping[str, str]


class StatementRun:
    """Runs one statement for one scenario and waits for it."""

    def __init__(
        self,
        connection: WorkspaceConnection,
        recorder: Recorder,
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._recorder = recorder
        self._sleep = sleep
        self._monotonic = monotonic

    def run(self, statement: Statement) -> StatementResult:
        """Submit, wait, fetch every chunk.

        Raises:
            InconclusiveError: it did not end in time, the result is truncated or not whole, or
                its error judges nothing.
        """
        deadline = self._monotonic() + self._connection.limits.statement_s
        body = self._submit(statement)
        statement_id = str(body.get("statement_id", ""))
        pause = 0.25
        while _state(body) in _RUNNING:
            if self._monotonic() >= deadline:
                self._cancel(statement_id)
                raise InconclusiveError(
                    "statement_timeout",
                    f"statement {statement_id} did not end within"
                    f" {self._connection.limits.statement_s:.0f} s and was cancelled",
                )
            self._sleep(pause)
            pause = min(pause * 1.6, _LONGEST_PAUSE_S)
            body = self._ask(
                statement_id, lambda w: w.statement_execution.get_statement(statement_id)
            )
        return self._judge(statement_id, body)

    def _submit(self, statement: Statement) -> dict[str, Any]:
        scenario = self._recorder.scenario
        wait_s = self._connection.limits.wait_s

        def submit(client: WorkspaceClient) -> object:
            from databricks.sdk.service import sql  # noqa: PLC0415 (vendor)

            return client.statement_execution.execute_statement(
                statement.text,
                statement.warehouse_id,
                parameters=[
                    sql.StatementParameterListItem(name=name, value=value, type="STRING")
                    for name, value in statement.parameters.items()
                ],
                wait_timeout=f"{wait_s}s",
                on_wait_timeout=sql.ExecuteStatementRequestOnWaitTimeout.CONTINUE,
                disposition=sql.Disposition.INLINE,
                format=sql.Format.JSON_ARRAY,
                query_tags=_query_tags(scenario),
            )

        return self._ask(f"warehouse {statement.warehouse_id}", submit)

    def _ask(self, resource: str, function: Callable[[WorkspaceClient], object]) -> dict[str, Any]:
        return self._connection.call(self._recorder, "C-SQL", resource, function).body

    def _cancel(self, statement_id: str) -> None:
        self._ask(statement_id, lambda w: w.statement_execution.cancel_execution(statement_id))

    def _judge(self, statement_id: str, body: dict[str, Any]) -> StatementResult:
        state = _state(body)
        if state not in _ENDED:
            raise InconclusiveError(
                "unknown_statement_state", f"statement {statement_id} is in state {state!r}"
            )
        status = body.get("status") or {}
        error = status.get("error") or {}
        message = str(error.get("message", ""))
        self._connection.error_check(message)
        if state != "SUCCEEDED":
            return StatementResult(
                statement_id,
                state,
                error_code=str(error.get("error_code", "")),
                error_message=message,
                sql_state=str(status.get("sql_state") or error.get("sql_state") or ""),
            )
        return self._result(statement_id, body)

    def _result(self, statement_id: str, body: dict[str, Any]) -> StatementResult:
        manifest = body.get("manifest") or {}
        columns = (manifest.get("schema") or {}).get("columns") or []
        rows = self._rows(statement_id, body.get("result") or {})
        total = manifest.get("total_row_count")
        if manifest.get("truncated") or (total is not None and int(total) != len(rows)):
            raise InconclusiveError(
                "partial_result",
                f"statement {statement_id}: the result is not whole ({len(rows)} of {total} rows)",
            )
        names = tuple(str(column.get("name")) for column in columns)
        return StatementResult(statement_id, "SUCCEEDED", names, tuple(rows))

    def _rows(self, statement_id: str, chunk: dict[str, Any]) -> list[tuple[str | None, ...]]:
        rows: list[tuple[str | None, ...]] = []
        last = -1
        while True:
            rows += [
                tuple(None if cell is None else str(cell) for cell in row)
                for row in chunk.get("data_array") or []
            ]
            index = chunk.get("next_chunk_index")
            if index is None:
                return rows
            if index <= last:
                raise InconclusiveError(
                    "page_loop", f"statement {statement_id}: chunk {index} was announced twice"
                )
            last = index
            chunk = self._chunk(statement_id, index)

    def _chunk(self, statement_id: str, index: int) -> dict[str, Any]:
        return self._ask(
            statement_id,
            lambda w: w.statement_execution.get_statement_result_chunk_n(statement_id, index),
        )


def _state(body: Mapping[str, Any]) -> str:
    return str((body.get("status") or {}).get("state", ""))


def _query_tags(scenario: str) -> Any:
    """The task and scenario beside the statement in the query history."""
    if not scenario:
        return None
    from databricks.sdk.service.sql import QueryTag  # noqa: PLC0415 (vendor)

    return [
        QueryTag("dod_task", scenario.split(".", maxsplit=1)[0]),
        QueryTag("dod_scenario", scenario),
    ]
