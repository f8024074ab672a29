"""The data contract as bound, and the check queries made from it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_roadmap.domain import check_queries as q
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.pipeline_contract import (
    Output,
    as_parameter,
    bound_window,
    load_contract,
    parse_time,
)
from tests.unit.domain.pipeline_cases import BINDINGS, HI, LO, bound


def test_tables_get_the_bound_catalog_and_every_column_is_collected() -> None:
    """An output and the DQ table may be the same table: its columns join."""
    tables = load_contract(bound()).tables()
    assert tables["main.silver.dq"] == (
        "run_id",
        "rule_id",
        "run_ts",
        "severity",
        "checked",
        "bad",
        "status",
        "ws",
        "we",
    )
    assert list(tables) == [
        "main.bronze.raw",
        "main.silver.dq",
        "main.gold.daily",
        "main.ops.state",
        "main.silver.rules",
    ]


def test_a_name_with_a_catalog_is_taken_as_it_is() -> None:
    """A source may lie in another catalog."""
    contract = load_contract(bound(pipelines__source__table="other.bronze.raw"))
    assert contract.source.table == "other.bronze.raw"


def test_pipelines_run_in_the_order_of_the_contract() -> None:
    """Whatever order a sentence names them in."""
    contract = load_contract(bound())
    assert contract.in_order(("B", "A")) == ("A", "B")
    assert [each.table for each in contract.of(("B",))] == ["main.gold.daily"]


def test_a_pipeline_outside_the_order_is_not_bound() -> None:
    """Nobody knows when it may run."""
    with pytest.raises(BlockedError, match="missing_binding"):
        load_contract(bound()).in_order(("A", "Z"))


@pytest.mark.parametrize(
    "change",
    [
        {"pipelines__source__table": "raw"},
        {"pipelines__source__watermark": "a/b"},
        {"pipelines__A__outputs": ["silver.dq"]},
        {"pipelines__A__outputs": [{"table": "silver.dq", "key": ["a"]}]},
    ],
)
def test_what_is_no_name_or_no_output_is_malformed(change: dict[str, Any]) -> None:
    """Identifiers are inlined in SQL, so they are checked before anything is asked."""
    with pytest.raises(InconclusiveError, match="malformed_binding"):
        load_contract(bound(**change))


def test_allowed_status_values_can_be_bound() -> None:
    """Projects spell them differently."""
    assert load_contract(bound()).dq.status_values == ("PASS", "WARN", "FAIL")
    changed = load_contract(bound(pipelines__dq__status_values=["OK"]))
    assert changed.dq.status_values == ("OK",)


def test_windows_are_half_open_spans_in_utc() -> None:
    """The history ends at the cutover."""
    assert bound_window(bound(), "smoke").end == HI
    history = bound_window(bound(cutover={"T_cutover_utc": "2026-02-10T00:00:00Z"}), "history")
    assert (history.start, history.end) == (LO, datetime(2026, 2, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    "times", ["2026-02-01", ["2026-02-01"], ["2026-02-02", "2026-02-01"], ["soon", "later"]]
)
def test_a_window_needs_two_times_in_order(times: Any) -> None:
    """A span of nothing would hold for everything."""
    with pytest.raises(InconclusiveError, match=r"pipelines\.windows\.smoke"):
        bound_window(bound(pipelines__windows__smoke=times), "smoke")


def test_an_unbound_window_blocks() -> None:
    """The harness does not choose one."""
    with pytest.raises(BlockedError, match=r"missing_binding\(pipelines.windows.affected\)"):
        bound_window(bound(), "affected")


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-01T00:00:00Z",
        "2026-02-01T00:00:00.000Z",
        "2026-02-01 00:00:00",
        "2026-02-01T09:00:00+09:00",
        LO,
    ],
)
def test_times_of_files_and_answers_are_read_alike(text: Any) -> None:
    """A time without an offset is UTC."""
    assert parse_time(text) == LO
    assert parse_time("tomorrow") is None
    assert as_parameter(LO) == "2026-02-01T00:00:00Z"


OUTPUT = Output("A", "main.silver.dq", ("run_id", "rule_id"), "run_id", "run_ts")


def test_rows_are_counted_for_the_run_and_dated() -> None:
    """Q-ROWS; without a column for the time none is asked for."""
    assert q.rows_query(OUTPUT) == (
        "SELECT COUNT(*) AS all_rows, COUNT_IF(`run_id` = :run_id) AS run_rows,"
        " MAX(CASE WHEN `run_id` = :run_id THEN `run_ts` END) AS newest"
        " FROM `main`.`silver`.`dq`"
    )
    undated = q.rows_query(Output("A", "a.b.c", ("k",), "r"))
    assert "CAST(NULL AS TIMESTAMP) AS newest" in undated


def test_keys_are_counted_when_they_occur_twice_or_have_holes() -> None:
    """Q-DUP; GROUP BY would hide a missing part of a key."""
    assert q.duplicates_query(OUTPUT) == (
        "SELECT COUNT(*) AS duplicates FROM (SELECT `run_id`, `rule_id` FROM `main`.`silver`.`dq`"
        " GROUP BY `run_id`, `rule_id` HAVING COUNT(*) > 1) AS keys"
    )
    assert q.null_keys_query(OUTPUT) == (
        "SELECT COUNT_IF(`run_id` IS NULL OR `rule_id` IS NULL) AS null_keys"
        " FROM `main`.`silver`.`dq`"
    )


def test_the_fingerprint_is_a_sum_over_rows_with_visible_nulls() -> None:
    """Q-FP; an exclusive or would lose a duplicated pair."""
    text = q.fingerprint_query("main.silver.dq", ["a", "b"])
    assert text.startswith("SELECT COUNT(*) AS n, CAST(SUM(")
    assert "coalesce(cast(`b` AS STRING), '<null>')" in text


def test_values_are_parameters_and_names_are_quoted() -> None:
    """No value stands in the text of a statement."""
    contract = load_contract(bound())
    assert q.source_rows_query(contract.source) == (
        "SELECT COUNT(*) AS source_rows FROM `main`.`bronze`.`raw`"
        " WHERE `ingest_ts` >= CAST(:lo AS TIMESTAMP) AND `ingest_ts` < CAST(:hi AS TIMESTAMP)"
    )
    assert q.critical_query(contract.dq).endswith("WHERE `severity` = :critical")
    assert q.dq_rows_query(contract.dq, "rule_id", "run_id").endswith("WHERE `run_id` = :run_id")
    assert q.current_rules_query(contract.rules) == (
        "SELECT `rule_id` FROM `main`.`silver`.`rules` WHERE `is_current`"
    )
    assert q.state_query(contract.state).startswith("SELECT `name`, `mark`, `last_run`")
    assert q.history_query("a.b.c", 5) == "DESCRIBE HISTORY `a`.`b`.`c` LIMIT 5"


def test_the_bindings_of_these_tests_are_not_changed_by_them() -> None:
    """Each test gets a copy."""
    bound(pipelines__order=[])
    assert BINDINGS["pipelines"]["order"] == ["A", "B"]
