"""Secret scopes, their secrets and ACLs.

Source: https://docs.databricks.com/api/azure/workspace/secrets and
https://learn.microsoft.com/azure/databricks/security/secrets/ (documented: listing secrets needs
READ, ACLs need MANAGE, a Key Vault-backed scope is read-only). Assumed: every user may list scopes.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import authorize, objects
from pytest_roadmap.embedded.errors import (
    InvalidParameterError,
    PermissionDeniedError,
    ServiceError,
)
from pytest_roadmap.embedded.faults import use
from pytest_roadmap.embedded.state import CloudState, Principal, SecretScope, VaultSecret
from pytest_roadmap.embedded.wire import Call, Route, millis

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud

_ROOT = "/api/2.0/secrets"
_LEVELS = ("READ", "WRITE", "MANAGE")
_VAULT = "AZURE_KEYVAULT"


def _scope(state: CloudState, name: str) -> SecretScope:
    found = state.scopes.get(name)
    if found is None:
        raise ServiceError(404, "RESOURCE_DOES_NOT_EXIST", f"Scope {name} does not exist!")
    return found


def _require(state: CloudState, principal: Principal, scope: SecretScope, level: str) -> None:
    names = authorize.identities(state, principal)
    held = [_LEVELS.index(value) for name, value in scope.acls.items() if name in names]
    if max(held, default=-1) < _LEVELS.index(level):
        raise PermissionDeniedError(
            f"{principal.name} does not have {level} permission on scope {scope.name}"
        )


def vault_secrets(state: CloudState, scope: SecretScope) -> dict[str, VaultSecret]:
    """The secrets of the vault behind a scope.

    Raises:
        ServiceError: 404 when there is no such vault, 403 when its firewall is closed to the
            service (default action Deny without the AzureServices bypass; documented).
    """
    vault = state.arm.get(scope.resource_id.lower())
    if vault is None:
        raise ServiceError(404, "RESOURCE_DOES_NOT_EXIST", f"Vault {scope.resource_id} not found")
    properties = vault.get("properties", {})
    acls = properties.get("networkAcls", {})
    closed = acls.get("defaultAction") == "Deny" and acls.get("bypass") != "AzureServices"
    if closed and not properties.get("privateEndpointConnections"):
        raise PermissionDeniedError(
            "Unable to access the Azure Key Vault: client address is not authorized "
            "(ForbiddenByFirewall)."
        )
    return state.vaults.get(scope.resource_id.lower(), {})


def _scopes(cloud: Cloud, _call: Call) -> dict[str, Any]:
    return {"scopes": [_scope_answer(item) for item in cloud.state.scopes.values()]}


def _scope_answer(found: SecretScope) -> dict[str, Any]:
    answer: dict[str, Any] = {"name": found.name, "backend_type": found.backend_type}
    if found.backend_type == _VAULT:
        answer["keyvault_metadata"] = {
            "resource_id": found.resource_id,
            "dns_name": found.dns_name,
        }
    return answer


def _create(cloud: Cloud, call: Call) -> dict[str, Any]:
    name, backend = call.text("scope"), call.optional_text("scope_backend_type", "DATABRICKS")
    if name in cloud.state.scopes:
        raise ServiceError(400, "RESOURCE_ALREADY_EXISTS", f"Scope {name} already exists!")
    if backend not in ("DATABRICKS", _VAULT):
        raise InvalidParameterError(f"Unknown scope_backend_type {backend}")
    found = SecretScope(name, backend)
    if backend == _VAULT:
        given = call.body.get("backend_azure_keyvault")
        if not isinstance(given, dict) or not given.get("resource_id") or not given.get("dns_name"):
            raise InvalidParameterError("backend_azure_keyvault needs resource_id and dns_name")
        found.resource_id, found.dns_name = str(given["resource_id"]), str(given["dns_name"])
    manager = call.optional_text("initial_manage_principal", call.principal.name)
    if manager not in ("users", call.principal.name):
        raise InvalidParameterError("initial_manage_principal must be 'users' or absent")
    found.acls[manager] = "MANAGE"
    cloud.state.scopes[name] = found
    return {}


def _delete(cloud: Cloud, call: Call) -> dict[str, Any]:
    found = _scope(cloud.state, call.text("scope"))
    _require(cloud.state, call.principal, found, "MANAGE")
    del cloud.state.scopes[found.name]
    return {}


def _secrets(cloud: Cloud, call: Call) -> dict[str, Any]:
    found = _scope(cloud.state, call.argument("scope"))
    _require(cloud.state, call.principal, found, "READ")
    if found.backend_type == _VAULT:
        kept = vault_secrets(cloud.state, found)
        times = {key: item.current.updated for key, item in kept.items()}
    else:
        times = found.updated
    return {
        "secrets": [
            {"key": key, "last_updated_timestamp": millis(times[key])} for key in sorted(times)
        ]
    }


def _secret(cloud: Cloud, call: Call) -> dict[str, Any]:
    """The value, base64. Whether the real service serves this outside a notebook is open."""
    found, key = _scope(cloud.state, call.argument("scope")), call.argument("key")
    _require(cloud.state, call.principal, found, "READ")
    if cloud.state.fault("secret-get-refused"):
        raise ServiceError(400, "BAD_REQUEST", "Secrets can only be read inside a notebook.")
    value = _value(cloud.state, found, key)
    _maybe_show(cloud.state, value)
    return {"key": key, "value": base64.b64encode(value).decode()}


def _value(state: CloudState, scope: SecretScope, key: str) -> bytes:
    if scope.backend_type == _VAULT:
        return _vault_value(state, scope, key).encode()
    value = scope.secrets.get(key)
    if value is None:
        raise ServiceError(
            404,
            "RESOURCE_DOES_NOT_EXIST",
            f"Secret does not exist with scope: {scope.name} and key: {key}",
        )
    return value


def read_secret(state: CloudState, principal: Principal, scope: str, key: str) -> str:
    """What ``dbutils.secrets.get`` gives inside a run.

    Raises:
        ServiceError: absent, or the principal may not read it.
    """
    found = _scope(state, scope)
    _require(state, principal, found, "READ")
    return _value(state, found, key).decode("utf-8", "replace")


def try_secret(state: CloudState, principal: Principal, scope: str, key: str) -> str | None:
    """The SQL function ``try_secret``: None for what is absent or may not be read (documented)."""
    try:
        return read_secret(state, principal, scope, key)
    except ServiceError:
        return None


def _vault_value(state: CloudState, scope: SecretScope, key: str) -> str:
    """The newest version in the vault, whose refusals the service hands on.

    Source: https://docs.databricks.com/api/azure/workspace/secrets (documented: a 403 of the vault
    is PERMISSION_DENIED, any other 4xx MALFORMED_REQUEST).
    """
    secret = vault_secrets(state, scope).get(key)
    if secret is None:
        raise ServiceError(
            400, "MALFORMED_REQUEST", f"Azure Key Vault answered 404 SecretNotFound for {key}"
        )
    stale = bool(state.fault("secret-scope-stale")) and len(secret.versions) > 1
    found = secret.versions[-2] if stale else secret.current
    if not found.enabled:
        raise PermissionDeniedError(
            f"Azure Key Vault answered 403 Forbidden (SecretDisabled) for {key}"
        )
    return found.value


def _maybe_show(state: CloudState, value: bytes) -> None:
    """The fault ``secret-shown-in-error``: fail, with the value in the message."""
    fault = state.fault("secret-shown-in-error")
    if fault is None:
        return
    after = int(fault.parameters.get("after", "0"))
    if after > 0:
        fault.parameters["after"] = str(after - 1)
        return
    use(fault)
    raise ServiceError(
        503, "TEMPORARILY_UNAVAILABLE", f"could not cache {value.decode(errors='replace')}"
    )


def _writable(cloud: Cloud, call: Call) -> SecretScope:
    found = _scope(cloud.state, call.text("scope"))
    _require(cloud.state, call.principal, found, "WRITE")
    if found.backend_type == _VAULT:
        raise ServiceError(
            400, "BAD_REQUEST", "Cannot write secrets to Azure KeyVault-backed scope " + found.name
        )
    return found


def _put(cloud: Cloud, call: Call) -> dict[str, Any]:
    found, key = _writable(cloud, call), call.text("key")
    if ("string_value" in call.body) == ("bytes_value" in call.body):
        raise InvalidParameterError("Give string_value or bytes_value")
    if "string_value" in call.body:
        value = call.optional_text("string_value").encode()
    else:
        try:
            value = base64.b64decode(call.optional_text("bytes_value"), validate=True)
        except binascii.Error as error:
            raise InvalidParameterError("bytes_value must be base64") from error
    found.secrets[key], found.updated[key] = value, cloud.now()
    return {}


def _delete_secret(cloud: Cloud, call: Call) -> dict[str, Any]:
    found, key = _writable(cloud, call), call.text("key")
    if found.secrets.pop(key, None) is None:
        raise ServiceError(404, "RESOURCE_DOES_NOT_EXIST", f"Secret {key} does not exist!")
    del found.updated[key]
    return {}


def _managed(cloud: Cloud, call: Call, name: str) -> SecretScope:
    found = _scope(cloud.state, name)
    _require(cloud.state, call.principal, found, "MANAGE")
    return found


def _acls(cloud: Cloud, call: Call) -> dict[str, Any]:
    found = _managed(cloud, call, call.argument("scope"))
    return {"items": [{"principal": n, "permission": v} for n, v in sorted(found.acls.items())]}


def _acl(cloud: Cloud, call: Call) -> dict[str, Any]:
    found = _managed(cloud, call, call.argument("scope"))
    name = call.argument("principal")
    if name not in found.acls:
        raise ServiceError(404, "RESOURCE_DOES_NOT_EXIST", f"No ACL for principal {name}")
    return {"principal": name, "permission": found.acls[name]}


def _put_acl(cloud: Cloud, call: Call) -> dict[str, Any]:
    found = _managed(cloud, call, call.text("scope"))
    name, level = call.text("principal"), call.text("permission")
    if level not in _LEVELS:
        raise InvalidParameterError(f"permission must be one of {', '.join(_LEVELS)}")
    if cloud.state.group_named(name) is None:
        objects.require_principal(cloud.state, name)
    found.acls[name] = level
    return {}


def _delete_acl(cloud: Cloud, call: Call) -> dict[str, Any]:
    found = _managed(cloud, call, call.text("scope"))
    if found.acls.pop(call.text("principal"), None) is None:
        raise ServiceError(404, "RESOURCE_DOES_NOT_EXIST", "No such ACL")
    return {}


ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_ROOT}/scopes/list", _scopes),
    Route(
        "POST",
        f"{_ROOT}/scopes/create",
        _create,
        body=("scope", "scope_backend_type", "backend_azure_keyvault", "initial_manage_principal"),
    ),
    Route("POST", f"{_ROOT}/scopes/delete", _delete, body=("scope",)),
    Route("GET", f"{_ROOT}/list", _secrets, ("scope",)),
    Route("GET", f"{_ROOT}/get", _secret, ("scope", "key")),
    Route("POST", f"{_ROOT}/put", _put, body=("scope", "key", "string_value", "bytes_value")),
    Route("POST", f"{_ROOT}/delete", _delete_secret, body=("scope", "key")),
    Route("GET", f"{_ROOT}/acls/list", _acls, ("scope",)),
    Route("GET", f"{_ROOT}/acls/get", _acl, ("scope", "principal")),
    Route("POST", f"{_ROOT}/acls/put", _put_acl, body=("scope", "principal", "permission")),
    Route("POST", f"{_ROOT}/acls/delete", _delete_acl, body=("scope", "principal")),
)
