"""Configuration files as flat values: laid over each other, and searched for secrets."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_roadmap.domain.config_values import (
    ConfigFile,
    SecretReference,
    as_text,
    broken_reference,
    leaves,
    literal_problems,
    merged,
    reference_of,
    references_in,
    telling,
    telling_value,
    value_at,
)
from pytest_roadmap.domain.ports import FileChange

CHANGE = FileChange("a.yaml", "c1", None, clean=True)
LONG = "Zm9yIHRlc3Rz0XlmbG9uZyBhbmQgbm90IHNlY3JldCBhdCBhbGw0"


def file(values: Any = None, text: str = "") -> ConfigFile:
    return ConfigFile("a.yaml", "", CHANGE, values or {}, text)


def test_a_later_file_overrides_value_by_value() -> None:
    """Mappings join, everything else is replaced."""
    first = file({"a": {"x": 1, "y": 2}, "b": [1, 2], "c": 1})
    second = file({"a": {"y": 3}, "b": [4], "c": {"d": 5}})
    assert merged([first, second]) == {"a": {"x": 1, "y": 3}, "b": [4], "c": {"d": 5}}


def test_every_value_has_one_key() -> None:
    """A key that holds a dot cannot pass for a nested one."""
    values = {"a": {"b": 1}, "a.b": 2, "c": [{"d": 3}]}
    assert list(leaves(values)) == [("a.b", 1), ('"a.b"', 2), ("c[0].d", 3)]
    assert value_at(values, "a.b") == 1
    assert value_at(values, "a.b.c") is None
    assert [value_at(values, path) for path in ('"a.b"', "c[0].d", "c[1].d")] == [2, 3, None]


@pytest.mark.parametrize(
    ("value", "text"),
    [("x", "x"), (12, "12"), (True, None), (" ", None), ({}, None), (None, None), (1.5, None)],
)
def test_only_text_and_whole_numbers_can_be_compared(value: Any, text: str | None) -> None:
    """An id without quotes is still an id; a switch is none."""
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("databricks.host", True),
        ("cluster_id", True),
        ("warehouse.id", True),
        ("Catalog", True),
        ("targets[0].storage_location", True),
        ("paths[0]", True),
        ("secrets.anything", True),
        ("workspaceId", True),
        ("job-id", True),
        ("job_ids[0][1]", True),
        ("grid", False),
        ("valid", False),
        ("retries", False),
        ("width", False),
        ("idle_minutes", False),
    ],
)
def test_a_key_tells_by_its_name_that_it_must_be_compared(path: str, expected: object) -> None:
    """Any part of a key counts, at any depth."""
    assert telling(path) is expected


@pytest.mark.parametrize(
    ("value", "reference"),
    [
        ("{{secrets/s/k}}", SecretReference("s", "k")),
        (" {{ secrets/s/k }} ", SecretReference("s", "k")),
        ({"scope": "s", "key": "k"}, SecretReference("s", "k")),
        ({"scope": "s", "key": ""}, None),
        ({"scope": "s", "key": "k", "value": "v"}, None),
        ({"scope": "s"}, None),
        ("x{{secrets/s/k}}", None),
        ("{{secrets/s}}", None),
        (7, None),
    ],
)
def test_a_reference_names_scope_and_key_and_nothing_else(value: Any, reference: Any) -> None:
    """Text or two fields; a value beside them makes it none."""
    assert reference_of(value) == reference


def test_references_inside_a_text_are_found_and_broken_ones_noticed() -> None:
    """A connection text may name several secrets."""
    text = "u={{secrets/s/a}};p={{secrets/s/b}}"
    assert [each.key for each in references_in(text)] == ["a", "b"]
    assert not broken_reference(text)
    assert broken_reference("{{secrets/s}}")
    assert references_in(3) == ()
    assert not broken_reference(3)


@pytest.mark.parametrize(
    ("values", "text", "said"),
    [
        ({}, "a: 1\nb: 2 # AccountKey=bm90LWEta2V5\n", "line 2 holds a literal secret"),
        ({"db": {"password": "hunter"}}, "", "db.password is a literal"),
        ({"seed": LONG}, "", "long base64"),
        ({"list": [LONG]}, "", "list[0] holds"),
        ({"db": {"password": {"value": "hunter"}}}, "", "db.password.value is a literal"),
        ({"passwords": [["hunter"]]}, "", "passwords[0][0] is a literal"),
        ({"url": "jdbc:x://h;user=sa;password=hunter"}, "", "url holds a literal secret"),
        ({"env": [{"name": "DB_PASSWORD", "value": "hunter"}]}, "", "env[0].value is a literal"),
        ({"conf": {"fs.azure.account.key.a.net": "hunter"}}, "", "is a literal"),
        ({"password": 4711}, "", "password is a literal"),
        ({"password": "hunter{{secrets/s/k}}"}, "", "password is a literal"),
        ({"seed": LONG + " {{secrets/s/k}}"}, "", "long base64"),
        ({"seed": "dapi" + "0a1b2c3d4" * 4}, "seed: written in escapes", "seed holds a literal"),
    ],
)
def test_a_literal_secret_is_named_and_not_shown(values: Any, text: str, said: str) -> None:
    """By its shape, by its key or by its length."""
    (problem,) = literal_problems(file(values, text))
    assert said in problem
    assert LONG not in problem
    assert "hunter" not in problem


def test_a_secret_that_goes_over_lines_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """No single line shows it, the file does."""
    text = "a: one\nb: two\n"
    kinds = lambda said: ["token"] if said == text else []  # noqa: E731
    monkeypatch.setattr("pytest_roadmap.domain.config_values._kinds", kinds)
    assert literal_problems(file({}, text)) == (
        "a.yaml holds a literal secret over several lines (token)",
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ebedded0-0000-4000-8000-000000000001", True),
        ("https://adb-1.2.azuredatabricks.net", True),
        ("abfss://in@stdata.dfs.core.windows.net/x", True),
        ("/subscriptions/s/resourceGroups/r", True),
        ("https://example.org", False),
        (7, False),
    ],
)
def test_a_value_tells_by_its_form_that_it_must_be_compared(value: Any, expected: object) -> None:
    """A place or an id under an unremarkable key is still one."""
    assert telling_value(value) is expected


@pytest.mark.parametrize(
    "values",
    [
        {"password": "{{secrets/s/k}}"},
        {"password": ""},
        {"digest": "0123456789abcdef0123456789abcdef0123456789abcdef"},
        {"notebook": "/Workspace/Shared/Pipelines/Silver2/materialise_everything"},
        {"owner": "kim@corp.example"},
        {"retries": 3},
        {"authorization": "Bearer {{secrets/s/k}}"},
        {"connection_string": "Server=s;Password={{secrets/s/k}}"},
        {"password": {"scope": "s", "key": "k"}},
        {"tokens": 4096},
        {"url": "jdbc:x://h;user=sa;password={{secrets/s/k}};b=c"},
        {"url": "jdbc:x://h;password=${DB_PASSWORD};b=c"},
        {"env": [{"name": "DB_USER", "value": "sa"}]},
        {"conf": {"fs.azure.account.key.a.net": "{{secrets/s/k}}"}},
        {"password": None},
    ],
)
def test_what_is_no_secret_is_left_alone(values: Any) -> None:
    """References, digests, paths and addresses of people."""
    text = "\n".join(
        f"{key}: {value}" for key, value in values.items() if "secrets" not in str(value)
    )
    assert literal_problems(file(values, text)) == ()
