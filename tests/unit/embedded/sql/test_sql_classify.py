"""What is a statement, what is unsupported, and what is no SQL at all."""

from __future__ import annotations

import pytest

from pytest_roadmap.embedded.sql import model
from pytest_roadmap.embedded.sql.classify import classify
from pytest_roadmap.embedded.sql.errors import SqlError

KNOWN = (
    ("SELECT 1", model.Query),
    ("  -- comment\nWITH x AS (SELECT 1) SELECT * FROM x ;", model.Query),
    ("VALUES (1), (2)", model.Query),
    ("(SELECT 1) UNION ALL (SELECT 2)", model.Query),
    ("insert into t values (1)", model.Insert),
    ("INSERT OVERWRITE DIRECTORY 'abfss://x' USING CSV SELECT 1 AS v", model.InsertDirectory),
    ("UPDATE t SET a = 1", model.Update),
    ("DELETE FROM t WHERE 1=0", model.Delete),
    ("TRUNCATE TABLE t", model.Delete),
    ("MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE", model.Merge),
    ("CREATE TABLE t (a INT NOT NULL, b DECIMAL(10,2)) USING DELTA", model.CreateTable),
    ("CREATE OR REPLACE VIEW v AS SELECT 1 AS a", model.CreateView),
    ("CREATE FUNCTION f(a STRING) RETURN a = current_user()", model.CreateFunction),
    ("CREATE SCHEMA IF NOT EXISTS main.x COMMENT 'y'", model.CreateSchema),
    ("DROP SCHEMA IF EXISTS main.x CASCADE", model.Drop),
    ("ALTER TABLE t OWNER TO `a b`", model.AlterOwner),
    ("ALTER TABLE t ADD COLUMNS (a INT, b STRING COMMENT 'x')", model.AddColumns),
    ("ALTER TABLE t SET TBLPROPERTIES ('a' = 'b')", model.SetProperties),
    ("ALTER TABLE t SET ROW FILTER main.s.f ON (a)", model.SetRowFilter),
    ("GRANT SELECT, MODIFY ON SCHEMA main.silver TO `grp`", model.Grant),
    ("REVOKE ALL PRIVILEGES ON CATALOG main FROM x", model.Grant),
    ("GRANT READ FILES ON EXTERNAL LOCATION `loc-a` TO x", model.Grant),
    ("SHOW GRANTS `x` ON TABLE a.b.c", model.ShowGrants),
    ("SHOW TABLES IN a.b LIKE 'x*'", model.Show),
    ("DESCRIBE HISTORY a.b.c LIMIT 1", model.Describe),
    ("DESC TABLE EXTENDED a", model.Describe),
    ("RESTORE TABLE a TO VERSION AS OF 3", model.Restore),
    ("LIST 'abfss://x' LIMIT 5", model.ListPath),
)
UNSUPPORTED = (
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM `read_csv`('/etc/passwd')",
    "SELECT * FROM read_parquet('x')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_json('x')",
    "SELECT getenv('HOME')",
    "SELECT * FROM duckdb_tables()",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM pragma_table_info('x')",
    "SELECT * FROM sniff_csv('x')",
    "SELECT current_setting('threads')",
    "SELECT query('SELECT 1')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('x')",
    "SELECT COLUMNS('x') FROM t",
    "SELECT * FROM range(10)",
    "SELECT * FROM t TABLESAMPLE (5 ROWS)",
    "SELECT * FROM t LATERAL VIEW explode(x) y",
    "SELECT * FROM t, LATERAL (SELECT 1)",
    "SELECT * FROM a NATURAL JOIN b",
    "SELECT DISTINCT ON (a) b FROM c",
    "SELECT * EXCEPT (a) FROM b",
    "SELECT a FROM t GROUP BY ALL",
    "SELECT a FROM t ORDER BY ALL",
    "SELECT a FROM t GROUP BY ROLLUP (a)",
    "SELECT x FROM t FOR UPDATE",
    "SELECT a INTO b FROM c",
    "SELECT x:y.z FROM t",
    "SELECT a[0] FROM t",
    "SELECT transform(x, y -> y) FROM t",
    "SELECT hash(1), xxhash64(1)",
    "SELECT rand()",
    "SELECT uuid()",
    "SELECT first(a) FROM t",
    "SELECT percentile(a, 0.5) FROM t",
    "SELECT approx_count_distinct(a) FROM t",
    "SELECT main.silver.f(1)",
    "SELECT 0x1F",
    "SELECT secret('a', 'b')",
    "SELECT ai_query('x')",
    "SELECT java_method('java.lang.System', 'exit')",
    "SELECT 'a''b'",
    "SELECT 'a' 'b'",
    "SELECT '\\u0041'",
    "WITH RECURSIVE x AS (SELECT 1) SELECT * FROM x",
    "WITH x AS (SELECT 1) DELETE FROM t",
    "INSERT INTO t REPLACE WHERE a = 1 SELECT 1",
    "INSERT INTO t PARTITION (a = 1) SELECT 1",
    "INSERT OVERWRITE LOCAL DIRECTORY '/tmp' USING CSV SELECT 1",
    "CREATE TABLE t (a INT) LOCATION 'abfss://x'",
    "CREATE TABLE t (a INT) USING CSV",
    "CREATE TABLE t LIKE u",
    "CREATE TABLE t SHALLOW CLONE u",
    "CREATE TABLE t (a ARRAY<INT>)",
    "CREATE TABLE t (a INT DEFAULT 1)",
    "CREATE TEMPORARY VIEW v AS SELECT 1",
    "CREATE CATALOG x",
    "CREATE EXTERNAL LOCATION x URL 'abfss://x'",
    "DROP CATALOG main",
    "ALTER CATALOG main OWNER TO x",
    "ALTER TABLE t RENAME TO u",
    "EXPLAIN SELECT 1",
    "USE CATALOG main",
    "SET x = 1",
    "COPY INTO t FROM 'abfss://x'",
    "ATTACH 'x.db'",
    "INSTALL httpfs",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "OPTIMIZE t",
    "VACUUM t",
    "REFRESH TABLE t",
    "EXECUTE IMMEDIATE 'SELECT 1'",
    "DECLARE x INT",
    "BEGIN TRANSACTION",
    "COMMENT ON TABLE t IS 'x'",
)
NO_SQL = (
    "",
    "   ",
    "-- only a comment",
    "SELEC 1",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE t",
    "SELECT FROM WHERE",
    "GRANT SELECT ON TABLE t",
    "GRANT FLY ON TABLE t TO x",
    "DESCRIBE HISTORY a LIMIT x",
    "LIST abfss",
    "SHOW TABLES IN a; DROP TABLE b",
    "SELECT \0",
    "'just a string'",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM a WHERE EXISTS (DELETE FROM b)",
    "MERGE INTO t",
)


@pytest.mark.parametrize(("text", "kind"), KNOWN)
def test_a_known_statement_is_read_as_its_kind(text: str, kind: type[object]) -> None:
    """Every listed statement has one kind."""
    assert type(classify(text)) is kind


@pytest.mark.parametrize("text", UNSUPPORTED)
def test_sql_that_is_not_on_the_list_is_unsupported(text: str) -> None:
    """What the engine does not know is named as unsupported, never as a refusal or syntax error."""
    with pytest.raises(SqlError) as caught:
        classify(text)
    assert caught.value.error_code == "UNSUPPORTED_BY_EMBEDDED_ENGINE"
    assert "unsupported by the embedded engine" in str(caught.value)
    assert caught.value.sql_state not in ("42501", "42601")


@pytest.mark.parametrize("text", NO_SQL)
def test_text_that_is_not_one_statement_is_a_syntax_error(text: str) -> None:
    """Not SQL, or more than one statement: PARSE_SYNTAX_ERROR."""
    with pytest.raises(SqlError) as caught:
        classify(text)
    assert caught.value.sql_state == "42601"


def test_deep_nesting_ends_in_an_error_of_ours() -> None:
    """A statement that would exhaust the stack is unsupported."""
    with pytest.raises(SqlError) as caught:
        classify("SELECT " + "(" * 3000 + "1" + ")" * 3000)
    assert caught.value.error_code == "UNSUPPORTED_BY_EMBEDDED_ENGINE"
