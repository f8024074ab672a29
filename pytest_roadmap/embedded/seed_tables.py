"""The seeded tables: full name, columns and rows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from pytest_roadmap.embedded.seed_source import FIRST_DAY, source_rows

Columns = tuple[tuple[str, str], ...]
Rows = tuple[tuple[Any, ...], ...]

#: What ran before: pipelines over the first hour, twelve transactions of which one was rejected.
_START, _END = FIRST_DAY, FIRST_DAY + timedelta(hours=1)
_WRITTEN = _END + timedelta(minutes=5)
_RUN = "run-20260201-0100"
_MONEY = "decimal(18,2)"
_TXN: Columns = (
    ("txn_id", "string"),
    ("account_id", "string"),
    ("amount", _MONEY),
    ("event_ts", "timestamp"),
    ("ingest_ts", "timestamp"),
)


_SOURCE = source_rows()
_PROCESSED = tuple(row for row in _SOURCE if row[4] < _END)
_ACCEPTED = tuple((*row[:5], _RUN, _WRITTEN) for row in _PROCESSED if row[2] is not None)
_RULES = (
    ("R001", "CRITICAL", "amount IS NOT NULL"),
    ("R002", "WARNING", "amount <= 9000"),
    ("R003", "CRITICAL", "account_id IS NOT NULL"),
)


def _summary() -> Rows:
    """One row an account: in one hour each account has one transaction at most."""
    return tuple((_START.date(), row[1], 1, row[2], _RUN, _WRITTEN) for row in _ACCEPTED)


TABLES: tuple[tuple[str, Columns, Rows], ...] = (
    ("main.bronze.raw_txn", (*_TXN, ("src_file", "string")), _SOURCE),
    ("main.silver.txn", (*_TXN, ("run_id", "string"), ("_updated_at", "timestamp")), _ACCEPTED),
    (
        "main.silver.bad_records",
        (
            *_TXN,
            ("rule_id", "string"),
            ("severity", "string"),
            ("run_id", "string"),
            ("detected_at", "timestamp"),
        ),
        tuple(
            (*row[:5], "R001", "CRITICAL", _RUN, _WRITTEN) for row in _PROCESSED if row[2] is None
        ),
    ),
    (
        "main.silver.dq_status",
        (
            ("run_id", "string"),
            ("source_table", "string"),
            ("rule_id", "string"),
            ("severity", "string"),
            ("checked_count", "bigint"),
            ("bad_count", "bigint"),
            ("status", "string"),
            ("window_start", "timestamp"),
            ("window_end", "timestamp"),
            ("run_ts", "timestamp"),
        ),
        (
            (_RUN, "bronze.raw_txn", "R001", "CRITICAL", 12, 1, "FAIL", _START, _END, _WRITTEN),
            (_RUN, "bronze.raw_txn", "R002", "WARNING", 12, 0, "PASS", _START, _END, _WRITTEN),
            (_RUN, "bronze.raw_txn", "R003", "CRITICAL", 12, 0, "PASS", _START, _END, _WRITTEN),
        ),
    ),
    (
        "main.silver.dim_rule_scd2",
        (
            ("rule_id", "string"),
            ("rule_version", "int"),
            ("severity", "string"),
            ("expression", "string"),
            ("effective_from", "timestamp"),
            ("effective_to", "timestamp"),
            ("is_current", "boolean"),
        ),
        tuple((rule, 1, severity, text, _START, None, True) for rule, severity, text in _RULES),
    ),
    (
        "main.gold.daily_account_summary",
        (
            ("business_date", "date"),
            ("account_id", "string"),
            ("txn_count", "bigint"),
            ("total_amount", "decimal(28,2)"),
            ("run_id", "string"),
            ("_updated_at", "timestamp"),
        ),
        _summary(),
    ),
    (
        "main.gold.recon_result",
        (
            ("run_id", "string"),
            ("check_name", "string"),
            ("source_value", "string"),
            ("target_value", "string"),
            ("status", "string"),
            ("run_ts", "timestamp"),
        ),
        ((_RUN, "row_count", "11", "11", "PASS", _WRITTEN),),
    ),
    (
        "main.gold.dq_trend",
        (
            ("business_date", "date"),
            ("rule_id", "string"),
            ("bad_count", "bigint"),
            ("run_id", "string"),
            ("_updated_at", "timestamp"),
        ),
        ((_START.date(), "R001", 1, _RUN, _WRITTEN),),
    ),
    (
        "main.ops.pipeline_state",
        (
            ("pipeline_name", "string"),
            ("last_watermark", "timestamp"),
            ("last_run_id", "string"),
            ("last_status", "string"),
            ("updated_at", "timestamp"),
        ),
        tuple((name, _END, _RUN, "SUCCESS", _WRITTEN) for name in ("A", "SILVER", "B", "C")),
    ),
    (
        "main.probe.readable",
        (("id", "bigint"), ("note", "string")),
        ((1, "outside the matrix"), (2, "owned by the harness")),
    ),
    (
        "main._private.salaries",
        (("person", "string"), ("amount", _MONEY)),
        (("kim", Decimal("1.00")), ("lee", Decimal("2.00"))),
    ),
)
