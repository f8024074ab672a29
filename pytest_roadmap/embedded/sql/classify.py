"""Read one statement and say what it is; what is not on the list is refused.

The first words decide the kind. Queries and DML are read by sqlglot and every node of theirs is
checked by ``allowed``; commands are read by ``commands``. Nothing is guessed: a statement that is
SQL but not on the list is *unsupported*, text that is not SQL is a syntax error, and neither can be
mistaken for a refusal by privilege.
"""

from __future__ import annotations

from sqlglot import exp

from pytest_roadmap.embedded.sql import commands, model
from pytest_roadmap.embedded.sql.allowed import Parts, check_tree
from pytest_roadmap.embedded.sql.errors import syntax_error, unsupported
from pytest_roadmap.embedded.sql.reader import Reader
from pytest_roadmap.embedded.sql.types import parse_type

_COMMANDS = {
    "GRANT": commands.grant,
    "REVOKE": commands.grant,
    "SHOW": commands.show,
    "DESCRIBE": commands.describe,
    "DESC": commands.describe,
    "RESTORE": commands.restore,
    "LIST": commands.list_path,
    "TRUNCATE": commands.truncate,
    "DROP": commands.drop,
    "ALTER": commands.alter,
}
_KNOWN_ELSEWHERE = frozenset(
    [
        "ANALYZE",
        "BEGIN",
        "CACHE",
        "CALL",
        "CLEAR",
        "COMMENT",
        "CONVERT",
        "COPY",
        "DECLARE",
        "DENY",
        "EXECUTE",
        "EXPLAIN",
        "FROM",
        "FSCK",
        "GET",
        "LOAD",
        "MSCK",
        "OPTIMIZE",
        "PUT",
        "REFRESH",
        "REMOVE",
        "REORG",
        "REPLACE",
        "RESET",
        "SET",
        "SYNC",
        "TABLE",
        "UNCACHE",
        "UNDROP",
        "UNSET",
        "USE",
        "VACUUM",
        "ATTACH",
        "DETACH",
        "INSTALL",
        "PRAGMA",
        "CHECKPOINT",
        "EXPORT",
        "IMPORT",
        "SUMMARIZE",
        "PIVOT",
        "UNPIVOT",
        "MAP",
        "REDUCE",
        "COMMIT",
        "ROLLBACK",
        "START",
        "KILL",
        "PREPARE",
        "DEALLOCATE",
    ]
)
_TARGET = {exp.Table: ("this", "db", "catalog", "alias")}
_UPDATE: Parts = {exp.Update: ("this", "expressions", "where")}
_MERGE: Parts = {
    exp.Merge: ("this", "using", "on", "whens"),
    exp.Whens: ("expressions",),
    exp.When: ("matched", "source", "condition", "then"),
    exp.Update: ("expressions",),
    exp.Insert: ("this", "expression", "is_function"),
}
_CREATE_PROPERTIES = (exp.FileFormatProperty, exp.SchemaCommentProperty, exp.Property)


def classify(statement: str) -> model.Statement:
    """What the statement asks for.

    Raises:
        SqlError: ``PARSE_SYNTAX_ERROR``, or unsupported by the embedded engine.
    """
    reader = Reader(statement)
    first = reader.peek()
    if first in _COMMANDS:
        return _COMMANDS[first](reader)
    if first == "CREATE":
        return _create(reader)
    if first == "INSERT":
        return _insert(reader)
    if first in ("SELECT", "WITH", "VALUES", "("):
        return model.Query(query(reader.rest()))
    if first in ("UPDATE", "DELETE", "MERGE"):
        return _change(reader.rest())
    if first in _KNOWN_ELSEWHERE:
        raise unsupported(f"The statement {first}")
    raise reader.error()


def query(tree: exp.Expr) -> exp.Expr:
    """The tree, if it is a query of listed parts only."""
    if not isinstance(tree, exp.Select | exp.SetOperation | exp.Subquery | exp.Values):
        if isinstance(tree, exp.Query | exp.DML | exp.Command | exp.Create):
            raise unsupported(f"The statement {type(tree).__name__.upper()} here")
        raise syntax_error(tree.sql("databricks")[:60])
    check_tree(tree)
    return tree


def expression(text: str) -> exp.Expr:
    """The body of a function: one listed expression without a query or table in it."""
    tree = Reader(text).expression()
    check_tree(tree)
    if tree.find(exp.Query, exp.Table, exp.AggFunc, exp.Window, exp.Placeholder):
        raise unsupported("A function body that is more than an expression")
    return tree


def _change(tree: exp.Expr) -> model.Statement:
    if isinstance(tree, exp.Update):
        check_tree(tree, also=_UPDATE)
        return model.Update(tree)
    if isinstance(tree, exp.Delete):
        check_tree(tree, also={exp.Delete: ("this", "where")})
        return model.Delete(_target(tree.this), tree.args.get("where"))
    if isinstance(tree, exp.Merge):
        check_tree(tree, also=_MERGE)
        _target(tree.this)
        return model.Merge(tree)
    raise unsupported(f"The statement {type(tree).__name__.upper()}")


def _target(node: exp.Expr) -> exp.Table:
    if not isinstance(node, exp.Table) or node.args.get("version"):
        raise unsupported("A target that is not a table")
    return node


def _insert(reader: Reader) -> model.Statement:
    if reader.peek(1) == "OVERWRITE" and reader.peek(2) in ("DIRECTORY", "LOCAL"):
        return _insert_directory(reader)
    tree = reader.rest()
    if not isinstance(tree, exp.Insert):
        raise unsupported("This INSERT")
    known = {"this", "expression", "overwrite", "by_name"}
    odd = [k for k, v in tree.args.items() if k not in known and v not in (None, False, [])]
    if odd:
        raise unsupported(f"INSERT with {odd[0].rstrip('_')}")
    columns: tuple[str, ...] = ()
    target = tree.this
    if isinstance(target, exp.Schema):
        columns = tuple(_plain(column) for column in target.expressions)
        target = target.this
    check_tree(target)
    source = tree.expression.copy()
    return model.Insert(
        _target(target).copy(),
        columns,
        query(source),
        bool(tree.args.get("overwrite")),
        bool(tree.args.get("by_name")),
    )


def _plain(node: exp.Expr) -> str:
    if not isinstance(node, exp.Identifier):
        raise unsupported("This column list")
    return node.name.lower()


def _insert_directory(reader: Reader) -> model.Statement:
    reader.expect("INSERT", "OVERWRITE")
    if reader.accept("LOCAL"):
        raise unsupported("INSERT OVERWRITE LOCAL DIRECTORY")
    reader.expect("DIRECTORY")
    path = reader.string()
    reader.expect("USING")
    file_format = reader.identifier().lower()
    options = commands.pairs_of(reader) if reader.accept("OPTIONS") else ()
    return model.InsertDirectory(path, file_format, options, query(reader.rest()))


def _create(reader: Reader) -> model.Statement:
    probe = reader.copy()
    probe.expect("CREATE")
    replace = probe.accept("OR", "REPLACE")
    if not replace and (probe.accept("SCHEMA") or probe.accept("DATABASE")):
        return commands.create_schema(probe)
    if probe.accept("FUNCTION"):
        return commands.create_function(probe, replace=replace)
    if probe.peek() not in ("TABLE", "VIEW"):
        raise unsupported(f"CREATE {probe.peek()[:40]}")
    text = probe.text_after("AS")
    tree = reader.rest()
    if not isinstance(tree, exp.Create):
        raise unsupported("This CREATE")
    known = {"this", "kind", "expression", "exists", "replace", "properties"}
    odd = [k for k, v in tree.args.items() if k not in known and v not in (None, False, [])]
    if odd:
        raise unsupported(f"CREATE with {odd[0].rstrip('_')}")
    return _create_view(tree, text) if tree.kind == "VIEW" else _create_table(tree)


def _head(tree: exp.Create) -> tuple[model.Name, list[exp.Expr]]:
    target = tree.this
    columns = list(target.expressions) if isinstance(target, exp.Schema) else []
    table = target.this if isinstance(target, exp.Schema) else target
    check_tree(table)
    parts = [table.args.get(key) for key in ("catalog", "db", "this")]
    if not isinstance(table, exp.Table) or table.args.get("alias") or table.args.get("version"):
        raise unsupported("This CREATE")
    named = [part for part in parts if part is not None]
    if not all(isinstance(part, exp.Identifier) for part in named):
        raise unsupported("IDENTIFIER in CREATE")
    return tuple(part.name for part in named), columns


def _properties(tree: exp.Create) -> tuple[str, tuple[tuple[str, str], ...]]:
    comment, pairs = "", []
    found = tree.args.get("properties")
    for item in found.expressions if found else []:
        if type(item) not in _CREATE_PROPERTIES:
            raise unsupported(f"CREATE with {type(item).__name__.removesuffix('Property')}")
        if isinstance(item, exp.SchemaCommentProperty):
            comment = item.name
        elif isinstance(item, exp.FileFormatProperty):
            if item.name.upper() != "DELTA":
                raise unsupported(f"CREATE TABLE USING {item.name[:20]}")
        else:
            pairs.append((item.this.name, item.args["value"].name))
    return comment, tuple(pairs)


def _create_table(tree: exp.Create) -> model.Statement:
    name, columns = _head(tree)
    comment, pairs = _properties(tree)
    source = query(tree.expression.copy()) if tree.expression else None
    if source is not None and columns:
        raise unsupported("CREATE TABLE with columns and a query")
    if source is None and not columns:
        raise unsupported("CREATE TABLE without columns")
    return model.CreateTable(
        name,
        tuple(_column(c) for c in columns),
        source,
        bool(tree.args.get("replace")),
        bool(tree.args.get("exists")),
        comment,
        pairs,
    )


def _column(node: exp.Expr) -> model.ColumnSpec:
    if not isinstance(node, exp.ColumnDef) or node.args.get("kind") is None:
        raise unsupported("This column definition")
    nullable, comment = True, ""
    for constraint in node.args.get("constraints") or []:
        kind = constraint.args.get("kind")
        if isinstance(kind, exp.NotNullColumnConstraint) and not kind.args.get("allow_null"):
            nullable = False
        elif isinstance(kind, exp.CommentColumnConstraint):
            comment = kind.name
        else:
            raise unsupported(f"The column constraint {type(kind).__name__}")
    return model.ColumnSpec(
        node.name.lower(), parse_type(node.args["kind"].sql("databricks")).text, nullable, comment
    )


def _create_view(tree: exp.Create, text: str) -> model.Statement:
    name, columns = _head(tree)
    comment, pairs = _properties(tree)
    if comment or pairs or not tree.expression:
        raise unsupported("CREATE VIEW with these clauses")
    source = query(tree.expression.copy())
    if source.find(exp.Placeholder):
        raise unsupported("A parameter in CREATE VIEW")
    names = []
    for column in columns:
        bare = column.args.get("kind") is None and not column.args.get("constraints")
        if not (isinstance(column, exp.Identifier) or bare):
            raise unsupported("This view column")
        names.append(column.name.lower())
    return model.CreateView(
        name,
        tuple(names),
        source,
        text,
        bool(tree.args.get("replace")),
        bool(tree.args.get("exists")),
    )
