"""Looking up handed-over assets through the ports, and what the answers say about the record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_roadmap.domain.assets import Asset, AssetField
from pytest_roadmap.domain.identifiers import is_guid, same, storage_path
from pytest_roadmap.domain.outcome import AssetMissingError, InconclusiveError
from pytest_roadmap.domain.ports import AzurePort, WorkspacePort
from pytest_roadmap.domain.sight import require_sight

#: Any one of these on a catalog lets a caller see what is in it.
_SIGHT = frozenset({"BROWSE", "USE_CATALOG", "ALL_PRIVILEGES", "MANAGE"})
#: The field that repeats the access principal: judged with it, so that one fault has one place.
_PRINCIPAL_FIELD = "owner"


@dataclass(frozen=True, slots=True)
class Observation:
    """What the platform answered about one asset; ``found`` is false after a 404.

    ``principal`` is the access principal as observed, None where the platform shows none.
    """

    asset: Asset
    identifier: str = ""
    principal: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    found: bool = True


def observe(
    assets: Sequence[Asset], workspace: WorkspacePort, azure: AzurePort
) -> tuple[Observation, ...]:
    """One look-up for each asset, in order; a 404 is an answer.

    Raises:
        AccessRefusedError: the observer may not see the asset (a hidden schema included).
        InconclusiveError: the asset is of a kind that cannot be looked up.
    """
    return tuple(_observe(asset, workspace, azure) for asset in assets)


def _observe(asset: Asset, workspace: WorkspacePort, azure: AzurePort) -> Observation:
    look_up = _LOOKUPS.get(asset.kind)
    if look_up is None:
        detail = (
            f"there is no way to look up {asset.identifier}; known kinds: {', '.join(_LOOKUPS)}"
        )
        raise InconclusiveError(f"unknown_kind({asset.kind})", detail)
    try:
        return look_up(asset, workspace, azure)
    except AssetMissingError:
        if asset.kind == "uc" and "." in asset.identifier:
            require_sight(workspace, asset.identifier)
        return Observation(asset, found=False)


def _workspace(asset: Asset, workspace: WorkspacePort, azure: AzurePort) -> Observation:
    answer = azure.resource("A-DBX", asset.identifier)
    properties = _mapping(answer, "properties")
    fields = {
        "workspace_id": str(properties.get("workspaceId", "")),
        "workspace_url": f"https://{properties.get('workspaceUrl', '')}",
        "connected_workspace_id": workspace.whoami().workspace_id,
        "region": answer.get("location"),
        "sku": _mapping(answer, "sku").get("name"),
    }
    return Observation(
        asset, str(answer.get("id", "")), _active_principal(asset, workspace), fields
    )


def _storage(asset: Asset, workspace: WorkspacePort, azure: AzurePort) -> Observation:
    answer = azure.resource("A-STG", asset.identifier)
    properties = _mapping(answer, "properties")
    fields = {
        "region": answer.get("location"),
        "hns": properties.get("isHnsEnabled"),
        "dfs_endpoint": _mapping(properties, "primaryEndpoints").get("dfs"),
    }
    return Observation(
        asset, str(answer.get("id", "")), _active_principal(asset, workspace), fields
    )


def _key_vault(asset: Asset, workspace: WorkspacePort, azure: AzurePort) -> Observation:
    answer = azure.resource("A-KVM", asset.identifier)
    properties = _mapping(answer, "properties")
    fields = {"region": answer.get("location"), "dns_name": properties.get("vaultUri")}
    return Observation(
        asset, str(answer.get("id", "")), _active_principal(asset, workspace), fields
    )


def _unity_catalog(asset: Asset, workspace: WorkspacePort, _azure: AzurePort) -> Observation:
    if is_guid(asset.identifier):
        answer = workspace.metastore()
        return _uc_observation(asset, str(answer.get("metastore_id", "")), answer)
    kind = "schema" if "." in asset.identifier else "catalog"
    answer = workspace.securable(kind, asset.identifier)
    return _uc_observation(asset, str(answer.get("full_name") or answer.get("name", "")), answer)


def _uc_observation(asset: Asset, identifier: str, answer: Mapping[str, Any]) -> Observation:
    names = ("owner", "region", "privilege_model_version", "isolation_mode", "storage_root")
    fields = {name: answer[name] for name in names if name in answer}
    return Observation(asset, identifier, _text(answer.get("owner")), fields)


def _external_location(asset: Asset, workspace: WorkspacePort, _azure: AzurePort) -> Observation:
    answer = workspace.securable("external_location", str(asset.value("name")))
    names = ("name", "owner", "credential_name", "isolation_mode")
    fields = {name: answer[name] for name in names if name in answer}
    fields["read_only"] = answer.get("read_only") is True
    return Observation(asset, str(answer.get("url")), _text(answer.get("owner")), fields)


def _service_principal(asset: Asset, workspace: WorkspacePort, _azure: AzurePort) -> Observation:
    found = workspace.service_principal(asset.identifier)
    fields = {"display_name": found.display_name, "active": found.active}
    return Observation(asset, found.application_id, found.application_id, fields)


def _secret_scope(asset: Asset, workspace: WorkspacePort, _azure: AzurePort) -> Observation:
    scope = next((s for s in workspace.secret_scopes() if s.get("name") == asset.identifier), None)
    if scope is None:
        return Observation(asset, found=False)
    vault = _mapping(scope, "keyvault_metadata")
    fields = {
        "backend_type": scope.get("backend_type"),
        "vault_resource_id": vault.get("resource_id"),
        "dns_name": vault.get("dns_name"),
    }
    return Observation(asset, asset.identifier, _active_principal(asset, workspace), fields)


_LOOKUPS: Mapping[str, Callable[[Asset, WorkspacePort, AzurePort], Observation]] = {
    "workspace": _workspace,
    "storage": _storage,
    "key_vault": _key_vault,
    "uc": _unity_catalog,
    "external_location": _external_location,
    "service_principal": _service_principal,
    "secret_scope": _secret_scope,
}


def _active_principal(asset: Asset, workspace: WorkspacePort) -> str | None:
    """The recorded application id, if it is an active service principal of this workspace."""
    if not is_guid(asset.access_principal):
        return None
    try:
        found = workspace.service_principal(asset.access_principal)
    except AssetMissingError:
        return None
    return found.application_id if found.active else None


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def value_problems(observations: Iterable[Observation]) -> tuple[str, ...]:
    """Where the platform differs from the recorded identifiers and values."""
    seen = tuple(observations)
    problems = [f"{o.asset.name}: {p}" for o in seen for p in _value_problems(o)]
    return tuple(problems + list(_location_problems(seen)))


def _value_problems(observation: Observation) -> Iterator[str]:
    asset = observation.asset
    if not observation.found:
        yield "does not exist (404)"
        return
    if not same(asset.identifier, observation.identifier):
        yield f"the platform knows it as {observation.identifier}"
    for recorded in asset.verified:
        observed = observation.fields.get(recorded.name)
        if recorded.name != _PRINCIPAL_FIELD and not field_equal(recorded, observed):
            yield f"{recorded.name} is recorded as {recorded.value!r}, observed {observed!r}"
    connected = observation.fields.get("connected_workspace_id")
    if connected not in (None, observation.fields.get("workspace_id")):
        yield (
            f"Azure knows it as workspace {observation.fields.get('workspace_id')}, "
            f"this connection reaches {connected}"
        )
    if observation.fields.get("active") is False:
        yield "is not active"


def field_equal(recorded: AssetField, observed: Any) -> bool:
    """Whether a recorded value is the observed one; sets ignore the order of a list."""
    if recorded.as_set and isinstance(recorded.value, list) and isinstance(observed, list):
        return sorted(map(str, recorded.value)) == sorted(map(str, observed))
    return same(recorded.value, observed)


def _location_problems(observations: Sequence[Observation]) -> Iterator[str]:
    """Every external location must lie in a storage account of the list."""
    accounts = {
        o.asset.identifier.rpartition("/")[2].lower()
        for o in observations
        if o.asset.kind == "storage" and o.found
    }
    for observation in observations:
        if observation.asset.kind != "external_location" or not observation.found:
            continue
        place = storage_path(observation.identifier)
        if place is None or place.account not in accounts:
            yield f"{observation.asset.name}: {observation.identifier} is in no listed account"


def principal_problems(observations: Iterable[Observation]) -> tuple[str, ...]:
    """Where the recorded access principal is not the observed one."""
    return tuple(
        f"{o.asset.name}: {what} recorded as {recorded!r}, observed {o.principal!r}"
        for o in observations
        if o.found
        for what, recorded in _recorded_principals(o.asset)
        if o.principal is None or not same(recorded, o.principal)
    )


def _recorded_principals(asset: Asset) -> Iterator[tuple[str, Any]]:
    yield "access principal", asset.access_principal
    yield from (
        (field.name, field.value) for field in asset.verified if field.name == _PRINCIPAL_FIELD
    )


def missing_assets(observations: Iterable[Observation]) -> tuple[str, ...]:
    """Names of the assets that the platform does not know."""
    return tuple(o.asset.name for o in observations if not o.found)
