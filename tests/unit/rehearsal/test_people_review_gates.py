"""The people of the embedded environment review a gate as everybody does: by command, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_roadmap.cli import main
from pytest_roadmap.domain.signoff_text import sections_of
from pytest_roadmap.rehearsal import act, generate_repository, review_gate
from pytest_roadmap.rehearsal.gate_signoff import documents
from tests.unit.document.documents import PROJECT

CONNECTION = {
    "databricks_url": "http://127.0.0.1:8001",
    "azure_url": "https://127.0.0.1:8002",
    "warehouse_id": "wh-embedded-1",
    "state_id": "s-1",
}


def clock() -> datetime:
    """The machine's; people and commands share it."""
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated repository whose G1 is open, approved by its people."""
    base = tmp_path_factory.mktemp("embedded")
    made = generate_repository(base, CONNECTION, clock, root=PROJECT)
    act(made, base / "keys", lambda: clock() - timedelta(seconds=2), "gate-evidence")
    review_gate(made, base / "keys", clock, "G1")
    return made


def test_an_open_gate_is_approved_and_verifies(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing in the document fails, and it never counts as a real one."""
    (path,) = documents(repository, "G1")
    main(["verify", str(path)])
    told = capsys.readouterr().out
    assert "SIGNOFF" not in told
    assert "EMBEDDED_ONLY" in told


def test_every_section_bears_the_mark(repository: Path) -> None:
    """Whoever quotes one quotes it."""
    (path,) = documents(repository, "G1")
    sections = sections_of(path.read_text("utf-8"))
    assert len(sections) == 9
    assert all("> **EMBEDDED**: " in each for each in sections.values())


def test_people_do_not_meet_twice_about_the_same(repository: Path) -> None:
    """What is decided stays as it is."""
    (path,) = documents(repository, "G1")
    before = path.read_bytes()
    review_gate(repository, repository.parent / "keys", clock, "G1")
    assert documents(repository, "G1") == [path]
    assert path.read_bytes() == before


def test_a_gate_that_is_not_open_is_written_down_and_not_signed(repository: Path) -> None:
    """Nobody signs what is incomplete."""
    review_gate(repository, repository.parent / "keys", clock, "G2")
    (path,) = documents(repository, "G2")
    assert "verdict=INCOMPLETE" in path.read_text("utf-8")
    signed = (repository / ".roadmap" / "attestations").glob("*_gate-approved_*")
    assert len(list(signed)) == 3, "those of G1"
    assert "decision:\n" in path.read_text("utf-8")
