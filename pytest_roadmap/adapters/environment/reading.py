"""One environment file as an ``Environment``, or every reason why it is none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pytest_roadmap.adapters.environment.rules import RulesOfKind, rule_problems
from pytest_roadmap.adapters.environment.wording import key_of, say
from pytest_roadmap.adapters.strict_yaml import YamlProblemError, load_yaml
from pytest_roadmap.domain.environment import Environment, is_placeholder

_MAX_SHOWN = 40


class EnvironmentFileError(Exception):
    """The environment file cannot be used; ``problems`` holds one sentence each."""

    def __init__(self, file: str, problems: tuple[str, ...]) -> None:
        shown = problems[:_MAX_SHOWN]
        more = len(problems) - len(shown)
        lines = [f"{file}: {problem}" for problem in shown]
        super().__init__("\n".join(lines + ([f"{file}: {more} more"] if more else [])))
        self.file = file
        self.problems = problems


def read_environment(path: Path, *, rules_of: RulesOfKind, shown: str | None = None) -> Environment:
    """The environment of a file.

    Args:
        path: the file; its name is the environment's.
        rules_of: what an environment of each kind may bind.
        shown: how messages call the file.

    Raises:
        EnvironmentFileError: absent, unreadable, or broken; all problems at once.
    """
    name = shown or str(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise EnvironmentFileError(name, ("there is no such file",)) from error
    except OSError as error:
        raise EnvironmentFileError(name, (f"cannot be read: {error.strerror}",)) from error
    return parse_environment(content, name, rules_of=rules_of, expected_name=path.stem)


def parse_environment(
    content: bytes, shown: str, *, rules_of: RulesOfKind, expected_name: str | None = None
) -> Environment:
    """The environment of a file's content; see ``read_environment``."""
    try:
        loaded = load_yaml(content)
    except YamlProblemError as error:
        raise EnvironmentFileError(shown, (str(error),)) from error
    if not isinstance(loaded, dict):
        raise EnvironmentFileError(shown, ("the file must hold one mapping of keys",))
    bindings = _with_texts(loaded)
    problems = tuple(_schema_problems(bindings)) or tuple(
        rule_problems(bindings, expected_name=expected_name, rules_of=rules_of)
    )
    if problems:
        raise EnvironmentFileError(shown, problems)
    env = bindings["env"]
    return Environment(str(env["name"]), str(env["kind"]), bindings, shown)


def _schema_problems(bindings: Mapping[str, Any]) -> Iterator[str]:
    from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415 (a slow import)

    validator = Draft202012Validator(_schema(), format_checker=FormatChecker(formats=("regex",)))
    errors = validator.iter_errors(_filled(bindings))
    for error in sorted(errors, key=lambda found: [str(part) for part in found.absolute_path]):
        yield say(key_of(error.absolute_path), error)


@cache
def _schema() -> Any:
    text = files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
    return json.loads(text)


def _filled(value: Any) -> Any:
    """The value without what nobody has filled in yet: a placeholder is allowed at any key."""
    if isinstance(value, dict):
        return {
            key: _filled(item)
            for key, item in value.items()
            if isinstance(item, dict | list) or not is_placeholder(item)
        }
    if isinstance(value, list):
        return [
            _filled(item)
            for item in value
            if isinstance(item, dict | list) or not is_placeholder(item)
        ]
    return value


def _with_texts(value: Any) -> Any:
    """Keys as text (YAML reads ``1:`` as a number); values as they are."""
    if isinstance(value, dict):
        return {str(key): _with_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_texts(item) for item in value]
    return value
