"""What ran a run: code, interpreter, packages and arguments, as its records state them (d.1)."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from pytest_roadmap import __version__
from pytest_roadmap.adapters.repository.work_tree import read_work_tree
from pytest_roadmap.domain.canonical import sha256_of

_DISTRIBUTION = "pytest-roadmap"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
#: What a run itself and people who sign leave behind says nothing about the code.
_APART = (".agents/logs/verification", ".roadmap/attestations", "build")


def describe_runner(root: Path, arguments: tuple[str, ...]) -> dict[str, Any]:
    """The ``runner`` of every record of a run, for a project at ``root``."""
    tree = read_work_tree(root, _APART)
    return {
        "git_commit": tree.commit,
        "tree_clean": tree.clean,
        "branch": tree.branch,
        "plugin": f"{_DISTRIBUTION} {__version__}",
        "pytest": pytest.__version__,
        "python": platform.python_version(),
        "packages": package_versions(),
        "arguments": list(arguments),
        "ci": {"run_url": run_url(os.environ)},
    }


def digests_of(files: Mapping[str, Path]) -> dict[str, str]:
    """``sha256:…`` of each file that can be read, by the name it is given here."""
    found: dict[str, str] = {}
    for name, path in files.items():
        with suppress(OSError):
            found[name] = sha256_of(path.read_bytes())
    return found


def package_versions() -> dict[str, str]:
    """The installed versions of the packages this project needs, extras left out."""
    found: dict[str, str] = {}
    for line in metadata.requires(_DISTRIBUTION) or ():
        name = _NAME.match(line)
        if name is not None and "extra ==" not in line:
            found[name.group()] = _version(name.group())
    return found


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def run_url(environ: Mapping[str, str]) -> str | None:
    """The page of the CI run, None outside of CI.

    Source: the default variables of GitHub Actions and of Azure Pipelines.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        server, repository = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_REPOSITORY")
        return f"{server}/{repository}/actions/runs/{environ.get('GITHUB_RUN_ID')}"
    if environ.get("TF_BUILD") == "True":
        collection = environ.get("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "")
        project, build = environ.get("SYSTEM_TEAMPROJECT"), environ.get("BUILD_BUILDID")
        return f"{collection}{project}/_build/results?buildId={build}"
    return None
