"""Workspace bindings of isolated securables, old and new path.

Source: https://docs.databricks.com/api/azure/workspace/workspacebindings (documented: metastore
admin or owner; MANAGE counts as owner here).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import authorize
from pytest_roadmap.embedded.databricks.privileges import (
    CATALOG,
    EXTERNAL_LOCATION,
    STORAGE_CREDENTIAL,
)
from pytest_roadmap.embedded.errors import InvalidParameterError, PermissionDeniedError
from pytest_roadmap.embedded.state import Binding
from pytest_roadmap.embedded.wire import Call, Route, page, with_page

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud

_UC = "/api/2.1/unity-catalog"
_KINDS = {
    "catalog": CATALOG,
    "external_location": EXTERNAL_LOCATION,
    "storage_credential": STORAGE_CREDENTIAL,
}
_TYPES = ("BINDING_TYPE_READ_WRITE", "BINDING_TYPE_READ_ONLY")


def _key(cloud: Cloud, call: Call, kind: str) -> tuple[str, str]:
    if kind not in _KINDS:
        raise InvalidParameterError(f"securable type {kind} has no workspace bindings")
    name = call.path["name"].lower()
    # Not ``require_visible``: who administers it reads its bindings from where it is not bound.
    if authorize.find(cloud.state, _KINDS[kind], name) is None:
        raise authorize.does_not_exist(_KINDS[kind], name)
    if not authorize.can_manage(cloud.state, call.principal, _KINDS[kind], name):
        raise PermissionDeniedError(authorize.refusal("MANAGE", _KINDS[kind], name))
    return kind, name


def _bindings(cloud: Cloud, call: Call) -> dict[str, Any]:
    key = _key(cloud, call, call.path["type"].lower())
    rows, token = page([_answer(item) for item in cloud.state.bindings.get(key, [])], call.query)
    return with_page("bindings", rows, token)


def _answer(item: Binding) -> dict[str, Any]:
    return {"workspace_id": item.workspace_id, "binding_type": item.binding_type}


def _update(cloud: Cloud, call: Call) -> dict[str, Any]:
    key = _key(cloud, call, call.path["type"].lower())
    add = [_parse(item) for item in call.body.get("add") or ()]
    remove = [_parse(item) for item in call.body.get("remove") or ()]
    _apply(cloud, key, add, remove)
    return {"bindings": [_answer(item) for item in cloud.state.bindings[key]]}


def _parse(item: Any) -> Binding:
    if not isinstance(item, dict) or not isinstance(item.get("workspace_id"), int):
        raise InvalidParameterError("Each binding needs a workspace_id")
    kind = item.get("binding_type") or _TYPES[0]
    if kind not in _TYPES:
        raise InvalidParameterError(f"binding_type must be one of {', '.join(_TYPES)}")
    return Binding(item["workspace_id"], kind)


def _apply(cloud: Cloud, key: tuple[str, str], add: list[Binding], remove: list[Binding]) -> None:
    changed = {item.workspace_id for item in (*add, *remove)}
    kept = [item for item in cloud.state.bindings.get(key, []) if item.workspace_id not in changed]
    cloud.state.bindings[key] = kept + add


def _workspaces(cloud: Cloud, call: Call) -> dict[str, Any]:
    key = _key(cloud, call, "catalog")
    return {"workspaces": [item.workspace_id for item in cloud.state.bindings.get(key, [])]}


def _update_workspaces(cloud: Cloud, call: Call) -> dict[str, Any]:
    key = _key(cloud, call, "catalog")
    wanted = [call.body.get(name) or () for name in ("assign_workspaces", "unassign_workspaces")]
    if not all(isinstance(item, int) for items in wanted for item in items):
        raise InvalidParameterError("workspaces are numbers")
    add, remove = ([Binding(item) for item in items] for items in wanted)
    _apply(cloud, key, add, remove)
    return {"workspaces": [item.workspace_id for item in cloud.state.bindings[key]]}


_NEW, _OLD = f"{_UC}/bindings/{{type}}/{{name}}", f"{_UC}/workspace-bindings/catalogs/{{name}}"
ROUTES: tuple[Route, ...] = (
    Route("GET", _NEW, _bindings, ("max_results", "page_token")),
    Route("PATCH", _NEW, _update, body=("add", "remove")),
    Route("GET", _OLD, _workspaces),
    Route("PATCH", _OLD, _update_workspaces, body=("assign_workspaces", "unassign_workspaces")),
)
