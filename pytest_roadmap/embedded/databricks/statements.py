"""The SQL Statement Execution API and the query history.

A statement runs in a thread of its own once its warehouse is up; the request waits as long as
``wait_timeout`` says. A SQL error is an answer: HTTP 200 with ``status.state`` FAILED.
Source: https://docs.databricks.com/api/azure/workspace/statementexecution (2.0, documented) and
https://docs.databricks.com/api/azure/workspace/queryhistory/list (documented). That ``error_code``
of a SQL error is BAD_REQUEST and its condition opens the message is assumed.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pytest_roadmap.embedded.databricks import authorize, warehouses
from pytest_roadmap.embedded.databricks.query_history import ROUTES as HISTORY_ROUTES
from pytest_roadmap.embedded.databricks.query_history import record
from pytest_roadmap.embedded.databricks.statement_answers import Answer, answer_of, chunk_of
from pytest_roadmap.embedded.errors import InvalidParameterError, ServiceError
from pytest_roadmap.embedded.sql.engine import SqlEngine, TypedParam
from pytest_roadmap.embedded.sql.errors import SqlError
from pytest_roadmap.embedded.wire import Call, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import Principal

_ROOT = "/api/2.0/sql/statements"
_BODY = (
    "statement",
    "warehouse_id",
    "catalog",
    "schema",
    "parameters",
    "row_limit",
    "byte_limit",
    "disposition",
    "format",
    "wait_timeout",
    "on_wait_timeout",
    "query_tags",
)
_DEFAULT_WAIT = "10s"
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 5, 50
_POLL_S = 0.02
_KEPT = 2_000
_ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELED", "CLOSED"})


@dataclass(slots=True)
class _Request:
    """A checked request body."""

    text: str
    warehouse_id: str
    catalog: str
    schema: str
    parameters: dict[str, TypedParam]
    row_limit: int | None
    byte_limit: int | None
    wait_s: float
    cancel_on_timeout: bool
    tags: dict[str, str]


@dataclass(slots=True)
class _Statement:
    """One submitted statement."""

    statement_id: str
    request: _Request
    owner: Principal
    submitted: datetime
    state: str = "PENDING"
    answer: Answer | None = None
    error: SqlError | None = None
    done: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    interrupt: Callable[[], None] | None = None


class StatementService:
    """The statements of one cloud and the engine that runs them."""

    def __init__(self, cloud: Cloud) -> None:
        self.engine = SqlEngine(cloud)
        self._cloud = cloud
        self._known: dict[str, _Statement] = {}
        self._lock = threading.Lock()

    def submit(self, request: _Request, principal: Principal) -> _Statement:
        """Check the warehouse, start it if needed, and run the statement in the background.

        Raises:
            ServiceError: no such warehouse, or no CAN USE on it.
        """
        cloud = self._cloud
        with cloud.lock:
            warehouse = warehouses.require_level(
                cloud.state, principal, request.warehouse_id, "CAN_USE"
            )
            warehouses.begin_start(cloud.state, warehouse, cloud.now())
        statement = _Statement(str(uuid.uuid4()), request, principal, cloud.now())
        with self._lock:
            while len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            self._known[statement.statement_id] = statement
        threading.Thread(target=self._run, args=(statement,), daemon=True).start()
        if request.wait_s and not statement.done.wait(request.wait_s) and request.cancel_on_timeout:
            self.cancel(statement)
            statement.done.wait(_SHORTEST_WAIT_S)
        return statement

    def find(self, statement_id: str, principal: Principal) -> _Statement:
        """A statement of the principal; workspace admins find all.

        Raises:
            ServiceError: 404; another's statement is not shown either (assumed).
        """
        found = self._known.get(statement_id)
        with self._cloud.lock:
            admin = authorize.is_workspace_admin(self._cloud.state, principal)
        if found is None or not (admin or found.owner.principal_id == principal.principal_id):
            raise ServiceError(
                404, "RESOURCE_DOES_NOT_EXIST", f"The statement {statement_id} was not found."
            )
        return found

    def cancel(self, statement: _Statement) -> None:
        """Ask a statement to stop; one that has ended stays as it is."""
        statement.cancelled.set()
        if statement.interrupt is not None:
            statement.interrupt()

    def _run(self, statement: _Statement) -> None:
        try:
            if self._wait_for_warehouse(statement):
                self._execute(statement)
        finally:
            with self._cloud.lock:
                record(self._cloud, _history_of(statement))
            statement.done.set()

    def _wait_for_warehouse(self, statement: _Statement) -> bool:
        cloud = self._cloud
        while not statement.cancelled.is_set():
            with cloud.lock:
                warehouse = cloud.state.warehouses.get(statement.request.warehouse_id)
                if warehouse is None:
                    statement.error = SqlError(
                        "WAREHOUSE_DELETED", "The warehouse is gone.", "58000"
                    )
                    statement.state = "FAILED"
                    return False
                if warehouses.current_state(cloud.state, warehouse, cloud.now()) == "RUNNING":
                    statement.state = "RUNNING"
                    return True
                warehouses.begin_start(cloud.state, warehouse, cloud.now())
            time.sleep(_POLL_S)
        statement.state = "CANCELED"
        return False

    def _execute(self, statement: _Statement) -> None:
        request = statement.request

        def started(interrupt: Callable[[], None]) -> None:
            statement.interrupt = interrupt
            if statement.cancelled.is_set():
                interrupt()

        try:
            outcome = self.engine.execute(
                request.text,
                principal=statement.owner,
                parameters=request.parameters,
                catalog=request.catalog,
                schema=request.schema,
                started=started,
            )
            statement.answer = answer_of(outcome, request.row_limit, request.byte_limit)
            statement.state = "SUCCEEDED"
        except SqlError as error:
            statement.error = error
            cancelled = error.error_code == "OPERATION_CANCELED"
            statement.state = "CANCELED" if cancelled else "FAILED"


_SERVICES: WeakKeyDictionary[Cloud, StatementService] = WeakKeyDictionary()
_SERVICES_LOCK = threading.Lock()


def service_of(cloud: Cloud) -> StatementService:
    """The statement service of a cloud; it is made on first use."""
    with _SERVICES_LOCK:
        found = _SERVICES.get(cloud)
        if found is None:
            found = _SERVICES[cloud] = StatementService(cloud)
        return found


def _history_of(statement: _Statement) -> dict[str, Any]:
    request = statement.request
    return {
        "query_id": statement.statement_id,
        "statement": request.text,
        "user_name": statement.owner.name,
        "warehouse_id": request.warehouse_id,
        "status": {"SUCCEEDED": "FINISHED"}.get(statement.state, statement.state),
        "started": statement.submitted,
        "error_message": str(statement.error or ""),
        "rows_produced": len(statement.answer.rows) if statement.answer else 0,
        "query_tags": request.tags,
    }


def _reply(statement: _Statement) -> dict[str, Any]:
    status: dict[str, Any] = {"state": statement.state}
    reply = {"statement_id": statement.statement_id, "status": status}
    if statement.state == "FAILED" and statement.error is not None:
        status["error"] = {"error_code": "BAD_REQUEST", "message": str(statement.error)}
        status["sql_state"] = statement.error.sql_state
    if statement.state == "SUCCEEDED" and statement.answer is not None:
        reply["manifest"] = statement.answer.manifest
        reply["result"] = chunk_of(statement.answer, 0, statement.statement_id)
    return reply


def _execute(cloud: Cloud, call: Call) -> dict[str, Any]:
    return _reply(service_of(cloud).submit(_request(call), call.principal))


def _get(cloud: Cloud, call: Call) -> dict[str, Any]:
    return _reply(service_of(cloud).find(call.path["id"], call.principal))


def _cancel(cloud: Cloud, call: Call) -> dict[str, Any]:
    service = service_of(cloud)
    service.cancel(service.find(call.path["id"], call.principal))
    return {}


def _chunk(cloud: Cloud, call: Call) -> dict[str, Any]:
    statement = service_of(cloud).find(call.path["id"], call.principal)
    if statement.state not in _ENDED or statement.answer is None:
        raise ServiceError(400, "BAD_REQUEST", "The statement has no result.")
    index = call.path["index"]
    if not index.isdigit() or int(index) >= len(statement.answer.chunks):
        raise InvalidParameterError(f"There is no chunk {index}.")
    return chunk_of(statement.answer, int(index), statement.statement_id)


def _request(call: Call) -> _Request:
    for name, only in (("disposition", "INLINE"), ("format", "JSON_ARRAY")):
        if call.optional_text(name, only) != only:
            raise InvalidParameterError(
                f"{name} {call.body[name]} is unsupported by the embedded cloud"
            )
    on_timeout = call.optional_text("on_wait_timeout", "CONTINUE")
    if on_timeout not in ("CONTINUE", "CANCEL"):
        raise InvalidParameterError(f"on_wait_timeout must be CONTINUE or CANCEL, not {on_timeout}")
    return _Request(
        text=call.text("statement"),
        warehouse_id=call.text("warehouse_id"),
        catalog=call.optional_text("catalog"),
        schema=call.optional_text("schema"),
        parameters=_parameters(call.body.get("parameters") or []),
        row_limit=_limit(call, "row_limit"),
        byte_limit=_limit(call, "byte_limit"),
        wait_s=_wait(call.optional_text("wait_timeout", _DEFAULT_WAIT), on_timeout),
        cancel_on_timeout=on_timeout == "CANCEL",
        tags=_tags(call.body.get("query_tags") or []),
    )


def _wait(text: str, on_timeout: str) -> float:
    match = re.fullmatch(r"(\d{1,2})s", text)
    seconds = int(match[1]) if match else -1
    if seconds == 0 and on_timeout == "CANCEL":
        raise InvalidParameterError("on_wait_timeout must be CONTINUE when wait_timeout is 0s")
    if seconds != 0 and not _SHORTEST_WAIT_S <= seconds <= _LONGEST_WAIT_S:
        raise InvalidParameterError(f"wait_timeout must be 0s or between 5s and 50s, not {text}")
    return float(seconds)


def _limit(call: Call, name: str) -> int | None:
    value = call.body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise InvalidParameterError(f"{name} must be a positive number")
    return value


def _parameters(items: Any) -> dict[str, TypedParam]:
    found: dict[str, TypedParam] = {}
    for item in items if isinstance(items, list) else [None]:
        name = item.get("name") if isinstance(item, dict) else None
        if item is None or not isinstance(name, str) or not re.fullmatch(r"\w+", name):
            raise InvalidParameterError("Each parameter needs a name")
        value, kind = item.get("value"), item.get("type") or "STRING"
        if name in found or not isinstance(kind, str) or not isinstance(value, str | None):
            raise InvalidParameterError(f"The parameter {name} is not valid")
        found[name] = TypedParam(value, kind)
    return found


def _tags(items: Any) -> dict[str, str]:
    pairs: Mapping[str, str] = {
        str(item.get("key")): str(item.get("value") or "")
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, dict) and item.get("key")
    }
    return dict(pairs)


ROUTES: tuple[Route, ...] = (
    Route("POST", _ROOT, _execute, body=_BODY, locked=False),
    Route("GET", f"{_ROOT}/{{id}}", _get, locked=False),
    Route("POST", f"{_ROOT}/{{id}}/cancel", _cancel, locked=False),
    Route("GET", f"{_ROOT}/{{id}}/result/chunks/{{index}}", _chunk, locked=False),
    *HISTORY_ROUTES,
)
