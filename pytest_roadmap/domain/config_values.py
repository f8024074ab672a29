"""Configuration files as flat keys and values, and what in them looks like a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_roadmap.domain.identifiers import is_guid, is_workspace_url, storage_path
from pytest_roadmap.domain.ports import FileChange
from pytest_roadmap.domain.redaction import Redactor
from pytest_roadmap.domain.secret_patterns import is_secret_key

_TELLING = re.compile(
    r"(?i:host|(?:^|[_-])ids?$|catalog|location|path|secret|scope)|[a-z0-9](?:Id|ID)s?$"
)
_INDEX = re.compile(r"(?:\[\d+\])+$")
_REFERENCE = re.compile(r"\{\{\s*secrets/([^/{}\s]+)/([^/{}\s]+)\s*\}\}")
_REFERENCE_START = re.compile(r"\{\{\s*secrets\b")
#: What may stand before a reference without being a part of the secret.
_SCHEME = re.compile(r"(?:bearer|basic|token)?", re.IGNORECASE)
#: Forty characters and more of base 64, in which letters of both cases and digits occur.
_LONG_BASE64 = re.compile(
    r"(?=[^\s]*[a-z])(?=[^\s]*[A-Z])(?=[^\s]*[0-9])(?:[A-Za-z0-9+/]{40,}={0,2}|[A-Za-z0-9_-]{40,})"
)
_LONG_SEGMENT = 16
#: Owners and contacts stand in a configuration on purpose.
_HARMLESS = "mail address"
#: A password or key inside a longer text, unless a reference stands there.
_ASSIGNED = re.compile(
    r"(?:password|passwd|pwd|account-?key|client[_-]?secret|shared-?access-?key)"
    r"=(?!\s*[{$%<])\s*[^\s;&,\"'{$]",
    re.IGNORECASE,
)
#: Keys of the storage driver, which end in the name of the account.
_STORAGE_KEY = re.compile(r"fs\.azure\.(?:account\.key|account\.oauth2\.client\.secret|sas)\.")
#: Fields that hold the value of the key above them.
_VALUE_FIELDS = frozenset({"value", "default", "literal", "plain", "plaintext", "text", "raw"})


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """One configuration file; ``values`` are nested, ``problem`` says why there are none.

    ``text`` may hold a literal secret, so no message shows it.
    """

    path: str
    sha256: str
    change: FileChange
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SecretReference:
    """The name of a secret: its scope and its key."""

    scope: str
    key: str


def merged(files: Sequence[ConfigFile]) -> Mapping[str, Any]:
    """What is in force when every file is laid over the ones before it; lists are replaced."""
    found: dict[str, Any] = {}
    for file in files:
        found = _laid_over(found, file.values)
    return found


def _laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = _laid_over(below, value) if both else value  # type: ignore[arg-type]
    return result


def leaves(values: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value under its dotted key; a key that holds a dot itself stands in quotes."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            name = f'"{key}"' if "." in str(key) else str(key)
            yield from leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(values, list):
        for index, value in enumerate(values):
            yield from leaves(value, f"{path}[{index}]")
    else:
        yield path, values


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """The value under a dotted key, or a single one as ``leaves`` names it; None without one."""
    node: Any = values
    for part in path.split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    return dict(leaves(values)).get(path) if node is None else node


def as_text(value: Any) -> str | None:
    """A single value as it is compared: text, or a whole number that was written without quotes."""
    if isinstance(value, bool):
        return None
    return str(value) if isinstance(value, str | int) and str(value).strip() else None


def shown(text: str | None) -> str | None:
    """A value as messages and records may show it: what looks like a secret is left out."""
    if text is None or not (_kinds(text) or _is_long_base64(text.strip())):
        return text
    return "(looks like a secret)"


def telling(path: str) -> bool:
    """Whether a key by its name is one of those that must be compared with a measured value."""
    return any(_TELLING.search(_INDEX.sub("", part)) for part in path.split("."))


def telling_value(value: Any) -> bool:
    """Whether a value is by its form a host, an id or a place, whatever its key is called."""
    text = value.strip() if isinstance(value, str) else ""
    return (
        is_guid(text)
        or is_workspace_url(text)
        or storage_path(text) is not None
        or text.lower().startswith("/subscriptions/")
    )


def reference_of(value: Any) -> SecretReference | None:
    """The secret that a value names: ``{{secrets/<scope>/<key>}}``, or fields scope and key."""
    if isinstance(value, Mapping):
        scope, key = value.get("scope"), value.get("key")
        named = set(value) == {"scope", "key"} and isinstance(scope, str) and isinstance(key, str)
        return SecretReference(str(scope), str(key)) if named and scope and key else None
    found = _REFERENCE.fullmatch(value.strip()) if isinstance(value, str) else None
    return SecretReference(found[1], found[2]) if found else None


def references_in(value: Any) -> tuple[SecretReference, ...]:
    """Every secret that a text names somewhere in it."""
    found = _REFERENCE.findall(value) if isinstance(value, str) else ()
    return tuple(SecretReference(scope, key) for scope, key in found)


def broken_reference(value: Any) -> bool:
    """Whether a text begins more references than it names secrets."""
    if not isinstance(value, str):
        return False
    return len(_REFERENCE_START.findall(value)) > len(references_in(value))


def literal_problems(file: ConfigFile) -> tuple[str, ...]:
    """Where a file holds a secret itself; no message shows it."""
    return tuple(dict.fromkeys((*_shaped_lines(file), *_telling_values(file))))


def _shaped_lines(file: ConfigFile) -> Iterator[str]:
    if not _kinds(file.text):
        return
    found = False
    for number, line in enumerate(file.text.splitlines(), 1):
        if kinds := _kinds(line):
            found = True
            yield f"{file.path} line {number} holds a literal secret ({', '.join(kinds)})"
    if not found:
        kinds = _kinds(file.text)
        yield f"{file.path} holds a literal secret over several lines ({', '.join(kinds)})"


def _kinds(text: str) -> list[str]:
    return [kind for kind in Redactor().leaks(text) if kind != _HARMLESS]


def _telling_values(file: ConfigFile) -> Iterator[str]:
    for path, value in leaves(file.values):
        if value is None or isinstance(value, bool):
            continue
        text = str(value).strip()
        rest = _REFERENCE.sub(" ", text).strip()
        if _is_literal(file, path, value, rest):
            yield f"{file.path}: {path} is a literal, expected {{{{secrets/<scope>/<key>}}}}"
        elif _ASSIGNED.search(text):
            yield f"{file.path}: {path} holds a literal secret (a password inside a text)"
        elif any(_is_long_base64(word) for word in rest.split()):
            yield f"{file.path}: {path} holds a literal secret (a long base64 text)"
        elif _kinds(text) and not _kinds(file.text):
            yield f"{file.path}: {path} holds a literal secret ({', '.join(_kinds(text))})"


def _names_secret(file: ConfigFile, path: str, value: Any) -> bool:
    """Whether a key is that of a secret, or holds the value of one in a list or a field."""
    *above, last = path.split(".")
    name = _INDEX.sub("", last)
    if is_secret_key(name) or not isinstance(value, str):
        return is_secret_key(name)
    if _STORAGE_KEY.search(path):
        return True
    holders = [name] if name != last else []
    if name.lower() in _VALUE_FIELDS:
        holders += [_INDEX.sub("", part) for part in above[-1:]]
        beside = (value_at(file.values, ".".join((*above, each))) for each in ("name", "key"))
        holders += [each for each in beside if isinstance(each, str)]
    return any(is_secret_key(each) or is_secret_key(each.removesuffix("s")) for each in holders)


def _is_literal(file: ConfigFile, path: str, value: Any, rest: str) -> bool:
    """Whether ``rest``, which is left beside the references of a value, is a secret by its key."""
    if not rest or not _names_secret(file, path, value) or _SCHEME.fullmatch(rest):
        return False
    connects = path.lower().replace("_", "").replace("-", "").endswith("connectionstring")
    return not (connects and references_in(value))


def _is_long_base64(text: str) -> bool:
    """Whether a text is one long random word; a path of short names is none."""
    if not _LONG_BASE64.fullmatch(text) or text.startswith("/"):
        return False
    return max(map(len, text.split("/"))) >= _LONG_SEGMENT and text.count("-") <= 2  # noqa: PLR2004
