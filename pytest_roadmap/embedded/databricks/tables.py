"""Tables and volumes. Tables are created through SQL only.

Source: https://docs.databricks.com/api/azure/workspace/tables and …/volumes (documented).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded import storage
from pytest_roadmap.embedded.databricks import authorize, objects
from pytest_roadmap.embedded.databricks.privileges import EXTERNAL_LOCATION, SCHEMA, TABLE, VOLUME
from pytest_roadmap.embedded.errors import InvalidParameterError, ServiceError
from pytest_roadmap.embedded.state import CloudState, Column, Table, Volume
from pytest_roadmap.embedded.wire import Call, Reply, Route

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud

_UC = "/api/2.1/unity-catalog"
_PLACE = ("catalog_name", "schema_name")
_NO_DATA = ("omit_columns", "omit_properties", "omit_username")
_TYPE_NAMES = {"bigint": "LONG", "smallint": "SHORT", "tinyint": "BYTE"}


def column_answer(column: Column, position: int) -> dict[str, Any]:
    """One column as the API writes it."""
    base = re.split(r"[(<]", column.type_text)[0].strip().lower()
    return {
        "name": column.name,
        "type_text": column.type_text,
        "type_name": _TYPE_NAMES.get(base, base.upper()),
        "position": position,
        "nullable": column.nullable,
        **({"comment": column.comment} if column.comment else {}),
    }


def _row_filter(state: CloudState, found: Table) -> dict[str, Any]:
    """The row filter as metadata shows it; the fault ``row-filter-hides-all`` is one."""
    fault = state.fault("row-filter-hides-all")
    hidden = fault and fault.parameters.get("table", found.full_name) == found.full_name
    name = found.row_filter or ("hide_all" if hidden else "")
    return {"row_filter": {"function_name": name, "input_column_names": []}} if name else {}


def table_answer(state: CloudState, found: Table) -> dict[str, Any]:
    """A table as the API writes it."""
    catalog, schema, _ = found.full_name.split(".")
    return {
        **objects.common(state, found, TABLE),
        "catalog_name": catalog,
        "schema_name": schema,
        "table_id": found.table_id,
        "table_type": found.table_type,
        "columns": [column_answer(item, index) for index, item in enumerate(found.columns)],
        "properties": found.properties,
        **({} if found.table_type == "VIEW" else {"data_source_format": "DELTA"}),
        **({"storage_location": found.storage_location} if found.storage_location else {}),
        **({"view_definition": found.view_definition} if found.view_definition else {}),
        **_row_filter(state, found),
    }


def _in_schema(cloud: Cloud, call: Call) -> str:
    schema = f"{call.argument('catalog_name')}.{call.argument('schema_name')}".lower()
    authorize.require_visible(cloud.state, call.principal, SCHEMA, schema)
    return schema


def _tables(cloud: Cloud, call: Call) -> dict[str, Any]:
    state, schema = cloud.state, _in_schema(cloud, call)
    items = []
    for name, found in state.tables.items():
        if not name.startswith(f"{schema}."):
            continue
        answer = table_answer(state, found)
        for flag, field in (("omit_columns", "columns"), ("omit_properties", "properties")):
            if call.query.get(flag) == "true":
                answer.pop(field, None)
        items.append((found, answer))
    return objects.visible_page(cloud, call, TABLE, "tables", items)


def _table(cloud: Cloud, call: Call) -> Table:
    authorize.require_visible(cloud.state, call.principal, TABLE, call.path["full_name"])
    return cloud.state.tables[call.path["full_name"].lower()]


def _exists(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Whether the caller can see the table; a missing parent is an error (documented)."""
    state, name = cloud.state, call.path["full_name"].lower()
    schema = name.rpartition(".")[0]
    authorize.require_visible(state, call.principal, SCHEMA, schema)
    seen = name in state.tables and authorize.is_visible(state, call.principal, TABLE, name)
    return {"table_exists": seen, "supports_foreign_metadata_update": False}


def _update_table(cloud: Cloud, call: Call) -> dict[str, Any]:
    objects.change(cloud, call, TABLE, _table(cloud, call))
    return {}


def _delete_table(cloud: Cloud, call: Call) -> Reply:
    found = _table(cloud, call)
    authorize.require_manage(cloud.state, call.principal, TABLE, found.full_name)
    objects.forget(cloud.state, TABLE, found.full_name)
    return Reply(200, {})


def volume_answer(state: CloudState, found: Volume) -> dict[str, Any]:
    """A volume as the API writes it."""
    catalog, schema, _ = found.full_name.split(".")
    return {
        **objects.common(state, found, VOLUME),
        "catalog_name": catalog,
        "schema_name": schema,
        "volume_id": found.volume_id,
        "volume_type": found.volume_type,
        "storage_location": found.storage_location,
    }


def _volumes(cloud: Cloud, call: Call) -> dict[str, Any]:
    state, schema = cloud.state, _in_schema(cloud, call)
    items = [
        (found, volume_answer(state, found))
        for name, found in state.volumes.items()
        if name.startswith(f"{schema}.")
    ]
    return objects.visible_page(cloud, call, VOLUME, "volumes", items)


def _volume(cloud: Cloud, call: Call) -> Volume:
    authorize.require_visible(cloud.state, call.principal, VOLUME, call.path["name"])
    return cloud.state.volumes[call.path["name"].lower()]


def _create_volume(cloud: Cloud, call: Call) -> dict[str, Any]:
    state = cloud.state
    schema = f"{call.text('catalog_name')}.{call.text('schema_name')}".lower()
    full_name = f"{schema}.{objects.check_name(call.text('name'))}"
    authorize.require_visible(state, call.principal, SCHEMA, schema)
    authorize.require(state, call.principal, SCHEMA, schema, "USE_SCHEMA")
    authorize.require(state, call.principal, SCHEMA, schema, "CREATE_VOLUME")
    if full_name in state.volumes:
        raise objects.already_exists(VOLUME, full_name)
    found = Volume(full_name, **objects.birth(call.principal.name, cloud.now()))
    found.volume_id, found.volume_type = objects.new_id(), call.text("volume_type")
    found.comment = call.optional_text("comment")
    found.storage_location = _volume_root(cloud, call, found)
    state.volumes[full_name] = found
    return volume_answer(state, found)


def _volume_root(cloud: Cloud, call: Call, found: Volume) -> str:
    state, given = cloud.state, call.optional_text("storage_location")
    if found.volume_type == "MANAGED":
        if given:
            raise InvalidParameterError("A MANAGED volume takes no storage_location")
        return f"{state.metastore.storage_root}/volumes/{found.volume_id}"
    if found.volume_type != "EXTERNAL" or not given:
        raise InvalidParameterError("volume_type EXTERNAL needs storage_location")
    url = storage.canonical(given)
    location = storage.location_of(state, url)
    if location is None:
        raise ServiceError(404, "EXTERNAL_LOCATION_DOES_NOT_EXIST", f"No location covers '{url}'")
    authorize.require(
        state, call.principal, EXTERNAL_LOCATION, location.full_name, "CREATE_EXTERNAL_VOLUME"
    )
    touched = storage.overlap(state, url)
    if touched is not None:
        raise storage.location_overlap(url, touched)
    return url


def _update_volume(cloud: Cloud, call: Call) -> dict[str, Any]:
    found = _volume(cloud, call)
    objects.change(cloud, call, VOLUME, found)
    return volume_answer(cloud.state, found)


def _delete_volume(cloud: Cloud, call: Call) -> Reply:
    """Dropping a managed volume removes its files; an external one keeps them (documented)."""
    found = _volume(cloud, call)
    authorize.require_manage(cloud.state, call.principal, VOLUME, found.full_name)
    if found.volume_type == "MANAGED":
        storage.delete_objects(cloud.state, found.storage_location)
    objects.forget(cloud.state, VOLUME, found.full_name)
    return Reply(200, {})


_VOLUME_FIELDS = (*_PLACE, "name", "volume_type", "storage_location", "comment")
_TABLE_ONE, _VOLUME_ONE = f"{_UC}/tables/{{full_name}}", f"{_UC}/volumes/{{name}}"
_TABLE_LIST = (*_PLACE, *objects.LIST, *_NO_DATA)
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_UC}/tables", _tables, _TABLE_LIST),
    Route("GET", f"{_TABLE_ONE}/exists", _exists),
    Route("GET", _TABLE_ONE, lambda c, r: table_answer(c.state, _table(c, r)), ("include_browse",)),
    Route("PATCH", _TABLE_ONE, _update_table, body=("owner",)),
    Route("DELETE", _TABLE_ONE, _delete_table),
    Route("GET", f"{_UC}/volumes", _volumes, (*_PLACE, *objects.LIST)),
    Route("POST", f"{_UC}/volumes", _create_volume, body=_VOLUME_FIELDS),
    Route(
        "GET", _VOLUME_ONE, lambda c, r: volume_answer(c.state, _volume(c, r)), ("include_browse",)
    ),
    Route("PATCH", _VOLUME_ONE, _update_volume, body=("owner", "comment")),
    Route("DELETE", _VOLUME_ONE, _delete_volume),
)
