"""Read ``.roadmap/source_items.yaml``: the tasks of items whose documents do not name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.adapters.document.registers import read_entries

if TYPE_CHECKING:
    from pathlib import Path

_KEYS = ("item", "task")


def read_mapping(path: Path) -> dict[str, str]:
    """The task of each item of ``source_items.yaml``; none where the file is absent.

    Raises:
        RegisterError: the file is unreadable, or an entry is not complete or stands twice.
    """
    found: dict[str, str] = {}
    for entry in read_entries(path, _KEYS):
        item = entry.text("item")
        if item in found:
            raise entry.error("item", f"{item} has an entry already")
        found[item] = entry.text("task")
    return found
