"""The texts of the comparing queries; what they answer is tested on the sample pipelines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_roadmap.domain import reconciliation_queries as r
from pytest_roadmap.domain.pipeline_contract import DqTable, Output, Source, StateTable

SOURCE = Source("main.bronze.raw", ("id", "part"), "event_ts", "ingest_ts")
TARGET = Output("SILVER", "main.silver.txn", ("key", "slice"), "run_id")
DQ = DqTable("main.silver.dq", "severity", "CRITICAL", "n", "bad", "status", "since", "until")
STATE = StateTable("main.ops.state", "name", "mark", "run", "status", "at")
RULES = r.RuleVersions("main.silver.rules", "rule", "since", "until", "now")


def test_keys_of_several_columns_are_compared_column_by_column() -> None:
    """A target may name its key columns in another way than the source."""
    found = r.missing_query(SOURCE, TARGET, "accepted(b)")
    assert "t.`key` = b.`id` AND t.`slice` = b.`part`" in found
    assert "b.`ingest_ts` < CAST(:hi AS TIMESTAMP) AND accepted(b)" in found


def test_the_newest_row_of_a_key_counts_and_the_file_decides_a_tie() -> None:
    """The order is the one of the materialisation."""
    found = r.source_sum_query(SOURCE, "amount", "src_file", "accepted(b)")
    assert "ORDER BY b.`ingest_ts` DESC, b.`src_file` DESC" in found


@pytest.mark.parametrize(
    "build",
    [
        lambda t: r.missing_query(Source(t, ("id", "p"), "e", "i"), TARGET, "true"),
        lambda t: r.orphans_query(SOURCE, Output("B", t, ("k", "s"), "run_id")),
        lambda t: r.source_sum_query(Source(t, ("id",), "e", "i"), "a", "f", "true"),
        lambda t: r.sum_query(t, "amount"),
        lambda t: r.daily_sums_query(t, "amount", "event_ts"),
    ],
    ids=["missing", "orphans", "source sum", "sum", "daily sums"],
)
def test_a_name_that_is_none_never_reaches_a_statement(build: Callable[[str], str]) -> None:
    """A binding with a space or an empty part is refused."""
    for name in ("main.silver.txn x", "main..txn", "main.silver.t/x"):
        with pytest.raises(ValueError, match="identifier"):
            build(name)


def test_a_backtick_in_a_name_stays_inside_it() -> None:
    """Doubled, as SQL wants it."""
    assert "`a``b`" in r.sum_query("main.silver.a`b", "amount")


def test_windows_lag_and_rules_name_the_bound_columns() -> None:
    """No column is assumed."""
    assert "MIN(`since`)" in r.windows_query(DQ, "run_id")
    assert "timestampdiff(SECOND, `mark`, CAST(:now AS TIMESTAMP))" in r.state_lag_query(STATE)
    assert "COUNT_IF(`now`) <> 1" in r.rule_violations_query(RULES)
