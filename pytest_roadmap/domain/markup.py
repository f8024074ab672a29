"""The little Markdown a table cell holds: code spans, line breaks, entities, hidden characters."""

from __future__ import annotations

import html
import unicodedata
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HANGUL_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def code_spans(text: str) -> Iterator[tuple[int, int, int]]:
    """Where the code spans of a cell stand: start, end and length of the backtick run.

    A run of backticks opens a span when a run of the same length follows; a backslash before an
    opening run makes its first backtick plain text.

    Source: https://spec.commonmark.org/0.31.2/#code-spans
    """
    runs = list(_backtick_runs(text))
    starts: dict[int, list[int]] = {}
    for start, length in runs:
        starts.setdefault(length, []).append(start)
    after = 0
    for start, length in runs:
        if start < after:
            continue
        if _is_escaped(text, start, after):
            start, length = start + 1, length - 1  # noqa: PLW2901 - the escaped backtick is text
        candidates = starts.get(length, ())
        index = bisect_left(candidates, start + length)
        if length and index < len(candidates):
            after = candidates[index] + length
            yield start, after, length


def _backtick_runs(text: str) -> Iterator[tuple[int, int]]:
    start = text.find("`")
    while start >= 0:
        end = start
        while end < len(text) and text[end] == "`":
            end += 1
        yield start, end - start
        start = text.find("`", end)


def _is_escaped(text: str, place: int, floor: int) -> bool:
    count = 0
    while place - count > floor and text[place - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def code_texts(text: str) -> tuple[str, ...]:
    """What stands inside each code span of a cell, stripped."""
    return tuple(text[start + n : end - n].strip() for start, end, n in code_spans(text))


def unwrap_code(text: str) -> str:
    """The content of a cell that is one code span; any other cell as it is."""
    if not text.startswith("`"):
        return text
    if text.endswith("`") and text.count("`") == 2:  # noqa: PLR2004 - the usual cell, at once
        return text[1:-1].strip()
    start, end, length = next(code_spans(text), (0, 0, 0))
    if length and start == 0 and end == len(text):
        return text[length:-length].strip()
    return text


def split_breaks(text: str) -> tuple[str, ...]:
    """The parts of a cell between its ``<br>`` tags, stripped; one inside a code span is text."""
    breaks = list(_breaks(text))
    spans = [(start, end) for start, end, _ in code_spans(text)] if "`" in text else []
    parts: list[str] = []
    begin = 0
    index = 0
    for start, end in breaks:
        while index < len(spans) and spans[index][1] <= start:
            index += 1
        if index < len(spans) and spans[index][0] < start:
            continue
        parts.append(text[begin:start].strip())
        begin = end
    parts.append(text[begin:].strip())
    return tuple(parts)


def _breaks(text: str) -> Iterator[tuple[int, int]]:
    """Every ``<br>``, ``<br/>`` or ``<br />``, upper case too."""
    lowered = text.replace("B", "b").replace("R", "r")
    start = lowered.find("<br")
    while start >= 0:
        end = lowered.find(">", start)
        if end < 0:
            return
        if lowered[start + 3 : end].strip() in ("", "/"):
            yield start, end + 1
        start = lowered.find("<br", start + 3)


def visible_text(text: str) -> str:
    """What a reader of the rendered cell sees of it, in short: no marks, breaks or entities."""
    plain = text
    if "<" in plain:
        plain = " ".join(split_breaks(_without_comments(plain)))
    if "&" in plain:
        plain = html.unescape(plain)
    return plain.replace("`", "").replace("*", "").strip()


def _without_comments(text: str) -> str:
    parts: list[str] = []
    begin = 0
    while (start := text.find("<!--", begin)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        parts.append(text[begin:start])
        begin = end + 3
    parts.append(text[begin:])
    return "".join(parts)


def hidden_characters(text: str) -> tuple[str, ...]:
    """The control, bidirectional and zero-width characters of a text, named, each once.

    Entities count as the character they stand for; a tab is a control character like the others.
    """
    plain = html.unescape(text) if "&" in text else text
    if plain.isprintable() and _HANGUL_FILLERS.isdisjoint(plain):
        return ()
    hidden = dict.fromkeys(character for character in plain if _is_hidden(character))
    return tuple(
        f"U+{ord(each):04X} {unicodedata.name(each, 'control character')}" for each in hidden
    )


def _is_hidden(character: str) -> bool:
    return character in _HANGUL_FILLERS or unicodedata.category(character) in _HIDDEN_CATEGORIES


def fold(text: str) -> str:
    """The text as somebody meant it who typed it with full-width letters, marks or hidden signs.

    For naming near-misses only; nothing folded is ever taken for the written value.
    """
    folded = unicodedata.normalize("NFKC", text)
    kept = (each for each in folded if each not in "`*_ \t\\" and not _is_hidden(each))
    return "".join(kept)
