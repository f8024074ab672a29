"""Each ending of a scenario has its word, in the terminal, in JUnit and in the record."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.plugin.conftest import scenario

if TYPE_CHECKING:
    from tests.plugin.conftest import Inner


@pytest.mark.parametrize(
    ("steps", "word"),
    [
        (("Given a start", "Then it holds"), "pass"),
        (("Given a start", "Then it fails"), "fail"),
        (('Then it ends "blocked"',), "blocked"),
        (('Given a given that ends "blocked"', "Then it holds"), "blocked"),
        (('Then it ends "pending"',), "pending"),
        (('Then it ends "inconclusive"',), "inconclusive"),
        (('Given a given that ends "not_run"', "Then it holds"), "not_run"),
        (('When a when that ends "refused"', "Then it holds"), "blocked"),
        (('Given a given that ends "assertion"', "Then it holds"), "inconclusive"),
        (('When a when that ends "assertion"', "Then it holds"), "inconclusive"),
        (('Then it ends "error"',), "inconclusive"),
        (('Then it ends "missing"',), "inconclusive"),
        (("Given a start", "Then nobody defined this step"), "inconclusive"),
        (("Given a start", "Then a fixture of this step breaks"), "inconclusive"),
        (("Given a start", "When something happens"), "inconclusive"),
        (("Given a start", "Then it is skipped"), "not_run"),
        (("Given a start", "Then it ends with pytest.fail"), "fail"),
        (("Given a start that cannot be cleaned up", "Then it holds"), "inconclusive"),
        (("Given a start that cannot be cleaned up", "Then it fails"), "fail"),
    ],
)
def test_a_scenario_ends_with_the_word_of_the_rules(
    inner: Inner, steps: tuple[str, ...], word: str
) -> None:
    """Only a Then fails; what breaks elsewhere is no verdict."""
    inner.write("steps_apart.py", MORE_STEPS)
    conftest = (inner.root / "conftest.py").read_text(encoding="utf-8")
    inner.write("conftest.py", "from steps_apart import *  # noqa\n" + conftest)
    inner.pytester.syspathinsert(inner.root)
    inner.feature("SEC-001", scenario(1, *steps))
    inner.run("-q")
    assert inner.outcomes() == {"SEC-001.S1": word}


MORE_STEPS = """\
import pytest
from pytest_bdd import given, then


@pytest.fixture
def broken():
    raise AssertionError("not a verdict")


@then("a fixture of this step breaks")
def _(broken):
    pass


@then("it is skipped")
def _():
    pytest.skip("not today")


@then("it ends with pytest.fail")
def _():
    pytest.fail("no")


@given("a start that cannot be cleaned up")
def _():
    yield
    raise OSError("still there")

"""


def test_an_async_step_from_elsewhere_does_not_pass(
    inner: Inner, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What collection does not look at is refused when it is about to run."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "late_steps.py").write_text(
        "from functools import partial\n\nfrom pytest_bdd import then\n\n\n"
        "class Later:\n    async def __call__(self):\n        assert False\n\n\n"
        'then("it holds, awaited by nobody")(partial(Later()))\n',
        encoding="utf-8",
    )
    inner.pytester.syspathinsert(folder)
    conftest = (inner.root / "conftest.py").read_text(encoding="utf-8")
    inner.write("conftest.py", "from late_steps import *  # noqa\n" + conftest)
    inner.feature("SEC-001", scenario(1, "Then it holds, awaited by nobody"))
    inner.run("-q")
    assert inner.outcomes() == {"SEC-001.S1": "inconclusive"}


def test_the_terminal_counts_and_spells_the_words(inner: Inner) -> None:
    """A word that pytest does not know has a count of its own."""
    inner.feature(
        "SEC-001",
        scenario(1),
        scenario(2, 'Then it ends "blocked"'),
        scenario(3, 'Then it ends "pending"', sub=2),
        scenario(4, 'Then it ends "not_run"', sub=2),
        scenario(5, "Then it fails"),
        scenario(6, 'Then it ends "error"'),
    )
    result = inner.run("-v")
    for word in ("PASSED", "BLOCKED", "PENDING", "NOT RUN", "FAILED", "INCONCLUSIVE"):
        result.stdout.fnmatch_lines([f"features/sec/SEC-001.feature::SEC-001.S* {word}*"])
    result.stdout.fnmatch_lines(["*KeyError: 'typo'"])
    last = result.stdout.str().splitlines()[-1]
    for count in ("1 failed", "1 passed", "1 error", "1 blocked", "1 pending", "1 not run"):
        assert count in last


def test_the_reason_of_a_scenario_without_a_verdict_is_listed(inner: Inner) -> None:
    """Reason and sentence stand beside the id."""
    inner.feature("SEC-001", scenario(1, 'Then it ends "blocked"'))
    result = inner.run("-q")
    result.stdout.fnmatch_lines(
        ["*without a verdict*", "SEC-001.S1 blocked (missing_binding(uc.catalog)): set it"]
    )


def test_junit_carries_the_word_and_the_reason(inner: Inner) -> None:
    """The properties name task, scenario, gate, outcome and reason."""
    inner.feature("SEC-001", scenario(1, 'Then it ends "blocked"'))
    inner.run("-q", "--junitxml=junit.xml")
    tree = ET.parse(inner.root / "junit.xml")  # noqa: S314 - written by the run itself
    found = {each.get("name"): each.get("value") for each in tree.iter("property")}
    assert found == {
        "task_id": "SEC-001",
        "scenario": "SEC-001.S1",
        "gate": "G1",
        "outcome": "blocked",
        "reason": "missing_binding(uc.catalog)",
    }
    assert [case.find("skipped") is not None for case in tree.iter("testcase")] == [True]


def test_the_worst_row_is_the_word_of_an_outline(inner: Inner) -> None:
    """One bad row among good ones fails the scenario, and the record names the row."""
    rows = "\n    Examples:\n      | word |\n      | good |\n      | bad |\n      | good |\n"
    inner.feature("SEC-001", scenario(1, 'Then "<word>" is good', examples=rows))
    result = inner.run("-q")
    result.assert_outcomes(passed=2, failed=1)
    (record,) = inner.evidence()
    (found,) = record["scenarios"]
    assert (found["id"], found["outcome"]) == ("SEC-001.S1", "fail")
    assert found["detail"].startswith("row bad: ")


def test_a_row_that_did_not_run_leaves_its_scenario_open(inner: Inner) -> None:
    """A passing row says nothing about the one that was left out."""
    rows = "\n    Examples:\n      | word |\n      | good |\n      | fine |\n"
    inner.feature("SEC-001", scenario(1, 'Then "<word>" is good', examples=rows))
    result = inner.run("-q", "features/sec/SEC-001.feature::SEC-001.S1[good]")
    result.assert_outcomes(passed=1)
    assert inner.outcomes() == {"SEC-001.S1": "not_run"}
    assert result.ret == 22


@pytest.mark.parametrize("step", ["Then it holds", "Then it fails"])
def test_a_feature_that_quotes_another_dod_is_at_best_inconclusive(inner: Inner, step: str) -> None:
    """The scenario runs, and its word says why it does not count."""
    inner.feature("SEC-001", scenario(1, step), dod="some other promise")
    result = inner.run("-q")
    (record,) = inner.evidence()
    (found,) = record["scenarios"]
    assert (found["outcome"], found["reason"]) == ("inconclusive", "DOD_CHANGED")
    assert "the DoD of SEC-001" in found["detail"]
    assert result.ret == 22


def test_a_scenario_that_quotes_another_sub_task_is_at_best_inconclusive(inner: Inner) -> None:
    """The other scenarios of the feature keep their words."""
    changed = scenario(2, sub=2).replace("2) second", "2) something else")
    inner.feature("SEC-001", scenario(1), changed)
    inner.run("-q")
    assert inner.outcomes() == {"SEC-001.S1": "pass", "SEC-001.S2": "inconclusive"}


def test_a_block_does_not_become_a_fail_through_a_changed_feature(inner: Inner) -> None:
    """Only verdicts are capped; what was not judged keeps its own reason."""
    inner.feature("SEC-001", scenario(1, 'Then it ends "blocked"'), dod="some other promise")
    inner.run("-q")
    assert inner.outcomes() == {"SEC-001.S1": "blocked"}


def test_a_mark_cannot_turn_a_failing_scenario_around(inner: Inner) -> None:
    """An xfail put on from outside changes neither the word nor the exit status."""
    conftest = (inner.root / "conftest.py").read_text(encoding="utf-8")
    inner.write(
        "conftest.py",
        conftest + "\nimport pytest\n\ndef pytest_collection_modifyitems(items):\n"
        "    for item in items:\n        item.add_marker(pytest.mark.xfail)\n",
    )
    inner.feature("SEC-001", scenario(1, "Then it fails"))
    result = inner.run("-q")
    assert inner.outcomes() == {"SEC-001.S1": "fail"}
    assert result.ret == 20


def test_events_of_a_scenario_reach_its_record(inner: Inner) -> None:
    """What a step asserts and records is in the readable file."""
    conftest = (inner.root / "conftest.py").read_text(encoding="utf-8")
    inner.write(
        "conftest.py",
        conftest + "\n@then('four is claimed')\ndef _(expect, recorder):\n"
        "    recorder.facts['inputs'] = [{'path': 'x.md', 'sha256': '0' * 64}]\n"
        "    expect.equal('the sum', 4, 2 + 2)\n",
    )
    inner.feature("SEC-001", scenario(1, "Then four is claimed"))
    inner.run("-q")
    (record,) = inner.evidence()
    (path,) = (inner.root / "build/embedded/without-cloud/evidence").glob("*.md")
    assert "the sum" in path.read_text(encoding="utf-8")
    assert "x.md" in str(record["inputs"])
