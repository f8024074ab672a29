"""What a run prints at its end."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from pytest_roadmap.domain.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_roadmap.domain.gate import GateDecision
    from pytest_roadmap.domain.gate_rows import GateRow
    from pytest_roadmap.plugin.results import ItemResult

_HEADER = ("task", "declared", "derived", "scenarios", "reason")
_GAP = "  "


def gate_lines(decision: GateDecision, environment: str, without: Iterable[str]) -> list[str]:
    """The table of a gate and, below it, the verdict with its reason.

    ``without`` are the tasks that have no feature yet.
    """
    missing = frozenset(without)
    rows = [_row(row, missing) for row in decision.rows]
    lines = _table([_HEADER, *rows])
    lines += [use.sentence for use in decision.waivers]
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
    task = row.result.task
    flags = "".join(f" {flag}" for flag in row.result.flags)
    none_yet = row.task_id in missing
    return (
        row.task_id if row.own else f"{row.task_id} *",
        task.status.value,
        f"{row.result.status.value}{flags}",
        Outcome.NOT_RUN.value if none_yet else _counts(row),
        "no feature yet" if none_yet else row.reason,
    )


def _counts(row: GateRow) -> str:
    counts = row.result.counts
    return ", ".join(f"{counts[word]} {word.value}" for word in Outcome if counts[word]) or "none"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns side by side; the last one runs free."""
    widths = [max(_width(row[column]) for row in rows) for column in range(len(_HEADER) - 1)]
    return [_GAP.join([*map(_padded, row[:-1], widths), row[-1]]).rstrip() for row in rows]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
