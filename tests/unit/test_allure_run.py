"""The results directory and what it says about the run."""

from __future__ import annotations

import json
from pathlib import Path

from pytest_roadmap.adapters.allure import ReportedRun
from pytest_roadmap.adapters.allure.results_dir import ResultsDirectory
from pytest_roadmap.adapters.allure.run_description import (
    document_url,
    executor,
    head_commit,
    run_properties,
)

ROOT = Path(__file__).parents[2]
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "o/r",
    "GITHUB_RUN_ID": "7",
    "GITHUB_RUN_NUMBER": "3",
    "GITHUB_WORKFLOW": "ci",
    "GITHUB_SHA": "abc",
}


def test_cleaning_removes_results_and_nothing_else(tmp_path: Path) -> None:
    """A directory that also holds something else keeps it."""
    results = ResultsDirectory(tmp_path / "results")
    for name in ("u-result.json", "u-1-attachment.jsonl", "executor.json", "notes.txt"):
        results.write(name, "{}")

    results.clean()

    assert [path.name for path in results.path.iterdir()] == ["notes.txt"]


def test_the_run_is_described_for_the_report(tmp_path: Path) -> None:
    """Environment, executor and the project's categories lie beside the results."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "categories.json").write_text("[]", encoding="utf-8")
    results = ResultsDirectory(tmp_path / "results")

    results.write_run({"a key": "two\nlines"}, {"name": "local"}, config)

    assert (results.path / "environment.properties").read_text() == "a_key=two lines\n"
    assert json.loads((results.path / "executor.json").read_text()) == {"name": "local"}
    assert (results.path / "categories.json").read_text() == "[]"


def test_unknown_properties_are_left_out() -> None:
    """An empty commit is not a commit."""
    run = ReportedRun("dev", "dev", {})

    properties = run_properties(run, plugin_version="1.0", commit="", python="3.11", extra={})

    assert properties == {
        "environment": "dev",
        "kind": "dev",
        "pytest-roadmap": "1.0",
        "python": "3.11",
    }


def test_the_executor_is_the_ci_system_that_ran_it() -> None:
    """GitHub and Azure name their run; anything else is local."""
    azure = {
        "TF_BUILD": "True",
        "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": "https://dev.azure.example/o/",
        "SYSTEM_TEAMPROJECT": "p",
        "BUILD_BUILDID": "9",
    }

    assert executor(GITHUB)["buildUrl"] == "https://github.example/o/r/actions/runs/7"
    assert executor(azure)["buildUrl"] == "https://dev.azure.example/o/p/_build/results?buildId=9"
    assert executor({}, report_url="https://x") == {
        "name": "local",
        "type": "local",
        "reportUrl": "https://x",
    }


def test_the_document_is_linked_at_the_commit_that_ran() -> None:
    """In CI a permanent link, elsewhere what the caller gives."""
    assert document_url(GITHUB, "a.md", "b") == "https://github.example/o/r/blob/abc/a.md"
    assert document_url({}, "a.md", "b") == "b"


def test_the_categories_of_the_project_cover_every_word_that_is_no_pass() -> None:
    """Each such outcome finds its category by the first word of the message."""
    categories = json.loads((ROOT / "allure-config" / "categories.json").read_text())

    words = {category["messageRegex"].split("[")[0].strip("^") for category in categories}
    assert words == {"fail", "blocked", "pending", "inconclusive", "not_run", "withheld"}


def test_the_commit_is_read_from_the_work_tree(tmp_path: Path) -> None:
    """A branch, loose or packed, and a detached head are all found; no repository is no commit."""
    commit = "a" * 40
    git = tmp_path / ".git"
    assert head_commit(tmp_path) == ""
    (git / "refs/heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert head_commit(tmp_path) == ""
    (git / "packed-refs").write_text(f"# pack-refs\n{commit} refs/heads/main\n")
    assert head_commit(tmp_path) == commit
    (git / "refs/heads/main").write_text("b" * 40 + "\n")
    assert head_commit(tmp_path) == "b" * 40
    (git / "HEAD").write_text(commit + "\n")
    assert head_commit(tmp_path) == commit
