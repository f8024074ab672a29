"""Feature files that would be green for nothing are refused; good ones are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_roadmap.adapters.document.features import (
    lint_feature,
    read_feature,
    read_feature_file,
)

if TYPE_CHECKING:
    from pathlib import Path

IDS = frozenset({"SEC-001", "SEC-002"})
GOOD = """@SEC-001
Feature: Assets are listed
  모든 값이 일치

  Background:
    Given the environment is bound

  @S1 @sub-1 @sub-2 @RO @PROBE @required
  Scenario: First
    1) 하나
    2) 둘

    When something is read
    Then it is right

  Rule: Later
    @S2 @RUN @two-phase
    Scenario Outline: Second
      When "<x>" is read
      Then it is right

      Examples:
        | x |
        | a |
        | b |
"""


def codes(text: str) -> set[str]:
    return {problem.code for problem in lint_feature(text, IDS)}


def test_a_good_feature_has_no_problem_and_gives_its_scenarios() -> None:
    """Tags become id, sub-tasks, modes and flags; those inside a Rule too."""
    reading = read_feature(GOOD, "features/x.feature", IDS)

    assert reading.problems == ()
    assert reading.feature is not None
    first, second = reading.feature.scenarios
    assert (first.scenario_id, first.sub_tasks, first.modes) == (
        "SEC-001.S1",
        (1, 2),
        ("RO", "PROBE"),
    )
    assert first.description == "1) 하나\n2) 둘"
    assert (first.required, first.rows, first.line) == (True, None, 9)
    assert (second.scenario_id, second.required, second.two_phase, second.rows) == (
        "SEC-001.S2",
        False,
        True,
        2,
    )
    assert [step.keyword for step in first.steps] == ["When", "Then"]
    assert reading.feature.description == "모든 값이 일치"


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("NO_TASK", "@SEC-001\n", ""),
        ("UNKNOWN_TASK", "@SEC-001", "@SEC-999"),
        ("UNKNOWN_TASK", "@SEC-001", "@SEC-001 @G1"),
        ("MANY_TASKS", "@SEC-001", "@SEC-001 @SEC-002"),
        ("NO_NUMBER", "@S2 ", ""),
        ("MANY_NUMBERS", "@S2 ", "@S2 @S3 "),
        ("DUPLICATE_NUMBER", "@S2 ", "@S1 "),
        ("DUPLICATE_SCENARIO", "Outline: Second", "Outline: First"),
        ("DUPLICATE_TAG", "@RUN", "@RUN @RUN"),
        ("UNKNOWN_TAG", "@RUN", "@RO-ish"),
        ("UNKNOWN_TAG", "@S2", "@S2 @S02"),
        ("UNKNOWN_TAG", "@sub-1", "@sub-x"),
        ("UNKNOWN_TAG", "  Rule: Later", "  @S7\n  Rule: Later"),
        ("UNKNOWN_TAG", "      Examples:", "      @slow\n      Examples:"),
        ("NO_EXAMPLES", "        | a |\n        | b |\n", ""),
        ("NO_EXAMPLES", "      Examples:\n        | x |\n        | a |\n        | b |\n", ""),
        ("NO_STEPS", "    When something is read\n    Then it is right\n", ""),
        ("NO_STEPS", "    When something is read\n    Then it is right\n", "    Wen it\n"),
        ("MISSPELT_STEP", "    When something is read\n", "    Wehn something is read\n"),
        ("MISSPELT_STEP", "    Given the environment is bound\n", "    Givn the environment\n"),
        ("SYNTAX", "    Then it is right\n\n  Rule", "    Tehn it is right\n\n  Rule"),
        ("SYNTAX", "        | b |", "        | b | c |"),
        ("SYNTAX", "Feature:", "Faeture:"),
    ],
)
def test_what_could_be_green_for_nothing_is_refused(code: str, old: str, new: str) -> None:
    """One change to a good feature, one code."""
    assert old in GOOD
    assert code in codes(GOOD.replace(old, new, 1))


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_a_file_without_feature_is_refused(text: str) -> None:
    """It would collect nothing."""
    assert codes(text) == {"NO_FEATURE"}


def test_a_feature_without_scenario_is_refused() -> None:
    """It would prove nothing."""
    assert codes("@SEC-001\nFeature: a\n") == {"NO_SCENARIO"}


def test_english_prose_in_a_description_is_no_misspelt_step() -> None:
    """Words such as The resemble Then."""
    text = GOOD.replace("    1) 하나\n", "    The operator reads it.\n    1) 하나\n")

    assert codes(text) == set()


def test_a_korean_feature_is_read() -> None:
    """Keywords of another language work."""
    text = "# language: ko\n@SEC-001\n기능: a\n  @S1 @RO\n  시나리오: b\n    먼저 c\n    그러면 d\n"

    assert codes(text) == set()


def test_a_feature_file_may_have_a_byte_order_mark(tmp_path: Path) -> None:
    """It is UTF-8 all the same."""
    path = tmp_path / "a.feature"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())

    assert read_feature_file(path, IDS).problems == ()


@pytest.mark.parametrize(("content", "code"), [(b"\xff\xfe", "NOT_UTF8"), (None, "UNREADABLE")])
def test_an_unreadable_feature_file_is_a_problem(
    tmp_path: Path, content: bytes | None, code: str
) -> None:
    """Never an exception."""
    path = tmp_path / "a.feature"
    if content is not None:
        path.write_bytes(content)

    assert [problem.code for problem in lint_feature(path, IDS)] == [code]


def test_a_text_that_names_a_file_is_not_that_file(tmp_path: Path) -> None:
    """Text is text."""
    path = tmp_path / "a.feature"
    path.write_text(GOOD, "utf-8")

    assert codes(str(path)) == {"SYNTAX"}
