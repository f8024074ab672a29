"""Read ``.roadmap/blockers.yaml``: the external preconditions people registered as unmet."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from pytest_roadmap.adapters.strict_yaml import MAX_BYTES, YamlProblemError, load_yaml
from pytest_roadmap.domain.effective import RegisteredBlocker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KEYS = ("task", "code", "condition", "owner", "since", "review_by")


class BlockersError(Exception):
    """The file of registered blockers cannot be used; one sentence."""


def read_blockers(path: Path) -> tuple[RegisteredBlocker, ...]:
    """The registered blockers; none where the file is absent.

    Raises:
        BlockersError: the file is unreadable or an entry is not complete.
    """
    try:
        if not path.exists():
            return ()
        with path.open("rb") as stream:
            content = load_yaml(stream.read(MAX_BYTES + 1))
    except OSError as error:
        raise BlockersError(f"{path}: cannot be read: {error.strerror}") from error
    except YamlProblemError as error:
        raise BlockersError(f"{path}: {error}") from error
    if content is None:
        return ()
    if not isinstance(content, list):
        raise BlockersError(f"{path}: must be a list of blockers")
    return tuple(_blockers(path, content))


def _blockers(path: Path, entries: list[Any]) -> Iterator[RegisteredBlocker]:
    for place, entry in enumerate(entries, start=1):
        where = f"{path}: blocker {place}"
        if not isinstance(entry, dict) or set(entry) != set(_KEYS):
            raise BlockersError(f"{where} must have exactly the keys {', '.join(_KEYS)}")
        for key in _KEYS:
            if not isinstance(entry[key], str) or not entry[key].strip():
                raise BlockersError(f"{where}: {key} must be text")
        yield RegisteredBlocker(
            task_id=entry["task"],
            code=entry["code"],
            condition=entry["condition"],
            owner=entry["owner"],
            since=_date(where, "since", entry["since"]),
            review_by=_date(where, "review_by", entry["review_by"]),
        )


def _date(where: str, key: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BlockersError(f"{where}: {key} must be a date yyyy-mm-dd") from error
