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


MACROS = (
    # text of a value: doubles print alike only where Java uses no exponent
    f"""CREATE MACRO spark_string(x) AS CASE
      WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN CASE
        WHEN x::VARCHAR::DOUBLE = 0 OR abs(x::VARCHAR::DOUBLE) BETWEEN 0.001 AND 9999999
          OR x IS NULL THEN x::VARCHAR
        ELSE {_stop("The text of a very small or large DOUBLE")} END
      WHEN typeof(x) IN ('VARCHAR', 'BOOLEAN', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT',
        'HUGEINT', 'DATE', 'TIMESTAMP', '"NULL"', 'NULL') OR typeof(x) LIKE 'DECIMAL%'
        OR x IS NULL THEN x::VARCHAR
      ELSE {_stop("The text of this type")} END""",
    f"""CREATE MACRO spark_timestamp(x) AS CASE
      WHEN x IS NULL THEN NULL
      WHEN typeof(x) IN ('TIMESTAMP', 'DATE') THEN x::VARCHAR::TIMESTAMP
      WHEN typeof(x) = 'VARCHAR' AND regexp_matches(x::VARCHAR, '{_OFFSET}')
        THEN make_timestamp(epoch_us(x::VARCHAR::TIMESTAMPTZ))
      WHEN typeof(x) = 'VARCHAR' THEN x::VARCHAR::TIMESTAMP
      ELSE {_stop("A cast of this type to TIMESTAMP")} END""",
    f"""CREATE MACRO spark_date(x) AS CASE
      WHEN x IS NULL THEN NULL
      WHEN typeof(x) IN ('TIMESTAMP', 'DATE') THEN x::VARCHAR::TIMESTAMP::DATE
      WHEN typeof(x) = 'VARCHAR' THEN CASE
        WHEN regexp_full_match(trim(x::VARCHAR), '\\d{{4}}-\\d\\d?-\\d\\d?')
          THEN trim(x::VARCHAR)::DATE
        WHEN regexp_matches(trim(x::VARCHAR), '^\\d{{4}}-\\d\\d-\\d\\d[ T]')
          THEN trim(x::VARCHAR)[1:10]::DATE
        ELSE {_raise("CAST_INVALID_INPUT")} END
      ELSE {_stop("A cast of this type to DATE")} END""",
    f"""CREATE MACRO spark_long(x) AS CASE
      WHEN x IS NULL THEN NULL
      WHEN typeof(x) IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT')
        THEN x::VARCHAR::BIGINT
      WHEN typeof(x) = 'BOOLEAN' THEN CASE WHEN x::VARCHAR = 'true' THEN 1 ELSE 0 END
      WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN trunc(x::VARCHAR::DOUBLE)::BIGINT
      WHEN typeof(x) LIKE 'DECIMAL%' THEN split_part(x::VARCHAR, '.', 1)::BIGINT
      WHEN typeof(x) = 'VARCHAR' THEN CASE
        WHEN regexp_full_match(trim(x::VARCHAR), '[+-]?\\d+') THEN trim(x::VARCHAR)::BIGINT
        ELSE {_raise("CAST_INVALID_INPUT")} END
      ELSE {_stop("A cast of this type to an integer")} END""",
    f"""CREATE MACRO spark_boolean(x) AS CASE
      WHEN x IS NULL THEN NULL
      WHEN typeof(x) = 'BOOLEAN' THEN x::VARCHAR = 'true'
      WHEN typeof(x) IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT')
        THEN x::VARCHAR <> '0'
      WHEN typeof(x) = 'VARCHAR' THEN CASE
        WHEN lower(trim(x::VARCHAR)) IN ('t', 'true', 'y', 'yes', '1') THEN true
        WHEN lower(trim(x::VARCHAR)) IN ('f', 'false', 'n', 'no', '0') THEN false
        ELSE {_raise("CAST_INVALID_INPUT")} END
      ELSE {_stop("A cast of this type to BOOLEAN")} END""",
    f"""CREATE MACRO spark_number(x) AS CASE
      WHEN x IS NULL OR typeof(x) IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT',
        'DOUBLE', 'FLOAT', 'VARCHAR') OR typeof(x) LIKE 'DECIMAL%' THEN trim(x::VARCHAR)
      WHEN typeof(x) = 'BOOLEAN' THEN CASE WHEN x::VARCHAR = 'true' THEN '1' ELSE '0' END
      ELSE {_stop("A cast of this type to a number")} END""",
    # decimal division has a result scale of its own in Spark
    f"""CREATE MACRO spark_div(a, b) AS CASE
      WHEN (typeof(a) LIKE 'DECIMAL%' AND typeof(b) NOT IN ('DOUBLE', 'FLOAT'))
        OR (typeof(b) LIKE 'DECIMAL%' AND typeof(a) NOT IN ('DOUBLE', 'FLOAT'))
        THEN {_stop("DECIMAL division (cast to DOUBLE)")}
      WHEN b = 0 THEN {_raise("DIVIDE_BY_ZERO")}
      ELSE a / b END""",
    f"""CREATE MACRO spark_mod(a, b) AS CASE
      WHEN b = 0 THEN {_raise("DIVIDE_BY_ZERO")} ELSE a % b END""",
    # DATE and INTERVAL: Spark keeps DATE, DuckDB makes a TIMESTAMP; DATE - DATE is an interval
    f"""CREATE MACRO spark_add(a, b) AS CASE
      WHEN (typeof(a) = 'DATE' AND typeof(b) = 'INTERVAL')
        OR (typeof(b) = 'DATE' AND typeof(a) = 'INTERVAL')
        THEN {_stop("DATE plus INTERVAL (use date_add)")} ELSE a + b END""",
    f"""CREATE MACRO spark_sub(a, b) AS CASE
      WHEN typeof(a) = 'DATE' AND typeof(b) IN ('INTERVAL', 'DATE')
        THEN {_stop("DATE minus INTERVAL or DATE (use date_sub or datediff)")}
      ELSE a - b END""",
    f"""CREATE MACRO spark_averaged(x) AS CASE
      WHEN typeof(x) LIKE 'DECIMAL%' THEN {_stop("avg of DECIMAL (cast to DOUBLE)")}
      ELSE x END""",
    f"""CREATE MACRO spark_rounded(x) AS CASE
      WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN {_stop("round of DOUBLE (cast to DECIMAL)")}
      ELSE x END""",
    f"""CREATE MACRO spark_substring(x, start, n) AS CASE
      WHEN x IS NULL OR start IS NULL OR n IS NULL THEN NULL
      WHEN start < 0 THEN {_stop("substring from a negative position")}
      WHEN n < 0 THEN ''
      ELSE substring(x, greatest(start, 1), n) END""",
    f"""CREATE MACRO spark_conv_16_10(x) AS CASE
      WHEN x IS NULL THEN NULL
      WHEN regexp_full_match(x, '[0-9a-fA-F]{{1,16}}') THEN (('0x' || x)::UBIGINT)::VARCHAR
      ELSE {_stop("conv of this text")} END""",
    f"""CREATE MACRO spark_days_between(a, b) AS CASE
      WHEN (typeof(a) = 'DATE' AND typeof(b) = 'DATE') OR a IS NULL OR b IS NULL
        THEN (b::VARCHAR::DATE - a::VARCHAR::DATE)::INTEGER
      ELSE {_stop("datediff of anything but two DATEs (cast to DATE)")} END""",
    f"""CREATE MACRO spark_unix(x) AS CASE
      WHEN x IS NULL THEN NULL
      WHEN typeof(x) IN ('TIMESTAMP', 'DATE') OR (typeof(x) = 'VARCHAR'
        AND regexp_full_match(x::VARCHAR, '\\d{{4}}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d'))
        THEN floor(epoch_us(x::VARCHAR::TIMESTAMP) / 1000000)::BIGINT
      ELSE {_stop("unix_timestamp of this value")} END""",
)
