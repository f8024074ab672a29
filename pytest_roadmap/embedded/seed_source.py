"""The seeded source rows: 14 days of transactions with everything that goes wrong with data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

SourceRow = tuple[str, str | None, Decimal | None, datetime, datetime, str]

FIRST_DAY = datetime(2026, 2, 1, tzinfo=UTC)
CUTOVER = datetime(2026, 2, 10, tzinfo=UTC)
_STEP, _TRANSACTIONS, _ACCOUNTS = timedelta(minutes=5), 4032, 50
_PROMPT, _LATE, _CORRECTION = timedelta(minutes=1), timedelta(hours=9), timedelta(hours=1)
#: Which transactions have no amount, no account, arrive late, are corrected: number mod the first
#: is the second. Account 40 is also corrected, so one key is rejected twice.
_WITHOUT_AMOUNT, _WITHOUT_ACCOUNT, _ARRIVES_LATE, _CORRECTED = (
    (997, 7),
    (1499, 40),
    (61, 50),
    (40, 0),
)
_CENTS, _CENTS_STEP, _CORRECTED_BY = 912_345, 7919, 100


def _is(kind: tuple[int, int], number: int) -> bool:
    return number % kind[0] == kind[1]


def source_rows() -> tuple[SourceRow, ...]:
    """4,136 rows: 4,032 transactions, 101 corrections, three rows around the cutover.

    The columns are those of ``bronze.raw_txn``: transaction, account, amount, when it happened,
    when it arrived, file.
    """
    rows: list[SourceRow] = []
    for number in range(_TRANSACTIONS):
        first = _transaction(number)
        rows.append(first)
        if _is(_CORRECTED, number):
            rows.append(_correction(first))
    for number, microseconds in enumerate((-1, 0, 1)):
        at = CUTOVER + timedelta(microseconds=microseconds)
        rows.append((f"b{number:06d}", "acc-00", Decimal("1.00"), at, at, "landing/boundary.csv"))
    return tuple(rows)


def _transaction(number: int) -> SourceRow:
    event = FIRST_DAY + _STEP * number
    amount = Decimal(number * _CENTS_STEP % _CENTS + 1) / 100
    return (
        f"t{number:06d}",
        None if _is(_WITHOUT_ACCOUNT, number) else f"acc-{number % _ACCOUNTS:02d}",
        None if _is(_WITHOUT_AMOUNT, number) else amount,
        event,
        event + (_LATE if _is(_ARRIVES_LATE, number) else _PROMPT),
        f"landing/{event:%Y-%m-%d}/part-0.csv",
    )


def _correction(row: SourceRow) -> SourceRow:
    """The same transaction an hour later, with another amount."""
    name, account, amount, event, arrived, file = row
    changed = None if amount is None else amount + Decimal(_CORRECTED_BY) / 100
    return name, account, changed, event, arrived + _CORRECTION, file.replace("part-0", "part-1")
