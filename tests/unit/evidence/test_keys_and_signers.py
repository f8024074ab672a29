"""Keys and ``signers.yaml``: strict, one sentence per problem, never a crash."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pytest_roadmap.adapters.evidence.keys import (
    SigningKeyError,
    generate_key,
    key_id,
    load_signing_key,
    public_key_pem,
    read_private_key,
    read_public_key,
)
from pytest_roadmap.adapters.evidence.signers import SignerRegistry, SignersError, signer_entry

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
RAW = Ed25519PrivateKey.generate()
PEM = RAW.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
OPENSSH = RAW.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
PUBLIC_SSH = RAW.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def test_pem_and_openssh_are_the_same_key() -> None:
    """The key may be an existing OpenSSH one; its id does not depend on the form."""
    ids = {
        key_id(read_private_key(PEM, "a")),
        key_id(read_private_key(OPENSSH, "b")),
        str(read_public_key(PUBLIC_SSH + " ops@host", "c").keyid),
        str(read_public_key(public_key_pem(read_private_key(PEM, "a")), "d").keyid),
    }

    assert len(ids) == 1


def test_a_key_reference_selects_text_or_file(tmp_path: Path) -> None:
    """``env:`` holds the key or its path, ``file:`` its path relative to the root."""
    (tmp_path / "key").write_bytes(OPENSSH)
    environ = {"TEXT": PEM.decode(), "PATH_TO": "key"}

    found = {
        key_id(load_signing_key(reference, tmp_path, environ))
        for reference in ("env:TEXT", "env:PATH_TO", "file:key")
    }

    assert found == {key_id(read_private_key(PEM, "a"))}


ENCRYPTED = RAW.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
ELLIPTIC = generate_private_key(SECP256R1()).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)


@pytest.mark.parametrize(
    ("reference", "environ", "message"),
    [
        ("env:ABSENT", {}, "ABSENT is not set"),
        ("file:absent", {}, "file:absent: absent cannot be read"),
        ("vault:x", {}, "no key reference"),
        ("env:", {}, "no key reference"),
        ("env:K", {"K": "-----BEGIN PRIVATE KEY-----\nx"}, "no unencrypted private key"),
        ("env:K", {"K": ENCRYPTED.decode()}, "no unencrypted private key"),
        ("env:K", {"K": ELLIPTIC.decode()}, "not Ed25519"),
    ],
)
def test_an_unusable_key_reference_is_a_sentence(
    tmp_path: Path, reference: str, environ: dict[str, str], message: str
) -> None:
    """The message names the reference and shows no key material."""
    with pytest.raises(SigningKeyError, match=message) as raised:
        load_signing_key(reference, tmp_path, environ)

    assert "BEGIN" not in str(raised.value)


def entry(**changes: Any) -> dict[str, Any]:
    made = signer_entry("park@corp", ["Platform"], PUBLIC_SSH, SINCE)
    return {key: value for key, value in (made | changes).items() if value != "drop"}


def load(tmp_path: Path, listed: Any) -> SignerRegistry:
    path = tmp_path / "signers.yaml"
    path.write_text(listed if isinstance(listed, str) else yaml.safe_dump(listed), "utf-8")
    return SignerRegistry.load(path)


def test_a_registry_is_read(tmp_path: Path) -> None:
    """Dates count from their first moment, in UTC; the key's id is computed."""
    registry = load(
        tmp_path, [entry(valid_from="2026-01-01", valid_until=SINCE.replace(year=2027))]
    )

    (signer,) = registry.signers.values()
    assert (signer.person, signer.roles, signer.valid_from) == ("park@corp", ("Platform",), SINCE)
    assert registry.role_holders("Platform", SINCE + timedelta(days=1)) == ("park@corp",)
    assert registry.role_holders("Platform", SINCE.replace(year=2028)) == ()


WRONG: dict[str, tuple[Any, str]] = {
    "no list": ({}, "must be a list"),
    "no YAML": ("- {a: [", "it is no YAML"),
    "duplicate key": ("- {person: a, person: b}", "given twice"),
    "an unhashable key": ("- {[1]: 2, [1]: 3}", ""),
    "entry no mapping": ([1], "[0]: it must be a mapping"),
    "unknown key": ([entry(mail="x")], "[0].mail: unknown key"),
    "missing person": ([entry(person="drop")], "[0].person: it is missing"),
    "invisible person": ([entry(person="pa\u200brk@corp")], "characters that nobody sees"),
    "roles as text": ([entry(roles="Platform")], "[0].roles: it must be a list"),
    "no roles": ([entry(roles=[])], "[0].roles: it is missing"),
    "key of another kind": (
        [entry(public_key="ssh-rsa AAAA")],
        "[0].public_key: it is no public key",
    ),
    "key as number": ([entry(public_key=1)], "[0].public_key: it must be"),
    "key id of another": ([entry(key_id="abc")], "[0].key_id: it is abc"),
    "time without zone": ([entry(valid_from="2026-01-01T00:00:00")], "no zone"),
    "no date": ([entry(valid_from="soon")], "'soon' is no date"),
    "ends before it begins": ([entry(valid_until="2025-01-01")], "[0].valid_until"),
    "the same key twice": ([entry(), entry(person="choi@corp")], "already belongs to park@corp"),
}


@pytest.mark.parametrize(("listed", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_registry_is_refused_with_its_key(
    tmp_path: Path, listed: Any, message: str
) -> None:
    """One sentence per problem, with the entry and the key."""
    with pytest.raises(SignersError) as raised:
        load(tmp_path, listed)

    assert message in str(raised.value)
    assert "\n" not in raised.value.problems[0]


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    """Nobody repairs a file one message at a time."""
    with pytest.raises(SignersError) as raised:
        load(tmp_path, [entry(mail="x"), entry(valid_from="soon"), 3])

    assert len(raised.value.problems) == 3


def test_an_absent_registry_is_a_sentence(tmp_path: Path) -> None:
    """Without signers.yaml nobody can sign, and the message names the file."""
    with pytest.raises(SignersError, match=r"signers\.yaml cannot be read"):
        SignerRegistry.load(tmp_path / "signers.yaml")


def test_a_generated_key_round_trips_through_its_text() -> None:
    """A key made for a person of the embedded environment can be stored and read."""
    key = generate_key()

    assert key_id(read_private_key(key.private_bytes, "x")) == key_id(key)
