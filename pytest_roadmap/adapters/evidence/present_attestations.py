"""Which attestations hold now, by the id under which records name them (rules d.4, ATTESTATION)."""

from __future__ import annotations

from pathlib import Path

from pytest_roadmap.adapters.evidence.attest import RepositoryAttestations
from pytest_roadmap.adapters.evidence.signers import SignerRegistry
from pytest_roadmap.adapters.evidence.verifying import Bench, verify_attestations

#: ``UNPROVEN``: the digest of its subject can only be recomputed by the run, which did.
_HOLDING = frozenset({"ok", "superseded", "UNPROVEN"})
_END = ".dsse.json"


def present_attestations(folder: Path, bench: Bench) -> dict[str, str]:
    """By id why an attestation does not hold, with an empty text where it does.

    One that was replaced by a later one of the same role about the same still holds.
    """
    if not folder.is_dir():
        return {}
    registry = bench.signers or SignerRegistry({}, {})
    names = sorted(path.name for path in folder.glob(f"[!.]*{_END}"))
    found, _ = RepositoryAttestations(
        folder, registry, lambda: bench.now, environment="", added_at=bench.added_at
    ).read()
    judged = {each.path: each for each in verify_attestations(folder, names, bench)}
    words: dict[str, str] = {}
    for item in found:
        verified = judged[item.path]
        problem = "" if verified.word in _HOLDING else f"{verified.word}: {verified.reason}"
        words[item.candidate.attestation.attestation_id] = problem
    return words
