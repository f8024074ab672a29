"""Attestations as files: written by people, verified by the harness, forged by the curious."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_roadmap.adapters.evidence.attest import (
    RepositoryAttestations,
    create_attestation,
    read_attestation,
    sign_attestation,
)
from pytest_roadmap.adapters.evidence.files import EvidenceError
from pytest_roadmap.adapters.evidence.keys import CryptoSigner, generate_key, public_key_pem
from pytest_roadmap.adapters.evidence.layout import GarbledError
from pytest_roadmap.adapters.evidence.signers import SignerRegistry, signer_entry
from pytest_roadmap.domain.attestation import Attestation
from pytest_roadmap.domain.canonical import canonical_digest
from pytest_roadmap.domain.ports import AttestationPort, AttestationVerdict
from tests.unit.evidence.evidence_samples import statement

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SUBJECT = canonical_digest({"kind": "workspace", "이름": "dbw"})
PLATFORM = generate_key()
DATA = generate_key()
STRANGER = generate_key()


def registry() -> SignerRegistry:
    since = NOW - timedelta(days=30)
    return SignerRegistry.of(
        Path("signers.yaml"),
        [
            signer_entry("park@corp", ["Platform"], public_key_pem(PLATFORM), since),
            signer_entry("choi@corp", ["DataEng"], public_key_pem(DATA), since),
        ],
    )


def lock(number: int, role: str, person: str, **changes: Any) -> Attestation:
    fields: dict[str, Any] = {
        "attestation_id": f"AT-{number}",
        "purpose": "handoff-lock",
        "subject_name": "handoff inventory",
        "subject_digest": SUBJECT,
        "role": role,
        "person": person,
        "signed_at": NOW - timedelta(hours=1),
        "task": "SEC-001",
        "environment": "embedded",
    }
    return create_attestation(**(fields | changes))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "attestations"


@pytest.fixture
def port(folder: Path) -> RepositoryAttestations:
    return RepositoryAttestations(folder, registry(), lambda: NOW, environment="embedded")


def asked(port: AttestationPort, *roles: str) -> AttestationVerdict:
    return port.verify("handoff-lock", roles, subject_digest=SUBJECT, task="SEC-001")


def both_signed(folder: Path) -> list[Path]:
    return [
        sign_attestation(folder, lock(1, "Platform", "park@corp"), PLATFORM),
        sign_attestation(folder, lock(2, "DataEng", "choi@corp"), DATA),
    ]


def test_two_signed_roles_are_valid(port: RepositoryAttestations, folder: Path) -> None:
    """Signed by both, the lock holds, and the ids and persons are named."""
    both_signed(folder)

    verdict = asked(port, "Platform", "DataEng")

    assert verdict == AttestationVerdict(("AT-1", "AT-2"), ("park@corp", "choi@corp"))


def test_an_absent_folder_means_missing(port: RepositoryAttestations) -> None:
    """Before anybody signed, all roles are waited for."""
    assert asked(port, "Platform", "DataEng").missing == ("Platform", "DataEng")


def test_files_are_named_by_day_purpose_and_number(folder: Path) -> None:
    """Two attestations of one day do not replace each other."""
    assert [path.name for path in both_signed(folder)] == [
        "20261124_handoff-lock_1.dsse.json",
        "20261124_handoff-lock_2.dsse.json",
    ]


def test_an_attestation_comes_back_exactly(folder: Path) -> None:
    """What a person stated can be read again without loss."""
    made = lock(1, "Platform", "park@corp", conditions=("link",), event_at=NOW, statement="확인")

    path = sign_attestation(folder, made, PLATFORM)

    assert read_attestation(statement(path)) == made


def test_a_key_of_a_stranger_is_refused(port: RepositoryAttestations, folder: Path) -> None:
    """An unregistered key signs nothing, whoever it claims to be."""
    sign_attestation(folder, lock(1, "Platform", "park@corp"), STRANGER)

    verdict = asked(port, "Platform")

    assert (verdict.valid, verdict.missing) == ((), ())
    assert "not registered" in verdict.problems[0]


def test_another_persons_key_is_refused(port: RepositoryAttestations, folder: Path) -> None:
    """A registered person does not sign in another's name."""
    sign_attestation(folder, lock(1, "Platform", "park@corp"), DATA)

    assert "not signed by park@corp" in asked(port, "Platform").problems[0]


def test_one_key_for_both_roles_is_refused(port: RepositoryAttestations, folder: Path) -> None:
    """The Platform key cannot speak for DataEng too."""
    sign_attestation(folder, lock(1, "Platform", "park@corp"), PLATFORM)
    sign_attestation(folder, lock(2, "DataEng", "park@corp"), PLATFORM)

    assert "did not hold the role DataEng" in asked(port, "Platform", "DataEng").problems[0]


def edited(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    """Change the signed statement and keep the signature."""

    def forge(path: Path) -> None:
        stated = statement(path)
        change(stated)
        envelope = json.loads(path.read_bytes())
        envelope["payload"] = base64.b64encode(json.dumps(stated).encode()).decode()
        path.write_text(json.dumps(envelope))

    return forge


def _enveloped(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_bytes()) | changes))


FORGERIES: dict[str, Callable[[Path], object]] = {
    "subject altered": edited(lambda s: s["subject"][0]["digest"].update(sha256="0" * 64)),
    "expiry altered": edited(lambda s: s["predicate"].update(expires_at="2999-01-01T00:00:00Z")),
    "two subjects": edited(lambda s: s["subject"].append(s["subject"][0])),
    "no predicate": edited(lambda s: s.pop("predicate")),
    "another predicate type": edited(lambda s: s.update(predicateType="https://other")),
    "a time out of range": edited(
        lambda s: s["predicate"].update(signed_at="0001-01-01T00:00:00+10:00")
    ),
    "a time without zone": edited(lambda s: s["predicate"].update(signed_at="2026-11-24T00:00:00")),
    "conditions as text": edited(lambda s: s["predicate"].update(conditions="none")),
    "unsigned": lambda path: _enveloped(path, signatures=[]),
    "a signature of noise": lambda path: _enveloped(
        path, signatures=[{"keyid": PLATFORM.public_key.keyid, "sig": "!!"}]
    ),
    "the same signature twice": lambda path: _enveloped(
        path, signatures=json.loads(path.read_bytes())["signatures"] * 2
    ),
    "empty": lambda path: path.write_bytes(b""),
    "no JSON": lambda path: path.write_bytes(b"\x00\xff{"),
    "nested": lambda path: path.write_bytes(b"[" * 200_000),
    "too large": lambda path: path.write_bytes(b" " * (1024 * 1024 + 1)),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_file_is_a_problem_and_no_crash(
    port: RepositoryAttestations, folder: Path, forge: Callable[[Path], object]
) -> None:
    """Each forgery is invalid with a reason; it is neither valid nor simply missing."""
    path = both_signed(folder)[0]
    forge(path)

    verdict = asked(port, "Platform", "DataEng")

    assert verdict.valid == ("AT-2",)
    assert verdict.problems


def test_a_garbled_file_is_named(port: RepositoryAttestations, folder: Path) -> None:
    """The problem names the file, so that a person can find it."""
    folder.mkdir()
    (folder / "20261124_handoff-lock_1.dsse.json").write_text("{}")

    assert asked(port, "Platform").problems == (
        "20261124_handoff-lock_1.dsse.json: it is no DSSE envelope",
    )


def test_garbage_of_another_purpose_does_no_harm(
    port: RepositoryAttestations, folder: Path
) -> None:
    """A broken file that is named for another purpose leaves this one missing, not invalid."""
    folder.mkdir()
    (folder / "20261124_runbook-review_1.dsse.json").write_text("{}")

    verdict = asked(port, "Platform")

    assert (verdict.missing, verdict.problems) == (("Platform",), ())


def test_a_link_is_not_followed(port: RepositoryAttestations, folder: Path, tmp_path: Path) -> None:
    """An attestation must lie in the folder itself."""
    path = both_signed(folder)[0]
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")

    assert any("symbolic link" in problem for problem in asked(port, "Platform").problems)


def test_a_copied_file_counts_once(port: RepositoryAttestations, folder: Path) -> None:
    """The same attestation under a second name adds nobody."""
    path = both_signed(folder)[0]
    path.with_name("20261124_handoff-lock_9.dsse.json").write_bytes(path.read_bytes())

    _, unreadable = port.read()

    assert asked(port, "Platform").persons == ("park@corp",)
    assert "its id is that of" in unreadable[0][1]


def test_a_signature_given_meanwhile_is_seen(port: RepositoryAttestations, folder: Path) -> None:
    """A person may sign while the run goes on."""
    before = asked(port, "Platform").missing

    sign_attestation(folder, lock(1, "Platform", "park@corp"), PLATFORM)

    assert (before, asked(port, "Platform").missing) == (("Platform",), ())


REPLAYS: dict[str, dict[str, Any]] = {
    "gate": {"gate": "G1"},
    "environment": {"environment": "rehearsal"},
    "task": {"task": "SEC-002"},
}


@pytest.mark.parametrize("scope", REPLAYS.values(), ids=REPLAYS)
def test_a_signature_for_something_else_is_a_replay(
    port: RepositoryAttestations, folder: Path, scope: dict[str, Any]
) -> None:
    """Good signatures over the same subject for another gate, environment or task are refused."""
    sign_attestation(folder, lock(1, "Platform", "park@corp", **scope), PLATFORM)

    verdict = asked(port, "Platform")

    assert (verdict.valid, verdict.missing, len(verdict.problems)) == ((), (), 1)


def test_a_signature_before_the_evidence_is_refused(
    port: RepositoryAttestations, folder: Path
) -> None:
    """Nobody approves what was not there yet."""
    both_signed(folder)

    verdict = port.verify(
        "handoff-lock", ["Platform"], subject_digest=SUBJECT, task="SEC-001", not_before=NOW
    )

    assert "before the evidence" in verdict.problems[0]


def test_the_commit_time_is_asked_of_the_caller(folder: Path) -> None:
    """Where git can tell when a file was added, a later signing time is refused."""
    both_signed(folder)
    port = RepositoryAttestations(
        *(folder, registry(), lambda: NOW),
        environment="embedded",
        added_at=lambda _: NOW - timedelta(days=9),
    )

    assert "later than its commit" in asked(port, "Platform").problems[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": "lunch"},
        {"subject_digest": "abc"},
        {"attestation_id": "../x"},
        {"signed_at": datetime(2026, 1, 1)},  # noqa: DTZ001 (the case itself)
    ],
)
def test_an_ill_formed_attestation_is_not_made(wrong: dict[str, Any]) -> None:
    """Mistakes show when it is written, not when it is verified."""
    with pytest.raises(ValueError, match=r"is no |no zone"):
        lock(1, "Platform", "park@corp", **wrong)


def test_an_unwritable_folder_is_a_clear_error(folder: Path) -> None:
    """The message names the place."""
    folder.write_text("")

    with pytest.raises(EvidenceError, match="cannot write"):
        sign_attestation(folder, lock(1, "Platform", "park@corp"), PLATFORM)


def test_a_record_is_no_attestation() -> None:
    """A statement of another kind is refused by name."""
    with pytest.raises(GarbledError, match="no attestation"):
        read_attestation({"predicateType": "https://in-toto.io/attestation/test-result/v0.1"})


def test_keys_made_here_sign(folder: Path) -> None:
    """Each generated key is another one."""
    keys: list[CryptoSigner] = [generate_key(), generate_key()]

    assert public_key_pem(keys[0]) != public_key_pem(keys[1])
