"""The block structure of a Markdown document: headings, tables, and what hides lines.

Source: https://github.github.com/gfm/#tables-extension- (a cell count that differs from the
header's is padded or cut there; `Row.cell_count` keeps the written count).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

from pytest_roadmap.adapters.document.lines import count_cells

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEPT = frozenset(
    {"heading_open", "inline", "table_open", "table_close", "tr_open", "tr_close"}
    | {"fence", "html_block"}
)

_CELL_ENDS = frozenset({"td_open", "td_close", "th_open", "th_close"})


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the document itself, not of a quote or list in it."""

    line: int
    depth: int
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A table row; ``cells`` are cut or padded as GFM does, ``cell_count`` is what is written."""

    line: int
    cells: tuple[str, ...]
    cell_count: int


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``nested`` when a quote or list holds it. The delimiter line follows ``line``."""

    line: int
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    nested: bool


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced code block, lines 1-based, ``end`` its last line; ``closed`` by a fence line."""

    line: int
    end: int
    closed: bool
    markup: str


@dataclass(frozen=True, slots=True)
class HtmlBlock:
    """A block of raw HTML, lines 1-based, ``end`` its last line."""

    line: int
    end: int


Block = Heading | Table | Fence | HtmlBlock


def read_blocks(text: str, lines: list[str]) -> Iterator[Block]:
    """The blocks of a document in order.

    Args:
        text: the document, each line ended by a line feed.
        lines: the same text, split at them.
    """
    tokens = iter(_tokens(text))
    for token in tokens:
        start, end = token.map or (0, 0)
        if token.type == "heading_open":
            text_token = next(tokens)
            if token.level == 0:
                yield Heading(start + 1, int(token.tag[1:]), text_token.content)
        elif token.type == "table_open":
            yield _table(start, tokens, lines, nested=token.level > 0)
        elif token.type == "fence":
            closed = _closes(lines[end - 1], token.markup) and end - start > 1
            yield Fence(start + 1, end, closed, token.markup)
        elif token.type == "html_block":
            yield HtmlBlock(start + 1, end)


def _table(start: int, tokens: Iterator[Token], lines: list[str], *, nested: bool) -> Table:
    rows: list[Row] = []
    columns: tuple[str, ...] = ()
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            line = token.map[0] if token.map else start
            cells = tuple(_row_cells(tokens))
            if line == start:
                columns = cells
            else:
                rows.append(Row(line + 1, cells, count_cells(lines[line])))
    return Table(start + 1, columns, tuple(rows), nested)


def _row_cells(tokens: Iterator[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "tr_close":
            return
        yield token.content


def _closes(line: str, markup: str) -> bool:
    bare = line.strip(" \t>")
    return len(bare) >= len(markup) and not bare.strip(markup[0])


class _SparingState(StateBlock):
    """Parser state that keeps the few tokens read here.

    A table of 10,000 rows would otherwise be 350,000 tokens and 150 MB.
    """

    _cell_end = Token("cell_end", "", 0)

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        if ttype in _CELL_ENDS:
            return self._cell_end
        token = super().push(ttype, tag, nesting)
        if ttype not in _KEPT:
            self.tokens.pop()
        return token


def _tokens(text: str) -> list[Token]:
    """The block tokens of GFM's tables in CommonMark; the text inside blocks stays unparsed."""
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table").disable("reference")
    tokens: list[Token] = []
    if text:
        state = _SparingState(text, markdown, {}, tokens)
        markdown.block.tokenize(state, state.line, state.lineMax)
    return tokens
