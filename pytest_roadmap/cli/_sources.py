"""The source documents of the project, asked of git and the working tree."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pytest_roadmap.adapters.document.anchors import Anchors, read_anchors
from pytest_roadmap.adapters.repository.git import GitError, path_problem, tracked_problem
from pytest_roadmap.domain.quality.qa03 import UnjudgedError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_MAX_BYTES = 8 << 20


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
            if not (self._root / path).is_file():
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

    def _read(self, path: str) -> Anchors:
        try:
            with (self._root / path).open("rb") as stream:
                return read_anchors(path, stream.read(_MAX_BYTES))
        except OSError:
            return Anchors()
