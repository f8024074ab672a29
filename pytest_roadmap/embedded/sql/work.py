"""One statement at work: who runs it, over which state, and how its tables are resolved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from pytest_roadmap.embedded.databricks import lakeflow_tables
from pytest_roadmap.embedded.databricks.privileges import TABLE
from pytest_roadmap.embedded.databricks.secret_scopes import try_secret
from pytest_roadmap.embedded.sql import files, filters, information_schema
from pytest_roadmap.embedded.sql.access import Access, acting_owner
from pytest_roadmap.embedded.sql.classify import query
from pytest_roadmap.embedded.sql.errors import SqlError, table_not_found, unsupported
from pytest_roadmap.embedded.sql.functions import Context, rewrite
from pytest_roadmap.embedded.sql.names import ObjectName, Session, object_name
from pytest_roadmap.embedded.sql.reader import Reader
from pytest_roadmap.embedded.sql.relations import Relations, strip_qualifiers, table_parts
from pytest_roadmap.embedded.sql.versions import at_timestamp, at_version, latest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_roadmap.embedded.sql.store import Store, StoredVersion
    from pytest_roadmap.embedded.state import CloudState, Principal, Table

_MAX_VIEWS = 20
_PATH_PARTS = 2
_PATH_FORMATS = frozenset({"csv", "json", "parquet", "text", "delta", "orc", "avro", "binaryfile"})


@dataclass(frozen=True, slots=True)
class Work:
    """One statement at work.

    ``access`` holds the privileges in force: those of the caller, or inside a view those of the
    view's owner (documented); ``principal`` is always the caller, whom functions name. ``job``
    names the run the statement belongs to, as a table's history shows it; empty outside of jobs.
    """

    state: CloudState
    store: Store
    principal: Principal
    access: Access
    session: Session
    now: datetime
    parameters: Mapping[str, exp.Expr]
    depth: int = 0
    job: Mapping[str, str] = field(default_factory=dict)

    def context(self) -> Context:
        """What functions answer with."""
        return Context(
            user=self.principal.name,
            catalog=self.session.catalog,
            schema=self.session.schema,
            now=self.now.astimezone(UTC),
            is_member=Access(self.state, self.principal).is_member,
            parameters=self._parameter,
            secret=partial(try_secret, self.state, self.principal),
        )

    def _parameter(self, name: str) -> exp.Expr | None:
        value = self.parameters.get(name)
        return None if value is None else value.copy()

    def name(self, parts: tuple[str, ...]) -> ObjectName:
        """A table name completed by the session."""
        return object_name(parts, self.session)

    def target(self, node: exp.Table) -> ObjectName:
        """The name of a table a statement changes."""
        return self.name(self._parts(node))

    def plan(self, tree: exp.Expr) -> exp.Expr:
        """A query whose tables are authorised and stored and whose functions answer as Spark."""
        return rewrite(self.resolve(tree), self.context())

    def resolve(self, tree: exp.Expr) -> exp.Expr:
        """The first half of ``plan``: tables only."""
        strip_qualifiers(tree)
        return Relations(self._source).query(tree)

    def sql(self, tree: exp.Expr) -> str:
        """The text for DuckDB."""
        try:
            return tree.sql(dialect="duckdb", identify=True, unsupported_level=ErrorLevel.RAISE)
        except SqlglotError as error:
            raise unsupported("A construct of this statement (in translation)") from error

    def constant(self, tree: exp.Expr) -> Any:
        """The value of an expression over nothing.

        Raises:
            SqlError: it reads a column or table, or cannot be evaluated.
        """
        if tree.find(exp.Column, exp.Query, exp.Table):
            raise unsupported("An expression over columns here")
        value = rewrite(tree.copy(), self.context())
        return self.store.run(f"SELECT {self.sql(value)}")[0][0]

    def _parts(self, node: exp.Table) -> tuple[str, ...]:
        call = node.this
        if not isinstance(call, exp.Anonymous):
            return table_parts(node)
        if (
            str(call.this).lower() != "identifier"
            or len(call.expressions) != 1
            or node.args.get("db")
        ):
            raise unsupported(f"The table function {str(call.this)[:40]} here")
        argument = call.expressions[0]
        if not isinstance(argument, exp.Literal | exp.Placeholder):
            raise unsupported("IDENTIFIER of anything but a literal or a parameter")
        text = self.constant(argument)
        if not isinstance(text, str):
            raise SqlError("INVALID_IDENTIFIER", "IDENTIFIER needs a string.", "42602")
        reader = Reader(text)
        parts = reader.name()
        reader.end()
        return parts

    def _source(self, node: exp.Table) -> exp.Expr:
        if isinstance(node.this, exp.Anonymous) and str(node.this.this).lower() == "read_files":
            if node.args.get("version"):
                raise unsupported("Time travel of read_files")
            return files.read_files(self, node.this)
        parts = self._parts(node)
        if len(parts) == _PATH_PARTS and parts[0].lower() in _PATH_FORMATS:
            raise unsupported(f"A query of files by {parts[0].lower()}.`path` (use read_files)")
        name = self.name(parts)
        if name.schema == information_schema.NAME:
            if node.args.get("version"):
                raise unsupported("Time travel of the information schema")
            return information_schema.relation(self.access, name)
        table = self.access.table(name, "SELECT")
        return self.relation(table, node.args.get("version"))

    def relation(self, table: Table, version: exp.Expr | None = None) -> exp.Expr:
        """What the table or view stands for; privileges on it were asked before."""
        if table.table_type == "VIEW":
            if version is not None:
                raise unsupported("Time travel of a view")
            return self._view(table)
        rows = lakeflow_tables.rows_of(self.state, table.full_name, self.now)
        if rows is not None:
            if version is not None:
                raise unsupported("Time travel of a system table")
            return information_schema.typed_relation(table.columns, rows)
        stored = latest(self.store, table)
        if version is not None:
            if table.row_filter:
                raise unsupported("Time travel of a table with a row filter")
            stored = self.version(table, version.this, version.expression)
        plain = exp.to_table(stored.relation, dialect="duckdb")
        condition = filters.condition(self.state, table)
        return plain if condition is None else _filtered(plain, condition)

    def version(self, table: Table, kind: str, wanted: exp.Expr) -> StoredVersion:
        """The version that ``VERSION AS OF`` or ``TIMESTAMP AS OF`` names."""
        value = self.constant(wanted)
        if str(kind).upper() == "VERSION":
            if not str(value).isdigit():
                raise SqlError("DELTA_INVALID_VERSION", "The version is not a number.", "22023")
            return at_version(self.store, table, int(value))
        if isinstance(value, str):
            value = self.constant(exp.cast(exp.Literal.string(value), "TIMESTAMP", dialect="spark"))
        if not isinstance(value, datetime):
            raise SqlError("DELTA_TIMESTAMP_INVALID", "The timestamp is not one.", "42816")
        return at_timestamp(self.store, table, value.replace(tzinfo=UTC))

    def _view(self, view: Table) -> exp.Expr:
        if self.depth >= _MAX_VIEWS:
            raise unsupported("Views nested this deeply")
        catalog, schema = view.full_name.split(".")[:2]
        inner = replace(
            self,
            access=Access(self.state, acting_owner(self.state, view.owner)),
            session=Session(
                view.properties.get("view.catalogAndNamespace.part.0", catalog),
                view.properties.get("view.catalogAndNamespace.part.1", schema),
            ),
            depth=self.depth + 1,
        )
        body = inner.resolve(query(Reader(view.view_definition).rest()))
        columns = [exp.to_identifier(c.name, quoted=True) for c in view.columns]
        alias = exp.TableAlias(this=exp.to_identifier("_view", quoted=True), columns=columns)
        named = exp.Subquery(this=body, alias=alias)
        star = exp.Select(expressions=[exp.Star()])
        star.set("from_", exp.From(this=named))
        return exp.Subquery(this=star)

    def require_readable(self, name: ObjectName) -> Table:
        """The table, for DESCRIBE HISTORY and DETAIL (SELECT, documented)."""
        return self.access.table(name, "SELECT")

    def described(self, parts: tuple[str, ...]) -> tuple[ObjectName, Table]:
        """The table, for DESCRIBE: visible, below usable parents."""
        name = self.name(parts)
        if name.full not in self.state.tables:
            self.access.existing(name)
            raise table_not_found(name.quoted)
        self.access.require_visible(TABLE, name.full)
        return name, self.state.tables[name.full]


def _filtered(plain: exp.Expr, condition: exp.Expr) -> exp.Expr:
    select = exp.Select(expressions=[exp.Star()])
    plain.set("alias", exp.TableAlias(this=exp.to_identifier("_rows", quoted=True)))
    select.set("from_", exp.From(this=plain))
    select.set("where", exp.Where(this=condition))
    return exp.Subquery(this=select)
