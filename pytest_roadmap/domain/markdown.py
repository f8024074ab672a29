"""A Markdown document as rules see it: headings, tables, links and running text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NUMBER = re.compile(r"§?\s*(\d+(?:\.\d+)*)(?:[.)]|(?=\s)|$)\s*", re.ASCII)


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=\S)")


def slugs(headings: Iterable[str]) -> Iterator[str]:
    """GitHub's anchors of a document's headings, as they read: of any script, ``-1`` on repeats.

    Source: https://docs.github.com/get-started/writing-on-github, section links.
    """
    counts: dict[str, int] = {}
    for heading in headings:
        plain = unicodedata.normalize("NFC", heading.strip().lower())
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        seen = counts.get(slug, 0)
        counts[slug] = seen + 1
        yield f"{slug}-{seen}" if seen else slug


@dataclass(frozen=True, slots=True)
class MarkdownHeading:
    """A heading with its 1-based line and its depth, 1 to 6."""

    line: int
    depth: int
    text: str

    @property
    def number(self) -> str:
        """The section number, such as ``12.1``, or empty."""
        found = _NUMBER.match(self.text)
        return found[1] if found else ""

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
class MarkdownLink:
    """A link or image with its target, percent-encoding undone."""

    line: int
    target: str


@dataclass(frozen=True, slots=True)
class MarkdownBlock:
    """One paragraph, heading or cell: visible text, and each link after the text it carries.

    Code spans are left out of the text; they stand in ``codes``.
    """

    line: int
    parts: tuple[str | MarkdownLink, ...]
    codes: tuple[str, ...] = ()

    def sentences(self) -> Iterator[tuple[str, tuple[MarkdownLink, ...]]]:
        """Each sentence with the links in it."""
        text, links = "", []
        for part in self.parts:
            if isinstance(part, MarkdownLink):
                links.append(part)
                continue
            *ended, rest = _SENTENCE_END.split(part)
            for piece in ended:
                yield text + piece, tuple(links)
                text, links = "", []
            text += rest
        yield text, tuple(links)


@dataclass(frozen=True, slots=True)
class MarkdownText:
    """What one document holds, each part in document order.

    ``anchors`` are those that raw HTML names; headings have theirs besides.
    """

    headings: tuple[MarkdownHeading, ...] = ()
    tables: tuple[MarkdownTable, ...] = ()
    blocks: tuple[MarkdownBlock, ...] = ()
    anchors: frozenset[str] = frozenset()

    @property
    def links(self) -> tuple[MarkdownLink, ...]:
        """Every link; what stands in code is none."""
        return tuple(p for b in self.blocks for p in b.parts if isinstance(p, MarkdownLink))

    def heading_of(self, anchor: str) -> MarkdownHeading | None:
        """The heading an anchor leads to: by GitHub's slug or by its section number."""
        wanted = unicodedata.normalize("NFC", anchor)
        named = slugs(heading.text for heading in self.headings)
        for heading, slug in zip(self.headings, named, strict=True):
            if slug == wanted:
                return heading
        numbered = (each for each in self.headings if each.number == anchor)
        return next(numbered, None)

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
