"""The data contract of the pipelines as an environment binds it (``pipelines``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.sql_names import quote_identifier

_PARTS = 3
_TIMES = 2
STATUS_VALUES = ("PASS", "WARN", "FAIL")


@dataclass(frozen=True, slots=True)
class Output:
    """A table that a pipeline writes; names in full, ``written_at`` empty where there is none."""

    pipeline: str
    table: str
    key: tuple[str, ...]
    run_id: str
    written_at: str = ""
    volatile: tuple[str, ...] = ()
    smoke: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the contract names."""
        named = (*self.key, self.run_id, self.written_at, *self.volatile)
        return tuple(dict.fromkeys(name for name in named if name))


@dataclass(frozen=True, slots=True)
class Source:
    """The table that the pipelines read."""

    table: str
    key: tuple[str, ...]
    event_ts: str
    watermark: str


@dataclass(frozen=True, slots=True)
class DqTable:
    """The table in which pipeline A states what it checked."""

    table: str
    severity: str
    critical_value: str
    checked: str
    bad: str
    status: str
    window_start: str
    window_end: str
    status_values: tuple[str, ...] = STATUS_VALUES


@dataclass(frozen=True, slots=True)
class StateTable:
    """The table in which each pipeline keeps how far it got."""

    table: str
    key: str
    watermark: str
    run_id: str
    status: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class RulesTable:
    """The table of the rules."""

    table: str
    key: str
    current: str


@dataclass(frozen=True, slots=True)
class Contract:
    """Everything bound under ``pipelines`` that a run is judged by."""

    order: tuple[str, ...]
    outputs: tuple[Output, ...]
    source: Source
    dq: DqTable
    state: StateTable
    rules: RulesTable

    def of(self, pipelines: tuple[str, ...]) -> tuple[Output, ...]:
        """The outputs of these pipelines, in the order of the contract."""
        return tuple(each for each in self.outputs if each.pipeline in pipelines)

    def in_order(self, pipelines: tuple[str, ...]) -> tuple[str, ...]:
        """The pipelines in the order in which they must run.

        Raises:
            BlockedError: one of them is not bound.
        """
        for name in pipelines:
            if name not in self.order:
                raise BlockedError("missing_binding", f"pipelines.order: {name}", owner="DataEng")
        return tuple(name for name in self.order if name in pipelines)

    def tables(self) -> dict[str, tuple[str, ...]]:
        """Every table of the contract with the columns that must be there."""
        source, dq, state, rules = self.source, self.dq, self.state, self.rules
        named: list[tuple[str, tuple[str, ...]]] = [
            (source.table, (*source.key, source.event_ts, source.watermark)),
            *((each.table, each.columns) for each in self.outputs),
            (
                dq.table,
                (dq.severity, dq.checked, dq.bad, dq.status, dq.window_start, dq.window_end),
            ),
            (
                state.table,
                (state.key, state.watermark, state.run_id, state.status, state.updated_at),
            ),
            (rules.table, (rules.key, rules.current)),
        ]
        found: dict[str, tuple[str, ...]] = {}
        for table, columns in named:
            found[table] = tuple(dict.fromkeys((*found.get(table, ()), *columns)))
        return found


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of source rows, times aware UTC."""

    name: str
    start: datetime
    end: datetime


def load_contract(environment: Environment) -> Contract:
    """The contract as bound.

    Raises:
        BlockedError: a part of it is not bound.
        InconclusiveError: a table or column in it is no name.
    """
    order = tuple(str(name) for name in environment.require("pipelines.order"))
    contract = Contract(
        order=order,
        outputs=tuple(_output(environment, *entry) for entry in _outputs(environment, order)),
        source=Source(
            _table(environment, "pipelines.source.table"),
            tuple(str(name) for name in environment.require("pipelines.source.key")),
            *_names(environment, "pipelines.source", "event_ts", "watermark"),
        ),
        dq=_dq(environment),
        state=StateTable(
            _table(environment, "pipelines.state.table"),
            *_names(
                environment,
                "pipelines.state",
                "key",
                "watermark",
                "run_id",
                "status",
                "updated_at",
            ),
        ),
        rules=RulesTable(
            _table(environment, "pipelines.rules.table"),
            *_names(environment, "pipelines.rules", "key", "current"),
        ),
    )
    _check_names(contract)
    return contract


def bound_window(environment: Environment, name: str) -> Window:
    """The window of this name: ``smoke`` and ``affected`` are bound, ``history`` ends at cutover.

    Raises:
        BlockedError: not bound. InconclusiveError: no two times, or the end is not after the start.
    """
    key = f"pipelines.windows.{name}"
    if name == "history":
        key = "pipelines.windows.history_start"
        times: Any = [environment.require(key), environment.require("cutover.T_cutover_utc")]
    else:
        times = environment.require(key)
    if not isinstance(times, list) or len(times) != _TIMES:
        raise InconclusiveError("malformed_binding", f"{key} must hold a start and an end")
    start, end = (parse_time(item) for item in times)
    if start is None or end is None or end <= start:
        raise InconclusiveError(
            "malformed_binding", f"{key} must hold two times, the later one second"
        )
    return Window(name, start, end)


def parse_time(value: object) -> datetime | None:
    """A time as files, parameters and answers write it; without an offset it is UTC."""
    if isinstance(value, datetime):
        found = value
    else:
        try:
            found = datetime.fromisoformat(str(value).strip())
        except ValueError:
            return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def as_parameter(moment: datetime) -> str:
    """A time as a job parameter: ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _outputs(environment: Environment, order: tuple[str, ...]) -> list[tuple[str, str, Any]]:
    return [
        (name, f"pipelines.{name}.outputs[{index}]", entry)
        for name in order
        for index, entry in enumerate(environment.require(f"pipelines.{name}.outputs"))
    ]


def _output(environment: Environment, pipeline: str, key: str, entry: Any) -> Output:
    if not isinstance(entry, Mapping) or not all(entry.get(n) for n in ("table", "key", "run_id")):
        raise InconclusiveError("malformed_binding", f"{key} must have table, key and run_id")
    return Output(
        pipeline,
        _full(environment, str(entry["table"])),
        tuple(str(name) for name in entry["key"]),
        str(entry["run_id"]),
        str(entry.get("written_at") or ""),
        tuple(str(name) for name in entry.get("volatile") or ()),
        entry.get("smoke_any_of") is True,
    )


def _dq(environment: Environment) -> DqTable:
    def name(key: str) -> str:
        return str(environment.require(f"pipelines.dq.{key}"))

    values = environment.get("pipelines.dq.status_values") or STATUS_VALUES
    return DqTable(
        table=_table(environment, "pipelines.dq.table"),
        severity=name("severity"),
        critical_value=name("critical_value"),
        checked=name("checked"),
        bad=name("bad"),
        status=name("status"),
        window_start=name("window_start"),
        window_end=name("window_end"),
        status_values=tuple(str(value) for value in values),
    )


def _names(environment: Environment, prefix: str, *names: str) -> tuple[str, ...]:
    return tuple(str(environment.require(f"{prefix}.{name}")) for name in names)


def _table(environment: Environment, key: str) -> str:
    return _full(environment, str(environment.require(key)))


def _full(environment: Environment, table: str) -> str:
    """The name with its catalog: bindings name schema and table."""
    if table.count(".") == _PARTS - 1:
        return table
    return f"{environment.require('uc.catalog')}.{table}"


def _check_names(contract: Contract) -> None:
    for table, columns in contract.tables().items():
        parts = table.split(".")
        try:
            for name in (*parts, *columns):
                quote_identifier(name)
        except ValueError as error:
            raise InconclusiveError("malformed_binding", f"pipelines: {table}: {error}") from error
        if len(parts) != _PARTS:
            raise InconclusiveError(
                "malformed_binding", f"pipelines: {table} must be a schema and a table"
            )
