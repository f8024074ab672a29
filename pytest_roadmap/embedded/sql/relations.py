"""Replace every table of a query by a relation the caller may read.

A name is either a common table expression in scope or it goes to ``source``, which authorises it
and gives back a stored relation; nothing else can appear in the text DuckDB sees. Common table
expressions get new names, so no name of the statement is ever looked up by DuckDB.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count

from sqlglot import exp

from pytest_roadmap.embedded.sql.errors import SqlError, unresolved_column, unsupported

Source = Callable[[exp.Table], exp.Expr]
_MAX_DEPTH = 400
_NUMBERS = count(1)


class Relations:
    """The rewriting of one statement; ``source`` authorises and resolves a table."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def query(self, node: exp.Expr, scope: Mapping[str, str] | None = None) -> exp.Expr:
        """Rewrite a query or expression in place and return it (a table may be replaced whole)."""
        return self._visit(node, dict(scope or {}), 0)

    def _visit(self, node: exp.Expr, scope: dict[str, str], depth: int) -> exp.Expr:
        if depth > _MAX_DEPTH:
            raise unsupported("A statement nested this deeply")
        if isinstance(node, exp.Table):
            return self._table(node, scope)
        scope = self._with(node, scope, depth)
        for key, value in list(node.args.items()):
            if key == "with_":
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, exp.Expr):
                    new = self._visit(child, scope, depth + 1)
                    if new is not child:
                        child.replace(new)
        if isinstance(node, exp.Values):
            return _named_values(node)
        return node

    def _with(self, node: exp.Expr, scope: dict[str, str], depth: int) -> dict[str, str]:
        clause = node.args.get("with_")
        if clause is None:
            return scope
        scope = dict(scope)
        for cte in clause.expressions:
            cte.set("this", self._visit(cte.this, scope, depth + 1))
            fresh = f"cte_{next(_NUMBERS)}"
            scope[cte.alias.lower()] = fresh
            cte.args["alias"].set("this", exp.to_identifier(fresh, quoted=True))
        return scope

    def _table(self, node: exp.Table, scope: Mapping[str, str]) -> exp.Expr:
        fresh = None
        if isinstance(node.this, exp.Identifier) and not node.args.get("db"):
            fresh = scope.get(node.name.lower())
        if fresh is None:
            return aliased(self._source(node), node)
        if node.args.get("version"):
            raise unsupported("Time travel of a common table expression")
        return aliased(exp.to_table(fresh, quoted=True), node)


def aliased(relation: exp.Expr, node: exp.Table) -> exp.Expr:
    """The relation under the alias of the table it stands for, or under its last name part."""
    alias = node.args.get("alias")
    if alias is None or alias.this is None:
        name = node.name if isinstance(node.this, exp.Identifier) else "_files"
        alias = exp.TableAlias(this=exp.to_identifier(name, quoted=True))
    if not isinstance(alias.this, exp.Identifier):
        raise unsupported("This table alias")
    relation.set("alias", alias)
    return relation


def _named_values(node: exp.Values) -> exp.Expr:
    """Inline tables name their columns col1, col2 … where the statement does not."""
    alias = node.args.get("alias")
    if alias is None:
        alias = exp.TableAlias(this=exp.to_identifier("_values", quoted=True))
        node.set("alias", alias)
    if not alias.args.get("columns"):
        first = node.expressions[0]
        width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
        names = [exp.to_identifier(f"col{n}", quoted=True) for n in range(1, width + 1)]
        alias.set("columns", names)
    if isinstance(node.parent, exp.From | exp.Join):
        return node
    star = exp.Select(expressions=[exp.Star()])
    star.set("from_", exp.From(this=node.copy()))
    return star


def strip_qualifiers(tree: exp.Expr) -> None:
    """Turn ``schema.table.column`` into ``table.column`` where such a table is in scope.

    Raises:
        SqlError: no table of that name is in scope.
    """
    for column in list(tree.find_all(exp.Column)):
        if not column.args.get("db"):
            continue
        parts = [part.name.lower() for part in column.parts[:-1]]
        if not _names_table(column, parts):
            raise unresolved_column(".".join(f"`{part.name}`" for part in column.parts))
        column.set("db", None)
        column.set("catalog", None)


def _names_table(column: exp.Column, parts: list[str]) -> bool:
    scope = column.find_ancestor(exp.Select, exp.Update, exp.Delete, exp.Merge)
    while scope is not None:
        for table in scope.find_all(exp.Table):
            names = [part.name.lower() for part in table.parts]
            if names[-len(parts) :] == parts and not table.args.get("alias"):
                return True
        scope = scope.find_ancestor(exp.Select, exp.Update, exp.Delete, exp.Merge)
    return False


def table_parts(node: exp.Table) -> tuple[str, ...]:
    """The name parts of a plain table reference.

    Raises:
        SqlError: the reference is not a plain name.
    """
    parts = [node.args.get(key) for key in ("catalog", "db", "this")]
    names = [part for part in parts if part is not None]
    if not all(isinstance(part, exp.Identifier) for part in names):
        raise SqlError("PARSE_SYNTAX_ERROR", "Syntax error in a table name.", "42601")
    return tuple(str(part.name) for part in names)
