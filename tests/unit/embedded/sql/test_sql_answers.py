"""Expressions answer as Spark does (worked out by hand from its documentation), or not at all."""

# ruff: noqa: S608 - the statements are the test's own

from __future__ import annotations

import pytest

from tests.unit.embedded.sql.world import ADMIN, World

ANSWERS = (
    ("1 + 1", "2"),
    ("7 / 2", "3.5"),
    ("-7 % 3", "-1"),
    ("CAST(1.9 AS INT)", "1"),
    ("CAST(-1.9 AS INT)", "-1"),
    ("CAST('  12 ' AS INT)", "12"),
    ("CAST(1.005 AS DECIMAL(10,2))", "1.01"),
    ("CAST(2.5D AS BIGINT)", "2"),
    ("CAST(true AS INT)", "1"),
    ("CAST('yes' AS BOOLEAN)", "true"),
    ("CAST('2026-02-01T09:00:00+09:00' AS TIMESTAMP)", "2026-02-01T00:00:00.000Z"),
    ("CAST('2026-02-01T00:00:00.5Z' AS TIMESTAMP)", "2026-02-01T00:00:00.500Z"),
    ("CAST('2026-02-01 13:14:15' AS DATE)", "2026-02-01"),
    ("CAST(TIMESTAMP'2026-02-01 01:02:03.120' AS STRING)", "2026-02-01 01:02:03.12"),
    ("CAST(1.50 AS STRING)", "1.50"),
    ("CAST(1D AS STRING)", "1.0"),
    ("1e10", "1.0E10"),
    ("CAST(0.00012 AS DOUBLE)", "1.2E-4"),
    ("CAST(123456.75 AS DOUBLE)", "123456.75"),
    ("round(2.5)", "3"),
    ("round(-2.5)", "-3"),
    ("round(1.255, 2)", "1.26"),
    ("floor(-1.5)", "-2"),
    ("ceil(1.2)", "2"),
    ("concat('a', NULL)", None),
    ("concat_ws('~', 'a', NULL, 'b')", "a~b"),
    ("concat('n', 5, true)", "n5true"),
    ("'a' || 1", "a1"),
    ("substr('abcdef', 0, 2)", "ab"),
    ("substring('abcdef', 3)", "cdef"),
    ("length('한글')", "2"),
    ("upper('abc')", "ABC"),
    ("trim('  a ')", "a"),
    ("replace('abc', 'b', 'x')", "axc"),
    ("instr('abc', 'c')", "3"),
    ("sha2('abc', 256)", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("md5('abc')", "900150983cd24fb0d6963f7d28e17f72"),
    ("conv('ff', 16, 10)", "255"),
    ("conv(substr(sha2('abc', 256), 1, 15), 16, 10)", "839782156265856254"),
    ("coalesce(NULL, 2)", "2"),
    ("nvl(NULL, 'x')", "x"),
    ("nullif(1, 1)", None),
    ("if(1 > 2, 'a', 'b')", "b"),
    ("CASE WHEN NULL THEN 1 ELSE 2 END", "2"),
    ("greatest(1, NULL, 3)", "3"),
    ("least(2, NULL, 3)", "2"),
    ("1 <=> NULL", "false"),
    ("NULL <=> NULL", "true"),
    ("isnull(NULL)", "true"),
    ("isnotnull(NULL)", "false"),
    ("1 IN (2, NULL)", None),
    ("'abc' LIKE 'a_c'", "true"),
    ("'it\\'s'", "it's"),
    ("year(DATE'2026-02-03')", "2026"),
    ("hour(TIMESTAMP'2026-02-03 04:05:06')", "4"),
    ("dayofweek(DATE'2026-02-01')", "1"),
    ("date_add(DATE'2026-02-28', 1)", "2026-03-01"),
    ("date_sub('2026-03-01', 1)", "2026-02-28"),
    ("datediff(DATE'2026-02-03', DATE'2026-02-01')", "2"),
    ("date_trunc('HOUR', TIMESTAMP'2026-02-03 04:05:06')", "2026-02-03T04:00:00.000Z"),
    ("date_format(TIMESTAMP'2026-02-03 04:05:06', 'yyyy-MM-dd')", "2026-02-03"),
    ("TIMESTAMP'2026-02-03 04:05:06' + INTERVAL 1 DAY", "2026-02-04T04:05:06.000Z"),
    ("timestampadd(HOUR, 2, TIMESTAMP'2026-02-03 04:05:06')", "2026-02-03T06:05:06.000Z"),
    (
        "timestampdiff(SECOND, TIMESTAMP'2026-01-01 00:00:00.9', TIMESTAMP'2026-01-01 00:00:01.1')",
        "0",
    ),
    (
        "timestampdiff(SECOND, TIMESTAMP'2026-01-01 00:00:01.1', TIMESTAMP'2026-01-01 00:00:00.9')",
        "0",
    ),
    ("unix_timestamp(TIMESTAMP'2026-02-01 00:00:00')", "1769904000"),
    ("unix_timestamp('2026-02-01 00:00:00')", "1769904000"),
    ("current_user()", ADMIN),
    ("session_user()", ADMIN),
    ("current_catalog()", "main"),
    ("current_schema()", "default"),
    ("current_date()", "2026-02-11"),
    ("current_timestamp()", "2026-02-11T00:01:00.000Z"),
    ("is_account_group_member('grp-etl')", "false"),
)
DIFFERENT = (
    "CAST(1e10 AS STRING)",
    "1.5 / 2",
    "round(2.675D, 2)",
    "DATE'2026-02-01' + INTERVAL 1 DAY",
    "DATE'2026-02-02' - DATE'2026-02-01'",
    "datediff(TIMESTAMP'2026-02-03 01:00:00', TIMESTAMP'2026-02-02 23:00:00')",
    "date_diff(HOUR, TIMESTAMP'2026-02-03 01:00:00', TIMESTAMP'2026-02-02 23:00:00')",
    "date_format(TIMESTAMP'2026-02-03 04:05:06', 'EEEE')",
    "unix_timestamp('2026', 'yyyy')",
    "substr('abc', -5, 3)",
    "sha2('abc', 512)",
    "conv('z', 36, 10)",
    "conv('xyz', 16, 10)",
    "(SELECT count(*) FROM main.silver.txn WHERE ingest_ts >= '2026-02-01T00:00:00+09:00')",
    (
        "(SELECT count(*) FROM main.silver.txn WHERE ingest_ts BETWEEN '2026-02-01T00:00:00+09:00' "
        "AND '2026-03-01')"
    ),
    "1 = '1.5'",
    "2 IN (1, '1.5')",
    "hash(0)",
    "xxhash64('a')",
    "'a' LIKE concat('a', '%')",
    "'a' RLIKE 'a.*'",
    "try_cast('x' AS INT)",
    "CAST(5 AS TIMESTAMP)",
    "CAST('a' AS BINARY)",
    "(SELECT avg(x) FROM (SELECT 1.5 AS x))",
    "INTERVAL '1' YEAR",
    "percentile_approx(1, 0.5)",
    "array(1, 2)",
    "named_struct('a', 1)",
)
FAILURES = (
    ("1 / 0", "22012"),
    ("5 % 0", "22012"),
    ("CAST('1.5' AS INT)", "22018"),
    ("CAST('x' AS DATE)", "22018"),
    ("CAST('x' AS DOUBLE)", "22018"),
    ("CAST(300 AS TINYINT)", "22003"),
    ("9223372036854775807 + 1", "22003"),
    ("nope", "42703"),
    (":missing", "42P02"),
)


@pytest.fixture(scope="module")
def small() -> World:
    """One world for the expressions, which change nothing."""
    return World()


@pytest.mark.parametrize(("text", "wanted"), ANSWERS)
def test_an_expression_answers_as_spark_does(text: str, wanted: str | None, small: World) -> None:
    """The value as the statements API would carry it."""
    small.minutes = 0
    assert small.run(f"SELECT {text} AS v") == [[wanted]]


@pytest.mark.parametrize("text", DIFFERENT)
def test_what_would_differ_from_spark_is_refused(text: str, small: World) -> None:
    """An expression without a proven equal result is unsupported."""
    assert small.error(f"SELECT {text} AS v", ADMIN).error_code == "UNSUPPORTED_BY_EMBEDDED_ENGINE"


@pytest.mark.parametrize(("text", "state"), FAILURES)
def test_a_failing_expression_has_the_state_of_the_service(
    text: str, state: str, small: World
) -> None:
    """ANSI errors keep their SQLSTATE."""
    assert small.error(f"SELECT {text} AS v", ADMIN).sql_state == state


QUERIES: tuple[tuple[str, list[list[str | None]]], ...] = (
    ("SELECT * FROM VALUES (1, 'a'), (2, 'b')", [["1", "a"], ["2", "b"]]),
    ("SELECT col1 FROM VALUES (3)", [["3"]]),
    ("SELECT x.a FROM VALUES (1), (2) AS x(a) WHERE a > 1", [["2"]]),
    ("SELECT a FROM VALUES (2), (NULL), (1) AS x(a) ORDER BY a", [[None], ["1"], ["2"]]),
    ("SELECT a FROM VALUES (2), (NULL), (1) AS x(a) ORDER BY a DESC", [["2"], ["1"], [None]]),
    ("SELECT max_by(a, b) FROM VALUES ('x', 1), ('y', 2), ('z', NULL) AS t(a, b)", [["y"]]),
    (
        "SELECT count_if(a > 1), count(a), count(*) FROM VALUES (1), (2), (NULL) AS t(a)",
        [["1", "2", "3"]],
    ),
    ("SELECT sum(a) FILTER (WHERE a > 1) FROM VALUES (1), (2), (3) AS t(a)", [["5"]]),
    ("SELECT count(DISTINCT a, b) FROM VALUES (1, 1), (1, 1), (1, NULL) AS t(a, b)", [["1"]]),
    ("SELECT bool_or(a), bool_and(a) FROM VALUES (true), (false) AS t(a)", [["true", "false"]]),
    ("SELECT avg(a) FROM VALUES (1), (2) AS t(a)", [["1.5"]]),
    (
        (
            "SELECT a, row_number() OVER (PARTITION BY a ORDER BY b DESC) AS n "
            "FROM VALUES (1, 1), (1, 2) AS t(a, b) QUALIFY n = 1"
        ),
        [["1", "1"]],
    ),
    (
        "SELECT lag(a, 1, 0) OVER (ORDER BY a) FROM VALUES (1), (2) AS t(a) ORDER BY a",
        [["0"], ["1"]],
    ),
    (
        (
            "SELECT sum(a) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s "
            "FROM VALUES (1), (2), (4) AS t(a) ORDER BY s"
        ),
        [["1"], ["3"], ["6"]],
    ),
    ("SELECT 1 AS a UNION SELECT 1 UNION ALL SELECT 2 ORDER BY a", [["1"], ["2"]]),
    ("SELECT a FROM VALUES (1), (2) AS t(a) INTERSECT SELECT 2", [["2"]]),
    (
        "SELECT t.a FROM VALUES (1), (2) AS t(a) LEFT ANTI JOIN VALUES (1) AS u(a) ON t.a = u.a",
        [["2"]],
    ),
    (
        (
            "SELECT t.a, u.b FROM VALUES (1), (2) AS t(a) LEFT JOIN VALUES (1, 'x') AS u(a, b) "
            "USING (a) ORDER BY 1"
        ),
        [["1", "x"], ["2", None]],
    ),
    ("SELECT a FROM VALUES (1), (2) AS t(a) WHERE a NOT IN (SELECT CAST(NULL AS INT))", []),
    (
        "SELECT a, count(*) AS n FROM VALUES (1), (1), (2) AS t(a) GROUP BY a HAVING n > 1",
        [["1", "2"]],
    ),
    ("WITH x AS (SELECT 1 AS a), y AS (SELECT a + 1 AS b FROM x) SELECT * FROM x, y", [["1", "2"]]),
    (
        "WITH x AS (SELECT 1 AS a) SELECT * FROM (WITH x AS (SELECT 2 AS a) SELECT a FROM x)",
        [["2"]],
    ),
    ("SELECT silver.txn.txn_id FROM main.silver.txn WHERE txn.amount > 15", [["t2"]]),
    (
        (
            "SELECT (SELECT max(t.amount) FROM main.silver.txn t "
            "WHERE t.account_id = o.account_id) AS m FROM main.silver.txn o WHERE o.txn_id = 't1'"
        ),
        [["20.50"]],
    ),
    ("SELECT count(*) FROM main.silver.txn WHERE amount IS NULL", [["1"]]),
    (
        "SELECT account_id, sum(amount) FROM main.silver.txn GROUP BY 1 ORDER BY 1",
        [["a1", "30.50"], ["a2", None]],
    ),
)


@pytest.mark.parametrize(("sql", "rows"), QUERIES)
def test_a_query_gives_the_rows_worked_out_by_hand(
    sql: str, rows: list[list[str | None]], small: World
) -> None:
    """Joins, windows, sets, grouping and NULL order."""
    assert small.run(sql) == rows


def test_result_columns_carry_the_services_names_and_types(small: World) -> None:
    """Unnamed columns are named by their text; types are Databricks types."""
    small.run(
        "SELECT count(*), 1, amount, ingest_ts AS at, current_user() FROM main.silver.txn "
        "GROUP BY amount, ingest_ts"
    )
    assert [(c.name, c.type.sql) for c in small.last.columns] == [
        ("count(1)", "BIGINT"),
        ("1", "INT"),
        ("amount", "DECIMAL(18,2)"),
        ("at", "TIMESTAMP"),
        ("current_user()", "STRING"),
    ]


def test_parameters_are_cast_to_their_type(small: World) -> None:
    """A value is checked as by CAST; none is NULL; quotes stay data."""
    rows = small.run(
        "SELECT :n + 1, :d, :t, :s, :b",
        n=("41", "INT"),
        d=(None, "DATE"),
        t=("2026-02-01T00:00:00Z", "TIMESTAMP"),
        s="x'; DROP TABLE t --",
        b=("true", "BOOLEAN"),
    )
    assert rows == [["42", None, "2026-02-01T00:00:00.000Z", "x'; DROP TABLE t --", "true"]]
    assert small.error("SELECT :n", ADMIN, n=("x", "INT")).sql_state == "22018"
    assert small.error("SELECT :n", ADMIN, n=("x", "MAP<INT,INT>")).sql_state == "0AEMB"


def test_a_limit_may_be_a_parameter(small: World) -> None:
    """LIMIT :n works as in the service."""
    assert len(small.run("SELECT txn_id FROM main.silver.txn LIMIT :n", n=("2", "INT"))) == 2


def test_a_text_parameter_compares_with_a_timestamp(small: World) -> None:
    """A UTC time sent as STRING is read as a timestamp."""
    sql = "SELECT count(*) FROM main.silver.txn WHERE ingest_ts >= :ws AND ingest_ts < :we"
    rows = small.run(sql, ws="2026-02-01T02:00:00Z", we="2026-02-02T00:00:00Z")
    assert rows == [["1"]]


def test_deeply_nested_functions_do_not_grow_exponentially(small: World) -> None:
    """Sixteen nested calls are one quick query."""
    text = "txn_id"
    for _ in range(8):
        text = f"substr(concat({text}, 'x'), 1, 10)"
    assert len(small.run(f"SELECT {text} AS v FROM main.silver.txn")) == 3
