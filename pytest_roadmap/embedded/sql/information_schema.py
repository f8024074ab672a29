"""The information schema of a catalog, with only what the caller may know of.

Source: https://learn.microsoft.com/azure/databricks/sql/language-manual/sql-ref-information-schema
(documented: rows are filtered by privilege). Views that are not here are refused as unsupported.
"""

# ruff: noqa: S608 - text is made of planned queries, relation names and quoted literals

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from pytest_roadmap.embedded.databricks import authorize
from pytest_roadmap.embedded.databricks.privileges import CATALOG, SCHEMA, TABLE
from pytest_roadmap.embedded.sql.errors import table_not_found, unsupported
from pytest_roadmap.embedded.sql.store import literal

if TYPE_CHECKING:
    from pytest_roadmap.embedded.sql.access import Access
    from pytest_roadmap.embedded.sql.names import ObjectName
    from pytest_roadmap.embedded.state import Column

NAME = "information_schema"
_Rows = Iterator[tuple[Any, ...]]
_KNOWN_ELSEWHERE = frozenset(
    [
        "catalog_tags",
        "catalog_provider_share_usage",
        "check_constraints",
        "column_masks",
        "column_tags",
        "connections",
        "constraint_column_usage",
        "constraint_table_usage",
        "credentials",
        "external_location_privileges",
        "external_locations",
        "key_column_usage",
        "metastore_privileges",
        "metastores",
        "parameters",
        "providers",
        "recipients",
        "referential_constraints",
        "routine_columns",
        "routine_privileges",
        "routines",
        "row_filters",
        "schema_tags",
        "shares",
        "storage_credential_privileges",
        "storage_credentials",
        "table_constraints",
        "table_tags",
        "views",
        "volume_privileges",
        "volume_tags",
        "volumes",
        "information_schema_catalog_name",
        "catalogs",
    ]
)


def relation(access: Access, name: ObjectName) -> exp.Expr:
    """The view as a subquery of literal rows.

    Raises:
        SqlError: the catalog may not be used, no such view, or a view this engine lacks.
    """
    access.catalog(name.catalog)
    known = _VIEWS.get(name.name)
    if known is None:
        if name.name in _KNOWN_ELSEWHERE:
            raise unsupported(f"information_schema.{name.name}")
        raise table_not_found(name.quoted)
    columns, rows = known
    return literal_relation(columns, list(rows(access, name.catalog)))


def literal_relation(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> exp.Expr:
    """A subquery over literal rows of text and numbers; typed as text where there is no row."""
    empty = not rows
    shown = [tuple("" for _ in columns)] if empty else rows
    values = ", ".join(f"({', '.join(literal(value) for value in row)})" for row in shown)
    names = ", ".join(f'"{column}"' for column in columns)
    shown_as = ", ".join(
        _projection(column, [row[position] for row in shown])
        for position, column in enumerate(columns)
    )
    condition = " WHERE FALSE" if empty else ""
    text = f"SELECT {shown_as} FROM (VALUES {values}) AS _rows({names}){condition}"
    tree: exp.Expr = exp.maybe_parse(text, dialect="duckdb")
    return exp.Subquery(this=tree)


def typed_relation(columns: Sequence[Column], rows: Sequence[tuple[Any, ...]]) -> exp.Expr:
    """A subquery over literal rows, cast to the types of a table's columns."""
    names = tuple(column.name for column in columns)
    found = literal_relation(names, [tuple(_as_text(value) for value in row) for row in rows])
    for column, shown in zip(columns, found.this.expressions, strict=True):
        value = exp.cast(exp.column(column.name, quoted=True), column.type_text, dialect="spark")
        shown.replace(exp.alias_(value, column.name, quoted=True))
    return found


def _as_text(value: Any) -> str | None:
    """A value as text that casts back; times are UTC."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"
    return None if value is None else str(value)


def _projection(column: str, values: list[Any]) -> str:
    """A column of numbers stays one; anything else is text, also where every value is null."""
    if any(isinstance(value, int) for value in values):
        return f'"{column}"'
    return f'CAST("{column}" AS VARCHAR) AS "{column}"'


def _schemata(access: Access, catalog: str) -> _Rows:
    for name, schema in sorted(access.state.schemas.items()):
        if name.split(".")[0] == catalog and access.visible(SCHEMA, name):
            yield catalog, schema.name, schema.owner, schema.comment or None
    yield catalog, NAME, "System user", None


def _tables(access: Access, catalog: str) -> _Rows:
    for name, table in sorted(access.state.tables.items()):
        parts = name.split(".")
        if parts[0] == catalog and access.visible(TABLE, name):
            source = None if table.table_type == "VIEW" else "DELTA"
            yield (*parts, table.table_type, table.owner, table.comment or None, source)


def _columns(access: Access, catalog: str) -> _Rows:
    for name, table in sorted(access.state.tables.items()):
        parts = name.split(".")
        if parts[0] != catalog or not access.visible(TABLE, name):
            continue
        for position, column in enumerate(table.columns):
            nullable = "YES" if column.nullable else "NO"
            yield (
                *parts,
                column.name,
                position,
                nullable,
                column.type_text.upper(),
                column.type_text,
                column.comment or None,
            )


def _privileges(kind: str) -> Callable[[Access, str], _Rows]:
    def rows(access: Access, catalog: str) -> _Rows:
        own = authorize.identities(access.state, access.principal)
        for (found, name), grants in sorted(access.state.grants.items()):
            if found != kind or name.split(".")[0] != catalog:
                continue
            managed = access.can_manage(kind, name)
            for grantee, privileges in sorted(grants.items()):
                if managed or grantee in own:
                    for privilege in sorted(privileges):
                        yield ("", grantee, *name.split("."), privilege, "NO", "NONE")

    return rows


_NAMES = ("catalog_name", "schema_name", "table_name")
_TABLE_NAMES = ("table_catalog", "table_schema", "table_name")
_VIEWS: dict[str, tuple[tuple[str, ...], Callable[[Access, str], _Rows]]] = {
    "schemata": (("catalog_name", "schema_name", "schema_owner", "comment"), _schemata),
    "tables": (
        (*_TABLE_NAMES, "table_type", "table_owner", "comment", "data_source_format"),
        _tables,
    ),
    "columns": (
        (
            *_TABLE_NAMES,
            "column_name",
            "ordinal_position",
            "is_nullable",
            "data_type",
            "full_data_type",
            "comment",
        ),
        _columns,
    ),
    "catalog_privileges": (
        ("grantor", "grantee", *_NAMES[:1], "privilege_type", "is_grantable", "inherited_from"),
        _privileges(CATALOG),
    ),
    "schema_privileges": (
        ("grantor", "grantee", *_NAMES[:2], "privilege_type", "is_grantable", "inherited_from"),
        _privileges(SCHEMA),
    ),
    "table_privileges": (
        ("grantor", "grantee", *_TABLE_NAMES, "privilege_type", "is_grantable", "inherited_from"),
        _privileges(TABLE),
    ),
}
