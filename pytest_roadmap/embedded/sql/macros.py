"""DuckDB macros that answer as Spark does, or raise.

DuckDB differs from Spark in the rounding of casts, division, date arithmetic and the text of
values. Each macro here gives the answer of Spark (documented, ANSI mode) or ends the statement
with a marker that ``outcome.translate_error`` turns into an error of ours; never another value.
"""

from __future__ import annotations

UNSUPPORTED_MARK = "EMB-UNSUPPORTED:"
RAISE_MARK = "EMB-RAISE:"

_OFFSET = r"^\d{4}-\d\d?-\d\d?[ T].*[+-]\d\d(:?\d\d)?$"


def _stop(text: str) -> str:
    return f"error('{UNSUPPORTED_MARK}{text}')"


def _raise(condition: str) -> str:
    return f"error('{RAISE_MARK}{condition}')"


def _macro(name: str, parameters: tuple[str, ...], body: str) -> str:
    """A macro whose body sees each argument once, as a field of ``s``.

    DuckDB copies the text of an argument to every place a macro names it; nested macros would grow
    exponentially. A lambda over a list of one struct evaluates each argument once.
    """
    fields = ", ".join(f"'{parameter}': {parameter}" for parameter in parameters)
    return (
        f"CREATE MACRO {name}({', '.join(parameters)}) AS "
        f"list_transform([{{{fields}}}], lambda s: {body})[1]"
    )


MACROS = (
    # text of a value: doubles print alike only where Java uses no exponent
    _macro(
        "spark_string",
        ("x",),
        f"""CASE
      WHEN typeof(s.x) IN ('DOUBLE', 'FLOAT') THEN CASE
        WHEN s.x::VARCHAR::DOUBLE = 0 OR abs(s.x::VARCHAR::DOUBLE) BETWEEN 0.001 AND 9999999
          OR s.x IS NULL THEN s.x::VARCHAR
        ELSE {_stop("The text of a very small or large DOUBLE")} END
      WHEN typeof(s.x) IN ('VARCHAR', 'BOOLEAN', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT',
        'HUGEINT', 'DATE', 'TIMESTAMP', '"NULL"', 'NULL') OR typeof(s.x) LIKE 'DECIMAL%'
        OR s.x IS NULL THEN s.x::VARCHAR
      ELSE {_stop("The text of this type")} END""",
    ),
    _macro(
        "spark_timestamp",
        ("x",),
        f"""CASE
      WHEN s.x IS NULL THEN NULL
      WHEN typeof(s.x) IN ('TIMESTAMP', 'DATE') THEN s.x::VARCHAR::TIMESTAMP
      WHEN typeof(s.x) = 'VARCHAR' AND regexp_matches(s.x::VARCHAR, '{_OFFSET}')
        THEN make_timestamp(epoch_us(s.x::VARCHAR::TIMESTAMPTZ))
      WHEN typeof(s.x) = 'VARCHAR' THEN s.x::VARCHAR::TIMESTAMP
      ELSE {_stop("A cast of this type to TIMESTAMP")} END""",
    ),
    _macro(
        "spark_date",
        ("x",),
        f"""CASE
      WHEN s.x IS NULL THEN NULL
      WHEN typeof(s.x) IN ('TIMESTAMP', 'DATE') THEN s.x::VARCHAR::TIMESTAMP::DATE
      WHEN typeof(s.x) = 'VARCHAR' THEN CASE
        WHEN regexp_full_match(trim(s.x::VARCHAR), '\\d{{4}}-\\d\\d?-\\d\\d?')
          THEN trim(s.x::VARCHAR)::DATE
        WHEN regexp_matches(trim(s.x::VARCHAR), '^\\d{{4}}-\\d\\d-\\d\\d[ T]')
          THEN trim(s.x::VARCHAR)[1:10]::DATE
        ELSE {_raise("CAST_INVALID_INPUT")} END
      ELSE {_stop("A cast of this type to DATE")} END""",
    ),
    _macro(
        "spark_long",
        ("x",),
        f"""CASE
      WHEN s.x IS NULL THEN NULL
      WHEN typeof(s.x) IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT')
        THEN s.x::VARCHAR::BIGINT
      WHEN typeof(s.x) = 'BOOLEAN' THEN CASE WHEN s.x::VARCHAR = 'true' THEN 1 ELSE 0 END
      WHEN typeof(s.x) IN ('DOUBLE', 'FLOAT') THEN trunc(s.x::VARCHAR::DOUBLE)::BIGINT
      WHEN typeof(s.x) LIKE 'DECIMAL%' THEN split_part(s.x::VARCHAR, '.', 1)::BIGINT
      WHEN typeof(s.x) = 'VARCHAR' THEN CASE
        WHEN regexp_full_match(trim(s.x::VARCHAR), '[+-]?\\d+') THEN trim(s.x::VARCHAR)::BIGINT
        ELSE {_raise("CAST_INVALID_INPUT")} END
      ELSE {_stop("A cast of this type to an integer")} END""",
    ),
    _macro(
        "spark_boolean",
        ("x",),
        f"""CASE
      WHEN s.x IS NULL THEN NULL
      WHEN typeof(s.x) = 'BOOLEAN' THEN s.x::VARCHAR = 'true'
      WHEN typeof(s.x) IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT')
        THEN s.x::VARCHAR <> '0'
      WHEN typeof(s.x) = 'VARCHAR' THEN CASE
        WHEN lower(trim(s.x::VARCHAR)) IN ('t', 'true', 'y', 'yes', '1') THEN true
        WHEN lower(trim(s.x::VARCHAR)) IN ('f', 'false', 'n', 'no', '0') THEN false
        ELSE {_raise("CAST_INVALID_INPUT")} END
      ELSE {_stop("A cast of this type to BOOLEAN")} END""",
    ),
    _macro(
        "spark_number",
        ("x",),
        f"""CASE
      WHEN s.x IS NULL OR typeof(s.x) IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT',
        'DOUBLE', 'FLOAT', 'VARCHAR') OR typeof(s.x) LIKE 'DECIMAL%' THEN trim(s.x::VARCHAR)
      WHEN typeof(s.x) = 'BOOLEAN' THEN CASE WHEN s.x::VARCHAR = 'true' THEN '1' ELSE '0' END
      ELSE {_stop("A cast of this type to a number")} END""",
    ),
    # decimal division has a result scale of its own in Spark
    _macro(
        "spark_div",
        ("a", "b"),
        f"""CASE
      WHEN (typeof(s.a) LIKE 'DECIMAL%' AND typeof(s.b) NOT IN ('DOUBLE', 'FLOAT'))
        OR (typeof(s.b) LIKE 'DECIMAL%' AND typeof(s.a) NOT IN ('DOUBLE', 'FLOAT'))
        THEN {_stop("DECIMAL division (cast to DOUBLE)")}
      WHEN s.b = 0 THEN {_raise("DIVIDE_BY_ZERO")}
      ELSE s.a / s.b END""",
    ),
    _macro(
        "spark_mod",
        ("a", "b"),
        f"""CASE
      WHEN s.b = 0 THEN {_raise("DIVIDE_BY_ZERO")} ELSE s.a % s.b END""",
    ),
    # DATE and INTERVAL: Spark keeps DATE, DuckDB makes a TIMESTAMP; DATE - DATE is an interval
    _macro(
        "spark_add",
        ("a", "b"),
        f"""CASE
      WHEN (typeof(s.a) = 'DATE' AND typeof(s.b) = 'INTERVAL')
        OR (typeof(s.b) = 'DATE' AND typeof(s.a) = 'INTERVAL')
        THEN {_stop("DATE plus INTERVAL (use date_add)")} ELSE s.a + s.b END""",
    ),
    _macro(
        "spark_sub",
        ("a", "b"),
        f"""CASE
      WHEN typeof(s.a) = 'DATE' AND typeof(s.b) IN ('INTERVAL', 'DATE')
        THEN {_stop("DATE minus INTERVAL or DATE (use date_sub or datediff)")}
      ELSE s.a - s.b END""",
    ),
    _macro(
        "spark_averaged",
        ("x",),
        f"""CASE
      WHEN typeof(s.x) LIKE 'DECIMAL%' THEN {_stop("avg of DECIMAL (cast to DOUBLE)")}
      ELSE s.x END""",
    ),
    _macro(
        "spark_rounded",
        ("x",),
        f"""CASE
      WHEN typeof(s.x) IN ('DOUBLE', 'FLOAT') THEN {_stop("round of DOUBLE (cast to DECIMAL)")}
      ELSE s.x END""",
    ),
    _macro(
        "spark_substring",
        ("x", "start", "n"),
        f"""CASE
      WHEN s.x IS NULL OR s.start IS NULL OR s.n IS NULL THEN NULL
      WHEN s.start < 0 THEN {_stop("substring from a negative position")}
      WHEN s.n < 0 THEN ''
      ELSE substring(s.x, greatest(s.start, 1), s.n) END""",
    ),
    _macro(
        "spark_conv_16_10",
        ("x",),
        f"""CASE
      WHEN s.x IS NULL THEN NULL
      WHEN regexp_full_match(s.x, '[0-9a-fA-F]{{1,16}}') THEN (('0x' || s.x)::UBIGINT)::VARCHAR
      ELSE {_stop("conv of this text")} END""",
    ),
    _macro(
        "spark_days_between",
        ("a", "b"),
        f"""CASE
      WHEN (typeof(s.a) = 'DATE' AND typeof(s.b) = 'DATE') OR s.a IS NULL OR s.b IS NULL
        THEN (s.b::VARCHAR::DATE - s.a::VARCHAR::DATE)::INTEGER
      ELSE {_stop("datediff of anything but two DATEs (cast to DATE)")} END""",
    ),
    _macro(
        "spark_unix",
        ("x",),
        f"""CASE
      WHEN s.x IS NULL THEN NULL
      WHEN typeof(s.x) IN ('TIMESTAMP', 'DATE') OR (typeof(s.x) = 'VARCHAR'
        AND regexp_full_match(s.x::VARCHAR, '\\d{{4}}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d'))
        THEN floor(epoch_us(s.x::VARCHAR::TIMESTAMP) / 1000000)::BIGINT
      ELSE {_stop("unix_timestamp of this value")} END""",
    ),
)
