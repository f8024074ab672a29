"""The source documents of the project, asked of git and the working tree."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rapidfuzz.fuzz import ratio

from pytest_roadmap.adapters.document.anchors import Anchors, read_anchors
from pytest_roadmap.adapters.document.source_items import read_items
from pytest_roadmap.adapters.repository.git import (
    GitError,
    committed_versions,
    path_problem,
    spelled_on_disk,
    tracked_problem,
)
from pytest_roadmap.domain.quality.qa01 import ItemSources, SourceItem
from pytest_roadmap.domain.quality.qa03 import UnjudgedError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_MAX_BYTES = 8 << 20
#: From which score a heading counts as the one that had the number before.
_SAME_TITLE = 80


class TrackedSources:
    """``Sources`` of a working tree; ``untracked`` are files or folders that git need not know."""

    def __init__(self, root: Path, untracked: Collection[str]) -> None:
        self._root = root
        self._untracked = tuple(untracked)
        self.path_problem = cache(self._path_problem)
        self._anchors = cache(self._read)

    def _path_problem(self, path: str) -> str | None:
        problem = path_problem(path)
        if problem is not None:
            return problem
        try:
            if not spelled_on_disk(self._root, path).is_file():
                return "there is no such file"
        except OSError as error:
            return f"it cannot be read: {error.strerror}"
        if any(path == each or path.startswith(f"{each}/") for each in self._untracked):
            return None
        try:
            return tracked_problem(self._root, path)
        except GitError as error:
            raise UnjudgedError(str(error)) from error

    def has_section(self, path: str, section: str) -> bool:
        """See ``Sources``."""
        return section in self._anchors(path).sections

    def has_tag(self, path: str, tag: str) -> bool:
        """See ``Sources``."""
        return tag in self._anchors(path).tags

    def renumbered(self, path: str, section: str) -> str:
        """See ``Sources``: the last two committed versions say which title the number had."""
        now = self._anchors(path).titles
        for content in committed_versions(self._root, path, 2):
            title = read_anchors(path, content).titles.get(section)
            if title is None:
                continue
            score, number = max(
                ((ratio(title, each), number) for number, each in now.items()), default=(0.0, "")
            )
            if score >= _SAME_TITLE:
                return f"{number} ({now[number]})"
        return ""

    def items(self, paths: Collection[str]) -> ItemSources:
        """The items of the documents of these paths."""
        found: list[SourceItem] = []
        unread: dict[str, str] = {}
        for path in paths:
            try:
                problem = self.path_problem(path)
                if problem is None:
                    found += read_items(path, self._content(path))
                else:
                    unread[path] = problem
            except (UnjudgedError, UnicodeDecodeError, OSError) as error:
                unread[path] = str(error)
        return ItemSources(tuple(found), unread)

    def _content(self, path: str) -> bytes:
        with spelled_on_disk(self._root, path).open("rb") as stream:
            return stream.read(_MAX_BYTES)

    def _read(self, path: str) -> Anchors:
        try:
            return read_anchors(path, self._content(path))
        except OSError:
            return Anchors()
