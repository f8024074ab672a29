"""Queries: plan under the lock, run on a cursor of their own."""

# ruff: noqa: S608 - text is made of planned queries, relation names and quoted literals

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from pytest_roadmap.embedded.sql.outcome import ResultColumn, SqlOutcome, as_text, translate_error
from pytest_roadmap.embedded.sql.types import SqlType, parse_type

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

    from pytest_roadmap.embedded.sql.store import Store
    from pytest_roadmap.embedded.sql.work import Work


@dataclass(frozen=True, slots=True)
class Planned:
    """A query ready to run; it names only stored relations, so it needs no lock."""

    sql: str


def plan_query(work: Work, tree: exp.Expr) -> Planned:
    """Authorise and translate a query.

    Raises:
        SqlError: whatever is missing or unsupported.
    """
    tree = tree.copy()
    name_projections(tree)
    return Planned(work.sql(work.plan(tree)))


def name_projections(tree: exp.Expr) -> None:
    """Name unnamed result columns as the service does: by their text (assumed in detail)."""
    while isinstance(tree, exp.SetOperation | exp.Subquery):
        tree = tree.this
    if not isinstance(tree, exp.Select):
        return
    for item in list(tree.expressions):
        if not isinstance(item, exp.Alias | exp.Column | exp.Star):
            text = item.sql("databricks", normalize_functions="lower").replace("`", "")
            text = "count(1)" if text == "count(*)" else text
            item.replace(exp.alias_(item.copy(), text, quoted=True))


def run(
    store: Store, planned: Planned, started: Callable[[Callable[[], None]], None] | None = None
) -> tuple[list[ResultColumn], list[tuple[Any, ...]]]:
    """Run a planned query; columns and plain Python rows.

    Args:
        store: where the relations are.
        planned: the query.
        started: is given a function that interrupts the query; it does nothing once that has ended.

    Raises:
        SqlError: as the service would put it.
    """
    import duckdb  # noqa: PLC0415 - only when SQL runs

    cursor = store.cursor()
    if started is not None:
        started(partial(_interrupt, cursor))
    try:
        found = cursor.execute(planned.sql)
        columns = [ResultColumn(item[0], parse_type(str(item[1]))) for item in found.description]
        return columns, found.fetchall()
    except duckdb.Error as error:
        raise translate_error(error) from None
    finally:
        cursor.close()


def _interrupt(cursor: duckdb.DuckDBPyConnection) -> None:
    import duckdb  # noqa: PLC0415 - only when SQL runs

    with contextlib.suppress(duckdb.Error):  # the query has ended, its cursor is closed
        cursor.interrupt()


def outcome(columns: list[ResultColumn], rows: list[tuple[Any, ...]]) -> SqlOutcome:
    """The result of a query as strings."""
    return SqlOutcome(
        tuple(columns), tuple(tuple(as_text(value) for value in row) for row in rows), "SELECT"
    )


def shape(store: Store, sql: str) -> list[tuple[str, SqlType]]:
    """Names and types of a query's columns, without its rows."""
    columns, _ = run(store, Planned(f"SELECT * FROM ({sql}) LIMIT 0"))
    return [(column.name, column.type) for column in columns]
