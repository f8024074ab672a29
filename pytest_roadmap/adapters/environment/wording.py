"""What JSON Schema found, as one sentence for the person who fills in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import ValidationError

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping of keys",
    "array": "a list",
}
_SIZES = {
    "minItems": "expected at least {} entries",
    "maxItems": "expected at most {} entries",
    "minLength": "expected at least {} characters",
}
#: A value is shown, but a secret pasted into the wrong key must not reach a log.
_SHOWN_LENGTH = 24


def key_of(path: Iterable[str | int]) -> str:
    """A path as the dotted key people write: ``external_locations[0].url``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "the file"


def say(key: str, error: ValidationError) -> str:
    """One sentence that names the key and what is expected there."""
    rule = str(error.validator)
    expected: Any = error.validator_value
    schema: Mapping[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    if rule == "additionalProperties":
        names = ", ".join(_unknown(error.instance, schema)) or "a key"
        known = ", ".join(sorted(schema.get("properties", {})))
        return f"{key}: unknown key {names}; known keys are {known}"
    if rule == "required":
        return f"{key}: {error.message.replace(' is a required property', ' is missing')}"
    if rule in ("enum", "const"):
        wanted = ", ".join(map(str, expected)) if rule == "enum" else str(expected)
        return f"{key}: expected {wanted}, found {_shown(error)}"
    if rule == "type":
        types = expected if isinstance(expected, list) else [expected]
        return f"{key}: expected {' or '.join(_TYPES[name] for name in types)}"
    if rule == "pattern":
        return f"{key}: expected {schema.get('description') or f'text of the form {expected}'}"
    size = _SIZES.get(rule, "").format(expected)
    return f"{key}: {size or f'{rule} {expected} is not kept'}"


def _unknown(instance: Any, schema: Mapping[str, Any]) -> list[str]:
    """The keys that the schema neither names nor has a pattern for."""
    found = instance if isinstance(instance, dict) else {}
    patterns = schema.get("patternProperties", {})
    return [
        str(name)
        for name in found
        if name not in schema.get("properties", {})
        and not any(re.search(pattern, str(name)) for pattern in patterns)
    ]


def _shown(error: ValidationError) -> str:
    text = str(error.instance)
    return text if len(text) <= _SHOWN_LENGTH else text[:_SHOWN_LENGTH] + "…"
