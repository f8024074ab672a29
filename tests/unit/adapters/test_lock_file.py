"""For which scenarios the lock of what is proven holds now."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pytest_roadmap.adapters.repository.lock_file import (
    LockFileError,
    proven_controls,
    proven_now,
    read_lock_file,
)
from pytest_roadmap.domain.evidence import ProvenControls
from tests.unit.cli.provable import LOCK, git, prove, publish

NAMES = ("SEC-001.S1", "SEC-001.S2")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one proven feature, committed."""
    for name in (".roadmap", "features"):
        (tmp_path / name).mkdir()
    (tmp_path / "features" / "a.feature").write_text("Feature: a\n", "utf-8")
    prove(tmp_path, NAMES)
    publish(tmp_path)
    return tmp_path


def digests(root: Path) -> dict[str, str]:
    content = (root / "features" / "a.feature").read_bytes()
    return dict.fromkeys(NAMES, "sha256:" + hashlib.sha256(content).hexdigest())


def test_the_lock_names_the_commit_that_brought_it(root: Path) -> None:
    """Later commits without it leave it where it was."""
    commit = git(root, "rev-parse", "HEAD")
    publish(root, "later")
    assert proven_controls(root, digests(root)) == dict.fromkeys(NAMES, ProvenControls(1, commit))


@pytest.mark.parametrize("path", ["features/a.feature", "features/a.controls.yaml", "conftest.py"])
def test_what_changed_since_is_not_proven(root: Path, path: str) -> None:
    """Feature, controls and steps are each part of the key."""
    with (root / path).open("a", encoding="utf-8") as stream:
        stream.write("# changed\n")
    assert proven_controls(root, digests(root)) == {}


def test_a_lock_that_git_does_not_track_proves_nothing(root: Path) -> None:
    """Nobody reviewed it."""
    git(root, "rm", "-q", "--cached", LOCK.as_posix())
    assert proven_now(root, digests(root)) == {}


def test_a_feature_without_controls_and_a_project_without_lock_prove_nothing(root: Path) -> None:
    """There is no key, or no entry."""
    (root / "features" / "a.controls.yaml").unlink()
    assert proven_now(root, digests(root)) == {}
    (root / LOCK).unlink()
    assert (proven_now(root, digests(root)), read_lock_file(root)) == ({}, {})


def test_outside_of_git_nothing_is_tracked(root: Path) -> None:
    """So nothing is proven."""
    (root / ".git").rename(root / "git")
    assert proven_controls(root, digests(root)) == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "roadmap-controls-lock/1", "tasks": 5}'])
def test_a_broken_lock_is_named(root: Path, text: str) -> None:
    """In one sentence that says what to do."""
    (root / LOCK).write_text(text, "utf-8")
    with pytest.raises(LockFileError, match=r"controls.lock.json: .*roadmap prove --write"):
        read_lock_file(root)


def test_a_lock_that_cannot_be_opened_is_named(root: Path) -> None:
    """A folder in its place."""
    (root / LOCK).unlink()
    (root / LOCK).mkdir()
    with pytest.raises(LockFileError, match="cannot be read"):
        read_lock_file(root)
