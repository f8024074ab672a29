"""References between documents: where links lead, and whether Legacy Phases are explained."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pytest_roadmap.domain.handoff import canonical_digest
from pytest_roadmap.domain.legacy_map import phase_targets
from pytest_roadmap.domain.markdown import read_section
from pytest_roadmap.domain.outcome import AssetMissingError
from pytest_roadmap.domain.quality.qa05 import MAX_PHASES, Mention, mentions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_roadmap.domain.markdown import MarkdownLink, MarkdownText, SectionRead
    from pytest_roadmap.domain.ports import Document
    from pytest_roadmap.domain.roadmap import Roadmap

MAP = "Legacy Phase ↔ Workstream 매핑"
_LIST = "참조"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_WORKSTREAM = re.compile(r"\bWS-[A-Z0-9]+", re.ASCII)
ALIGNMENT_HEADER = ("document", "links", "broken", "digest")


class TrackedFiles(Protocol):
    """Where documents come from."""

    def read(self, path: str) -> Document:
        """A tracked file by its path; raises ``AssetMissingError`` where there is none."""


@dataclass(frozen=True)
class TextRead:
    """A document as Markdown, with the digest of its canonical form."""

    path: str
    text: MarkdownText
    digest: str = ""


@dataclass(frozen=True)
class Library:
    """The documents of the repository, with the roadmap they refer to."""

    files: TrackedFiles
    read_markdown: Callable[[str], MarkdownText]
    roadmap: Roadmap
    roadmap_path: str
    #: What was read before; a library lives no longer than one scenario.
    known: dict[str, TextRead] = field(default_factory=dict)

    def read(self, path: str) -> TextRead:
        """A tracked document.

        Raises:
            AssetMissingError: git tracks no file of this name, or it is no text.
        """
        if path not in self.known:
            self.known[path] = self._read(path)
        return self.known[path]

    def _read(self, path: str) -> TextRead:
        document = self.files.read(path)
        try:
            text = self.read_markdown(document.text)
        except UnicodeDecodeError as error:
            raise AssetMissingError(path, "it is not UTF-8") from error
        return TextRead(document.path, text, canonical_digest(document.content))

    def core(self) -> tuple[str, ...]:
        """The paths that the roadmap lists as its references."""
        text = self.read(self.roadmap_path).text
        found: list[str] = []
        for heading in (each for each in text.headings if each.answers_to(_LIST)):
            later = (h.line for h in text.headings if h.line > heading.line)
            end = next(later, None)
            for block in text.blocks:
                if block.line > heading.line and (end is None or block.line < end):
                    found += block.codes
        return tuple(dict.fromkeys(found))

    def map(self) -> SectionRead:
        """The Legacy map of the roadmap."""
        return read_section(self.read(self.roadmap_path).text, MAP, "roadmap")


def link_target(link: MarkdownLink, path: str) -> tuple[str, str] | None:
    """The path and the anchor a link of this document leads to; None for an external one."""
    if _SCHEME.match(link.target):
        return None
    file, _, anchor = link.target.partition("#")
    if not file:
        return path, anchor
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), file)), anchor


def anchor_workstream(library: Library, text: MarkdownText, anchor: str) -> str:
    """The workstream that an anchor of the roadmap means: by its heading, or by a task; or none."""
    for task in library.roadmap.tasks:
        if task.task_id.lower() == anchor.lower():
            return task.workstream
    heading = text.heading_of(anchor)
    code = _WORKSTREAM.search(heading.text) if heading else None
    known = {task.workstream for task in library.roadmap.tasks}
    return code[0] if code and code[0] in known else ""


def broken_links(library: Library, read: TextRead) -> tuple[str, ...]:
    """The links of a document that lead to no tracked file, or to no anchor of it."""
    found: list[str] = []
    for link in read.text.links:
        place = link_target(link, read.path)
        problem = _problem(library, place) if place else ""
        if problem:
            found.append(f"{read.path}:{link.line}: {link.target}: {problem}")
    return tuple(found)


def external_links(read: TextRead) -> tuple[str, ...]:
    """The links of a document that leave the repository."""
    return tuple(x.target for x in read.text.links if link_target(x, read.path) is None)


def _problem(library: Library, place: tuple[str, str]) -> str:
    path, anchor = place
    try:
        if not anchor or not path.endswith(".md"):
            library.files.read(path)
            return ""
        text = library.read(path).text
    except AssetMissingError as missing:
        return f"no tracked file ({missing})"
    if anchor in text.anchors or text.heading_of(anchor):
        return ""
    if path == library.roadmap_path and anchor_workstream(library, text, anchor):
        return ""
    return f"{path} has no anchor {anchor!r}"


def workstream_problems(library: Library, read: TextRead) -> tuple[str, ...]:
    """What speaks against a document pointing to the workstreams that name it as their source."""
    sources = (task for task in library.roadmap.tasks if f"`{read.path}" in task.source_doc)
    fitting = {task.workstream for task in sources}
    text = library.read(library.roadmap_path).text
    legacy = library.map().headings
    problems: list[str] = []
    found: set[str] = set()
    for link in read.text.links:
        place = link_target(link, read.path)
        if place is None or place[0] != library.roadmap_path:
            continue
        workstream = anchor_workstream(library, text, place[1])
        found.add(workstream)
        if not workstream and text.heading_of(place[1]) not in legacy:
            problems.append(f"line {link.line}: {link.target} leads to no workstream and no task")
    if not found & fitting:
        problems.append(f"no link leads to {' or '.join(sorted(fitting)) or 'a workstream'}")
    return tuple(problems)


def phase_problems(library: Library, read: TextRead) -> tuple[str, ...]:
    """The sentences that name a Legacy Phase which neither a link in them nor the map explains."""
    text, legacy = library.read(library.roadmap_path).text, library.map()
    return tuple(
        f"{read.path}:{block.line}: Phase {mention.first} stands unexplained"
        for block in read.text.blocks
        for sentence, links in block.sentences()
        for mention in mentions(sentence)
        if not _mapped(mention, legacy, library.roadmap)
        and not any(_explains(library, text, read, link) for link in links)
    )


def _mapped(mention: Mention, legacy: SectionRead, roadmap: Roadmap) -> bool:
    if not 0 <= mention.last - mention.first < MAX_PHASES:
        return False
    numbers = range(mention.first, mention.last + 1)
    return not any(phase_targets(legacy, str(n), roadmap).faults for n in numbers)


def _explains(library: Library, text: MarkdownText, read: TextRead, link: MarkdownLink) -> bool:
    place = link_target(link, read.path)
    return (
        place is not None
        and place[0] == library.roadmap_path
        and bool(anchor_workstream(library, text, place[1]))
    )


def measured_alignment(
    library: Library, reads: Sequence[TextRead]
) -> Mapping[str, tuple[str, str, str]]:
    """Links, broken links and digest of each document, as the alignment evidence writes them."""
    return {
        read.path: (str(len(read.text.links)), str(len(broken_links(library, read))), read.digest)
        for read in reads
    }


def alignment_problems(
    record: MarkdownText | None, measured: Mapping[str, tuple[str, str, str]]
) -> tuple[str, ...]:
    """Where the newest alignment evidence differs from what is measured now."""
    if record is None:
        return ("there is no alignment evidence",)
    tables = [table for table in record.tables if table.columns == ALIGNMENT_HEADER]
    if len(tables) != 1:
        return (f"{len(tables)} tables have the header {' | '.join(ALIGNMENT_HEADER)}",)
    rows = [row.cells for row in tables[0].rows]
    names = [row[0].strip("`") for row in rows]
    problems = [f"{name} stands twice" for name in sorted(set(names)) if names.count(name) > 1]
    problems += [f"{name} is no core document" for name in names if name not in measured]
    recorded = {name: tuple(row[1:]) for name, row in zip(names, rows, strict=True)}
    return (*problems, *_differences(recorded, measured))


def _differences(
    recorded: Mapping[str, tuple[str, ...]], measured: Mapping[str, tuple[str, str, str]]
) -> Iterator[str]:
    for name, now in measured.items():
        then = recorded.get(name)
        if then is None:
            yield f"{name} is not listed"
        elif then != now:
            yield f"{name} is recorded with {', '.join(then)}, and now has {', '.join(now)}"


def alignment_document(day: str, measured: Mapping[str, tuple[str, str, str]]) -> str:
    """The alignment evidence of a day, for people to commit."""
    lines = [f"# Reference alignment {day}", "", f"| {' | '.join(ALIGNMENT_HEADER)} |"]
    lines += ["|---|---|---|---|"]
    lines += [f"| `{name}` | {' | '.join(values)} |" for name, values in measured.items()]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class TextsRead:
    """Documents that could be read, and a sentence for each that could not."""

    texts: tuple[TextRead, ...]
    problems: tuple[str, ...] = ()


def read_texts(library: Library, paths: Sequence[str]) -> TextsRead:
    """The documents of these paths; one that is not there is a problem, and none at all another."""
    texts: list[TextRead] = []
    problems = [] if paths else ["the roadmap lists no reference"]
    for path in paths:
        try:
            texts.append(library.read(path))
        except AssetMissingError as missing:
            problems.append(f"no tracked file: {missing}")
    return TextsRead(tuple(texts), tuple(problems))
