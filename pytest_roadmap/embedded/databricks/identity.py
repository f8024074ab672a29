"""SCIM: the caller, users, service principals and groups of the workspace.

Source: https://docs.databricks.com/api/azure/workspace/currentuser/me and the SCIM pages beside it
(documented). Assumed: every user of the workspace may read identities, only workspace admins change
them, and a service principal's ``groups`` are its direct groups.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import authorize
from pytest_roadmap.embedded.databricks.objects import new_id
from pytest_roadmap.embedded.errors import (
    InvalidParameterError,
    PermissionDeniedError,
    ServiceError,
)
from pytest_roadmap.embedded.state import SERVICE_PRINCIPAL, USER, CloudState, Group, Principal
from pytest_roadmap.embedded.wire import Call, Reply, Route

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud

_ROOT = "/api/2.0/preview/scim/v2"
_CORE = "urn:ietf:params:scim:schemas:core:2.0:"
_LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_QUERY = (
    "filter",
    "startIndex",
    "count",
    "attributes",
    "excludedAttributes",
    "sortBy",
    "sortOrder",
)
_FILTER = re.compile(r'^\s*(?P<field>\w+)\s+eq\s+"?(?P<value>[^"]*)"?\s*$', re.IGNORECASE)
_MEMBER = re.compile(r'^members\[value eq "(?P<id>[^"]+)"\]$')


def principal_answer(state: CloudState, principal: Principal) -> dict[str, Any]:
    """A user or service principal as SCIM writes it, with its direct groups."""
    answer: dict[str, Any] = {
        "id": principal.principal_id,
        "displayName": principal.display_name,
        "active": principal.active,
        "entitlements": [{"value": value} for value in principal.entitlements],
        "groups": _groups_with(state, principal.principal_id),
    }
    if principal.kind == USER:
        emails = [{"type": "work", "value": principal.name, "primary": True}]
        return {"schemas": [f"{_CORE}User"], "userName": principal.name, "emails": emails, **answer}
    return {
        "schemas": [f"{_CORE}ServicePrincipal"],
        "applicationId": principal.name,
        "externalId": principal.object_id,
        **answer,
    }


def group_answer(state: CloudState, group: Group) -> dict[str, Any]:
    """A group as SCIM writes it."""
    return {
        "schemas": [f"{_CORE}Group"],
        "id": group.group_id,
        "displayName": group.display_name,
        "meta": {"resourceType": "Group" if group.account_level else "WorkspaceGroup"},
        "members": [_member(state, member) for member in group.members],
        "groups": _groups_with(state, group.group_id),
    }


def _groups_with(state: CloudState, member: str) -> list[dict[str, str]]:
    """The groups that a principal or group is directly in."""
    return [
        {
            "display": group.display_name,
            "value": group.group_id,
            "type": "direct",
            "$ref": f"Groups/{group.group_id}",
        }
        for group in state.groups.values()
        if member in group.members
    ]


def _member(state: CloudState, member: str) -> dict[str, str]:
    principal, group = state.principals.get(member), state.groups.get(member)
    if principal is not None:
        kind = "Users" if principal.kind == USER else "ServicePrincipals"
        display = principal.display_name
    else:
        kind, display = "Groups", group.display_name if group else ""
    return {"display": display, "value": member, "$ref": f"{kind}/{member}"}


def me(cloud: Cloud, call: Call) -> dict[str, Any]:
    """The caller. A service principal's ``userName`` is its application id (documented)."""
    answer = principal_answer(cloud.state, call.principal)
    return {"userName": call.principal.name, **answer}


def _listing(call: Call, items: list[dict[str, Any]]) -> dict[str, Any]:
    wanted = call.query.get("filter", "")
    if wanted:
        match = _FILTER.match(wanted)
        if match is None:
            raise ServiceError(400, "invalidFilter", f"Unsupported filter: {wanted}")
        field, value = match.group("field").lower(), match.group("value").lower()
        known = {key.lower() for item in items for key in item}
        if items and field not in known:
            raise ServiceError(400, "invalidFilter", f"Attribute {field} is not filterable")
        items = [
            i for i in items if {k.lower(): str(v).lower() for k, v in i.items()}[field] == value
        ]
    start, count = _number(call, "startIndex", 1), _number(call, "count", 100)
    rows = items[max(start, 1) - 1 :][: min(count, 10000)]
    return {
        "schemas": [_LIST_SCHEMA],
        "totalResults": len(items),
        "startIndex": start,
        "itemsPerPage": len(rows),
        "Resources": rows,
    }


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not text.isdigit():
        raise ServiceError(400, "invalidValue", f"{name} must be a number")
    return int(text)


def _of_kind(cloud: Cloud, kind: str) -> list[Principal]:
    return [p for p in cloud.state.principals.values() if p.kind == kind]


def _get(cloud: Cloud, call: Call, kind: str) -> Principal:
    found = cloud.state.principals.get(call.path["id"])
    if found is None or found.kind != kind:
        label = "User" if kind == USER else "ServicePrincipal"
        raise ServiceError(404, "404", f"{label} with id {call.path['id']} not found.")
    return found


def _require_admin(cloud: Cloud, call: Call) -> None:
    if not authorize.is_workspace_admin(cloud.state, call.principal):
        raise PermissionDeniedError(
            "Only workspace admins can change users, groups and principals."
        )


def _operations(call: Call) -> list[tuple[str, str, Any]]:
    operations = call.body.get("Operations")
    if not isinstance(operations, list) or not operations:
        raise ServiceError(400, "invalidSyntax", "Operations must be a non-empty list")
    result: list[tuple[str, str, Any]] = []
    for item in operations:
        op = str(item.get("op", "")).lower()
        if op not in ("add", "replace", "remove"):
            raise ServiceError(400, "invalidSyntax", f"Unsupported operation: {op}")
        path, value = item.get("path"), item.get("value")
        if path:
            result.append((op, str(path), value))
        elif isinstance(value, dict):
            result.extend((op, key, part) for key, part in value.items())
        else:
            raise ServiceError(400, "noTarget", "An operation without path needs an object value")
    return result


def _boolean(value: Any) -> bool:
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        value = value[0].get("value")
    if isinstance(value, str) and value.lower() in ("true", "false"):
        value = value.lower() == "true"
    if not isinstance(value, bool):
        raise ServiceError(400, "invalidValue", "active must be true or false")
    return value


def _patch_principal(cloud: Cloud, call: Call, kind: str) -> Reply:
    _require_admin(cloud, call)
    found = _get(cloud, call, kind)
    for op, path, value in _operations(call):
        if path == "active" and op != "remove":
            found.active = _boolean(value)
        elif path == "displayName" and op != "remove" and isinstance(value, str):
            found.display_name = value
        else:
            raise ServiceError(400, "invalidPath", f"{op} {path} is not supported")
    return Reply(204)


def _create_principal(cloud: Cloud, call: Call, kind: str) -> Reply:
    _require_admin(cloud, call)
    field = "userName" if kind == USER else "applicationId"
    name = call.optional_text(field) or (new_id() if kind == SERVICE_PRINCIPAL else "")
    if not name:
        raise InvalidParameterError("Missing required field: userName")
    if cloud.state.principal_named(name) is not None:
        raise ServiceError(409, "uniqueness", f"{name} already exists")
    found = Principal(
        str(7000000000000000 + len(cloud.state.principals) + 1),
        kind,
        name,
        call.optional_text("displayName", name),
        new_id(),
        active=call.flag("active", default=True),
    )
    while found.principal_id in cloud.state.principals:
        found.principal_id = str(int(found.principal_id) + 1)
    cloud.state.principals[found.principal_id] = found
    return Reply(201, principal_answer(cloud.state, found))


def _delete_principal(cloud: Cloud, call: Call, kind: str) -> Reply:
    _require_admin(cloud, call)
    found = _get(cloud, call, kind)
    del cloud.state.principals[found.principal_id]
    for group in cloud.state.groups.values():
        group.members = [member for member in group.members if member != found.principal_id]
    return Reply(204)


def _principal_routes(path: str, kind: str) -> tuple[Route, ...]:
    fields = ("schemas", "active", "applicationId", "displayName", "userName", "entitlements")
    one = f"{_ROOT}/{path}/{{id}}"

    def listing(cloud: Cloud, call: Call) -> dict[str, Any]:
        return _listing(call, [principal_answer(cloud.state, p) for p in _of_kind(cloud, kind)])

    return (
        Route("GET", f"{_ROOT}/{path}", listing, _QUERY),
        Route("POST", f"{_ROOT}/{path}", lambda c, r: _create_principal(c, r, kind), body=fields),
        Route("GET", one, lambda c, r: principal_answer(c.state, _get(c, r, kind)), _QUERY),
        Route(
            "PATCH", one, lambda c, r: _patch_principal(c, r, kind), body=("schemas", "Operations")
        ),
        Route("DELETE", one, lambda c, r: _delete_principal(c, r, kind)),
    )


def _get_group(cloud: Cloud, call: Call) -> Group:
    found = cloud.state.groups.get(call.path["id"])
    if found is None:
        raise ServiceError(404, "404", f"Group with id {call.path['id']} not found.")
    return found


def _list_groups(cloud: Cloud, call: Call) -> dict[str, Any]:
    return _listing(call, [group_answer(cloud.state, g) for g in cloud.state.groups.values()])


def _create_group(cloud: Cloud, call: Call) -> Reply:
    _require_admin(cloud, call)
    name = call.text("displayName")
    if cloud.state.group_named(name) is not None:
        raise ServiceError(409, "uniqueness", f"Group {name} already exists")
    group = Group(str(8000000000000000 + len(cloud.state.groups) + 1), name)
    while group.group_id in cloud.state.groups:
        group.group_id = str(int(group.group_id) + 1)
    cloud.state.groups[group.group_id] = group
    _add_members(cloud, group, call.body.get("members", []))
    return Reply(201, group_answer(cloud.state, group))


def _patch_group(cloud: Cloud, call: Call) -> Reply:
    _require_admin(cloud, call)
    group = _get_group(cloud, call)
    for op, path, value in _operations(call):
        single = _MEMBER.match(path)
        if op == "remove" and single:
            group.members = [m for m in group.members if m != single.group("id")]
        elif op in ("add", "replace") and path == "members":
            if op == "replace":
                group.members = []
            _add_members(cloud, group, value)
        else:
            raise ServiceError(400, "invalidPath", f"{op} {path} is not supported")
    return Reply(204)


def _add_members(cloud: Cloud, group: Group, value: Any) -> None:
    for item in value if isinstance(value, list) else [value]:
        member = str(item.get("value", "")) if isinstance(item, dict) else str(item)
        if member not in cloud.state.principals and member not in cloud.state.groups:
            raise ServiceError(404, "404", f"Member with id {member} not found.")
        if member not in group.members:
            group.members.append(member)


def _delete_group(cloud: Cloud, call: Call) -> Reply:
    _require_admin(cloud, call)
    group = _get_group(cloud, call)
    del cloud.state.groups[group.group_id]
    for other in cloud.state.groups.values():
        other.members = [member for member in other.members if member != group.group_id]
    return Reply(204)


_GROUPS = f"{_ROOT}/Groups"
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_ROOT}/Me", me),
    *_principal_routes("Users", USER),
    *_principal_routes("ServicePrincipals", SERVICE_PRINCIPAL),
    Route("GET", _GROUPS, _list_groups, _QUERY),
    Route("POST", _GROUPS, _create_group, body=("schemas", "displayName", "members")),
    Route("GET", _GROUPS + "/{id}", lambda c, r: group_answer(c.state, _get_group(c, r)), _QUERY),
    Route("PATCH", _GROUPS + "/{id}", _patch_group, body=("schemas", "Operations")),
    Route("DELETE", _GROUPS + "/{id}", _delete_group),
)
