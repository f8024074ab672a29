"""SQL tasks: the statements of a file, run on a warehouse as the principal of the run.

Source: https://learn.microsoft.com/azure/databricks/jobs/sql (documented: several statements
separated by semicolons, named parameter markers). Assumed: all parameters arrive as STRING.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from sqlglot.dialects.databricks import Databricks
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import TokenType

from pytest_roadmap.embedded.databricks import warehouses
from pytest_roadmap.embedded.databricks.job_world import POLL_S
from pytest_roadmap.embedded.databricks.query_history import record
from pytest_roadmap.embedded.errors import ServiceError
from pytest_roadmap.embedded.sql.engine import TypedParam
from pytest_roadmap.embedded.sql.errors import SqlError, syntax_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_roadmap.embedded.databricks.job_world import Stop, World
    from pytest_roadmap.embedded.sql.engine import SqlEngine
    from pytest_roadmap.embedded.sql.outcome import SqlOutcome
    from pytest_roadmap.embedded.state import Principal

_DIALECT = Databricks()


class NotOnWarehouseError(Exception):
    """The warehouse cannot be used; the message is the service's."""


def split(text: str) -> list[str]:
    """The statements of a file, without empty ones.

    Raises:
        SqlError: the text is not SQL.
    """
    try:
        tokens = list(_DIALECT.tokenize(text))
    except TokenError as error:
        raise syntax_error("end of input") from error
    found: list[str] = []
    start = end = None
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            if start is not None and end is not None:
                found.append(text[start : end + 1])
            start = end = None
            continue
        start = token.start if start is None else start
        end = token.end
    if start is not None and end is not None:
        found.append(text[start : end + 1])
    return found


def wait_for_warehouse(world: World, principal: Principal, warehouse_id: str, stop: Stop) -> bool:
    """Start the warehouse if needed and wait until it runs; False when asked to stop meanwhile.

    Raises:
        NotOnWarehouseError: there is none, or the principal may not use it.
    """
    while not stop.asked:
        with world.lock:
            state, now = world.state, world.now()
            try:
                found = warehouses.require_level(state, principal, warehouse_id, "CAN_USE")
            except ServiceError as error:
                raise NotOnWarehouseError(error.message) from error
            if warehouses.current_state(state, found, now) == "RUNNING":
                return True
            warehouses.begin_start(state, found, now)
        stop.wait(POLL_S)
    return False


def run_statement(
    engine: SqlEngine,
    world: World,
    principal: Principal,
    statement: str,
    parameters: Mapping[str, TypedParam],
    warehouse_id: str,
    stop: Stop,
) -> SqlOutcome:
    """One statement as the principal; it is in the query history however it ends.

    Raises:
        SqlError: as the engine.
    """
    fields: dict[str, Any] = {
        "query_id": str(uuid.uuid4()),
        "statement": statement,
        "user_name": principal.name,
        "warehouse_id": warehouse_id,
        "started": world.now(),
    }
    try:
        outcome = engine.execute(
            statement, principal=principal, parameters=parameters, started=stop.interrupts
        )
    except SqlError as error:
        cancelled = error.error_code == "OPERATION_CANCELED"
        status = "CANCELED" if cancelled else "FAILED"
        _record(world, {**fields, "status": status, "error_message": str(error)})
        raise
    _record(world, {**fields, "status": "FINISHED", "rows_produced": len(outcome.rows)})
    return outcome


def _record(world: World, fields: Mapping[str, Any]) -> None:
    with world.lock:
        if world.state is world.cloud.state:
            record(world.cloud, fields)


def typed(parameters: Mapping[str, str]) -> dict[str, TypedParam]:
    """Texts as named parameters."""
    return {name: TypedParam(value) for name, value in parameters.items()}
