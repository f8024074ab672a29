"""Signing and verifying DSSE envelopes with securesystemslib."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import Error as SecuresystemsError
from securesystemslib.exceptions import UnverifiedSignatureError

from pytest_roadmap.adapters.evidence.keys import Signer, SSlibKey
from pytest_roadmap.adapters.evidence.layout import GarbledError
from pytest_roadmap.adapters.evidence.statement import PAYLOAD_TYPE, statement_bytes


def signed_envelope(statement: Mapping[str, Any], signers: Iterable[Signer]) -> dict[str, Any]:
    """A DSSE envelope around the statement, signed by each of the signers."""
    envelope = Envelope(statement_bytes(statement), PAYLOAD_TYPE, {})
    for signer in signers:
        envelope.sign(signer)
    signed: dict[str, Any] = envelope.to_dict()
    return signed


def verified_key_ids(
    raw: Mapping[str, Any], keys: Mapping[str, SSlibKey]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Key ids whose signature verifies, and a sentence for each signature that does not.

    Raises:
        GarbledError: the signatures cannot be read.
    """
    try:
        envelope = Envelope.from_dict(copy.deepcopy(dict(raw)))
    except (KeyError, ValueError, TypeError, SecuresystemsError) as error:
        raise GarbledError(f"its signatures cannot be read: {error}") from error
    pae = envelope.pae()
    verified: list[str] = []
    problems: list[str] = []
    for key_id, signature in envelope.signatures.items():
        key = keys.get(key_id)
        if key is None:
            problems.append(f"it is signed with the key {key_id[:16]}, which is not registered")
            continue
        try:
            key.verify_signature(signature, pae)
        except UnverifiedSignatureError:
            problems.append(f"its signature by the key {key_id[:16]} does not match its content")
        else:
            verified.append(key_id)
    return tuple(verified), tuple(problems)
