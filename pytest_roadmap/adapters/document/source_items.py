"""The items of source documents: what is to be done there, or is done."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from pytest_roadmap.adapters.document.anchors import plain_text, split_front_matter
from pytest_roadmap.adapters.strict_yaml import YamlProblemError, load_yaml
from pytest_roadmap.domain.markdown import MarkdownHeading
from pytest_roadmap.domain.quality.qa01 import SourceItem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

_BOX = re.compile(r"\[([ xX])\](?:\s+|$)")
_COMMENT = re.compile(r"<!--\s*(item|roadmap|not-roadmap)\s*:\s*(.*?)\s*-->", re.DOTALL)
_OPEN_HEADING = re.compile(
    r"미완료|미구현|(?<![a-z0-9])(?:open items|todo)(?![a-z0-9])", re.IGNORECASE
)
_STATUS = frozenset({"상태", "status"})
_TASK = frozenset({"task", "task_id", "태스크"})
_OPEN = frozenset({"미완료", "미구현", "notstarted", "inprogress", "blocked", "open"})
_PLANNED = "planned"
_CLOSED = frozenset({"완료", "구현", "done", "closed", "implemented"})
_DEPRECATED = "deprecated"


def read_items(path: str, content: bytes) -> tuple[SourceItem, ...]:
    """The items of a Markdown document; a deprecated one, or another kind of file, has none.

    Raises:
        UnicodeDecodeError: the document is not UTF-8.
    """
    if not path.endswith(".md"):
        return ()
    front, body, skipped = split_front_matter(content.decode("utf-8-sig"))
    if _is_deprecated(front):
        return ()
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return tuple(_Reading(path, skipped).items(markdown.parse(body)))


def _is_deprecated(front: str) -> bool:
    try:
        fields = load_yaml(front.encode())
    except YamlProblemError:
        return False
    status = fields.get("status") if isinstance(fields, dict) else None
    return isinstance(status, str) and status.strip().lower() == _DEPRECATED


@dataclass
class _Draft:
    """A list item on its way: its own first line, and what comments say of it."""

    line: int
    parent: int
    bullet: bool
    text: str = ""
    box: str = ""
    opened: bool = False
    comments: dict[str, str] = field(default_factory=dict)

    def read(self, token: Token) -> None:
        """Take the first text of the item, and every comment of it."""
        self.note(_html(token))
        if not self.opened:
            self.opened = True
            box = _BOX.match(token.content)
            self.box = box[1].lower() if box else ""
            self.text = _BOX.sub("", plain_text(token, struck=False), count=1).strip()

    def note(self, html: str) -> None:
        """Take what comments say."""
        self.comments.update(_comments(html))


def _html(token: Token) -> str:
    """The raw HTML of running text; what stands in code is none."""
    return "".join(each.content for each in token.children or () if each.type == "html_inline")


def _comments(text: str) -> Iterator[tuple[str, str]]:
    for name, value in _COMMENT.findall(text):
        if value:
            yield name, value


@dataclass
class _Reading:
    """One pass over the tokens of a document; ``skipped`` lines stand above what is parsed."""

    path: str
    skipped: int
    headings: list[MarkdownHeading] = field(default_factory=list)
    drafts: list[_Draft] = field(default_factory=list)
    quotes: int = 0

    def items(self, tokens: Sequence[Token]) -> Iterator[SourceItem]:
        """The items in document order; those of a list item follow it."""
        found: list[SourceItem] = []
        bullets: list[bool] = []
        for place, token in enumerate(tokens):
            self.quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
            if token.type in ("bullet_list_open", "ordered_list_open"):
                bullets.append(token.type == "bullet_list_open")
            elif token.type in ("bullet_list_close", "ordered_list_close"):
                bullets.pop()
            elif self.quotes:
                continue
            elif token.type == "table_open":
                found += self._rows(tokens, place + 1)
            else:
                found += self._of_list(token, tokens[place - 1], bullets)
        return iter(sorted(found, key=lambda item: item.line))

    def _of_list(self, token: Token, before: Token, bullets: list[bool]) -> Iterator[SourceItem]:
        if token.type == "list_item_open":
            parent = self.drafts[-1].line if self.drafts else 0
            self.drafts.append(_Draft(self._line(token), parent, bullets[-1]))
        elif token.type == "list_item_close":
            yield from self._finish(self.drafts.pop())
        elif token.type == "inline" and before.type == "heading_open" and not self.drafts:
            self._enter(MarkdownHeading(self._line(token), int(before.tag[1:]), plain_text(token)))
        elif token.type == "inline" and before.type == "paragraph_open" and self.drafts:
            self.drafts[-1].read(token)
        elif token.type == "html_block" and self.drafts:
            self.drafts[-1].note(token.content)

    def _line(self, token: Token) -> int:
        return (token.map or (0, 0))[0] + 1 + self.skipped

    def _enter(self, heading: MarkdownHeading) -> None:
        while self.headings and self.headings[-1].depth >= heading.depth:
            self.headings.pop()
        self.headings.append(heading)

    @property
    def _section(self) -> str:
        heading = self.headings[-1] if self.headings else None
        return (heading.number or heading.text) if heading else ""

    def _finish(self, draft: _Draft) -> Iterator[SourceItem]:
        listed = draft.bullet and any(_OPEN_HEADING.search(each.text) for each in self.headings)
        if draft.text and (draft.box or listed):
            yield from self._item(
                draft.line,
                draft.text,
                draft.comments,
                closed=draft.box == "x",
                parent=draft.parent,
            )

    def _item(
        self, line: int, text: str, comments: dict[str, str], *, closed: bool, parent: int = 0
    ) -> Iterator[SourceItem]:
        if "not-roadmap" in comments:
            return
        named = (task.strip() for task in comments.get("roadmap", "").split(","))
        tasks = tuple(dict.fromkeys(task for task in named if task))
        item_id = comments.get("item", "")
        yield SourceItem(self.path, line, self._section, text, closed, item_id, tasks, parent)

    def _rows(self, tokens: Sequence[Token], start: int) -> Iterator[SourceItem]:
        """The rows of the table that begins before this token, up to its end."""
        header: tuple[str, ...] = ()
        cells: list[Token] = []
        line = 0
        for place in range(start, len(tokens)):
            token = tokens[place]
            if token.type == "table_close":
                return
            if token.type == "tr_open":
                cells, line = [], self._line(token)
            elif token.type == "inline":
                cells.append(token)
            elif token.type == "tr_close" and not header:
                header = tuple(plain_text(cell).lower() for cell in cells)
            elif token.type == "tr_close":
                yield from self._row(header, cells, line)

    def _row(self, header: tuple[str, ...], cells: list[Token], line: int) -> Iterator[SourceItem]:
        place = next((at for at, name in enumerate(header) if name in _STATUS), None)
        if place is None:
            return
        word = plain_text(cells[place], struck=False).lower()
        planned = word == _PLANNED and not _TASK.isdisjoint(header)
        if word in _OPEN or word in _CLOSED or planned:
            kept = [plain_text(cell, struck=False) for at, cell in enumerate(cells) if at != place]
            comments = dict(pair for cell in cells for pair in _comments(_html(cell)))
            text = " · ".join(part for part in kept if part)
            if text:
                yield from self._item(line, text, comments, closed=word in _CLOSED)
