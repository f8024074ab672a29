"""MERGE INTO.

Source: https://docs.databricks.com/en/sql/language-manual/delta-merge-into.html (documented: clause
order, ``*`` forms, the error for several matching source rows).
"""

# ruff: noqa: S608 - text is made of planned queries, relation names and quoted literals

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from pytest_roadmap.embedded.sql import filters
from pytest_roadmap.embedded.sql.errors import (
    SqlError,
    syntax_error,
    unresolved_column,
    unsupported,
)
from pytest_roadmap.embedded.sql.functions import cast_value
from pytest_roadmap.embedded.sql.outcome import SqlOutcome, table_of
from pytest_roadmap.embedded.sql.reading import shape
from pytest_roadmap.embedded.sql.relations import strip_qualifiers
from pytest_roadmap.embedded.sql.store import quoted
from pytest_roadmap.embedded.sql.versions import latest
from pytest_roadmap.embedded.sql.writing import assignments, rewritten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_roadmap.embedded.sql import model
    from pytest_roadmap.embedded.sql.work import Work
    from pytest_roadmap.embedded.state import Column

_METRICS = {
    "UPDATE": "numTargetRowsUpdated",
    "DELETE": "numTargetRowsDeleted",
    "INSERT": "numTargetRowsInserted",
}


@dataclass(frozen=True, slots=True)
class _Merge:
    work: Work
    columns: Sequence[Column]
    target: str
    source_alias: str
    source_columns: tuple[str, ...]


def merge(work: Work, statement: model.Merge) -> SqlOutcome:
    """MERGE INTO: MODIFY and SELECT on the target, SELECT on every table of the source."""
    tree = statement.tree.copy()
    strip_qualifiers(tree)
    name = work.target(tree.this)
    table = work.access.writable(name)
    if filters.condition(work.state, table) is not None:
        raise unsupported("MERGE into a table with a row filter")
    source_sql, source_alias = _source(work, tree.args["using"])
    target = quoted(tree.this.alias or table.name)
    if target.lower() == source_alias.lower():
        raise SqlError("AMBIGUOUS_REFERENCE", "Target and source have the same name.", "42704")
    names = tuple(n for n, _ in shape(work.store, f"SELECT * FROM {source_sql}"))
    parts = _Merge(work, latest(work.store, table).columns, target, source_alias, names)
    on = work.sql(work.plan(tree.args["on"].copy()))
    whens = list(tree.args["whens"].expressions)
    clauses = " ".join(_clause(parts, when) for when in whens)
    conditions = _modifying_conditions(work, whens)

    def change(relation: str) -> dict[str, int]:
        if conditions:
            _refuse_several_matches(parts, relation, source_sql, on, conditions)
        text = f"MERGE INTO {relation} AS {target} USING {source_sql} ON {on} {clauses}"
        actions = [row[0] for row in work.store.run(f"{text} RETURNING merge_action")]
        return {metric: actions.count(action) for action, metric in _METRICS.items()}

    done = rewritten(work, table, "MERGE", change)
    counts = [done[_METRICS[action]] for action in ("UPDATE", "DELETE", "INSERT")]
    columns = [
        (f"num_{word}_rows", "BIGINT") for word in ("affected", "updated", "deleted", "inserted")
    ]
    return table_of("MERGE", columns, [(sum(counts), *counts)])


def _source(work: Work, using: exp.Expr) -> tuple[str, str]:
    if isinstance(using, exp.Subquery) and not using.alias:
        using.set("alias", exp.TableAlias(this=exp.to_identifier("_source", quoted=True)))
    if not isinstance(using, exp.Table | exp.Subquery):
        raise unsupported("This MERGE source")
    holder = exp.Select(expressions=[exp.Star()])
    holder.set("from_", exp.From(this=using.copy()))
    planned = work.plan(holder)
    relation = planned.args["from_"].this
    return work.sql(relation), quoted(relation.alias)


def _clause(parts: _Merge, when: exp.Expr) -> str:
    matched = "MATCHED" if when.args.get("matched") else "NOT MATCHED"
    by_source = bool(when.args.get("source"))
    head = f"WHEN {matched}{' BY SOURCE' if by_source else ''}"
    condition = when.args.get("condition")
    if condition is not None:
        head += f" AND ({parts.work.sql(parts.work.plan(condition.copy()))})"
    return f"{head} THEN {_action(parts, when.args['then'], matched, by_source=by_source)}"


def _action(parts: _Merge, then: exp.Expr, matched: str, *, by_source: bool) -> str:
    inserting = matched == "NOT MATCHED" and not by_source
    if isinstance(then, exp.Insert) and inserting:
        return _insert(parts, then)
    if isinstance(then, exp.Update) and not inserting:
        return f"UPDATE SET {_sets(parts, then, by_source=by_source)}"
    if isinstance(then, exp.Var) and then.name.upper() == "DELETE" and not inserting:
        return "DELETE"
    raise syntax_error("THEN")


def _sets(parts: _Merge, then: exp.Update, *, by_source: bool) -> str:
    pairs = list(then.expressions)
    if len(pairs) == 1 and isinstance(pairs[0], exp.Star):
        if by_source:
            raise syntax_error("*")
        pairs = [
            exp.EQ(this=exp.column(c.name, quoted=True), expression=_source_column(parts, c.name))
            for c in parts.columns
        ]
    return assignments(parts.work, pairs, parts.columns, parts.target)


def _source_column(parts: _Merge, name: str) -> exp.Expr:
    if name.lower() not in {known.lower() for known in parts.source_columns}:
        raise unresolved_column(f"`{name}`")
    return exp.column(name, table=parts.source_alias.strip('"'), quoted=True)


def _insert(parts: _Merge, then: exp.Insert) -> str:
    if isinstance(then.this, exp.Star):
        pairs = [(c, _source_column(parts, c.name)) for c in parts.columns]
    else:
        pairs = _listed(parts, then)
    names = ", ".join(quoted(column.name) for column, _ in pairs)
    values = ", ".join(
        parts.work.sql(cast_value(parts.work.plan(value.copy()), column.type_text))
        for column, value in pairs
    )
    return f"INSERT ({names}) VALUES ({values})"


def _listed(parts: _Merge, then: exp.Insert) -> list[tuple[Column, exp.Expr]]:
    known = {column.name.lower(): column for column in parts.columns}
    if not isinstance(then.this, exp.Tuple) or not isinstance(then.expression, exp.Tuple):
        raise unsupported("This INSERT clause of MERGE")
    names = [item.name.lower() for item in then.this.expressions]
    values = list(then.expression.expressions)
    for name in names:
        if name not in known:
            raise unresolved_column(f"`{name}`")
    if len(names) != len(values) or len(set(names)) != len(names):
        raise syntax_error("VALUES")
    return [(known[name], value) for name, value in zip(names, values, strict=True)]


def _modifying_conditions(work: Work, whens: list[exp.Expr]) -> list[str]:
    """Conditions under which several matching source rows are an error.

    A single unconditional DELETE may match a row several times (documented).
    """
    matched = [when for when in whens if when.args.get("matched")]
    if len(matched) == 1 and matched[0].args.get("condition") is None:
        matched = [when for when in matched if not isinstance(when.args["then"], exp.Var)]
    return [
        work.sql(work.plan(when.args["condition"].copy())) if when.args.get("condition") else "TRUE"
        for when in matched
    ]


def _refuse_several_matches(
    parts: _Merge, relation: str, source: str, on: str, conditions: list[str]
) -> None:
    any_of = " OR ".join(f"({condition})" for condition in conditions)
    twice = parts.work.store.run(
        f"SELECT 1 FROM {relation} AS {parts.target} JOIN {source} ON {on} "
        f"WHERE {any_of} GROUP BY {parts.target}.rowid HAVING count(*) > 1 LIMIT 1"
    )
    if twice:
        raise SqlError(
            "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE",
            "Cannot perform MERGE as multiple source rows matched and attempted to modify the same "
            "target row in the Delta table in possibly conflicting ways.",
            "21506",
        )
