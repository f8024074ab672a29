"""Lines that look like task rows and that no table covers: each is reported, none is dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_roadmap.adapters.document.blocks import Block, Fence, HtmlBlock, Table
from pytest_roadmap.adapters.document.lines import row_task_id
from pytest_roadmap.adapters.document.tables import table_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from pytest_roadmap.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Hidden:
    """A place that hides tasks; ``task`` is the id a line shows, empty for none."""

    code: str
    line: int
    task: str
    message: str


@dataclass(frozen=True, slots=True)
class _Veil:
    """Lines that are no tasks by intent, when the fence or comment around them is closed."""

    start: int
    end: int
    closed: bool
    what: str


def unread_lines(
    blocks: Iterable[Block], lines: list[str], policy: Policy, id_places: Collection[int]
) -> Iterator[Hidden]:
    """Every place where a task may be hidden, in the order of their lines.

    Args:
        blocks: all blocks of the document.
        lines: its raw lines.
        policy: tells task ids.
        id_places: the positions of the ``task_id`` column in the document's tables.
    """
    covered: set[int] = set()
    veils: list[_Veil] = []
    for block in blocks:
        if isinstance(block, Table) and not block.nested:
            covered.update(table_lines(block))
        elif isinstance(block, Fence):
            veils.append(_Veil(block.line, block.end, _is_closed(block, lines), "code fence"))
        elif isinstance(block, HtmlBlock):
            veils.extend(_comments(block, lines))
    trusted = all(veil.closed for veil in veils if veil.what == "code fence")
    for veil in veils:
        covered.update(range(veil.start, veil.end + 1))
        if not (veil.closed and (trusted or veil.what != "code fence")):
            yield from _swallowed(veil, lines, policy, id_places)
    for number, line in enumerate(lines, start=1):
        if "|" in line and number not in covered:
            task_id = row_task_id(line, policy, id_places)
            if task_id is not None:
                yield Hidden("ORPHAN_ROW", number, task_id, _orphan_sentence(task_id))


def _orphan_sentence(task_id: str) -> str:
    return (
        f"the line looks like the row of task {task_id or '(no id)'} but no table holds it: a blank"
        " line, comment, quote, list, indentation or broken header parts it from its table"
    )


def _is_closed(fence: Fence, lines: list[str]) -> bool:
    """Whether the fence ends where it seems to: nothing inside it opens another fence."""
    if not fence.closed:
        return False
    for line in lines[fence.line : fence.end - 1]:
        bare = line.strip(" \t>")
        if bare.startswith(fence.markup) and bare.strip(fence.markup[0]):
            return False
    return True


def _comments(block: HtmlBlock, lines: list[str]) -> Iterator[_Veil]:
    """The whole lines of each comment in a block of HTML; what follows a comment is no part."""
    number = block.line
    while number <= block.end:
        if "<!--" not in lines[number - 1]:
            number += 1
            continue
        start = number
        rest = lines[number - 1].rpartition("<!--")[2]
        while "-->" not in rest and number < block.end:
            number += 1
            rest = lines[number - 1]
        closed = "-->" in rest
        if not closed or not rest.rpartition("-->")[2].strip():
            yield _Veil(start, number, closed, "comment")
        elif number > start:
            yield _Veil(start, number - 1, closed, "comment")
        number += 1


def _swallowed(
    veil: _Veil, lines: list[str], policy: Policy, id_places: Collection[int]
) -> Iterator[Hidden]:
    """The task rows inside a fence or comment of which nobody can say where it ends."""
    rows: list[Hidden] = []
    for number in range(veil.start, veil.end + 1):
        task_id = row_task_id(lines[number - 1], policy, id_places)
        if task_id is not None:
            sentence = f"the {veil.what} opened at line {veil.start} swallows this task row"
            rows.append(Hidden("SWALLOWED_ROW", number, task_id, sentence))
    if rows:
        code = "UNCLOSED_FENCE" if veil.what == "code fence" else "UNCLOSED_COMMENT"
        yield Hidden(
            code,
            veil.start,
            "",
            f"the {veil.what} opened here is not closed before task rows ({len(rows)} swallowed)",
        )
    yield from rows
