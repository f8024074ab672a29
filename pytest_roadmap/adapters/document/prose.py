"""The running text of a document, and its map of Legacy Phases, from markdown-it's tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from pytest_roadmap.domain.quality.qa05 import PhaseRow, TextLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

_MAP_HEADER = "Legacy Phase"
_MAP_CELLS = 2


def read_prose(text: str) -> tuple[tuple[TextLine, ...], tuple[PhaseRow, ...]]:
    """The text line by line, code spans and link targets left out, and the rows of the map.

    Args:
        text: the document, each line ended by a line feed.
    """
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    prose: list[TextLine] = []
    line = 0
    for token in tokens:
        line = token.map[0] if token.map else line
        if token.type == "inline":
            prose.extend(_lines(token.children or (), line + 1))
    return tuple(prose), tuple(_phase_rows(tokens))


def _lines(children: Sequence[Token], line: int) -> Iterator[TextLine]:
    """The visible text of one block, joined across emphasis, parted where something is hidden."""
    parts: list[str] = []
    shown_target = False
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            yield TextLine(line, "".join(parts))
            parts, line = [], line + 1
        elif child.type in ("link_open", "link_close"):
            shown_target = child.type == "link_open" and child.markup == "autolink"
        elif child.type in ("text", "text_special"):
            parts.append(" " if shown_target else child.content)
        elif child.type in ("code_inline", "html_inline", "image"):
            parts.append(" ")
    yield TextLine(line, "".join(parts))


def _phase_rows(tokens: Sequence[Token]) -> Iterator[PhaseRow]:
    """The rows below a table header whose first cell says Legacy Phase."""
    cells: list[str] = []
    header: list[str] = []
    line = 0
    for token in tokens:
        if token.type == "table_open":
            header = []
        elif token.type == "tr_open":
            cells, line = [], (token.map or (line, line))[0] + 1
        elif token.type == "inline":
            cells.append(token.content.strip())
        elif token.type == "tr_close" and not header:
            header = cells
        elif token.type == "tr_close" and header[0] == _MAP_HEADER and len(cells) >= _MAP_CELLS:
            yield PhaseRow(line, cells[0], cells[1])
