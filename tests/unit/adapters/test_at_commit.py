"""The project as a commit holds it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from pytest_roadmap.adapters.repository.at_commit import project_at
from pytest_roadmap.adapters.repository.git import GitError
from tests.unit.cli.provable import git, publish


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a folder of its repository, changed since its first commit."""
    root = tmp_path / "repository" / "inside"
    root.mkdir(parents=True)
    (root / "a.txt").write_text("first", "utf-8")
    publish(root.parent)
    (root / "a.txt").write_text("second", "utf-8")
    publish(root.parent)
    return root


def test_a_commit_is_read_beside_the_working_tree_and_leaves_nothing(project: Path) -> None:
    """Whatever lies in the working tree stays as it is."""
    (project / "a.txt").write_text("third", "utf-8")

    with project_at(project, "HEAD~1") as found:
        assert (found.root / "a.txt").read_text("utf-8") == "first"
        assert git(found.root, "rev-parse", "HEAD") == found.commit
        assert git(found.root, "remote") == "origin"
        told = datetime.fromisoformat(git(project, "show", "-s", "--format=%cI", "HEAD~1"))
        assert found.committed_at == told

    assert (project / "a.txt").read_text("utf-8") == "third"
    assert len(git(project, "worktree", "list").splitlines()) == 1
    assert not found.root.exists()


def test_no_hook_of_the_repository_is_run(project: Path) -> None:
    """A look at a commit runs nothing of it."""
    hook = project.parent / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\n", "utf-8")
    hook.chmod(0o755)
    with project_at(project, "HEAD") as found:
        assert not list(found.root.parent.glob("**/ran"))


@pytest.mark.parametrize("revision", ["nothing", "--all", ""])
def test_what_is_no_commit_is_refused(project: Path, revision: str) -> None:
    """In git's words."""
    with pytest.raises(GitError), project_at(project, revision):
        pytest.fail("there is no such commit")
