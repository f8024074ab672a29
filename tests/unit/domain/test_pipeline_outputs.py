"""What a run must have left in the tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.pipeline_contract import Output, Window, load_contract
from pytest_roadmap.domain.pipeline_outputs import (
    DqRow,
    EarlierRun,
    EarlierRuns,
    OutputReading,
    OutputReport,
    Write,
    earlier_runs,
    key_problems,
    new_row_problems,
    query_outputs,
    require_something_new,
    smoke_problems,
    writer_problems,
)
from pytest_roadmap.domain.ports import StatementResult
from pytest_roadmap.domain.warehouse_desk import WarehouseDesk
from tests.fakes.world import PIPELINE
from tests.unit.domain.pipeline_cases import (
    HI,
    LO,
    RUN_ID,
    STARTED,
    answer,
    bound,
    failed,
    workspace,
)

ENDED = STARTED + timedelta(seconds=9)
INSIDE = STARTED + timedelta(seconds=5)
WINDOW = Window("smoke", LO, HI)
RUNS = EarlierRuns(RUN_ID, WINDOW, (EarlierRun("A", 7, PIPELINE, STARTED, ENDED),))
DQ = Output("A", "main.silver.dq", ("run_id", "rule_id"), "run_id", "run_ts", smoke=True)
GOLD = Output("B", "main.gold.daily", ("day",), "run_id", smoke=True)
WRITE = Write("3", INSIDE, PIPELINE, "MERGE", "7")
READING = OutputReading(DQ, all_rows=4, run_rows=2, newest=INSIDE, writes=(WRITE,))
ROW = DqRow("R1", "PASS", 12, 0, LO, HI)
REPORT = OutputReport(
    RUNS,
    (READING, OutputReading(GOLD)),
    DQ.table,
    (ROW, replace(ROW, rule="R2", status="FAIL", bad=3)),
    ("R1", "R2"),
    12,
)
STATUS = ("PASS", "FAIL")


def smoke(**changes: Any) -> tuple[str, ...]:
    return smoke_problems(replace(REPORT, **changes), STATUS)


def reading(**changes: Any) -> tuple[str, ...]:
    return smoke(outputs=(replace(READING, **changes), OutputReading(GOLD)))


def row(**changes: Any) -> str:
    return smoke(dq=(replace(ROW, **changes), REPORT.dq[1]))[0]


def test_one_complete_smoke_output_is_enough() -> None:
    """The table of the DQ results or a Gold table."""
    assert smoke() == ()
    gold = OutputReading(GOLD, all_rows=9, run_rows=9)
    assert smoke(outputs=(OutputReading(DQ, missing=True), gold), dq=()) == ()


def test_without_rows_of_the_run_nothing_was_made() -> None:
    """Rows of other runs do not count, and a missing table has none."""
    said = smoke(outputs=(replace(READING, run_rows=0), OutputReading(GOLD, missing=True)))
    assert said == (
        "main.silver.dq has no row of run dod-1 (4 of others)",
        "main.gold.daily does not exist",
    )


def test_rows_from_before_the_run_are_not_its_own() -> None:
    """Somebody else used the same id, or nothing was written."""
    assert "before the run started" in reading(newest=STARTED - timedelta(hours=1))[0]
    assert "before the run started" in reading(newest=None)[0]


def test_without_a_smoke_output_there_is_nothing_to_judge() -> None:
    """A binding without smoke_any_of must not pass."""
    plain = replace(READING, output=replace(DQ, smoke=False))
    assert smoke(outputs=(plain,)) == ("no output of a pipeline is bound as smoke_any_of",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"checked": 0}, "rule R1 checked 0 rows, the window has 12"),
        ({"bad": 13}, "rule R1 counts 13 bad rows of 12"),
        ({"bad": None}, "rule R1 counts None bad rows of 12"),
        ({"status": "?"}, "rule R1 has the status '?'"),
        ({"window_end": LO}, f"rule R1 names the window {LO} to {LO}"),
    ],
)
def test_each_rule_is_plausible(changes: dict[str, Any], said: str) -> None:
    """Counts, status and window are those of the request."""
    assert row(**changes) == said


def test_there_is_one_row_for_each_current_rule() -> None:
    """Neither missing, nor twice, nor of a rule that is none."""
    assert smoke(dq=(ROW,))[0] == "rule R2 has 0 rows of the run, expected one"
    assert smoke(dq=(*REPORT.dq, ROW))[0] == "rule R1 has 2 rows of the run, expected one"
    assert smoke(rules=("R1",))[0] == "rule R2 is no current rule"
    assert smoke(rules=(), dq=())[0] == "there is no current rule"


def test_a_table_that_somebody_else_rewrote_since_is_not_complete() -> None:
    """Maintenance changes no content, and what was before the run does not matter."""
    foreign = replace(WRITE, user_name="kim@corp")
    assert reading(writes=(foreign,))[0] == (
        f"main.silver.dq: version 3 (MERGE) was written by kim@corp, not by {PIPELINE}"
    )
    before = replace(foreign, at=STARTED - timedelta(days=1))
    assert reading(writes=(replace(foreign, operation="OPTIMIZE"), before)) == ()


def test_keys_occur_once_and_have_no_holes() -> None:
    """Only the outputs of the named pipelines are judged."""
    bad = replace(REPORT, outputs=(replace(READING, duplicates=2, null_keys=1),))
    assert list(key_problems(bad, ("A",))) == [
        "main.silver.dq: 2 keys (run_id, rule_id) occur more than once",
        "main.silver.dq: 1 rows have no value in a column of run_id, rule_id",
    ]
    assert list(key_problems(bad, ("B",))) == []
    gone = replace(REPORT, outputs=(OutputReading(DQ, missing=True),))
    assert list(key_problems(gone, ("A",))) == ["main.silver.dq does not exist"]


def test_every_pipeline_leaves_rows_in_one_of_its_outputs() -> None:
    """A pipeline may have an output that stays empty, such as its rejects."""
    rejects = OutputReading(replace(DQ, table="main.silver.bad"))
    assert list(new_row_problems((READING, rejects), RUNS)) == []
    assert list(new_row_problems((rejects,), RUNS)) == [
        "A left no row of run dod-1 in main.silver.bad"
    ]


def test_a_window_that_was_processed_before_cannot_show_new_rows() -> None:
    """Only where every silent pipeline had processed it; any other silence is judged."""
    silent = (READING, OutputReading(GOLD))
    require_something_new(silent, frozenset(), WINDOW)
    require_something_new(silent, frozenset({"A"}), WINDOW)
    require_something_new((READING,), frozenset({"A", "B"}), WINDOW)
    with pytest.raises(BlockedError, match=r"B had processed it before this run") as blocked:
        require_something_new(silent, frozenset({"B"}), WINDOW)
    assert blocked.value.reason == "no_data(pipelines.windows.smoke)"


def test_data_are_written_by_the_principal_in_the_run() -> None:
    """Where the history names a run, it is this one."""
    assert list(writer_problems((READING,), RUNS, PIPELINE.upper())) == []
    other = replace(READING, writes=(replace(WRITE, user_name="kim@corp", job_run_id="8"),))
    assert list(writer_problems((other,), RUNS, PIPELINE)) == [
        f"main.silver.dq: version 3 (MERGE) was written by kim@corp, not by {PIPELINE}",
        "main.silver.dq: version 3 (MERGE) was written by run 8, not by run 7",
    ]


def test_no_version_inside_the_run_proves_nothing() -> None:
    """Maintenance and other times are passed over."""
    idle = replace(
        READING,
        writes=(
            replace(WRITE, operation="VACUUM END"),
            replace(WRITE, at=ENDED + timedelta(days=1)),
        ),
    )
    assert list(writer_problems((idle,), RUNS, PIPELINE)) == [
        "no version of any output was written while the runs were under way"
    ]


def test_rows_without_a_version_in_their_run_came_from_elsewhere() -> None:
    """The version of another output does not speak for them."""
    runs = replace(RUNS, runs=(*RUNS.runs, replace(RUNS.runs[0], pipeline="B", run_id=8)))
    late = replace(WRITE, at=ENDED + timedelta(hours=1), user_name="kim@corp")
    gold = OutputReading(GOLD, all_rows=1, run_rows=1, writes=(late,))
    assert list(writer_problems((READING, gold), runs, PIPELINE)) == [
        "main.gold.daily: no version of its rows was written during its run"
    ]
    assert list(writer_problems((READING, replace(gold, run_rows=0)), runs, PIPELINE)) == []


def test_a_history_with_gaps_is_no_proof() -> None:
    """A version without a time, or more versions since the run than were read."""
    undated = replace(WRITE, at=None)
    for found in (
        reading(writes=(undated, WRITE)),
        list(writer_problems((replace(READING, writes=(undated, WRITE)),), RUNS, PIPELINE)),
    ):
        assert found[0] == "main.silver.dq: version 3 (MERGE) names no time"
    cut = replace(READING, writes=(WRITE,) * 100)
    (said,) = writer_problems((cut,), RUNS, PIPELINE)
    assert said == f"main.silver.dq: its newest 100 versions do not go back to {STARTED}"
    whole = replace(cut, writes=(*cut.writes, replace(WRITE, at=STARTED - timedelta(days=1))))
    assert list(writer_problems((whole,), RUNS, PIPELINE)) == []


def test_nobody_wrote_is_not_the_identity_of_a_job_without_one() -> None:
    """Two empty names are no match."""
    nobody = replace(RUNS, runs=(replace(RUNS.runs[0], run_as=""),))
    unnamed = (replace(READING, writes=(replace(WRITE, user_name=""),)), OutputReading(GOLD))
    assert "was written by" in smoke(runs=nobody, outputs=unnamed)[0]


@pytest.mark.parametrize(
    "left",
    [
        {},
        {"business_run_id": "r", "window": {"start": "x", "end": "y", "name": "n"}, "runs": []},
        {"business_run_id": "r", "window": {"start": "x"}, "runs": [{"pipeline": "A"}]},
    ],
)
def test_a_record_that_is_not_whole_cannot_be_gone_on_with(left: dict[str, Any]) -> None:
    """Nothing is guessed."""
    with pytest.raises(InconclusiveError, match="malformed_record"):
        earlier_runs(left)


def answers(statement: str) -> StatementResult | None:
    """Two DQ rows, one rule, a Gold table that does not exist."""
    if "daily" in statement:
        return failed("TABLE_OR_VIEW_NOT_FOUND")
    if statement.startswith("DESCRIBE HISTORY"):
        columns = ("version", "timestamp", "userName", "operation", "job")
        at = INSIDE.isoformat()
        return answer(
            ("3", at, PIPELINE, "MERGE", '{"jobRunId": "7"}'),
            ("2", at, PIPELINE, "MERGE", "{"),
            ("1", at, PIPELINE, "CREATE TABLE", None),
            columns=columns,
        )
    if "all_rows" in statement:
        return answer(("4", "2", INSIDE.isoformat()))
    if "`severity`" in statement or "`checked`" in statement:
        return answer(("R1", "PASS", "12", "0", LO.isoformat(), HI.isoformat()))
    if "`is_current`" in statement:
        return answer(("R1",))
    return answer(("12",) if "source_rows" in statement else ("0",))


def test_the_report_holds_what_the_warehouse_says() -> None:
    """Smoke outputs of other pipelines are read too; one that is missing is an answer."""
    desk = WarehouseDesk(workspace(answers=answers), "wh")
    report = query_outputs(desk, load_contract(bound()), ("A",), RUNS)
    dq, gold = report.outputs
    assert (dq.all_rows, dq.run_rows, dq.newest, gold.missing) == (4, 2, INSIDE, True)
    assert [write.job_run_id for write in dq.writes] == ["7", "", ""]
    assert (report.dq, report.rules, report.source_rows) == ((ROW,), ("R1",), 12)


def test_a_missing_dq_table_has_no_rows() -> None:
    """The scenario can still be judged by the other outputs."""

    def gone(statement: str) -> StatementResult | None:
        dq = "`silver`.`dq`" in statement
        return failed("TABLE_OR_VIEW_NOT_FOUND") if dq else answers(statement)

    desk = WarehouseDesk(workspace(answers=gone), "wh")
    report = query_outputs(desk, load_contract(bound()), ("A",), RUNS)
    assert (report.outputs[0].missing, report.dq) == (True, ())
