"""INSERT, UPDATE, DELETE, MERGE, RESTORE: each makes a new relation and commits it as a version.

Source: https://docs.databricks.com/en/sql/language-manual/ (documented: privileges, store
assignment by cast, operation names and metrics of the history). Metrics are the row counts only.
"""

# ruff: noqa: S608 - text is made of planned queries, relation names and quoted literals

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from pytest_roadmap.embedded.sql import filters
from pytest_roadmap.embedded.sql.errors import SqlError, unresolved_column, unsupported
from pytest_roadmap.embedded.sql.functions import cast_value, rewrite
from pytest_roadmap.embedded.sql.outcome import SqlOutcome, table_of
from pytest_roadmap.embedded.sql.reading import shape
from pytest_roadmap.embedded.sql.relations import strip_qualifiers
from pytest_roadmap.embedded.sql.store import StoredVersion, quoted
from pytest_roadmap.embedded.sql.versions import commit, latest

if TYPE_CHECKING:
    from pytest_roadmap.embedded.sql import model
    from pytest_roadmap.embedded.sql.work import Work
    from pytest_roadmap.embedded.state import Column, Table

_AFFECTED = ("num_affected_rows", "BIGINT")
Change = Callable[[str], dict[str, int]]


def rewritten(
    work: Work,
    table: Table,
    operation: str,
    change: Change,
    *,
    keep: bool = True,
    always: bool = False,
    parameters: dict[str, str] | None = None,
) -> dict[str, int]:
    """Apply a change to a copy of the current rows and commit it if it changed something.

    Args:
        work: the statement.
        table: what is changed.
        operation: the name in the history.
        change: acts on the new relation and says how many rows it touched, by metric.
        keep: start from the current rows (False: from none).
        always: commit also when no row was touched.
        parameters: ``operationParameters`` of the history.
    """
    current = latest(work.store, table)
    relation = work.store.create(current.columns)
    try:
        if keep:
            work.store.run(f"INSERT INTO {relation} SELECT * FROM {current.relation}")
        metrics = change(relation)
    except SqlError:
        work.store.drop(relation)
        raise
    if not any(metrics.values()) and not always:
        work.store.drop(relation)
        return metrics
    commit(
        table,
        relation,
        user=work.principal.name,
        job=work.job,
        now=work.now,
        operation=operation,
        metrics=metrics,
        parameters=parameters,
    )
    return metrics


def assigned(
    sql: str, shape_of: list[tuple[str, object]], targets: Sequence[Column], work: Work
) -> str:
    """A query whose columns are cast to the target columns (store assignment)."""
    names = ", ".join(f'"c{n}"' for n in range(len(shape_of)))
    casts = ", ".join(
        work.sql(cast_value(exp.column(f"c{n}", quoted=True), column.type_text))
        for n, column in enumerate(targets)
    )
    return f"SELECT {casts} FROM ({sql}) AS _given({names})"


def insert(work: Work, statement: model.Insert) -> SqlOutcome:
    """INSERT INTO and INSERT OVERWRITE."""
    table = work.access.writable(work.target(statement.target))
    columns = latest(work.store, table).columns
    sql = work.sql(work.plan(statement.source.copy()))
    given = shape(work.store, sql)
    targets = _insert_columns(statement, columns, [name for name, _ in given])
    if len(given) != len(targets):
        word = "NOT_ENOUGH" if len(given) < len(targets) else "TOO_MANY"
        raise SqlError(
            f"INSERT_COLUMN_ARITY_MISMATCH.{word}_DATA_COLUMNS",
            f"Cannot write to {table.full_name}: {len(targets)} columns expected, "
            f"{len(given)} given.",
            "21S01",
        )
    names = ", ".join(quoted(column.name) for column in targets)
    rows = assigned(sql, list(given), targets, work)

    def change(relation: str) -> dict[str, int]:
        count = work.store.run(f"INSERT INTO {relation} ({names}) {rows}")[0][0]
        return {"numOutputRows": int(count)}

    mode = "Overwrite" if statement.overwrite else "Append"
    metrics = rewritten(
        work,
        table,
        "WRITE",
        change,
        keep=not statement.overwrite,
        always=statement.overwrite,
        parameters={"mode": mode, "partitionBy": "[]"},
    )
    count = metrics["numOutputRows"]
    return table_of("INSERT", (_AFFECTED, ("num_inserted_rows", "BIGINT")), [(count, count)])


def _insert_columns(
    statement: model.Insert, columns: Sequence[Column], given: list[str]
) -> list[Column]:
    known = {column.name.lower(): column for column in columns}
    names = [name.lower() for name in given] if statement.by_name else list(statement.columns)
    if not names:
        return list(columns)
    for name in names:
        if name not in known:
            raise unresolved_column(f"`{name}`")
    if len(set(names)) != len(names):
        raise SqlError("DUPLICATED_FIELD_NAME_IN_ARROW_STRUCT", "A column is named twice.", "42711")
    return [known[name] for name in names]


def _alias(target: exp.Table, table: Table) -> str:
    return quoted(target.alias or table.name)


def _condition(work: Work, table: Table, where: exp.Expr | None) -> str:
    parts = []
    if where is not None:
        parts.append(f"({work.sql(work.plan(where.this.copy()))})")
    visible = filters.condition(work.state, table)
    if visible is not None:
        parts.append(f"({work.sql(rewrite(visible, work.context()))})")
    return f" WHERE {' AND '.join(parts)}" if parts else ""


def delete(work: Work, statement: model.Delete) -> SqlOutcome:
    """DELETE and TRUNCATE. The fault ``no-op-delete-commits`` writes a version for no row."""
    _qualified(statement.target, statement.where)
    table = work.access.writable(work.target(statement.target))
    where = _condition(work, table, statement.where)
    alias = _alias(statement.target, table)

    def change(relation: str) -> dict[str, int]:
        found = work.store.run(f"DELETE FROM {relation} AS {alias}{where}")
        return {"numDeletedRows": int(found[0][0])}

    always = work.state.fault("no-op-delete-commits") is not None
    metrics = rewritten(work, table, statement.operation, change, always=always)
    return table_of("DELETE", (_AFFECTED,), [(metrics["numDeletedRows"],)])


def _qualified(*trees: exp.Expr | None) -> None:
    for tree in trees:
        if tree is not None and tree.parent is not None:
            strip_qualifiers(tree.root())


def update(work: Work, statement: model.Update) -> SqlOutcome:
    """UPDATE."""
    tree = statement.tree.copy()
    strip_qualifiers(tree)
    table = work.access.writable(work.target(tree.this))
    alias = _alias(tree.this, table)
    sets = assignments(work, tree.expressions, latest(work.store, table).columns, alias)
    where = _condition(work, table, tree.args.get("where"))

    def change(relation: str) -> dict[str, int]:
        found = work.store.run(f"UPDATE {relation} AS {alias} SET {sets}{where}")
        return {"numUpdatedRows": int(found[0][0])}

    metrics = rewritten(work, table, "UPDATE", change)
    return table_of("UPDATE", (_AFFECTED,), [(metrics["numUpdatedRows"],)])


def assignments(work: Work, pairs: list[exp.Expr], columns: Sequence[Column], alias: str) -> str:
    """``column = value, …`` with each value cast to its column; ``t.column`` is accepted.

    Raises:
        SqlError: a column that is not of the target, or one assigned twice.
    """
    known = {column.name.lower(): column for column in columns}
    parts: dict[str, str] = {}
    for pair in pairs:
        if not isinstance(pair, exp.EQ) or not isinstance(pair.this, exp.Column):
            raise unsupported("This assignment")
        name, qualifier = pair.this.name.lower(), pair.this.table
        if name not in known or (qualifier and quoted(qualifier).lower() != alias.lower()):
            raise unresolved_column(f"`{pair.this.name}`")
        if name in parts:
            raise SqlError("DUPLICATE_ASSIGNMENTS", f"`{name}` is assigned twice.", "42701")
        value = cast_value(work.plan(pair.expression.copy()), known[name].type_text)
        parts[name] = f"{quoted(known[name].name)} = {work.sql(value)}"
    return ", ".join(parts.values())


def restore(work: Work, statement: model.Restore) -> SqlOutcome:
    """RESTORE TABLE: a new version with the rows and columns of an old one."""
    table = work.access.writable(work.name(statement.name))
    wanted: StoredVersion = work.version(table, statement.kind, statement.version)
    rows = work.store.run(f"SELECT count(*) FROM {wanted.relation}")[0][0]
    commit(
        table,
        wanted.relation,
        user=work.principal.name,
        job=work.job,
        now=work.now,
        operation="RESTORE",
        metrics={"numRestoredFiles": 1 if rows else 0},
        parameters={"version": str(wanted.version)},
        columns=wanted.columns,
    )
    columns = (
        "table_size_after_restore",
        "num_of_files_after_restore",
        "num_removed_files",
        "num_restored_files",
        "removed_files_size",
        "restored_files_size",
    )
    files = 1 if rows else 0
    return table_of(
        "OTHER", [(name, "BIGINT") for name in columns], [(0, files, files, files, 0, 0)]
    )
