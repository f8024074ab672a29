"""``roadmap attest``: what a person signs, and what is refused in one sentence."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pytest_roadmap.adapters.evidence.attest import RepositoryAttestations
from pytest_roadmap.adapters.evidence.signers import SignerRegistry
from pytest_roadmap.cli import main
from pytest_roadmap.domain.handoff import canonical_digest
from tests.unit.evidence.evidence_samples import statement

SUBJECT = ".specs/handoff/inventory.yaml"
LOCK = (
    *("attest", "handoff-lock", "--role", "Platform", "--person", "kim@corp"),
    *("--subject", SUBJECT, "--task", "SEC-001"),
)


@pytest.fixture
def key(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key of kim@corp, registered as Platform, and the subject it signs."""
    path = tmp_path_factory.mktemp("keys") / "kim.pem"
    main(["attest", "--new-key", str(path), "--person", "kim@corp", "--role", "Platform"])
    subject = project / SUBJECT
    subject.parent.mkdir(parents=True)
    subject.write_text("version: 1.0.0\n", "utf-8")
    return path


@pytest.fixture
def registered(key: Path, project: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The same key, with its entry in ``signers.yaml``."""
    capsys.readouterr()
    main(["attest", "--print-signer", *LOCK[2:6], "--key", f"file:{key}"])
    (entry,) = yaml.safe_load(capsys.readouterr().out)
    since = datetime.now(UTC) - timedelta(days=1)
    (project / ".roadmap/signers.yaml").write_text(
        yaml.safe_dump([entry | {"valid_from": since.isoformat()}]), "utf-8"
    )
    return key


def attest(key: Path, *more: str) -> int:
    return main([*LOCK, "--key", f"file:{key}", *more])


def written(project: Path) -> list[Path]:
    return sorted((project / ".roadmap/attestations").glob("*"))


def predicate(project: Path) -> dict[str, Any]:
    (path,) = written(project)
    stated: dict[str, Any] = statement(path)["predicate"]
    return stated


def test_what_was_signed_is_accepted(registered: Path, project: Path) -> None:
    """The harness, which recomputes the digest itself, finds the lock valid."""
    status = attest(registered)

    port = RepositoryAttestations(
        project / ".roadmap/attestations",
        SignerRegistry.load(project / ".roadmap/signers.yaml"),
        lambda: datetime.now(UTC),
        environment="dev",
    )
    digest = canonical_digest((project / SUBJECT).read_bytes())
    verdict = port.verify("handoff-lock", ["Platform"], subject_digest=digest, task="SEC-001")
    assert (status, verdict.persons, verdict.problems) == (0, ("kim@corp",), ())


def test_the_file_is_named_by_day_purpose_and_number(registered: Path, project: Path) -> None:
    """One whole file, and nothing temporary beside it."""
    attest(registered)

    today = datetime.now(UTC).strftime("%Y%m%d")
    assert [path.name for path in written(project)] == [f"{today}_handoff-lock_1.dsse.json"]


def test_every_option_reaches_the_statement(registered: Path, project: Path) -> None:
    """What the person said is what is signed."""
    attest(
        registered,
        *("--gate", "G1", "--environment", "embedded", "--expires-d", "30"),
        *("--event-at", "2026-01-01T09:00:00+09:00", "--statement", "목록이 완전하다"),
        *("--condition", "owner of loc-archive named"),
    )

    stated = predicate(project)
    signed_at, expires_at = (
        datetime.fromisoformat(stated.pop(key)) for key in ("signed_at", "expires_at")
    )
    assert expires_at - signed_at == timedelta(days=30)
    assert stated.pop("id").startswith("AT-")
    assert stated == {
        "purpose": "handoff-lock",
        "task": "SEC-001",
        "gate": "G1",
        "environment": "embedded",
        "role": "Platform",
        "person": "kim@corp",
        "decision": "approve",
        "conditions": ["owner of loc-archive named"],
        "statement": "목록이 완전하다",
        "event_at": "2026-01-01T00:00:00Z",
    }


def test_the_default_expiry_is_the_policys(registered: Path, project: Path) -> None:
    """Ninety days, unless the policy says otherwise."""
    attest(registered)

    stated = predicate(project)
    signed_at, expires_at = (datetime.fromisoformat(stated[k]) for k in ("signed_at", "expires_at"))
    assert expires_at - signed_at == timedelta(days=90)


def test_an_openssh_key_from_the_environment_signs(
    project: Path, key: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person uses the key they have, without a file."""
    text = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
    )
    monkeypatch.setenv("KIM_KEY", text.decode())
    capsys.readouterr()
    main(["attest", "--print-signer", *LOCK[2:6], "--key", "env:KIM_KEY"])
    (project / ".roadmap/signers.yaml").write_text(capsys.readouterr().out, "utf-8")

    assert key.exists()
    assert main([*LOCK, "--key", "env:KIM_KEY"]) == 0


def test_a_new_key_is_for_its_owner_only(key: Path) -> None:
    """Nobody else on the machine may read it."""
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_new_key_replaces_nothing(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A key that others have registered is never lost."""
    before = key.read_bytes()

    status = main(["attest", "--new-key", str(key), "--person", "kim@corp", "--role", "Platform"])

    assert (status, key.read_bytes()) == (20, before)
    assert "File exists" in capsys.readouterr().err


def test_a_new_key_is_not_made_in_the_repository(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A private key below the work tree would be committed one day."""
    status = main(["attest", "--new-key", "kim.pem", "--person", "kim@corp", "--role", "Platform"])

    assert (status, (project / "kim.pem").exists()) == (2, False)
    assert "belongs outside" in capsys.readouterr().err


def test_no_key_material_is_printed_or_written(
    registered: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Output and attestation hold the public side only."""
    secret = "".join(registered.read_text("ascii").splitlines()[1:-1])
    attest(registered)
    main(["attest", "--print-signer", *LOCK[2:6], "--key", f"file:{registered}"])

    out, err = capsys.readouterr()
    (path,) = written(project)
    everything = out + err + path.read_text("ascii") + str(statement(path))
    assert "PRIVATE" not in everything
    assert secret not in everything.replace("\n", "")


def test_the_same_is_not_stated_twice(
    registered: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second identical attestation adds nothing and is refused by name."""
    attest(registered)

    assert attest(registered, "--expires-d", "10") == 20
    assert "already stated exactly this: AT-" in capsys.readouterr().err
    assert len(written(project)) == 1


def test_another_text_of_the_subject_is_another_statement(registered: Path, project: Path) -> None:
    """After the file changed, the same person signs again."""
    attest(registered)
    (project / SUBJECT).write_text("version: 1.0.1\n", "utf-8")

    assert attest(registered) == 0
    assert len({statement(path)["predicate"]["id"] for path in written(project)}) == 2


WRONG: dict[str, tuple[list[str], int, str]] = {
    "unknown purpose": (["lunch", *LOCK[2:]], 2, "'lunch' is no purpose; known are"),
    "no purpose": ([*LOCK[2:]], 2, "'' is no purpose"),
    "role not held": ([*LOCK[1:], "--role", "Infra"], 20, "the role Infra"),
    "another person": ([*LOCK[1:], "--person", "lee@corp"], 20, "belongs to kim@corp"),
    "unknown task": ([*LOCK[1:], "--task", "SEC-999"], 2, "SEC-999 is no task"),
    "unknown gate": ([*LOCK[1:], "--gate", "G9"], 2, "G9 is no gate; known are G1"),
    "unknown environment": ([*LOCK[1:], "--environment", "moon"], 2, "known are embedded"),
    "gate missing": (["gate-approved", *LOCK[2:]], 2, "add --gate"),
    "future event": ([*LOCK[1:], "--event-at", "2999-01-01T00:00:00Z"], 20, "before the event"),
    "time without zone": ([*LOCK[1:], "--event-at", "2026-01-01"], 2, "with its zone"),
    "no days": ([*LOCK[1:], "--expires-d", "0"], 2, "no number of days"),
    "hidden characters": ([*LOCK[1:], "--person", "kim\u200b@corp"], 2, "nobody sees"),
    "a secret": (
        [*LOCK[1:], "--statement", "token dapi0123456789abcdef0123456789abcdef"],
        20,
        "databricks token",
    ),
    "no subject": ([*LOCK[1:6]], 2, "--subject is missing"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_request_is_refused_in_one_sentence(
    registered: Path, project: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    """Nothing is written, and the sentence names what is expected."""
    argv, status, sentence = WRONG[case]

    assert main(["attest", *argv, "--key", f"file:{registered}"]) == status
    assert sentence in capsys.readouterr().err
    assert not written(project)


def outside(project: Path) -> str:
    target = project.parent / "outside.yaml"
    target.write_text("a: 1\n", "utf-8")
    return "../outside.yaml"


def linked_outside(project: Path) -> str:
    outside(project)
    (project / "link.yaml").symlink_to("../outside.yaml")
    return "link.yaml"


def binary(project: Path) -> str:
    (project / "x.bin").write_bytes(b"\xff\x00")
    return "x.bin"


SUBJECTS = {
    "outside": (outside, "outside the repository"),
    "a link that leads out": (linked_outside, "outside the repository"),
    "absent": (lambda _: "absent.yaml", "No such file"),
    "a folder": (lambda _: ".specs", "not a regular file"),
    "binary": (binary, "no UTF-8 text"),
    "a null character": (lambda _: "a\0b", "no usable path"),
}


@pytest.mark.parametrize("case", SUBJECTS)
def test_a_subject_nobody_could_recompute_is_refused(
    registered: Path, project: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    """Only text files of the repository are attested."""
    prepare, sentence = SUBJECTS[case]

    assert attest(registered, "--subject", prepare(project)) == 20
    assert sentence in capsys.readouterr().err


def test_an_unregistered_key_is_refused(
    registered: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that signers.yaml does not know signs nothing, and the way out is named."""
    other = tmp_path_factory.mktemp("other") / "k.pem"
    main(["attest", "--new-key", str(other), "--person", "kim@corp", "--role", "Platform"])

    assert registered != other
    assert attest(other) == 20
    assert "--print-signer" in capsys.readouterr().err


def test_a_revoked_key_is_refused(
    registered: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who lost the key cannot sign with it any more."""
    path = project / ".roadmap/signers.yaml"
    (entry,) = yaml.safe_load(path.read_text("utf-8"))
    path.write_text(yaml.safe_dump([entry | {"revoked_at": entry["valid_from"]}]), "utf-8")

    assert attest(registered) == 20
    assert "was revoked" in capsys.readouterr().err


def test_without_signers_nobody_signs(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The absent file is named."""
    assert attest(key) == 20
    assert "there is no .roadmap/signers.yaml" in capsys.readouterr().err


def test_broken_signers_are_invalid(
    registered: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """File and key of the mistake are named."""
    (project / ".roadmap/signers.yaml").write_text("- {person: kim@corp}\n", "utf-8")

    assert attest(registered) == 30
    assert "[0].roles: it is missing" in capsys.readouterr().err


def test_a_broken_policy_is_invalid(registered: Path, project: Path) -> None:
    """Without the rules nothing is signed."""
    (project / ".roadmap/policy.yaml").write_text("schema: [", "utf-8")

    assert attest(registered) == 30


def test_an_unusable_key_is_refused(
    registered: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference is named, never the content."""
    monkeypatch.setenv("BAD", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----")

    assert registered.exists()
    assert main([*LOCK, "--key", "env:BAD"]) == 20
    err = capsys.readouterr().err
    assert "env:BAD" in err
    assert "hunter2" not in err


def test_a_forged_identical_file_does_not_stop_the_person(registered: Path, project: Path) -> None:
    """Somebody who copies the statement without signature cannot keep its author from signing."""
    attest(registered)
    (path,) = written(project)
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"signatures": []}), "utf-8")

    assert attest(registered) == 0


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    """The help shows a whole first use and the exit status."""
    assert main(["attest", "--help"]) == 0
    out = capsys.readouterr().out
    assert "--new-key ~/roadmap.pem" in out
    assert "exit status" in out
