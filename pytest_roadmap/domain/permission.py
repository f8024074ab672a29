"""What a scenario may do in an environment, by its mode tags (rules a.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

READ_ONLY = "RO"

#: The mode tags of a scenario.
MODES = (READ_ONLY, "NOOP", "PROBE", "RUN", "SWITCH", "CANARY", "NOTIFY")

#: Modes that an environment kind refuses even where its file allows them.
_NEVER: Mapping[str, frozenset[str]] = {"dev": frozenset({"SWITCH"}), "prod": frozenset({"RUN"})}

#: Modes of a kind that need more than ``safety.allow``: the key and the value it must have.
_ONLY_WITH: Mapping[tuple[str, str], tuple[str, str]] = {
    ("prod", "SWITCH"): ("safety.production_cutover", "execute"),
}


def refused_mode(
    modes: Iterable[str], kind: str, allow: Iterable[str], get: Callable[[str], Any]
) -> str | None:
    """The first mode that the environment does not permit; reading is always permitted.

    Args:
        modes: the mode tags of the scenario; all must be permitted.
        kind: the kind of the environment.
        allow: its ``safety.allow``.
        get: gives the value under a dotted key of the environment file.
    """
    allowed = frozenset(allow)
    for mode in modes:
        key, value = _ONLY_WITH.get((kind, mode), ("", ""))
        limited = mode in _NEVER.get(kind, ()) or (key != "" and get(key) != value)
        if mode != READ_ONLY and (mode not in allowed or limited):
            return mode
    return None


def freeze_at(freezes: Iterable[Mapping[str, Any]], today: date) -> str | None:
    """The reference of the change freeze that holds on that day (both ends included), if any."""
    for freeze in freezes:
        start, end = freeze.get("from"), freeze.get("to")
        if start and end and str(start) <= today.isoformat() <= str(end):
            return str(freeze.get("ref") or f"{start} to {end}")
    return None
