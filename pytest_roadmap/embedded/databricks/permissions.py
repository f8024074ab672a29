"""The Permissions API: who may do what with warehouses, jobs, pipelines and workspace objects.

Source: https://docs.databricks.com/api/azure/workspace/permissions (2.0, documented: PUT replaces
the list, PATCH changes single rows, both need CAN MANAGE, an object has one owner; a group cannot
own a job; workspace admins manage every job). Assumed: who holds any level on an object may read
the list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import levels, objects, warehouses
from pytest_roadmap.embedded.errors import (
    InvalidParameterError,
    PermissionDeniedError,
    ServiceError,
)
from pytest_roadmap.embedded.state import USER
from pytest_roadmap.embedded.wire import Call, Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import CloudState, Principal
    from pytest_roadmap.embedded.state_jobs import WorkspaceObject

_OBJECT_TYPES = {"notebooks": "NOTEBOOK", "files": "FILE", "directories": "DIRECTORY"}
_NAMES = ("user_name", "group_name", "service_principal_name")
_OWNER = "IS_OWNER"


@dataclass(frozen=True, slots=True)
class Target:
    """An object whose permissions are read or changed."""

    object_id: str
    object_type: str
    levels: tuple[str, ...]
    acl: dict[str, str]
    readable: bool
    manageable: bool
    item: WorkspaceObject | None = None


def _target(cloud: Cloud, call: Call) -> Target:
    state, who = cloud.state, call.principal
    kind, wanted = call.path["type"], call.path["id"]
    if kind in ("warehouses", "sql/warehouses"):
        warehouse = warehouses.require_level(state, who, wanted, "CAN_VIEW")
        level = warehouses.level_of(state, who, warehouse)
        manageable = level >= warehouses.LEVELS.index("CAN_MANAGE")
        path = f"/sql/warehouses/{wanted}"
        return Target(
            path,
            "warehouses",
            warehouses.LEVELS,
            warehouse.acl,
            readable=True,
            manageable=manageable,
        )
    if kind == "jobs":
        return _listed(state, who, "job", wanted)
    if kind in ("pipelines", "queries"):
        return _listed(state, who, kind, wanted)
    if kind in _OBJECT_TYPES:
        return _object(state, who, kind, wanted)
    raise InvalidParameterError(f"object type {kind} is not supported by the embedded cloud")


def _listed(state: CloudState, who: Principal, kind: str, wanted: str) -> Target:
    lakeflow = state.lakeflow
    known = {"job": levels.JOB, "queries": levels.QUERY}.get(kind, levels.PIPELINE)
    acl = None
    if kind == "job" and wanted.isdigit() and int(wanted) in lakeflow.jobs:
        acl = lakeflow.jobs[int(wanted)].acl
    elif kind == "pipelines" and wanted in lakeflow.pipelines:
        acl = lakeflow.pipelines[wanted].acl
    elif kind == "queries" and wanted in lakeflow.queries:
        acl = lakeflow.queries[wanted].acl
    if acl is None:
        raise ServiceError(404, "RESOURCE_DOES_NOT_EXIST", f"{kind} {wanted} does not exist.")
    readable = levels.holds(state, who, acl, known, "CAN_VIEW")
    manageable = levels.holds(state, who, acl, known, "CAN_MANAGE")
    path = f"/{'jobs' if kind == 'job' else kind}/{wanted}"
    return Target(path, kind, known, acl, readable=readable, manageable=manageable)


def _object(state: CloudState, who: Principal, kind: str, wanted: str) -> Target:
    found = state.lakeflow.object_with_id(int(wanted)) if wanted.isdigit() else None
    if found is None or found.object_type != _OBJECT_TYPES[kind]:
        raise ServiceError(404, "RESOURCE_DOES_NOT_EXIST", f"{kind} {wanted} does not exist.")
    return Target(
        f"/{kind}/{wanted}",
        found.object_type.lower(),
        levels.OBJECT,
        found.acl,
        readable=levels.may_object(state, who, found, "CAN_READ"),
        manageable=levels.may_object(state, who, found, "CAN_MANAGE"),
        item=found,
    )


def _require(call: Call, target: Target, *, manage: bool) -> None:
    if not (target.manageable if manage else target.readable):
        raise PermissionDeniedError(
            f"User {call.principal.name} may not {'change' if manage else 'read'} the permissions "
            f"on {target.object_id}."
        )


def _get(cloud: Cloud, call: Call) -> dict[str, Any]:
    target = _target(cloud, call)
    _require(call, target, manage=False)
    return _answer(cloud.state, target)


def _answer(state: CloudState, target: Target) -> dict[str, Any]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for name, level, folder in _rows(state, target):
        held: dict[str, Any] = {"permission_level": level, "inherited": bool(folder)}
        if folder:
            above = state.lakeflow.objects.get(folder)
            source = f"/directories/{above.object_id}" if above else folder
            held["inherited_from_object"] = [source]
        rows.setdefault(name, []).append(held)
    return {
        "object_id": target.object_id,
        "object_type": target.object_type,
        "access_control_list": [
            {**_subject(state, name), "all_permissions": held} for name, held in rows.items()
        ],
    }


def _rows(state: CloudState, target: Target) -> Iterator[tuple[str, str, str]]:
    """Name, level and where it is inherited from; workspace admins manage jobs and files."""
    if target.item is not None:
        yield from levels.object_rows(state, target.item)
    else:
        yield from ((name, level, "") for name, level in target.acl.items())
    if target.object_type == "job":
        yield "admins", "CAN_MANAGE", "/jobs/"


def _subject(state: CloudState, name: str) -> dict[str, str]:
    principal = state.principal_named(name)
    if principal is None:
        return {"group_name": name}
    field = "user_name" if principal.kind == USER else "service_principal_name"
    return {field: name, "display_name": principal.display_name}


def _change(cloud: Cloud, call: Call) -> dict[str, Any]:
    target = _target(cloud, call)
    _require(call, target, manage=True)
    rows = call.body.get("access_control_list")
    if not isinstance(rows, list):
        raise InvalidParameterError("Missing required field: access_control_list")
    wanted = dict(_row(cloud.state, target, row) for row in rows)
    owned = _OWNER in target.levels
    old_owner = {name: level for name, level in target.acl.items() if level == _OWNER}
    owners = [name for name, level in wanted.items() if level == _OWNER]
    if len(owners) > 1:
        raise InvalidParameterError("An object has exactly one owner")
    if call.method == "PUT":
        target.acl.clear()
    if owned and owners:
        for name in old_owner:
            target.acl.pop(name, None)
    elif owned:
        target.acl.update(old_owner)
    target.acl.update(wanted)
    return _answer(cloud.state, target)


def _row(state: CloudState, target: Target, row: Any) -> tuple[str, str]:
    names = [str(row[field]) for field in _NAMES if isinstance(row, dict) and row.get(field)]
    level = str(row.get("permission_level")) if isinstance(row, dict) else ""
    if len(names) != 1 or level not in target.levels:
        raise InvalidParameterError("Each row needs one principal and a known permission_level")
    group = state.group_named(names[0])
    if group is None:
        objects.require_principal(state, names[0])
    elif level == _OWNER:
        raise InvalidParameterError("Groups can not be owners.")
    return names[0], level


def _levels(cloud: Cloud, call: Call) -> dict[str, Any]:
    target = _target(cloud, call)
    _require(call, target, manage=False)
    return {"permission_levels": [{"permission_level": level} for level in target.levels]}


_PATHS = (
    "/api/2.0/permissions/sql/{type}/{id}",
    "/api/2.0/permissions/{type}/{id}",
)
_ACL = ("access_control_list",)
ROUTES: tuple[Route, ...] = tuple(
    route
    for path in _PATHS
    for route in (
        Route("GET", path, _get),
        Route("GET", f"{path}/permissionLevels", _levels),
        Route("PATCH", path, _change, body=_ACL),
        Route("PUT", path, _change, body=_ACL),
    )
)
