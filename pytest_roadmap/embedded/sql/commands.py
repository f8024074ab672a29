"""Readers of the commands: GRANT, SHOW, DESCRIBE, ALTER, DROP, RESTORE, LIST, CREATE SCHEMA.

Source: https://docs.databricks.com/en/sql/language-manual/ (syntax, documented). What a command
allows beyond what is read here is refused, never skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pytest_roadmap.embedded.sql import model
from pytest_roadmap.embedded.sql.errors import unsupported
from pytest_roadmap.embedded.sql.types import parse_type

if TYPE_CHECKING:
    from pytest_roadmap.embedded.sql.reader import Reader

PRIVILEGES = (
    "ALL PRIVILEGES",
    "APPLY TAG",
    "BROWSE",
    "CREATE CATALOG",
    "CREATE EXTERNAL LOCATION",
    "CREATE EXTERNAL TABLE",
    "CREATE EXTERNAL VOLUME",
    "CREATE FUNCTION",
    "CREATE MANAGED STORAGE",
    "CREATE MATERIALIZED VIEW",
    "CREATE MODEL",
    "CREATE SCHEMA",
    "CREATE STORAGE CREDENTIAL",
    "CREATE TABLE",
    "CREATE VOLUME",
    "EXECUTE",
    "EXTERNAL USE LOCATION",
    "EXTERNAL USE SCHEMA",
    "MANAGE",
    "MODIFY",
    "READ FILES",
    "READ VOLUME",
    "REFRESH",
    "SELECT",
    "USE CATALOG",
    "USE SCHEMA",
    "WRITE FILES",
    "WRITE VOLUME",
)
_KINDS = (
    "EXTERNAL LOCATION",
    "STORAGE CREDENTIAL",
    "CATALOG",
    "SCHEMA",
    "DATABASE",
    "TABLE",
    "VIEW",
    "VOLUME",
    "FUNCTION",
    "METASTORE",
)


def _securable(reader: Reader) -> tuple[str, model.Name]:
    for kind in _KINDS:
        if reader.accept(*kind.split()):
            if kind == "METASTORE":
                return kind, ()
            return {"DATABASE": "SCHEMA", "VIEW": "TABLE"}.get(kind, kind), reader.name()
    return "TABLE", reader.name()


def _privilege(reader: Reader) -> str:
    for privilege in sorted(PRIVILEGES, key=len, reverse=True):
        if reader.accept(*privilege.split()):
            return privilege.replace(" ", "_")
    raise reader.error()


def grant(reader: Reader) -> model.Statement:
    """GRANT … ON … TO and REVOKE … ON … FROM."""
    revoke = reader.accept("REVOKE")
    if not revoke:
        reader.expect("GRANT")
    privileges = [_privilege(reader)]
    while reader.accept(","):
        privileges.append(_privilege(reader))
    reader.expect("ON")
    kind, name = _securable(reader)
    reader.expect("FROM" if revoke else "TO")
    principal = reader.identifier()
    reader.end()
    return model.Grant(tuple(privileges), kind, name, principal, revoke)


def show(reader: Reader) -> model.Statement:
    """SHOW …."""
    reader.expect("SHOW")
    if reader.accept("GRANTS") or reader.accept("GRANT"):
        principal = "" if reader.peek() == "ON" else reader.identifier()
        reader.expect("ON")
        kind, name = _securable(reader)
        reader.end()
        return model.ShowGrants(kind, name, principal)
    for word, what in (
        ("CATALOGS", "CATALOGS"),
        ("SCHEMAS", "SCHEMAS"),
        ("DATABASES", "SCHEMAS"),
        ("TABLES", "TABLES"),
        ("VIEWS", "VIEWS"),
        ("VOLUMES", "VOLUMES"),
    ):
        if reader.accept(word):
            named = reader.accept("IN") or reader.accept("FROM")
            name = reader.name() if named else ()
            pattern = reader.string() if reader.accept("LIKE") or reader.at_string() else ""
            reader.end()
            return model.Show(what, name, pattern)
    raise unsupported(f"SHOW {reader.peek()[:40]}")


def describe(reader: Reader) -> model.Statement:
    """DESCRIBE …."""
    if not reader.accept("DESC"):
        reader.expect("DESCRIBE")
    limit = None
    what = next((w for w in ("HISTORY", "DETAIL") if reader.accept(w)), "")
    if not what and reader.peek() in ("SCHEMA", "DATABASE", "CATALOG"):
        what = "CATALOG" if reader.accept("CATALOG") else "SCHEMA"
        if what == "SCHEMA":
            reader.skip_word()
        reader.accept("EXTENDED")
    if not what:
        if reader.peek() in ("QUERY", "SELECT", "WITH", "FUNCTION", "VOLUME"):
            raise unsupported(f"DESCRIBE {reader.peek()}")
        reader.accept("TABLE")
        what = "EXTENDED" if reader.accept("EXTENDED") else "TABLE"
    name = reader.name()
    if what == "HISTORY" and reader.accept("LIMIT"):
        limit = reader.number()
    reader.end()
    return model.Describe(what, name, limit)


def restore(reader: Reader) -> model.Statement:
    """RESTORE [TABLE] name [TO] VERSION|TIMESTAMP AS OF …."""
    reader.expect("RESTORE")
    reader.accept("TABLE")
    name = reader.name()
    reader.accept("TO")
    kind = "VERSION" if reader.accept("VERSION") else "TIMESTAMP"
    if kind == "TIMESTAMP":
        reader.expect("TIMESTAMP")
    reader.expect("AS", "OF")
    return model.Restore(name, reader.expression(), kind)


def list_path(reader: Reader) -> model.Statement:
    """LIST '<url>' [LIMIT n]."""
    reader.expect("LIST")
    path = reader.string()
    limit = reader.number() if reader.accept("LIMIT") else None
    reader.end()
    return model.ListPath(path, limit)


def truncate(reader: Reader) -> model.Statement:
    """TRUNCATE TABLE name."""
    reader.expect("TRUNCATE", "TABLE")
    table = exp.Table(**_table_args(reader.name()))
    reader.end()
    return model.Delete(table, None, "TRUNCATE")


def _table_args(name: model.Name) -> dict[str, exp.Expr]:
    keys = ("this", "db", "catalog")
    return {
        key: exp.to_identifier(part, quoted=True)
        for key, part in zip(keys, reversed(name), strict=False)
    }


def drop(reader: Reader) -> model.Statement:
    """DROP SCHEMA, TABLE, VIEW or FUNCTION."""
    reader.expect("DROP")
    for word in ("SCHEMA", "DATABASE", "TABLE", "VIEW", "FUNCTION"):
        if reader.accept(word):
            exists = reader.accept("IF", "EXISTS")
            name = reader.name()
            cascade = reader.accept("CASCADE")
            if not cascade:
                reader.accept("RESTRICT")
            reader.end()
            return model.Drop("SCHEMA" if word == "DATABASE" else word, name, exists, cascade)
    raise unsupported(f"DROP {reader.peek()[:40]}")


def alter(reader: Reader) -> model.Statement:
    """ALTER SCHEMA or ALTER TABLE."""
    reader.expect("ALTER")
    kind = next((k for k in ("SCHEMA", "TABLE", "VIEW") if reader.accept(k)), "")
    if not kind:
        raise unsupported(f"ALTER {reader.peek()[:40]}")
    name = reader.name()
    if reader.accept("OWNER", "TO") or reader.accept("SET", "OWNER", "TO"):
        owner = reader.identifier()
        reader.end()
        return model.AlterOwner("SCHEMA" if kind == "SCHEMA" else "TABLE", name, owner)
    if kind == "TABLE":
        return _alter_table(reader, name)
    raise unsupported(f"ALTER {kind} {reader.peek()[:40]}")


def _alter_table(reader: Reader, name: model.Name) -> model.Statement:
    if reader.accept("ADD", "COLUMNS") or reader.accept("ADD", "COLUMN"):
        columns = _columns(reader)
        reader.end()
        return model.AddColumns(name, columns)
    if reader.accept("SET", "TBLPROPERTIES"):
        pairs = pairs_of(reader)
        reader.end()
        return model.SetProperties(name, pairs)
    if reader.accept("DROP", "ROW", "FILTER"):
        reader.end()
        return model.SetRowFilter(name, (), ())
    if reader.accept("SET", "ROW", "FILTER"):
        function = reader.name()
        reader.expect("ON", "(")
        filtered = [reader.identifier()]
        while reader.accept(","):
            filtered.append(reader.identifier())
        reader.expect(")")
        reader.end()
        return model.SetRowFilter(name, function, tuple(filtered))
    raise unsupported(f"ALTER TABLE {reader.peek()[:40]}")


def _columns(reader: Reader) -> tuple[model.ColumnSpec, ...]:
    parenthesised = reader.accept("(")
    columns = [_column(reader)]
    while parenthesised and reader.accept(","):
        columns.append(_column(reader))
    if parenthesised:
        reader.expect(")")
    return tuple(columns)


def _column(reader: Reader) -> model.ColumnSpec:
    name, kind = reader.identifier(), parse_type(reader.type_text())
    comment = reader.string() if reader.accept("COMMENT") else ""
    return model.ColumnSpec(name.lower(), kind.text, comment=comment)


def pairs_of(reader: Reader) -> tuple[tuple[str, str], ...]:
    """``('key' = 'value', …)``."""
    reader.expect("(")
    pairs = []
    while True:
        key = reader.string() if reader.at_string() else ".".join(reader.name())
        reader.accept("=")
        pairs.append((key, reader.string() if reader.at_string() else reader.identifier()))
        if not reader.accept(","):
            break
    reader.expect(")")
    return tuple(pairs)


def create_schema(reader: Reader) -> model.Statement:
    """CREATE SCHEMA [IF NOT EXISTS] name [COMMENT '…']."""
    exists = reader.accept("IF", "NOT", "EXISTS")
    name = reader.name()
    comment = reader.string() if reader.accept("COMMENT") else ""
    if not reader.done:
        raise unsupported(f"CREATE SCHEMA … {reader.peek()[:40]}")
    return model.CreateSchema(name, exists, comment)


def create_function(reader: Reader, *, replace: bool) -> model.Statement:
    """CREATE FUNCTION name(p type, …) [RETURNS BOOLEAN] RETURN expression."""
    name = reader.name()
    reader.expect("(")
    parameters: list[str] = []
    while not reader.accept(")"):
        if parameters:
            reader.expect(",")
        parameters.append(reader.identifier().lower())
        parse_type(reader.type_text())
    if reader.accept("RETURNS"):
        reader.expect("BOOLEAN")
    reader.expect("RETURN")
    return model.CreateFunction(name, tuple(parameters), reader.rest_text(), replace)
