"""What a record says about the code and the machine that made it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from pytest_roadmap.adapters.repository.work_tree import WorkTree, read_work_tree
from pytest_roadmap.plugin.runner import (
    describe_runner,
    digests_of,
    package_versions,
    run_url,
)


def git(root: Path, *arguments: str) -> str:
    """What git prints, with a committer of its own."""
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.test")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with one commit on its branch ``main``."""
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def test_a_clean_work_tree_has_a_commit_and_a_branch(tree: Path) -> None:
    """All three facts come from git itself."""
    commit = git(tree, "rev-parse", "HEAD").strip()
    assert read_work_tree(tree) == WorkTree(commit, "main", clean=True)


def test_changes_count_but_not_those_a_run_leaves_behind(tree: Path) -> None:
    """An untracked file is a change; evidence is none."""
    (tree / "build").mkdir()
    (tree / "build" / "record.log").write_text("x", encoding="utf-8")
    assert read_work_tree(tree, ["build"]).clean
    assert not read_work_tree(tree).clean
    (tree / "b.txt").write_text("b", encoding="utf-8")
    assert not read_work_tree(tree, ["build"]).clean


def test_a_detached_head_has_no_branch_and_a_new_repository_no_commit(tree: Path) -> None:
    """What is not there is not made up."""
    git(tree, "checkout", "-q", "--detach")
    assert read_work_tree(tree).branch is None
    (tree / "new").mkdir()
    git(tree / "new", "init", "-q")
    assert read_work_tree(tree / "new").commit is None


def test_outside_of_git_nothing_is_known(tmp_path: Path) -> None:
    """No commit, and neither clean nor dirty."""
    assert read_work_tree(tmp_path) == WorkTree(None, None, None)


def test_the_runner_names_code_and_packages(tree: Path) -> None:
    """Enough to make the same run again."""
    runner = describe_runner(tree, ("-m", "G1"))
    assert (runner["branch"], runner["tree_clean"]) == ("main", True)
    assert runner["packages"]["pytest-bdd"]
    assert runner["arguments"] == ["-m", "G1"]
    assert "xdist" not in " ".join(package_versions())


def test_a_file_that_is_not_there_has_no_digest(tree: Path) -> None:
    """Only what a run could read is part of its configuration."""
    found = digests_of({"a": tree / "a.txt", "b": tree / "b.txt"})
    assert found == {"a": "sha256:" + hashlib.sha256(b"a").hexdigest()}


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, None),
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_SERVER_URL": "https://github.test",
                "GITHUB_REPOSITORY": "team/project",
                "GITHUB_RUN_ID": "7",
            },
            "https://github.test/team/project/actions/runs/7",
        ),
        (
            {
                "TF_BUILD": "True",
                "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": "https://dev.azure.test/team/",
                "SYSTEM_TEAMPROJECT": "project",
                "BUILD_BUILDID": "9",
            },
            "https://dev.azure.test/team/project/_build/results?buildId=9",
        ),
    ],
)
def test_a_run_in_ci_names_its_page(environ: dict[str, str], url: str | None) -> None:
    """GitHub Actions and Azure Pipelines; elsewhere there is none."""
    assert run_url(environ) == url
