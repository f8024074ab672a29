"""External locations and storage credentials.

Source: https://docs.databricks.com/api/azure/workspace/externallocations and …/storagecredentials
(documented). Overlap of locations and the check of the credential at create and change follow the
same pages; ``skip_validation`` leaves the check out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded import storage
from pytest_roadmap.embedded.databricks import authorize, objects
from pytest_roadmap.embedded.databricks.privileges import (
    EXTERNAL_LOCATION,
    METASTORE,
    STORAGE_CREDENTIAL,
)
from pytest_roadmap.embedded.errors import (
    InvalidParameterError,
    PermissionDeniedError,
    ServiceError,
)
from pytest_roadmap.embedded.state import CloudState, ExternalLocation, StorageCredential
from pytest_roadmap.embedded.wire import Call, Reply, Route

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud

_UC = "/api/2.1/unity-catalog"
_MODES = ("ISOLATION_MODE_OPEN", "ISOLATION_MODE_ISOLATED")


def location_answer(state: CloudState, found: ExternalLocation) -> dict[str, Any]:
    """An external location as the API writes it."""
    credential = state.storage_credentials.get(found.credential_name.lower())
    return {
        **objects.common(state, found, EXTERNAL_LOCATION),
        "url": found.url,
        "credential_name": found.credential_name,
        "credential_id": credential.credential_id if credential else "",
        "read_only": found.read_only,
        "isolation_mode": found.isolation_mode,
    }


def _locations(cloud: Cloud, call: Call) -> dict[str, Any]:
    state = cloud.state
    items = [(found, location_answer(state, found)) for found in state.external_locations.values()]
    return objects.visible_page(cloud, call, EXTERNAL_LOCATION, "external_locations", items)


def _location(cloud: Cloud, call: Call) -> ExternalLocation:
    name = call.path["name"]
    authorize.require_visible(cloud.state, call.principal, EXTERNAL_LOCATION, name)
    return cloud.state.external_locations[name.lower()]


def _root(cloud: Cloud, url: str, own_name: str) -> str:
    canonical = storage.canonical(url).rstrip("/") + "/"
    for other in cloud.state.external_locations.values():
        clash = storage.is_below(canonical, other.url) or storage.is_below(other.url, canonical)
        if clash and other.full_name != own_name:
            raise storage.location_overlap(canonical, f"external location {other.full_name}")
    return canonical


def _use_credential(cloud: Cloud, call: Call, name: str) -> StorageCredential:
    state = cloud.state
    found = state.storage_credentials.get(name.lower())
    if found is None:
        raise authorize.does_not_exist(STORAGE_CREDENTIAL, name)
    if not authorize.is_metastore_admin(state, call.principal):
        authorize.require(
            state, call.principal, STORAGE_CREDENTIAL, found.full_name, "CREATE_EXTERNAL_LOCATION"
        )
    return found


def _validate(cloud: Cloud, call: Call, found: ExternalLocation) -> None:
    if call.flag("skip_validation"):
        return
    credential = cloud.state.storage_credentials[found.credential_name.lower()]
    storage.require_credential(cloud.state, credential, found.url, write=not found.read_only)


def _create_location(cloud: Cloud, call: Call) -> dict[str, Any]:
    state, name = cloud.state, objects.check_name(call.text("name"))
    _require_on_metastore(cloud, call, "CREATE_EXTERNAL_LOCATION")
    credential = _use_credential(cloud, call, call.text("credential_name"))
    if name in state.external_locations:
        raise objects.already_exists(EXTERNAL_LOCATION, name)
    found = ExternalLocation(name, **objects.birth(call.principal.name, cloud.now()))
    found.url, found.credential_name = _root(cloud, call.text("url"), name), credential.full_name
    found.read_only, found.comment = call.flag("read_only"), call.optional_text("comment")
    _validate(cloud, call, found)
    state.external_locations[name] = found
    return location_answer(state, found)


def _require_on_metastore(cloud: Cloud, call: Call, privilege: str) -> None:
    metastore = cloud.state.metastore
    if not authorize.has_privilege(
        cloud.state, call.principal, METASTORE, metastore.metastore_id, privilege
    ):
        raise PermissionDeniedError(authorize.refusal(privilege, METASTORE, metastore.full_name))


def _update_location(cloud: Cloud, call: Call) -> dict[str, Any]:
    state, found = cloud.state, _location(cloud, call)
    authorize.require_manage(state, call.principal, EXTERNAL_LOCATION, found.full_name)
    mode = objects.isolation(call, found.isolation_mode, _MODES)
    url, credential = call.optional_text("url"), call.optional_text("credential_name")
    before = (found.url, found.credential_name, found.read_only)
    if credential:
        found.credential_name = _use_credential(cloud, call, credential).full_name
    if url:
        found.url = _root(cloud, url, found.full_name)
    found.read_only = call.flag("read_only", default=found.read_only)
    try:
        if (found.url, found.credential_name, found.read_only) != before:
            _validate(cloud, call, found)
        objects.change(cloud, call, EXTERNAL_LOCATION, found)
    except ServiceError:
        found.url, found.credential_name, found.read_only = before
        raise
    found.isolation_mode = mode
    return location_answer(state, found)


def _delete_location(cloud: Cloud, call: Call) -> Reply:
    found = _location(cloud, call)
    authorize.require_manage(cloud.state, call.principal, EXTERNAL_LOCATION, found.full_name)
    used = storage.overlap(cloud.state, found.url)
    if used is not None and call.query.get("force") != "true":
        raise ServiceError(
            400, "INVALID_STATE", f"External location '{found.full_name}' is used by {used}."
        )
    objects.forget(cloud.state, EXTERNAL_LOCATION, found.full_name)
    return Reply(200, {})


def credential_answer(state: CloudState, found: StorageCredential) -> dict[str, Any]:
    """A storage credential as the API writes it."""
    return {
        **objects.common(state, found, STORAGE_CREDENTIAL),
        "id": found.credential_id,
        "azure_managed_identity": {
            "access_connector_id": found.access_connector_id,
            "credential_id": found.credential_id,
        },
        "read_only": found.read_only,
        "isolation_mode": found.isolation_mode,
        "used_for_managed_storage": False,
    }


def _credentials(cloud: Cloud, call: Call) -> dict[str, Any]:
    state = cloud.state
    items = [(one, credential_answer(state, one)) for one in state.storage_credentials.values()]
    return objects.visible_page(cloud, call, STORAGE_CREDENTIAL, "storage_credentials", items)


def _credential(cloud: Cloud, call: Call) -> StorageCredential:
    name = call.path["name"]
    authorize.require_visible(cloud.state, call.principal, STORAGE_CREDENTIAL, name)
    return cloud.state.storage_credentials[name.lower()]


def _identity(cloud: Cloud, call: Call) -> tuple[str, str]:
    given = call.body.get("azure_managed_identity")
    connector = given.get("access_connector_id") if isinstance(given, dict) else None
    if not isinstance(connector, str):
        raise InvalidParameterError("azure_managed_identity.access_connector_id is required")
    resource = cloud.state.arm.get(connector.lower())
    if resource is None:
        raise InvalidParameterError(f"Access connector {connector} does not exist")
    return str(resource["id"]), str(resource.get("identity", {}).get("principalId", ""))


def _create_credential(cloud: Cloud, call: Call) -> dict[str, Any]:
    state, name = cloud.state, objects.check_name(call.text("name"))
    _require_on_metastore(cloud, call, "CREATE_STORAGE_CREDENTIAL")
    if name in state.storage_credentials:
        raise objects.already_exists(STORAGE_CREDENTIAL, name)
    found = StorageCredential(name, **objects.birth(call.principal.name, cloud.now()))
    found.access_connector_id, found.object_id = _identity(cloud, call)
    found.credential_id, found.read_only = objects.new_id(), call.flag("read_only")
    found.comment = call.optional_text("comment")
    state.storage_credentials[name] = found
    return credential_answer(state, found)


def _update_credential(cloud: Cloud, call: Call) -> dict[str, Any]:
    state, found = cloud.state, _credential(cloud, call)
    objects.change(cloud, call, STORAGE_CREDENTIAL, found)
    if "azure_managed_identity" in call.body:
        found.access_connector_id, found.object_id = _identity(cloud, call)
    found.read_only = call.flag("read_only", default=found.read_only)
    found.isolation_mode = objects.isolation(call, found.isolation_mode, _MODES)
    return credential_answer(state, found)


def _delete_credential(cloud: Cloud, call: Call) -> Reply:
    state, found = cloud.state, _credential(cloud, call)
    authorize.require_manage(state, call.principal, STORAGE_CREDENTIAL, found.full_name)
    users = [
        item.full_name
        for item in state.external_locations.values()
        if item.credential_name.lower() == found.full_name
    ]
    if users and call.query.get("force") != "true":
        raise ServiceError(
            400, "INVALID_STATE", f"Storage credential is used by {', '.join(users)}."
        )
    objects.forget(state, STORAGE_CREDENTIAL, found.full_name)
    return Reply(200, {})


def _validate_credential(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Try the credential, not the caller, on a URL: a diagnosis.

    Needs the metastore admin, the credential's owner, or CREATE EXTERNAL LOCATION on metastore and
    credential (documented).
    """
    state = cloud.state
    location = _location_argument(cloud, call)
    name = call.optional_text("storage_credential_name") or (
        location.credential_name if location else ""
    )
    credential = state.storage_credentials.get(name.lower())
    if credential is None:
        raise authorize.does_not_exist(STORAGE_CREDENTIAL, name)
    if not authorize.can_manage(state, call.principal, STORAGE_CREDENTIAL, name):
        _require_on_metastore(cloud, call, "CREATE_EXTERNAL_LOCATION")
        _use_credential(cloud, call, name)
    url = location.url if location else call.text("url")
    read_only = call.flag("read_only", default=bool(location and location.read_only))
    results = [
        _try(cloud, credential, url, name, write=False) for name in ("PATH_EXISTS", "READ", "LIST")
    ]
    if read_only:
        skipped = {"result": "SKIP", "message": "The location is read only."}
        results += [{"operation": name, **skipped} for name in ("WRITE", "DELETE")]
    else:
        results += [_try(cloud, credential, url, name, write=True) for name in ("WRITE", "DELETE")]
    return {"isDir": True, "results": results}


def _location_argument(cloud: Cloud, call: Call) -> ExternalLocation | None:
    name = call.optional_text("external_location_name")
    if not name:
        return None
    authorize.require_visible(cloud.state, call.principal, EXTERNAL_LOCATION, name)
    return cloud.state.external_locations[name.lower()]


def _try(
    cloud: Cloud, credential: StorageCredential, url: str, operation: str, *, write: bool
) -> dict[str, str]:
    try:
        storage.require_credential(cloud.state, credential, url, write=write)
    except ServiceError as error:
        return {"operation": operation, "result": "FAIL", "message": error.message}
    return {"operation": operation, "result": "PASS", "message": ""}


_L, _C = f"{_UC}/external-locations", f"{_UC}/storage-credentials"
_LOCATION_FIELDS = ("name", "url", "credential_name", "read_only", "comment", "skip_validation")
_LOCATION_CHANGE = (*_LOCATION_FIELDS[1:], "owner", "isolation_mode", "force")
_CREDENTIAL_FIELDS = ("azure_managed_identity", "read_only", "comment", "skip_validation")
_VALIDATE_FIELDS = ("storage_credential_name", "external_location_name", "url", "read_only")
_BROWSE = ("include_browse",)
ROUTES: tuple[Route, ...] = (
    Route("GET", _L, _locations, objects.LIST),
    Route("POST", _L, _create_location, body=_LOCATION_FIELDS),
    Route("GET", _L + "/{name}", lambda c, r: location_answer(c.state, _location(c, r)), _BROWSE),
    Route("PATCH", _L + "/{name}", _update_location, body=_LOCATION_CHANGE),
    Route("DELETE", _L + "/{name}", _delete_location, ("force",)),
    Route("GET", _C, _credentials, objects.LIST),
    Route("POST", _C, _create_credential, body=("name", *_CREDENTIAL_FIELDS)),
    Route("GET", _C + "/{name}", lambda c, r: credential_answer(c.state, _credential(c, r))),
    Route(
        "PATCH",
        _C + "/{name}",
        _update_credential,
        body=(*_CREDENTIAL_FIELDS, "owner", "isolation_mode", "force"),
    ),
    Route("DELETE", _C + "/{name}", _delete_credential, ("force",)),
    Route(
        "POST", f"{_UC}/validate-storage-credentials", _validate_credential, body=_VALIDATE_FIELDS
    ),
)
