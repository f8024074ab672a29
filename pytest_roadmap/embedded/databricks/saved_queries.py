"""Queries kept under an id, as SQL tasks of jobs may name them.

Source: https://docs.databricks.com/api/azure/workspace/queries (2.0, documented: fields; only a
query the caller may view is answered). Parameters and run-as-owner of queries are refused as
unsupported.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import levels
from pytest_roadmap.embedded.errors import InvalidParameterError, ServiceError
from pytest_roadmap.embedded.state_jobs import SavedQuery
from pytest_roadmap.embedded.wire import Call, Route, page

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud

_ROOT = "/api/2.0/sql/queries"
_FIELDS = frozenset({"display_name", "query_text", "warehouse_id", "description"})


def _of(cloud: Cloud, call: Call, level: str) -> SavedQuery:
    found = cloud.state.lakeflow.queries.get(call.path["id"])
    if found is None:
        raise ServiceError(
            404, "RESOURCE_DOES_NOT_EXIST", f"Query {call.path['id']} does not exist."
        )
    what = f"query {found.query_id}"
    levels.require(cloud.state, call.principal, found.acl, levels.QUERY, level, what)
    return found


def _answer(found: SavedQuery) -> dict[str, Any]:
    moment = f"{found.created_at:%Y-%m-%dT%H:%M:%SZ}"
    return {
        "id": found.query_id,
        "display_name": found.display_name,
        "query_text": found.text,
        "warehouse_id": found.warehouse_id,
        "owner_user_name": found.owner,
        "lifecycle_state": "ACTIVE",
        "run_as_mode": "VIEWER",
        "create_time": moment,
        "update_time": moment,
    }


def _create(cloud: Cloud, call: Call) -> dict[str, Any]:
    given = call.body.get("query")
    if not isinstance(given, dict) or not all(isinstance(v, str) for v in given.values()):
        raise InvalidParameterError("query must be an object of texts")
    if unknown := sorted(set(given) - _FIELDS):
        raise InvalidParameterError(
            f"query: {', '.join(unknown)} is not supported by the embedded cloud"
        )
    if not given.get("query_text") or not given.get("display_name"):
        raise InvalidParameterError("query needs display_name and query_text")
    name = call.principal.name
    found = SavedQuery(
        str(uuid.uuid4()),
        given["display_name"],
        given["query_text"],
        given.get("warehouse_id", ""),
        name,
        cloud.now(),
        {name: "CAN_MANAGE"},
    )
    cloud.state.lakeflow.queries[found.query_id] = found
    return _answer(found)


def _get(cloud: Cloud, call: Call) -> dict[str, Any]:
    return _answer(_of(cloud, call, "CAN_VIEW"))


def _list(cloud: Cloud, call: Call) -> dict[str, Any]:
    shown = [
        _answer(item)
        for item in cloud.state.lakeflow.queries.values()
        if levels.holds(cloud.state, call.principal, item.acl, levels.QUERY, "CAN_VIEW")
    ]
    rows, token = page(shown, {"page_size": "20", **call.query}, size_name="page_size")
    return {"results": rows, **({"next_page_token": token} if token else {})}


def _delete(cloud: Cloud, call: Call) -> dict[str, Any]:
    found = _of(cloud, call, "CAN_MANAGE")
    del cloud.state.lakeflow.queries[found.query_id]
    return {}


ROUTES: tuple[Route, ...] = (
    Route("POST", _ROOT, _create, body=("query", "auto_resolve_display_name")),
    Route("GET", _ROOT, _list, ("page_size", "page_token")),
    Route("GET", f"{_ROOT}/{{id}}", _get),
    Route("DELETE", f"{_ROOT}/{{id}}", _delete),
)
