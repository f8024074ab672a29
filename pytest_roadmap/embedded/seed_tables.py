"""The seeded tables: full name, columns, and a few rows each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

Columns = tuple[tuple[str, str], ...]
Rows = tuple[tuple[Any, ...], ...]

#: What ran before: one day with twelve transactions, one of them rejected.
_START = datetime(2026, 1, 31, tzinfo=UTC)
_END = datetime(2026, 2, 1, tzinfo=UTC)
_WRITTEN = datetime(2026, 2, 1, 1, 5, tzinfo=UTC)
_WITHOUT_AMOUNT = 7
_RUN = "run-20260201-0100"
#: What is to be processed: 14 days at 5-minute steps, with everything that goes wrong with data.
_CUTOVER = datetime(2026, 2, 10, tzinfo=UTC)
_NEW, _ACCOUNTS = 4032, 50
_NO_AMOUNT, _NO_ACCOUNT, _LATE, _CORRECTED = 997, 1499, 61, 40
_MOST_CENTS = 912_345
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
                "landing/2026-01-31/part-0.csv",
            )
        )
    return tuple(rows)


def _new_transactions() -> Rows:
    """4,136 rows: transactions, late arrivals, corrections, and three around the cutover.

    The source spreads them by number: each 997th has no amount, each 1499th no account, each 61st
    arrives nine hours late, each 40th is sent again an hour later with another amount.
    """
    rows: list[tuple[Any, ...]] = []
    for number in range(_NEW):
        event = _END + timedelta(minutes=5 * number)
        late = timedelta(hours=9) if number % _LATE == 1 else timedelta(minutes=1)
        cents = number * 7919 % _MOST_CENTS + 1
        row = (
            f"n{number:06d}",
            None if number % _NO_ACCOUNT == _NO_ACCOUNT - 1 else f"acc-{number % _ACCOUNTS}",
            None if number % _NO_AMOUNT == _NO_AMOUNT - 1 else Decimal(cents) / 100,
            event,
            event + late,
            f"landing/{event:%Y-%m-%d}/part-0.csv",
        )
        rows.append(row)
        if number % _CORRECTED == 0:
            again = row[4] + timedelta(hours=1)
            rows.append((*row[:2], Decimal(cents + 100) / 100, event, again, f"{row[5][:-5]}1.csv"))
    for number, offset in enumerate((-1, 0, 1)):
        event = _CUTOVER - timedelta(minutes=1)
        at = _CUTOVER + timedelta(microseconds=offset)
        rows.append((f"b{number:06d}", "acc-0", Decimal("1.00"), event, at, "landing/edge.csv"))
    return tuple(rows)


_SOURCE = _transactions()
_ACCEPTED = tuple((*row[:5], _RUN, _WRITTEN) for row in _SOURCE if row[2] is not None)
_RULES = (
    ("R001", "CRITICAL", "amount IS NOT NULL"),
    ("R002", "WARNING", "amount <= 9000"),
    ("R003", "CRITICAL", "account_id IS NOT NULL"),
)


def _summary() -> Rows:
    rows = []
    for account in ("acc-0", "acc-1", "acc-2"):
        amounts = [row[2] for row in _ACCEPTED if row[1] == account]
        rows.append((date(2026, 1, 31), account, len(amounts), sum(amounts), _RUN, _WRITTEN))
    return tuple(rows)


TABLES: tuple[tuple[str, Columns, Rows], ...] = (
    ("main.bronze.raw_txn", (*_TXN, ("src_file", "string")), (*_SOURCE, *_new_transactions())),
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
        ((date(2026, 1, 31), "R001", 1, _RUN, _WRITTEN),),
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
