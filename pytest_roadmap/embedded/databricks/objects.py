"""What all Unity Catalog objects share: create, change, drop, answer."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import authorize
from pytest_roadmap.embedded.databricks.privileges import CATALOG, SCHEMA, TABLE, VOLUME
from pytest_roadmap.embedded.errors import InvalidParameterError, ServiceError
from pytest_roadmap.embedded.wire import Call, millis, page, with_page

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import CloudState, Securable

LIST = ("max_results", "page_token", "include_browse", "include_unbound")
_NAME = re.compile(r"^[^\s./\x00-\x1f\x7f]{1,255}$")


def new_id() -> str:
    """A fresh GUID."""
    return str(uuid.uuid4())


def birth(owner: str, now: datetime) -> dict[str, Any]:
    """Owner and audit fields of a new object, as keyword arguments."""
    return {
        "owner": owner,
        "created_at": now,
        "created_by": owner,
        "updated_at": now,
        "updated_by": owner,
    }


def check_name(name: str) -> str:
    """The name in lower case.

    Raises:
        InvalidParameterError: a period, space, slash or control character, or over 255 characters.
    """
    if not _NAME.match(name):
        raise InvalidParameterError(f"'{name}' is not a valid name")
    return name.lower()


def common(state: CloudState, found: Securable, securable_type: str) -> dict[str, Any]:
    """The fields every object answers."""
    return {
        "name": found.name,
        "full_name": found.full_name,
        "owner": found.owner,
        "comment": found.comment,
        "metastore_id": state.metastore.metastore_id,
        "securable_type": securable_type,
        "created_at": millis(found.created_at),
        "created_by": found.created_by,
        "updated_at": millis(found.updated_at),
        "updated_by": found.updated_by,
    }


def principal_exists(state: CloudState, name: str) -> bool:
    """Whether Unity Catalog knows a user, service principal or account group of this name."""
    group = state.group_named(name)
    return (
        name == "account users"
        or state.principal_named(name) is not None
        or (group is not None and group.account_level)
    )


def require_principal(state: CloudState, name: str) -> None:
    """Refuse an owner or grantee nobody knows.

    Raises:
        ServiceError: 404 ``PRINCIPAL_DOES_NOT_EXIST`` (code assumed; the sentence, and that
            workspace-local groups get it too, are reported:
            https://github.com/databricks/terraform-provider-databricks/issues/5413).
    """
    if not principal_exists(state, name):
        raise ServiceError(
            404, "PRINCIPAL_DOES_NOT_EXIST", f"Could not find principal with name {name}"
        )


def change(cloud: Cloud, call: Call, securable_type: str, found: Securable) -> None:
    """Apply ``owner``, ``comment`` and ``properties`` of a PATCH body and stamp the object.

    Raises:
        ServiceError: the caller may not administer the object, or the new owner is unknown.
    """
    state = cloud.state
    authorize.require_visible(state, call.principal, securable_type, found.full_name)
    authorize.require_manage(state, call.principal, securable_type, found.full_name)
    owner = call.optional_text("owner")
    if owner:
        require_principal(state, owner)
        found.owner = owner
    if "comment" in call.body:
        found.comment = call.optional_text("comment")
    properties = call.body.get("properties")
    if properties is not None:
        if not isinstance(properties, dict):
            raise InvalidParameterError("Field properties must be an object")
        found.properties = {str(key): str(value) for key, value in properties.items()}
    stamp(cloud, call, found)


def stamp(cloud: Cloud, call: Call, found: Securable) -> None:
    """Record who changed the object and when."""
    found.updated_at, found.updated_by = cloud.now(), call.principal.name


def isolation(call: Call, current: str, allowed: tuple[str, ...]) -> str:
    """The ``isolation_mode`` after a PATCH.

    Raises:
        InvalidParameterError: a value the API does not have.
    """
    wanted = call.optional_text("isolation_mode", current)
    if wanted not in allowed:
        raise InvalidParameterError(f"isolation_mode must be one of {', '.join(allowed)}")
    return wanted


def forget(state: CloudState, securable_type: str, full_name: str) -> None:
    """Remove an object with everything below it, its grants and its bindings."""
    name = full_name.lower()
    for kind, items in _stores(state).items():
        if kind == securable_type:
            items.pop(name, None)
            _drop_grants(state, kind, name)
        elif securable_type in (CATALOG, SCHEMA):
            for child in [key for key in items if key.startswith(f"{name}.")]:
                items.pop(child, None)
                _drop_grants(state, kind, child)
    for key in [key for key in state.bindings if key == (securable_type.lower(), name)]:
        del state.bindings[key]


def _stores(state: CloudState) -> dict[str, dict[str, Any]]:
    stores: dict[str, Any] = {
        CATALOG: state.catalogs,
        SCHEMA: state.schemas,
        TABLE: state.tables,
        VOLUME: state.volumes,
        "EXTERNAL_LOCATION": state.external_locations,
        "STORAGE_CREDENTIAL": state.storage_credentials,
    }
    return stores


def _drop_grants(state: CloudState, kind: str, name: str) -> None:
    state.grants.pop((kind, name), None)


def has_children(state: CloudState, full_name: str) -> bool:
    """Whether anything lives below a catalog or schema (``information_schema`` is virtual)."""
    prefix = f"{full_name.lower()}."
    return any(
        key.startswith(prefix)
        for items in (state.schemas, state.tables, state.volumes)
        for key in items
    )


def visible_page(
    cloud: Cloud,
    call: Call,
    securable_type: str,
    name: str,
    items: Iterable[tuple[Securable, dict[str, Any]]],
) -> dict[str, Any]:
    """A list answer with only what the caller may see, in name order, paged."""
    shown = [
        answer
        for found, answer in items
        if authorize.is_visible(cloud.state, call.principal, securable_type, found.full_name)
    ]
    shown.sort(key=lambda answer: str(answer.get("full_name", answer["name"])))
    rows, token = page(shown, call.query)
    return with_page(name, rows, token)


def already_exists(securable_type: str, full_name: str) -> ServiceError:
    """409 in the service's words: ``SCHEMA_ALREADY_EXISTS``."""
    kind = securable_type.replace("_", " ").title()
    return ServiceError(
        409, f"{securable_type}_ALREADY_EXISTS", f"{kind} '{full_name}' already exists"
    )
