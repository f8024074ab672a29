"""Read ``.roadmap/dedupe.yaml``: what people decided on tasks that look alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.adapters.document.registers import Entry, read_entries
from pytest_roadmap.domain.quality.qa02 import Adjudication, Judgement

if TYPE_CHECKING:
    from pathlib import Path

_KEYS = ("pair", "verdict", "reason", "reviewer", "date", "digest")


def read_dedupe(path: Path) -> tuple[Adjudication, ...]:
    """The adjudications of the file; none where it is absent.

    Raises:
        RegisterError: the file is unreadable, or an entry is not complete or stands twice.
    """
    found: dict[frozenset[str], Adjudication] = {}
    for entry in read_entries(path, _KEYS):
        read = _adjudication(entry)
        if read.pair in found:
            raise entry.error("pair", "has an entry already")
        found[read.pair] = read
    return tuple(found.values())


def _adjudication(entry: Entry) -> Adjudication:
    pair = entry.texts("pair")
    if len(pair) != 2:  # noqa: PLR2004 - a pair
        raise entry.error("pair", "must name two tasks")
    judgement = entry.text("verdict")
    if judgement not in tuple(Judgement):
        raise entry.error("verdict", f"must be one of {', '.join(Judgement)}")
    entry.text("reason")
    entry.day("date")
    entry.inner("reviewer", entry.fields["reviewer"], ("role", "name")).text("role")
    digests = entry.inner("digest", entry.fields["digest"], pair)
    return Adjudication(
        frozenset(pair), Judgement(judgement), {name: digests.text(name) for name in pair}
    )
