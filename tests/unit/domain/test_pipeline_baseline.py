"""What must be known before a pipeline runs."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_roadmap.domain.bound_jobs import aliases_in, bound_job_id, declared_parameters
from pytest_roadmap.domain.outcome import (
    AccessRefusedError,
    AssetMissingError,
    BlockedError,
    InconclusiveError,
)
from pytest_roadmap.domain.pipeline_baseline import (
    processed_pipelines,
    record_baseline,
    require_contract,
    require_idle,
    require_source_rows,
)
from pytest_roadmap.domain.pipeline_contract import Window, load_contract
from pytest_roadmap.domain.ports import StatementResult
from pytest_roadmap.domain.warehouse_desk import WarehouseDesk
from tests.fakes.world import FakeWorkspace
from tests.unit.domain.pipeline_cases import (
    HI,
    JOB,
    LO,
    RUN_ID,
    answer,
    bound,
    failed,
    job_body,
    run_body,
    table,
    workspace,
)

CONTRACT = load_contract(bound())
WINDOW = Window("smoke", LO, HI)


def measured(statement: str) -> StatementResult | None:
    """A table with three rows, none of this run, at version 4."""
    if statement.startswith("DESCRIBE HISTORY"):
        return answer(("4", "MERGE"), columns=("version", "operation"))
    if "all_rows" in statement:
        return answer(("3", "0", None))
    if "SUM(CAST(conv" in statement:
        return answer(("3", "12345"))
    if "AS bad" in statement:
        return answer(("1", "10"))
    if "AS source_rows" in statement:
        return answer(("288",))
    return answer(("A", "2026-02-01", "r0", "SUCCESS", "2026-02-02"))


def world(**changes: Any) -> FakeWorkspace:
    tables = {("table", name): table(*columns) for name, columns in CONTRACT.tables().items()}
    return workspace(**{"securables": tables, "answers": measured} | changes)


def desk(**changes: Any) -> WarehouseDesk:
    return WarehouseDesk(world(**changes), "wh")


def test_the_contract_holds_where_every_table_has_its_columns() -> None:
    """Names of columns compare without case, as SQL does."""
    upper = {
        ("table", name): table(*(c.upper() for c in columns))
        for name, columns in CONTRACT.tables().items()
    }
    fake = world(securables=upper)
    require_contract(fake, CONTRACT)
    assert fake.statements == []


def test_a_missing_table_or_column_blocks_with_its_name() -> None:
    """The task uses what others hand over."""
    with pytest.raises(BlockedError, match=r"asset_not_handed_over\(main.bronze.raw\)"):
        require_contract(workspace(), CONTRACT)
    fake = world()
    fake.securables["table", "main.silver.dq"] = table("run_id", "rule_id")
    with pytest.raises(BlockedError, match="it has no column run_ts"):
        require_contract(fake, CONTRACT)


def test_a_baseline_holds_rows_fingerprint_version_state_and_ratio() -> None:
    """Everything that a rerun or a rollback is compared with."""
    facts = record_baseline(desk(), CONTRACT, ("A",), RUN_ID).as_facts()
    assert facts == {
        "tables": {"main.silver.dq": {"rows": 3, "fingerprint": "12345", "version": "4"}},
        "state": {"A": ["2026-02-01", "r0", "SUCCESS", "2026-02-02"]},
        "critical": {"bad": 1, "checked": 10},
    }


def test_the_fingerprint_leaves_out_what_may_change() -> None:
    """A volatile column is rewritten by a run that changes nothing."""
    fake = world()
    record_baseline(WarehouseDesk(fake, "wh"), CONTRACT, ("B",), RUN_ID)
    asked = next(text for text in fake.statements if "SUM(CAST(conv" in text)
    assert "`day`" in asked
    assert "`run_id`" not in asked


def test_a_table_without_history_has_no_version() -> None:
    """An empty answer is a value."""

    def bare(statement: str) -> StatementResult | None:
        empty = statement.startswith("DESCRIBE HISTORY")
        return answer(columns=("version",)) if empty else measured(statement)

    assert record_baseline(desk(answers=bare), CONTRACT, ("A",), RUN_ID).tables[0].version == ""


def test_a_run_id_with_rows_is_not_fresh() -> None:
    """Rows of this run must be rows of this run only."""

    def used(statement: str) -> StatementResult | None:
        return answer(("3", "1", None)) if "all_rows" in statement else measured(statement)

    with pytest.raises(InconclusiveError, match="run_id_in_use"):
        record_baseline(desk(answers=used), CONTRACT, ("A",), RUN_ID)


def test_an_empty_window_blocks_for_lack_of_data() -> None:
    """There is nothing to smoke."""
    assert require_source_rows(desk(), CONTRACT, WINDOW) == 288
    with pytest.raises(BlockedError, match=r"no_data\(main.bronze.raw\)"):
        require_source_rows(desk(answers=lambda _s: answer(("0",))), CONTRACT, WINDOW)


def test_the_state_tells_which_pipelines_had_processed_the_window() -> None:
    """To its very end or beyond; without a mark, or without a state, none is known to have."""

    def marks(*rows: tuple[str | None, ...]) -> frozenset[str]:
        return processed_pipelines(desk(answers=lambda _s: answer(*rows)), CONTRACT, WINDOW)

    later, earlier = "2026-02-02T00:00:00.000Z", "2026-02-01T23:59:59.999Z"
    assert marks(("A", later, "r", "SUCCESS", later), ("B", earlier, "r", "SUCCESS", later)) == {
        "A"
    }
    assert marks(("A", None, "r", "SUCCESS", later)) == frozenset()
    absent = desk(answers=lambda _s: failed("TABLE_OR_VIEW_NOT_FOUND"))
    assert processed_pipelines(absent, CONTRACT, WINDOW) == frozenset()


def test_an_active_run_stops_the_scenario() -> None:
    """Two runs at once would write the same tables."""
    assert require_idle(workspace(), bound(), ("A",)) == {"A": JOB}
    running = run_body(state={"life_cycle_state": "RUNNING"})
    with pytest.raises(InconclusiveError, match=r"run_active\(A\)"):
        require_idle(workspace(job_runs={7: running}), bound(), ("A",))


def test_an_alias_means_an_id_or_the_only_job_of_a_name() -> None:
    """Names need not be unique on the service."""
    named = job_body() | {"job_id": 52, "settings": {"name": "summary"}}
    fake = workspace(jobs={JOB: job_body(), 52: named})
    assert bound_job_id(fake, bound(), "A") == JOB
    assert bound_job_id(fake, bound(), "B") == 52
    fake.jobs[53] = named
    with pytest.raises(InconclusiveError, match="2 jobs are named summary"):
        bound_job_id(fake, bound(), "B")


def test_an_alias_that_leads_nowhere_is_told_apart() -> None:
    """Not bound, no such name, no number."""
    with pytest.raises(BlockedError, match=r"missing_binding\(jobs.C.id\)"):
        bound_job_id(workspace(), bound(), "C")
    with pytest.raises(AssetMissingError, match="job summary"):
        bound_job_id(workspace(), bound(), "B")
    with pytest.raises(InconclusiveError, match="malformed_binding"):
        bound_job_id(workspace(), bound(jobs__A__id="a1"), "A")


def test_a_list_of_aliases_keeps_order_and_drops_repetition() -> None:
    """Steps name them with commas."""
    assert aliases_in("A, SILVER,A ,") == ("A", "SILVER")
    assert declared_parameters({}) == ()


def test_a_statement_that_does_not_succeed_has_no_rows() -> None:
    """Refused, missing and failed are different words."""

    def asking(result: StatementResult) -> WarehouseDesk:
        return desk(answers=lambda _statement: result)

    with pytest.raises(AccessRefusedError):
        asking(failed("PERMISSION_DENIED")).rows("SELECT 1")
    for missing in (
        failed("TABLE_OR_VIEW_NOT_FOUND"),
        failed("BAD_REQUEST", "[TABLE_OR_VIEW_NOT_FOUND] x"),
        failed("BAD_REQUEST", sql_state="42P01"),
    ):
        with pytest.raises(AssetMissingError):
            asking(missing).rows("SELECT 1")
    with pytest.raises(InconclusiveError, match="statement_failed"):
        asking(failed("BAD_REQUEST")).rows("SELECT 1")
    with pytest.raises(InconclusiveError, match="expected one row, got 0"):
        asking(answer()).one("SELECT 1")
