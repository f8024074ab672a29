"""The operating lock of a document and the history that leads to it."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

_HEX = frozenset("0123456789abcdef")
_DIGEST_PREFIX = "sha256:"
_DIGEST_LENGTH = 64
_VERSION_PARTS = 3


@dataclass(frozen=True, slots=True)
class Lock:
    """The version under which a document is frozen, and the digests it froze."""

    version: str
    at: datetime
    digest: str
    template_digest: str


@dataclass(frozen=True, slots=True)
class ChangeEntry:
    """One line of the changelog; ``prev_digest`` is empty for the first version."""

    version: str
    at: datetime | None
    author: str
    reason: str
    digest: str
    prev_digest: str


@dataclass(frozen=True, slots=True)
class LockedDocument:
    """A document with its lock and history, as found; ``digest`` is recomputed from its content."""

    digest: str
    lock: Lock | None
    history: tuple[ChangeEntry, ...]
    template_digest: str

    @property
    def locked_at(self) -> datetime | None:
        """When it was locked, if it is."""
        return self.lock.at if self.lock else None


def canonical_digest(content: bytes) -> str:
    """SHA-256 of a text in its canonical form: UTF-8, NFC, LF ends; every other byte counts."""
    text = content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    normal = unicodedata.normalize("NFC", text)
    return _DIGEST_PREFIX + hashlib.sha256(normal.encode("utf-8")).hexdigest()


def read_time(value: Any) -> datetime | None:
    """A UTC time from YAML or ISO text; None without a time zone or when it is no time."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    return value.astimezone(UTC)


def read_lock(data: Any) -> Lock | None:
    """The lock in plain values; None when it names no version, time or digest."""
    if not isinstance(data, Mapping):
        return None
    at = read_time(data.get("at"))
    texts = [str(data.get(key) or "") for key in ("version", "digest", "template_digest")]
    return Lock(texts[0], at, texts[1], texts[2]) if at is not None and all(texts) else None


def read_history(data: Any) -> tuple[ChangeEntry, ...]:
    """The changelog in plain values, oldest first; what is no entry counts as an empty one."""
    entries = data.get("entries") if isinstance(data, Mapping) else data
    return tuple(_entry(entry) for entry in entries) if isinstance(entries, list) else ()


def _entry(data: Any) -> ChangeEntry:
    values = data if isinstance(data, Mapping) else {}
    keys = ("version", "author", "reason", "digest", "prev_digest")
    text = {key: str(values.get(key) or "").strip() for key in keys}
    return ChangeEntry(at=read_time(values.get("at")), **text)


def lock_problems(document: LockedDocument) -> tuple[str, ...]:
    """Why the document is not locked as it stands now; empty when it is."""
    lock = document.lock
    if lock is None:
        return ("no lock with version, time and digests is recorded",)
    return tuple(_lock_problems(document, lock))


def _lock_problems(document: LockedDocument, lock: Lock) -> Iterator[str]:
    for what, digest in (("digest", lock.digest), ("template", lock.template_digest)):
        if not is_digest(digest):
            yield f"the lock names {digest} as {what}, which is no digest"
    if lock.digest != document.digest:
        yield f"the lock froze {lock.digest}, the document is now {document.digest}"
    if lock.template_digest != document.template_digest:
        yield (
            f"the lock names the template {lock.template_digest}, "
            f"the template is now {document.template_digest}"
        )
    if not document.history:
        yield "the changelog has no entry for the locked version"
        return
    newest = document.history[-1]
    if newest.version != lock.version:
        yield f"the lock is at {lock.version}, the changelog ends at {newest.version}"
    if newest.digest != lock.digest:
        yield f"the changelog ends at digest {newest.digest}, the lock froze {lock.digest}"
    if newest.at is not None and lock.at < newest.at:
        yield f"the lock of {lock.at.isoformat()} is older than its version"


def history_problems(document: LockedDocument, now: datetime) -> tuple[str, ...]:
    """Why the history does not account for every change up to now; empty when it does."""
    history = document.history
    if not history:
        return ("the changelog is empty",)
    problems = [
        f"{entry.version or 'an entry'}: {problem}"
        for entry in history
        for problem in _entry_problems(entry, now)
    ]
    if history[0].prev_digest:
        problems.append(f"{history[0].version} builds on a version that is not in the changelog")
    if document.lock is not None and document.lock.at > now:
        problems.append(f"the lock is dated in the future ({document.lock.at.isoformat()})")
    return tuple(problems + [p for pair in pairwise(history) for p in _step_problems(*pair)])


def _entry_problems(entry: ChangeEntry, now: datetime) -> Iterator[str]:
    for key in ("author", "reason"):
        if not getattr(entry, key):
            yield f"names no {key}"
    if parse_version(entry.version) is None:
        yield "is no version of the form 1.2.3"
    if not is_digest(entry.digest):
        yield f"{entry.digest or 'nothing'} is no digest"
    if entry.at is None:
        yield "has no time in UTC"
    elif entry.at > now:
        yield f"is dated in the future ({entry.at.isoformat()})"


def _step_problems(before: ChangeEntry, after: ChangeEntry) -> Iterator[str]:
    older, newer = parse_version(before.version), parse_version(after.version)
    if older is not None and newer is not None and newer <= older:
        yield f"{after.version} follows {before.version}, which is not lower"
    if after.prev_digest != before.digest:
        yield f"{after.version} builds on {after.prev_digest or 'nothing'}, not on {before.version}"
    if before.at is not None and after.at is not None and after.at < before.at:
        yield f"{after.version} is dated before {before.version}"


def parse_version(text: str) -> tuple[int, int, int] | None:
    """The three numbers of a version; None for anything else, leading zeros included."""
    parts = text.split(".")
    if len(parts) != _VERSION_PARTS or any(not _is_number(part) for part in parts):
        return None
    return int(parts[0]), int(parts[1]), int(parts[2])


def _is_number(part: str) -> bool:
    return part.isascii() and part.isdigit() and (part == "0" or not part.startswith("0"))


def is_digest(text: str) -> bool:
    """Whether the text is ``sha256:`` and 64 hexadecimal digits."""
    digits = text.removeprefix(_DIGEST_PREFIX)
    return (
        text.startswith(_DIGEST_PREFIX)
        and len(digits) == _DIGEST_LENGTH
        and _HEX.issuperset(digits)
    )
