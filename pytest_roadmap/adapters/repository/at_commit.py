"""The project as a commit holds it, beside the working tree and without touching it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pytest_roadmap.adapters.repository.git import GitError, run_git

#: A hook of the repository has no business in a look at an old commit.
_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")


@dataclass(frozen=True, slots=True)
class CommittedProject:
    """``root`` is the folder of the project in that commit; ``committed_at`` is UTC."""

    root: Path
    commit: str
    committed_at: datetime


@contextmanager
def project_at(root: Path, revision: str) -> Iterator[CommittedProject]:
    """The project at ``root`` as a commit holds it, removed at the end.

    It is a work tree of the same repository, so that remotes and history are those of the project.

    Raises:
        GitError: there is no such commit, or git cannot make the work tree.
    """
    wanted = f"{revision}^{{commit}}"
    commit = _line(root, "rev-parse", "--verify", "--end-of-options", wanted)
    moment = datetime.fromisoformat(_line(root, "show", "-s", "--format=%cI", commit))
    inside = _line(root, "rev-parse", "--show-prefix")
    with tempfile.TemporaryDirectory(prefix="roadmap-at-") as folder:
        tree = Path(folder).resolve() / "tree"
        run_git(root, *_NO_HOOKS, "worktree", "add", "--detach", "--quiet", str(tree), commit)
        try:
            yield CommittedProject(tree / inside, commit, moment.astimezone(UTC))
        finally:
            with suppress(GitError):
                run_git(root, "worktree", "remove", "--force", str(tree))


def _line(root: Path, *arguments: str) -> str:
    return run_git(root, *arguments).decode("utf-8", "replace").strip()
