"""The check queries on the pipelines' tables, as texts; one implementation for every environment.

Identifiers come from validated bindings and are quoted; values are named parameters, always texts,
so that a time is cast where it is compared.
"""

# ruff: noqa: S608 - identifiers are quoted, values are parameters

from __future__ import annotations

from collections.abc import Sequence

from pytest_roadmap.domain.pipeline_contract import DqTable, Output, RulesTable, Source, StateTable
from pytest_roadmap.domain.sql_names import quote_full_name, quote_identifier


def rows_query(output: Output) -> str:
    """Q-ROWS: all rows, those of ``:run_id``, and the newest time one of those was written."""
    run_id = quote_identifier(output.run_id)
    newest = (
        f"MAX(CASE WHEN {run_id} = :run_id THEN {quote_identifier(output.written_at)} END)"
        if output.written_at
        else "CAST(NULL AS TIMESTAMP)"
    )
    return (
        f"SELECT COUNT(*) AS all_rows, COUNT_IF({run_id} = :run_id) AS run_rows,"
        f" {newest} AS newest FROM {quote_full_name(output.table)}"
    )


def duplicates_query(output: Output) -> str:
    """Q-DUP: how many keys occur more than once."""
    key = _columns(output.key)
    return (
        "SELECT COUNT(*) AS duplicates FROM"
        f" (SELECT {key} FROM {quote_full_name(output.table)}"
        f" GROUP BY {key} HAVING COUNT(*) > 1) AS keys"
    )


def null_keys_query(output: Output) -> str:
    """Q-DUP, second half: how many rows have no value in a column of the key."""
    missing = " OR ".join(f"{quote_identifier(name)} IS NULL" for name in output.key)
    return f"SELECT COUNT_IF({missing}) AS null_keys FROM {quote_full_name(output.table)}"


def fingerprint_query(table: str, columns: Sequence[str]) -> str:
    """Q-FP: number of rows, and a sum over the rows that no order and no duplicate hides."""
    cells = ", ".join(
        f"coalesce(cast({quote_identifier(name)} AS STRING), '<null>')" for name in columns
    )
    return (
        "SELECT COUNT(*) AS n, CAST(SUM(CAST(conv(substr(sha2(concat_ws('~', "
        f"{cells}), 256), 1, 15), 16, 10) AS DECIMAL(38,0))) AS STRING) AS f"
        f" FROM {quote_full_name(table)}"
    )


def source_rows_query(source: Source) -> str:
    """How many source rows lie in the half-open window from ``:lo`` to ``:hi``."""
    mark = quote_identifier(source.watermark)
    return (
        f"SELECT COUNT(*) AS source_rows FROM {quote_full_name(source.table)}"
        f" WHERE {mark} >= CAST(:lo AS TIMESTAMP) AND {mark} < CAST(:hi AS TIMESTAMP)"
    )


def critical_query(dq: DqTable) -> str:
    """Q-CRIT over every run so far: bad and checked rows under rules of ``:critical``."""
    bad, checked = quote_identifier(dq.bad), quote_identifier(dq.checked)
    return (
        f"SELECT SUM({bad}) AS bad, SUM({checked}) AS checked FROM {quote_full_name(dq.table)}"
        f" WHERE {quote_identifier(dq.severity)} = :critical"
    )


def dq_rows_query(dq: DqTable, rule: str, run_id: str) -> str:
    """The rows that ``:run_id`` left about its rules."""
    shown = _columns((rule, dq.status, dq.checked, dq.bad, dq.window_start, dq.window_end))
    wanted = f"{quote_identifier(run_id)} = :run_id"
    return f"SELECT {shown} FROM {quote_full_name(dq.table)} WHERE {wanted}"


def current_rules_query(rules: RulesTable) -> str:
    """The rules that hold now."""
    table, current = quote_full_name(rules.table), quote_identifier(rules.current)
    return f"SELECT {quote_identifier(rules.key)} FROM {table} WHERE {current}"


def state_query(state: StateTable) -> str:
    """Q-STATE: where each pipeline stands."""
    shown = _columns((state.key, state.watermark, state.run_id, state.status, state.updated_at))
    return f"SELECT {shown} FROM {quote_full_name(state.table)}"


def history_query(table: str, limit: int) -> str:
    """C-HIST: the newest versions of a table."""
    return f"DESCRIBE HISTORY {quote_full_name(table)} LIMIT {int(limit)}"


def _columns(names: Sequence[str]) -> str:
    return ", ".join(quote_identifier(name) for name in names)
