"""Where the sign-off documents of a repository lie, and what their history says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_roadmap.adapters.document.signoff import approvals_block
from pytest_roadmap.composition.signoffs import (
    SignoffFolder,
    is_signoff_name,
    project_commit,
    signoff_name,
)
from pytest_roadmap.domain.policy import GatePolicy
from pytest_roadmap.domain.signoff import ApprovalEntry, SignoffText
from tests.unit.cli.provable import git, publish

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FOLDER = Path(".agents/logs/verification")
ENTRY = ApprovalEntry("G1", 1, "sha256:" + "a" * 64, ("sha256:" + "b" * 64,), NOW)


def text(*entries: ApprovalEntry) -> str:
    return f"## 7. x\n\n```yaml approvals\n{approvals_block(entries)}```\n"


@pytest.fixture
def folder(tmp_path: Path) -> SignoffFolder:
    (tmp_path / FOLDER).mkdir(parents=True)
    return SignoffFolder(tmp_path, "", lambda: NOW)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (signoff_name("G1", NOW), True),
        (signoff_name("G1", NOW, 12), True),
        ("20260302_sec_gate_g1_signoff.md", False),
        ("20260302_gate_g1_signoff.log", False),
    ],
)
def test_a_sign_off_is_known_by_its_name(name: str, *, expected: bool) -> None:
    """The evidence of the sign-off task is another file."""
    assert is_signoff_name(name) is expected


def test_the_newest_document_of_the_gate_counts(folder: SignoffFolder) -> None:
    """By day, then by number; those of other gates are others."""
    names = [signoff_name("G1", NOW, number) for number in (10, 2, 1)]
    for name in [*names, signoff_name("G2", NOW.replace(year=2027))]:
        (folder.folder / name).write_text(text(), "utf-8")
    newest = folder.newest("G1")
    assert newest is not None
    assert newest.path.name == names[0]
    assert folder.newest("G3") is None


def test_entries_of_every_commit_are_remembered(folder: SignoffFolder) -> None:
    """Also when a later commit takes them out."""
    path = folder.folder / signoff_name("G1", NOW)
    path.write_text(text(ENTRY), "utf-8")
    publish(folder.root)
    path.write_text(text(), "utf-8")
    publish(folder.root)
    assert folder.earlier_entries("G1") == (ENTRY,)


def test_signing_makes_no_new_commit_of_the_project(folder: SignoffFolder) -> None:
    """What was judged stays what it was."""
    (folder.root / "a.txt").write_text("a", "utf-8")
    judged = publish(folder.root)
    (folder.folder / signoff_name("G1", NOW)).write_text(text(ENTRY), "utf-8")
    publish(folder.root)
    assert project_commit(folder.root) == judged
    assert git(folder.root, "rev-parse", "HEAD") != judged


def test_without_signers_nobody_has_signed(folder: SignoffFolder) -> None:
    """And the reason says which file is missing, or broken."""
    policy = GatePolicy("G1", signoff_roles=("Infra",))
    told = folder.approval(SignoffText("G1", "ko", "x"), policy).verdict.problems
    assert "signers.yaml: nobody is registered" in told[0]
    (folder.root / ".roadmap").mkdir()
    (folder.root / ".roadmap" / "signers.yaml").write_text("{", "utf-8")
    told = folder.approval(SignoffText("G1", "ko", "x"), policy).verdict.problems
    assert "signers.yaml" in told[0]


def test_a_folder_without_history_has_no_commit(tmp_path: Path) -> None:
    """Nobody can find it again."""
    assert project_commit(tmp_path) == ""
