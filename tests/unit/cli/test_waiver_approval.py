"""``roadmap attest waiver-approved``: from the request to a gate that passes over the task."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import yaml

from pytest_roadmap.cli import main
from tests.unit.cli.test_gate_command import WAIVER, small
from tests.unit.document.documents import row

if TYPE_CHECKING:
    from pathlib import Path

APPROVED = "[{role: Platform, name: lee@corp, attestation: AT-1}]"
LEE = ("--person", "lee@corp", "--role", "Platform")


@pytest.fixture
def approve(
    project: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> tuple[str, ...]:
    """The command of lee@corp, whose key is registered, for a waiver nobody approved yet."""
    small(project, row("SEC-001", priority="P1", owner="Data Eng"))
    (project / ".roadmap" / "waivers.yaml").write_text(WAIVER.replace(APPROVED, "[]"), "utf-8")
    key = tmp_path_factory.mktemp("keys") / "lee.pem"
    main(["attest", "--new-key", str(key), *LEE])
    (entry,) = yaml.safe_load(capsys.readouterr().out)
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    (project / ".roadmap" / "signers.yaml").write_text(
        yaml.safe_dump([entry | {"valid_from": since}]), "utf-8"
    )
    return ("attest", "waiver-approved", *LEE, "--key", f"file:{key}")


def remarks(capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    main(["gate", "G1", "--format", "json"])
    found: list[str] = json.loads(capsys.readouterr().out)["remarks"]
    return found


def test_an_approved_waiver_counts_once_its_id_is_written_down(
    project: Path, approve: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """The approval covers the text that the requester wrote, not its own entry."""
    assert "nobody has approved it yet" in remarks(capsys)[0]

    assert main([*approve, "--waiver", "W-1"]) == 0

    attested = capsys.readouterr().out.split(": ")[1].split(",")[0]
    (project / ".roadmap" / "waivers.yaml").write_text(WAIVER.replace("AT-1", attested), "utf-8")
    assert remarks(capsys) == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ((), "--waiver is missing"),
        (("--waiver", "W-9"), "W-9 is not in .roadmap/waivers.yaml; known: W-1"),
        (("--waiver", "W-1", "--gate", "G1"), "--gate: the waiver says what it is about"),
    ],
)
def test_a_wrong_request_is_told(
    approve: tuple[str, ...], more: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is signed."""
    assert main([*approve, *more]) == 2
    assert told in capsys.readouterr().err


def test_a_waiver_is_no_subject_of_another_purpose(
    approve: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """A lock is not about a waiver."""
    assert (
        main([approve[0], "handoff-lock", *approve[2:], "--subject", "x", "--waiver", "W-1"]) == 2
    )
    assert "--waiver belongs to waiver-approved" in capsys.readouterr().err


def test_broken_waivers_are_named(
    project: Path, approve: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """File and key."""
    (project / ".roadmap" / "waivers.yaml").write_text("- {id: W-1}", "utf-8")

    assert main([*approve, "--waiver", "W-1"]) == 30
    assert "waivers.yaml: [1].gate: is missing" in capsys.readouterr().err
