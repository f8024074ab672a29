"""Reads the negative controls that stand beside a feature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from pytest_roadmap.domain.controls import Change, Control
from pytest_roadmap.domain.outcome import Outcome

SUFFIX = ".controls.yaml"

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
        "path": {"type": "string", "minLength": 1},
        "replace": {"type": "string", "minLength": 1},
        "with": {"type": "string"},
        "content": {"type": "string"},
        "commit": {"type": "boolean"},
        "remove": {"type": "boolean"},
    },
    "oneOf": [
        {"required": ["replace", "with"]},
        {"required": ["content"]},
        {"required": ["remove"]},
    ],
}
_ACT = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {"name": {"type": "string"}, "variant": {"type": "string"}},
}
_CHANGE = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {
        "databricks": _CALL,
        "azure": _CALL,
        "sql": {"type": "string", "minLength": 1},
        "fault": {"type": "string", "minLength": 1},
        "document": _DOCUMENT,
        "act": _ACT,
    },
}
_SCHEMA = {
    "type": "object",
    "required": ["schema", "controls"],
    "additionalProperties": False,
    "properties": {
        "schema": {"const": "roadmap-controls/1"},
        "controls": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["id", "scenario", "breaks", "change", "expect"],
                "additionalProperties": False,
                "properties": {
                    "id": {"type": "string", "minLength": 1},
                    "scenario": {"type": "string", "minLength": 1},
                    "breaks": {"type": "string", "minLength": 1},
                    "change": {"type": "array", "minItems": 1, "items": _CHANGE},
                    "expect": {"enum": [word.value for word in Outcome]},
                    "step": {"type": "string", "minLength": 1},
                    "guard": {"type": "boolean"},
                },
            },
        },
    },
}


class ControlsError(Exception):
    """A controls file cannot be used; the message names file, place and what is expected."""


def read_controls(path: Path) -> tuple[Control, ...]:
    """The controls of one file, in its order.

    Raises:
        ControlsError: not readable, not YAML, or not of the controls format.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ControlsError(f"{path.name}: cannot be read: {_one_line(error)}") from error
    validator = Draft202012Validator(_SCHEMA)
    for problem in sorted(validator.iter_errors(data), key=lambda e: list(map(str, e.path))):
        where = "/".join(map(str, problem.absolute_path)) or "the file"
        raise ControlsError(f"{path.name}: {where}: {problem.message}")
    return tuple(_control(row) for row in data["controls"])


def _control(row: dict[str, Any]) -> Control:
    changes = tuple(Change(kind, body) for item in row["change"] for kind, body in item.items())
    return Control(
        control_id=row["id"],
        scenario_id=row["scenario"],
        breaks=row["breaks"],
        changes=changes,
        expect=Outcome(row["expect"]),
        step=row.get("step", ""),
        guard=row.get("guard", False),
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
