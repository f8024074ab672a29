"""QA-03: which references hold, in a real git repository."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_roadmap.adapters.document.anchors import read_listed
from pytest_roadmap.composition.sources import TrackedSources
from pytest_roadmap.domain.quality.qa03 import Reference, check_references, read_references
from pytest_roadmap.domain.roadmap import Roadmap
from tests.unit.document.documents import REAL_DOCUMENT, read

if TYPE_CHECKING:
    from pathlib import Path

PLAN = """---
milestones: [M1]
---
# Plan
## 12. Current/Planned
### 9.1 Only this
## M2 알림 규칙
## 운영 개요 (v1)
| id | status |
|---|---|
| D-018 | open |
```
## 77. In a fence
```
"""
REAL = read(REAL_DOCUMENT.read_bytes()).roadmap


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "plan.md").write_text(PLAN, "utf-8")
    (tmp_path / "c.yaml").write_text("a: {b: 1}\n", "utf-8")
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    (tmp_path / "loose.md").write_text("x", "utf-8")
    return tmp_path


def codes(root: Path, source_doc: str) -> list[str]:
    assert REAL is not None
    task = replace(REAL.tasks[0], source_doc=source_doc)
    sources = TrackedSources(root, ())
    return [each.code for each in check_references(Roadmap((task,)), sources, ())]


def test_all_references_of_the_real_tables_parse() -> None:
    """51 of them, to 12 paths; 17 name a section and 7 carry a tag."""
    assert REAL is not None
    parts = [part for task in REAL.tasks for part in read_references(task.source_doc)]
    found = [part for part in parts if isinstance(part, Reference)]

    assert len(found) == len(parts) == 51
    assert len({each.path for each in found}) == 12
    listed = read_listed(REAL_DOCUMENT.read_text("utf-8"))
    assert len({each.path for each in found} - listed) == 5


@pytest.mark.parametrize(
    "cell",
    [
        *("`docs/plan.md`", "`docs/plan.md#12`", "`docs/plan.md#9.1`", "`docs/plan.md` (M1)"),
        *("`docs/plan.md` (M2)", "`docs/plan.md` (D-018), `c.yaml#a.b`"),
        "`docs/plan.md#운영-개요-v1`",
    ],
)
def test_a_tracked_file_and_a_place_in_it_pass(root: Path, cell: str) -> None:
    """Slug, section number, milestone, decision or dotted key."""
    assert codes(root, cell) == []


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("`docs/none.md`", "REF_PATH"),
        ("`docs/Plan.md`", "REF_PATH"),
        ("`loose.md`", "REF_PATH"),
        ("`docs/plan.md#12.9`", "REF_SECTION"),
        ("`docs/plan.md#9`", "REF_SECTION"),
        ("`docs/plan.md#77`", "REF_SECTION"),
        ("`c.yaml#a.c`", "REF_SECTION"),
        ("`docs/plan.md` (M5)", "REF_TAG"),
        ("`docs/plan.md` (D-999)", "REF_TAG"),
        ("`/docs/plan.md`", "REF_PATH"),
        ("`../plan.md`", "REF_PATH"),
        ("`https://example.org/plan.md`", "REF_PATH"),
        ("docs/plan.md", "REF_SYNTAX"),
        ("`docs/plan.md`,", "REF_SYNTAX"),
    ],
)
def test_anything_else_is_an_error(root: Path, cell: str, code: str) -> None:
    """Each control of the rules, and nothing is guessed."""
    assert codes(root, cell) == [code]


def test_without_git_a_present_file_is_not_judged(tmp_path: Path) -> None:
    """An absent one is missing either way."""
    (tmp_path / "a.md").write_text("x", "utf-8")

    assert codes(tmp_path, "`a.md`, `b.md`") == ["REF_UNJUDGED", "REF_PATH"]


def test_what_cannot_be_read_as_a_source_has_no_known_items(root: Path) -> None:
    """Absent, not UTF-8, or not known to be tracked: each with its reason."""
    (root / "docs" / "plan.md").write_bytes(b"\xff")
    tracked = TrackedSources(root, ()).items(["docs/plan.md", "docs/none.md", "loose.md", "c.yaml"])

    assert tracked.items == ()
    assert list(tracked.unread) == ["docs/plan.md", "docs/none.md", "loose.md"]
    assert tracked.unread["docs/none.md"] == "there is no such file"
    assert "can't decode" in tracked.unread["docs/plan.md"]


def test_without_git_the_items_are_unknown(tmp_path: Path) -> None:
    """The file is there, but nobody can say that it belongs to the repository."""
    (tmp_path / "a.md").write_text("- [ ] x", "utf-8")

    assert list(TrackedSources(tmp_path, ()).items(["a.md"]).unread) == ["a.md"]


def test_a_path_that_the_policy_allows_needs_no_git(tmp_path: Path) -> None:
    """Generated documents: a file, or a folder of them."""
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "a.md").write_text("- [ ] x", "utf-8")

    assert len(TrackedSources(tmp_path, ("made",)).items(["made/a.md"]).items) == 1
