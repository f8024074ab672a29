"""The places of a source document that a reference may name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from pytest_roadmap.adapters.strict_yaml import YamlProblemError, load_yaml
from pytest_roadmap.domain.markdown import slugs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n---[ \t]*(?:\n|$)", re.DOTALL)
_NUMBER = re.compile(r"§?\s*(\d+(?:\.\d+)*)(?:\.(?!\d)|[)\s]|$)", re.ASCII)
_MILESTONE = re.compile(r"(?<![A-Za-z0-9_])M\d+(?![A-Za-z0-9_])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Anchors:
    """Slugs, section numbers or dotted keys; milestones and the ids of table rows.

    ``titles`` are the headings by their section number.
    """

    sections: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    titles: Mapping[str, str] = field(default_factory=dict)


def read_anchors(path: str, content: bytes) -> Anchors:
    """The anchors of a Markdown or YAML file; a file that cannot be read as one has none."""
    if path.endswith((".yaml", ".yml")):
        try:
            return Anchors(frozenset(_keys(load_yaml(content))))
        except YamlProblemError:
            return Anchors()
    text = unicodedata.normalize("NFC", content.decode("utf-8-sig", "replace"))
    front, body, _ = split_front_matter(text)
    tags = set(_milestones(front))
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(body)
    headings = tuple(_headings(tokens))
    for heading in headings:
        tags.update(_MILESTONE.findall(heading))
    titles: dict[str, str] = {}
    for heading in headings:
        number = _NUMBER.match(heading)
        if number:
            titles.setdefault(number[1], heading[number.end() :].strip())
    sections = frozenset({*slugs(headings), *titles})
    return Anchors(sections, frozenset(tags | set(_row_ids(tokens))), titles)


def split_front_matter(text: str) -> tuple[str, str, int]:
    """The YAML above a document, the document, and how many lines stand above it."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    front = _FRONT_MATTER.match(unified)
    if front is None:
        return "", unified, 0
    return front[1], unified[front.end() :], unified.count("\n", 0, front.end())


def _keys(value: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{prefix}{key}"
            yield from _keys(inner, f"{prefix}{key}.")


def _milestones(front: str) -> tuple[str, ...]:
    try:
        fields = load_yaml(front.encode())
    except YamlProblemError:
        return ()
    named = fields.get("milestones") if isinstance(fields, dict) else None
    return tuple(each for each in named if isinstance(each, str)) if isinstance(named, list) else ()


def plain_text(token: Token, *, struck: bool = True) -> str:
    """What running text shows, code included; without what is struck through where asked."""
    kept = ("text", "text_special", "code_inline")
    shown, depth = [], 0
    for child in token.children or ():
        depth += {"s_open": 1, "s_close": -1}.get(child.type, 0)
        if child.type in ("softbreak", "hardbreak"):
            shown.append(" ")
        elif child.type in kept and (struck or not depth):
            shown.append(child.content)
    return "".join(shown).strip()


def _headings(tokens: list[Token]) -> Iterator[str]:
    for before, token in pairwise(tokens):
        if before.type == "heading_open" and before.level == 0:
            yield plain_text(token)


def _row_ids(tokens: list[Token]) -> Iterator[str]:
    for row, cell, token in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if row.type == "tr_open" and cell.type == "td_open" and token.type == "inline":
            yield plain_text(token)


def read_listed(text: str) -> frozenset[str]:
    """The paths in code spans of the bullets below a heading that says references."""
    found: set[str] = set()
    inside = False
    tokens = MarkdownIt("commonmark").parse(text)
    for before, token in pairwise(tokens):
        if before.type == "heading_open":
            inside = "참조" in token.content or "references" in token.content.lower()
        elif inside and token.type == "inline" and token.level > 1:
            found.update(c.content for c in token.children or () if c.type == "code_inline")
    return frozenset(found)
