"""The tool of the bundle is run in a scrubbed environment, and its end is an answer."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_roadmap.adapters.repository import BundleTool
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.recording import Recorder
from pytest_roadmap.domain.redaction import Redactor

BOUND = {"root": ".", "target": "dev", "cli": "tools/databricks"}
LOGIN = {"DATABRICKS_HOST": "https://w", "DATABRICKS_TOKEN": "a-secret-token", "ARM_TOKEN": "x"}
SUMMARY = {
    "bundle": {"name": "b", "target": "dev", "mode": "production"},
    "resources": {
        "jobs": {
            "a": {"id": "101", "name": "a", "run_as": {"service_principal_name": "sp"}},
            "new": {"name": "not deployed yet"},
        }
    },
}


class Tree:
    """A working tree with a tool, and the events of running it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.recorder = Recorder("X.S1", lambda: datetime.now(UTC))
        subprocess.run(["git", "init", "--quiet", root], check=True, capture_output=True)

    def tool(self, script: str) -> Tree:
        path = self.root / "tools/databricks"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        subprocess.run(["git", "-C", self.root, "add", "--all"], check=True, capture_output=True)
        return self

    def says(self, summary: object) -> Tree:
        return self.tool(f"cat <<'END'\n{json.dumps(summary)}\nEND")

    def bundle(self, bound: Mapping[str, str] = {}, timeout_s: float = 20.0) -> BundleTool:
        environment = Environment("dev", "dev", {"bundle": {**BOUND, **bound}}, "dev.yaml")
        redactor = Redactor([LOGIN["DATABRICKS_TOKEN"]])

        def credentials() -> Mapping[str, str]:
            return LOGIN

        return BundleTool(
            self.root,
            environment,
            self.recorder,
            redactor,
            credentials=credentials,
            timeout_s=timeout_s,
        )


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_the_resolved_jobs_are_read_by_their_ids(tree: Tree) -> None:
    """A job that is not deployed yet has none; the call is an event."""
    found = tree.says(SUMMARY).bundle().summary()
    assert (found.target, found.mode, found.problem) == ("dev", "production", "")
    assert found.jobs == {101: {"name": "a", "run_as": {"service_principal_name": "sp"}}}
    event = tree.recorder.events[0].body
    assert event["call"] == "C-BUNDLE"
    assert event["request"]["arguments"] == ["bundle", "summary", "-t", "dev", "-o", "json"]


def test_a_bundle_without_jobs_has_none(tree: Tree) -> None:
    """No resources is an answer, which the reader judges."""
    assert tree.says({"bundle": {}, "resources": None}).bundle().summary().jobs == {}


def test_a_tool_that_fails_gives_its_words_without_secrets(tree: Tree) -> None:
    """The token that it was given is not among them."""
    tree.tool('echo "no login with $DATABRICKS_TOKEN" >&2; exit 3')
    problem = tree.bundle().summary().problem
    assert problem.startswith("databricks ended 3: no login with")
    assert LOGIN["DATABRICKS_TOKEN"] not in problem + str(tree.recorder.events)


def test_only_the_login_and_the_path_reach_the_tool(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither other variables of the process nor the login of another service."""
    monkeypatch.setenv("SOMETHING_OF_OURS", "1")
    tree.tool("env | cut -d= -f1 | sort | tr '\\n' ' ' >&2; exit 1")
    names = set(tree.bundle().summary().problem.partition(": ")[2].split())
    kept = {name for name in ("PATH", "HOME", "LANG") if name in os.environ}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == kept | {"DATABRICKS_HOST", "DATABRICKS_TOKEN"}


@pytest.mark.parametrize(
    ("bound", "reason"),
    [
        ({"cli": "tools/other"}, "missing_tool(tools/other)"),
        ({"cli": "../databricks"}, "missing_tool(../databricks)"),
        ({"cli": "no-such-tool-on-any-path"}, "missing_tool(no-such-tool-on-any-path)"),
        ({"root": "nowhere"}, "missing_binding(bundle.root)"),
        ({"target": "TBD"}, "missing_binding(bundle.target)"),
    ],
)
def test_what_is_not_there_blocks(tree: Tree, bound: dict[str, str], reason: str) -> None:
    """Nothing was run, and the reason names what is missing."""
    tree.says(SUMMARY)
    with pytest.raises(BlockedError) as blocked:
        tree.bundle(bound).summary()
    assert blocked.value.reason == reason
    assert tree.recorder.events == []


def test_a_tool_that_may_not_be_executed_blocks(tree: Tree) -> None:
    """Being tracked is not enough; neither is a file that no machine can run."""
    tree.says(SUMMARY)
    (tree.root / "tools/databricks").chmod(0o644)
    with pytest.raises(BlockedError, match="not executable"):
        tree.bundle().summary()
    (tree.root / "tools/databricks").write_bytes(b"\x7fELF nothing")
    (tree.root / "tools/databricks").chmod(0o755)
    with pytest.raises(BlockedError, match="cannot be started"):
        tree.bundle().summary()


def test_a_tool_from_the_path_is_found_there(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a slash it is a command, as on a machine with the CLI installed."""
    tree.says(SUMMARY)
    monkeypatch.setenv("PATH", f"{tree.root / 'tools'}{os.pathsep}{os.environ['PATH']}")
    assert 101 in tree.bundle({"cli": "databricks"}).summary().jobs


def test_a_bundle_outside_of_the_repository_is_not_read(tree: Tree) -> None:
    """The binding is malformed, and nothing is run."""
    with pytest.raises(InconclusiveError, match="leaves the repository"):
        tree.says(SUMMARY).bundle({"root": ".."}).summary()


def test_a_tool_that_does_not_end_judges_nothing(tree: Tree) -> None:
    """It is killed after its time, with what it started and what holds its output open."""
    tree.tool("sleep 30 & sleep 30")
    with pytest.raises(InconclusiveError, match="did not end within"):
        tree.bundle(timeout_s=0.2).summary()


def test_two_resources_for_one_job_settle_nothing(tree: Tree) -> None:
    """Which of them counts is not known."""
    jobs = {"a": {"id": "1", "run_as": {"user_name": "u"}}, "b": {"id": "1"}}
    tree.tool(f"echo '{json.dumps({'bundle': {}, 'resources': {'jobs': jobs}})}'")
    with pytest.raises(InconclusiveError, match="two of its jobs have one id"):
        tree.bundle().summary()


def test_a_job_that_the_next_deployment_deletes_is_not_deployed(tree: Tree) -> None:
    """It is still there, and the bundle no longer describes it."""
    jobs = {"a": {"id": "1", "modified_status": "deleted"}, "b": {"id": "2"}}
    tree.tool(f"echo '{json.dumps({'bundle': {}, 'resources': {'jobs': jobs}})}'")
    assert list(tree.bundle().summary().jobs) == [2]


@pytest.mark.parametrize(
    "printed", ["[]", "{}", "no json", '{"bundle": {}, "resources": {"jobs": 1}}']
)
def test_another_output_than_a_summary_judges_nothing(tree: Tree, printed: str) -> None:
    """A success that says nothing is no empty bundle."""
    tree.tool(f"cat <<'END'\n{printed}\nEND")
    with pytest.raises(InconclusiveError, match="no summary of a bundle"):
        tree.bundle().summary()


def test_a_tree_without_git_judges_nothing(tree: Tree) -> None:
    """Whether the tool is tracked cannot be told."""
    tree.says(SUMMARY)
    (tree.root / ".git/HEAD").write_text("broken\n", encoding="utf-8")
    with pytest.raises(InconclusiveError, match="git"):
        tree.bundle().summary()
