"""The check queries that hold source, target and rules against each other, as texts.

As in ``check_queries``, identifiers come from validated bindings and are quoted, and values are
named parameters. ``accepted`` is the bound condition (``pipelines.reject_filter``) that says of a
source row ``b`` that no CRITICAL rule rejected it.
"""

# ruff: noqa: S608 - identifiers are quoted, values are parameters

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_roadmap.domain.pipeline_contract import DqTable, Output, Source, StateTable
from pytest_roadmap.domain.sql_names import quote_full_name, quote_identifier


@dataclass(frozen=True, slots=True)
class RuleVersions:
    """Where the versions of the rules stand, and the columns that say when each held."""

    table: str
    key: str
    valid_from: str
    valid_to: str
    current: str


def missing_query(source: Source, target: Output, accepted: str) -> str:
    """Q-RECON: accepted source keys of the window ``[:lo, :hi)`` that the target does not have."""
    key = _of("b", source.key)
    pairs = _equal("t", target.key, "b", source.key)
    return (
        f"SELECT COUNT(*) AS missing FROM (SELECT DISTINCT {key} FROM {_in_window(source)}"
        f" AND {accepted}) AS b WHERE NOT EXISTS"
        f" (SELECT 1 FROM {quote_full_name(target.table)} AS t WHERE {pairs})"
    )


def orphans_query(source: Source, target: Output) -> str:
    """Q-RECON: target keys that no source row has."""
    pairs = _equal("b", source.key, "t", target.key)
    return (
        f"SELECT COUNT(*) AS orphans FROM {quote_full_name(target.table)} AS t WHERE NOT EXISTS"
        f" (SELECT 1 FROM {quote_full_name(source.table)} AS b WHERE {pairs})"
    )


def source_sum_query(source: Source, amount: str, tie_break: str, accepted: str) -> str:
    """Q-SUM of the source: the newest accepted row of each key in the window ``[:lo, :hi)``."""
    newest = f"b.{quote_identifier(source.watermark)} DESC, b.{quote_identifier(tie_break)} DESC"
    ranked = (
        f"SELECT b.{quote_identifier(amount)} AS amount, ROW_NUMBER() OVER"
        f" (PARTITION BY {_of('b', source.key)} ORDER BY {newest}) AS rank_in_key"
        f" FROM {_in_window(source)} AND {accepted}"
    )
    return f"SELECT SUM(amount) AS total FROM ({ranked}) AS ranked WHERE rank_in_key = 1"


def sum_query(table: str, amount: str) -> str:
    """Q-SUM of a target."""
    return f"SELECT SUM({quote_identifier(amount)}) AS total FROM {quote_full_name(table)}"


def daily_sums_query(table: str, amount: str, moment: str) -> str:
    """Q-SUM of a target for each business date, in order; a date or a time says which one."""
    day = f"CAST({quote_identifier(moment)} AS DATE)"
    return (
        f"SELECT {day} AS business_date, SUM({quote_identifier(amount)}) AS total"
        f" FROM {quote_full_name(table)} GROUP BY {day} ORDER BY business_date"
    )


def windows_query(dq: DqTable, run_id: str) -> str:
    """Q-GAP: the window of each run, the earliest first; ``run_id`` is the column of the runs."""
    run = quote_identifier(run_id)
    start, end = quote_identifier(dq.window_start), quote_identifier(dq.window_end)
    return (
        f"SELECT {run} AS run_id, MIN({start}) AS window_start, MAX({end}) AS window_end"
        f" FROM {quote_full_name(dq.table)} GROUP BY {run} ORDER BY window_start, window_end"
    )


def state_lag_query(state: StateTable) -> str:
    """Q-STATE: how many seconds each pipeline's watermark lies behind ``:now``."""
    name, mark = quote_identifier(state.key), quote_identifier(state.watermark)
    return (
        f"SELECT {name} AS pipeline, timestampdiff(SECOND, {mark}, CAST(:now AS TIMESTAMP))"
        f" AS lag_s FROM {quote_full_name(state.table)} ORDER BY pipeline"
    )


def rule_violations_query(rules: RuleVersions) -> str:
    """Q-RULE: how many rules there are, and three numbers that must be 0.

    Rules without exactly one current version, versions that end before they begin, and pairs of
    versions of one rule that hold at the same time.
    """
    table, key = quote_full_name(rules.table), quote_identifier(rules.key)
    start, end = quote_identifier(rules.valid_from), quote_identifier(rules.valid_to)
    current = quote_identifier(rules.current)
    overlap = (
        f"a.{key} = b.{key} AND a.{start} < b.{start} AND (a.{end} IS NULL OR a.{end} > b.{start})"
    )
    return (
        f"SELECT (SELECT COUNT(DISTINCT {key}) FROM {table}) AS rules,"
        f" (SELECT COUNT(*) FROM (SELECT {key} FROM {table} GROUP BY {key}"
        f" HAVING COUNT_IF({current}) <> 1) AS k) AS not_one_current,"
        f" (SELECT COUNT(*) FROM {table} WHERE {end} <= {start}) AS reversed,"
        f" (SELECT COUNT(*) FROM {table} AS a JOIN {table} AS b ON {overlap}) AS overlapping"
    )


def _in_window(source: Source) -> str:
    mark = f"b.{quote_identifier(source.watermark)}"
    return (
        f"{quote_full_name(source.table)} AS b WHERE {mark} >= CAST(:lo AS TIMESTAMP)"
        f" AND {mark} < CAST(:hi AS TIMESTAMP)"
    )


def _of(alias: str, names: Sequence[str]) -> str:
    return ", ".join(f"{alias}.{quote_identifier(name)}" for name in names)


def _equal(left: str, names: Sequence[str], right: str, others: Sequence[str]) -> str:
    return " AND ".join(
        f"{left}.{quote_identifier(name)} = {right}.{quote_identifier(other)}"
        for name, other in zip(names, others, strict=True)
    )
