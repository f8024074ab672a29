"""Replace each expression that DuckDB would answer differently by one that answers as Spark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from pytest_roadmap.embedded.sql.errors import SqlError, unbound_parameter, unsupported
from pytest_roadmap.embedded.sql.types import parse_type

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

# sqlglot's reading of the date patterns whose output is the same in both engines.
_DATE_FORMATS = {
    "%Y-%mstrict-%dstrict": "%Y-%m-%d",
    "%Ystrict%mstrict%dstrict": "%Y%m%d",
    "%Y%mstrict%dstrict": "%Y%m%d",
    "%Y-%mstrict": "%Y-%m",
    "%Y-%mstrict-%dstrict %Hstrict:%Mstrict:%Sstrict": "%Y-%m-%d %H:%M:%S",
}
_UNIX_FORMAT = "%Y-%mstrict-%dstrict %Hstrict:%Mstrict:%Sstrict"
_TRUNC_UNITS = {"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"}
_DIFF_UNITS = {"WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"}
_ADD_UNITS = {
    "WEEK": "to_weeks",
    "DAY": "to_days",
    "HOUR": "to_hours",
    "MINUTE": "to_minutes",
    "SECOND": "to_seconds",
}
_OFFSET = re.compile(r"\s*\d{4}-\d\d?-\d\d?[ T].*[+-]\d\d(:?\d\d)?\s*$")
_FRACTION = re.compile(r"\s*[+-]?(\d*\.\d*|\d+(\.\d*)?[eE][+-]?\d+)\s*$")
SHA_256 = "256"


@dataclass(frozen=True, slots=True)
class Context:
    """What the values of a statement depend on besides the tables."""

    user: str
    catalog: str
    schema: str
    now: datetime
    is_member: Callable[[str], bool]
    parameters: Callable[[str], exp.Expr | None]
    secret: Callable[[str, str], str | None]


def rewrite(tree: exp.Expr, context: Context) -> exp.Expr:
    """Rewrite a checked tree bottom-up; the result is for the DuckDB generator.

    Raises:
        SqlError: a use whose answer would differ from Spark, or an unbound parameter.
    """
    for node in reversed(list(tree.walk(bfs=False))):
        handler = _HANDLERS.get(type(node))
        if handler is None:
            continue
        new = handler(node, context)
        if new is not node:
            if node is tree:
                tree = new
            else:
                node.replace(new)
    return tree


def call(name: str, *args: exp.Expr) -> exp.Expr:
    """A call of a DuckDB function or macro by its plain name."""
    return exp.Anonymous(this=name, expressions=list(args))


def text(value: str) -> exp.Expr:
    """A string literal."""
    return exp.Literal.string(value)


def duckdb_type(name: str) -> exp.DataType:
    """A DuckDB type for a cast."""
    return exp.DataType.build(name, dialect="duckdb")


def cast_value(value: exp.Expr, target: str) -> exp.Expr:
    """``CAST(value AS target)`` with Spark's result; ``target`` is a type name of either engine."""
    kind = parse_type(target)
    to = duckdb_type(kind.duckdb)
    macro = {
        "STRING": "spark_string",
        "TIMESTAMP": "spark_timestamp",
        "DATE": "spark_date",
        "BOOLEAN": "spark_boolean",
        "BIGINT": "spark_long",
        "INT": "spark_long",
        "SMALLINT": "spark_long",
        "TINYINT": "spark_long",
        "DECIMAL": "spark_number",
        "DOUBLE": "spark_number",
        "FLOAT": "spark_number",
    }.get(kind.name)
    if macro is None:
        raise unsupported(f"A cast to {kind.sql}")
    return exp.Cast(this=call(macro, value), to=to)


def _cast(node: exp.Expr, _: Context) -> exp.Expr:
    target = node.args["to"]
    return cast_value(node.this, target.sql("databricks"))


def _placeholder(node: exp.Expr, context: Context) -> exp.Expr:
    value = context.parameters(str(node.this))
    if value is None:
        raise unbound_parameter(str(node.this))
    return value


def _anonymous(node: exp.Expr, context: Context) -> exp.Expr:
    name, args = str(node.this).lower(), list(node.expressions)
    if name in ("isnull", "isnotnull") and len(args) == 1:
        null = exp.Is(this=exp.paren(args[0], copy=False), expression=exp.Null())
        return exp.paren(null if name == "isnull" else exp.Not(this=null), copy=False)
    if name == "user" and not args:
        return text(context.user)
    if name in ("is_member", "is_account_group_member") and len(args) == 1:
        if not _is_text(args[0]):
            raise unsupported(f"{name} of anything but a literal")
        return exp.Boolean(this=context.is_member(args[0].name))
    if name == "try_secret" and [_is_text(argument) for argument in args] == [True, True]:
        value = context.secret(args[0].name, args[1].name)
        return exp.cast(exp.Null() if value is None else text(value), "VARCHAR", dialect="duckdb")
    if name == "conv" and [a.sql() for a in args[1:]] == ["16", "10"]:
        return call("spark_conv_16_10", args[0])
    if name == "every" and len(args) == 1:
        return exp.LogicalAnd(this=args[0])
    raise unsupported(f"The function {name} with these arguments")


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and bool(node.is_string)


def _binary(macro: str) -> Callable[[exp.Expr, Context], exp.Expr]:
    return lambda node, _: call(macro, node.this, node.expression)


def _inner(macro: str) -> Callable[[exp.Expr, Context], exp.Expr]:
    def handler(node: exp.Expr, _: Context) -> exp.Expr:
        node.set("this", call(macro, node.this))
        return node

    return handler


def _distinct_aware(macro: str) -> Callable[[exp.Expr, Context], exp.Expr]:
    def handler(node: exp.Expr, context: Context) -> exp.Expr:
        if isinstance(node.this, exp.Distinct):
            raise unsupported("avg(DISTINCT …)")
        return _inner(macro)(node, context)

    return handler


def _joined(node: exp.Expr, _: Context) -> exp.Expr:
    node.set("expressions", [call("spark_string", part) for part in node.expressions])
    return node


def _piped(node: exp.Expr, _: Context) -> exp.Expr:
    node.set("this", call("spark_string", node.this))
    node.set("expression", call("spark_string", node.expression))
    return node


def _sha2(node: exp.Expr, _: Context) -> exp.Expr:
    length = node.args.get("length")
    if length is None or length.sql() not in (SHA_256, "0"):
        raise unsupported("sha2 with another length than 256")
    return call("sha256", call("spark_string", node.this))


def _round(node: exp.Expr, _: Context) -> exp.Expr:
    digits = node.args.get("decimals")
    if digits is not None and not (isinstance(digits, exp.Literal) and digits.name.isdigit()):
        raise unsupported("round to anything but a literal number of digits")
    node.set("this", call("spark_rounded", node.this))
    return node


def _to_long(node: exp.Expr, _: Context) -> exp.Expr:
    return exp.Cast(this=node, to=duckdb_type("BIGINT"))


def _substring(node: exp.Expr, _: Context) -> exp.Expr:
    start = node.args.get("start") or exp.Literal.number(1)
    length = node.args.get("length") or exp.Literal.number(2**31 - 1)
    return call("spark_substring", call("spark_string", node.this), start, length)


def _like(node: exp.Expr, _: Context) -> exp.Expr:
    if not _is_text(node.expression) or "\\" in node.expression.name:
        raise unsupported("LIKE with anything but a literal pattern without escapes")
    return node


def _compared(node: exp.Expr, _: Context) -> exp.Expr:
    """A comparison; a text that DuckDB would read another way than Spark is refused.

    DuckDB rounds ``'1.5'`` to an integer column's type and drops the offset of a time.
    """
    sides = [node.this, node.expression] if node.expression else [node.this, *node.expressions]
    for side in sides:
        value = side.name if _is_text(side) else ""
        if _OFFSET.match(value):
            raise unsupported("A time with an offset compared as text (write TIMESTAMP'…')")
        if _FRACTION.match(value):
            raise unsupported("A number with a fraction compared as text (write it as a number)")
    return node


def _between(node: exp.Expr, context: Context) -> exp.Expr:
    for bound in (node.args["low"], node.args["high"]):
        _compared(exp.EQ(this=node.this.copy(), expression=bound.copy()), context)
    return node


def _raw(node: exp.Expr, _: Context) -> exp.Expr:
    return text(str(node.this))


def _now(_: exp.Expr, context: Context) -> exp.Expr:
    return exp.Cast(
        this=text(context.now.strftime("%Y-%m-%d %H:%M:%S.%f")), to=duckdb_type("TIMESTAMP")
    )


def _today(_: exp.Expr, context: Context) -> exp.Expr:
    return exp.Cast(this=text(context.now.strftime("%Y-%m-%d")), to=duckdb_type("DATE"))


def _unit(node: exp.Expr, allowed: set[str]) -> str:
    unit = node.args.get("unit")
    name = "DAY" if unit is None else str(unit.name).upper()
    if name not in allowed:
        raise unsupported(f"The unit {name[:20]} here")
    return name


def _date_trunc(node: exp.Expr, _: Context) -> exp.Expr:
    unit = _unit(node, _TRUNC_UNITS)
    return call("date_trunc", text(unit.lower()), call("spark_timestamp", node.this))


def _timestamp_diff(node: exp.Expr, _: Context) -> exp.Expr:
    unit = _unit(node, _DIFF_UNITS)
    start, end = (call("spark_timestamp", part) for part in (node.expression, node.this))
    return call("date_sub", text(unit.lower()), start, end)


def _date_diff(node: exp.Expr, _: Context) -> exp.Expr:
    _unit(node, {"DAY"})
    return call("spark_days_between", node.expression, node.this)


def _date_add(node: exp.Expr, _: Context) -> exp.Expr:
    _unit(node, {"DAY"})
    days = exp.Cast(this=exp.paren(node.expression, copy=False), to=duckdb_type("INTEGER"))
    return exp.paren(exp.Add(this=call("spark_date", node.this), expression=days), copy=False)


def _timestamp_add(node: exp.Expr, _: Context) -> exp.Expr:
    unit = _unit(node, set(_ADD_UNITS))
    count = exp.Cast(this=exp.paren(node.expression, copy=False), to=duckdb_type("INTEGER"))
    step = call(_ADD_UNITS[unit], count)
    return exp.paren(exp.Add(this=call("spark_timestamp", node.this), expression=step), copy=False)


def _unix(node: exp.Expr, _: Context) -> exp.Expr:
    form = node.args.get("format")
    if form is not None and form.name != _UNIX_FORMAT:
        raise unsupported("unix_timestamp with a format")
    return call("spark_unix", node.this)


def _date_format(node: exp.Expr, _: Context) -> exp.Expr:
    form = node.args.get("format")
    pattern = _DATE_FORMATS.get(form.name) if form is not None and _is_text(form) else None
    if pattern is None:
        raise unsupported("date_format with this pattern")
    return call("strftime", node.this, text(pattern))


def _time_part(node: exp.Expr, _: Context) -> exp.Expr:
    return call(type(node).__name__.lower(), call("spark_timestamp", node.this))


def _day_of_week(node: exp.Expr, _: Context) -> exp.Expr:
    weekday = call("dayofweek", node.this)
    return exp.paren(exp.Add(this=weekday, expression=exp.Literal.number(1)), copy=False)


def _join(node: exp.Expr, _: Context) -> exp.Expr:
    if str(node.args.get("kind") or "") in ("SEMI", "ANTI"):
        node.set("side", None)
    return node


def _interval(node: exp.Expr, _: Context) -> exp.Expr:
    value = node.this
    if not isinstance(value, exp.Literal) or not re.fullmatch(r"-?\d+", value.name):
        raise unsupported("An interval of anything but a whole number")
    return exp.Interval(this=text(value.name), unit=exp.Var(this=node.args["unit"].name.upper()))


_HANDLERS: dict[type[exp.Expr], Callable[[exp.Expr, Context], exp.Expr]] = {
    exp.Placeholder: _placeholder,
    exp.Anonymous: _anonymous,
    exp.Cast: _cast,
    exp.Div: _binary("spark_div"),
    exp.Mod: _binary("spark_mod"),
    exp.Add: _binary("spark_add"),
    exp.Sub: _binary("spark_sub"),
    exp.Avg: _distinct_aware("spark_averaged"),
    exp.Round: _round,
    exp.Floor: _to_long,
    exp.Ceil: _to_long,
    exp.Concat: _joined,
    exp.ConcatWs: _joined,
    exp.DPipe: _piped,
    exp.SHA2: _sha2,
    exp.MD5: _inner("spark_string"),
    exp.Lower: _inner("spark_string"),
    exp.Upper: _inner("spark_string"),
    exp.Length: _inner("spark_string"),
    exp.Trim: _inner("spark_string"),
    exp.Substring: _substring,
    exp.Like: _like,
    **dict.fromkeys(
        (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.In), _compared
    ),
    exp.Between: _between,
    exp.RawString: _raw,
    exp.CurrentTimestamp: _now,
    exp.CurrentDate: _today,
    exp.TsOrDsToDate: lambda node, _: call("spark_date", node.this),
    exp.TimeStrToTime: lambda node, _: call("spark_timestamp", node.this),
    exp.TsOrDsAdd: _date_add,
    exp.TimestampAdd: _timestamp_add,
    exp.TimestampDiff: _timestamp_diff,
    exp.DateDiff: _date_diff,
    exp.TimestampTrunc: _date_trunc,
    exp.StrToUnix: _unix,
    exp.UnixMicros: lambda node, _: call("epoch_us", call("spark_timestamp", node.this)),
    exp.TimeToStr: _date_format,
    exp.Hour: _time_part,
    exp.Minute: _time_part,
    exp.Second: _time_part,
    exp.DayOfWeek: _day_of_week,
    exp.ArgMax: lambda node, _: call("arg_max_null", node.this, node.expression),
    exp.ArgMin: lambda node, _: call("arg_min_null", node.this, node.expression),
    exp.CurrentUser: lambda _, context: text(context.user),
    exp.SessionUser: lambda _, context: text(context.user),
    exp.CurrentCatalog: lambda _, context: text(context.catalog),
    exp.CurrentDatabase: lambda _, context: text(context.schema),
    exp.CurrentSchema: lambda _, context: text(context.schema),
    exp.Join: _join,
    exp.Interval: _interval,
}


def parameter_value(value: str | None, type_name: str) -> exp.Expr:
    """A typed statement parameter as an expression (documented: checked as by CAST).

    Raises:
        SqlError: a type this engine does not carry.
    """
    kind = parse_type(type_name or "STRING")
    if kind.name == "VOID" or value is None:
        return exp.Cast(this=exp.Null(), to=duckdb_type(kind.duckdb))
    if "\0" in value:
        raise SqlError("INVALID_PARAMETER_VALUE", "A parameter holds a null character.", "22023")
    return text(value) if kind.name == "STRING" else cast_value(text(value), kind.sql)
