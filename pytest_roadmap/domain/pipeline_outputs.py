"""What a run left in the tables: rows, keys, DQ results, writers (Q-ROWS, Q-DUP, C-HIST)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_roadmap.domain import check_queries as q
from pytest_roadmap.domain.job_runs import CLOCK_TOLERANCE
from pytest_roadmap.domain.outcome import AssetMissingError, BlockedError, InconclusiveError
from pytest_roadmap.domain.pipeline_baseline import count_source_rows
from pytest_roadmap.domain.pipeline_contract import Contract, Output, Window, parse_time
from pytest_roadmap.domain.warehouse_desk import Cells, WarehouseDesk

_HISTORY_ROWS = 100
#: What changes a table without changing its content.
_MAINTENANCE = frozenset(
    {"OPTIMIZE", "VACUUM START", "VACUUM END", "ANALYZE", "COMPUTE STATS", "FSCK", "REORG"}
)


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """One run as the record of an earlier scenario has it; times are UTC."""

    pipeline: str
    run_id: int
    run_as: str
    started: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class EarlierRuns:
    """The runs of one business run id, and the window they worked on."""

    run_id: str
    window: Window
    runs: tuple[EarlierRun, ...]

    @property
    def started(self) -> datetime:
        """When the first of them started."""
        return min(each.started for each in self.runs)


def earlier_runs(left: Mapping[str, Any]) -> EarlierRuns:
    """What ``PipelineRuns.as_facts`` left in a record.

    Raises:
        InconclusiveError: it is not whole.
    """
    try:
        window = left["window"]
        start, end = parse_time(window["start"]), parse_time(window["end"])
        runs = tuple(_earlier(each) for each in left["runs"])
        run_id = str(left["business_run_id"])
    except (KeyError, TypeError, ValueError) as error:
        raise InconclusiveError("malformed_record", f"the result lacks {error}") from error
    if start is None or end is None or not runs:
        raise InconclusiveError("malformed_record", "the result names no window or no run")
    return EarlierRuns(run_id, Window(str(window["name"]), start, end), runs)


def _earlier(each: Mapping[str, Any]) -> EarlierRun:
    return EarlierRun(
        str(each["pipeline"]),
        int(each["run_id"]),
        str(each["run_as"]),
        datetime.fromisoformat(str(each["started"])),
        datetime.fromisoformat(str(each["ended"])),
    )


@dataclass(frozen=True, slots=True)
class Write:
    """One version of a table."""

    version: str
    at: datetime | None
    user_name: str
    operation: str
    job_run_id: str = ""


@dataclass(frozen=True, slots=True)
class OutputReading:
    """What an output holds; ``missing`` says that the table does not exist."""

    output: Output
    missing: bool = False
    all_rows: int = 0
    run_rows: int = 0
    newest: datetime | None = None
    duplicates: int = 0
    null_keys: int = 0
    writes: tuple[Write, ...] = ()


@dataclass(frozen=True, slots=True)
class DqRow:
    """What the run says about one rule."""

    rule: str
    status: str
    checked: int
    bad: int | None
    window_start: datetime | None
    window_end: datetime | None


@dataclass(frozen=True, slots=True)
class OutputReport:
    """Everything a smoke run is judged by."""

    runs: EarlierRuns
    outputs: tuple[OutputReading, ...]
    dq_table: str
    dq: tuple[DqRow, ...]
    rules: tuple[str, ...]
    source_rows: int


def query_outputs(
    desk: WarehouseDesk, contract: Contract, pipelines: Sequence[str], runs: EarlierRuns
) -> OutputReport:
    """Read the outputs of the pipelines, and every other table that may show a smoke run."""
    wanted = [each for each in contract.outputs if each.pipeline in pipelines or each.smoke]
    readings = tuple(read_output(desk, each, runs.run_id) for each in wanted)
    absent = any(r.missing for r in readings if r.output.table == contract.dq.table)
    return OutputReport(
        runs,
        readings,
        contract.dq.table,
        () if absent else _dq_rows(desk, contract, runs.run_id),
        tuple(str(rule) for (rule,) in desk.rows(q.current_rules_query(contract.rules))),
        count_source_rows(desk, contract, runs.window),
    )


def read_output(desk: WarehouseDesk, output: Output, run_id: str) -> OutputReading:
    """Count rows, keys and versions of one output."""
    try:
        all_rows, run_rows, newest = desk.one(q.rows_query(output), run_id=run_id)
        (duplicates,) = desk.one(q.duplicates_query(output))
        (null_keys,) = desk.one(q.null_keys_query(output))
        history = desk.named(q.history_query(output.table, _HISTORY_ROWS))
    except AssetMissingError:
        return OutputReading(output, missing=True)
    return OutputReading(
        output,
        all_rows=int(all_rows or 0),
        run_rows=int(run_rows or 0),
        newest=None if newest is None else parse_time(newest),
        duplicates=int(duplicates or 0),
        null_keys=int(null_keys or 0),
        writes=tuple(_write(row) for row in history),
    )


def _write(row: Mapping[str, str | None]) -> Write:
    return Write(
        str(row.get("version") or ""),
        parse_time(row.get("timestamp")),
        str(row.get("userName") or ""),
        str(row.get("operation") or ""),
        _job_run_id(row.get("job")),
    )


def _job_run_id(job: str | None) -> str:
    """The run that wrote a version, "" where the history does not say."""
    try:
        named = json.loads(job) if job else {}
    except ValueError:
        return ""
    found = named if isinstance(named, dict) else {}
    return str(found.get("jobRunId") or found.get("runId") or "")


def _dq_rows(desk: WarehouseDesk, contract: Contract, run_id: str) -> tuple[DqRow, ...]:
    column = next(
        (each.run_id for each in contract.outputs if each.table == contract.dq.table), "run_id"
    )
    asked = q.dq_rows_query(contract.dq, contract.rules.key, column)
    return tuple(_dq_row(row) for row in desk.rows(asked, run_id=run_id))


def _dq_row(row: Cells) -> DqRow:
    rule, status, checked, bad, start, end = row
    return DqRow(
        str(rule),
        str(status or ""),
        int(checked or 0),
        None if bad is None else int(bad),
        parse_time(start),
        parse_time(end),
    )


def smoke_problems(report: OutputReport, allowed: Sequence[str]) -> tuple[str, ...]:
    """Why no smoke output has complete rows of the run; nothing if one has."""
    problems: list[str] = []
    for reading in report.outputs:
        if not reading.output.smoke:
            continue
        found = tuple(_incomplete(report, reading, allowed))
        if not found:
            return ()
        problems += found
    return tuple(problems) or ("no output of a pipeline is bound as smoke_any_of",)


def _incomplete(
    report: OutputReport, reading: OutputReading, allowed: Sequence[str]
) -> Iterator[str]:
    name = reading.output.table
    if reading.missing:
        yield f"{name} does not exist"
        return
    if not reading.run_rows:
        yield f"{name} has no row of run {report.runs.run_id} ({reading.all_rows} of others)"
        return
    if reading.output.written_at and not _written_since(reading.newest, report.runs.started):
        yield f"{name}: its rows were written at {reading.newest}, before the run started"
    if name == report.dq_table:
        yield from dq_problems(report, allowed)
    yield from foreign_writes(reading, report.runs)


def _written_since(newest: datetime | None, started: datetime) -> bool:
    return newest is not None and newest >= started - CLOCK_TOLERANCE


def dq_problems(report: OutputReport, allowed: Sequence[str]) -> Iterator[str]:
    """Where the DQ rows of the run are not one plausible row for each current rule."""
    counted = Counter(row.rule for row in report.dq)
    if not report.rules:
        yield "there is no current rule"
    for rule in report.rules:
        if counted[rule] != 1:
            yield f"rule {rule} has {counted[rule]} rows of the run, expected one"
    for rule in sorted(set(counted) - set(report.rules)):
        yield f"rule {rule} is no current rule"
    for row in report.dq:
        if row.checked != report.source_rows:
            yield f"rule {row.rule} checked {row.checked} rows, the window has {report.source_rows}"
        if row.bad is None or not 0 <= row.bad <= row.checked:
            yield f"rule {row.rule} counts {row.bad} bad rows of {row.checked}"
        if row.status not in allowed:
            yield f"rule {row.rule} has the status {row.status!r}"
        if (row.window_start, row.window_end) != (report.runs.window.start, report.runs.window.end):
            yield f"rule {row.rule} names the window {row.window_start} to {row.window_end}"


def foreign_writes(reading: OutputReading, runs: EarlierRuns) -> Iterator[str]:
    """Versions since the run started that somebody else wrote than the identity of its job."""
    expected = {each.run_as.lower() for each in runs.runs if each.run_as}
    yield from _gaps(reading, runs.started)
    for at, write in _dated(reading):
        if at >= runs.started and write.user_name.lower() not in expected:
            yield (
                f"{reading.output.table}: version {write.version} ({write.operation}) was written"
                f" by {write.user_name}, not by {', '.join(sorted(expected))}"
            )


def _dated(reading: OutputReading) -> Iterator[tuple[datetime, Write]]:
    """The versions that changed content, each with its time."""
    for write in reading.writes:
        if write.at is not None and write.operation.upper() not in _MAINTENANCE:
            yield write.at, write


def _gaps(reading: OutputReading, since: datetime) -> Iterator[str]:
    """Why the history that was read does not show every version since a moment."""
    name = reading.output.table
    for write in reading.writes:
        if write.at is None and write.operation.upper() not in _MAINTENANCE:
            yield f"{name}: version {write.version} ({write.operation}) names no time"
    times = [write.at for write in reading.writes if write.at is not None]
    if len(reading.writes) >= _HISTORY_ROWS and times and min(times) > since:
        yield f"{name}: its newest {_HISTORY_ROWS} versions do not go back to {since}"


def key_problems(report: OutputReport, pipelines: Sequence[str]) -> Iterator[str]:
    """Q-DUP of every output of the pipelines."""
    for reading in report.outputs:
        if reading.output.pipeline not in pipelines:
            continue
        name, key = reading.output.table, ", ".join(reading.output.key)
        if reading.missing:
            yield f"{name} does not exist"
        if reading.duplicates:
            yield f"{name}: {reading.duplicates} keys ({key}) occur more than once"
        if reading.null_keys:
            yield f"{name}: {reading.null_keys} rows have no value in a column of {key}"


def new_row_problems(readings: Sequence[OutputReading], runs: EarlierRuns) -> Iterator[str]:
    """Pipelines that left no row of the run in any of their outputs."""
    for pipeline in _silent(readings):
        names = ", ".join(
            each.output.table for each in readings if each.output.pipeline == pipeline
        )
        yield f"{pipeline} left no row of run {runs.run_id} in {names}"


def _silent(readings: Sequence[OutputReading]) -> tuple[str, ...]:
    """The pipelines without a row of the run, in order."""
    pipelines = dict.fromkeys(each.output.pipeline for each in readings)
    spoke = {each.output.pipeline for each in readings if each.run_rows}
    return tuple(each for each in pipelines if each not in spoke)


def require_something_new(
    readings: Sequence[OutputReading], processed: frozenset[str], window: Window
) -> None:
    """Pass over pipelines that had processed the window before: a rerun converges, and adds none.

    Raises:
        BlockedError: every pipeline without a row of the run is one of them.
    """
    silent = _silent(readings)
    if silent and processed.issuperset(silent):
        raise BlockedError(
            "no_data",
            f"pipelines.windows.{window.name}",
            f"{', '.join(silent)} had processed it before this run, so no row could be new;"
            " bind a window with rows that are not processed yet",
            owner="DataEng",
        )


def writer_problems(
    readings: Sequence[OutputReading], runs: EarlierRuns, principal: str
) -> Iterator[str]:
    """Versions inside a run's time span that another identity or another run wrote."""
    seen: set[str] = set()
    silent: set[str] = set()
    for run in runs.runs:
        for reading in (r for r in readings if r.output.pipeline == run.pipeline):
            yield from _gaps(reading, run.started)
            inside = [w for at, w in _dated(reading) if run.started <= at <= run.ended]
            (seen if inside else silent).add(reading.output.table)
            for write in inside:
                yield from _foreign(reading, write, run, principal)
    for reading in readings:
        if seen and reading.run_rows and reading.output.table in silent - seen:
            yield f"{reading.output.table}: no version of its rows was written during its run"
    if not seen:
        yield "no version of any output was written while the runs were under way"


def _foreign(
    reading: OutputReading, write: Write, run: EarlierRun, principal: str
) -> Iterator[str]:
    where = f"{reading.output.table}: version {write.version} ({write.operation})"
    if write.user_name.lower() != principal.lower():
        yield f"{where} was written by {write.user_name}, not by {principal}"
    if write.job_run_id and write.job_run_id != str(run.run_id):
        yield f"{where} was written by run {write.job_run_id}, not by run {run.run_id}"
