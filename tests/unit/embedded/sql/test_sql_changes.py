"""Changes of tables: rows, versions and history, against results worked out by hand."""

# ruff: noqa: S608 - the statements are the test's own

from __future__ import annotations

import json

import pytest

from tests.unit.embedded.sql.world import ADMIN, PIPELINE, World

TXN = "main.silver.txn"


def _rows(world: World, columns: str = "txn_id, amount") -> list[list[str | None]]:
    return world.run(f"SELECT {columns} FROM {TXN} ORDER BY txn_id")


def _history(world: World, table: str = TXN) -> list[tuple[str | None, ...]]:
    world.run(f"DESCRIBE HISTORY {table}")
    names = [column.name for column in world.last.columns]
    picked = [names.index(n) for n in ("version", "userName", "operation", "operationMetrics")]
    return [tuple(row[i] for i in picked) for row in world.last.rows]


def test_a_delete_of_nothing_makes_no_version(world: World) -> None:
    """DELETE … WHERE 1=0 leaves the history as it is."""
    assert world.run(f"DELETE FROM {TXN} WHERE 1=0", PIPELINE) == [["0"]]
    assert len(_history(world)) == 1


def test_the_fault_makes_a_delete_of_nothing_commit(world: World) -> None:
    """``no-op-delete-commits`` writes a version for no row."""
    world.faults("no-op-delete-commits")
    world.run(f"DELETE FROM {TXN} WHERE 1=0", PIPELINE)
    assert _history(world)[0][:3] == ("1", PIPELINE, "DELETE")


def test_each_write_is_a_version_with_who_and_what(world: World) -> None:
    """History names the user, the operation and the row counts, newest first."""
    world.run(f"INSERT INTO {TXN} (txn_id, amount) VALUES ('t4', '7.25')", PIPELINE)
    world.run(f"UPDATE {TXN} SET amount = amount + 1 WHERE txn_id = 't1'", PIPELINE)
    world.run(f"DELETE FROM {TXN} WHERE txn_id IN ('t2', 't3')", PIPELINE)
    assert _rows(world) == [["t1", "11.00"], ["t4", "7.25"]]
    assert _history(world) == [
        ("3", PIPELINE, "DELETE", '{"numDeletedRows":"2"}'),
        ("2", PIPELINE, "UPDATE", '{"numUpdatedRows":"1"}'),
        ("1", PIPELINE, "WRITE", '{"numOutputRows":"1"}'),
        ("0", ADMIN, "WRITE", '{"numOutputRows":"3"}'),
    ]


def test_an_old_version_stays_readable(world: World) -> None:
    """VERSION AS OF, @v and TIMESTAMP AS OF read what was; a missing version is an error."""
    world.run(f"DELETE FROM {TXN}")
    assert world.run(f"SELECT count(*) FROM {TXN}") == [["0"]]
    assert world.run(f"SELECT count(*) FROM {TXN} VERSION AS OF 0") == [["3"]]
    assert world.run(f"SELECT count(*) FROM {TXN}@v0 AS t") == [["3"]]
    assert world.run(f"SELECT count(*) FROM {TXN} VERSION AS OF :v", v=("0", "INT")) == [["3"]]
    at = f"SELECT count(*) FROM {TXN} TIMESTAMP AS OF"
    assert world.run(f"{at} '2026-02-05T00:00:00Z'") == [["3"]]
    assert world.error(f"{at} '2020-01-01'", ADMIN).sql_state == "42816"
    assert world.error(f"{at} '2030-01-01'", ADMIN).sql_state == "42816"
    assert world.error(f"SELECT * FROM {TXN} VERSION AS OF 9", ADMIN).sql_state == "22003"


def test_restore_is_a_new_version_with_the_old_rows(world: World) -> None:
    """RESTORE brings rows back and adds to the history."""
    world.run(f"UPDATE {TXN} SET amount = 0", PIPELINE)
    world.run(f"RESTORE TABLE {TXN} TO VERSION AS OF 0", PIPELINE)
    assert _rows(world) == [["t1", "10.00"], ["t2", "20.50"], ["t3", None]]
    assert [row[2] for row in _history(world)] == ["RESTORE", "UPDATE", "WRITE"]


def test_insert_casts_to_the_columns(world: World) -> None:
    """Store assignment casts as Spark does; a bad value or count of columns is an error."""
    world.run(
        f"INSERT INTO {TXN} VALUES ('t5', 7, 1.005, '2026-02-03T00:00:00Z'), ('t6', 8, 2, NULL)"
    )
    found = world.run(f"SELECT account_id, amount, ingest_ts FROM {TXN} WHERE txn_id = 't5'")
    assert found == [["7", "1.01", "2026-02-03T00:00:00.000Z"]]
    assert world.error(f"INSERT INTO {TXN} VALUES ('x')", ADMIN).sql_state == "21S01"
    assert world.error(f"INSERT INTO {TXN} (amount) VALUES ('x')", ADMIN).sql_state == "22018"
    assert world.error(f"INSERT INTO {TXN} (nope) VALUES ('x')", ADMIN).sql_state == "42703"
    assert len(_history(world)) == 2


def test_insert_by_name_and_overwrite(world: World) -> None:
    """BY NAME matches columns by name; OVERWRITE replaces the rows."""
    world.run(f"INSERT INTO {TXN} BY NAME SELECT 5 AS amount, 't7' AS txn_id")
    assert ["t7", "5.00"] in _rows(world)
    world.run(
        f"INSERT OVERWRITE {TXN} SELECT txn_id, account_id, amount, ingest_ts FROM {TXN} "
        "WHERE amount > 15"
    )
    assert _rows(world) == [["t2", "20.50"]]


def test_an_update_reads_the_table_as_it_was(world: World) -> None:
    """Subqueries of a change see the version before it."""
    world.run(f"UPDATE {TXN} t SET amount = (SELECT sum(amount) FROM {TXN}) WHERE t.txn_id < 't3'")
    assert _rows(world) == [["t1", "30.50"], ["t2", "30.50"], ["t3", None]]


def test_a_failed_change_leaves_nothing(world: World) -> None:
    """An error in the middle of a change commits no version."""
    assert world.error(f"UPDATE {TXN} SET amount = CAST(txn_id AS INT)", ADMIN).sql_state == "22018"
    assert len(_history(world)) == 1


MERGE = f"""
MERGE INTO {TXN} t USING (
  SELECT * FROM VALUES ('t1', 'b1', 1.25), ('t2', 'b2', 99), ('n1', 'b3', 5)
  AS s(txn_id, account_id, amount)) s
ON t.txn_id = s.txn_id
WHEN MATCHED AND s.amount > t.amount THEN UPDATE SET t.amount = s.amount
WHEN MATCHED THEN DELETE
WHEN NOT MATCHED AND s.amount > 1 THEN INSERT (txn_id, account_id) VALUES (s.txn_id, s.account_id)
WHEN NOT MATCHED BY SOURCE AND t.amount IS NULL THEN UPDATE SET account_id = 'orphan'
"""


def test_merge_applies_the_first_clause_that_holds(world: World) -> None:
    """t1 deleted, t2 updated, n1 inserted without amount, t3 changed by source absence."""
    assert world.run(MERGE, PIPELINE) == [["4", "2", "1", "1"]]
    assert _rows(world, "txn_id, account_id, amount") == [
        ["n1", "b3", None],
        ["t2", "a1", "99.00"],
        ["t3", "orphan", None],
    ]
    metrics = json.loads(_history(world)[0][3] or "{}")
    assert metrics == {
        "numTargetRowsUpdated": "2",
        "numTargetRowsDeleted": "1",
        "numTargetRowsInserted": "1",
    }


def test_merge_with_stars_copies_all_columns_by_name(world: World) -> None:
    """``UPDATE SET *`` and ``INSERT *`` take every target column from the source."""
    source = (
        "(SELECT 5 AS amount, 't1' AS txn_id, NULL AS ingest_ts, 'z' AS account_id UNION ALL "
        "SELECT 6, 't9', NULL, 'y')"
    )
    world.run(
        f"MERGE INTO {TXN} USING {source} s ON txn.txn_id = s.txn_id "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )
    assert _rows(world, "txn_id, account_id, amount")[0] == ["t1", "z", "5.00"]
    assert _rows(world, "txn_id, account_id, amount")[-1] == ["t9", "y", "6.00"]
    short = f"MERGE INTO {TXN} t USING (SELECT 't1' AS txn_id) s ON t.txn_id = s.txn_id "
    assert world.error(short + "WHEN MATCHED THEN UPDATE SET *", ADMIN).sql_state == "42703"


def test_merge_refuses_several_source_rows_for_one_target_row(world: World) -> None:
    """The service's error, and no version; a lone unconditional DELETE may match twice."""
    head = (
        f"MERGE INTO {TXN} t USING (SELECT * FROM VALUES ('t1'), ('t1') AS v(k)) s "
        "ON t.txn_id = s.k WHEN MATCHED THEN "
    )
    error = world.error(head + "UPDATE SET amount = 1", ADMIN)
    assert error.error_code == "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE"
    assert len(_history(world)) == 1
    world.run(head + "DELETE")
    assert [row[0] for row in _rows(world)] == ["t2", "t3"]


def test_a_merge_that_changes_nothing_makes_no_version(world: World) -> None:
    """Converged input leaves the history alone."""
    world.run(
        f"MERGE INTO {TXN} t USING {TXN} s ON t.txn_id = s.txn_id "
        "WHEN MATCHED AND s.amount > t.amount THEN UPDATE SET amount = s.amount "
        "WHEN NOT MATCHED THEN INSERT *"
    )
    assert len(_history(world)) == 1


def test_tables_views_and_schemas_come_and_go(world: World) -> None:
    """CREATE, CTAS, REPLACE, ALTER and DROP, each with its owner and versions."""
    world.run("CREATE SCHEMA main.lab COMMENT 'x'", ADMIN)
    world.run("CREATE TABLE main.lab.t (a INT NOT NULL, b STRING COMMENT 'note')")
    assert world.error("INSERT INTO main.lab.t (b) VALUES ('x')", ADMIN).sql_state == "23502"
    assert world.error("CREATE TABLE main.lab.t (a INT)", ADMIN).sql_state == "42P07"
    world.run("CREATE TABLE IF NOT EXISTS main.lab.t (z INT)")
    world.run("INSERT INTO main.lab.t VALUES (1, 'x')")
    world.run("ALTER TABLE main.lab.t ADD COLUMNS (c DECIMAL(10,2))")
    assert world.run("SELECT * FROM main.lab.t") == [["1", "x", None]]
    assert world.run("SELECT * FROM main.lab.t VERSION AS OF 1") == [["1", "x"]]
    world.run("CREATE OR REPLACE TABLE main.lab.t AS SELECT sum(a) AS total FROM main.lab.t")
    assert world.run("SELECT * FROM main.lab.t") == [["1"]]
    assert world.run("DESCRIBE main.lab.t") == [["total", "bigint", None]]
    assert world.error("DROP SCHEMA main.lab", ADMIN).sql_state == "2BP01"
    world.run("CREATE VIEW main.lab.v (n) AS SELECT total FROM main.lab.t")
    assert world.run("SELECT n FROM main.lab.v") == [["1"]]
    assert world.error("DROP TABLE main.lab.v", ADMIN).sql_state == "42809"
    world.run("DROP SCHEMA main.lab CASCADE")
    assert world.error("SELECT * FROM main.lab.t", ADMIN).sql_state == "42P01"
    assert not [name for name in world.state.tables if name.startswith("main.lab")]


def test_a_view_cannot_read_itself(world: World) -> None:
    """Replacing a view by a query over itself is refused, and the old view stays."""
    world.run("CREATE VIEW main.silver.v AS SELECT 1 AS a")
    error = world.error(
        "CREATE OR REPLACE VIEW main.silver.v AS SELECT a FROM main.silver.v", ADMIN
    )
    assert error.error_code == "RECURSIVE_VIEW"
    assert world.run("SELECT * FROM main.silver.v") == [["1"]]


def test_grants_change_what_a_principal_may_do(world: World) -> None:
    """GRANT opens, REVOKE closes; unknown principals and unfit privileges are errors."""
    world.run("GRANT USE SCHEMA, SELECT ON SCHEMA main._private TO `grp-etl`")
    assert len(world.run("SELECT * FROM main._private.salaries", PIPELINE)) == 2
    world.run("REVOKE SELECT ON SCHEMA main._private FROM `grp-etl`")
    assert world.error("SELECT * FROM main._private.salaries").sql_state == "42501"
    assert "Could not find principal" in str(
        world.error("GRANT SELECT ON SCHEMA main.silver TO `no one`", ADMIN)
    )
    assert world.error("GRANT READ FILES ON SCHEMA main.silver TO x", ADMIN).sql_state == "22023"


def test_describe_detail_and_show_answer_for_the_owner(world: World) -> None:
    """The other listings have their columns and rows."""
    detail = world.run(f"DESCRIBE DETAIL {TXN}")[0]
    assert detail[:3] == ["delta", "silver.txn", TXN]
    assert ["Owner", ADMIN, ""] in world.run(f"DESCRIBE TABLE EXTENDED {TXN}")
    assert ["Owner", ADMIN] in world.run("DESCRIBE SCHEMA main.silver")
    assert ["Owner", ADMIN] in world.run("DESCRIBE CATALOG main")
    assert world.run("SHOW CATALOGS") == [["main"], ["other"]]
    assert world.run("SHOW TABLES IN main.silver LIKE 't*'") == [["silver", "txn", "false"]]
    assert world.run("SHOW VOLUMES IN main.silver") == []
    assert ["silver"] in world.run("SHOW SCHEMAS IN main")


def test_a_snapshot_of_the_state_is_a_snapshot_of_the_rows(world: World) -> None:
    """Relations are immutable: an older copy of the state reads the older rows, in any order."""
    kept = world.state.copy()
    world.run(f"DELETE FROM {TXN}")
    changed, world.state = world.state, kept.copy()
    assert world.run(f"SELECT count(*) FROM {TXN}") == [["3"]]
    world.run(f"INSERT INTO {TXN} (txn_id) VALUES ('other')")
    world.state = changed
    assert world.run(f"SELECT count(*) FROM {TXN}") == [["0"]]
    world.state = kept
    assert len(_history(world)) == 1


@pytest.mark.parametrize("header", ["", " OPTIONS ('header' = 'true', 'sep' = ';')"])
def test_files_written_to_a_directory_are_read_back(world: World, header: str) -> None:
    """INSERT OVERWRITE DIRECTORY replaces the directory; LIST and read_files see it."""
    path = "abfss://landing@stx.dfs.core.windows.net/p/run"
    world.run(f"INSERT OVERWRITE DIRECTORY '{path}' USING CSV SELECT 'old'", PIPELINE)
    query = "SELECT txn_id, amount, ingest_ts FROM main.silver.txn ORDER BY txn_id"
    world.run(f"INSERT OVERWRITE DIRECTORY '{path}' USING CSV{header} {query}", PIPELINE)
    listed = [row[1] for row in world.run(f"LIST '{path}'", PIPELINE)]
    assert len([name for name in listed if name and name.startswith("part-")]) == 1
    options = ", header => true, sep => ';'" if header else ""
    schema = "txn_id STRING, amount DECIMAL(18,2), ingest_ts TIMESTAMP"
    read = world.run(
        f"SELECT * FROM read_files('{path}', format => 'csv', schema => '{schema}'{options})",
        PIPELINE,
    )
    assert read == [
        ["t1", "10.00", "2026-02-01T01:00:00.000Z"],
        ["t2", "20.50", "2026-02-01T02:00:00.000Z"],
        ["t3", None, "2026-02-02T03:00:00.000Z"],
    ]
