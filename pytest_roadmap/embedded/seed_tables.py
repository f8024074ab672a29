"""The seeded tables: full name, columns, and a few rows each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

Columns = tuple[tuple[str, str], ...]
Rows = tuple[tuple[Any, ...], ...]

_START = datetime(2026, 2, 1, tzinfo=UTC)
_END = datetime(2026, 2, 2, tzinfo=UTC)
_WRITTEN = datetime(2026, 2, 2, 1, 5, tzinfo=UTC)
_WITHOUT_AMOUNT = 7
_RUN = "run-20260202-0100"
_MONEY = "decimal(18,2)"
_TXN: Columns = (
    ("txn_id", "string"),
    ("account_id", "string"),
    ("amount", _MONEY),
    ("event_ts", "timestamp"),
    ("ingest_ts", "timestamp"),
)


def _transactions() -> Rows:
    rows = []
    for number in range(12):
        event = _START + timedelta(minutes=5 * number)
        amount = None if number == _WITHOUT_AMOUNT else Decimal("19.90") * (number + 1)
        rows.append(
            (
                f"t{number:06d}",
                f"acc-{number % 3}",
                amount,
                event,
                event + timedelta(minutes=1),
                "landing/2026-02-01/part-0.csv",
            )
        )
    return tuple(rows)


_SOURCE = _transactions()
_ACCEPTED = tuple((*row[:5], _RUN, _WRITTEN) for row in _SOURCE if row[2] is not None)
_RULES = (("R001", "CRITICAL", "amount IS NOT NULL"), ("R002", "WARNING", "amount <= 9000"))


def _summary() -> Rows:
    rows = []
    for account in ("acc-0", "acc-1", "acc-2"):
        amounts = [row[2] for row in _ACCEPTED if row[1] == account]
        rows.append((date(2026, 2, 1), account, len(amounts), sum(amounts), _RUN, _WRITTEN))
    return tuple(rows)


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
        tuple((*row[:5], "R001", "CRITICAL", _RUN, _WRITTEN) for row in _SOURCE if row[2] is None),
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
        ((date(2026, 2, 1), "R001", 1, _RUN, _WRITTEN),),
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
