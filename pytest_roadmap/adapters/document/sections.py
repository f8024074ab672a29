"""Where in the document a table stands: its heading, workstream and block."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from pytest_roadmap.domain.quality.row import Block

if TYPE_CHECKING:
    from pytest_roadmap.adapters.document.blocks import Heading

_MARK = "WS-"
_CODE_CHARACTERS = frozenset(string.ascii_uppercase + string.digits)
_OPEN_WORDS = frozenset({"open", "incomplete", "unfinished", "remaining"})
_DONE_WORDS = frozenset({"완료", "done", "completed", "finished"})


class Sections:
    """Follows the headings of a document from top to bottom."""

    def __init__(self) -> None:
        self._path: list[Heading] = []
        self.workstreams: dict[str, str] = {}

    def enter(self, heading: Heading) -> None:
        """Go on below this heading; deeper and equal headings before it have ended."""
        while self._path and self._path[-1].depth >= heading.depth:
            self._path.pop()
        self._path.append(heading)
        code = workstream_code(heading.text)
        if code:
            self.workstreams.setdefault(code, heading.text)

    @property
    def section(self) -> str:
        """The nearest heading, empty above the first one."""
        return self._path[-1].text if self._path else ""

    @property
    def workstream(self) -> str:
        """The code of the nearest heading that names a workstream, such as ``WS-SEC``, or empty."""
        codes = (workstream_code(heading.text) for heading in reversed(self._path))
        return next((code for code in codes if code), "")

    @property
    def block(self) -> Block:
        """Whether the nearest heading below the workstream's names done or open tasks."""
        for heading in reversed(self._path):
            if workstream_code(heading.text):
                break
            block = block_of(heading.text)
            if block is not Block.UNNAMED:
                return block
        return Block.UNNAMED


def workstream_code(heading: str) -> str:
    """The first ``WS-…`` code of a heading, such as ``WS-SEC``; empty for none."""
    start = heading.find(_MARK)
    while start >= 0:
        end = start + len(_MARK)
        while end < len(heading) and heading[end] in _CODE_CHARACTERS:
            end += 1
        before = heading[start - 1 : start]
        if end > start + len(_MARK) and not before.isalnum():
            return heading[start:end]
        start = heading.find(_MARK, end)
    return ""


def block_of(heading: str) -> Block:
    """What kind of tasks a heading announces."""
    plain = "".join(each if each.isalnum() else " " for each in heading.casefold())
    words = plain.split()
    if _OPEN_WORDS.intersection(words) or any(word.startswith("미완료") for word in words):
        return Block.OPEN
    if _DONE_WORDS.intersection(words):
        negated = "not done" in " ".join(words)
        return Block.OPEN if negated else Block.DONE
    return Block.UNNAMED
