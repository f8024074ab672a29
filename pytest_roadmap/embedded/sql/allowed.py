"""The expressions a statement may contain: a list of node types and of their parts, default deny.

Every node of a parsed query is looked up here. A type that is not listed, or a listed type with a
part that is not, is refused as unsupported, so that nothing of either SQL dialect is reachable by
accident: file readers, settings, table functions, lambdas, samples, locks, hints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from pytest_roadmap.embedded.sql.errors import SqlError, unresolved_column, unsupported

Parts = Mapping[type[exp.Expr], tuple[str, ...]]
_BINARY = ("this", "expression")
_PARTS: Parts = {
    # queries
    exp.Select: (
        "with_",
        "expressions",
        "from_",
        "joins",
        "where",
        "group",
        "having",
        "qualify",
        "order",
        "limit",
        "offset",
        "distinct",
    ),
    exp.Union: ("with_", "this", "expression", "distinct", "order", "limit", "offset"),
    exp.Except: ("with_", "this", "expression", "distinct", "order", "limit", "offset"),
    exp.Intersect: ("with_", "this", "expression", "distinct", "order", "limit", "offset"),
    exp.Subquery: ("this", "alias", "with_", "order", "limit", "offset"),
    exp.Values: ("expressions", "alias"),
    exp.Tuple: ("expressions",),
    exp.With: ("expressions",),
    exp.CTE: ("this", "alias"),
    exp.Table: ("this", "db", "catalog", "alias", "version"),
    exp.TableAlias: ("this", "columns"),
    exp.Version: ("this", "kind", "expression"),
    exp.From: ("this",),
    exp.Join: ("this", "on", "using", "side", "kind"),
    exp.Where: ("this",),
    exp.Group: ("expressions",),
    exp.Having: ("this",),
    exp.Qualify: ("this",),
    exp.Order: ("expressions",),
    exp.Ordered: ("this", "desc", "nulls_first"),
    exp.Limit: ("expression",),
    exp.Offset: ("expression",),
    exp.Distinct: ("expressions",),
    exp.Star: (),
    # values and operators
    exp.Alias: ("this", "alias"),
    exp.Identifier: ("this", "quoted"),
    exp.Column: ("this", "table", "db", "catalog"),
    exp.Literal: ("this", "is_string"),
    exp.RawString: ("this",),
    exp.Boolean: ("this",),
    exp.Null: (),
    exp.Placeholder: ("this",),
    exp.Paren: ("this",),
    exp.Neg: ("this",),
    exp.Not: ("this",),
    exp.Interval: ("this", "unit"),
    exp.Var: ("this",),
    exp.Cast: ("this", "to"),
    exp.DataType: ("this", "expressions"),
    exp.DataTypeParam: ("this",),
    exp.Case: ("this", "ifs", "default"),
    exp.If: ("this", "true", "false"),
    exp.In: ("this", "expressions", "query"),
    exp.Between: ("this", "low", "high"),
    exp.Like: _BINARY,
    exp.Is: _BINARY,
    exp.Exists: ("this",),
    exp.Div: (*_BINARY, "typed", "safe"),
    exp.DPipe: (*_BINARY, "safe"),
    **dict.fromkeys(
        (
            exp.Add,
            exp.Sub,
            exp.Mul,
            exp.Mod,
            exp.And,
            exp.Or,
            exp.EQ,
            exp.NEQ,
            exp.GT,
            exp.GTE,
            exp.LT,
            exp.LTE,
            exp.NullSafeEQ,
        ),
        _BINARY,
    ),
    # windows and aggregates
    exp.Window: ("this", "partition_by", "order", "spec", "over"),
    exp.WindowSpec: ("kind", "start", "start_side", "end", "end_side"),
    exp.Filter: _BINARY,
    exp.RowNumber: (),
    exp.Rank: (),
    exp.DenseRank: (),
    exp.Lag: ("this", "offset", "default"),
    exp.Lead: ("this", "offset", "default"),
    exp.Count: ("this", "expressions", "big_int"),
    exp.CountIf: ("this",),
    exp.Sum: ("this",),
    exp.Avg: ("this",),
    exp.Min: ("this",),
    exp.Max: ("this",),
    exp.ArgMax: _BINARY,
    exp.ArgMin: _BINARY,
    exp.LogicalOr: ("this",),
    exp.LogicalAnd: ("this",),
    # functions
    exp.Anonymous: ("this", "expressions"),
    exp.Kwarg: _BINARY,
    exp.Coalesce: ("this", "expressions"),
    exp.Nullif: _BINARY,
    exp.Greatest: ("this", "expressions", "ignore_nulls"),
    exp.Least: ("this", "expressions", "ignore_nulls"),
    exp.Abs: ("this",),
    exp.Floor: ("this",),
    exp.Ceil: ("this",),
    exp.Round: ("this", "decimals"),
    exp.Concat: ("expressions", "safe", "coalesce"),
    exp.ConcatWs: ("expressions", "safe", "coalesce", "flatten"),
    exp.Lower: ("this",),
    exp.Upper: ("this",),
    exp.Length: ("this",),
    exp.Trim: ("this",),
    exp.Replace: ("this", "expression", "replacement"),
    exp.Substring: ("this", "start", "length"),
    exp.StrPosition: ("this", "substr"),
    exp.SHA2: ("this", "length"),
    exp.MD5: ("this",),
    # dates
    exp.CurrentTimestamp: (),
    exp.CurrentDate: (),
    exp.TsOrDsToDate: ("this",),
    exp.TsOrDsAdd: ("this", "expression", "unit"),
    exp.TimestampAdd: ("this", "expression", "unit"),
    exp.TimestampDiff: ("this", "expression", "unit"),
    exp.DateDiff: ("this", "expression", "unit"),
    exp.TimestampTrunc: ("this", "unit"),
    exp.StrToUnix: ("this", "format"),
    exp.UnixMicros: ("this",),
    exp.TimeToStr: ("this", "format"),
    exp.TimeStrToTime: ("this",),
    **dict.fromkeys(
        (exp.Year, exp.Month, exp.Day, exp.Hour, exp.Minute, exp.Second, exp.DayOfWeek), ("this",)
    ),
    # who and where
    exp.CurrentUser: (),
    exp.SessionUser: (),
    exp.CurrentCatalog: (),
    exp.CurrentDatabase: (),
    exp.CurrentSchema: (),
}
ANONYMOUS = frozenset(
    {"isnull", "isnotnull", "user", "is_member", "is_account_group_member", "conv", "every"}
    | {"try_secret"}
)
TABLE_FUNCTIONS = frozenset({"read_files", "identifier"})
_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_JOIN_KINDS = {"", "INNER", "OUTER", "CROSS", "SEMI", "ANTI", "LEFT SEMI", "LEFT ANTI"}
_JOIN_SIDES = {"", "LEFT", "RIGHT", "FULL"}
# DuckDB answers these names on every stored table; the service does not know them.
_HIDDEN_COLUMNS = frozenset({"rowid"})


def check_tree(tree: exp.Expr, *, also: Parts | None = None) -> None:
    """Refuse the tree unless every node and every part of it is on the list.

    Args:
        tree: a parsed query or expression.
        also: the node types of the statement around it, with their parts.

    Raises:
        SqlError: unsupported, naming the first construct found.
    """
    parts = _PARTS if also is None else {**_PARTS, **also}
    for node in tree.walk():
        allowed = parts.get(type(node))
        if allowed is None:
            raise unsupported(f"The expression {_describe(node)}")
        for name, value in node.args.items():
            if name not in allowed and value not in (None, False, [], ""):
                raise unsupported(f"The clause {name.rstrip('_')} of {_describe(node)}")
        check = _CHECKS.get(type(node))
        if check is not None:
            check(node)


def _describe(node: exp.Expr) -> str:
    name = node.sql_name() if isinstance(node, exp.Func) else type(node).__name__
    if isinstance(node, exp.Anonymous):
        name = str(node.this)
    return f"{name[:60]}"


def _check_anonymous(node: exp.Expr) -> None:
    name = str(node.this).lower()
    if isinstance(node.this, exp.Expr):
        raise unsupported("A quoted function name")
    if name in ANONYMOUS and not isinstance(node.parent, exp.Table):
        return
    if name in TABLE_FUNCTIONS and isinstance(node.parent, exp.Table):
        return
    raise unsupported(f"The function {name[:60]}")


def _check_literal(node: exp.Expr) -> None:
    if not node.args.get("is_string") and not _NUMBER.fullmatch(str(node.this)):
        raise unsupported(f"The number {str(node.this)[:60]}")


def _check_column(node: exp.Expr) -> None:
    if node.name.lower() in _HIDDEN_COLUMNS:
        raise unresolved_column(f"`{node.name}`")


def _check_placeholder(node: exp.Expr) -> None:
    if not isinstance(node.this, str) or not node.this:
        raise SqlError(
            "INVALID_PARAMETER_MARKER_VALUE", "Positional parameters are not supported.", "22023"
        )


def _check_join(node: exp.Expr) -> None:
    if str(node.args.get("kind") or "") not in _JOIN_KINDS:
        raise unsupported(f"The join kind {node.args['kind']}")
    if str(node.args.get("side") or "") not in _JOIN_SIDES:
        raise unsupported(f"The join side {node.args['side']}")


def _check_var(node: exp.Expr) -> None:
    if node.arg_key not in ("unit", "then") and not isinstance(node.parent, exp.Kwarg):
        raise unsupported(f"The word {node.name[:40]} here")


def _check_kwarg(node: exp.Expr) -> None:
    call = node.parent
    if not (isinstance(call, exp.Anonymous) and str(call.this).lower() == "read_files"):
        raise unsupported("A named argument here")


def _check_interval(node: exp.Expr) -> None:
    unit = node.args.get("unit")
    if not isinstance(unit, exp.Var) or unit.name.upper().rstrip("S") not in _INTERVAL_UNITS:
        raise unsupported("This interval")


_INTERVAL_UNITS = {"SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "YEAR"}
_CHECKS: Mapping[type[exp.Expr], Callable[[exp.Expr], None]] = {
    exp.Anonymous: _check_anonymous,
    exp.Literal: _check_literal,
    exp.Column: _check_column,
    exp.Placeholder: _check_placeholder,
    exp.Join: _check_join,
    exp.Var: _check_var,
    exp.Kwarg: _check_kwarg,
    exp.Interval: _check_interval,
}
