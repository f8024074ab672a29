"""Who works in the embedded environment, and the keys they sign with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from pytest_roadmap.adapters.evidence.keys import (
    CryptoSigner,
    generate_key,
    public_key_pem,
    read_private_key,
    write_private_key,
)
from pytest_roadmap.adapters.evidence.signers import signer_entry

_DOMAIN = "embedded.example"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a key and the roles it is registered for."""

    alias: str
    roles: tuple[str, ...]

    @property
    def address(self) -> str:
        """How ``signers.yaml`` and attestations name the person."""
        return f"{self.alias}@{_DOMAIN}"


#: One person for each role, and one who holds two of them.
PEOPLE = (
    Person("infra.park", ("Infra",)),
    Person("seo.platform", ("Platform",)),
    Person("yun.data", ("DataEng", "DataEng Lead")),
    Person("ops.kim", ("Ops",)),
    Person("han.both", ("Platform", "DataEng")),
    Person("roadmap-runner", ("runner",)),
)


def person(alias: str) -> Person:
    """The person with this alias."""
    return next(p for p in PEOPLE if p.alias == alias)


def make_keys(folder: Path) -> dict[str, CryptoSigner]:
    """A new key for each person, written where only the owner may read; by alias."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    keys = {who.alias: generate_key() for who in PEOPLE}
    for alias, key in keys.items():
        path = folder / f"{alias}.pem"
        path.unlink(missing_ok=True)
        write_private_key(path, key)
    return keys


def load_key(folder: Path, alias: str) -> CryptoSigner:
    """The key a person was given at start."""
    path = folder / f"{alias}.pem"
    return read_private_key(path.read_bytes(), str(path))


def signers_document(keys: dict[str, CryptoSigner], valid_from: datetime) -> bytes:
    """``signers.yaml`` with everybody's public key."""
    entries: list[dict[str, Any]] = [
        signer_entry(who.address, who.roles, public_key_pem(keys[who.alias]), valid_from)
        for who in PEOPLE
    ]
    return yaml.safe_dump(entries, sort_keys=False, allow_unicode=True).encode("utf-8")
