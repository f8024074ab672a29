"""Whether a commit is on the protected branch at its remote, asked of real clones."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_roadmap.adapters.repository.reach import reach_of
from tests.unit.cli.provable import git


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A repository with three commits on its branch ``main``."""
    root = tmp_path / "remote"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    for name in ("one", "two", "three"):
        git(root, "commit", "-q", "--allow-empty", "-m", name)
    return root


def clone(remote: Path, *options: str) -> Path:
    root = remote.parent / "clone"
    git(remote.parent, "clone", "-q", *options, remote.as_uri(), str(root))
    return root


def test_what_was_pushed_is_reached_and_what_was_not_is_named(remote: Path) -> None:
    """A commit that lies here only proves nothing to anybody else."""
    root = clone(remote)
    first = git(root, "rev-list", "--max-parents=0", "HEAD")
    git(root, "commit", "-q", "--allow-empty", "-m", "mine")
    own = git(root, "rev-parse", "HEAD")

    found = reach_of(root, "main", [first, own, "a" * 40, "--help"])

    assert [each.reached for each in found.values()] == [True, False, False, False]
    assert "is not part of it" in found[own].sentence
    assert "is not known here" in found["a" * 40].sentence
    assert found["--help"].sentence == "'--help' is no commit"


def test_a_shallow_clone_cannot_tell_and_says_what_to_fetch(remote: Path) -> None:
    """Neither good nor bad; what it holds is enough for the newest commit."""
    first, newest = (
        git(remote, "rev-list", "--max-parents=0", "HEAD"),
        git(remote, "rev-parse", "HEAD"),
    )
    root = clone(remote, "--depth=1")

    found = reach_of(root, "main", [first, newest])

    assert (found[first].reached, found[newest].reached) == (None, True)
    assert "run 'git fetch --unshallow origin main'" in found[first].sentence


def test_a_branch_that_was_never_fetched_leaves_it_open(remote: Path) -> None:
    """The command is told."""
    root = clone(remote)
    git(root, "update-ref", "-d", "refs/remotes/origin/main")

    (found,) = reach_of(root, "main", [git(root, "rev-parse", "HEAD")]).values()

    assert (found.reached, "run 'git fetch origin main'" in found.sentence) == (None, True)


def test_without_a_remote_nothing_is_protected(remote: Path) -> None:
    """A branch of this machine alone can be rewritten by whoever sits at it."""
    commit = git(remote, "rev-parse", "HEAD")
    (found,) = reach_of(remote, "main", [commit]).values()
    assert (found.reached, "has no remote" in found.sentence) == (False, True)


def test_outside_of_a_repository_nothing_is_reached(tmp_path: Path) -> None:
    """In git's own words."""
    (found,) = reach_of(tmp_path, "main", ["a" * 40]).values()
    assert (found.reached, "not a git repository" in found.sentence) == (False, True)


def test_the_remote_that_the_branch_follows_decides(remote: Path) -> None:
    """Not the one that happens to be called origin."""
    root = clone(remote, "--origin", "upstream")
    git(root, "remote", "add", "origin", str(root))
    (found,) = reach_of(root, "main", [git(root, "rev-parse", "HEAD")]).values()
    assert found.reached
