"""The secret values of this run, and the encodings they may hide in."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

#: A shorter value would blot out honest text everywhere and is no secret worth the name.
MIN_SECRET_LENGTH = 6
_MIN_BASE64_CORE = 8
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")


class SecretRegistry:
    """Values that must never be written, with their plausible encodings.

    Raw, JSON-escaped (once and twice), percent-encoded, hexadecimal, and base64, also inside a
    longer encoded text such as ``Basic base64(user:secret)``.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._needles: set[str] = set()
        self._cores: set[str] = set()
        #: Whether a registered value could also be met as a number.
        self.numeric = False
        self._plain: re.Pattern[str] | None = None
        self._base64: re.Pattern[str] | None = None
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        """Register one value; values shorter than ``MIN_SECRET_LENGTH`` are not registered."""
        if len(value) < MIN_SECRET_LENGTH:
            return
        self.numeric = self.numeric or value.isdigit()
        self._needles |= set(_spellings(value))
        self._cores |= {core for core in _base64_cores(value) if core not in self._needles}
        self._plain = self._base64 = None

    def occurs_in(self, text: str) -> bool:
        """Whether any registered value stands in the text in any of its encodings."""
        return any(needle in text for needle in self._needles) or any(
            core in text for core in self._cores
        )

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where values stand in the text, base64 aside; in order, not overlapping."""
        if self._needles:
            self._plain = self._plain or _alternation(self._needles)
            yield from (match.span() for match in self._plain.finditer(text))

    def base64_spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where base64 of a value stands in the text: the part that does not depend on context."""
        if self._cores:
            self._base64 = self._base64 or _alternation(self._cores)
            yield from (match.span() for match in self._base64.finditer(text))


def extend_over_base64(text: str, start: int, end: int) -> tuple[int, int]:
    """The whole run of base64 characters around a span."""
    while start > 0 and text[start - 1] in _BASE64:
        start -= 1
    while end < len(text) and text[end] in _BASE64:
        end += 1
    return start, end


def _alternation(needles: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(needles, key=lambda needle: (-len(needle), needle))
    return re.compile("|".join(map(re.escape, longest_first)))


def _spellings(value: str) -> Iterator[str]:
    raw = value.encode("utf-8", "surrogatepass")
    yield value
    for ascii_only in (False, True):
        once = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield once
        yield json.dumps(once, ensure_ascii=ascii_only)[1:-1]
    for quoted in (quote(raw, safe=""), quote(raw, safe="/"), quote_plus(raw)):
        yield quoted
        yield re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), quoted)
        yield quoted.replace("%", "%25")
    yield raw.hex()
    yield raw.hex().upper()


def _base64_cores(value: str) -> Iterator[str]:
    """The characters of base64(… value …) that only the value decides, at the three alignments."""
    raw = value.encode("utf-8", "surrogatepass")
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw).rstrip(b"=").decode("ascii")
        first = -(-shift * 8 // 6)
        last = (shift + len(raw)) * 8 // 6
        core = encoded[first:last]
        if len(core) >= _MIN_BASE64_CORE:
            yield core
            yield core.replace("+", "-").replace("/", "_")
