"""CREATE, DROP and ALTER of schemas, tables, views and functions.

Source: https://learn.microsoft.com/azure/databricks/data-governance/unity-catalog/manage-privileges/
(documented: CREATE SCHEMA, CREATE TABLE, CREATE FUNCTION; DROP and ALTER need ownership or MANAGE;
ADD COLUMNS and SET TBLPROPERTIES need MODIFY; the creator owns what it creates).
"""

# ruff: noqa: S608 - text is made of planned queries, relation names and quoted literals

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_roadmap.embedded.databricks import objects
from pytest_roadmap.embedded.databricks.privileges import CATALOG, SCHEMA, TABLE
from pytest_roadmap.embedded.errors import InvalidParameterError
from pytest_roadmap.embedded.sql import errors, filters
from pytest_roadmap.embedded.sql.access import in_sql_words
from pytest_roadmap.embedded.sql.errors import SqlError, unresolved_column
from pytest_roadmap.embedded.sql.names import ObjectName, schema_name
from pytest_roadmap.embedded.sql.outcome import SqlOutcome, table_of
from pytest_roadmap.embedded.sql.reading import plan_query, shape
from pytest_roadmap.embedded.sql.store import quoted
from pytest_roadmap.embedded.sql.versions import commit, latest
from pytest_roadmap.embedded.sql.writing import assigned
from pytest_roadmap.embedded.state import Column, Schema, Table

if TYPE_CHECKING:
    from pytest_roadmap.embedded.sql import model
    from pytest_roadmap.embedded.sql.work import Work

_DONE = table_of("DDL", (), ())


def create_schema(work: Work, statement: model.CreateSchema) -> SqlOutcome:
    """CREATE SCHEMA: CREATE SCHEMA on the catalog."""
    catalog, schema = schema_name(statement.name, work.session)
    work.access.catalog(catalog)
    work.access.require(CATALOG, catalog, "CREATE_SCHEMA")
    full = f"{catalog}.{_checked(schema)}"
    if full in work.state.schemas or schema == "information_schema":
        if statement.if_not_exists:
            return _DONE
        raise errors.already_exists("SCHEMA", full)
    birth = objects.birth(work.principal.name, work.now)
    work.state.schemas[full] = Schema(
        full, **birth, schema_id=objects.new_id(), comment=statement.comment
    )
    return _DONE


def _checked(name: str) -> str:
    try:
        return objects.check_name(name)
    except InvalidParameterError as error:
        raise SqlError("INVALID_SCHEMA_OR_RELATION_NAME", f"{error.message}.", "42602") from error


def _place(work: Work, name: ObjectName, privilege: str) -> None:
    work.access.schema(name.catalog, name.schema)
    work.access.require(SCHEMA, name.schema_name, privilege)
    _checked(name.name)


def _make_room(work: Work, name: ObjectName, *, replace: bool, view: bool) -> Table | None:
    """The object that is to be replaced, if any."""
    found = work.state.tables.get(name.full)
    if found is None:
        return None
    if not replace or (found.table_type == "VIEW") is not view:
        raise errors.already_exists("TABLE", name.full)
    work.access.require_manage(TABLE, name.full)
    return found


def create_table(work: Work, statement: model.CreateTable) -> SqlOutcome:
    """CREATE TABLE, also AS a query, also OR REPLACE (a new version of the same table)."""
    name = work.name(statement.name)
    _place(work, name, "CREATE_TABLE")
    if statement.if_not_exists and name.full in work.state.tables:
        return _DONE
    old = _make_room(work, name, replace=statement.replace, view=False)
    columns, relation, count = _content(work, statement)
    table = old or _new_table(work, name, columns)
    table.comment = statement.comment
    table.properties = dict(statement.properties)
    if old is not None:
        table.row_filter = ""
    operation = "CREATE OR REPLACE TABLE" if statement.replace else "CREATE TABLE"
    commit(
        table,
        relation,
        user=work.principal.name,
        job=work.job,
        now=work.now,
        operation=operation + (" AS SELECT" if statement.source is not None else ""),
        metrics={} if count is None else {"numOutputRows": count},
        columns=columns,
    )
    work.state.tables[name.full] = table
    if statement.source is None:
        return _DONE
    columns_out = (("num_affected_rows", "BIGINT"), ("num_inserted_rows", "BIGINT"))
    return table_of("CREATE", columns_out, [(count, count)])


def _new_table(work: Work, name: ObjectName, columns: list[Column]) -> Table:
    birth = objects.birth(work.principal.name, work.now)
    return Table(name.full, **birth, table_id=objects.new_id(), columns=columns)


def _content(work: Work, statement: model.CreateTable) -> tuple[list[Column], str, int | None]:
    if statement.source is None:
        columns = [Column(c.name, c.type_text, c.nullable, c.comment) for c in statement.columns]
        _distinct([column.name for column in columns])
        return columns, work.store.create(columns), None
    sql = plan_query(work, statement.source).sql
    given = shape(work.store, sql)
    columns = [Column(name.lower(), kind.text) for name, kind in given]
    _distinct([column.name for column in columns])
    relation = work.store.create(columns)
    rows = assigned(sql, list(given), columns, work)
    try:
        count = work.store.run(f"INSERT INTO {relation} {rows}")[0][0]
    except SqlError:
        work.store.drop(relation)
        raise
    return columns, relation, int(count)


def _distinct(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise SqlError("COLUMN_ALREADY_EXISTS", f"The column `{name}` already exists.", "42711")
        if not name or set(name) & set(" ,;{}()\n\t="):
            raise SqlError(
                "DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES",
                f"Found invalid character(s) in the column name '{name}'; give it an alias.",
                "42K05",
            )


def create_view(work: Work, statement: model.CreateView) -> SqlOutcome:
    """CREATE VIEW: CREATE TABLE on the schema and SELECT on everything it reads."""
    name = work.name(statement.name)
    _place(work, name, "CREATE_TABLE")
    if statement.if_not_exists and name.full in work.state.tables:
        return _DONE
    old = _make_room(work, name, replace=statement.replace, view=True)
    given = shape(work.store, plan_query(work, statement.source).sql)
    names = statement.columns or tuple(column.lower() for column, _ in given)
    if len(names) != len(given):
        raise SqlError(
            "CREATE_VIEW_COLUMN_ARITY_MISMATCH", "The number of columns differs.", "21S01"
        )
    columns = [Column(n, kind.text) for n, (_, kind) in zip(names, given, strict=True)]
    view = replace(
        old or _new_table(work, name, columns),
        table_type="VIEW",
        view_definition=statement.text,
        columns=columns,
        properties={
            "view.catalogAndNamespace.part.0": work.session.catalog,
            "view.catalogAndNamespace.part.1": work.session.schema,
        },
    )
    work.state.tables[name.full] = view
    if old is not None:
        _refuse_recursion(work, old, view)
    return _DONE


def _refuse_recursion(work: Work, old: Table, view: Table) -> None:
    try:
        work.relation(view)
    except SqlError as error:
        work.state.tables[view.full_name] = old
        raise SqlError(
            "RECURSIVE_VIEW", f"Recursive view {view.full_name} detected.", "42K0H"
        ) from error


def create_function(work: Work, statement: model.CreateFunction) -> SqlOutcome:
    """CREATE FUNCTION with one expression over its parameters."""
    name = work.name(statement.name)
    _place(work, name, "CREATE_FUNCTION")
    known = filters.objects(work.state).functions
    function = filters.SqlFunction(
        name.full, work.principal.name, statement.parameters, statement.text
    )
    filters.bind(function, {parameter: parameter for parameter in statement.parameters})
    old = known.get(name.full)
    if old is not None:
        if not statement.replace:
            raise errors.already_exists("FUNCTION", name.full)
        _require_function_owner(work, old)
    known[name.full] = function
    return _DONE


def _require_function_owner(work: Work, function: filters.SqlFunction) -> None:
    schema = function.full_name.rpartition(".")[0]
    if function.owner != work.principal.name and not work.access.can_manage(SCHEMA, schema):
        raise errors.not_owner("Function", function.full_name)


def drop(work: Work, statement: model.Drop) -> SqlOutcome:
    """DROP: ownership of the object or a parent, or MANAGE."""
    if statement.kind == "SCHEMA":
        return _drop_schema(work, statement)
    name = work.name(statement.name)
    if statement.kind == "FUNCTION":
        return _drop_function(work, name, if_exists=statement.if_exists)
    if name.full not in work.state.tables:
        return _missing_table(work, name, if_exists=statement.if_exists)
    work.access.require_manage(TABLE, name.full)
    is_view = work.state.tables[name.full].table_type == "VIEW"
    if is_view is not (statement.kind == "VIEW"):
        raise SqlError("WRONG_COMMAND_FOR_OBJECT_TYPE", f"{name.full} is of another kind.", "42809")
    _forget(work, TABLE, name.full)
    return _DONE


def _missing_table(work: Work, name: ObjectName, *, if_exists: bool) -> SqlOutcome:
    """Without USE on the parents nobody learns whether the object exists."""
    try:
        work.access.existing(name)
    except SqlError as error:
        if error.error_code != "TABLE_OR_VIEW_NOT_FOUND" or not if_exists:
            raise
    return _DONE


def _drop_schema(work: Work, statement: model.Drop) -> SqlOutcome:
    catalog, schema = schema_name(statement.name, work.session)
    full = f"{catalog}.{schema}"
    if full not in work.state.schemas:
        work.access.catalog(catalog)
        if statement.if_exists:
            return _DONE
        raise errors.schema_not_found(f"`{catalog}`.`{schema}`")
    work.access.require_manage(SCHEMA, full)
    if not statement.cascade and objects.has_children(work.state, full):
        raise SqlError(
            "SCHEMA_NOT_EMPTY", f"Cannot drop a schema {full} because it contains objects.", "2BP01"
        )
    _forget(work, SCHEMA, full)
    return _DONE


def _forget(work: Work, kind: str, full: str) -> None:
    objects.forget(work.state, kind, full)
    known = filters.objects(work.state)
    for gone in [n for n in known.filter_columns if n == full or n.startswith(f"{full}.")]:
        del known.filter_columns[gone]
    if kind == SCHEMA:
        for gone in [n for n in known.functions if n.startswith(f"{full}.")]:
            del known.functions[gone]


def _drop_function(work: Work, name: ObjectName, *, if_exists: bool) -> SqlOutcome:
    work.access.schema(name.catalog, name.schema)
    known = filters.objects(work.state).functions
    found = known.get(name.full)
    if found is None:
        if if_exists:
            return _DONE
        raise errors.object_not_found("ROUTINE", name.full)
    _require_function_owner(work, found)
    del known[name.full]
    return _DONE


def alter_owner(work: Work, statement: model.AlterOwner) -> SqlOutcome:
    """ALTER … OWNER TO."""
    if statement.kind == "SCHEMA":
        full = ".".join(schema_name(statement.name, work.session))
        found: Schema | Table | None = work.state.schemas.get(full)
        if found is None:
            work.access.catalog(full.partition(".")[0])
            raise errors.schema_not_found(full)
    else:
        name = work.name(statement.name)
        full, found = name.full, work.state.tables.get(name.full)
        if found is None:
            found = work.access.existing(name)
    work.access.require_manage(SCHEMA if statement.kind == "SCHEMA" else TABLE, full)
    with in_sql_words():
        objects.require_principal(work.state, statement.owner)
    found.owner = statement.owner
    found.updated_at, found.updated_by = work.now, work.principal.name
    return _DONE


def add_columns(work: Work, statement: model.AddColumns) -> SqlOutcome:
    """ALTER TABLE … ADD COLUMNS: a new version with null in the new columns."""
    table = work.access.writable(work.name(statement.name))
    current = latest(work.store, table)
    added = [Column(c.name, c.type_text, comment=c.comment) for c in statement.columns]
    columns = [*table.columns, *added]
    _distinct([column.name for column in columns])
    relation = work.store.create(columns)
    names = ", ".join(quoted(column.name) for column in current.columns)
    work.store.run(f"INSERT INTO {relation} ({names}) SELECT {names} FROM {current.relation}")
    commit(
        table,
        relation,
        user=work.principal.name,
        job=work.job,
        now=work.now,
        operation="ADD COLUMNS",
        columns=columns,
    )
    return _DONE


def set_properties(work: Work, statement: model.SetProperties) -> SqlOutcome:
    """ALTER TABLE … SET TBLPROPERTIES: a new version with the same rows."""
    table = work.access.writable(work.name(statement.name))
    current = latest(work.store, table)
    table.properties = {**table.properties, **dict(statement.properties)}
    commit(
        table,
        current.relation,
        user=work.principal.name,
        job=work.job,
        now=work.now,
        operation="SET TBLPROPERTIES",
    )
    return _DONE


def set_row_filter(work: Work, statement: model.SetRowFilter) -> SqlOutcome:
    """ALTER TABLE … SET ROW FILTER and DROP ROW FILTER: ownership or MANAGE of the table."""
    name, table = work.described(statement.name)
    work.access.require_manage(TABLE, name.full)
    known = filters.objects(work.state)
    if not statement.function:
        table.row_filter = ""
        known.filter_columns.pop(name.full, None)
        return _DONE
    function_name = work.name(statement.function).full
    function = known.functions.get(function_name)
    if function is None:
        raise errors.object_not_found("ROUTINE", function_name)
    schema = function_name.rpartition(".")[0]
    if function.owner != work.principal.name:
        work.access.require(SCHEMA, schema, "EXECUTE")
    columns = tuple(column.lower() for column in statement.columns)
    for column in columns:
        if column not in {known_column.name.lower() for known_column in table.columns}:
            raise unresolved_column(f"`{column}`")
    if len(columns) != len(function.parameters):
        raise SqlError(
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "The number of columns differs.", "42605"
        )
    table.row_filter = function_name
    known.filter_columns[name.full] = columns
    return _DONE
