"""What must be known before a pipeline runs: the tables, where they stand, the rows to work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_roadmap.domain import check_queries as q
from pytest_roadmap.domain.bound_jobs import bound_job_id
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import AssetMissingError, BlockedError, InconclusiveError
from pytest_roadmap.domain.pipeline_contract import (
    Contract,
    Output,
    Window,
    as_parameter,
    parse_time,
)
from pytest_roadmap.domain.ports import WorkspacePort
from pytest_roadmap.domain.warehouse_desk import WarehouseDesk

_OWNER = "DataEng"


def require_contract(workspace: WorkspacePort, contract: Contract) -> None:
    """Every table of the contract exists with the contracted columns.

    Raises:
        BlockedError: a table or a column is not there.
    """
    for table, columns in contract.tables().items():
        present = columns_of(workspace, table)
        absent = [name for name in columns if name.lower() not in present]
        if absent:
            raise BlockedError(
                "asset_not_handed_over",
                table,
                f"it has no column {', '.join(absent)} as the data contract has it",
                owner=_OWNER,
            )


def columns_of(workspace: WorkspacePort, table: str) -> dict[str, str]:
    """The columns of a table in their order: lower-case name → name as the service has it.

    Raises:
        BlockedError: there is no such table.
    """
    try:
        found = workspace.securable("table", table)
    except AssetMissingError as missing:
        raise BlockedError(
            "asset_not_handed_over", table, "the data contract has it", owner=_OWNER
        ) from missing
    names = [str(column.get("name", "")) for column in found.get("columns") or ()]
    return {name.lower(): name for name in names}


@dataclass(frozen=True, slots=True)
class TableState:
    """One output before the run; ``fingerprint`` is over the columns that a rerun must keep."""

    table: str
    rows: int
    fingerprint: str
    version: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """Where the outputs, the state and the CRITICAL ratio stand before a run."""

    tables: tuple[TableState, ...]
    state: tuple[tuple[str | None, ...], ...]
    critical_bad: int
    critical_checked: int

    def as_facts(self) -> dict[str, Any]:
        """The baseline as the record keeps it."""
        tables = {
            each.table: {
                "rows": each.rows,
                "fingerprint": each.fingerprint,
                "version": each.version,
            }
            for each in self.tables
        }
        critical = {"bad": self.critical_bad, "checked": self.critical_checked}
        return {
            "tables": tables,
            "state": {str(row[0]): [*row[1:]] for row in self.state},
            "critical": critical,
        }


def record_baseline(
    desk: WarehouseDesk, contract: Contract, pipelines: Sequence[str], run_id: str
) -> Baseline:
    """Measure every output of the pipelines, the state and the CRITICAL ratio.

    Raises:
        InconclusiveError: an output already has rows of the business run id.
    """
    outputs = contract.of(tuple(pipelines))
    bad, checked = desk.one(q.critical_query(contract.dq), critical=contract.dq.critical_value)
    return Baseline(
        tuple(_measure(desk, output, run_id) for output in outputs),
        desk.rows(q.state_query(contract.state)),
        int(bad or 0),
        int(checked or 0),
    )


def _measure(desk: WarehouseDesk, output: Output, run_id: str) -> TableState:
    count, of_run, _ = desk.one(q.rows_query(output), run_id=run_id)
    if int(of_run or 0):
        raise InconclusiveError(
            "run_id_in_use", f"{output.table} already has rows of the business run id {run_id}"
        )
    columns = columns_of(desk.workspace, output.table)
    lasting = [name for key, name in columns.items() if key not in _lower(output.volatile)]
    _, fingerprint = desk.one(q.fingerprint_query(output.table, lasting))
    history = desk.named(q.history_query(output.table, 1))
    version = str(history[0].get("version") or "") if history else ""
    return TableState(output.table, int(count or 0), str(fingerprint or ""), version)


def _lower(names: Sequence[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def count_source_rows(desk: WarehouseDesk, contract: Contract, window: Window) -> int:
    """How many source rows lie in the window."""
    (found,) = desk.one(
        q.source_rows_query(contract.source),
        lo=as_parameter(window.start),
        hi=as_parameter(window.end),
    )
    return int(found or 0)


def require_source_rows(desk: WarehouseDesk, contract: Contract, window: Window) -> int:
    """The number of source rows in the window.

    Raises:
        BlockedError: there is none.
    """
    found = count_source_rows(desk, contract, window)
    if not found:
        raise BlockedError(
            "no_data",
            contract.source.table,
            f"it has no row from {as_parameter(window.start)} to {as_parameter(window.end)}",
            owner=_OWNER,
        )
    return found


def processed_pipelines(desk: WarehouseDesk, contract: Contract, window: Window) -> frozenset[str]:
    """The pipelines whose state says that they got to the end of the window, or beyond it.

    Where no state is kept, none is known to have.
    """
    try:
        rows = desk.rows(q.state_query(contract.state))
    except AssetMissingError:
        return frozenset()
    marks = {str(row[0]): parse_time(row[1]) for row in rows}
    return frozenset(
        name for name, mark in marks.items() if mark is not None and mark >= window.end
    )


def require_idle(
    workspace: WorkspacePort, environment: Environment, aliases: Sequence[str]
) -> Mapping[str, int]:
    """The ids of the jobs, none of which is running.

    Raises:
        InconclusiveError: a run of one of them is active.
    """
    jobs = {alias: bound_job_id(workspace, environment, alias) for alias in aliases}
    for alias, job_id in jobs.items():
        active = workspace.runs(job_id, active_only=True)
        if active:
            run_id = active[0].get("run_id")
            raise InconclusiveError(
                f"run_active({alias})", f"run {run_id} of job {job_id} has not ended"
            )
    return jobs
