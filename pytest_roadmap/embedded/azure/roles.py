"""Azure role assignments: who may do what on which scope.

Source: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles (documented).
Simplified: an assignment names a built-in role and one principal; scopes inherit downward.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.embedded.errors import ArmError

if TYPE_CHECKING:
    from pytest_roadmap.embedded.state import CloudState, Principal

ROLE_IDS = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Key Vault Administrator": "00482a5a-887f-4fb3-b364-3b7fe8e74483",
    "Key Vault Reader": "21090545-7ca7-4776-b22c-e363652d74d2",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
}
_READ = {"Owner", "Contributor", "Reader", "Key Vault Administrator", "Key Vault Reader"}
_WRITE = {"Owner", "Contributor"}


def roles_on(state: CloudState, principal: Principal, scope: str) -> frozenset[str]:
    """The roles the principal holds on a scope, inherited ones included."""
    target = scope.lower().rstrip("/")
    return frozenset(
        item.role
        for item in state.role_assignments
        if item.principal_id == principal.object_id
        and (target == item.scope.rstrip("/") or target.startswith(item.scope.rstrip("/") + "/"))
    )


def roles_below(state: CloudState, principal: Principal, scope: str) -> frozenset[str]:
    """The roles held anywhere inside a scope: they let their holder read the subscription itself.

    Assumed: ``GET /subscriptions/{id}`` answers to a Reader of one resource group.
    """
    prefix = scope.lower().rstrip("/") + "/"
    return frozenset(
        item.role
        for item in state.role_assignments
        if item.principal_id == principal.object_id and item.scope.startswith(prefix)
    )


def require_action(
    state: CloudState, principal: Principal, scope: str, resource_type: str, verb: str
) -> None:
    """Refuse as Resource Manager does.

    Args:
        state: the cloud.
        principal: who asks.
        scope: the ARM id as requested.
        resource_type: ``Microsoft.KeyVault/vaults`` and the like.
        verb: ``read``, ``write`` or ``delete``.

    Raises:
        ArmError: 403 ``AuthorizationFailed`` (wording documented).
    """
    held = roles_on(state, principal, scope)
    if resource_type.endswith("/subscriptions") and verb == "read":
        held |= roles_below(state, principal, scope)
    allowed = _READ if verb == "read" else _WRITE
    if resource_type.lower() == "microsoft.authorization/roleassignments" and verb != "read":
        allowed = {"Owner"}
    if held & allowed and not (_forbidden(state, scope) and "Owner" not in held):
        return
    raise ArmError(
        403,
        "AuthorizationFailed",
        f"The client '{principal.name}' with object id '{principal.object_id}' does not have "
        f"authorization to perform action '{resource_type}/{verb}' over scope '{scope}' or the "
        "scope is invalid. If access was recently granted, please refresh your credentials.",
    )


def _forbidden(state: CloudState, scope: str) -> bool:
    fault = state.fault("arm-forbidden")
    provider = fault.parameters.get("provider", "") if fault else ""
    return bool(provider) and provider.lower() in scope.lower()
