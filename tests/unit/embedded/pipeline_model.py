"""The sample pipelines on the seeded tables, run statement by statement as the jobs run them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files

from pytest_roadmap.domain import check_queries as q
from pytest_roadmap.domain import reconciliation_queries as r
from pytest_roadmap.domain.pipeline_contract import Output, Source
from pytest_roadmap.embedded import seed
from pytest_roadmap.embedded.databricks.job_sql import split, typed
from pytest_roadmap.embedded.seed_tables import TABLES
from pytest_roadmap.embedded.sql.engine import SqlEngine
from pytest_roadmap.embedded.sql.store import Store

START, CUTOVER, END = "2026-02-01T00:00:00Z", "2026-02-10T00:00:00Z", "2026-02-16T00:00:00Z"
BEFORE = "2026-01-01T00:00:00Z"
NAMES = {
    "A": "pipeline_a.sql",
    "SILVER": "pipeline_silver.sql",
    "B": "pipeline_b.sql",
    "C": "pipeline_c.sql",
}
SOURCE = Source("main.bronze.raw_txn", ("txn_id",), "event_ts", "ingest_ts")
SILVER = Output("SILVER", "main.silver.txn", ("txn_id",), "run_id", "_updated_at")
SUMMARY = Output(
    "B",
    "main.gold.daily_account_summary",
    ("business_date", "account_id"),
    "run_id",
    "",
    ("_updated_at",),
)
REJECTS = (
    "NOT EXISTS (SELECT 1 FROM main.silver.bad_records q WHERE q.txn_id = b.txn_id"
    " AND q.ingest_ts = b.ingest_ts AND q.severity = 'CRITICAL')"
)
_STORE = Store()
Row = list[str | None]
Fault = Callable[[str], str]


class Model:
    """A fresh world in which the pipelines can be run, as written or changed by a fault."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.state = seed.build_state()
        self.engine = SqlEngine(self, _STORE)
        for name, _, rows in TABLES:
            self.engine.load(name, rows)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sql(self, statement: str, as_: str = seed.PIPELINE_SP, **parameters: str) -> list[Row]:
        """The rows of one statement."""
        principal = self.state.principal_named(as_)
        assert principal is not None
        found = self.engine.execute(statement, principal=principal, parameters=typed(parameters))
        return [list(row) for row in found.rows]

    def run(
        self,
        run_id: str,
        start: str,
        end: str,
        pipelines: tuple[str, ...] = ("A", "SILVER", "B", "C"),
        fault: Fault = str,
    ) -> None:
        """Run pipelines over a half-open window, in their order."""
        given = {"run_id": run_id, "mode": "backfill", "window_start": start, "window_end": end}
        for name in pipelines:
            text = (files("pytest_roadmap.embedded") / "sample" / NAMES[name]).read_text("utf-8")
            changed = fault(text)
            for statement in split(changed):
                self.sql(statement, **given)

    def count(self, table: str, where: str = "true") -> int:
        """How many rows."""
        return int(self.sql(f"SELECT COUNT(*) FROM {table} WHERE {where}")[0][0] or 0)  # noqa: S608

    def recon(self, low: str = START, high: str = END) -> tuple[int, int, int]:
        """Q-RECON: missing, duplicate, orphan."""
        missing = self.sql(r.missing_query(SOURCE, SILVER, REJECTS), lo=low, hi=high)[0][0]
        orphan = self.sql(r.orphans_query(SOURCE, SILVER))[0][0]
        return int(missing or 0), self.duplicates(SILVER), int(orphan or 0)

    def duplicates(self, output: Output) -> int:
        """Q-DUP."""
        return int(self.sql(q.duplicates_query(output))[0][0] or 0)

    def sums(self, low: str = START, high: str = END) -> tuple[str | None, ...]:
        """Q-SUM: source (accepted, newest), Silver, Gold."""
        source = self.sql(
            r.source_sum_query(SOURCE, "amount", "src_file", REJECTS), lo=low, hi=high
        )
        silver = self.sql(r.sum_query("main.silver.txn", "amount"))
        gold = self.sql(r.sum_query("main.gold.daily_account_summary", "total_amount"))
        return source[0][0], silver[0][0], gold[0][0]

    def output_versions(self) -> dict[str, int]:
        """How many versions each output has."""
        names = [n for n, _, _ in TABLES if n.startswith(("main.silver.", "main.gold."))]
        return {name: len(self.state.tables[name].versions) for name in names}

    def fingerprints(self) -> tuple[tuple[str, Row], ...]:
        """Q-FP of Silver, summary and trend over the columns that a rerun keeps."""
        kept = {
            "main.silver.txn": ("txn_id", "account_id", "amount", "event_ts", "ingest_ts"),
            "main.gold.daily_account_summary": (*SUMMARY.key, "txn_count", "total_amount"),
            "main.gold.dq_trend": ("business_date", "rule_id", "bad_count"),
        }
        return tuple(
            (t, self.sql(q.fingerprint_query(t, columns))[0]) for t, columns in kept.items()
        )
