"""Attempts to get at what the caller may not have; every one must end in an error of the engine."""

# ruff: noqa: S608 - the statements are the test's own

from __future__ import annotations

import copy

import pytest

from pytest_roadmap.embedded.sql.errors import SqlError
from tests.unit.embedded.sql.world import ADMIN, ARCHIVE, LANDING, NOBODY, PIPELINE, READER, World

SECRETS = ("424242", "777777", "kim")
REFUSED, UNSUPPORTED, MISSING = "42501", "0AEMB", "42P01"
PRIVATE = "main._private.salaries"

ATTEMPTS = (
    # reading a forbidden table by every way a query can name it
    (f"SELECT * FROM {PRIVATE}", REFUSED),
    ("SELECT * FROM `main`.`_private`.`salaries`", REFUSED),
    ("SELECT * FROM MAIN._PRIVATE.SALARIES", REFUSED),
    ("SELECT/**/name/**/FROM/**/main/**/./**/_private/**/./**/salaries", REFUSED),
    (f"SELECT s.name FROM {PRIVATE} AS s", REFUSED),
    (f"SELECT (SELECT max(amount) FROM {PRIVATE}) AS m", REFUSED),
    (f"SELECT 1 WHERE EXISTS (SELECT 1 FROM {PRIVATE} WHERE amount > 5)", REFUSED),
    (f"SELECT txn_id FROM main.silver.txn WHERE txn_id IN (SELECT name FROM {PRIVATE})", REFUSED),
    (f"SELECT * FROM main.silver.txn t JOIN {PRIVATE} s ON true", REFUSED),
    (f"SELECT * FROM main.silver.txn t LEFT SEMI JOIN {PRIVATE} s ON t.txn_id = s.name", REFUSED),
    (f"SELECT * FROM main.silver.txn, {PRIVATE}", REFUSED),
    (f"WITH x AS (SELECT * FROM {PRIVATE}) SELECT * FROM x", REFUSED),
    (f"WITH x AS (SELECT 1 AS a), y AS (SELECT * FROM {PRIVATE}) SELECT a FROM x", REFUSED),
    (f"WITH salaries AS (SELECT * FROM {PRIVATE}) SELECT * FROM salaries", REFUSED),
    (f"WITH txn AS (SELECT 1 AS a) SELECT * FROM {PRIVATE}", REFUSED),
    (f"SELECT 1 AS a UNION ALL SELECT amount FROM {PRIVATE}", REFUSED),
    (f"SELECT 1 AS a EXCEPT SELECT amount FROM {PRIVATE}", REFUSED),
    (f"SELECT * FROM (SELECT * FROM (SELECT * FROM {PRIVATE}) a) b", REFUSED),
    (f"SELECT CASE WHEN (SELECT count(*) FROM {PRIVATE}) > 1 THEN 1 ELSE 0 END", REFUSED),
    (f"SELECT count(*) FROM main.silver.txn ORDER BY (SELECT max(amount) FROM {PRIVATE})", REFUSED),
    (f"SELECT 1 LIMIT (SELECT max(amount) FROM {PRIVATE})", REFUSED),
    (
        f"SELECT row_number() OVER (ORDER BY (SELECT 1 FROM {PRIVATE})) FROM main.silver.txn",
        REFUSED,
    ),
    (f"SELECT * FROM {PRIVATE} VERSION AS OF 0", REFUSED),
    (f"SELECT * FROM {PRIVATE}@v0", REFUSED),
    (f"SELECT * FROM {PRIVATE} TIMESTAMP AS OF '2026-02-05'", REFUSED),
    (
        f"SELECT * FROM main.silver.txn VERSION AS OF (SELECT max(amount) FROM {PRIVATE})",
        UNSUPPORTED,
    ),
    (f"SELECT * FROM IDENTIFIER('{PRIVATE}')", REFUSED),
    ("SELECT * FROM IDENTIFIER(:private)", REFUSED),
    ("SELECT * FROM IDENTIFIER(:text)", "42601"),
    ("SELECT * FROM IDENTIFIER('main._private.' || 'salaries')", UNSUPPORTED),
    ("SELECT :text", None),
    # storage names of the engine and its catalogue
    ('SELECT * FROM store."r1"', MISSING),
    ("SELECT * FROM store.r1", MISSING),
    ("SELECT * FROM memory.store.r2", "42704"),
    ("SELECT * FROM `store`.`r2`", MISSING),
    ('SELECT * FROM `store"."r2`', MISSING),
    ("SELECT * FROM duckdb_tables", MISSING),
    ("SELECT * FROM sqlite_master", MISSING),
    ("SELECT * FROM pg_catalog.pg_tables", MISSING),
    ("SELECT rowid FROM main.silver.txn", "42703"),
    ("SELECT `rowid` FROM main.silver.txn", "42703"),
    ("SELECT * FROM '/etc/passwd'", MISSING),
    ("SELECT * FROM `/etc/passwd`", MISSING),
    ("SELECT * FROM `data.csv`", MISSING),
    ("SELECT * FROM csv.`/etc/passwd`", UNSUPPORTED),
    ("SELECT * FROM `main._private.salaries`", MISSING),
    # metadata
    (f"DESCRIBE TABLE {PRIVATE}", REFUSED),
    (f"DESCRIBE TABLE EXTENDED {PRIVATE}", REFUSED),
    (f"DESCRIBE HISTORY {PRIVATE}", REFUSED),
    (f"DESCRIBE DETAIL {PRIVATE}", REFUSED),
    ("DESCRIBE SCHEMA main._private", REFUSED),
    ("SHOW TABLES IN main._private", REFUSED),
    (f"SHOW GRANTS ON TABLE {PRIVATE}", REFUSED),
    ("SHOW GRANTS `admin@x.example` ON SCHEMA main.silver", REFUSED),
    (f"EXPLAIN SELECT * FROM {PRIVATE}", UNSUPPORTED),
    ("SELECT * FROM other.information_schema.tables", REFUSED),
    ("SELECT * FROM system.information_schema.tables", "42704"),
    # whether something exists
    ("DROP TABLE IF EXISTS main._private.nothing", REFUSED),
    ("DROP TABLE main._private.nothing", REFUSED),
    ("DESCRIBE main._private.nothing", REFUSED),
    ("SELECT * FROM main._private.nothing", REFUSED),
    ("GRANT SELECT ON TABLE main._private.nothing TO `pipeline`", REFUSED),
    ("ALTER TABLE main._private.nothing OWNER TO `pipeline`", REFUSED),
    # changing what one may not change
    ("CREATE SCHEMA main._dod_probe_1", REFUSED),
    ("CREATE SCHEMA IF NOT EXISTS main._dod_probe_1", REFUSED),
    ("CREATE SCHEMA `main`.`x`", REFUSED),
    ("CREATE SCHEMA other.x", REFUSED),
    ("CREATE TABLE main.silver.mine (a INT)", REFUSED),
    ("CREATE TABLE main.silver.mine AS SELECT 1 AS a", REFUSED),
    ("CREATE OR REPLACE TABLE main.silver.txn AS SELECT 1 AS a", REFUSED),
    (f"CREATE VIEW main.silver.v AS SELECT * FROM {PRIVATE}", REFUSED),
    ("CREATE FUNCTION main.silver.f(a STRING) RETURN true", REFUSED),
    ("DROP TABLE main.silver.txn", REFUSED),
    ("DROP TABLE IF EXISTS main.silver.txn", REFUSED),
    ("DROP SCHEMA main.silver CASCADE", REFUSED),
    ("ALTER TABLE main.silver.txn OWNER TO `pipeline`", REFUSED),
    ("ALTER SCHEMA main.silver OWNER TO `pipeline`", REFUSED),
    ("ALTER TABLE main.silver.txn DROP ROW FILTER", REFUSED),
    ("ALTER TABLE main.bronze.raw_txn ADD COLUMNS (a INT)", REFUSED),
    ("ALTER TABLE main.bronze.raw_txn SET TBLPROPERTIES ('a' = 'b')", REFUSED),
    ("GRANT SELECT ON TABLE main.silver.txn TO `pipeline`", REFUSED),
    (f"GRANT SELECT ON TABLE {PRIVATE} TO `pipeline`", REFUSED),
    ("GRANT ALL PRIVILEGES ON CATALOG main TO `pipeline`", REFUSED),
    ("GRANT MANAGE ON SCHEMA main.silver TO `grp-etl`", REFUSED),
    ("GRANT WRITE FILES ON EXTERNAL LOCATION archive TO `pipeline`", REFUSED),
    ("GRANT CREATE CATALOG ON METASTORE TO `pipeline`", REFUSED),
    ("GRANT SELECT ON TABLE IDENTIFIER(:private) TO `pipeline`", "42601"),
    ("REVOKE SELECT ON SCHEMA main.silver FROM `pipeline`", REFUSED),
    ("INSERT INTO main.bronze.raw_txn VALUES ('x', 1, null)", REFUSED),
    (f"INSERT INTO {PRIVATE} VALUES ('x', 1)", REFUSED),
    (f"INSERT INTO main.silver.txn (txn_id) SELECT name FROM {PRIVATE}", REFUSED),
    (f"INSERT OVERWRITE main.silver.txn SELECT name, name, amount, null FROM {PRIVATE}", REFUSED),
    ("UPDATE main.bronze.raw_txn SET amount = 1", REFUSED),
    (f"UPDATE main.silver.txn SET txn_id = (SELECT max(name) FROM {PRIVATE})", REFUSED),
    (
        f"UPDATE main.silver.txn SET amount = 1 WHERE txn_id IN (SELECT name FROM {PRIVATE})",
        REFUSED,
    ),
    ("DELETE FROM main.bronze.raw_txn WHERE 1=0", REFUSED),
    (f"DELETE FROM main.silver.txn WHERE txn_id = (SELECT max(name) FROM {PRIVATE})", REFUSED),
    ("DELETE FROM IDENTIFIER(:private)", REFUSED),
    ("TRUNCATE TABLE main.bronze.raw_txn", REFUSED),
    ("RESTORE TABLE main.bronze.raw_txn TO VERSION AS OF 0", REFUSED),
    (
        (
            f"MERGE INTO main.silver.txn t USING {PRIVATE} s ON t.txn_id = s.name "
            "WHEN NOT MATCHED THEN INSERT (txn_id) VALUES (s.name)"
        ),
        REFUSED,
    ),
    (
        (
            f"MERGE INTO {PRIVATE} t USING main.silver.txn s ON t.name = s.txn_id "
            "WHEN MATCHED THEN DELETE"
        ),
        REFUSED,
    ),
    (
        (
            "MERGE INTO main.silver.txn t USING main.bronze.raw_txn s ON t.txn_id = s.txn_id "
            f"WHEN NOT MATCHED AND (SELECT count(*) FROM {PRIVATE}) > 0 "
            "THEN INSERT (txn_id) VALUES (s.txn_id)"
        ),
        REFUSED,
    ),
    (
        (
            "MERGE INTO main.silver.txn t USING main.bronze.raw_txn s ON t.txn_id = s.txn_id "
            f"WHEN MATCHED THEN UPDATE SET txn_id = (SELECT max(name) FROM {PRIVATE})"
        ),
        REFUSED,
    ),
    # paths
    (f"INSERT OVERWRITE DIRECTORY '{ARCHIVE}x' USING CSV SELECT 1 AS v", REFUSED),
    (f"INSERT OVERWRITE DIRECTORY '{LANDING}x' USING CSV SELECT * FROM {PRIVATE}", REFUSED),
    (f"INSERT OVERWRITE DIRECTORY '{LANDING}../x' USING CSV SELECT 1 AS v", "58030"),
    ("INSERT OVERWRITE DIRECTORY '/tmp/x' USING CSV SELECT 1 AS v", "58030"),
    ("INSERT OVERWRITE DIRECTORY 'file:///tmp/x' USING CSV SELECT 1 AS v", "58030"),
    ("LIST 'abfss://landing@other.dfs.core.windows.net/'", REFUSED),
    ("LIST 'abfss://landing2@stx.dfs.core.windows.net/'", REFUSED),
    ("LIST '/'", "58030"),
    ("SELECT * FROM read_files('/etc/passwd', format => 'csv', schema => 'v STRING')", "58030"),
    ("SELECT * FROM read_files(:path, format => 'csv', schema => 'v STRING')", "58030"),
)


@pytest.mark.parametrize(("sql", "state"), ATTEMPTS)
def test_an_attempt_to_get_round_the_privileges_is_refused(sql: str, state: str | None) -> None:
    """Nothing is read, changed or named that the caller has no privilege for."""
    world = World()
    before = _fingerprint(world)
    parameters = {
        "private": PRIVATE,
        "text": f"(SELECT * FROM {PRIVATE})",
        "path": "/etc/passwd",
    }
    if state is None:
        assert world.run(sql, PIPELINE, **parameters) == [[parameters["text"]]]
        return
    error = world.error(sql, PIPELINE, **parameters)
    assert error.sql_state == state, str(error)
    assert not any(secret in str(error) for secret in SECRETS)
    assert _fingerprint(world) == before


def _fingerprint(world: World) -> object:
    state = world.state
    return copy.deepcopy(
        (
            state.grants,
            sorted(state.schemas),
            {name: (t.owner, len(t.versions)) for name, t in state.tables.items()},
            sorted(state.storage),
        )
    )


def test_a_caller_without_any_privilege_reads_nothing(world: World) -> None:
    """No grant: every statement on an object is refused, catalog first."""
    for sql in (
        "SELECT * FROM main.silver.txn",
        "SHOW SCHEMAS IN main",
        "DESCRIBE main.silver.txn",
    ):
        assert "USE CATALOG on Catalog 'main'" in str(world.error(sql, NOBODY))
    assert world.run("SHOW CATALOGS", NOBODY) == []


def test_the_information_schema_hides_what_the_caller_may_not_know(world: World) -> None:
    """Rows of forbidden schemas, tables, columns and other people's grants do not appear."""
    for view in ("schemata", "tables", "columns", "schema_privileges", "table_privileges"):
        text = str(world.run(f"SELECT * FROM main.information_schema.{view}", PIPELINE))
        assert "_private" not in text
        assert "salaries" not in text
    assert "_private" in str(world.run("SELECT * FROM main.information_schema.tables", ADMIN))


def test_an_empty_text_column_of_the_information_schema_can_be_compared(world: World) -> None:
    """A column that is null throughout is still text."""
    sql = "SELECT table_name FROM main.information_schema.tables WHERE comment = 'x'"
    assert world.run(sql, PIPELINE) == []
    counted = "SELECT max(ordinal_position) FROM main.information_schema.columns"
    assert world.run(counted, PIPELINE) == [["3"]]


def test_grants_of_others_are_not_shown(world: World) -> None:
    """SHOW GRANTS gives a caller without MANAGE only its own and its groups' rows."""
    world.grant("SELECT", "SCHEMA", "main.silver", to=READER)
    world.grant("MODIFY", "SCHEMA", "main.silver", to="grp-etl")
    shown = world.run("SHOW GRANTS ON SCHEMA main.silver", PIPELINE)
    assert {row[0] for row in shown} == {PIPELINE, "grp-etl"}


def test_a_view_gives_its_readers_what_its_owner_may_read(world: World) -> None:
    """SELECT on a view is enough, and functions in it name the reader."""
    world.run(
        "CREATE VIEW main.silver.v AS SELECT count(*) AS n, current_user() AS u FROM " + PRIVATE
    )
    assert world.run("SELECT * FROM main.silver.v", PIPELINE) == [["2", PIPELINE]]


def test_a_view_stops_working_when_its_owner_loses_the_privilege(world: World) -> None:
    """The owner's privileges are asked at query time."""
    world.grant("CREATE_TABLE", "SCHEMA", "main.silver", to=READER)
    for privilege, kind, name in (
        ("USE_CATALOG", "CATALOG", "main"),
        ("USE_SCHEMA", "SCHEMA", "main.silver"),
        ("SELECT", "SCHEMA", "main.silver"),
    ):
        world.grant(privilege, kind, name, to=READER)
    world.run("CREATE VIEW main.silver.v AS SELECT txn_id FROM main.silver.txn", READER)
    assert len(world.run("SELECT * FROM main.silver.v", PIPELINE)) == 3
    world.revoke("SELECT", "SCHEMA", "main.silver", to=READER)
    assert world.error("SELECT * FROM main.silver.v", PIPELINE).sql_state == REFUSED


def test_a_view_over_a_view_does_not_open_what_the_inner_owner_may_not_read(world: World) -> None:
    """Each view is resolved with the privileges of its own owner."""
    world.run(f"CREATE VIEW main.silver.inner_v AS SELECT name FROM {PRIVATE}")
    world.run("ALTER TABLE main.silver.inner_v OWNER TO `reader@x.example`")
    assert world.error("SELECT * FROM main.silver.inner_v", PIPELINE).sql_state == REFUSED


def test_a_row_filter_hides_rows_from_reads_and_changes(world: World) -> None:
    """The filter acts on SELECT, DELETE and UPDATE, names the caller, and is no way round."""
    world.run(
        "CREATE FUNCTION main.silver.only_a1(a STRING) RETURN a = 'a1' OR "
        "is_account_group_member('grp-ops')"
    )
    world.run("ALTER TABLE main.silver.txn SET ROW FILTER main.silver.only_a1 ON (account_id)")
    assert world.run("SELECT count(*) FROM main.silver.txn", PIPELINE) == [["2"]]
    assert world.run("DELETE FROM main.silver.txn WHERE txn_id = 't3'", PIPELINE) == [["0"]]
    assert world.run("UPDATE main.silver.txn SET amount = 0", PIPELINE) == [["2"]]
    for sql in (
        "SELECT * FROM main.silver.txn VERSION AS OF 0",
        (
            "MERGE INTO main.silver.txn t USING main.bronze.raw_txn s ON t.txn_id = s.txn_id "
            "WHEN MATCHED THEN DELETE"
        ),
    ):
        assert world.error(sql, PIPELINE).sql_state == UNSUPPORTED
    for privilege, kind, name in (
        ("USE_CATALOG", "CATALOG", "main"),
        ("USE_SCHEMA", "SCHEMA", "main.silver"),
        ("SELECT", "TABLE", "main.silver.txn"),
    ):
        world.grant(privilege, kind, name, to=READER)
    assert world.run("SELECT count(*) FROM main.silver.txn", READER) == [["3"]]


def test_an_error_on_a_row_does_not_quote_it(world: World) -> None:
    """Messages of failed casts carry no value of the row."""
    error = world.error("SELECT cast(name AS INT) FROM main._private.salaries", ADMIN)
    assert error.sql_state == "22018"
    assert not any(secret in str(error) for secret in SECRETS)


def test_no_message_names_the_storage_of_the_engine(world: World) -> None:
    """Relations, macros and DuckDB stay out of messages."""
    for sql in (
        "SELECT nope FROM main.silver.txn",
        "SELECT txn.nope FROM main.silver.txn",
        "SELECT sum(txn_id) FROM main.silver.txn",
        "SELECT txn_id FROM main.silver.txn GROUP BY account_id",
        "SELECT substr(ingest_ts, 'x', 1) FROM main.silver.txn",
    ):
        message = str(world.error(sql, ADMIN)).lower()
        assert not any(word in message for word in ("store", "duckdb", "spark_", '"r'))


def test_a_catalog_not_bound_to_the_workspace_is_unusable(world: World) -> None:
    """ISOLATED without a binding: refused whatever is granted, also for the owner."""
    world.state.catalogs["main"].isolation_mode = "ISOLATED"
    assert world.error("SELECT * FROM main.silver.txn", PIPELINE).sql_state == REFUSED
    assert world.error("SELECT * FROM main.silver.txn", ADMIN).sql_state == REFUSED


def test_modify_without_select_is_not_enough_to_delete(world: World) -> None:
    """MODIFY works only together with SELECT."""
    world.revoke("SELECT", "SCHEMA", "main.silver")
    error = world.error("DELETE FROM main.silver.txn WHERE 1=0", PIPELINE)
    assert "SELECT on Table 'main.silver.txn'" in str(error)


def test_a_metastore_admin_reads_no_data_it_has_no_privilege_on(world: World) -> None:
    """Administering is not reading."""
    world.state.metastore.owner = NOBODY
    assert world.error(f"SELECT * FROM {PRIVATE}", NOBODY).sql_state == REFUSED


@pytest.mark.parametrize(
    ("fault", "sql", "state"),
    [
        ("refusal-as-parse-error", "CREATE SCHEMA main.x", "42601"),
        ("refusal-as-not-found", "CREATE SCHEMA main.x", MISSING),
    ],
)
def test_a_fault_disguises_the_refusal(world: World, fault: str, sql: str, state: str) -> None:
    """The named faults change the error of a refusal and nothing else."""
    world.faults(fault)
    assert world.error(sql, PIPELINE).sql_state == state
    assert "main.x" not in world.state.schemas


def test_a_fault_lets_anyone_grant(world: World) -> None:
    """``grant-accepted-from-anyone`` skips the check of the right to grant."""
    world.faults("grant-accepted-from-anyone")
    world.run("GRANT SELECT ON TABLE main._private.salaries TO `pipeline`", PIPELINE)
    assert world.state.grants[("TABLE", PRIVATE)] == {PIPELINE: ["SELECT"]}


def test_an_unknown_error_of_the_storage_is_not_a_refusal(world: World) -> None:
    """A closed firewall answers with another error than a missing privilege."""
    account = next(iter(world.state.arm.values()))
    account["properties"]["publicNetworkAccess"] = "Disabled"
    with pytest.raises(SqlError) as caught:
        world.run(f"LIST '{LANDING}'", PIPELINE)
    assert caught.value.sql_state != REFUSED
    assert "403" in str(caught.value)
