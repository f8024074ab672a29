"""Record ids: ULIDs, which sort by time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80
_LENGTH = 26


class UlidFactory:
    """Makes ULIDs that strictly increase, also within a millisecond or when the clock steps back.

    Source: https://github.com/ulid/spec (monotonicity). Thread-safe.
    """

    def __init__(
        self, now: Callable[[], datetime], randomness: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._now = now
        self._randomness = randomness
        self._last = -1
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """The next id, 26 characters of Crockford's base 32."""
        with self._lock:
            milliseconds = int(self._now().timestamp() * 1000)
            drawn = int.from_bytes(self._randomness(_RANDOM_BITS // 8), "big")
            fresh = (milliseconds << _RANDOM_BITS) | drawn
            same_or_earlier = milliseconds <= self._last >> _RANDOM_BITS
            self._last = self._last + 1 if same_or_earlier else fresh
            return encode_ulid(self._last)


def encode_ulid(number: int) -> str:
    """The 26 characters of a 128-bit number."""
    return "".join(_ALPHABET[number >> shift & 31] for shift in range((_LENGTH - 1) * 5, -1, -5))


def is_ulid(text: str) -> bool:
    """Whether the text is a ULID (26 characters, below 2**128)."""
    return len(text) == _LENGTH and text[0] in "01234567" and all(c in _ALPHABET for c in text)
