"""The project that commands run in."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.pretended import run
from tests.unit.document.documents import PROJECT
from tests.unit.proving.projects import add_feature

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the real policy and document, as working directory."""
    (tmp_path / ".roadmap").mkdir()
    for name in ("policy.yaml", "implementation_roadmap.md"):
        shutil.copy(PROJECT / ".roadmap" / name, tmp_path / ".roadmap" / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def proved(project: Path) -> Path:
    """A project whose one feature is proven and locked."""
    add_feature(project)
    assert run("--write") == 0
    return project
