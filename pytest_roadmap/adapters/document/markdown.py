"""Any Markdown document as the plain values of ``domain.markdown``."""

from __future__ import annotations

from pytest_roadmap.adapters.document.blocks import Heading, Table, read_blocks
from pytest_roadmap.domain.markdown import (
    MarkdownHeading,
    MarkdownRow,
    MarkdownTable,
    MarkdownText,
)


def read_markdown(text: str) -> MarkdownText:
    """Headings and tables; what stands in quotes, lists and code is no part of the document.

    Args:
        text: the document, with any line ends.
    """
    unified = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    blocks = tuple(read_blocks(unified, unified.split("\n")))
    return MarkdownText(
        tuple(MarkdownHeading(b.line, b.depth, b.text) for b in blocks if isinstance(b, Heading)),
        tuple(_table(b) for b in blocks if isinstance(b, Table) and not b.nested),
    )


def _table(table: Table) -> MarkdownTable:
    rows = tuple(MarkdownRow(row.line, row.cells, row.cell_count) for row in table.rows)
    return MarkdownTable(table.line, table.columns, rows)
