"""A Markdown document as rules see it: headings, tables, links and running text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBER = re.compile(r"§?\s*(\d+(?:\.\d+)*)(?:[.)]|(?=\s)|$)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class MarkdownHeading:
    """A heading with its 1-based line and its depth, 1 to 6."""

    line: int
    depth: int
    text: str

    def answers_to(self, name: str) -> bool:
        """Whether a name means this heading: its section number, or its text without one."""
        text = unicodedata.normalize("NFC", " ".join(self.text.split()))
        wanted = unicodedata.normalize("NFC", " ".join(name.split()))
        number = _NUMBER.match(text)
        bare = text[number.end() :] if number else text
        return wanted in {text, bare} or (number is not None and number[1] == wanted)


@dataclass(frozen=True, slots=True)
class MarkdownRow:
    """A table row; ``cells`` are cut or padded to the header, ``written`` is how many there are."""

    line: int
    cells: tuple[str, ...]
    written: int


@dataclass(frozen=True, slots=True)
class MarkdownTable:
    """A table of the document itself, not of a quote, list or code block in it."""

    line: int
    columns: tuple[str, ...]
    rows: tuple[MarkdownRow, ...]


@dataclass(frozen=True, slots=True)
class MarkdownText:
    """What one document holds, each part in document order."""

    headings: tuple[MarkdownHeading, ...] = ()
    tables: tuple[MarkdownTable, ...] = ()

    def tables_under(self, heading: MarkdownHeading) -> Iterator[MarkdownTable]:
        """The tables up to the next heading that is not deeper."""
        ends = (h.line for h in self.headings if h.line > heading.line and h.depth <= heading.depth)
        end = next(ends, None)
        for table in self.tables:
            if table.line > heading.line and (end is None or table.line < end):
                yield table


@dataclass(frozen=True, slots=True)
class SectionRead:
    """The tables under the headings that a name means, in one document."""

    name: str
    document: str
    headings: tuple[MarkdownHeading, ...]
    tables: tuple[MarkdownTable, ...]


def read_section(text: MarkdownText, name: str, document: str) -> SectionRead:
    """What stands under the headings of this name; nothing where there is none."""
    headings = tuple(each for each in text.headings if each.answers_to(name))
    tables = tuple(table for heading in headings for table in text.tables_under(heading))
    return SectionRead(name, document, headings, tables)
