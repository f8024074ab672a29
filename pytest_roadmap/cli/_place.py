"""The project that a command reads: the working directory, or what a commit holds of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


#: The roadmap document of a project, from its root.
DOCUMENT = Path(".roadmap/implementation_roadmap.md")


class NoSuchPlaceError(Exception):
    """The commit or the document in it is not there; one sentence."""


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of the project, its document, and the time at which ages are measured (UTC)."""

    root: Path
    document: Path
    now: datetime


def add_document(parser: argparse.ArgumentParser) -> None:
    """Let a command be asked about another document."""
    parser.add_argument(
        "--document",
        type=Path,
        default=DOCUMENT,
        metavar="FILE",
        help="the roadmap document (default: %(default)s)",
    )


def add_at(parser: argparse.ArgumentParser) -> None:
    """Let a command be asked about a commit."""
    parser.add_argument(
        "--at",
        metavar="COMMIT",
        help="judge the project as this commit holds it, at the time of the commit "
        "(default: the working directory, now)",
    )


@contextmanager
def place_of(revision: str | None, document: Path) -> Iterator[Place]:
    """The working directory, or for a revision the folder that git fills for it meanwhile.

    Raises:
        NoSuchPlaceError: git knows no such commit, or the document lies outside of the project.
    """
    here = Path.cwd()
    if revision is None:
        yield Place(here, document, datetime.now(UTC))
        return
    from pytest_roadmap.adapters.repository.at_commit import (  # noqa: PLC0415 - if asked
        project_at,
    )
    from pytest_roadmap.adapters.repository.git import GitError  # noqa: PLC0415

    absolute = here / document
    if not absolute.is_relative_to(here) or ".." in document.parts:
        raise NoSuchPlaceError(f"--at needs a document of the project, not {document}")
    with ExitStack() as stack:
        try:
            committed = stack.enter_context(project_at(here, revision))
        except GitError as error:
            raise NoSuchPlaceError(f"--at {revision}: {error}") from error
        inside = committed.root / absolute.relative_to(here)
        yield Place(committed.root, inside, committed.committed_at)
