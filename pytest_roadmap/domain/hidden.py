"""A text that may be compared and measured, and that never shows itself."""

from __future__ import annotations

import hmac


class HiddenText:
    """A secret value in memory: no representation, format or traceback has its content."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "<hidden>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HiddenText):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __len__(self) -> int:
        return len(self._text)

    def reveal(self) -> str:
        """The text, for a scan that looks for it; it must go nowhere else."""
        return self._text
