"""A small cloud for the tests of the SQL engine: four people, a few tables, two locations."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pytest_roadmap.embedded.faults import activate
from pytest_roadmap.embedded.sql.engine import SqlEngine, TypedParam
from pytest_roadmap.embedded.sql.errors import SqlError
from pytest_roadmap.embedded.sql.outcome import SqlOutcome
from pytest_roadmap.embedded.sql.store import Store
from pytest_roadmap.embedded.state import (
    Catalog,
    CloudState,
    Column,
    ExternalLocation,
    Group,
    Metastore,
    Principal,
    RoleAssignment,
    Schema,
    StorageCredential,
    Table,
)

_STORE = Store()
Parameter = str | tuple[str | None, str]
Rows = list[list[str | None]]
START = datetime(2026, 2, 1, tzinfo=UTC)
ADMIN, PIPELINE, READER, NOBODY = "admin@x.example", "pipeline", "reader@x.example", "nobody"
LANDING = "abfss://landing@stx.dfs.core.windows.net/"
ARCHIVE = "abfss://archive@stx.dfs.core.windows.net/"
TXN = (
    ("t1", "a1", Decimal("10.00"), datetime(2026, 2, 1, 1, tzinfo=UTC)),
    ("t2", "a1", Decimal("20.50"), datetime(2026, 2, 1, 2, tzinfo=UTC)),
    ("t3", "a2", None, datetime(2026, 2, 2, 3, tzinfo=UTC)),
)


def _birth(owner: str = ADMIN) -> dict[str, Any]:
    return {
        "owner": owner,
        "created_at": START,
        "created_by": owner,
        "updated_at": START,
        "updated_by": owner,
    }


def _columns(text: str) -> list[Column]:
    parts = [part.strip().partition(" ") for part in text.split(";")]
    return [Column(name, kind) for name, _, kind in parts]


class World:
    """The cloud as the engine sees it, with a clock that ticks a minute for each statement."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.minutes = 0
        self.state = _state()
        self.last = SqlOutcome((), ())
        self.engine = SqlEngine(self, _STORE)
        self.engine.load("main.silver.txn", TXN)
        self.engine.load("main.bronze.raw_txn", [])
        self.engine.load("main._private.salaries", [("kim", 424242), ("lee", 777777)])

    def now(self) -> datetime:
        return START + timedelta(days=10, minutes=self.minutes)

    def run(self, sql: str, as_: str = ADMIN, **parameters: Parameter) -> Rows:
        """Rows of a statement run as someone."""
        self.minutes += 1
        typed = {
            name: TypedParam(*value) if isinstance(value, tuple) else TypedParam(value)
            for name, value in parameters.items()
        }
        principal = self.state.principal_named(as_)
        assert principal is not None
        found = self.engine.execute(sql, principal=principal, parameters=typed)
        self.last = found
        return [list(row) for row in found.rows]

    def error(self, sql: str, as_: str = PIPELINE, **parameters: Parameter) -> SqlError:
        """The error a statement ends in."""
        try:
            rows = self.run(sql, as_, **parameters)
        except SqlError as error:
            return error
        raise AssertionError(f"{sql} succeeded with {rows}")

    def grant(self, privilege: str, kind: str, name: str, to: str = PIPELINE) -> None:
        self.state.grants.setdefault((kind, name), {}).setdefault(to, []).append(privilege)

    def revoke(self, privilege: str, kind: str, name: str, to: str = PIPELINE) -> None:
        self.state.grants[(kind, name)][to].remove(privilege)

    def faults(self, *texts: str) -> None:
        self.state.faults = activate(list(texts))


def _state() -> CloudState:
    people = (ADMIN, PIPELINE, READER, NOBODY)
    state = CloudState(
        tenant_id="t",
        subscription_id="s",
        workspace_id=1,
        metastore=Metastore("meta", **_birth(), metastore_id="m-1"),
        principals={
            f"p{n}": Principal(f"p{n}", "user", name, name, f"o{n}")
            for n, name in enumerate(people)
        },
        groups={"g1": Group("g1", "grp-etl", ["p1"]), "g2": Group("g2", "grp-ops", ["p2"])},
    )
    state.catalogs["main"] = Catalog("main", **_birth())
    state.catalogs["other"] = Catalog("other", **_birth())
    for name in ("bronze", "silver", "_private", "default"):
        state.schemas[f"main.{name}"] = Schema(f"main.{name}", **_birth())
    for name, columns in (
        ("bronze.raw_txn", "txn_id string; amount decimal(18,2); ingest_ts timestamp"),
        (
            "silver.txn",
            "txn_id string; account_id string; amount decimal(18,2); ingest_ts timestamp",
        ),
        ("_private.salaries", "name string; amount bigint"),
    ):
        state.tables[f"main.{name}"] = Table(
            f"main.{name}", **_birth(), table_id=name, columns=_columns(columns)
        )
    for privilege, kind, name in (
        ("USE_CATALOG", "CATALOG", "main"),
        ("USE_SCHEMA", "SCHEMA", "main.default"),
        ("USE_SCHEMA", "SCHEMA", "main.bronze"),
        ("SELECT", "SCHEMA", "main.bronze"),
        ("USE_SCHEMA", "SCHEMA", "main.silver"),
        ("SELECT", "SCHEMA", "main.silver"),
        ("MODIFY", "SCHEMA", "main.silver"),
        ("READ_FILES", "EXTERNAL_LOCATION", "landing"),
        ("WRITE_FILES", "EXTERNAL_LOCATION", "landing"),
        ("READ_FILES", "EXTERNAL_LOCATION", "archive"),
    ):
        state.grants.setdefault((kind, name), {}).setdefault(PIPELINE, []).append(privilege)
    _add_storage(state)
    return state


def _add_storage(state: CloudState) -> None:
    account = "/subscriptions/s/resourcegroups/r/providers/microsoft.storage/storageaccounts/stx"
    state.arm[account] = {"id": account, "properties": {}}
    for name in ("landing", "archive"):
        container = f"{account}/blobservices/default/containers/{name}"
        state.arm[container] = {"id": container}
    state.storage_credentials["cred"] = StorageCredential("cred", **_birth(), object_id="mi")
    state.role_assignments.append(
        RoleAssignment("ra", account, "mi", "Storage Blob Data Contributor")
    )
    for name, url in (("landing", LANDING), ("archive", ARCHIVE)):
        state.external_locations[name] = ExternalLocation(
            name, **_birth(), url=url, credential_name="cred", read_only=name == "archive"
        )
