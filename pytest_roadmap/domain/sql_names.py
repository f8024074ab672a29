"""SQL identifiers from validated bindings; values never go this way, they are parameters."""

from __future__ import annotations

_MAX_LENGTH = 255
#: Unity Catalog allows none of these in an object name.
_FORBIDDEN = frozenset("./ \x7f")


def quote_identifier(name: str) -> str:
    """One part of a name in backticks, a backtick inside doubled.

    Raises:
        ValueError: empty, too long, or with a character that no object name may hold.
    """
    if not name or len(name) > _MAX_LENGTH:
        raise ValueError(f"an identifier has 1 to {_MAX_LENGTH} characters: {name[:40]!r}")
    if any(char in _FORBIDDEN or ord(char) < ord(" ") for char in name):
        raise ValueError(f"not an identifier: {name!r}")
    return "`" + name.replace("`", "``") + "`"


def quote_full_name(full_name: str) -> str:
    """A dotted name such as ``main.silver.txn`` with every part quoted."""
    return ".".join(quote_identifier(part) for part in full_name.split("."))


def quote_principal(name: str) -> str:
    """A user, group or service principal as GRANT names it; dots and spaces are allowed here."""
    if not name or any(ord(char) < ord(" ") for char in name):
        raise ValueError(f"not a principal: {name!r}")
    return "`" + name.replace("`", "``") + "`"
