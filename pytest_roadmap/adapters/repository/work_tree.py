"""Which state of the code a run used: commit, branch, and whether anything was changed (d.1)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pytest_roadmap.adapters.repository.git import GitError, run_git

_OID, _HEAD = "# branch.oid ", "# branch.head "
_DETACHED = "(detached)"


@dataclass(frozen=True, slots=True)
class WorkTree:
    """A git work tree; all None outside of one, ``branch`` also on a detached head."""

    commit: str | None = None
    branch: str | None = None
    clean: bool | None = None


def read_work_tree(root: Path, apart: Collection[str] = ()) -> WorkTree:
    """The work tree that holds a folder.

    Args:
        root: the folder.
        apart: folders below it whose changes do not count.
    """
    left_out = [f":(exclude){folder}" for folder in apart]
    try:
        printed = run_git(
            root, "status", "--porcelain=v2", "--branch", "--", ".", *left_out
        ).decode("utf-8", "replace")
    except GitError:
        return WorkTree()
    lines = printed.splitlines()
    commit, branch = _named(lines, _OID), _named(lines, _HEAD)
    return WorkTree(
        commit=commit if commit != "(initial)" else None,
        branch=branch if branch != _DETACHED else None,
        clean=all(line.startswith("#") for line in lines),
    )


def _named(lines: Collection[str], prefix: str) -> str | None:
    return next((line.removeprefix(prefix) for line in lines if line.startswith(prefix)), None)
