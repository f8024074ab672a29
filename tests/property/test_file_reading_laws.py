"""Laws of reading files that people write: a sentence or a value, never a traceback."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pytest_roadmap.adapters.environment import EnvironmentFileError, parse_environment
from pytest_roadmap.adapters.strict_yaml import YamlProblemError, load_yaml
from pytest_roadmap.composition.kinds import rules_of

#: JSON escapes what is beyond by surrogates, which YAML does not join.
TEXT = st.characters(codec="utf-8", max_codepoint=0xFFFF)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(TEXT, max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(TEXT, min_size=1, max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
SCRAPS = st.lists(
    st.sampled_from(
        (
            *(
                "a",
                ":",
                " ",
                "\n",
                "- ",
                "&x",
                "*x",
                "<<",
                "!!int",
                "!!float",
                "!!binary",
                "{",
                "}",
            ),
            *("[", "]", "'", '"', "|", ">", "#", "%", "---", "...", "?", "1", "~", "\t", "\x00"),
        )
    ),
    max_size=25,
).map("".join)


def problem_of(content: bytes) -> str | None:
    """The sentence about the content, None where it is a value of plain JSON."""
    try:
        assert json.dumps(load_yaml(content), allow_nan=False)
    except YamlProblemError as problem:
        return str(problem)
    return None


def problems_of(content: bytes) -> tuple[str, ...]:
    """The sentences about an environment file, none where it is one."""
    try:
        parse_environment(content, "x.yaml", rules_of=rules_of)
    except EnvironmentFileError as error:
        return error.problems
    return ()


@given(st.binary(max_size=60) | SCRAPS.map(str.encode))
def test_any_bytes_are_a_value_or_a_sentence(content: bytes) -> None:
    """Nothing but ``YamlProblemError`` comes out, and what comes out is plain JSON."""
    assert problem_of(content) != ""


@given(PLAIN)
def test_json_reads_as_itself(value: Any) -> None:
    """JSON is YAML: no value changes on the way in."""
    assert load_yaml(json.dumps(value).encode()) == value


@given(st.binary(max_size=60) | SCRAPS.map(str.encode) | PLAIN.map(yaml.safe_dump))
def test_no_content_breaks_the_environment_reader(content: bytes | str) -> None:
    """Every file is an environment or a list of sentences that name the file."""
    raw = content if isinstance(content, bytes) else content.encode()
    assert problems_of(raw)


@given(
    PLAIN, st.sampled_from(["uc", "azure", "jobs", "monitor", "documents", "evidence", "freeze"])
)
def test_any_value_under_a_known_key_is_judged(value: Any, key: str) -> None:
    """A wrong shape in one section is a sentence about that section."""
    file = {"schema": "roadmap-environment/1", "env": {"name": "dev", "kind": "dev"}, key: value}
    assert all(problem.startswith(key) for problem in problems_of(json.dumps(file).encode()))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("09:30", "09:30"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("no", "no"),
        ("0123", "0123"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("1" * 5000, "1" * 5000),
        ("42", 42),
        ("-0.5", -0.5),
        ("true", True),
        ("~", None),
        ("", None),
    ],
)
def test_a_plain_scalar_is_what_people_see(text: str, value: object) -> None:
    """YAML 1.1 would read a time as a number and a country code as a boolean."""
    assert load_yaml(f"key: {text}\n".encode()) == {"key": value}
