"""What the plugin spares pytest-bdd gives the same as pytest-bdd by itself."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from gherkin.parser import Parser
from pytest_bdd.feature import features, get_feature

from pytest_roadmap.plugin.bdd import share_reading
from tests.plugin.conftest import Inner, scenario

if TYPE_CHECKING:
    from pathlib import Path

FEATURE = """\
@SEC-001
Feature: Handover
  A description

  Background:
    Given a start

  Rule: One
    @S1
    Scenario Outline: Rows
      Given "<a>"
        | x | y |
        | 1 | 2 |
      When a text
        \"\"\"
        doc
        \"\"\"
      Examples: more
        | a |
        | 1 |

  @S2
  Scenario: 두 번째
    Given anything
    * more
"""


def test_a_shared_reading_is_what_pytest_bdd_reads_by_itself(tmp_path: Path) -> None:
    """Background, rules, outlines, tables, doc strings and tags come out alike."""
    path = tmp_path / "SEC-001.feature"
    path.write_text(FEATURE, encoding="utf-8")
    own = get_feature(str(tmp_path), path.name)
    del features[str(path)]

    share_reading(path, Parser().parse(FEATURE))

    shared = get_feature(str(tmp_path), path.name)
    assert shared is not own
    assert repr(shared) == repr(own)


NARROW = """\
from pytest_bdd import given

@given("a start")
def a_nearer_start():
    print("the nearer one")
"""


def test_the_nearest_step_definition_wins(inner: Inner) -> None:
    """A conftest beside a feature overrides a step for that folder, and only there."""
    inner.feature("SEC-001", scenario(1))
    inner.feature("MON-002", scenario(1))
    inner.write("features/mon/conftest.py", NARROW)

    result = inner.run("-s", "-v")

    assert result.stdout.str().count("the nearer one") == 1
    result.stdout.fnmatch_lines(["*MON-002.S1*the nearer one*"])


def test_an_ordinary_scenario_beside_finds_its_steps_as_ever(inner: Inner) -> None:
    """pytest-bdd tests of the same session are searched for by pytest-bdd itself."""
    inner.feature("SEC-001", scenario(1))
    inner.write("tests/plain.feature", "Feature: P\n  Scenario: Q\n    Given a start\n")
    inner.write(
        "tests/test_plain.py",
        'from pytest_bdd import scenarios\n\nscenarios("plain.feature")\n',
    )

    result = inner.run("-q")

    result.assert_outcomes(passed=2)


def test_the_search_of_pytest_bdd_is_put_back(inner: Inner) -> None:
    """A later session in the same process is none of our business."""
    module = importlib.import_module("pytest_bdd.scenario")
    before = module.get_step_function
    inner.feature("SEC-001", scenario(1))

    inner.run("-q")

    assert module.get_step_function is before


def test_a_step_without_a_function_is_reported_by_pytest_bdd(inner: Inner) -> None:
    """The scenario is inconclusive, and the sentence names the step."""
    inner.feature("SEC-001", scenario(1, "Given nobody wrote this", "Then it holds"))

    result = inner.run("-q")

    assert "Step definition is not found" in result.stdout.str()
    assert inner.outcomes() == {"SEC-001.S1": "inconclusive"}
