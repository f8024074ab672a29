"""The sample pipelines give the contract's numbers, and a query finds each fault in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_roadmap.domain import check_queries as q
from pytest_roadmap.domain import reconciliation_queries as r
from pytest_roadmap.domain.pipeline_contract import DqTable, StateTable
from tests.unit.embedded.pipeline_model import (
    BEFORE,
    CUTOVER,
    END,
    SILVER,
    START,
    SUMMARY,
    Model,
)

DQ = DqTable(
    "main.silver.dq_status",
    "severity",
    "CRITICAL",
    "checked_count",
    "bad_count",
    "status",
    "window_start",
    "window_end",
)
STATE = StateTable(
    "main.ops.pipeline_state",
    "pipeline_name",
    "last_watermark",
    "last_run_id",
    "last_status",
    "updated_at",
)
RULES = r.RuleVersions(
    "main.silver.dim_rule_scd2", "rule_id", "effective_from", "effective_to", "is_current"
)
#: Another file with the same transaction, arrived in the same moment.
TWIN = (
    "INSERT INTO main.bronze.raw_txn SELECT txn_id, account_id, amount + 1, event_ts, ingest_ts,"
    " 'landing/zz.csv' FROM main.bronze.raw_txn WHERE txn_id = 't000013'"
)


@pytest.fixture
def model() -> Model:
    """A fresh world."""
    return Model()


@pytest.fixture
def filled(model: Model) -> Model:
    """After the backfill up to the cutover."""
    model.run("backfill", START, CUTOVER)
    return model


def replaced(old: str, new: str) -> Callable[[str], str]:
    """A fault that writes one part of the SQL in another way; the part must be there."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


def critical(model: Model, run_id: str) -> tuple[int, int]:
    """Bad and checked rows under CRITICAL rules in one run."""
    rows = model.sql(
        "SELECT SUM(bad_count), SUM(checked_count) FROM main.silver.dq_status"
        " WHERE severity = 'CRITICAL' AND run_id = :run_id",
        run_id=run_id,
    )
    return int(rows[0][0] or 0), int(rows[0][1] or 0)


def daily(model: Model) -> tuple[list[list[str | None]], list[list[str | None]]]:
    """Q-SUM for each business date in Silver and Gold."""
    gold = r.daily_sums_query("main.gold.daily_account_summary", "total_amount", "business_date")
    return model.sql(r.daily_sums_query("main.silver.txn", "amount", "event_ts")), model.sql(gold)


def test_the_source_has_the_rows_of_the_contract(model: Model) -> None:
    """4,032 transactions, 101 corrections, three around the cutover."""
    assert model.count("main.bronze.raw_txn") == 4136
    assert model.count("main.bronze.raw_txn", "src_file LIKE '%part-1.csv'") == 101


def test_the_backfill_gives_the_measured_numbers(filled: Model) -> None:
    """2,586 Silver rows, 450 summary rows, a CRITICAL ratio of 0.113 %."""
    assert filled.count("main.silver.txn") == 2586
    assert filled.count("main.gold.daily_account_summary") == 450
    bad, checked = critical(filled, "backfill")
    assert round(100 * bad / checked, 3) == 0.113


def test_every_current_rule_is_stated_also_without_a_violation(filled: Model) -> None:
    """One row a rule, and each has checked the same rows."""
    rows = filled.sql(
        "SELECT rule_id, checked_count FROM main.silver.dq_status WHERE run_id = 'backfill'"
        " ORDER BY rule_id"
    )
    assert rows == [["R001", "2656"], ["R002", "2656"], ["R003", "2656"]]


def test_the_same_run_again_changes_no_row_and_no_fingerprint(filled: Model) -> None:
    """A run is a function of source, rules and target."""
    before, versions = filled.fingerprints(), filled.output_versions()
    filled.run("backfill", START, CUTOVER)
    assert filled.fingerprints() == before
    assert filled.output_versions() == versions


def test_a_pipeline_without_a_state_row_makes_one(model: Model) -> None:
    """A new environment has no state yet."""
    model.sql("DELETE FROM main.ops.pipeline_state")
    model.run("first", START, "2026-02-02T00:00:00Z")
    names = model.sql("SELECT pipeline_name FROM main.ops.pipeline_state ORDER BY pipeline_name")
    assert names == [["A"], ["B"], ["C"], ["SILVER"]]


def test_silver_and_gold_are_found_to_agree(filled: Model) -> None:
    """Two checks, both passed."""
    rows = filled.sql(
        "SELECT check_name, status FROM main.gold.recon_result WHERE run_id = 'backfill'"
        " ORDER BY check_name"
    )
    assert rows == [["amount_sum", "PASS"], ["row_count", "PASS"]]


def test_the_increment_reconciles_and_equals_one_uninterrupted_backfill(filled: Model) -> None:
    """1,441 rows, nothing missing, doubled or orphaned, all sums equal."""
    filled.run("increment", CUTOVER, END)
    assert filled.count("main.silver.txn", "run_id = 'increment'") == 1441
    assert filled.recon() == (0, 0, 0)
    assert len(set(filled.sums())) == 1
    bad, checked = critical(filled, "increment")
    assert round(100 * bad / checked, 3) == 0.101
    whole = Model()
    whole.run("backfill", START, END)
    assert filled.fingerprints() == whole.fingerprints()


def test_rows_written_around_the_cutover_go_to_their_own_side(filled: Model) -> None:
    """A row that arrives at T belongs to the increment."""
    assert filled.count("main.silver.txn", "txn_id LIKE 'b%'") == 1
    filled.run("increment", CUTOVER, END)
    assert filled.count("main.silver.txn", "txn_id LIKE 'b%'") == 3


def test_a_window_opened_late_misses_the_row_at_its_start(filled: Model) -> None:
    """window_late_1us: one row is missing."""
    filled.run("increment", "2026-02-10T00:00:00.000001Z", END)
    assert filled.recon()[0] == 1
    windows = filled.sql(r.windows_query(DQ, "run_id"))
    assert windows[-1][0] == "increment"
    gap = filled.sql(
        "SELECT COUNT(*) FROM main.silver.dq_status WHERE run_id = 'increment'"
        " AND window_start <> CAST(:cutover AS TIMESTAMP)",
        cutover=CUTOVER,
    )
    assert gap == [["3"]]


def test_appending_instead_of_merging_doubles_keys_on_a_rerun(filled: Model) -> None:
    """append_instead_of_merge: Q-DUP and the fingerprint see it."""
    before = filled.fingerprints()
    filled.run(
        "backfill", START, CUTOVER, ("SILVER",), replaced("ON t.txn_id", "ON false AND t.txn_id")
    )
    assert filled.duplicates(SILVER) == 2586
    assert filled.fingerprints() != before


def test_late_arrivals_filtered_by_event_time_are_missing(filled: Model) -> None:
    """late_filtered_by_event_time: two rows, seen over the whole range only."""
    late = replaced(
        "WHERE b.ingest_ts >=",
        "WHERE b.event_ts >= CAST(:window_start AS TIMESTAMP) AND b.ingest_ts >=",
    )
    filled.run("increment", CUTOVER, END, ("A",))
    filled.run("increment", CUTOVER, END, ("SILVER",), late)
    assert filled.recon()[0] == 2


def test_an_ignored_correction_shows_in_sums_only(filled: Model) -> None:
    """correction_ignored: keys reconcile, the values do not."""
    oldest = replaced("ORDER BY ingest_ts DESC", "ORDER BY ingest_ts ASC")
    stale = Model()
    stale.run("backfill", START, CUTOVER, fault=lambda t: oldest(t) if "ROW_NUMBER" in t else t)
    assert stale.recon(START, CUTOVER) == (0, 0, 0)
    source, silver, _ = stale.sums(START, CUTOVER)
    assert source != silver
    assert len(set(filled.sums(START, CUTOVER))) == 1


def test_amounts_that_vanish_raise_the_critical_ratio(filled: Model) -> None:
    """amounts_nulled: more rows are rejected than before."""
    filled.sql(
        "UPDATE main.bronze.raw_txn SET amount = NULL"
        " WHERE ingest_ts >= CAST(:cutover AS TIMESTAMP) AND txn_id LIKE '%3'",
        "infra.park@embedded.example",
        cutover=CUTOVER,
    )
    filled.run("increment", CUTOVER, END, ("A",))
    bad, checked = critical(filled, "increment")
    assert bad / checked > 0.01


def test_tables_restored_without_the_state_lose_the_increment(filled: Model) -> None:
    """state_not_restored: the next increment starts where the state says, the rows before lack."""
    version = len(filled.state.tables["main.silver.txn"].versions) - 1
    filled.run("increment", CUTOVER, END)
    filled.sql(f"RESTORE TABLE main.silver.txn TO VERSION AS OF {version}")
    (watermark,) = filled.sql(
        "SELECT last_watermark FROM main.ops.pipeline_state WHERE pipeline_name = 'SILVER'"
    )[0]
    filled.run("next", str(watermark), "2026-02-17T00:00:00Z", ("SILVER",))
    assert filled.recon()[0] == 1441


def test_a_doubled_aggregate_shows_in_sums_and_not_in_keys(filled: Model) -> None:
    """aggregate_doubled: no key twice, another sum."""
    filled.sql("UPDATE main.gold.daily_account_summary SET total_amount = total_amount * 2")
    _, silver, gold = filled.sums(START, CUTOVER)
    assert silver != gold
    assert filled.duplicates(SUMMARY) == 0


def test_a_stale_business_date_shows_in_the_sums_of_the_days(filled: Model) -> None:
    """gold_stale_date: a key moved to another day leaves its old aggregate behind."""
    silver, gold = daily(filled)
    assert silver == gold
    filled.sql(
        "INSERT INTO main.bronze.raw_txn SELECT txn_id, account_id, amount,"
        " CAST('2026-02-09T12:00:00Z' AS TIMESTAMP), CAST(:at AS TIMESTAMP), src_file"
        " FROM main.bronze.raw_txn WHERE txn_id = 't000001'",
        "infra.park@embedded.example",
        at="2026-02-10T00:01:00Z",
    )
    filled.run("moved", CUTOVER, "2026-02-10T00:02:00Z")
    silver, gold = daily(filled)
    assert [row[0] for row in silver if row not in gold] == ["2026-02-01"]


def test_a_rerun_keeps_the_watermark_where_it_was(filled: Model) -> None:
    """rerun_moves_watermark: the healthy job takes the greater of both, the faulty one its own."""
    lag = r.state_lag_query(STATE)
    before = filled.sql(lag, now=END)
    filled.run("again", START, "2026-02-02T00:00:00Z")
    assert filled.sql(lag, now=END) == before
    back = replaced("GREATEST(t.last_watermark, s.window_end)", "s.window_end")
    filled.run("again", START, "2026-02-02T00:00:00Z", ("A",), back)
    assert filled.sql(lag, now=END) != before


def test_a_random_tie_break_changes_the_fingerprint(model: Model) -> None:
    """tie_break_random: two files with one arrival time give the row of the greater file name."""
    model.sql(
        TWIN,
        "infra.park@embedded.example",
    )
    other = Model()
    other.sql(
        TWIN,
        "infra.park@embedded.example",
    )
    model.run("first", START, CUTOVER)
    tie = replaced("src_file DESC", "src_file ASC")
    other.run("first", START, CUTOVER, fault=lambda t: tie(t) if "ROW_NUMBER" in t else t)
    assert model.fingerprints() != other.fingerprints()


def test_rows_of_other_runs_that_vanish_are_missed(filled: Model) -> None:
    """rows_of_other_runs_deleted: the count of the earlier run and Q-RECON fall."""
    filled.run("increment", CUTOVER, END)
    filled.sql("DELETE FROM main.silver.txn WHERE run_id <> 'increment'")
    assert filled.recon() == (2586, 0, 0)


def test_a_row_without_a_source_is_an_orphan(filled: Model) -> None:
    """Q-RECON, third number."""
    filled.sql("INSERT INTO main.silver.txn (txn_id, run_id) VALUES ('made-up', 'backfill')")
    assert filled.recon(BEFORE, CUTOVER) == (0, 0, 1)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("INSERT INTO {t} SELECT * FROM {t} WHERE rule_id = 'R001'", ["3", "1", "0", "0"]),
        ("DELETE FROM {t} WHERE rule_id = 'R003'", ["2", "0", "0", "0"]),
        (
            "UPDATE {t} SET effective_to = effective_from WHERE rule_id = 'R002'",
            ["3", "0", "1", "0"],
        ),
        (
            (
                "INSERT INTO {t} SELECT rule_id, 2, severity, expression,"
                " timestampadd(DAY, 1, effective_from), NULL, false FROM {t}"
                " WHERE rule_id = 'R001'"
            ),
            ["3", "0", "0", "1"],
        ),
    ],
)
def test_rule_versions_that_contradict_are_counted(
    model: Model, change: str, found: list[str]
) -> None:
    """Q-RULE: one current version each, none reversed, none overlapping."""
    assert model.sql(r.rule_violations_query(RULES)) == [["3", "0", "0", "0"]]
    model.sql(change.format(t=RULES.table), "infra.park@embedded.example")
    assert model.sql(r.rule_violations_query(RULES)) == [found]


def test_the_fingerprint_of_an_empty_table_is_null(model: Model) -> None:
    """Nothing has no sum; two equal rows do not cancel out."""
    model.sql("DELETE FROM main.silver.txn")
    query = q.fingerprint_query("main.silver.txn", ["txn_id"])
    assert model.sql(query) == [["0", None]]
