"""Versions of a table: find one, commit the next.

Source: https://docs.databricks.com/en/delta/history.html (documented). Assumed: a change of no row
makes no version (open-source Delta commits only when there are actions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.embedded.sql.errors import SqlError
from pytest_roadmap.embedded.sql.store import StoredVersion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pytest_roadmap.embedded.sql.store import Store
    from pytest_roadmap.embedded.state import Column, Table, TableVersion


def latest(store: Store, table: Table) -> StoredVersion:
    """The current version."""
    if not table.versions:
        commit(
            table,
            store.create(table.columns),
            user=table.created_by,
            now=table.created_at,
            operation="CREATE TABLE",
        )
    return stored(store, table, len(table.versions) - 1)


def stored(store: Store, table: Table, index: int) -> StoredVersion:
    """The version at this position; one that was seeded without rows gets an empty relation."""
    found = table.versions[index]
    if isinstance(found, StoredVersion):
        return found
    filled = _with_rows(found, store.create(table.columns), table.columns)
    table.versions[index] = filled
    return filled


def _with_rows(version: TableVersion, relation: str, columns: Sequence[Column]) -> StoredVersion:
    return StoredVersion(
        version.version,
        version.timestamp,
        version.user_name,
        version.operation,
        version.metrics,
        version.parameters,
        version.job,
        relation,
        tuple(columns),
    )


def at_version(store: Store, table: Table, wanted: int) -> StoredVersion:
    """The version with this number.

    Raises:
        SqlError: there is no such version.
    """
    latest(store, table)
    for index, version in enumerate(table.versions):
        if version.version == wanted:
            return stored(store, table, index)
    numbers = [version.version for version in table.versions]
    raise SqlError(
        "DELTA_VERSION_NOT_FOUND",
        f"Cannot time travel Delta table to version {wanted}. "
        f"Available versions: [{min(numbers)}, {max(numbers)}].",
        "22003",
    )


def at_timestamp(store: Store, table: Table, moment: datetime) -> StoredVersion:
    """The version that was current at this time.

    Raises:
        SqlError: before the first or after the last commit (documented).
    """
    latest(store, table)
    past = [i for i, version in enumerate(table.versions) if version.timestamp <= moment]
    if not past:
        raise SqlError(
            "DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION",
            "The provided timestamp is before the earliest version available to this table.",
            "42816",
        )
    if moment > table.versions[-1].timestamp:
        raise SqlError(
            "DELTA_TIMESTAMP_GREATER_THAN_COMMIT",
            "The provided timestamp is after the latest version available to this table.",
            "42816",
        )
    return stored(store, table, past[-1])


def commit(
    table: Table,
    relation: str,
    *,
    user: str,
    now: datetime,
    operation: str,
    metrics: Mapping[str, int] | None = None,
    parameters: Mapping[str, str] | None = None,
    columns: Sequence[Column] | None = None,
    job: Mapping[str, str] | None = None,
) -> StoredVersion:
    """Make the relation the next version; timestamps of versions only grow."""
    number = table.versions[-1].version + 1 if table.versions else 0
    if columns is not None:
        table.columns = list(columns)
    version = StoredVersion(
        number,
        now,
        user,
        operation,
        {k: str(v) for k, v in (metrics or {}).items()},
        dict(parameters or {}),
        dict(job or {}),
        relation,
        tuple(table.columns),
    )
    table.versions.append(version)
    table.updated_at, table.updated_by = now, user
    return version
