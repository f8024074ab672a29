"""Azure Resource Manager over the resources of the state: read, list, put, patch, delete.

Source: https://learn.microsoft.com/rest/api/resources/ and
https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations (documented).
Authorisation comes before existence, ids compare case-insensitively, writes finish at once
(assumed; the real providers answer some of them asynchronously), deleting a parent deletes its
children. Read-only properties may be written, so that a control can change what is observed.
"""

from __future__ import annotations

import copy
import re
import uuid
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.azure.resources import ArmId, check_version, parse_id
from pytest_roadmap.embedded.azure.roles import ROLE_IDS, require_action
from pytest_roadmap.embedded.errors import ArmError
from pytest_roadmap.embedded.state import CloudState, RoleAssignment
from pytest_roadmap.embedded.wire import Call, Reply

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud

ROLE_ASSIGNMENTS = "microsoft.authorization/roleassignments"
_ASSIGNED_TO = re.compile(r"^(?:assignedTo\('([^']+)'\)|principalId eq '([^']+)'|atScope\(\))$")
_FIELDS = ("location", "tags", "sku", "kind", "identity", "properties", "managedBy")
#: What a resource is called; a request may repeat it, and changes nothing by that.
_IDENTITY = ("id", "name", "type")
_VERBS = {"GET": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_LOCATION = "koreacentral"


def handle(cloud: Cloud, call: Call) -> Reply:
    """Answer one ARM request.

    Raises:
        ArmError: in the order of the real service: shape, api-version, authorisation, existence.
    """
    target = parse_id(call.route_path)
    check_version(target, call.query.get("api-version"), _LOCATION)
    unknown = sorted(set(call.query) - {"api-version", "$filter", "canFetchContent"})
    if unknown or call.method not in _VERBS:
        raise ArmError(
            400,
            "BadRequest",
            f"{call.method} {target.spelled_type} with {', '.join(unknown) or 'this method'} is "
            "not supported by the embedded cloud.",
        )
    scope = target.path if target.name else target.parent
    require_action(cloud.state, call.principal, scope, target.spelled_type, _VERBS[call.method])
    _require_parents(cloud.state, target)
    if target.resource_type == ROLE_ASSIGNMENTS:
        return _role_assignments(cloud, call, target)
    if not target.name:
        return _list(cloud, call, target)
    return _one(cloud, call, target)


def _require_parents(state: CloudState, target: ArmId) -> None:
    if target.subscription and target.subscription.lower() != state.subscription_id:
        raise ArmError(
            404,
            "SubscriptionNotFound",
            f"The subscription '{target.subscription}' could not be found.",
        )
    group = f"/subscriptions/{target.subscription}/resourcegroups/{target.group}".lower()
    if target.group and group not in state.arm and target.key != group:
        raise _no_group(target.group)


def _no_group(name: str) -> ArmError:
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def _not_found(target: ArmId) -> ArmError:
    if target.resource_type == "resourcegroups":
        return _no_group(target.name)
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{target.spelled_type}/{target.name}' under resource group "
        f"'{target.group}' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix",
    )


def _list(cloud: Cloud, call: Call, target: ArmId) -> Reply:
    if call.method != "GET":
        raise ArmError(405, "MethodNotAllowed", "A list can only be read.")
    below = target.parent.lower() + "/" if target.subscription else "/subscriptions/"
    found = [
        item
        for key, item in sorted(cloud.state.arm.items())
        if key.startswith(below) and parse_id(key).resource_type == target.resource_type
    ]
    return Reply(body={"value": found})


def _one(cloud: Cloud, call: Call, target: ArmId) -> Reply:
    state = cloud.state
    found = state.arm.get(target.key)
    if call.method == "PUT":
        return _put(state, call, target, found)
    if found is None:
        if call.method == "DELETE":
            return Reply(204)
        raise _not_found(target)
    if call.method == "DELETE":
        for key in [k for k in state.arm if k == target.key or k.startswith(f"{target.key}/")]:
            del state.arm[key]
        return Reply(200)
    if call.method == "PATCH":
        _check_fields(call)
        merge(found, {k: v for k, v in call.body.items() if k not in _IDENTITY})
    return Reply(body=found)


def _check_fields(call: Call) -> None:
    unknown = sorted(set(call.body) - {*_FIELDS, *_IDENTITY})
    if unknown:
        raise ArmError(
            400,
            "InvalidRequestContent",
            f"Could not find member '{unknown[0]}' on object of type 'ResourceDefinition'.",
        )


def _put(state: CloudState, call: Call, target: ArmId, found: dict[str, Any] | None) -> Reply:
    _check_fields(call)
    body = {key: value for key, value in call.body.items() if key in _FIELDS}
    properties = {"provisioningState": "Succeeded", **body.pop("properties", {})}
    resource = {
        "id": found["id"] if found else target.path,
        "name": found["name"] if found else target.name,
        "type": target.spelled_type,
        "location": _LOCATION,
        **copy.deepcopy(body),
        "properties": properties,
    }
    state.arm[target.key] = resource
    return Reply(200 if found else 201, resource)


def merge(into: dict[str, Any], patch: dict[str, Any]) -> None:
    """JSON merge patch (RFC 7396), as PATCH of most providers works."""
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)


def _role_assignments(cloud: Cloud, call: Call, target: ArmId) -> Reply:
    if not target.name:
        return Reply(body={"value": _assignments(cloud.state, call, target)})
    state = cloud.state
    found = next((r for r in state.role_assignments if r.assignment_id == target.name), None)
    if call.method == "PUT":
        item = _parse_assignment(call, target)
        state.role_assignments = [
            other for other in state.role_assignments if other.assignment_id != target.name
        ]
        state.role_assignments.append(item)
        return Reply(201, _assignment(state, item))
    if found is None:
        raise ArmError(
            404,
            "RoleAssignmentNotFound",
            f"The role assignment '{target.name}' is not found.",
        )
    if call.method == "DELETE":
        state.role_assignments.remove(found)
    return Reply(body=_assignment(state, found))


def _assignments(state: CloudState, call: Call, target: ArmId) -> list[dict[str, Any]]:
    scope, wanted = target.parent.lower(), None
    text = call.query.get("$filter", "")
    if text:
        match = _ASSIGNED_TO.match(text)
        if match is None:
            raise ArmError(400, "UnsupportedQuery", f"The filter '{text}' is not supported.")
        wanted = match.group(1) or match.group(2)
    return [
        _assignment(state, item)
        for item in state.role_assignments
        if (scope == item.scope or scope.startswith(f"{item.scope}/"))
        and wanted in (None, item.principal_id)
    ]


def _parse_assignment(call: Call, target: ArmId) -> RoleAssignment:
    properties = call.body.get("properties")
    given = properties if isinstance(properties, dict) else {}
    role_id = str(given.get("roleDefinitionId", "")).rpartition("/")[2]
    role = next((name for name, known in ROLE_IDS.items() if known == role_id), None)
    if role is None or not given.get("principalId"):
        raise ArmError(
            400, "InvalidRoleAssignment", "A known roleDefinitionId and a principalId are required."
        )
    name = target.name or str(uuid.uuid4())
    return RoleAssignment(name, target.parent.lower(), str(given["principalId"]), role)


def _assignment(state: CloudState, item: RoleAssignment) -> dict[str, Any]:
    kinds = {p.object_id: p.kind for p in state.principals.values()}
    user = kinds.get(item.principal_id) == "user"
    prefix = f"/subscriptions/{state.subscription_id}/providers/Microsoft.Authorization"
    own = f"{item.scope}/providers/Microsoft.Authorization/roleAssignments"
    return {
        "id": f"{own}/{item.assignment_id}",
        "name": item.assignment_id,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": f"{prefix}/roleDefinitions/{ROLE_IDS[item.role]}",
            "principalId": item.principal_id,
            "principalType": "User" if user else "ServicePrincipal",
            "scope": item.scope,
        },
    }
