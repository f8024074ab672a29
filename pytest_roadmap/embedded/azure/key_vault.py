"""The data plane of Key Vault for secrets, served below ``/_vault/<vault>/``.

Source: https://learn.microsoft.com/rest/api/keyvault/secrets/ (documented: paths, attributes in
epoch seconds, ``ForbiddenByRbac``, ``ForbiddenByFirewall``, ``SecretNotFound``, ``SecretDisabled``)
and https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses
(documented: 401 with ``WWW-Authenticate``). Assumed: a list is one page; there is no deletion.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.azure.roles import roles_on
from pytest_roadmap.embedded.errors import ArmError
from pytest_roadmap.embedded.state import SecretVersion, VaultSecret
from pytest_roadmap.embedded.wire import Call, Reply

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import CloudState

PREFIX = "/_vault/"
CHALLENGE = (
    'Bearer authorization="https://login.microsoftonline.com/ebedded0-0000-4000-8000-000000000001",'
    ' resource="https://vault.azure.net"'
)
_PATH = re.compile(
    r"/_vault/(?P<vault>[A-Za-z0-9-]{3,24})/secrets(?:/(?P<name>[A-Za-z0-9-]{1,127})"
    r"(?:/(?P<version>[A-Za-z0-9]+))?)?/?"
)
_WRITERS = frozenset(("Key Vault Administrator", "Key Vault Secrets Officer"))
_READERS = _WRITERS | {"Key Vault Secrets User"}
_LISTERS = _READERS | {"Key Vault Reader"}
_ROLES = {
    "get": _READERS,
    "list": _LISTERS,
    "set": _WRITERS,
    "update": _WRITERS,
}
_LOCAL = ipaddress.ip_address("127.0.0.1")


class VaultError(ArmError):
    """An error of the vault; ``inner`` is the code that says what exactly was wrong."""

    def __init__(self, status: int, code: str, message: str, inner: str = "") -> None:
        super().__init__(status, code, message)
        self.inner = inner


@dataclass(frozen=True, slots=True)
class _Target:
    """What a path names; ``arm_id`` is the lower-case id of its vault."""

    vault: str
    arm_id: str
    name: str
    version: str


def handle(cloud: Cloud, call: Call) -> Reply:
    """Answer one data-plane request; refusals carry the inner code as the service does."""
    try:
        return _answer(cloud, call)
    except VaultError as error:
        body: dict[str, Any] = {"code": error.code, "message": error.message}
        if error.inner:
            body["innererror"] = {"code": error.inner}
        return Reply(error.status, {"error": body})


def _answer(cloud: Cloud, call: Call) -> Reply:
    target = _target(cloud.state, call)
    operation = _operation(call, target)
    _require_network(cloud.state.arm[target.arm_id])
    _require_role(cloud.state, call, target, operation)
    if operation == "set":
        return Reply(body=_set(cloud, call, target))
    kept = cloud.state.vaults.get(target.arm_id, {})
    if not target.name:
        found = [_item(cloud, target, n, kept[n].current, listed=False) for n in sorted(kept)]
        return Reply(body={"value": found, "nextLink": None})
    secret = kept.get(target.name)
    if operation == "list":
        versions = secret.versions if secret else []
        return Reply(
            body={
                "value": [_item(cloud, target, target.name, v, listed=True) for v in versions],
                "nextLink": None,
            }
        )
    version = _version(secret, target)
    if operation == "update":
        _update(cloud, call, version)
        return Reply(body=_item(cloud, target, target.name, version, listed=True))
    if not version.enabled:
        raise VaultError(
            403,
            "Forbidden",
            "Operation get is not allowed on a disabled secret.",
            "SecretDisabled",
        )
    return Reply(body=_bundle(cloud, target, version))


def _target(state: CloudState, call: Call) -> _Target:
    match = _PATH.fullmatch(call.route_path)
    if match is None:
        raise VaultError(404, "NotFound", f"No route registered for '{call.route_path}'.")
    if not call.query.get("api-version"):
        raise VaultError(400, "BadParameter", "api-version must be specified")
    unknown = sorted(set(call.query) - {"api-version", "maxresults"})
    if unknown:
        raise VaultError(400, "BadParameter", f"{', '.join(unknown)} is not supported here")
    suffix = f"/providers/microsoft.keyvault/vaults/{match['vault'].lower()}"
    arm_id = next((key for key in state.arm if key.endswith(suffix)), None)
    if arm_id is None:
        raise VaultError(404, "VaultNotFound", f"There is no vault {match['vault']}.")
    return _Target(match["vault"], arm_id, match["name"] or "", match["version"] or "")


def _operation(call: Call, target: _Target) -> str:
    if call.method == "GET":
        return "get" if target.name and target.version != "versions" else "list"
    if call.method == "PUT" and target.name and not target.version:
        return "set"
    if call.method == "PATCH" and target.name and target.version not in ("", "versions"):
        return "update"
    raise VaultError(405, "MethodNotAllowed", f"{call.method} is not supported on this path")


def _require_network(vault: dict[str, Any]) -> None:
    """Refuse where the firewall does not list this machine."""
    properties = vault.get("properties", {})
    rules = properties.get("networkAcls") or {}
    open_door = properties.get("publicNetworkAccess") != "Disabled"
    if open_door and rules.get("defaultAction", "Allow") == "Allow":
        return
    listed = (str(rule.get("value")) for rule in rules.get("ipRules") or ())
    if open_door and any(_LOCAL in ipaddress.ip_network(text, strict=False) for text in listed):
        return
    raise VaultError(
        403,
        "Forbidden",
        "Client address is not authorized and caller is not a trusted service.",
        "ForbiddenByFirewall",
    )


def _require_role(state: CloudState, call: Call, target: _Target, operation: str) -> None:
    scope = f"{target.arm_id}/secrets/{target.name}" if target.name else target.arm_id
    if not roles_on(state, call.principal, scope) & _ROLES[operation]:
        raise VaultError(
            403,
            "Forbidden",
            f"Caller {call.principal.name} is not authorized to perform {operation} on {scope}.",
            "ForbiddenByRbac",
        )


def _version(secret: VaultSecret | None, target: _Target) -> SecretVersion:
    if secret is not None and not target.version:
        return secret.current
    versions = secret.versions if secret else []
    found = next((item for item in versions if item.version == target.version), None)
    if found is None:
        raise VaultError(
            404,
            "SecretNotFound",
            f"A secret with (name/id) {target.name}/{target.version} was not found in this key "
            "vault.",
        )
    return found


def _set(cloud: Cloud, call: Call, target: _Target) -> dict[str, Any]:
    value = call.body.get("value")
    _refuse_unknown(call, {"value", "attributes", "contentType", "tags"})
    if not isinstance(value, str):
        raise VaultError(400, "BadParameter", "Property value is required.")
    version = SecretVersion(secrets.token_hex(16), value, cloud.now(), cloud.now())
    _update(cloud, call, version)
    if cloud.state.fault("secret-expiry-dropped"):
        version.expires = None
    vault = cloud.state.vaults.setdefault(target.arm_id, {})
    secret = vault.get(target.name)
    if secret is None:
        vault[target.name] = VaultSecret([version])
    else:
        secret.versions.append(version)
    return _bundle(cloud, target, version)


def _update(cloud: Cloud, call: Call, version: SecretVersion) -> None:
    """Change the attributes that are given; an update never changes a value."""
    if call.method == "PATCH":
        _refuse_unknown(call, {"attributes", "contentType", "tags"})
    given = call.body.get("attributes") or {}
    unknown = sorted(set(given) - {"enabled", "exp", "nbf"})
    if unknown:
        raise VaultError(400, "BadParameter", f"attributes.{unknown[0]} cannot be set")
    if given.get("enabled") is not None:
        version.enabled = given["enabled"] is True
    if given.get("exp") is not None:
        version.expires = datetime.fromtimestamp(int(given["exp"]), UTC)
    if given.get("nbf") is not None:
        version.not_before = datetime.fromtimestamp(int(given["nbf"]), UTC)
    version.content_type = str(call.body.get("contentType") or version.content_type)
    version.tags = dict(call.body.get("tags") or version.tags)
    version.updated = cloud.now()


def _refuse_unknown(call: Call, known: set[str]) -> None:
    unknown = sorted(set(call.body) - known)
    if unknown:
        raise VaultError(400, "BadParameter", f"Property {unknown[0]} is not supported here.")


def _bundle(cloud: Cloud, target: _Target, version: SecretVersion) -> dict[str, Any]:
    return {"value": version.value, **_item(cloud, target, target.name, version, listed=True)}


def _item(
    cloud: Cloud, target: _Target, name: str, version: SecretVersion, *, listed: bool
) -> dict[str, Any]:
    """A secret without its value, as lists show it; ``listed`` adds the version to the id."""
    tail = f"/{version.version}" if listed else ""
    answer: dict[str, Any] = {
        "id": f"https://{target.vault}.vault.azure.net/secrets/{name}{tail}",
        "attributes": _attributes(cloud.state, version),
        "tags": dict(version.tags),
    }
    return {**answer, **({"contentType": version.content_type} if version.content_type else {})}


def _attributes(state: CloudState, version: SecretVersion) -> dict[str, Any]:
    fault = state.fault("secret-dates-shifted")
    wanted = fault.parameters if fault else {}
    older = timedelta(days=int(wanted.get("older_by", "0")))
    sooner = timedelta(days=int(wanted.get("sooner_by", "0")))
    answer: dict[str, Any] = {
        "enabled": version.enabled,
        "created": _epoch(version.created - older),
        "updated": _epoch(version.updated - older),
        "recoveryLevel": "Recoverable+Purgeable",
    }
    if version.expires is not None:
        answer["exp"] = _epoch(version.expires - sooner)
    if version.not_before is not None:
        answer["nbf"] = _epoch(version.not_before)
    return answer


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())
