"""Any Markdown document as the plain values of ``domain.markdown``."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import unquote

from markdown_it import MarkdownIt

from pytest_roadmap.adapters.document.blocks import Table, read_blocks
from pytest_roadmap.domain.markdown import (
    MarkdownBlock,
    MarkdownHeading,
    MarkdownLink,
    MarkdownRow,
    MarkdownTable,
    MarkdownText,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

_ANCHOR = re.compile(r"""<a\s[^>]*?\b(?:id|name)\s*=\s*["']([^"']+)["']""", re.IGNORECASE)


def read_markdown(text: str) -> MarkdownText:
    """Headings, tables, links and text; what stands in code is no part of the document.

    Args:
        text: the document, with any line ends.
    """
    unified = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    tables = read_blocks(unified, unified.split("\n"))
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(unified)
    return MarkdownText(
        tuple(_headings(tokens)),
        tuple(_table(b) for b in tables if isinstance(b, Table) and not b.nested),
        tuple(_blocks(tokens)),
        frozenset(name for html in _html(tokens) for name in _ANCHOR.findall(html)),
    )


def _table(table: Table) -> MarkdownTable:
    rows = tuple(MarkdownRow(row.line, row.cells, row.cell_count) for row in table.rows)
    return MarkdownTable(table.line, table.columns, rows)


def _headings(tokens: Sequence[Token]) -> Iterator[MarkdownHeading]:
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0:
            shown = (c.content for c in inline.children or () if c.type in ("text", "code_inline"))
            yield MarkdownHeading((token.map or [0])[0] + 1, int(token.tag[1:]), "".join(shown))


def _blocks(tokens: Sequence[Token]) -> Iterator[MarkdownBlock]:
    line = 0
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        if token.type == "inline":
            children = token.children or ()
            codes = tuple(c.content for c in children if c.type == "code_inline")
            yield MarkdownBlock(line, tuple(_parts(children, line)), codes)


def _parts(children: Sequence[Token], line: int) -> Iterator[str | MarkdownLink]:
    targets: list[str] = []
    text = ""
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            line, text = line + 1, text + "\n"
        elif child.type in ("text", "text_special"):
            text += child.content
        elif child.type == "link_open":
            targets.append(unquote(str(child.attrs.get("href", ""))))
        elif child.type in ("link_close", "image"):
            yield text
            text = ""
            source = targets.pop() if targets and child.type == "link_close" else child.attrs["src"]
            yield MarkdownLink(line, unquote(str(source)))
        elif child.type in ("code_inline", "html_inline"):
            text += " "
    yield text


def _html(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "html_block":
            yield token.content
        for child in token.children or ():
            if child.type == "html_inline":
                yield child.content
