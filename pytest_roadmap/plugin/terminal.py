"""What a run prints at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.task_table import HEADER, aligned, task_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_roadmap.domain.gate import GateDecision
    from pytest_roadmap.domain.gate_rows import GateRow
    from pytest_roadmap.plugin.results import ItemResult


def gate_lines(decision: GateDecision, environment: str, without: Iterable[str]) -> list[str]:
    """The table of a gate and, below it, the verdict with its reason.

    ``without`` are the tasks that have no feature yet.
    """
    missing = frozenset(without)
    rows = [_row(row, missing) for row in decision.rows]
    lines = aligned([HEADER, *rows])
    lines += [use.sentence for use in decision.waivers]
    lines += filter(None, [decision.checks_sentence])
    lines.append(f"{decision.headline(environment)} ({decision.exit_code}): {decision.reason}")
    return lines


def open_lines(
    joined: Iterable[tuple[str, Outcome, ItemResult | None]],
) -> Iterator[str]:
    """Why scenarios neither passed nor failed: one line for each reason, with all it holds for."""
    found: dict[str, list[str]] = {}
    for scenario_id, word, result in joined:
        if not word.conclusive:
            found.setdefault(_why(word, result), []).append(scenario_id)
    for why, scenario_ids in found.items():
        yield f"{', '.join(scenario_ids)} {why}"


def _why(word: Outcome, result: ItemResult | None) -> str:
    if result is None:
        return f"{word.value} (not_reached): the run did not come to it, or not to every row"
    reason = f" ({result.reason})" if result.reason else ""
    detail = f": {result.detail.splitlines()[0]}" if result.detail else ""
    return f"{word.value}{reason}{detail}"


def _row(row: GateRow, missing: frozenset[str]) -> tuple[str, ...]:
    name = row.task_id if row.own else f"{row.task_id} *"
    return task_cells(row.result, name, row.reason, no_feature=row.task_id in missing)
