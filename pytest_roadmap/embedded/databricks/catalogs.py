"""Metastore, catalogs and schemas.

Source: https://docs.databricks.com/api/azure/workspace/catalogs and …/schemas, …/metastores
(documented: who may list, read, create, change, delete).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import authorize, objects
from pytest_roadmap.embedded.databricks.privileges import CATALOG, METASTORE, SCHEMA
from pytest_roadmap.embedded.errors import PermissionDeniedError, ServiceError
from pytest_roadmap.embedded.state import Binding, Catalog, CloudState, Schema
from pytest_roadmap.embedded.wire import Call, Reply, Route, millis, page, with_page

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud

_UC = "/api/2.1/unity-catalog"


def metastore_answer(state: CloudState) -> dict[str, Any]:
    """The metastore as ``metastore_summary`` writes it."""
    found = state.metastore
    return {
        "metastore_id": found.metastore_id,
        "global_metastore_id": f"azure:{found.region}:{found.metastore_id}",
        "name": found.full_name,
        "cloud": "azure",
        "region": found.region,
        "owner": found.owner,
        "privilege_model_version": found.privilege_model_version,
        "storage_root": found.storage_root,
        "delta_sharing_scope": "INTERNAL",
        "created_at": millis(found.created_at),
        "created_by": found.created_by,
        "updated_at": millis(found.updated_at),
        "updated_by": found.updated_by,
    }


def _current(cloud: Cloud, _call: Call) -> dict[str, Any]:
    state = cloud.state
    return {
        "workspace_id": state.workspace_id,
        "metastore_id": state.metastore.metastore_id,
        "default_catalog_name": "main",
    }


def _metastore(cloud: Cloud, call: Call) -> dict[str, Any]:
    if authorize.find(cloud.state, METASTORE, call.path["id"]) is None:
        raise authorize.does_not_exist(METASTORE, call.path["id"])
    return metastore_answer(cloud.state)


def _metastores(cloud: Cloud, call: Call) -> dict[str, Any]:
    rows, token = page([metastore_answer(cloud.state)], call.query)
    return with_page("metastores", rows, token)


def catalog_answer(state: CloudState, found: Catalog) -> dict[str, Any]:
    """A catalog as the API writes it."""
    return {
        **objects.common(state, found, CATALOG),
        "catalog_type": found.catalog_type,
        "isolation_mode": found.isolation_mode,
        "properties": found.properties,
        **({"storage_root": found.storage_root} if found.storage_root else {}),
    }


def _catalogs(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Unbound catalogs are listed only with ``include_unbound`` (documented)."""
    state = cloud.state
    unbound = call.query.get("include_unbound") == "true"
    items = [
        (found, catalog_answer(state, found))
        for name, found in state.catalogs.items()
        if unbound or authorize.is_bound(state, CATALOG, name)
    ]
    return objects.visible_page(cloud, call, CATALOG, "catalogs", items)


def _catalog(cloud: Cloud, call: Call) -> Catalog:
    authorize.require_visible(cloud.state, call.principal, CATALOG, call.path["name"])
    return cloud.state.catalogs[call.path["name"].lower()]


def _create_catalog(cloud: Cloud, call: Call) -> Reply:
    state = cloud.state
    name = objects.check_name(call.text("name"))
    metastore = state.metastore.metastore_id
    if not authorize.has_privilege(state, call.principal, METASTORE, metastore, "CREATE_CATALOG"):
        raise PermissionDeniedError(
            authorize.refusal("CREATE_CATALOG", METASTORE, state.metastore.full_name)
        )
    if name in state.catalogs:
        raise objects.already_exists(CATALOG, name)
    found = Catalog(name, **objects.birth(call.principal.name, cloud.now()))
    found.comment = call.optional_text("comment")
    found.storage_root = call.optional_text("storage_root")
    state.catalogs[name] = found
    return Reply(200, catalog_answer(state, found))


def _update_catalog(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Isolating a catalog binds it to the workspace of the caller (documented)."""
    state, found = cloud.state, _catalog(cloud, call)
    objects.change(cloud, call, CATALOG, found)
    wanted = objects.isolation(call, found.isolation_mode, ("OPEN", "ISOLATED"))
    if wanted == "ISOLATED" and found.isolation_mode == "OPEN":
        state.bindings.setdefault(("catalog", found.full_name), [Binding(state.workspace_id)])
    found.isolation_mode = wanted
    return catalog_answer(state, found)


def _delete_catalog(cloud: Cloud, call: Call) -> Reply:
    found = _catalog(cloud, call)
    authorize.require_manage(cloud.state, call.principal, CATALOG, found.full_name)
    _require_empty(cloud, call, CATALOG, found.full_name)
    objects.forget(cloud.state, CATALOG, found.full_name)
    return Reply(200, {})


def _require_empty(cloud: Cloud, call: Call, kind: str, full_name: str) -> None:
    if call.query.get("force") != "true" and objects.has_children(cloud.state, full_name):
        raise ServiceError(400, f"{kind}_NOT_EMPTY", f"{kind.title()} '{full_name}' is not empty.")


def schema_answer(state: CloudState, found: Schema) -> dict[str, Any]:
    """A schema as the API writes it."""
    catalog = found.full_name.partition(".")[0]
    return {
        **objects.common(state, found, SCHEMA),
        "catalog_name": catalog,
        "schema_id": found.schema_id,
        "properties": found.properties,
        "catalog_type": "MANAGED_CATALOG",
    }


def _schemas(cloud: Cloud, call: Call) -> dict[str, Any]:
    state, catalog = cloud.state, call.argument("catalog_name").lower()
    authorize.require_visible(state, call.principal, CATALOG, catalog)
    items = [
        (found, schema_answer(state, found))
        for name, found in state.schemas.items()
        if name.startswith(f"{catalog}.")
    ]
    return objects.visible_page(cloud, call, SCHEMA, "schemas", items)


def _schema(cloud: Cloud, call: Call) -> Schema:
    authorize.require_visible(cloud.state, call.principal, SCHEMA, call.path["full_name"])
    return cloud.state.schemas[call.path["full_name"].lower()]


def _create_schema(cloud: Cloud, call: Call) -> dict[str, Any]:
    catalog = call.text("catalog_name").lower()
    name = objects.check_name(call.text("name"))
    found = create_schema(cloud, call, catalog, name)
    return schema_answer(cloud.state, found)


def create_schema(cloud: Cloud, call: Call, catalog: str, name: str) -> Schema:
    """Create a schema owned by the caller.

    A metastore admin needs no privilege for it (documented).

    Raises:
        ServiceError: no catalog, no CREATE SCHEMA (with USE CATALOG), or it exists.
    """
    state, full_name = cloud.state, f"{catalog}.{name}"
    authorize.require_visible(state, call.principal, CATALOG, catalog)
    if not authorize.is_metastore_admin(state, call.principal):
        authorize.require(state, call.principal, CATALOG, catalog, "USE_CATALOG")
        authorize.require(state, call.principal, CATALOG, catalog, "CREATE_SCHEMA")
    if full_name in state.schemas:
        raise objects.already_exists(SCHEMA, full_name)
    found = Schema(
        full_name, **objects.birth(call.principal.name, cloud.now()), schema_id=objects.new_id()
    )
    found.comment = call.optional_text("comment")
    state.schemas[full_name] = found
    return found


def _update_schema(cloud: Cloud, call: Call) -> dict[str, Any]:
    found = _schema(cloud, call)
    objects.change(cloud, call, SCHEMA, found)
    return schema_answer(cloud.state, found)


def _delete_schema(cloud: Cloud, call: Call) -> Reply:
    found = _schema(cloud, call)
    authorize.require_manage(cloud.state, call.principal, SCHEMA, found.full_name)
    _require_empty(cloud, call, SCHEMA, found.full_name)
    objects.forget(cloud.state, SCHEMA, found.full_name)
    return Reply(200, {})


_BROWSE = ("include_browse",)
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_UC}/current-metastore-assignment", _current),
    Route("GET", f"{_UC}/metastore_summary", lambda c, _r: metastore_answer(c.state)),
    Route("GET", f"{_UC}/metastores", _metastores, objects.LIST),
    Route("GET", f"{_UC}/metastores/{{id}}", _metastore),
    Route("GET", f"{_UC}/catalogs", _catalogs, objects.LIST),
    Route("POST", f"{_UC}/catalogs", _create_catalog, body=("name", "comment", "storage_root")),
    Route(
        "GET",
        f"{_UC}/catalogs/{{name}}",
        lambda c, r: catalog_answer(c.state, _catalog(c, r)),
        _BROWSE,
    ),
    Route(
        "PATCH",
        f"{_UC}/catalogs/{{name}}",
        _update_catalog,
        body=("owner", "comment", "properties", "isolation_mode"),
    ),
    Route("DELETE", f"{_UC}/catalogs/{{name}}", _delete_catalog, ("force",)),
    Route("GET", f"{_UC}/schemas", _schemas, ("catalog_name", *objects.LIST)),
    Route("POST", f"{_UC}/schemas", _create_schema, body=("name", "catalog_name", "comment")),
    Route(
        "GET",
        f"{_UC}/schemas/{{full_name}}",
        lambda c, r: schema_answer(c.state, _schema(c, r)),
        _BROWSE,
    ),
    Route(
        "PATCH",
        f"{_UC}/schemas/{{full_name}}",
        _update_schema,
        body=("owner", "comment", "properties"),
    ),
    Route("DELETE", f"{_UC}/schemas/{{full_name}}", _delete_schema, ("force",)),
)
