"""Reading ``*.controls.yaml``: each refusal names file and place in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_roadmap.adapters.document.controls import ControlsError, read_controls, read_given
from pytest_roadmap.domain.controls import Change
from pytest_roadmap.domain.outcome import Outcome
from tests.unit.document.documents import PROJECT

NAME = "SEC-001.controls.yaml"


def row(**changed: Any) -> dict[str, Any]:
    values = {
        "id": "SEC-001.S1.N1",
        "scenario": "SEC-001.S1",
        "breaks": "something is gone",
        "change": [{"fault": "some-fault"}],
        "expect": "fail",
        "step": "Then all is well",
    }
    return {key: value for key, value in (values | changed).items() if value is not None}


def file(tmp_path: Path, *rows: Any, **top: Any) -> Path:
    return raw(
        tmp_path, yaml.safe_dump({"schema": "roadmap-controls/1", "controls": [*rows]} | top)
    )


def raw(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / NAME
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ControlsError) as refused:
        read_controls(path)
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"{NAME}: ")
    assert len(line) < 300
    return line.removeprefix(f"{NAME}: ")


def test_a_control_is_read_as_it_stands(tmp_path: Path) -> None:
    """Changes keep their order and their bodies."""
    call = {"method": "PATCH", "path": "/api/x", "body": {"a": [1, None]}}
    changes = [{"sql": "REVOKE 1"}, {"databricks": call}]

    (control,) = read_controls(file(tmp_path, row(change=changes, expect="blocked")))

    assert control.control_id == "SEC-001.S1.N1"
    assert control.changes == (Change("sql", "REVOKE 1"), Change("databricks", call))
    assert (control.expect, control.guard) == (Outcome.BLOCKED, False)


def test_a_guard_needs_no_step(tmp_path: Path) -> None:
    """It ends nowhere."""
    (control,) = read_controls(file(tmp_path, row(step=None, guard=True, expect="pass")))

    assert (control.guard, control.step) == (True, "")


@pytest.mark.parametrize("path", sorted((PROJECT / "features").rglob("*.controls.yaml")))
def test_the_controls_of_the_project_are_read(path: Path) -> None:
    """Every file beside a feature."""
    assert read_controls(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """A feature without controls proves nothing."""
    assert "is missing" in refusal(tmp_path / NAME)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """The system's words, no traceback."""
    (tmp_path / NAME).mkdir()

    assert "cannot be read" in refusal(tmp_path / NAME)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"schema: \xff", "not UTF-8"),
        ("schema: [", "line 1"),
        ("schema: a\nschema: b", "line 2: the key 'schema' stands twice"),
        ("a: !!python/name:os.system", "line 1"),
        ("--- 1\n--- 2", "line 2"),
        ("[" * 3000, "nested too deeply"),
        ("", "must be a mapping"),
        ("- 1", "must be a mapping"),
        ("text", "must be a mapping"),
    ],
)
def test_what_is_no_yaml_mapping_is_refused(tmp_path: Path, text: str | bytes, words: str) -> None:
    """With the line where there is one."""
    assert words in refusal(raw(tmp_path, text))


@pytest.mark.parametrize(
    ("top", "words"),
    [
        ({"schema": "roadmap-controls/2"}, "schema: must be 'roadmap-controls/1'"),
        ({"controls": []}, "controls: must not be empty"),
        ({"controls": {}}, "controls: must be a list"),
        ({"control": []}, "unknown key 'control'"),
        ({"controls": ["x"]}, "control 1: must be a mapping"),
    ],
)
def test_the_file_as_a_whole(tmp_path: Path, top: dict[str, Any], words: str) -> None:
    """Schema and list."""
    assert refusal(file(tmp_path, row(), **top)) == words


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"breaks": None}, "'breaks' is a required property"),
        ({"note": "x"}, "unknown key 'note'"),
        ({"id": ""}, "id: must not be empty"),
        ({"step": 1}, "step: must be text"),
        ({"guard": "yes"}, "guard: must be true or false"),
        ({"expect": "failed"}, "expect: 'failed' is none of pass, fail, blocked"),
        ({"change": []}, "change: must not be empty"),
        ({"change": {"fault": "x"}}, "change: must be a list"),
    ],
)
def test_one_control(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    """The place is its number and its id."""
    name = changed.get("id", "SEC-001.S1.N1")
    line = refusal(file(tmp_path, row(id="SEC-001.S1.N0"), row(**changed)))

    assert line.startswith(f"control 2 ({name})")
    assert words in line


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "must be exactly one of databricks, azure, sql, fault, document, act; it has none"),
        ({"fault": "x", "sql": "y"}, "it has fault, sql"),
        ({"wish": "x"}, "unknown key 'wish'"),
        ({"sql": ""}, "sql: must not be empty"),
        ({"fault": ["x"]}, "fault: must be text"),
        ({"databricks": {"method": "GET"}}, "databricks: 'path' is a required property"),
        ({"azure": {"method": "get", "path": "/x"}}, "azure, method: 'get' is none of GET"),
        ({"azure": {"method": "GET", "path": "x"}}, "azure, path: 'x' must begin with /"),
        ({"act": {"variant": "x"}}, "act: 'name' is a required property"),
        ({"document": {"path": "a"}}, "document: must have exactly one of replace"),
        ({"document": {"path": "a", "replace": "x"}}, "document: replace and with belong together"),
        ({"document": {"path": "a", "content": "x", "remove": True}}, "must have exactly one of"),
        ({"document": {"path": "a", "remove": False}}, "document, remove: must be true"),
        ({"document": {"path": "a", "content": "", "mode": 1}}, "document: unknown key 'mode'"),
    ],
)
def test_one_change(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    """The place is the control and the number of the change in it."""
    line = refusal(file(tmp_path, row(change=[{"fault": "x"}, change])))

    assert line.startswith("control 1 (SEC-001.S1.N1), change 2")
    assert words in line


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    """One line each, in the order of the file."""
    rows = [row(), row(expect="x"), *[row()] * 8, row(change=[])]

    with pytest.raises(ControlsError) as refused:
        read_controls(file(tmp_path, *rows))

    first, second = str(refused.value).splitlines()
    assert "control 2 " in first
    assert "control 11 " in second


def test_what_is_given_before_a_scenario_is_read_apart_from_the_controls(tmp_path: Path) -> None:
    """Given changes belong to every case of a scenario; another scenario may run first."""
    given = {"SEC-001.S2": [{"scenario": "SEC-001.S1"}, {"act": {"name": "handoff-lock"}}]}
    changes = read_given(file(tmp_path, row(), given=given))["SEC-001.S2"]
    assert [change.kind for change in changes] == ["scenario", "act"]


def test_a_scenario_is_no_change_of_a_control(tmp_path: Path) -> None:
    """What breaks a scenario is one change of the world, not a run."""
    told = refusal(file(tmp_path, row(change=[{"scenario": "SEC-001.S1"}])))
    assert "unknown key 'scenario'" in told
