"""What people register beside the document: a YAML list of entries, read strictly.

An absent file holds nothing; anything else that is no complete entry makes the file unusable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from pytest_roadmap.adapters.strict_yaml import MAX_BYTES, YamlProblemError, load_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class RegisterError(Exception):
    """The file cannot be used: which file, which key of which entry, and one sentence why."""

    def __init__(self, path: Path, key: str, sentence: str) -> None:
        super().__init__(f"{path}: {key}: {sentence}" if key else f"{path}: {sentence}")
        self.key = key
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Entry:
    """One mapping of the file; ``key`` names its place: ``[2]`` or ``[2].requested_by``."""

    path: Path
    key: str
    fields: Mapping[str, Any]

    def error(self, name: str, sentence: str) -> RegisterError:
        """The error of one field of this entry."""
        return RegisterError(self.path, f"{self.key}.{name}" if name else self.key, sentence)

    def text(self, name: str) -> str:
        """A field that must hold text."""
        value = self.fields[name]
        if not isinstance(value, str) or not value.strip():
            raise self.error(name, "must be text")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A field that must be a list of texts, none twice; it may be empty."""
        value = self.fields[name]
        if not isinstance(value, list):
            raise self.error(name, "must be a list")
        if not all(isinstance(item, str) and item.strip() for item in value):
            raise self.error(name, "must be a list of texts")
        if len(set(value)) < len(value):
            raise self.error(name, "names something twice")
        return tuple(value)

    def day(self, name: str) -> date:
        """A field that must be a UTC date ``yyyy-mm-dd``, spelled exactly so."""
        value = self.fields[name]
        if isinstance(value, str) and _DATE.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError as error:
                raise self.error(name, f"{value} is no day of the calendar") from error
        raise self.error(name, "must be a date yyyy-mm-dd (UTC)")

    def inner(self, name: str, value: object, keys: tuple[str, ...]) -> Entry:
        """A mapping inside this entry with exactly these keys."""
        return _entry(self.path, f"{self.key}.{name}", value, keys)


def read_entries(path: Path, keys: tuple[str, ...]) -> Iterator[Entry]:
    """The entries of the file, each with exactly these keys.

    Raises:
        RegisterError: the file is unreadable, no list, or an entry has other keys.
    """
    try:
        if not path.exists():
            return
        with path.open("rb") as stream:
            content = load_yaml(stream.read(MAX_BYTES + 1))
    except OSError as error:
        raise RegisterError(path, "", f"cannot be read: {error.strerror}") from error
    except YamlProblemError as error:
        raise RegisterError(path, "", str(error)) from error
    if content is None:
        return
    if not isinstance(content, list):
        raise RegisterError(path, "", "must be a list of entries")
    for place, value in enumerate(content, start=1):
        yield _entry(path, f"[{place}]", value, keys)


def _entry(path: Path, key: str, value: object, keys: tuple[str, ...]) -> Entry:
    if not isinstance(value, dict):
        raise RegisterError(path, key, f"must be a mapping with the keys {', '.join(keys)}")
    for name in value:
        if name not in keys:
            raise RegisterError(path, f"{key}.{name}", f"is not one of the keys {', '.join(keys)}")
    for name in keys:
        if name not in value:
            raise RegisterError(path, f"{key}.{name}", "is missing")
    return Entry(path, key, value)
