"""SHOW and DESCRIBE, with only what the caller may know of.

Source: https://docs.databricks.com/en/sql/language-manual/ (column names, documented).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks.privileges import CATALOG, SCHEMA, TABLE, VOLUME
from pytest_roadmap.embedded.sql import errors
from pytest_roadmap.embedded.sql.names import schema_name
from pytest_roadmap.embedded.sql.outcome import SqlOutcome, table_of
from pytest_roadmap.embedded.sql.versions import latest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_roadmap.embedded.sql import model
    from pytest_roadmap.embedded.sql.work import Work

_HISTORY = (
    ("version", "BIGINT"),
    ("timestamp", "TIMESTAMP"),
    ("userId", "STRING"),
    ("userName", "STRING"),
    ("operation", "STRING"),
    ("operationParameters", "MAP"),
    ("job", "STRUCT"),
    ("notebook", "STRUCT"),
    ("clusterId", "STRING"),
    ("readVersion", "BIGINT"),
    ("isolationLevel", "STRING"),
    ("isBlindAppend", "BOOLEAN"),
    ("operationMetrics", "MAP"),
    ("userMetadata", "STRING"),
    ("engineInfo", "STRING"),
)
_DETAIL = (
    ("format", "STRING"),
    ("id", "STRING"),
    ("name", "STRING"),
    ("description", "STRING"),
    ("location", "STRING"),
    ("createdAt", "TIMESTAMP"),
    ("lastModified", "TIMESTAMP"),
    ("partitionColumns", "ARRAY"),
    ("numFiles", "BIGINT"),
    ("properties", "MAP"),
)
_DESCRIBED = (("col_name", "STRING"), ("data_type", "STRING"), ("comment", "STRING"))
_INFO = (("info_name", "STRING"), ("info_value", "STRING"))
_TABLE_LIST = (("database", "STRING"), ("tableName", "STRING"), ("isTemporary", "BOOLEAN"))


def show(work: Work, statement: model.Show) -> SqlOutcome:
    """SHOW CATALOGS, SCHEMAS, TABLES, VIEWS and VOLUMES."""
    matches = _matcher(statement.pattern)
    if statement.what == "CATALOGS":
        names = sorted(name for name in work.state.catalogs if work.access.visible(CATALOG, name))
        return table_of("SHOW", (("catalog", "STRING"),), [(n,) for n in names if matches(n)])
    if statement.what == "SCHEMAS":
        return _schemas(work, statement, matches)
    catalog, schema = (
        schema_name(statement.name, work.session)
        if statement.name
        else (work.session.catalog, work.session.schema)
    )
    full = f"{catalog}.{schema}"
    if full not in work.state.schemas:
        work.access.catalog(catalog)
        raise errors.schema_not_found(f"`{catalog}`.`{schema}`")
    work.access.require_visible(SCHEMA, full)
    below = [name for name in _stored(work, statement.what) if name.startswith(f"{full}.")]
    names = sorted(name.rpartition(".")[2] for name in below)
    shown = [(schema, name, False) for name in names if matches(name)]
    if statement.what == "VOLUMES":
        columns = (("database", "STRING"), ("volume_name", "STRING"))
        return table_of("SHOW", columns, [row[:2] for row in shown])
    return table_of("SHOW", _TABLE_LIST, shown)


def _stored(work: Work, what: str) -> list[str]:
    if what == "VOLUMES":
        return [name for name in work.state.volumes if work.access.visible(VOLUME, name)]
    return [
        name
        for name, table in work.state.tables.items()
        if work.access.visible(TABLE, name) and (what == "TABLES" or table.table_type == "VIEW")
    ]


def _schemas(work: Work, statement: model.Show, matches: Callable[[str], bool]) -> SqlOutcome:
    catalog = statement.name[0].lower() if statement.name else work.session.catalog
    work.access.catalog(catalog)
    names = [
        name.split(".")[1]
        for name in work.state.schemas
        if name.startswith(f"{catalog}.") and work.access.visible(SCHEMA, name)
    ]
    shown = [(name,) for name in sorted([*names, "information_schema"]) if matches(name)]
    return table_of("SHOW", (("databaseName", "STRING"),), shown)


def _matcher(pattern: str) -> Callable[[str], bool]:
    if not pattern:
        return lambda _: True
    parts = [re.escape(part).replace(r"\*", ".*") for part in pattern.lower().split("|")]
    compiled = re.compile("|".join(f"(?:{part})" for part in parts))
    return lambda name: compiled.fullmatch(name.lower()) is not None


def describe(work: Work, statement: model.Describe) -> SqlOutcome:
    """DESCRIBE in its forms."""
    if statement.what == "HISTORY":
        return _history(work, statement)
    if statement.what == "DETAIL":
        return _detail(work, statement)
    if statement.what == "CATALOG":
        return _catalog(work, statement)
    if statement.what == "SCHEMA":
        return _schema(work, statement)
    return _table(work, statement)


def _history(work: Work, statement: model.Describe) -> SqlOutcome:
    table = work.require_readable(work.name(statement.name))
    latest(work.store, table)
    rows: list[tuple[Any, ...]] = []
    for version in reversed(table.versions[-statement.limit if statement.limit else 0 :]):
        user = work.state.principal_named(version.user_name)
        rows.append(
            (
                version.version,
                version.timestamp,
                user.principal_id if user else None,
                version.user_name,
                version.operation,
                version.parameters,
                version.job or None,
                None,
                None,
                version.version - 1 if version.version else None,
                "WriteSerializable",
                version.parameters.get("mode") == "Append",
                version.metrics,
                None,
                "roadmap-embedded",
            )
        )
    return table_of("DESCRIBE", _HISTORY, rows)


def _detail(work: Work, statement: model.Describe) -> SqlOutcome:
    table = work.require_readable(work.name(statement.name))
    version = latest(work.store, table)
    row: tuple[Any, ...] = (
        "delta",
        table.table_id,
        table.full_name,
        table.comment or None,
        table.storage_location or None,
        table.created_at,
        version.timestamp,
        [],
        None,
        table.properties,
    )
    return table_of("DESCRIBE", _DETAIL, [row])


def _table(work: Work, statement: model.Describe) -> SqlOutcome:
    name, table = work.described(statement.name)
    rows: list[tuple[Any, ...]] = [
        (column.name, column.type_text, column.comment or None) for column in table.columns
    ]
    if statement.what == "EXTENDED":
        rows += [
            ("", "", ""),
            ("# Detailed Table Information", "", ""),
            ("Catalog", name.catalog, ""),
            ("Database", name.schema, ""),
            ("Table", name.name, ""),
            ("Owner", table.owner, ""),
            ("Type", table.table_type, ""),
            ("Comment", table.comment, ""),
        ]
    return table_of("DESCRIBE", _DESCRIBED, rows)


def _catalog(work: Work, statement: model.Describe) -> SqlOutcome:
    name = ".".join(statement.name).lower()
    found = work.state.catalogs.get(name)
    if found is None:
        raise errors.catalog_not_found(name)
    work.access.require_visible(CATALOG, name)
    rows = [("Catalog Name", name), ("Comment", found.comment), ("Owner", found.owner)]
    return table_of("DESCRIBE", _INFO, rows)


def _schema(work: Work, statement: model.Describe) -> SqlOutcome:
    catalog, schema = schema_name(statement.name, work.session)
    found = work.state.schemas.get(f"{catalog}.{schema}")
    if found is None:
        work.access.catalog(catalog)
        raise errors.schema_not_found(f"`{catalog}`.`{schema}`")
    work.access.require_visible(SCHEMA, found.full_name)
    rows = [
        ("Catalog Name", catalog),
        ("Namespace Name", schema),
        ("Comment", found.comment),
        ("Owner", found.owner),
    ]
    return table_of("DESCRIBE", _INFO, rows)
