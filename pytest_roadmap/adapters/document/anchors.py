"""The places of a source document that a reference may name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from pytest_roadmap.adapters.strict_yaml import YamlProblemError, load_yaml
from pytest_roadmap.domain.markdown import slugs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n---[ \t]*(?:\n|$)", re.DOTALL)
_NUMBER = re.compile(r"§?\s*(\d+(?:\.\d+)*)(?:\.(?!\d)|[)\s]|$)", re.ASCII)
_MILESTONE = re.compile(r"(?<![A-Za-z0-9_])M\d+(?![A-Za-z0-9_])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Anchors:
    """Slugs, section numbers or dotted keys; milestones and the ids of table rows."""

    sections: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()


def read_anchors(path: str, content: bytes) -> Anchors:
    """The anchors of a Markdown or YAML file; a file that cannot be read as one has none."""
    if path.endswith((".yaml", ".yml")):
        try:
            return Anchors(frozenset(_keys(load_yaml(content))))
        except YamlProblemError:
            return Anchors()
    text = unicodedata.normalize("NFC", content.decode("utf-8-sig", "replace"))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    front = _FRONT_MATTER.match(text)
    tags = set(_milestones(front[1])) if front else set()
    body = text[front.end() :] if front else text
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(body)
    headings = tuple(_headings(tokens))
    for heading in headings:
        tags.update(_MILESTONE.findall(heading))
    numbers = (_NUMBER.match(heading) for heading in headings)
    sections = {*slugs(headings), *(match[1] for match in numbers if match)}
    return Anchors(frozenset(sections), frozenset(tags | set(_row_ids(tokens))))


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


def _plain(token: Token) -> str:
    kept = ("text", "text_special", "code_inline")
    return "".join(child.content for child in token.children or () if child.type in kept).strip()


def _headings(tokens: list[Token]) -> Iterator[str]:
    for before, token in pairwise(tokens):
        if before.type == "heading_open" and before.level == 0:
            yield _plain(token)


def _row_ids(tokens: list[Token]) -> Iterator[str]:
    for row, cell, token in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if row.type == "tr_open" and cell.type == "td_open" and token.type == "inline":
            yield _plain(token)


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
