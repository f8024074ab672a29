"""The query history: what was run, by whom, how it ended.

Source: https://docs.databricks.com/api/azure/workspace/queryhistory/list (documented: newest first,
own queries only unless the caller is a workspace admin).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import authorize
from pytest_roadmap.embedded.errors import InvalidParameterError
from pytest_roadmap.embedded.state import QueryRecord
from pytest_roadmap.embedded.wire import Call, Route, millis, page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import CloudState

_START = "filter_by.query_start_time_range.start_time_ms"
_END = "filter_by.query_start_time_range.end_time_ms"
_LISTS = {
    "filter_by.statuses": "status",
    "filter_by.user_ids": "user_id",
    "filter_by.warehouse_ids": "warehouse_id",
    "filter_by.statement_ids": "query_id",
}
_DEFAULT_PAGE = "100"
_TYPES = frozenset(
    [
        "ALTER",
        "CREATE",
        "DELETE",
        "DESCRIBE",
        "DROP",
        "GRANT",
        "INSERT",
        "MERGE",
        "RESTORE",
        "REVOKE",
        "SELECT",
        "SHOW",
        "TRUNCATE",
        "UPDATE",
    ]
)


def record(cloud: Cloud, fields: Mapping[str, Any]) -> None:
    """Add one ended statement."""
    words = str(fields["statement"]).split(maxsplit=1)
    word = words[0].upper() if words else ""
    kind = {"WITH": "SELECT", "VALUES": "SELECT", "DESC": "DESCRIBE"}.get(word, word)
    cloud.state.query_history.append(
        QueryRecord(**fields, ended=cloud.now(), statement_type=kind if kind in _TYPES else "OTHER")
    )


def _list(cloud: Cloud, call: Call) -> dict[str, Any]:
    state = cloud.state
    every = authorize.is_workspace_admin(state, call.principal)
    shown = [
        _answer(state, item)
        for item in reversed(state.query_history)
        if every or item.user_name == call.principal.name
    ]
    wanted = [item for item in shown if _matches(item, call.query)]
    rows, token = page(wanted, {"max_results": _DEFAULT_PAGE, **call.query})
    more = {"next_page_token": token} if token else {}
    return {"res": rows, "has_next_page": token is not None, **more}


def _matches(item: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    started = int(item["query_start_time_ms"])
    if started < _moment(query, _START, 0) or started > _moment(query, _END, started):
        return False
    return all(
        str(item.get(field)) in query[name].split(",")
        for name, field in _LISTS.items()
        if query.get(name)
    )


def _moment(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not text.isdigit():
        raise InvalidParameterError(f"{name} must be epoch milliseconds")
    return int(text)


def _answer(state: CloudState, item: QueryRecord) -> dict[str, Any]:
    user = state.principal_named(item.user_name)
    started, ended = millis(item.started), millis(item.ended)
    answer: dict[str, Any] = {
        "query_id": item.query_id,
        "status": item.status,
        "query_text": item.statement,
        "query_start_time_ms": started,
        "execution_end_time_ms": ended,
        "query_end_time_ms": ended,
        "duration": ended - started,
        "user_name": item.user_name,
        "executed_as_user_name": item.user_name,
        "warehouse_id": item.warehouse_id,
        "endpoint_id": item.warehouse_id,
        "rows_produced": item.rows_produced,
        "statement_type": item.statement_type,
        "is_final": True,
        "query_tags": [{"key": k, "value": v} for k, v in item.query_tags.items()],
    }
    if user is not None and user.principal_id.isdigit():
        answer["user_id"] = answer["executed_as_user_id"] = int(user.principal_id)
    if item.error_message:
        answer["error_message"] = item.error_message
    return answer


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/2.0/sql/history/queries",
        _list,
        (_START, _END, *_LISTS, "include_metrics", "max_results", "page_token"),
    ),
)
