"""SQL functions and the row filters made of them.

Source: https://learn.microsoft.com/azure/databricks/tables/row-and-column-filters (documented: the
filter is evaluated with the privileges of its owner and names the querying user).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from pytest_roadmap.embedded.sql.classify import expression
from pytest_roadmap.embedded.sql.errors import unresolved_column, unsupported

if TYPE_CHECKING:
    from pytest_roadmap.embedded.state import CloudState, Table

_KEY = "sql"


@dataclass(slots=True)
class SqlFunction:
    """A function with a SQL expression as body."""

    full_name: str
    owner: str
    parameters: tuple[str, ...]
    text: str


@dataclass(slots=True)
class SqlObjects:
    """What only SQL knows: functions, and the columns each table's row filter takes."""

    functions: dict[str, SqlFunction] = field(default_factory=dict)
    filter_columns: dict[str, tuple[str, ...]] = field(default_factory=dict)


def objects(state: CloudState) -> SqlObjects:
    """The SQL objects of the state; part of every snapshot."""
    found = state.statements.setdefault(_KEY, SqlObjects())
    if not isinstance(found, SqlObjects):
        raise unsupported("This state")
    return found


def condition(state: CloudState, table: Table) -> exp.Expr | None:
    """The condition the table's row filter puts on its rows, over the table's columns; or None.

    The fault ``row-filter-hides-all`` acts as a filter that is never true.
    """
    fault = state.fault("row-filter-hides-all")
    if fault is not None and fault.parameters.get("table", table.full_name) == table.full_name:
        return exp.false()
    if not table.row_filter:
        return None
    function = objects(state).functions.get(table.row_filter)
    if function is None:
        raise unsupported(f"The row filter {table.row_filter}")
    columns = objects(state).filter_columns.get(table.full_name, ())
    named = dict(zip(function.parameters, columns, strict=True))
    return exp.paren(bind(function, named), copy=False)


def bind(function: SqlFunction, columns: dict[str, str]) -> exp.Expr:
    """The body with its parameters replaced by columns.

    Raises:
        SqlError: the body names something that is no parameter.
    """
    body = exp.paren(expression(function.text), copy=False)
    for column in list(body.find_all(exp.Column)):
        target = columns.get(column.name.lower())
        if target is None or column.args.get("table"):
            raise unresolved_column(f"`{column.name}`")
        column.replace(exp.column(exp.to_identifier(target, quoted=True)))
    return body
