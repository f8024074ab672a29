"""Read ``.roadmap/blockers.yaml``: the external preconditions people registered as unmet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_roadmap.adapters.document.registers import Entry, read_entries
from pytest_roadmap.domain.effective import RegisteredBlocker

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_KEYS = ("task", "code", "condition", "owner", "since", "review_by")
#: The blocked codes of rules a.1; a code may name its subject in brackets.
CODES = (
    *("missing_binding", "access_not_granted", "asset_not_handed_over", "missing_tool", "no_data"),
    *("decision_open", "freeze", "licence", "external_team"),
)
_CODE = re.compile(rf"(?:{'|'.join(CODES)})(?:\([^()]+\))?")


def read_blockers(path: Path, tasks: Collection[str]) -> tuple[RegisteredBlocker, ...]:
    """The registered blockers of these tasks; none where the file is absent.

    Raises:
        RegisterError: the file is unreadable, or an entry is not complete, names no task of the
            roadmap or no code of the rules, or stands twice.
    """
    found: dict[tuple[str, str], RegisteredBlocker] = {}
    for entry in read_entries(path, _KEYS):
        blocker = _blocker(entry, tasks)
        key = blocker.task_id, blocker.code
        if key in found:
            raise entry.error("code", f"{blocker.task_id} has a blocker {blocker.code} already")
        found[key] = blocker
    return tuple(found.values())


def _blocker(entry: Entry, tasks: Collection[str]) -> RegisteredBlocker:
    blocker = RegisteredBlocker(
        task_id=entry.text("task"),
        code=entry.text("code"),
        condition=entry.text("condition"),
        owner=entry.text("owner"),
        since=entry.day("since"),
        review_by=entry.day("review_by"),
    )
    if blocker.task_id not in tasks:
        raise entry.error("task", f"{blocker.task_id} is no task of the roadmap")
    if not _CODE.fullmatch(blocker.code):
        raise entry.error("code", f"must be one of {', '.join(CODES)}")
    if blocker.review_by < blocker.since:
        raise entry.error("review_by", "must not be before since")
    return blocker
