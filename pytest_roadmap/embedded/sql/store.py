"""Where rows live: one in-memory DuckDB with immutable relations, one for each table version.

The state of the cloud holds only the names of relations, so a snapshot of the state is a snapshot
of the data. A relation's name is never used twice, also not after a restore.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.sql.errors import unsupported
from pytest_roadmap.embedded.sql.macros import MACROS
from pytest_roadmap.embedded.sql.outcome import translate_error
from pytest_roadmap.embedded.sql.types import parse_type
from pytest_roadmap.embedded.state import Column, TableVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

_SETTINGS = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": "512MB",
    "max_temp_directory_size": "0GB",
    "threads": "2",
}
_BATCH = 5000


@dataclass(slots=True)
class StoredVersion(TableVersion):
    """A table version with its rows: the relation that holds them and the columns it had."""

    relation: str = ""
    columns: tuple[Column, ...] = ()


class Store:
    """The connection, its lock and the relations. DuckDB is imported on first use."""

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._lock = threading.Lock()
        self._numbers = count(1)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor of its own for one statement; it may be interrupted by another thread."""
        with self._lock:
            if self._connection is None:
                self._connection = _connect()
            return self._connection.cursor()

    def create(self, columns: Sequence[Column]) -> str:
        """A new empty relation with these columns; its quoted name."""
        relation = f'store."r{next(self._numbers)}"'
        parts = [
            f"{quoted(c.name)} {parse_type(c.type_text).duckdb}{'' if c.nullable else ' NOT NULL'}"
            for c in columns
        ]
        self.run(f"CREATE TABLE {relation} ({', '.join(parts)})")
        return relation

    def drop(self, relation: str) -> None:
        """Remove a relation that no version names."""
        self.run(f"DROP TABLE IF EXISTS {relation}")

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """Execute SQL of ours to its end.

        Raises:
            SqlError: as the service would put it.
        """
        import duckdb  # noqa: PLC0415 - only when SQL runs

        try:
            return self.cursor().execute(sql).fetchall()
        except duckdb.Error as error:
            raise translate_error(error) from None

    def load(self, relation: str, rows: Iterable[Sequence[Any]]) -> int:
        """Append plain Python rows; how many there were.

        Raises:
            SqlError: a value of a type tables do not hold.
        """
        loaded, pending = 0, iter(rows)
        while batch := list(islice(pending, _BATCH)):
            columns = [[_text(value) for value in column] for column in zip(*batch, strict=True)]
            given = ", ".join("unnest(?::VARCHAR[])" for _ in columns)
            self.cursor().execute(f"INSERT INTO {relation} SELECT {given}", columns)
            loaded += len(batch)
        return loaded


def _connect() -> duckdb.DuckDBPyConnection:
    import duckdb  # noqa: PLC0415 - only when SQL runs

    connection = duckdb.connect(":memory:", config=dict(_SETTINGS))
    connection.execute("CREATE SCHEMA store")
    for macro in MACROS:
        connection.execute(macro)
    connection.execute("SET lock_configuration = true")
    return connection


def quoted(name: str) -> str:
    """An identifier of DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def _text(value: Any) -> str | None:
    """A plain value as DuckDB reads it from a text, into a column of its type."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"
    if isinstance(value, bool | int | float | Decimal | date):
        return str(value)
    raise unsupported(f"A value of type {type(value).__name__}")


def literal(value: Any) -> str:  # noqa: PLR0911 - one line for each type
    """A plain value as a DuckDB literal.

    Raises:
        SqlError: a value of a type tables do not hold.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float):
        return f"{value!r}::DOUBLE"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S.%f}'"
    if isinstance(value, date):
        return f"DATE '{value:%Y-%m-%d}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    raise unsupported(f"A value of type {type(value).__name__}")
