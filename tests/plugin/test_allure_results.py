"""Allure results of a whole run, read back from their directory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_roadmap.adapters.allure import result_uuid
from tests.plugin.conftest import Inner, scenario

if TYPE_CHECKING:
    from pathlib import Path

ROWS = """
    Examples:
      | value |
      | good  |
      | bad   |
"""
STEPS = """\
import allure
from pytest_bdd import given, parsers, then

@given("an attachment")
def an_attachment():
    with allure.step("inside"):
        allure.attach("hello", "note", allure.attachment_type.TEXT)

@given("a table and a text")
def a_table_and_a_text(datatable, docstring):
    assert datatable and docstring

@then(parsers.parse('"{value}" is expected of "{number:d}"'))
def is_expected(value, number, expect):
    expect.equal("the value", "good", value)
"""


def _results(folder: Path) -> dict[str, dict[str, Any]]:
    found = [json.loads(path.read_text("utf-8")) for path in folder.glob("*-result.json")]
    return {result["fullName"]: result for result in found}


def _default(inner: Inner) -> dict[str, dict[str, Any]]:
    return _results(inner.root / "build/embedded/allure-results")


def _label(result: dict[str, Any], name: str) -> str:
    values: dict[str, str] = {label["name"]: label["value"] for label in result["labels"]}
    return values[name]


def test_a_scenario_shows_its_steps_and_their_parameters(inner: Inner) -> None:
    """Gherkin steps with keyword, status and what their text holds, fixtures left out."""
    inner.write("features/sec/conftest.py", STEPS)
    inner.feature("SEC-001", scenario(1, "Given a start", 'Then "good" is expected of "3"'))
    inner.run("-q")

    result = _default(inner)["SEC-001.S1"]
    assert [(step["name"], step["status"]) for step in result["steps"]] == [
        ("Given a start", "passed"),
        ('Then "good" is expected of "3"', "passed"),
    ]
    assert result["steps"][1]["parameters"] == [
        {"name": "value", "value": "good"},
        {"name": "number", "value": "3"},
    ]


def test_the_events_of_a_scenario_are_attached_to_it(inner: Inner) -> None:
    """The claim that a step judged stands in the scenario's own event lines."""
    inner.write("features/sec/conftest.py", STEPS)
    inner.feature("SEC-001", scenario(1, "Given a start", 'Then "good" is expected of "3"'))
    inner.run("-q")

    [attached] = _default(inner)["SEC-001.S1"]["attachments"]
    folder = inner.root / "build/embedded/allure-results"
    [line] = (folder / attached["source"]).read_text("utf-8").splitlines()
    assert json.loads(line)["claim"] == "the value"


def test_tables_texts_and_own_attachments_lie_inside_their_step(inner: Inner) -> None:
    """What a step was given, and what it attached by itself."""
    given = 'Given an attachment\n    And a table and a text\n      """\n      doc\n      """'
    inner.write(
        "features/sec/conftest.py", STEPS.replace("(datatable, ", "(").replace("datatable and ", "")
    )
    inner.feature("SEC-001", scenario(1, given, "Then it holds"))
    inner.run("-q")

    first, second, _ = _default(inner)["SEC-001.S1"]["steps"]
    assert first["steps"][0]["attachments"][0]["name"] == "note"
    assert [attachment["name"] for attachment in second["attachments"]] == ["doc string"]


def test_a_failure_shows_where_it_happened_and_what_was_not_reached(inner: Inner) -> None:
    """The failing step is failed, the rest skipped, the trace is kept."""
    inner.feature("SEC-001", scenario(1, "Given a start", "Then it fails", "And it holds"))
    inner.run("-q")

    result = _default(inner)["SEC-001.S1"]
    assert [step["status"] for step in result["steps"]] == ["passed", "failed", "skipped"]
    assert result["statusDetails"]["message"].startswith("fail")
    assert "1 + 1 == 3" in result["statusDetails"]["trace"]


@pytest.mark.parametrize(
    ("word", "status", "step"),
    [
        ("blocked", "skipped", "skipped"),
        ("pending", "skipped", "skipped"),
        ("not_run", "skipped", "skipped"),
        ("inconclusive", "broken", "broken"),
        ("error", "broken", "broken"),
    ],
)
def test_a_scenario_without_a_verdict_says_its_word(
    inner: Inner, word: str, status: str, step: str
) -> None:
    """The message starts with the word, and the step that ended it is not failed."""
    inner.feature("SEC-001", scenario(1, f'Given a given that ends "{word}"', "Then it holds"))
    inner.run("-q")

    result = _default(inner)["SEC-001.S1"]
    outcome = "inconclusive" if word == "error" else word
    assert result["status"] == status
    assert result["statusDetails"]["message"].startswith(outcome)
    assert [entry["status"] for entry in result["steps"]] == [step, "skipped"]


def test_each_row_of_an_outline_is_a_result_of_its_own(inner: Inner) -> None:
    """Rows have ids and uuids of their own, and show their columns."""
    inner.feature("SEC-001", scenario(1, 'Then "<value>" is good', examples=ROWS))
    inner.run("-q")

    results = _default(inner)
    assert set(results) == {"SEC-001.S1[good]", "SEC-001.S1[bad]"}
    good = results["SEC-001.S1[good]"]
    assert good["parameters"] == [{"name": "value", "value": "good", "excluded": True}]
    assert _label(good, "allure.id") == "SEC-001.S1[good]"
    assert good["uuid"] == result_uuid("embedded", "SEC-001.S1[good]")


def test_workers_report_what_a_run_on_its_own_reports(inner: Inner) -> None:
    """With two workers the same results appear, each with a link to its record."""
    inner.feature("SEC-001", scenario(1), scenario(2, sub=2))
    inner.feature("MON-002", scenario(1))
    inner.run("-q")
    alone = _default(inner)

    inner.run_apart("-q", "-n", "2")

    shared = _default(inner)
    assert set(shared) == set(alone)
    for name, result in shared.items():
        assert result["uuid"] == alone[name]["uuid"]
        assert [link["type"] for link in result["links"]] == ["tms", "record"]


def test_an_ordinary_test_is_reported_by_allure_pytest_as_ever(inner: Inner) -> None:
    """With --alluredir both kinds of tests have results, and only ordinary ones containers."""
    inner.feature("SEC-001", scenario(1))
    inner.write("tests/test_plain.py", "def test_plain(tmp_path):\n    assert tmp_path\n")
    inner.run("-q", "--alluredir", "out")

    results = _results(inner.root / "out")
    assert set(results) == {"SEC-001.S1", "tests.test_plain#test_plain"}
    containers = [
        json.loads(p.read_text("utf-8")) for p in (inner.root / "out").glob("*-container.json")
    ]
    children = {child for container in containers for child in container["children"]}
    assert children == {results["tests.test_plain#test_plain"]["uuid"]}


def test_without_alluredir_an_ordinary_test_is_not_reported(inner: Inner) -> None:
    """The default directory holds scenarios only."""
    inner.feature("SEC-001", scenario(1))
    inner.write("tests/test_plain.py", "def test_plain():\n    pass\n")
    inner.run("-q")

    assert set(_default(inner)) == {"SEC-001.S1"}


def test_a_run_replaces_the_results_of_the_run_before(inner: Inner) -> None:
    """The default directory holds one run; the uuids of its results stay the same."""
    inner.feature("SEC-001", scenario(1))
    inner.feature("MON-002", scenario(1))
    inner.run("-q")
    first = _default(inner)

    inner.run("-q", "-m", "SEC-001")

    second = _default(inner)
    assert set(second) == {"SEC-001.S1"}
    assert second["SEC-001.S1"]["uuid"] == first["SEC-001.S1"]["uuid"]


def test_without_allure_pytest_the_run_is_the_same(inner: Inner) -> None:
    """Allure can be switched off."""
    inner.feature("SEC-001", scenario(1))
    result = inner.run("-q", "-p", "no:allure_pytest")

    result.assert_outcomes(passed=1)
    assert not (inner.root / "build/embedded/allure-results").exists()


def test_allure_pytest_bdd_beside_it_is_refused_with_a_sentence(
    inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instead of a traceback about an option, pytest says what to uninstall."""
    inner.write("elsewhere/allure_pytest_bdd/__init__.py", "")
    monkeypatch.setenv("PYTHONPATH", str(inner.root / "elsewhere"))

    result = inner.run_apart("-q")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "pip uninstall allure-pytest-bdd" in result.stderr.str() + result.stdout.str()
