"""The bindings of one environment, and the one way to ask for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_roadmap.domain.outcome import BlockedError

ZERO_GUID = "00000000-0000-0000-0000-000000000000"


def is_placeholder(value: object) -> bool:
    """Whether a value stands for one that nobody has filled in yet."""
    if value is None or value in ("", [], {}):
        return True
    if not isinstance(value, str):
        return False
    text = value.strip()
    return (
        not text
        or text.upper() in ("TBD", "TODO")
        or (text.startswith("<") and text.endswith(">"))
        or text == ZERO_GUID
    )


@dataclass(frozen=True)
class Environment:
    """A validated environment file (kind ``embedded``, ``dev``, ``rehearsal`` or ``prod``)."""

    name: str
    kind: str
    bindings: Mapping[str, Any]
    source: str

    def get(self, key: str, default: Any = None) -> Any:
        """The value under a dotted key, or the default when absent or a placeholder."""
        node: Any = self.bindings
        for part in key.split("."):
            if not isinstance(node, Mapping) or part not in node:
                return default
            node = node[part]
        return default if is_placeholder(node) else node

    def require(self, key: str) -> Any:
        """The value under a dotted key, with no placeholder inside it.

        Raises:
            BlockedError: missing, empty or a placeholder: ``missing_binding(<key>)``.
        """
        value = self.get(key)
        hole = key if value is None else next(_holes(key, value), None)
        if hole is not None:
            raise BlockedError(
                "missing_binding", hole, f"set {hole} in {self.source}", owner="Platform"
            )
        return value

    def permits(self, mode: str) -> bool:
        """Whether ``safety.allow`` lists the mode and the kind does not forbid it (rules a.8)."""
        return mode in (self.get("safety.allow") or ()) and self.hard_limit(mode) is None

    def hard_limit(self, mode: str) -> str | None:
        """Why this kind never permits the mode, whatever ``safety.allow`` lists; None if it may.

        In production people run and switch; ``safety.production_cutover: execute`` is the one
        agreed exception for the switch.
        """
        if self.kind == "dev" and mode == "SWITCH":
            return "SWITCH is never permitted in an environment of kind dev"
        if self.kind == "prod" and mode == "RUN":
            return "RUN is observed in production, never triggered"
        executes = self.get("safety.production_cutover") == "execute"
        if self.kind == "prod" and mode == "SWITCH" and not executes:
            return "SWITCH in production needs safety.production_cutover: execute"
        return None


def _holes(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, str) and is_placeholder(value):
        yield key
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if isinstance(item, str) and item.strip() and is_placeholder(item):
                yield f"{key}.{name}"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _holes(f"{key}[{index}]", item)
