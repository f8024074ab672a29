"""Ed25519 keys: made, read from PEM (PKCS#8) or OpenSSH text, and found by a reference."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_private_key,
    load_ssh_public_key,
)
from securesystemslib.signer import (  # type: ignore[attr-defined]  # re-exported without __all__
    CryptoSigner,
    Signer,
    SSlibKey,
)

from pytest_roadmap.adapters.evidence.files import UnreadableFileError, read_plain_file

__all__ = [
    "CryptoSigner",
    "SSlibKey",
    "Signer",
    "SigningKeyError",
    "generate_key",
    "key_id",
    "load_signing_key",
    "public_key_pem",
    "read_private_key",
    "read_public_key",
    "write_private_key",
]

_KEY_LIMIT = 64 * 1024
_KEY_MODE = 0o600


class SigningKeyError(Exception):
    """A key is absent, unreadable or not Ed25519; the sentence never shows key material."""


def generate_key() -> CryptoSigner:
    """A new Ed25519 key that signs."""
    return CryptoSigner.generate_ed25519()


def load_signing_key(
    reference: str, root: Path, environ: Mapping[str, str] | None = None
) -> CryptoSigner:
    """The private key that ``env:NAME`` or ``file:PATH`` (relative to ``root``) selects.

    ``env:NAME`` may hold the key text itself or the path of a key file.

    Raises:
        SigningKeyError: nothing there, or no unencrypted Ed25519 key.
    """
    scheme, _, name = reference.partition(":")
    if scheme == "env" and name:
        held = (os.environ if environ is None else environ).get(name, "")
        if not held.strip():
            raise SigningKeyError(f"{reference}: the environment variable {name} is not set")
        content = held.encode() if "-----BEGIN " in held else _file(reference, root / held.strip())
    elif scheme == "file" and name:
        content = _file(reference, root / Path(name).expanduser())
    else:
        raise SigningKeyError(f"{reference!r} is no key reference: use env:NAME or file:PATH")
    return read_private_key(content, reference)


def read_private_key(content: bytes, origin: str) -> CryptoSigner:
    """A signer of PEM (PKCS#8) or OpenSSH text.

    Raises:
        SigningKeyError: not that, encrypted, or not Ed25519.
    """
    load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in content else load_pem_private_key
    try:
        key = load(content.strip() + b"\n", password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SigningKeyError(
            f"{origin} holds no unencrypted private key in PEM (PKCS#8) or OpenSSH form"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(f"{origin} holds a key that is not Ed25519")
    return CryptoSigner(key)


def read_public_key(text: str, origin: str) -> SSlibKey:
    """A key that verifies, of PEM or OpenSSH text (``ssh-ed25519 AAAA…``); its id is computed.

    Raises:
        SigningKeyError: not that, or not Ed25519.
    """
    content = text.strip().encode("utf-8", "replace")
    load = load_pem_public_key if content.startswith(b"-----BEGIN") else load_ssh_public_key
    try:
        key = load(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SigningKeyError(f"{origin} is no public key in PEM or OpenSSH form") from error
    if not isinstance(key, Ed25519PublicKey):
        raise SigningKeyError(f"{origin} is a public key that is not Ed25519")
    return SSlibKey.from_crypto(key)


def public_key_pem(signer: CryptoSigner) -> str:
    """The public half as PEM, as ``signers.yaml`` takes it."""
    raw = bytes.fromhex(signer.public_key.keyval["public"])
    key = Ed25519PublicKey.from_public_bytes(raw)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def write_private_key(path: Path, signer: CryptoSigner) -> None:
    """Write the key as PEM (PKCS#8) into a new file that only its owner may read.

    Raises:
        SigningKeyError: something is there already, or the file cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _KEY_MODE)
        with os.fdopen(handle, "wb") as file:
            file.write(signer.private_bytes)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no usable path"
        raise SigningKeyError(f"cannot write a new key to {path}: {reason}") from error


def key_id(signer: CryptoSigner) -> str:
    """The id under which the key's signatures are found."""
    return str(signer.public_key.keyid)


def _file(reference: str, path: Path) -> bytes:
    try:
        return read_plain_file(path.resolve(), _KEY_LIMIT)
    except (UnreadableFileError, OSError, ValueError) as error:
        raise SigningKeyError(f"{reference}: {error}") from error
