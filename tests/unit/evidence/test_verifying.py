"""Verifying files as a reviewer does: each broken rule has its name, and no byte raises."""

from __future__ import annotations

import base64
import json
import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_roadmap.adapters.evidence.attest import create_attestation, sign_attestation
from pytest_roadmap.adapters.evidence.keys import generate_key, public_key_pem
from pytest_roadmap.adapters.evidence.signers import SignerRegistry, signer_entry
from pytest_roadmap.adapters.evidence.signing import file_subject
from pytest_roadmap.adapters.evidence.store import EvidenceStore, statement_path
from pytest_roadmap.adapters.evidence.verifying import (
    Bench,
    Effect,
    Verified,
    verify_attestations,
    verify_evidence,
)
from pytest_roadmap.domain.validity import EMBEDDED_SCHEMA, REAL_SCHEMA
from tests.unit.evidence.evidence_samples import call, record, statement, task

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RUNNER, PLATFORM, DATA, STRANGER = (generate_key() for _ in range(4))
SINCE = NOW - timedelta(days=30)
SIGNERS = SignerRegistry.of(
    Path("signers.yaml"),
    [
        signer_entry("runner@corp", ["runner"], public_key_pem(RUNNER), SINCE),
        signer_entry("park@corp", ["Platform"], public_key_pem(PLATFORM), SINCE),
        signer_entry("choi@corp", ["DataEng"], public_key_pem(DATA), SINCE),
    ],
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "inventory.yaml").write_text("version: 1\n", "utf-8")
    return Bench(tmp_path, NOW, SIGNERS)


def evidence(bench: Bench) -> tuple[Verified, ...]:
    folder = bench.repository / "evidence"
    return verify_evidence(folder, os.listdir(folder), bench)  # noqa: PTH208 (names)


def attestations(bench: Bench) -> tuple[Verified, ...]:
    folder = bench.repository / "attestations"
    return verify_attestations(folder, os.listdir(folder), bench)  # noqa: PTH208 (names)


def words(found: tuple[Verified, ...]) -> list[tuple[str, Effect]]:
    return [(item.word, item.effect) for item in found]


def stored(bench: Bench, *, signer: Any = None, schema: str = REAL_SCHEMA, **changes: Any) -> Path:
    store = EvidenceStore(bench.repository / "evidence", schema=schema)
    return store.write(record(**changes), [call()], task(), signer)


def test_a_signed_record_holds_and_its_signer_is_named(bench: Bench) -> None:
    """Schema, digest, statement and signature fit together."""
    stored(bench, signer=RUNNER)

    (found,) = evidence(bench)

    assert (found.word, found.effect) == ("ok", Effect.HOLDS)
    assert found.reason == "SEC-003 in dev (dev): 1 pass, 1 blocked; signed by runner@corp"


def test_an_unsigned_record_holds_and_says_so(bench: Bench) -> None:
    """Whether a gate wants a signature is the gate's question."""
    stored(bench)

    assert evidence(bench)[0].reason.endswith("unsigned")


def test_a_signature_that_is_no_runners_is_remarked(bench: Bench) -> None:
    """A person's key may sign a record, and the line says it was no runner."""
    stored(bench, signer=PLATFORM)

    assert evidence(bench)[0].reason.endswith("signed by park@corp, who was no runner then")


def test_a_signed_record_without_signers_is_not_judged(bench: Bench) -> None:
    """Nothing unmeasured counts as held."""
    stored(bench, signer=RUNNER)

    assert words(evidence(replace(bench, signers=None))) == [("UNCHECKED", Effect.OPEN)]


def test_an_embedded_record_is_named_and_set_aside(bench: Bench) -> None:
    """It proves the check, never the task."""
    stored(
        bench,
        schema=EMBEDDED_SCHEMA,
        kind="embedded",
        environment="embedded",
        state_id="s",
        facts={},
    )

    (found,) = evidence(bench)

    assert (found.word, found.effect) == ("EMBEDDED_ONLY", Effect.ASIDE)
    assert "never the task" in found.reason


def test_a_record_from_the_future_fails(bench: Bench) -> None:
    """Times are in order, or the record is none."""
    stored(bench)

    assert words(evidence(replace(bench, now=NOW - timedelta(days=9)))) == [("CLOCK", Effect.FAILS)]


def altered(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"outcome": "blocked"', b'"outcome": "pass"'))


def other_schema(path: Path) -> None:
    stated = statement(statement_path(path))
    stated["predicate"]["roadmap"]["schema"] = "roadmap-evidence/9"
    envelope = json.loads(statement_path(path).read_bytes())
    envelope["payload"] = base64.b64encode(json.dumps(stated).encode()).decode()
    statement_path(path).write_text(json.dumps(envelope))


def signed_by_noise(path: Path) -> None:
    envelope = json.loads(statement_path(path).read_bytes())
    envelope["signatures"] = [{"keyid": RUNNER.public_key.keyid, "sig": "AAAA"}]
    statement_path(path).write_text(json.dumps(envelope))


BROKEN_RECORDS: dict[str, tuple[Callable[[Path], object], str, Effect]] = {
    "file altered": (altered, "TAMPERED", Effect.INVALID),
    "file gone": (lambda path: path.unlink(), "TAMPERED", Effect.INVALID),
    "statement gone": (lambda p: statement_path(p).unlink(), "TAMPERED", Effect.INVALID),
    "statement garbled": (
        lambda p: statement_path(p).write_bytes(b"\xff{"),
        "TAMPERED",
        Effect.INVALID,
    ),
    "signature of noise": (signed_by_noise, "TAMPERED", Effect.INVALID),
    "unknown schema": (other_schema, "SCHEMA", Effect.OPEN),
}


@pytest.mark.parametrize("case", BROKEN_RECORDS)
def test_a_broken_record_has_the_name_of_its_rule(bench: Bench, case: str) -> None:
    """Whatever was done to file or statement, one line says it."""
    change, word, effect = BROKEN_RECORDS[case]
    change(stored(bench))

    assert words(evidence(bench)) == [(word, effect)]


def signed(
    bench: Bench, number: int = 1, key: Any = PLATFORM, age_h: int = 1, **changes: Any
) -> Path:
    subject = file_subject(bench.repository, Path("inventory.yaml"))
    fields: dict[str, Any] = {
        "attestation_id": f"AT-{number}",
        "purpose": "handoff-lock",
        "subject_name": subject.name,
        "subject_digest": subject.digest,
        "role": "Platform",
        "person": "park@corp",
        "signed_at": NOW - timedelta(hours=age_h),
        "task": "SEC-001",
        "environment": "dev",
    }
    made = create_attestation(**(fields | changes))
    return sign_attestation(bench.repository / "attestations", made, key)


def test_a_good_attestation_holds(bench: Bench) -> None:
    """Who attested what, until when and for what is one line."""
    signed(bench)

    (found,) = attestations(bench)

    assert (found.word, found.effect) == ("ok", Effect.HOLDS)
    assert found.reason == (
        "AT-1: handoff-lock of inventory.yaml by park@corp as Platform, until 2027-02-22, "
        "for SEC-001 dev"
    )


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "stranger": ({"key": STRANGER}, "SIGNATURE", "not registered"),
    "another's key": ({"key": DATA}, "SIGNATURE", "not signed by park@corp"),
    "role not held": ({"role": "Infra"}, "ATTESTATION", "did not hold the role"),
    "other text": ({"subject_digest": "sha256:" + "0" * 64}, "SUBJECT_CHANGED", "another text"),
    "expired": ({"age_h": 24 * 20, "expires_in": timedelta(days=1)}, "EXPIRED", "expired"),
    "rejected": ({"decision": "reject"}, "NOT_APPROVED", "its decision is reject"),
    "condition": ({"conditions": ("x",)}, "NOT_APPROVED", "open condition"),
    "future": ({"age_h": -1}, "ATTESTATION", "in the future"),
    "before the event": ({"event_at": NOW}, "ATTESTATION", "before the event"),
    "key not valid yet": ({"age_h": 24 * 60}, "ATTESTATION", "valid only from"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_attestation_fails_by_name(bench: Bench, case: str) -> None:
    """Each rule of attestations has a case that breaks it."""
    changes, word, sentence = BAD[case]
    signed(bench, **changes)

    (found,) = attestations(bench)

    assert (found.word, found.effect) == (word, Effect.FAILS)
    assert sentence in found.reason


def test_a_later_commit_time_is_asked_of_the_caller(bench: Bench) -> None:
    """An attestation dated after its own commit is refused."""
    signed(bench)

    found = attestations(replace(bench, added_at=lambda _: NOW - timedelta(days=9)))

    assert words(found) == [("ATTESTATION", Effect.FAILS)]


def test_a_subject_that_is_no_file_here_is_open(bench: Bench) -> None:
    """A signature alone does not show that the subject is what was signed."""
    signed(bench, subject_name="../elsewhere.yaml")

    assert words(attestations(bench)) == [("UNPROVEN", Effect.OPEN)]


def test_an_embedded_attestation_is_named(bench: Bench) -> None:
    """People of the embedded environment sign for nothing real."""
    signed(bench, environment="embedded")

    assert words(attestations(bench)) == [("EMBEDDED_ONLY", Effect.ASIDE)]


def test_without_signers_nothing_is_judged(bench: Bench) -> None:
    """Neither good nor bad: nobody could tell."""
    signed(bench)

    assert words(attestations(replace(bench, signers=None))) == [("UNCHECKED", Effect.OPEN)]


def test_what_was_attested_anew_does_no_harm(bench: Bench) -> None:
    """After the text changed and the role signed again, the old statement is history."""
    signed(bench, 1, age_h=5)
    (bench.repository / "inventory.yaml").write_text("version: 2\n", "utf-8")
    signed(bench, 2)

    found = attestations(bench)

    assert words(found) == [("superseded", Effect.ASIDE), ("ok", Effect.HOLDS)]
    assert found[0].reason.startswith("AT-2 replaces it")


def test_another_role_supersedes_nothing(bench: Bench) -> None:
    """DataEng cannot renew what Platform attested."""
    signed(bench, 1, age_h=5)
    (bench.repository / "inventory.yaml").write_text("version: 2\n", "utf-8")
    signed(bench, 2, DATA, role="DataEng", person="choi@corp")

    assert words(attestations(bench))[0] == ("SUBJECT_CHANGED", Effect.FAILS)


def test_an_older_good_one_supersedes_nothing(bench: Bench) -> None:
    """A rejection after an approval stays visible."""
    signed(bench, 1, age_h=5)
    signed(bench, 2, decision="reject")

    assert words(attestations(bench))[1] == ("NOT_APPROVED", Effect.FAILS)


NOISE = {
    "empty": b"",
    "no UTF-8": b"\xff\xfe\x00",
    "a number": b"1",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "wrong types": b'{"payload": 1, "payloadType": [], "signatures": {}}',
    "front matter only": b"---\nschema: roadmap-evidence/1\n---\n",
}


@pytest.mark.parametrize("content", NOISE.values(), ids=NOISE)
def test_noise_is_a_line_and_no_crash(bench: Bench, content: bytes) -> None:
    """Garbage under our names is named as what it is."""
    for folder, name in (
        ("evidence", "20261124_sec_x.log"),
        ("evidence", "20261124_sec_x.log.dsse.json"),
        ("attestations", "20261124_handoff-lock_1.dsse.json"),
    ):
        (bench.repository / folder).mkdir(exist_ok=True)
        (bench.repository / folder / name).write_bytes(content)

    effects = {item.effect for item in evidence(bench) + attestations(bench)}

    assert effects == {Effect.INVALID, Effect.FAILS}


def test_a_deep_condition_is_no_crash(bench: Bench) -> None:
    """Statements nested as deep as JSON is read are judged all the same."""
    path = signed(bench)
    for depth in (900, 970, 990, 2000):
        stated = json.dumps(statement(path)).replace(
            '"conditions": []', f'"conditions": [{"[" * depth}{"]" * depth}]'
        )
        envelope = json.loads(path.read_bytes())
        envelope["payload"] = base64.b64encode(stated.encode()).decode()
        copy = path.with_name(f"20261124_handoff-lock_{depth}.dsse.json")
        copy.write_text(json.dumps(envelope))

    assert {item.effect for item in attestations(bench)} == {Effect.HOLDS, Effect.FAILS}


@pytest.mark.parametrize("seed", range(8))
def test_no_flipped_bytes_raise_or_pass_as_another(bench: Bench, seed: int) -> None:
    """Bytes changed anywhere in the three files never crash the reader."""
    dice = random.Random(seed)  # noqa: S311 (no cryptography)
    path = stored(bench, signer=RUNNER)
    signed(bench)
    files = [path, statement_path(path), *(bench.repository / "attestations").iterdir()]
    originals = {each: each.read_bytes() for each in files}
    for _ in range(20):
        for each, content in originals.items():
            changed = bytearray(content)
            for _ in range(dice.randint(1, 4)):
                changed[dice.randrange(len(changed))] = dice.randrange(256)
            each.write_bytes(bytes(changed))
        found = evidence(bench) + attestations(bench)
        assert len(found) == 2
