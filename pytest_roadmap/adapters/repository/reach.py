"""Whether commits are part of the protected branch at its remote (rules d.4, UNTRACKED_CODE)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pytest_roadmap.adapters.repository.git import GitError, run_git
from pytest_roadmap.domain.provenance import Reach

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_DEFAULT_REMOTE = "origin"


@dataclass(frozen=True, slots=True)
class _Branch:
    """The protected branch as this clone knows it; ``tip`` is None where it was never fetched."""

    remote: str
    name: str
    tip: str | None
    shallow: bool

    @property
    def shown(self) -> str:
        return f"{self.remote}/{self.name}"

    @property
    def fetch(self) -> str:
        depth = "--unshallow " if self.shallow else ""
        return f"git fetch {depth}{self.remote} {self.name}"


def reach_of(root: Path, branch: str, commits: Iterable[str]) -> dict[str, Reach]:
    """For each commit whether it is part of the branch at its remote.

    A commit that this clone knows too little about is neither in nor out; the sentence then has
    the command that fetches what is missing.
    """
    found = dict.fromkeys(commits)
    try:
        protected = _branch(root, branch)
    except GitError as error:
        return {commit: Reach(reached=False, sentence=str(error)) for commit in found}
    if protected is None:
        sentence = f"this repository has no remote that holds the protected branch {branch}"
        return {commit: Reach(reached=False, sentence=sentence) for commit in found}
    return {commit: _reach(root, protected, commit) for commit in found}


def _branch(root: Path, branch: str) -> _Branch | None:
    remotes = run_git(root, "remote").decode("utf-8", "replace").split()
    tracked = _text(root, "config", "--get", f"branch.{branch}.remote")
    wanted = (tracked, _DEFAULT_REMOTE, remotes[0] if len(remotes) == 1 else None)
    remote = next((name for name in wanted if name in remotes), None)
    if remote is None:
        return None
    ref = f"refs/remotes/{remote}/{branch}^{{commit}}"
    tip = _text(root, "rev-parse", "--verify", "--quiet", "--end-of-options", ref)
    shallow = _text(root, "rev-parse", "--is-shallow-repository") == "true"
    return _Branch(remote, branch, tip, shallow)


def _reach(root: Path, branch: _Branch, commit: str) -> Reach:
    short = commit[:12]
    if not _COMMIT.fullmatch(commit):
        return Reach(reached=False, sentence=f"{short!r} is no commit")
    if branch.tip is None:
        return Reach(
            reached=None,
            sentence=f"{branch.shown} was never fetched, so nothing tells whether it holds "
            f"{short}: run '{branch.fetch}'",
        )
    # Prints the commit if the branch does not hold it, nothing if it does, and fails on a commit
    # that is not here.
    outside = _text(root, "rev-list", "--max-count=1", commit, "--not", branch.tip)
    if outside == "":
        return Reach(reached=True)
    if branch.shallow:
        return Reach(
            reached=None,
            sentence=f"this clone is too shallow to tell whether {branch.shown} holds {short}: "
            f"run '{branch.fetch}'",
        )
    known = "is not known here" if outside is None else "is not part of it"
    return Reach(
        reached=False,
        sentence=f"the code must be on {branch.shown}, and commit {short} {known} "
        f"(as of the last '{branch.fetch}')",
    )


def _text(root: Path, *arguments: str) -> str | None:
    """What git prints, None where it fails."""
    try:
        return run_git(root, *arguments).decode("utf-8", "replace").strip()
    except GitError:
        return None
