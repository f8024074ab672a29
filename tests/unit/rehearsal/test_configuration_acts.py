"""People compare a configuration, correct it in a commit, and leave a record of what they found."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_roadmap.adapters.evidence.store import EvidenceStore
from pytest_roadmap.adapters.repository.git import last_change
from pytest_roadmap.domain.config_history import EarlierDifference, earlier_differences
from pytest_roadmap.domain.validity import EMBEDDED_SCHEMA
from pytest_roadmap.rehearsal import act, generate_repository

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONNECTION = {
    "databricks_url": "http://127.0.0.1:8001",
    "azure_url": "https://127.0.0.1:8002",
    "warehouse_id": "wh-embedded-1",
    "state_id": "s-1",
}
COMMON, DEV = "configs/common.yaml", "configs/dev.yaml"
Act = Callable[[str, str], None]


def clock() -> datetime:
    return NOW


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A generated repository of this project."""
    generate_repository(tmp_path, CONNECTION, clock, root=ROOT)
    return tmp_path


@pytest.fixture
def perform(base: Path) -> Act:
    return lambda name, variant: act(base / "repository", base / "keys", clock, name, variant)


def found(base: Path) -> tuple[EarlierDifference, ...]:
    """What the records beside the repository say of earlier comparisons."""
    records = EvidenceStore(base / "evidence", schema=EMBEDDED_SCHEMA).load().records
    assert {record.state_id for record in records} == {"s-1"}
    return earlier_differences(records, "SEC-006")


def test_the_history_shows_how_the_configuration_was_corrected(base: Path) -> None:
    """The first commit holds mistakes, a later one the measured values."""
    command = ["git", "-C", str(base / "repository"), "log", "-p", "--format=%s", "--", "configs"]
    log = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "-  catalog: main_draft\n+  catalog: main\n" in log
    assert "abfss://raw@" in log
    assert "abfss://raw@" not in (base / "repository" / DEV).read_text(encoding="utf-8")


def test_an_earlier_comparison_names_the_commits_that_were_wrong(base: Path, perform: Act) -> None:
    """Both mistakes, and files that have moved on since."""
    perform("earlier-comparison", "")
    differences = found(base)
    assert [each.config_path for each in differences] == ["landing.base_path", "uc.catalog"]
    assert differences[0].commits[COMMON] != last_change(base / "repository", COMMON).commit


def test_an_earlier_comparison_may_have_seen_the_files_as_they_are(
    base: Path, perform: Act
) -> None:
    """Then nothing was corrected in a commit."""
    perform("earlier-comparison", "uncorrected")
    assert found(base)[0].commits[DEV] == last_change(base / "repository", DEV).commit


def test_a_change_can_be_later_than_any_comparison(base: Path, perform: Act) -> None:
    """Committed at a time that nobody has reached."""
    perform("configuration-change", "after-comparison")
    changed = last_change(base / "repository", DEV)
    assert changed.clean
    assert changed.committed_at is not None
    assert changed.committed_at > NOW
