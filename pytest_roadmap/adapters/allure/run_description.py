"""What a report says about the run as a whole: its environment and who ran it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_roadmap.adapters.allure.values import ReportedRun


def run_properties(
    run: ReportedRun, *, plugin_version: str, commit: str, python: str, extra: Mapping[str, str]
) -> dict[str, str]:
    """The environment of the report; what is not known is left out."""
    properties = {
        "environment": run.environment,
        "kind": run.kind,
        "pytest-roadmap": plugin_version,
        "commit": commit,
        "python": python,
        **extra,
    }
    return {name: value for name, value in properties.items() if value}


def executor(environ: Mapping[str, str], *, report_url: str = "") -> dict[str, str]:
    """Who ran it: the CI system that the variables name, else this machine.

    Source: https://docs.github.com/actions/reference/workflows-and-actions/variables and
    https://learn.microsoft.com/azure/devops/pipelines/build/variables (documented).
    """
    found = _github(environ) or _azure(environ) or {"name": "local", "type": "local"}
    if report_url:
        found["reportUrl"] = report_url
    return found


def _github(environ: Mapping[str, str]) -> dict[str, str]:
    if environ.get("GITHUB_ACTIONS") != "true":
        return {}
    server, repository = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    run_id = environ.get("GITHUB_RUN_ID", "")
    workflow, number = environ.get("GITHUB_WORKFLOW", ""), environ.get("GITHUB_RUN_NUMBER", "")
    return {
        "name": "GitHub Actions",
        "type": "github",
        "buildName": f"{workflow} #{number}",
        "buildUrl": f"{server}/{repository}/actions/runs/{run_id}",
    }


def _azure(environ: Mapping[str, str]) -> dict[str, str]:
    if environ.get("TF_BUILD") != "True":
        return {}
    base = environ.get("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "") + environ.get(
        "SYSTEM_TEAMPROJECT", ""
    )
    return {
        "name": "Azure Pipelines",
        "type": "azure",
        "buildName": environ.get("BUILD_BUILDNUMBER", ""),
        "buildUrl": f"{base}/_build/results?buildId={environ.get('BUILD_BUILDID', '')}",
    }


def document_url(environ: Mapping[str, str], document: str, fallback: str) -> str:
    """The address of the roadmap document at the commit that CI runs, else ``fallback``.

    ``document`` is its path below the top level of the repository, with forward slashes.
    """
    if environ.get("GITHUB_ACTIONS") != "true" or not environ.get("GITHUB_SHA"):
        return fallback
    repository = f"{environ.get('GITHUB_SERVER_URL', '')}/{environ.get('GITHUB_REPOSITORY', '')}"
    return f"{repository}/blob/{environ['GITHUB_SHA']}/{document}"


def head_commit(root: Path) -> str:
    """The commit that a git work tree stands on, read without starting git; "" where unknown."""
    git = root / ".git"
    try:
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        name = head.removeprefix("ref: ")
        if name == head:
            return head
        loose = git / name
        if loose.is_file():
            return loose.read_text(encoding="utf-8").strip()
        packed = (git / "packed-refs").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.split(" ")[0] for line in packed if line.endswith(f" {name}")), "")
