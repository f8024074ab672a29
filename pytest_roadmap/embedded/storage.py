"""The storage account behind external locations and volumes, and who may go through it.

Objects live in ``CloudState.storage`` under ``abfss://container@account.dfs.core.windows.net/path``.
A call through Unity Catalog needs the catalog's privilege, then the storage credential must get
through the account's firewall and hold a data role on it, as on Azure.
Source: https://learn.microsoft.com/azure/storage/common/storage-network-security (documented)
Source: https://learn.microsoft.com/azure/databricks/connect/unity-catalog/cloud-storage/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import authorize
from pytest_roadmap.embedded.databricks.privileges import (
    EXTERNAL_LOCATION,
    STORAGE_CREDENTIAL,
    spoken,
)
from pytest_roadmap.embedded.errors import (
    InvalidParameterError,
    PermissionDeniedError,
    StorageError,
)

if TYPE_CHECKING:
    from datetime import datetime

    from pytest_roadmap.embedded.state import (
        CloudState,
        ExternalLocation,
        Principal,
        StorageCredential,
    )

_URL = re.compile(
    r"^abfss://(?P<container>[a-z0-9$-]+)@(?P<account>[a-z0-9]{3,24})\.dfs\.core\.windows\.net"
    r"(?P<path>/.*)?$"
)
READ_ROLES = frozenset(
    {"Storage Blob Data Reader", "Storage Blob Data Contributor", "Storage Blob Data Owner"}
)
WRITE_ROLES = READ_ROLES - {"Storage Blob Data Reader"}


def split_url(url: str) -> tuple[str, str, str]:
    """``(account, container, path)`` of an ``abfss://`` URL; the path starts with a slash.

    Raises:
        InvalidParameterError: another scheme or host, or a path that climbs (``..``).
    """
    match = _URL.match(url)
    path = (match.group("path") if match else None) or "/"
    if match is None or ".." in path.split("/"):
        raise InvalidParameterError(f"Invalid storage URL: {url}")
    return match.group("account"), match.group("container"), path


def canonical(url: str) -> str:
    """The URL without doubled slashes and ``.`` segments, ending as given."""
    account, container, path = split_url(url)
    parts = [part for part in path.split("/") if part not in ("", ".")]
    tail = "/" if path.endswith("/") and parts else ""
    return f"abfss://{container}@{account}.dfs.core.windows.net/" + "/".join(parts) + tail


def is_below(url: str, root: str) -> bool:
    """Whether the URL is the root or lies below it, on whole path segments."""
    base = root.rstrip("/")
    return url.rstrip("/") == base or url.startswith(f"{base}/")


def account_resource(state: CloudState, account: str) -> dict[str, Any] | None:
    """The ARM resource of the storage account, or None."""
    suffix = f"/providers/microsoft.storage/storageaccounts/{account}"
    return next((item for key, item in state.arm.items() if key.endswith(suffix)), None)


def require_network(state: CloudState, account: str) -> dict[str, Any]:
    """Refuse as the account's firewall does; the account's resource if it lets the call through.

    Raises:
        StorageError: 403 ``AuthorizationFailure`` when closed, 404 when there is no such account.
    """
    found = account_resource(state, account)
    if found is None:
        raise StorageError(404, "ResourceNotFound", f"The storage account {account} was not found.")
    properties = found.get("properties", {})
    closed = properties.get("publicNetworkAccess") == "Disabled"
    denied = properties.get("networkAcls", {}).get("defaultAction") == "Deny"
    if closed or denied:
        raise StorageError(
            403,
            "AuthorizationFailure",
            "AuthorizationFailure: 403, This request is not authorized to perform this operation. "
            f"The network rules of storage account {account} do not allow it.",
        )
    return found


def has_data_role(state: CloudState, account_id: str, object_id: str, *, write: bool) -> bool:
    """Whether an identity holds a blob data role on the account or above it."""
    wanted = WRITE_ROLES if write else READ_ROLES
    target = account_id.lower()
    return any(
        item.principal_id == object_id and item.role in wanted and _covers(item.scope, target)
        for item in state.role_assignments
    )


def _covers(scope: str, target: str) -> bool:
    return target == scope.lower() or target.startswith(scope.lower().rstrip("/") + "/")


def require_credential(
    state: CloudState, credential: StorageCredential, url: str, *, write: bool
) -> None:
    """Refuse what the storage side refuses to the credential: network, role, container.

    Raises:
        StorageError: 403 ``AuthorizationFailure`` or ``AuthorizationPermissionMismatch``; 404
            ``FilesystemNotFound``.
    """
    account, container, _ = split_url(url)
    found = require_network(state, account)
    if not has_data_role(state, found["id"], credential.object_id, write=write):
        raise StorageError(
            403,
            "AuthorizationPermissionMismatch",
            "AuthorizationPermissionMismatch: 403, This request is not authorized to perform this "
            "operation using this permission.",
        )
    if f"{found['id']}/blobServices/default/containers/{container}".lower() not in state.arm:
        raise StorageError(404, "FilesystemNotFound", "The specified filesystem does not exist.")


def location_of(state: CloudState, url: str) -> ExternalLocation | None:
    """The external location that covers the URL; the longest one if several do."""
    covering = [item for item in state.external_locations.values() if is_below(url, item.url)]
    return max(covering, key=lambda item: len(item.url), default=None)


def overlap(state: CloudState, url: str) -> str | None:
    """The table or volume whose storage the URL touches, as ``Table main.a.b``; None if free.

    Source: https://learn.microsoft.com/azure/databricks/connect/unity-catalog/cloud-storage/manage-external-locations
    (documented: path-based access must not overlap tables or volumes)
    """
    for label, items in (("Table", state.tables), ("Volume", state.volumes)):
        for item in items.values():
            root = item.storage_location
            if root and (is_below(url, root) or is_below(root, url)):
                return f"{label} {item.full_name}"
    return None


def require_path(
    state: CloudState, principal: Principal, url: str, privilege: str
) -> ExternalLocation:
    """The external location through which the principal may use the path.

    Args:
        state: the cloud.
        principal: who asks.
        url: an ``abfss://`` URL.
        privilege: ``READ_FILES`` or ``WRITE_FILES``.

    Raises:
        ServiceError: no external location (403 in the service's words), overlap with a table or
            volume, not bound here, privilege missing, read-only, or what the storage answers.
    """
    url = canonical(url)
    location = location_of(state, url)
    if location is None:
        raise PermissionDeniedError(
            f"User does not have {spoken(privilege)} on any external location for path '{url}'."
        )
    touched = overlap(state, url)
    if touched is not None:
        raise location_overlap(url, f"other external tables or volumes: {touched}")
    write = privilege == "WRITE_FILES"
    if state.fault("privilege-not-enforced", privilege=privilege) is None:
        _require_location(state, principal, location, privilege)
    credential = state.storage_credentials.get(location.credential_name.lower())
    if credential is None:
        raise authorize.does_not_exist(STORAGE_CREDENTIAL, location.credential_name)
    require_credential(state, credential, url, write=write)
    return location


def _require_location(
    state: CloudState, principal: Principal, location: ExternalLocation, privilege: str
) -> None:
    accepted = privilege == "WRITE_FILES" and state.fault("write-accepted-on-read-only")
    if accepted:
        authorize.require(state, principal, EXTERNAL_LOCATION, location.full_name, "READ_FILES")
        return
    authorize.require(state, principal, EXTERNAL_LOCATION, location.full_name, privilege)
    if privilege == "WRITE_FILES" and (
        location.read_only
        or authorize.is_read_only_here(state, EXTERNAL_LOCATION, location.full_name)
    ):
        raise PermissionDeniedError(
            f"External Location '{location.full_name}' is read only: WRITE FILES is not allowed."
        )


def location_overlap(url: str, what: str) -> InvalidParameterError:
    """400 ``INVALID_PARAMETER_VALUE`` with the class ``LOCATION_OVERLAP`` in the sentence.

    Reported: https://github.com/elementary-data/elementary/issues/1635
    """
    return InvalidParameterError(f"LOCATION_OVERLAP: Input path url '{url}' overlaps with {what}.")


def list_objects(state: CloudState, url: str) -> dict[str, bytes]:
    """All objects at or below the URL, by full URL, in order. Nothing is authorised here."""
    root = canonical(url)
    return {key: state.storage[key] for key in sorted(state.storage) if is_below(key, root)}


def read_objects(state: CloudState, url: str) -> dict[str, bytes]:
    """As ``list_objects``, with the content a read returns (fault ``stale-read``)."""
    found = list_objects(state, url)
    stale = state.fault("stale-read")
    if stale is None:
        return found
    other = stale.parameters.get("content")
    if other is not None:
        return {key: f"{other}\n".encode() for key in found}
    return {key: state.previous_content.get(key, b"") for key in found}


def write_object(state: CloudState, url: str, content: bytes, now: datetime) -> str:
    """Store an object and return the URL it went to (fault ``location-redirect``)."""
    target = _redirected(state, canonical(url))
    if target in state.storage:
        state.previous_content[target] = state.storage[target]
    state.storage[target] = content
    state.storage_times[target] = now
    return target


def _redirected(state: CloudState, url: str) -> str:
    location = location_of(state, url)
    fault = state.fault("location-redirect", location=location.full_name) if location else None
    to = fault.parameters.get("to", "") if fault else ""
    if location is None or not to:
        return url
    return canonical(to.rstrip("/") + "/" + url[len(location.url.rstrip("/")) + 1 :])


def delete_objects(state: CloudState, url: str) -> int:
    """Remove all objects at or below the URL; how many there were."""
    doomed = list(list_objects(state, url))
    root = canonical(url)
    for key in [item for item in state.directories if is_below(item, root)]:
        del state.directories[key]
    for key in doomed:
        del state.storage[key]
        state.storage_times.pop(key, None)
    return len(doomed)
