"""Where in the document a table stands: its heading, workstream and block."""

from __future__ import annotations

from pytest_roadmap.adapters.document.blocks import Heading
from pytest_roadmap.domain.quality.row import Block

_MARK = "WS-"
_OPEN_WORDS = (
    "미완료",
    "진행",
    "예정",
    "open",
    "not done",
    "incomplete",
    "unfinished",
    "remaining",
)
_DONE_WORDS = ("완료", "done", "complete", "finished")


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
    """The ``WS-…`` code a heading names, without its full-stop or bracket; empty for none."""
    for word in heading.replace("(", " ").replace("`", " ").split():
        if word.startswith(_MARK):
            name = word[len(_MARK) :].rstrip(":.,)")
            if name.isascii() and name.isalnum() and name.isupper():
                return _MARK + name
    return ""


def block_of(heading: str) -> Block:
    """What kind of tasks a heading announces; the words for open tasks contain those for done."""
    folded = heading.casefold()
    if any(word in folded for word in _OPEN_WORDS):
        return Block.OPEN
    if any(word in folded for word in _DONE_WORDS):
        return Block.DONE
    return Block.UNNAMED
