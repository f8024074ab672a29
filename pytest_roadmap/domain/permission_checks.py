"""What a principal can and cannot do in SQL: the statements, running them, judging the answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pytest_roadmap.domain.outcome import AccessRefusedError, AssetMissingError, BlockedError
from pytest_roadmap.domain.ports import StatementResult, WorkspacePort
from pytest_roadmap.domain.privileges import MatrixRow

PROBE_PREFIX = "_dod_probe_"


class Purpose(StrEnum):
    """What a statement of the check shows."""

    IDENTITY = "identity"
    READ = "read"
    MODIFY = "modify"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table as the observer sees it, so that the subject's answer can be judged."""

    has_rows: bool
    row_filter: bool


@dataclass(frozen=True, slots=True)
class Version:
    """The newest entry of a table's history."""

    number: int
    operation: str = ""
    metrics: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """One statement of the subject and its answer; the versions frame a MODIFY."""

    purpose: Purpose
    target: str
    statement: str
    result: StatementResult
    before: Version | None = None
    after: Version | None = None


@dataclass(frozen=True, slots=True)
class PermissionReport:
    """Everything the permission check found.

    ``left_over`` names what could not be removed, ``untested`` what the matrix left unshown.
    """

    application_id: str
    checks: tuple[Checked, ...]
    tables: Mapping[str, TableFacts] = field(default_factory=dict)
    left_over: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the check runs: both identities, the warehouse, and names of the probe objects."""

    subject: WorkspacePort
    observer: WorkspacePort
    warehouse_id: str
    application_id: str
    catalog: str
    probe_schema: str
    token: str

    @property
    def table(self) -> str:
        """The probe table, in the schema that the harness owns, outside the matrix."""
        return f"{self.catalog}.{self.probe_schema}.{PROBE_PREFIX}{self.token}"

    @property
    def schema(self) -> str:
        """The schema that the subject must not be able to create."""
        return f"{self.catalog}.{PROBE_PREFIX}{self.token}"

    def ask(self, statement: str) -> StatementResult:
        """Run a statement as the subject; a refusal of the HTTP call is a failed statement."""
        try:
            return self.subject.execute(statement, warehouse_id=self.warehouse_id)
        except AccessRefusedError as refusal:
            return StatementResult(
                "", "FAILED", error_code=f"HTTP_{refusal.status}", error_message=str(refusal)
            )

    def observe(self, statement: str) -> StatementResult:
        """Run a statement as the observer."""
        return self.observer.execute(statement, warehouse_id=self.warehouse_id)


def quoted(name: str) -> str:
    """A dotted name with every part in backticks; identifiers cannot be parameters."""
    return ".".join(f"`{part.replace('`', '``')}`" for part in name.split("."))


def tables_with(rows: Iterable[MatrixRow], privilege: str) -> tuple[str, ...]:
    """The tables of the matrix on which a privilege is required, in order."""
    return tuple(
        row.securable.full_name
        for row in rows
        if row.securable.securable_type == "table" and privilege in row.required
    )


def untested_schemas(rows: Sequence[MatrixRow]) -> tuple[str, ...]:
    """Schemas with SELECT or MODIFY required where no table of the matrix would show it."""
    return tuple(
        f"{privilege} on schema {row.securable.full_name} is shown by no table of the matrix"
        for row in rows
        if row.securable.securable_type == "schema"
        for privilege in ("SELECT", "MODIFY")
        if privilege in row.required
        and not any(
            name.startswith(row.securable.full_name + ".") for name in tables_with(rows, privilege)
        )
    )


def run_permission_checks(bench: Bench, rows: Sequence[MatrixRow]) -> PermissionReport:
    """Run every statement, on business tables without effect, and remove the probe objects.

    Raises:
        BlockedError: the observer cannot make the probe table or read a table.
    """
    checks = [_check(bench, Purpose.IDENTITY, "", "SELECT current_user()")]
    readable, writable = tables_with(rows, "SELECT"), tables_with(rows, "MODIFY")
    for table in readable:
        statement = f"SELECT 1 FROM {quoted(table)} LIMIT 1"  # noqa: S608 - quoted binding
        checks.append(_check(bench, Purpose.READ, table, statement))
    checks += [_modify(bench, table) for table in writable]
    facts = {table: _facts(bench, table) for table in readable}
    refusals, left_over = _refusals(bench)
    return PermissionReport(
        bench.application_id, (*checks, *refusals), facts, left_over, untested_schemas(rows)
    )


def _check(bench: Bench, purpose: Purpose, target: str, statement: str) -> Checked:
    return Checked(purpose, target, statement, bench.ask(statement))


def _modify(bench: Bench, table: str) -> Checked:
    statement = f"DELETE FROM {quoted(table)} WHERE 1=0"  # noqa: S608 - quoted binding
    before = _version(bench, table)
    result = bench.ask(statement)
    return Checked(Purpose.MODIFY, table, statement, result, before, _version(bench, table))


def _version(bench: Bench, table: str) -> Version | None:
    result = bench.observe(f"DESCRIBE HISTORY {quoted(table)} LIMIT 1")
    if result.refused:
        raise AccessRefusedError(f"history of {table}", result.error_message)
    if result.state != "SUCCEEDED" or not result.rows:
        return None
    row = dict(zip(result.columns, result.rows[0], strict=False))
    number = row.get("version") or ""
    if not number.isdigit():
        return None
    return Version(int(number), row.get("operation") or "", row.get("operationMetrics") or "")


def _facts(bench: Bench, table: str) -> TableFacts:
    result = bench.observe(f"SELECT 1 FROM {quoted(table)} LIMIT 1")  # noqa: S608 - quoted binding
    if result.refused:
        raise AccessRefusedError(table, result.error_message)
    try:
        answer = bench.observer.securable("table", table)
    except AssetMissingError:
        return TableFacts(has_rows=False, row_filter=False)
    return TableFacts(bool(result.rows), bool(answer.get("row_filter")))


def _refusals(bench: Bench) -> tuple[tuple[Checked, ...], tuple[str, ...]]:
    """What must be refused, tried on objects of the harness only, which are then removed."""
    table, principal = quoted(bench.table), f"`{bench.application_id}`"
    made = bench.observe(f"CREATE TABLE {table} AS SELECT 1 AS v")
    if made.state != "SUCCEEDED":
        raise BlockedError(
            "access_not_granted",
            f"{bench.catalog}.{bench.probe_schema}",
            f"the harness cannot create its probe table: {made.error_message}",
            owner="Infra",
        )
    tried = (
        (bench.schema, f"CREATE SCHEMA {quoted(bench.schema)}"),
        (bench.table, f"SELECT * FROM {table}"),  # noqa: S608 - quoted binding
        (bench.table, f"INSERT INTO {table} VALUES (2)"),  # noqa: S608 - quoted binding
        (bench.table, f"GRANT SELECT ON TABLE {table} TO {principal}"),
    )
    checks: list[Checked] = []
    try:
        checks += [_check(bench, Purpose.REFUSAL, *attempt) for attempt in tried]
    finally:
        left_over = _clean_up(bench, checks)
    return tuple(checks), left_over


def _clean_up(bench: Bench, checks: Sequence[Checked]) -> tuple[str, ...]:
    """Take back what succeeded against expectation, then drop the probe objects."""
    table = quoted(bench.table)
    worked = {c.statement.split()[0] for c in checks if c.result.state == "SUCCEEDED"}
    undo = []
    if "GRANT" in worked:
        revoke = f"REVOKE SELECT ON TABLE {table} FROM `{bench.application_id}`"  # noqa: S608 - quoted binding
        undo.append((f"grant on {bench.table}", revoke, bench.observe))
    undo.append((f"table {bench.table}", f"DROP TABLE IF EXISTS {table}", bench.observe))
    if "CREATE" in worked:
        drop = f"DROP SCHEMA IF EXISTS {quoted(bench.schema)} CASCADE"
        undo.append((f"schema {bench.schema}", drop, bench.ask))
    return tuple(
        f"{what}: {result.error_message or result.state}"
        for what, statement, run in undo
        if (result := run(statement)).state != "SUCCEEDED"
    )


def permitted(report: PermissionReport) -> int:
    """How many statements were tried that the matrix permits."""
    return sum(check.purpose in (Purpose.READ, Purpose.MODIFY) for check in report.checks)


def permission_problems(report: PermissionReport) -> tuple[str, ...]:
    """Where the subject can do less, or more, than the matrix says."""
    return tuple(
        f"{check.statement}: {problem}"
        for check in report.checks
        for problem in _judge(check, report)
    )


def _judge(check: Checked, report: PermissionReport) -> Iterator[str]:
    if check.purpose is Purpose.REFUSAL:
        if not check.result.refused:
            yield f"must be refused for lack of permission, but {_answer(check.result)}"
    elif check.result.state != "SUCCEEDED":
        yield f"must succeed, but {_answer(check.result)}"
    elif check.purpose is Purpose.IDENTITY:
        yield from _identity_problems(check.result, report.application_id)
    elif check.purpose is Purpose.READ:
        yield from _read_problems(check, report.tables[check.target])
    else:
        yield from _modify_problems(check)


def _answer(result: StatementResult) -> str:
    if result.state == "SUCCEEDED":
        return "succeeded"
    words = (result.state, result.error_code, result.sql_state, result.error_message)
    return "ended " + " ".join(word for word in words if word)


def _identity_problems(result: StatementResult, application_id: str) -> Iterator[str]:
    who = result.rows[0][0] if result.rows and result.rows[0] else None
    if (who or "").casefold() != application_id.casefold():
        yield f"expected {application_id}, the statements ran as {who}"


def _read_problems(check: Checked, facts: TableFacts) -> Iterator[str]:
    if check.result.rows:
        return
    if facts.has_rows:
        yield "returned no row although the table has rows"
    elif facts.row_filter:
        yield "returned no row, and the table has a row filter"


def _modify_problems(check: Checked) -> Iterator[str]:
    before, after = check.before, check.after
    if before is None or after is None:
        yield "the table's version before and after is unknown"
    elif after.number != before.number and not is_empty_commit(before, after):
        yield f"the table went from version {before.number} to {after.number} ({after.operation})"


def is_empty_commit(before: Version, after: Version) -> bool:
    """Whether the only thing new is one DELETE that removed no row: reported, and harmless."""
    digits = "".join(c if c.isalnum() else " " for c in after.metrics).split()
    counts = dict(zip(digits[::2], digits[1::2], strict=False))
    return (
        after.number == before.number + 1
        and after.operation == "DELETE"
        and counts.get("numDeletedRows") == "0"
    )


def empty_commits(report: PermissionReport) -> tuple[str, ...]:
    """The tables where a DELETE of nothing still made a version."""
    return tuple(
        check.target
        for check in report.checks
        if check.before and check.after and is_empty_commit(check.before, check.after)
    )
