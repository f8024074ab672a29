"""The shape of a sign-off document: nine sections, and two blocks for people in the seventh."""

from __future__ import annotations

import re
import unicodedata

from pytest_roadmap.domain.canonical import sha256_of

SECTIONS = tuple(str(number) for number in range(1, 10))
DECISION = "decision"
APPROVALS = "approvals"
_FIGURES = SECTIONS[:6]
_SECTION = re.compile(r"^## (\d+)\. ", re.MULTILINE)
_BLOCK = re.compile(r"^```yaml (decision|approvals)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def section_numbers(text: str) -> tuple[str, ...]:
    """The numbers of the sections in the order in which they stand."""
    return tuple(each[1] for each in _SECTION.finditer(_plain(text)))


def sections_of(text: str) -> dict[str, str]:
    """The text of each numbered section with its heading; the first begins with the document."""
    plain = _plain(text)
    found = list(_SECTION.finditer(plain))
    starts = [0, *(each.start() for each in found[1:])]
    ends = [*starts[1:], len(plain)]
    return {
        each[1]: plain[start:end] for each, start, end in zip(found, starts, ends, strict=False)
    }


def figures_of(text: str) -> str:
    """Sections 1 to 6 as they stand."""
    found = sections_of(text)
    return "".join(found.get(number, "") for number in _FIGURES)


def blocks_of(text: str) -> dict[str, str]:
    """The text inside each block of section 7, by its name."""
    return {each[1]: each[2] for each in _BLOCK.finditer(sections_of(text).get("7", ""))}


def with_block(text: str, name: str, content: str) -> str:
    """The document with another text in one of the blocks."""
    return _BLOCK.sub(
        lambda found: f"```yaml {name}\n{content}```" if found[1] == name else found[0], text
    )


def checklist_digest(figures: str, decision: str) -> str:
    """``sha256:…`` of sections 1 to 6 and the decision as written (NFC, LF, outer space aside)."""
    parts = (unicodedata.normalize("NFC", _plain(part)).strip() for part in (figures, decision))
    return sha256_of("\n".join([*parts, ""]).encode("utf-8", "surrogatepass"))


def signed_digest(content: bytes) -> str:
    """What signatures under this document are over.

    Raises:
        UnicodeDecodeError: it is no text.
    """
    text = content.decode("utf-8")
    return checklist_digest(figures_of(text), blocks_of(text).get(DECISION, ""))


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
