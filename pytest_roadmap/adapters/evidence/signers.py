"""``signers.yaml``: who may sign as what, with which public key, from when to when (rules d.5)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from pytest_roadmap.adapters.evidence.envelope import verified_key_ids
from pytest_roadmap.adapters.evidence.files import UnreadableFileError, read_plain_file
from pytest_roadmap.adapters.evidence.keys import SigningKeyError, SSlibKey, read_public_key
from pytest_roadmap.adapters.evidence.layout import GarbledError
from pytest_roadmap.domain.attestation import RUNNER_ROLE, Signer

_LIMIT = 1024 * 1024
_REQUIRED = ("person", "roles", "public_key", "valid_from")
_OPTIONAL = ("key_id", "valid_until", "revoked_at")


class SignersError(Exception):
    """``signers.yaml`` is wrong: one sentence per problem, each with its key."""

    def __init__(self, path: Path, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{path}: {problem}" for problem in self.problems))


@dataclass(frozen=True, slots=True)
class SignerRegistry:
    """The registered persons and their keys, by key id."""

    signers: Mapping[str, Signer]
    keys: Mapping[str, SSlibKey]

    @classmethod
    def load(cls, path: Path) -> SignerRegistry:
        """Read the file, strictly.

        Raises:
            SignersError: absent, garbled, or an entry is wrong.
        """
        try:
            content = read_plain_file(path, _LIMIT)
            listed = yaml.load(content, Loader=_StrictLoader)  # noqa: S506 (a SafeLoader)
        except UnreadableFileError as error:
            raise SignersError(path, [str(error)]) from error
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise SignersError(path, [f"it is no YAML: {error}".replace("\n", " ")]) from error
        return cls.of(path, listed)

    @classmethod
    def of(cls, path: Path, listed: Any) -> SignerRegistry:
        """The registry of a list of entries, as YAML gives them; ``path`` is for the messages."""
        problems: list[str] = []
        signers: dict[str, Signer] = {}
        keys: dict[str, SSlibKey] = {}
        if not isinstance(listed, list):
            raise SignersError(path, ["it must be a list of signers"])
        for number, entry in enumerate(listed):
            where = f"[{number}]"
            found = _entry_problems(entry, where)
            problems += found
            if found:
                continue
            signer, key = _signer(entry, where, problems)
            if signer is None or key is None:
                continue
            if signer.key_id in signers:
                problems.append(
                    f"{where}.public_key: the key already belongs to "
                    f"{signers[signer.key_id].person}"
                )
            signers[signer.key_id], keys[signer.key_id] = signer, key
        if problems:
            raise SignersError(path, problems)
        return cls(signers, keys)

    def verify(self, envelope: Mapping[str, Any]) -> tuple[tuple[Signer, ...], tuple[str, ...]]:
        """Who signed the envelope, and a sentence for each signature that does not verify.

        Raises:
            GarbledError: the signatures cannot be read.
        """
        verified, problems = verified_key_ids(envelope, self.keys)
        return tuple(self.signers[key_id] for key_id in verified), problems

    def verify_evidence(
        self, envelope: Mapping[str, Any], moment: datetime
    ) -> tuple[tuple[str, ...], bool]:
        """Key ids that signed a record, and whether one was a runner's, valid at that moment.

        Raises:
            GarbledError: a signature that is present does not verify (rules d.4).
        """
        signers, problems = self.verify(envelope)
        if problems:
            raise GarbledError("; ".join(problems))
        by_runner = any(
            RUNNER_ROLE in signer.roles and signer.problem_at(moment) is None for signer in signers
        )
        return tuple(signer.key_id for signer in signers), by_runner

    def role_holders(self, role: str, moment: datetime) -> tuple[str, ...]:
        """Persons who hold the role at that moment."""
        return tuple(
            signer.person
            for signer in self.signers.values()
            if role in signer.roles and signer.problem_at(moment) is None
        )


def signer_entry(
    person: str, roles: Iterable[str], public_key: str, valid_from: datetime, **optional: Any
) -> dict[str, Any]:
    """One entry of ``signers.yaml`` as plain values, for those who generate the file."""
    entry = {
        "person": person,
        "roles": list(roles),
        "public_key": public_key,
        "valid_from": valid_from.astimezone(UTC).isoformat(),
    }
    return entry | optional


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 (the base class's signature)
        seen: set[str] = set()
        for key, _ in node.value:
            text = str(key.value)
            if text in seen:
                raise yaml.YAMLError(f"the key {text!r} is given twice{key.start_mark}")
            seen.add(text)
        return super().construct_mapping(node, deep)


def _entry_problems(entry: Any, where: str) -> list[str]:
    if not isinstance(entry, dict):
        return [f"{where}: it must be a mapping with {', '.join(_REQUIRED)}"]
    unknown = [f"{where}.{key}: unknown key" for key in entry if key not in _REQUIRED + _OPTIONAL]
    missing = [f"{where}.{key}: it is missing" for key in _REQUIRED if not entry.get(key)]
    typed = []
    if entry.get("person") and not (isinstance(entry["person"], str) and entry["person"].strip()):
        typed.append(f"{where}.person: it must be text")
    elif any(unicodedata.category(char)[0] == "C" for char in str(entry.get("person", ""))):
        typed.append(f"{where}.person: {entry['person']!a} has characters that nobody sees")
    roles = entry.get("roles")
    if roles and not (isinstance(roles, list) and all(isinstance(r, str) and r for r in roles)):
        typed.append(f"{where}.roles: it must be a list of role names")
    if entry.get("public_key") and not isinstance(entry["public_key"], str):
        typed.append(f"{where}.public_key: it must be PEM or OpenSSH text")
    return unknown + missing + typed


def _signer(
    entry: Mapping[str, Any], where: str, problems: list[str]
) -> tuple[Signer | None, SSlibKey | None]:
    before = len(problems)
    moments = {
        key: _moment(entry[key], f"{where}.{key}", problems)
        for key in ("valid_from", "valid_until", "revoked_at")
        if entry.get(key) is not None
    }
    try:
        key = read_public_key(entry["public_key"], f"{where}.public_key")
    except SigningKeyError as error:
        problems.append(str(error).replace(".public_key ", ".public_key: it ", 1))
        return None, None
    stated = entry.get("key_id")
    if stated is not None and stated != key.keyid:
        problems.append(f"{where}.key_id: it is {stated}, but the key's id is {key.keyid}")
    valid_from, valid_until = moments["valid_from"], moments.get("valid_until")
    if len(problems) > before or valid_from is None:
        return None, None
    if valid_until is not None and valid_until <= valid_from:
        problems.append(f"{where}.valid_until: it is not later than valid_from")
        return None, None
    signer = Signer(
        person=unicodedata.normalize("NFC", entry["person"].strip()),
        roles=tuple(entry["roles"]),
        key_id=str(key.keyid),
        valid_from=valid_from,
        valid_until=valid_until,
        revoked_at=moments.get("revoked_at"),
    )
    return signer, key


def _moment(value: Any, where: str, problems: list[str]) -> datetime | None:
    """A date (its first moment, UTC) or a time with its zone, as YAML or as text."""
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        parsed = None
    if isinstance(parsed, datetime):
        dated = isinstance(value, str) and len(value) == len("2026-01-01")
        if parsed.tzinfo is None and not dated:
            problems.append(f"{where}: the time {value} has no zone")
            return None
        return _in_utc(parsed.replace(tzinfo=parsed.tzinfo or UTC), where, problems)
    if isinstance(parsed, date):
        return datetime(parsed.year, parsed.month, parsed.day, tzinfo=UTC)
    problems.append(f"{where}: {value!r} is no date or time")
    return None


def _in_utc(moment: datetime, where: str, problems: list[str]) -> datetime | None:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        problems.append(f"{where}: {moment} is out of range")
        return None
