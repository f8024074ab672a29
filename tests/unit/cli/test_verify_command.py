"""``roadmap verify``: one line a file, one verdict, and the exit status that says it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_roadmap.adapters.evidence.attest import create_attestation, sign_attestation
from pytest_roadmap.adapters.evidence.keys import generate_key, public_key_pem
from pytest_roadmap.adapters.evidence.signers import signer_entry
from pytest_roadmap.adapters.evidence.signing import file_subject
from pytest_roadmap.adapters.evidence.store import EvidenceStore
from pytest_roadmap.cli import main
from pytest_roadmap.domain.validity import EMBEDDED_SCHEMA, REAL_SCHEMA
from tests.unit.evidence.evidence_samples import record, task

KEY = generate_key()
EVIDENCE = ".agents/logs/verification"
ATTESTATIONS = ".roadmap/attestations"
AN_HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)
TIMES: dict[str, Any] = {"started": AN_HOUR_AGO, "ended": AN_HOUR_AGO}


def registered(project: Path) -> None:
    since = AN_HOUR_AGO - timedelta(days=9)
    entries = [signer_entry("park@corp", ["Platform"], public_key_pem(KEY), since)]
    (project / ".roadmap/signers.yaml").write_text(yaml.safe_dump(entries), "utf-8")


def stored(project: Path) -> Path:
    store = EvidenceStore(project / EVIDENCE, schema=REAL_SCHEMA)
    return store.write(record(**TIMES), [], task())


def embedded(project: Path) -> Path:
    store = EvidenceStore(project / EVIDENCE, schema=EMBEDDED_SCHEMA)
    made = record(
        "01JD0000000000000000000001",
        kind="embedded",
        environment="embedded",
        state_id="s",
        facts={},
        **TIMES,
    )
    return store.write(made, [], task())


def attested(project: Path, name: str = "inventory.yaml") -> Path:
    (project / name).write_text("version: 1\n", "utf-8")
    subject = file_subject(project, Path(name))
    made = create_attestation(
        attestation_id="AT-1",
        purpose="handoff-lock",
        subject_name=subject.name,
        subject_digest=subject.digest,
        role="Platform",
        person="park@corp",
        signed_at=AN_HOUR_AGO,
        task="SEC-001",
    )
    return sign_attestation(project / ATTESTATIONS, made, KEY)


def verify(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, list[str]]:
    status = main(["verify", *argv])
    return status, capsys.readouterr().out.splitlines()


def test_everything_that_holds_is_a_pass(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both folders are read by default, one line a file."""
    registered(project)
    path, other = stored(project), attested(project)

    status, lines = verify(capsys)

    assert (status, lines[-1]) == (0, "PASS (0): 2 ok")
    assert lines[0].startswith(f"ok               {EVIDENCE}/{path.name}: SEC-003 in dev")
    assert lines[1].startswith(f"ok               {ATTESTATIONS}/{other.name}: AT-1: handoff-lock")


def test_nothing_found_is_no_pass(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty project has proven nothing."""
    assert project.is_dir()
    assert verify(capsys) == (22, ["INCOMPLETE (22): nothing to verify was found"])


def test_embedded_records_alone_are_no_pass(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are named as such and never count."""
    embedded(project)

    status, lines = verify(capsys)

    assert (status, lines[-1]) == (22, "INCOMPLETE (22): 1 EMBEDDED_ONLY")


def test_embedded_records_beside_real_ones_do_no_harm(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The count shows that they were not taken for evidence."""
    stored(project)
    embedded(project)

    assert verify(capsys)[1][-1] == "PASS (0): 1 ok, 1 EMBEDDED_ONLY"


def test_tampered_evidence_is_invalid(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One byte is enough, and it outranks a failing attestation."""
    registered(project)
    path = stored(project)
    path.write_bytes(path.read_bytes() + b"\n")
    attested(project)
    (project / "inventory.yaml").write_text("version: 2\n", "utf-8")

    status, lines = verify(capsys)

    assert (status, lines[-1]) == (30, "INVALID (30): 1 TAMPERED, 1 SUBJECT_CHANGED")
    assert "digest mismatch" in lines[0]


def test_a_changed_subject_fails(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The attestation no longer speaks of this text."""
    registered(project)
    attested(project)
    (project / "inventory.yaml").write_text("version: 2\n", "utf-8")

    assert verify(capsys)[0] == 20


def test_without_signers_an_attestation_is_open(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The missing file is what the line tells."""
    attested(project)

    status, lines = verify(capsys)

    assert status == 22
    assert "there is no signers.yaml" in lines[0]


def test_broken_signers_are_invalid(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File and key of the mistake are named."""
    (project / ".roadmap/signers.yaml").write_text("- 1\n", "utf-8")

    assert main(["verify"]) == 30
    assert ".roadmap/signers.yaml: [0]: it must be a mapping" in capsys.readouterr().err


def test_named_signers_must_be_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that somebody names and that is absent is no reason to check less."""
    assert project.is_dir()
    assert main(["verify", "--signers", "absent.yaml"]) == 30
    assert "absent.yaml" in capsys.readouterr().err


def test_one_file_is_judged_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Evidence and its envelope are one thing, by either name."""
    registered(project)
    path = stored(project)
    attested(project)

    lines = verify(capsys, str(path), f"{path}.dsse.json")[1]

    assert [line.split()[0] for line in lines] == ["ok", "ok", "PASS"]


@pytest.mark.parametrize("name", ["absent.log", "policy.txt", "notes.md", "x\ud8ffy.log"])
def test_a_path_that_is_none_of_ours_is_open(
    project: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """What was asked for and cannot be judged is said, and is no pass."""
    (project / "policy.txt").write_text("x", "utf-8")
    (project / "notes.md").write_text("# notes\n", "utf-8")
    stored(project)

    status, lines = verify(capsys, EVIDENCE, name)

    assert (status, len(lines)) == (22, 3)
    assert lines[1].split()[0] in ("MISSING", "SCHEMA")


def test_a_pipe_is_not_waited_for(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no plain file is refused at once."""
    os.mkfifo(project / "20261124_sec_x.log")

    status, lines = verify(capsys, "20261124_sec_x.log")

    assert status == 30
    assert "not a regular file" in lines[0]


def test_a_file_name_cannot_steer_the_terminal(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Escape sequences are shown, not sent."""
    (project / ATTESTATIONS).mkdir(parents=True)
    (project / ATTESTATIONS / "\x1b[2Jx.dsse.json").write_text("{}", "utf-8")

    assert "\\x1b[2Jx.dsse.json" in verify(capsys)[1][0]


def test_help_names_every_word(capsys: pytest.CaptureFixture[str]) -> None:
    """A reader finds the word of a line in the help."""
    assert main(["verify", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("TAMPERED", "SUBJECT_CHANGED", "UNPROVEN", "exit status"))
