"""Reads the negative controls that stand beside a feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from pytest_roadmap.adapters.strict_yaml import MAX_BYTES, YamlProblemError, load_yaml
from pytest_roadmap.domain.controls import Change, Control
from pytest_roadmap.domain.outcome import Outcome

SUFFIX = ".controls.yaml"

_WORD = {"type": "string", "minLength": 1}
_CALL = {
    "type": "object",
    "required": ["method", "path"],
    "additionalProperties": False,
    "properties": {
        "method": {"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
        "path": {"type": "string", "pattern": "^/"},
        "body": {},
    },
}
_DOCUMENT = {
    "type": "object",
    "required": ["path"],
    "additionalProperties": False,
    "properties": {
        "path": _WORD,
        "replace": _WORD,
        "with": {"type": "string"},
        "content": {"type": "string"},
        "commit": {"type": "boolean"},
        "remove": {"const": True},
    },
    "dependentRequired": {"replace": ["with"], "with": ["replace"]},
    "oneOf": [{"required": ["replace"]}, {"required": ["content"]}, {"required": ["remove"]}],
}
_ACT = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {"name": _WORD, "variant": {"type": "string"}},
}
_KINDS = {
    "databricks": _CALL,
    "azure": _CALL,
    "sql": _WORD,
    "fault": _WORD,
    "document": _DOCUMENT,
    "act": _ACT,
}
_CHANGE = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": _KINDS,
}
_GIVEN = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {**_KINDS, "scenario": _WORD},
}
_CONTROL = {
    "type": "object",
    "required": ["id", "scenario", "breaks", "change", "expect"],
    "additionalProperties": False,
    "properties": {
        "id": _WORD,
        "scenario": _WORD,
        "breaks": _WORD,
        "change": {"type": "array", "minItems": 1, "items": _CHANGE},
        "expect": {"enum": [word.value for word in Outcome]},
        "step": _WORD,
        "guard": {"type": "boolean"},
    },
}
_SCHEMA = {
    "type": "object",
    "required": ["schema", "controls"],
    "additionalProperties": False,
    "properties": {
        "schema": {"const": "roadmap-controls/1"},
        "given": {
            "type": "object",
            "additionalProperties": {"type": "array", "minItems": 1, "items": _GIVEN},
        },
        "controls": {"type": "array", "minItems": 1, "items": _CONTROL},
    },
}
_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
}


class ControlsError(Exception):
    """A controls file cannot be used: one line a problem, with file, place and what is expected."""


def read_controls(path: Path) -> tuple[Control, ...]:
    """The controls of one file, in its order.

    Raises:
        ControlsError: not there, not readable, not YAML, or not of the controls format.
    """
    return tuple(_control(row) for row in _checked(path)["controls"])


def read_given(path: Path) -> Mapping[str, tuple[Change, ...]]:
    """What is done, by scenario, before each of its cases: its healthy run is one of them.

    Raises:
        ControlsError: as for ``read_controls``.
    """
    given = _checked(path).get("given", {})
    return {scenario_id: _changes(items) for scenario_id, items in given.items()}


def _checked(path: Path) -> dict[str, Any]:
    data = _load(path)
    problems = [
        f"{path.name}: {_place(data, list(problem.absolute_path))}{_sentence(problem)}"
        for problem in sorted(Draft202012Validator(_SCHEMA).iter_errors(data), key=_order)
    ]
    if problems:
        raise ControlsError("\n".join(problems))
    checked: dict[str, Any] = data
    return checked


def _load(path: Path) -> Any:
    try:
        with path.open("rb") as stream:
            return load_yaml(stream.read(MAX_BYTES + 1))
    except FileNotFoundError as error:
        sentence = "is missing: a feature needs its negative controls beside it"
        raise ControlsError(f"{path.name}: {sentence}") from error
    except OSError as error:
        raise ControlsError(f"{path.name}: cannot be read: {error.strerror}") from error
    except YamlProblemError as error:
        raise ControlsError(f"{path.name}: {error}") from error


def _order(problem: ValidationError) -> list[str]:
    return [f"{part:06}" if isinstance(part, int) else part for part in problem.absolute_path]


def _place(data: Any, path: Sequence[str | int]) -> str:
    """``control 2 (SEC-001.S1.N2), change 1, document: `` and the like."""
    words: list[str] = []
    for depth, part in enumerate(path):
        if not isinstance(part, int):
            words += [] if part in ("controls", "change") and depth + 1 < len(path) else [part]
        elif path[depth - 1] == "controls":
            row = data["controls"][part]
            name = row.get("id") if isinstance(row, Mapping) else None
            words.append(f"control {part + 1}" + (f" ({name})" if isinstance(name, str) else ""))
        else:
            words.append(f"change {part + 1}")
    return f"{', '.join(words)}: " if words else ""


def _sentence(problem: ValidationError) -> str:
    """What is expected there, without repeating all that stands there."""
    wanted: Any = problem.validator_value
    found: Any = problem.instance
    text = problem.message
    match problem.validator:
        case "type":
            text = f"must be {_TYPES[wanted]}"
        case "enum":
            text = f"{found!r} is none of {', '.join(wanted)}"
        case "const":
            text = f"must be {'true' if wanted is True else repr(wanted)}"
        case "pattern":
            text = f"{found!r} must begin with /"
        case "minItems" | "minLength":
            text = "must not be empty"
        case "minProperties" | "maxProperties":
            has = ", ".join(map(str, found)) or "none"
            schema: Any = problem.schema
            known = ", ".join(schema["properties"])
            text = f"must be exactly one of {known}; it has {has}"
        case "oneOf":
            text = "must have exactly one of replace (with 'with'), content, remove"
        case "dependentRequired":
            text = "replace and with belong together"
        case "additionalProperties":
            schema = problem.schema
            unknown = (repr(key) for key in found if key not in schema["properties"])
            text = f"unknown key {', '.join(unknown)}"
    return text


def _changes(items: Sequence[Mapping[str, Any]]) -> tuple[Change, ...]:
    return tuple(Change(kind, body) for item in items for kind, body in item.items())


def _control(row: dict[str, Any]) -> Control:
    return Control(
        control_id=row["id"],
        scenario_id=row["scenario"],
        breaks=row["breaks"],
        changes=_changes(row["change"]),
        expect=Outcome(row["expect"]),
        step=row.get("step", ""),
        guard=row.get("guard", False),
    )
