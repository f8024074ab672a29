"""Markdown that shows a text as it is, whatever characters it holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~!])")


def escaped(text: str) -> str:
    """The text on one line, with every character that Markdown would act upon shown instead."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    return _SPECIAL.sub(r"\\\1", " ".join(plain.split()))


def link(text: str, address: str) -> str:
    """A link, or the bare text where the address is none that a reader should follow."""
    if not re.fullmatch(r"https?://[^\s<>()\\]+", address):
        return escaped(text)
    return f"[{escaped(text)}](<{address}>)"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table; cells are Markdown already. Without rows, a dash says so."""
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows or [["-"] * len(header)]:
        yield f"| {' | '.join(cell or '-' for cell in row)} |"
