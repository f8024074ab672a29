"""``roadmap sync``: the patch, the written document, and what is never written."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_roadmap.adapters.document.editing import StatusEditError, edit_statuses
from pytest_roadmap.cli import main
from pytest_roadmap.domain.task import Status
from tests.unit.cli.projects import forget_named_tasks
from tests.unit.cli.test_check_evidence import BOTH, World
from tests.unit.document.documents import REAL_DOCUMENT, document, policy, row

if TYPE_CHECKING:
    from pathlib import Path

PLACE = ".roadmap/implementation_roadmap.md"


def test_without_write_the_patch_is_printed_and_git_can_apply_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Thirteen rows of the real document say more than evidence; GOV-005 has to move."""
    before = (project / PLACE).read_bytes()

    assert main(["sync"]) == 0

    printed = capsys.readouterr()
    assert (project / PLACE).read_bytes() == before
    assert sum(line.startswith("-| ") for line in printed.out.splitlines()) == 13
    assert "GOV-005 declares Done, evidence gives NotStarted: move its row" in printed.err
    subprocess.run(["git", "apply", "-"], cwd=project, input=printed.out.encode(), check=True)
    assert main(["sync", "--write"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_write_changes_the_status_cells_only(project: Path, end: str, bom: bytes) -> None:
    """Of the real document, with every kind of line end; all else byte by byte."""
    text = REAL_DOCUMENT.read_text("utf-8")
    before = bom + text.replace("\n", end).encode()
    (project / PLACE).write_bytes(before)
    (project / PLACE).chmod(0o640)

    assert main(["sync", "--write"]) == 0

    after = (project / PLACE).read_bytes()
    pairs = list(zip(before.split(b"\n"), after.split(b"\n"), strict=True))
    changed = [(old, new) for old, new in pairs if old != new]
    assert len(changed) == 13
    for old, new in changed:
        assert new == old.replace(b"| InProgress |", b"| NotStarted |", 1).replace(
            b"| Blocked |", b"| NotStarted |", 1
        )
    assert (project / PLACE).stat().st_mode & 0o777 == 0o640


def test_done_is_not_written_on_evidence_that_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fresh passes, and yet the newest are of code that no commit holds."""
    world = World(project)
    world.write(world.record(BOTH, days=1))
    newest = world.record(BOTH, number=2)
    world.write(replace(newest, runner={**newest.runner, "tree_clean": False}))
    path = project / PLACE
    path.write_text(document(row(status="InProgress")), "utf-8")
    before = path.read_bytes()

    assert main(["sync", "--write"]) == 0

    assert path.read_bytes() == before
    kept = "SEC-001 declares InProgress, evidence gives Done: some of its evidence is refused "
    assert f"{kept}(UNTRACKED_CODE)" in capsys.readouterr().err


def test_a_broken_file_of_the_project_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named."""
    (project / ".roadmap" / "blockers.yaml").write_text("{", "utf-8")

    assert main(["sync", "--write"]) == 30
    assert "blockers.yaml" in capsys.readouterr().err
    assert (project / PLACE).read_bytes() == REAL_DOCUMENT.read_bytes()


def test_a_link_stays_a_link(project: Path) -> None:
    """The file behind it is changed."""
    forget_named_tasks(project)
    real = project / "real.md"
    real.write_text(document(row(status="Blocked")), "utf-8")
    (project / PLACE).unlink()
    (project / PLACE).symlink_to(real)

    assert main(["sync", "--write"]) == 0

    assert (project / PLACE).is_symlink()
    assert "| NotStarted |" in real.read_text("utf-8")


def test_an_edit_that_makes_the_document_wrong_is_refused() -> None:
    """Done among the open tasks."""
    content = document(row(status="Blocked")).encode()

    with pytest.raises(StatusEditError, match="SEC-001: status is Done but"):
        edit_statuses(content, {"SEC-001": Status.DONE}, policy())


def test_an_unknown_task_and_a_broken_document_are_refused() -> None:
    """Nothing is guessed."""
    with pytest.raises(StatusEditError, match="SEC-002: the document has no such task"):
        edit_statuses(document(row()).encode(), {"SEC-002": Status.BLOCKED}, policy())
    with pytest.raises(StatusEditError, match="the document has errors"):
        edit_statuses(b"# nothing\n", {}, policy())
