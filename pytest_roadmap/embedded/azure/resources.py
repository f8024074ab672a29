"""ARM ids and the table of resource types with their api-versions, as data."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_roadmap.embedded.errors import ArmError

API_VERSIONS: dict[str, tuple[str, ...]] = {
    "subscriptions": ("2022-12-01", "2021-01-01", "2020-01-01"),
    "resourcegroups": ("2025-04-01", "2024-03-01", "2022-09-01", "2021-04-01"),
    "microsoft.databricks/workspaces": ("2024-05-01", "2023-02-01"),
    "microsoft.databricks/accessconnectors": ("2024-05-01", "2023-05-01"),
    "microsoft.storage/storageaccounts": ("2025-01-01", "2024-01-01", "2023-05-01", "2023-01-01"),
    "microsoft.storage/storageaccounts/blobservices/containers": (
        "2025-01-01",
        "2024-01-01",
        "2023-05-01",
        "2023-01-01",
    ),
    "microsoft.keyvault/vaults": ("2026-05-15", "2024-11-01", "2023-07-01"),
    "microsoft.authorization/roleassignments": ("2022-04-01",),
}
SPELLING = {
    "microsoft.databricks/workspaces": "Microsoft.Databricks/workspaces",
    "microsoft.databricks/accessconnectors": "Microsoft.Databricks/accessConnectors",
    "microsoft.storage/storageaccounts": "Microsoft.Storage/storageAccounts",
    "microsoft.storage/storageaccounts/blobservices/containers": (
        "Microsoft.Storage/storageAccounts/blobServices/containers"
    ),
    "microsoft.keyvault/vaults": "Microsoft.KeyVault/vaults",
    "microsoft.authorization/roleassignments": "Microsoft.Authorization/roleAssignments",
    "subscriptions": "Microsoft.Resources/subscriptions",
    "resourcegroups": "Microsoft.Resources/subscriptions/resourceGroups",
}


@dataclass(frozen=True, slots=True)
class ArmId:
    """A parsed ARM path. ``name`` is empty for a listing of ``resource_type``."""

    path: str
    subscription: str
    group: str
    resource_type: str
    name: str
    parent: str

    @property
    def key(self) -> str:
        """The key in ``CloudState.arm``."""
        return self.path.lower()

    @property
    def spelled_type(self) -> str:
        """The type in its usual spelling."""
        return SPELLING.get(self.resource_type, self.resource_type)


def parse_id(path: str) -> ArmId:
    """Parse ``/subscriptions/…``; ids compare case-insensitively.

    Raises:
        ArmError: 404 for a path of another shape, an unknown namespace or type (codes documented,
            the status of ``InvalidResourceType`` assumed).
    """
    parts = [part for part in path.split("/") if part]
    if not parts or parts[0].lower() != "subscriptions":
        raise ArmError(404, "NotFound", f"No route registered for '{path}' in the embedded cloud.")
    scope, provider = _split_provider(parts)
    subscription, group = (*scope[1:2], "")[0], (*scope[3:4], "")[0]
    clean = "/" + "/".join(parts)
    if provider:
        return _parse_provider(clean, scope, provider, subscription, group)
    kinds = {1: "subscriptions", 2: "subscriptions", 3: "resourcegroups", 4: "resourcegroups"}
    named = len(parts) % 2 == 0
    second = [part.lower() for part in parts[2:3]]
    if len(parts) not in kinds or second not in ([], ["resourcegroups"]):
        raise ArmError(404, "NotFound", f"No route registered for '{path}' in the embedded cloud.")
    name = parts[-1] if named else ""
    parent = "/" + "/".join(parts[:2])
    return ArmId(clean, subscription, group, kinds[len(parts)], name, parent)


def _split_provider(parts: list[str]) -> tuple[list[str], list[str]]:
    """The scope and what stands behind the last ``providers`` (extension resources nest)."""
    positions = [index for index, part in enumerate(parts) if part.lower() == "providers"]
    return (parts[: positions[-1]], parts[positions[-1] + 1 :]) if positions else (parts, [])


def _parse_provider(
    path: str, scope: list[str], provider: list[str], subscription: str, group: str
) -> ArmId:
    namespace, rest = provider[0].lower(), provider[1:]
    kind = "/".join([namespace, *(part.lower() for part in rest[0::2])])
    if not any(known.startswith(f"{namespace}/") for known in API_VERSIONS):
        raise ArmError(
            404, "InvalidResourceNamespace", f"The resource namespace '{provider[0]}' is invalid."
        )
    if kind not in API_VERSIONS:
        raise ArmError(
            404,
            "InvalidResourceType",
            f"The resource type '{'/'.join(rest[0::2])}' could not be found in the namespace "
            f"'{provider[0]}'.",
        )
    name = rest[-1] if len(rest) % 2 == 0 else ""
    return ArmId(path, subscription, group, kind, name, "/" + "/".join(scope))


def check_version(target: ArmId, version: str | None, location: str) -> None:
    """Refuse a missing or unknown api-version.

    Source: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-register-resource-provider

    Raises:
        ArmError: 400 ``MissingApiVersionParameter``, ``InvalidApiVersionParameter`` (subscriptions
            and groups) or ``NoRegisteredProviderFound``.
    """
    if not version:
        raise ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    known = API_VERSIONS[target.resource_type]
    if version in known:
        return
    if "/" not in target.resource_type:
        raise ArmError(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. The supported versions are "
            f"'{','.join(known)}'.",
        )
    short = target.spelled_type.partition("/")[2]
    raise ArmError(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for location '{location}' and API version "
        f"'{version}' for type '{short}'. The supported api-versions are '{', '.join(known)}'. "
        f"The supported locations are '{location}'.",
    )
