"""What may be written down: known secrets, token shapes and personal data are removed (rules d.3).

Two independent nets. ``Redactor.redact`` replaces what it finds in plain values; ``leaks`` then
looks at the text that is about to be written, and a hit there stops the writer. Kept on purpose:
ARM ids, request ids, group names, GUIDs, digests, timestamps, ULIDs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pytest_roadmap.domain.known_secrets import SecretRegistry, extend_over_base64
from pytest_roadmap.domain.secret_patterns import (
    DENY,
    MARK,
    PHONE_HINT,
    PHONES,
    SHAPES,
    TRIGGERS,
    is_host_only_key,
    is_secret_key,
)

RULES_VERSION = "v1"
_MAX_DEPTH = 100
_MAX_PASSES = 5
_SEPARATOR = "\x1f"
_ESCAPED = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_LITERAL_ESCAPES = frozenset('\\`*_[]|~#!/"')


class LeakError(Exception):
    """Text about to be written still looks like it holds a secret; it names kinds, never values."""

    def __init__(self, kinds: tuple[str, ...]) -> None:
        super().__init__(
            "nothing was written, because the text still holds what looks like: " + ", ".join(kinds)
        )
        self.kinds = kinds


@dataclass(frozen=True, slots=True)
class Redacted:
    """A value fit to be written, as plain JSON, and how many places were replaced in it."""

    value: Any
    count: int


def mark(kind: str) -> str:
    """What stands in place of a removed value."""
    return f"[redacted:{kind}]"


class Redactor:
    """Removes secrets from plain values; linear in their size.

    ``secrets`` may grow while the run goes on (tokens of further subjects).
    """

    def __init__(self, secrets: SecretRegistry | Iterable[str] = ()) -> None:
        self.secrets = secrets if isinstance(secrets, SecretRegistry) else SecretRegistry(secrets)

    def redact(self, value: Any) -> Redacted:
        """The value with every secret replaced; untouched values come back as they are."""
        leaves: list[str] = []
        plain = _collect(value, leaves, numbers=self.secrets.numeric)
        joined = _SEPARATOR.join(leaves)
        known = self.secrets.occurs_in(joined)
        shaped = _may_hold_a_shape(joined)
        if plain and not known and not shaped:
            return Redacted(value, 0)
        walk = _Walk(self.secrets if known else None, shaped=shaped)
        return Redacted(walk.value(value, 0), walk.count)

    def redact_text(self, text: str) -> str:
        """One string with every secret replaced."""
        return str(self.redact(text).value)

    def leaks(self, text: str) -> tuple[str, ...]:
        """Kinds of secrets that the text (JSON lines or Markdown) still seems to hold."""
        plain = _ESCAPED.sub(_unescaped, text) if "\\" in text else text
        lowered = plain.lower()
        kinds = [
            kind
            for kind, triggers, pattern in DENY
            if _holds_any(lowered, triggers) and pattern.search(plain)
        ]
        if self.secrets.occurs_in(text):
            kinds.insert(0, "known secret")
        return tuple(kinds)

    def assert_clean(self, text: str) -> None:
        """The deny scan.

        Raises:
            LeakError: the text still seems to hold a secret.
        """
        kinds = self.leaks(text)
        if kinds:
            raise LeakError(kinds)


def redact(value: Any, secrets: SecretRegistry | Iterable[str] = ()) -> Redacted:
    """The value without secrets; see ``Redactor``."""
    return Redactor(secrets).redact(value)


def assert_clean(text: str, secrets: SecretRegistry | Iterable[str] = ()) -> None:
    """The deny scan over text that is about to be written; raises ``LeakError``."""
    Redactor(secrets).assert_clean(text)


def _unescaped(match: re.Match[str]) -> str:
    """The character that JSON or Markdown escaped; white space for controls and code points."""
    escaped = match[0][1:]
    return escaped if escaped in _LITERAL_ESCAPES else " "


def _may_hold_a_shape(text: str) -> bool:
    lowered = text.lower()
    return _holds_any(lowered, TRIGGERS) or bool(PHONE_HINT.search(text))


#: For single texts: keys, step texts and package names come again in every record of a run.
_text_may_hold_a_shape = lru_cache(maxsize=4096)(_may_hold_a_shape)


def _holds_any(text: str, words: Iterable[str]) -> bool:
    for word in words:  # noqa: SIM110 - a generator costs twice as much, and this runs for every text
        if word in text:
            return True
    return False


def _collect(root: Any, leaves: list[str], *, numbers: bool) -> bool:
    """Gather keys and strings (and whole numbers, where a secret is one).

    Returns whether the value is plain JSON without keys that need a look.
    """
    plain = True
    stack = [(root, 0)]
    while stack:
        value, depth = stack.pop()
        kind = type(value)
        if kind is str:
            leaves.append(value)
        elif kind is dict:
            plain = plain and depth < _MAX_DEPTH and not _needs_a_look(value)
            leaves.extend(key for key in value if isinstance(key, str))
            stack.extend((item, depth + 1) for item in value.values())
        elif kind is list:
            plain = plain and depth < _MAX_DEPTH
            stack.extend((item, depth + 1) for item in value)
        elif kind is float:
            plain = plain and math.isfinite(value)
        elif kind is int and numbers:
            leaves.append(str(value))
        elif not (value is None or kind in (bool, int)):
            plain = False
            _collect_odd(value, depth, leaves, stack)
    return plain


def _collect_odd(value: Any, depth: int, leaves: list[str], stack: list[tuple[Any, int]]) -> None:
    if isinstance(value, Mapping):
        leaves.extend(map(str, value))
        stack.extend((item, depth + 1) for item in value.values())
    elif isinstance(value, (list, tuple, set, frozenset)):
        stack.extend((item, depth + 1) for item in value)
    else:
        leaves.append(_as_text(value))


def _needs_a_look(mapping: Mapping[Any, Any]) -> bool:
    for key in mapping:
        if type(key) is not str:
            return True
        if is_secret_key(key) or is_host_only_key(key):
            return True
    return _names_a_secret(mapping)


def _names_a_secret(mapping: Mapping[Any, Any]) -> bool:
    """Whether this is ``{name: password, value: …}``, as parameters and headers are listed."""
    if "value" not in mapping:
        return False
    name = mapping.get("name", mapping.get("key"))
    return isinstance(name, str) and is_secret_key(name)


def _as_text(value: Any) -> str:
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "backslashreplace")
    return str(value)


class _Walk:
    """One pass over one value; counts what it replaces."""

    def __init__(self, secrets: SecretRegistry | None, *, shaped: bool) -> None:
        self._secrets = secrets
        self._shaped = shaped
        self.count = 0

    def value(self, value: Any, depth: int) -> Any:
        if value is None or type(value) is bool:
            return value
        if type(value) is int or (isinstance(value, float) and math.isfinite(value)):
            return self._number(value)
        if isinstance(value, (Mapping, list, tuple, set, frozenset)):
            return self._container(value, depth)
        return self._text(_as_text(value))

    def _container(self, value: Any, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            return self._replaced("nested too deep")
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        items = value if isinstance(value, (list, tuple)) else sorted(value, key=str)
        return [self.value(item, depth + 1) for item in items]

    def _number(self, value: float) -> float | str:
        if self._secrets is None or not self._secrets.numeric:
            return value
        text = self._without_known(str(value), self._secrets)
        return value if text == str(value) else text

    def _mapping(self, mapping: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        named = _names_a_secret(mapping)
        out: dict[str, Any] = {}
        for key, item in mapping.items():
            name = str(key)
            if is_secret_key(name) or (named and key == "value"):
                kept = self._hidden(item, depth + 1)
            elif is_host_only_key(name) and isinstance(item, str):
                kept = self._host_only(item)
            else:
                kept = self.value(item, depth + 1)
            out[self._text(str(key))] = kept
        return out

    def _hidden(self, value: Any, depth: int) -> Any:
        """A value under a telling key: booleans and null are findings, everything else goes."""
        if value is None or isinstance(value, bool) or value == "":
            return value
        if isinstance(value, str) and MARK.fullmatch(value):
            return value
        below = depth + 1
        if isinstance(value, Mapping) and below <= _MAX_DEPTH:
            return {self._text(str(key)): self._hidden(item, below) for key, item in value.items()}
        if isinstance(value, (list, tuple)) and below <= _MAX_DEPTH:
            return [self._hidden(item, below) for item in value]
        return self._replaced("secret")

    def _host_only(self, url: str) -> str:
        scheme, found, rest = url.partition("://")
        if not found:
            return self._replaced("webhook") if url else url
        host, slash, path = rest.partition("/")
        host = host.rpartition("@")[2].partition("?")[0]
        if not slash or not path or MARK.fullmatch(path):
            return self._text(f"{scheme}://{host}{slash}{path}")
        return f"{scheme}://{self._text(host)}/" + self._replaced("webhook")

    def _text(self, text: str) -> str:
        if self._secrets is not None:
            text = self._without_known(text, self._secrets)
        if self._shaped and _text_may_hold_a_shape(text):
            text = self._without_shapes(text)
        return text

    def _without_shapes(self, text: str) -> str:
        """Replace until nothing is found: what stays in front of a mark may hold another secret."""
        for _ in range(_MAX_PASSES):
            before = text
            text = PHONES.sub(self._shape, SHAPES.sub(self._shape, text))
            if text == before:
                break
        return text

    def _shape(self, match: Any) -> str:
        kind: str = match.lastgroup
        if kind == "keep":
            return str(match[0])
        self.count += 1
        kept = match[kind]
        return f"{kept}***" if kind == "mail" else kept + mark(kind.replace("_", " "))

    def _without_known(self, text: str, secrets: SecretRegistry) -> str:
        text = self._replace_spans(text, secrets.spans(text))
        return self._replace_spans(text, secrets.base64_spans(text), extend_over_base64)

    def _replace_spans(
        self,
        text: str,
        spans: Iterable[tuple[int, int]],
        widen: Callable[[str, int, int], tuple[int, int]] | None = None,
    ) -> str:
        pieces: list[str] = []
        position = 0
        for found_start, found_end in spans:
            start, end = (found_start, found_end)
            if widen is not None:
                start, end = widen(text, start, end)
            if end <= position:
                continue
            pieces += (text[position : max(start, position)], self._replaced("known secret"))
            position = end
        return "".join((*pieces, text[position:])) if pieces else text

    def _replaced(self, kind: str) -> str:
        self.count += 1
        return mark(kind)
