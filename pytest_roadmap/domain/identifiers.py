"""The grammars of the identifiers that a handover names, and when two of them are the same."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pytest_roadmap.domain.environment import ZERO_GUID

_GUID_GROUPS = (8, 4, 4, 4, 12)
_HEX = frozenset("0123456789abcdefABCDEF")
_DFS_SUFFIX = ".dfs.core.windows.net"
_WORKSPACE_SUFFIX = ".azuredatabricks.net"

#: Every normalisation a comparison may declare (``audit.normalise``).
NORMALISATIONS = frozenset({"guid_case", "trailing_slash", "host_case"})


@dataclass(frozen=True, slots=True)
class StoragePath:
    """A place in a storage account: ``abfss://<container>@<account>.dfs.core.windows.net/<path>``."""

    account: str
    container: str
    path: str


def is_guid(text: str) -> bool:
    """Whether the text is a GUID in 8-4-4-4-12 form; the all-zero one is a placeholder."""
    groups = text.split("-")
    return (
        tuple(len(group) for group in groups) == _GUID_GROUPS
        and _HEX.issuperset("".join(groups))
        and text != ZERO_GUID
    )


def is_arm_id(text: str, resource_type: str) -> bool:
    """Whether the text is the ARM id of one resource of that type (``Microsoft.X/things``)."""
    parts = text.split("/")
    fixed = [part.casefold() for part in (*parts[:2], *parts[3:4], *parts[5:8])]
    expected = ["", "subscriptions", "resourcegroups", "providers", *resource_type.split("/")]
    names = (*parts[4:5], *parts[8:9])
    return (
        len(parts) == 9  # noqa: PLR2004 - a resource-group level id has exactly these parts
        and fixed == [part.casefold() for part in expected]
        and is_guid(parts[2])
        and all(name.strip() == name and name for name in names)
    )


def storage_path(url: str) -> StoragePath | None:
    """The parts of an ``abfss`` URL, or None when it is none."""
    parts = urlsplit(url)
    container, _, host = parts.netloc.rpartition("@")
    account = host.lower().removesuffix(_DFS_SUFFIX)
    well_formed = (
        parts.scheme == "abfss"
        and host.lower().endswith(_DFS_SUFFIX)
        and account.isalnum()
        and bool(container)
        and not (parts.query or parts.fragment)
    )
    return StoragePath(account, container, parts.path.strip("/")) if well_formed else None


def is_workspace_url(text: str) -> bool:
    """Whether the text is ``https://adb-<workspace id>.<n>.azuredatabricks.net``."""
    parts = urlsplit(text)
    host = parts.netloc.lower()
    labels = host.removesuffix(_WORKSPACE_SUFFIX).removeprefix("adb-").split(".")
    return (
        parts.scheme == "https"
        and host.startswith("adb-")
        and host.endswith(_WORKSPACE_SUFFIX)
        and len(labels) == 2  # noqa: PLR2004 - workspace id and shard number
        and all(label.isdigit() for label in labels)
        and parts.path in ("", "/")
    )


def is_dotted_name(text: str, parts: Collection[int]) -> bool:
    """Whether the text is a Unity Catalog name with that many parts, none empty or spaced."""
    names = text.split(".")
    return len(names) in parts and all(
        name and not any(c.isspace() or c in "/\\`'\"" for c in name) for name in names
    )


def is_inside(url: str, parent: str) -> bool:
    """Whether a storage URL is the parent or lies below it; ``/data2`` is not inside ``/data``."""
    child, outer = storage_path(url), storage_path(parent)
    if child is None or outer is None or ".." in child.path.split("/"):
        return False
    same_container = (child.account, child.container) == (outer.account, outer.container)
    return same_container and (child.path + "/").startswith(outer.path + "/" if outer.path else "")


def normalise(value: Any, rules: Collection[str]) -> Any:
    """The value in the form the declared rules compare; values other than text stay as they are."""
    if isinstance(value, list):
        return [normalise(item, rules) for item in value]
    if not isinstance(value, str):
        return value
    text = value
    if "host_case" in rules and "://" in text:
        parts = urlsplit(text)
        container, at, host = parts.netloc.rpartition("@")
        text = urlunsplit(parts._replace(netloc=container + at + host.lower()))
    if "trailing_slash" in rules:
        text = text.rstrip("/") or text
    if "guid_case" in rules:
        text = "/".join(part.lower() if is_guid(part) else part for part in text.split("/"))
    return text


def same(left: Any, right: Any) -> bool:
    """Whether two platform values name one thing: ARM ids ignore case, URLs their host's case."""
    one, other = normalise(left, NORMALISATIONS), normalise(right, NORMALISATIONS)
    if isinstance(one, str) and isinstance(other, str) and one.startswith("/"):
        return one.casefold() == other.casefold()
    return type(one) is type(other) and bool(one == other)
