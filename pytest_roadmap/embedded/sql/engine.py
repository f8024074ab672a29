"""The embedded SQL engine: classify, authorise, translate, execute.

A query is planned under the cloud's lock and runs without it, because it names only immutable
relations; everything that changes the state runs under the lock to its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from pytest_roadmap.embedded.sql import (
    ddl,
    files,
    grants,
    merging,
    model,
    reading,
    showing,
    writing,
)
from pytest_roadmap.embedded.sql.access import Access
from pytest_roadmap.embedded.sql.classify import classify
from pytest_roadmap.embedded.sql.errors import SqlError, syntax_error, table_not_found, unsupported
from pytest_roadmap.embedded.sql.functions import parameter_value
from pytest_roadmap.embedded.sql.names import Session
from pytest_roadmap.embedded.sql.store import Store
from pytest_roadmap.embedded.sql.versions import commit
from pytest_roadmap.embedded.sql.work import Work

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from pytest_roadmap.embedded.sql.outcome import SqlOutcome
    from pytest_roadmap.embedded.state import CloudState, Principal

DEFAULT_SCHEMA = "default"
_HANDLERS: dict[type[Any], Callable[[Work, Any], SqlOutcome]] = {
    model.Insert: writing.insert,
    model.Update: writing.update,
    model.Delete: writing.delete,
    model.Merge: merging.merge,
    model.Restore: writing.restore,
    model.CreateSchema: ddl.create_schema,
    model.CreateTable: ddl.create_table,
    model.CreateView: ddl.create_view,
    model.CreateFunction: ddl.create_function,
    model.Drop: ddl.drop,
    model.AlterOwner: ddl.alter_owner,
    model.AddColumns: ddl.add_columns,
    model.SetProperties: ddl.set_properties,
    model.SetRowFilter: ddl.set_row_filter,
    model.Grant: grants.change,
    model.ShowGrants: grants.show,
    model.Show: showing.show,
    model.Describe: showing.describe,
    model.ListPath: files.list_path,
}


class HasState(Protocol):
    """The running cloud as this engine sees it."""

    @property
    def state(self) -> CloudState:
        """The current state; another object after a restore."""

    @property
    def lock(self) -> threading.RLock:
        """Guards the state."""

    def now(self) -> datetime:
        """The cloud's time, UTC."""


@dataclass(frozen=True, slots=True)
class TypedParam:
    """A named statement parameter; ``value`` None is NULL."""

    value: str | None
    type: str = "STRING"


class SqlEngine:
    """Executes statements of one cloud; several clouds may share one store."""

    def __init__(self, cloud: HasState, store: Store | None = None) -> None:
        self._cloud = cloud
        self._store = store or Store()

    @property
    def store(self) -> Store:
        """Where the rows are; an engine over another view of the cloud may share it."""
        return self._store

    def execute(
        self,
        statement: str,
        *,
        principal: Principal,
        parameters: Mapping[str, TypedParam] | None = None,
        catalog: str = "",
        schema: str = "",
        started: Callable[[Callable[[], None]], None] | None = None,
        job: Mapping[str, str] | None = None,
    ) -> SqlOutcome:
        """Run one statement as the principal.

        Args:
            statement: Databricks SQL.
            principal: whose privileges count.
            parameters: values of the named markers.
            catalog: default catalog; the first visible one when empty.
            schema: default schema.
            started: is given a function that interrupts a running query.
            job: names the run the statement belongs to, for the history of the tables it changes.

        Raises:
            SqlError: with the condition and SQLSTATE the service would give.
        """
        try:
            place = (catalog, schema)
            work = partial(self._work, principal, parameters or {}, place, job or {})
            return self._execute(statement, work, started)
        except RecursionError as error:
            raise unsupported("A statement nested this deeply") from error
        except SqlError as error:
            raise self._disguised(error) from error

    def _execute(
        self,
        statement: str,
        begin: Callable[[], Work],
        started: Callable[[Callable[[], None]], None] | None,
    ) -> SqlOutcome:
        found = classify(statement)
        with self._cloud.lock:
            work = begin()
            if isinstance(found, model.InsertDirectory):
                files.check_directory(work, found)
                columns, rows = reading.run(self._store, reading.plan_query(work, found.source))
                return files.insert_directory(work, found, rows, [c.name for c in columns])
            handler = _HANDLERS.get(type(found))
            if handler is not None:
                return handler(work, found)
            if not isinstance(found, model.Query):
                raise unsupported(f"The statement {type(found).__name__}")
            planned = reading.plan_query(work, found.tree)
        return reading.outcome(*reading.run(self._store, planned, started))

    def _work(
        self,
        principal: Principal,
        parameters: Mapping[str, TypedParam],
        place: tuple[str, str],
        job: Mapping[str, str],
    ) -> Work:
        state = self._cloud.state
        default = next(iter(state.catalogs), "")
        return Work(
            state=state,
            store=self._store,
            principal=principal,
            access=Access(state, principal),
            session=Session(place[0].lower() or default, place[1].lower() or DEFAULT_SCHEMA),
            now=self._cloud.now(),
            parameters={name: parameter_value(p.value, p.type) for name, p in parameters.items()},
            job=job,
        )

    def _disguised(self, error: SqlError) -> SqlError:
        """The refusal in another error's clothes, where a fault asks for it."""
        if error.sql_state != "42501":
            return error
        if self._cloud.state.fault("refusal-as-parse-error") is not None:
            return syntax_error("end of input")
        if self._cloud.state.fault("refusal-as-not-found") is not None:
            return table_not_found("of the statement")
        return error

    def load(
        self, full_name: str, rows: Iterable[Sequence[Any]], *, operation: str = "WRITE"
    ) -> int:
        """Give a seeded table its first rows (plain Python values); how many there were.

        The version is stamped with the table's own creation time and creator.

        Raises:
            KeyError: there is no such table in the state.
        """
        with self._cloud.lock:
            table = self._cloud.state.tables[full_name.lower()]
            relation = self._store.create(table.columns)
            count = self._store.load(relation, rows)
            commit(
                table,
                relation,
                user=table.created_by,
                now=table.created_at,
                operation=operation,
                metrics={"numOutputRows": count},
                parameters={"mode": "Append", "partitionBy": "[]"},
            )
            return count
