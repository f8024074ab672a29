"""How features become tests, and what is refused because it could be green for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugin.conftest import Inner, scenario

if TYPE_CHECKING:
    from pathlib import Path


def test_a_feature_is_collected_without_a_test_module(inner: Inner) -> None:
    """The node ids are path and scenario id, rows in brackets."""
    rows = "\n    Examples:\n      | word |\n      | good |\n      | so so |\n"
    inner.feature(
        "SEC-001",
        scenario(1),
        scenario(2, "Given a start", 'Then "<word>" is good', sub=2, examples=rows),
    )
    result = inner.run("--collect-only", "-q")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "features/sec/SEC-001.feature::SEC-001.S1",
            "features/sec/SEC-001.feature::SEC-001.S2[[]good[]]",
            "features/sec/SEC-001.feature::SEC-001.S2[[]so_so[]]",
        ]
    )


def test_rows_with_equal_cells_keep_ids_of_their_own(inner: Inner) -> None:
    """Two rows that read alike are two tests."""
    rows = "\n    Examples:\n      | word |\n      | good |\n      | good |\n"
    inner.feature("SEC-001", scenario(1, 'Then "<word>" is good', examples=rows))
    result = inner.run("--collect-only", "-q")
    result.stdout.fnmatch_lines(["*SEC-001.S1[[]good[]]", "*SEC-001.S1[[]good-2[]]"])


def test_a_scenario_can_be_named_by_its_node_id(inner: Inner) -> None:
    """One node id runs one scenario."""
    inner.feature("SEC-001", scenario(1), scenario(2, sub=2))
    result = inner.run("features/sec/SEC-001.feature::SEC-001.S2")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("MISSPELT_STEP", scenario(1, "Givven a start", "Then it holds")),
        ("NO_STEPS", "\n  @S1 @sub-1 @RO @required\n  Scenario: none\n    1) first\n"),
        ("DUPLICATE_SCENARIO", scenario(1, title="same") + scenario(2, title="same")),
        ("NO_EXAMPLES", scenario(1, examples="\n    Examples:\n      | word |\n")),
        ("NO_NUMBER", scenario(1).replace("@S1 ", "")),
        ("NO_MODE", scenario(1, tags="@required")),
        ("DUPLICATE_NUMBER", scenario(1, title="a") + scenario(1, title="b")),
        ("UNKNOWN_TAG", scenario(1, tags="@RO @required @urgent")),
        ("SYNTAX", "\n  @S1\n  Scenarios of another kind\n"),
    ],
)
def test_a_feature_that_could_be_green_for_nothing_stops_the_session(
    inner: Inner, code: str, text: str
) -> None:
    """The error names file, line and code, and nothing runs."""
    inner.feature("SEC-001", text)
    inner.feature("SEC-002", scenario(1))
    result = inner.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([f"features/sec/SEC-001.feature:*: {code}: *"])
    assert not inner.evidence()


def test_a_feature_of_an_unknown_task_stops_the_session(inner: Inner) -> None:
    """Nothing is collected for a task that the document does not have."""
    inner.feature("SEC-009", scenario(1))
    result = inner.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*: UNKNOWN_TASK: @SEC-009 is not a task of the roadmap"])


def test_a_second_feature_of_a_task_stops_the_session(inner: Inner) -> None:
    """Two files cannot both speak for one task."""
    path = inner.feature("SEC-001", scenario(1))
    inner.write("features/sec/zz.feature", path.read_text(encoding="utf-8"))
    result = inner.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*zz.feature:2: SECOND_FEATURE: SEC-001 has a feature already*"])


def test_an_async_step_stops_the_session(inner: Inner) -> None:
    """A step that nothing awaits would make its scenario pass."""
    inner.feature("SEC-001", scenario(1))
    conftest = (inner.root / "conftest.py").read_text(encoding="utf-8")
    inner.write("conftest.py", conftest.replace("def holds", "async def holds"))
    result = inner.run_apart()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["conftest.py:*: ASYNC_STEP: the step 'it holds' is async*"])


def test_a_module_that_collects_a_roadmap_feature_again_is_refused(inner: Inner) -> None:
    """The scenarios would run twice and be counted twice."""
    path = inner.feature("SEC-001", scenario(1))
    inner.write("test_again.py", f"from pytest_bdd import scenarios\nscenarios({str(path)!r})\n")
    result = inner.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*DOUBLE_COLLECTION: features/sec/SEC-001.feature*"])


def test_a_document_that_cannot_be_read_is_reported_once_in_full(inner: Inner) -> None:
    """Every feature is refused, the first with the reasons."""
    inner.feature("SEC-001", scenario(1))
    inner.feature("SEC-002", scenario(1))
    document = inner.root / ".roadmap/implementation_roadmap.md"
    text = document.read_text(encoding="utf-8")
    document.write_text(text.replace("| P1 |", "| P9 |"), encoding="utf-8")
    result = inner.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert result.stdout.str().count("P9") == 1
    result.stdout.fnmatch_lines(["*the roadmap cannot be read, see the first error*"])


def test_a_broken_policy_is_a_collection_error(inner: Inner) -> None:
    """The error names the file and the key."""
    inner.feature("SEC-001", scenario(1))
    inner.write(".roadmap/policy.yaml", "schema: roadmap-policy/1\n")
    result = inner.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*policy.yaml: *"])


def test_markers_of_the_document_are_listed(inner: Inner) -> None:
    """``--markers`` names tasks, gates, workstreams, priorities and levels."""
    result = inner.run("--markers")
    assert result.ret == 0
    for name in ("SEC-001", "G2", "WS-SEC", "P1", "L3"):
        result.stdout.fnmatch_lines([f"@pytest.mark.{name}: *"])


def test_the_options_have_a_help_group_of_their_own(inner: Inner) -> None:
    """``--help`` explains each option."""
    result = inner.run("--help")
    for option in ("env", "document", "evidence-dir", "embedded-url"):
        result.stdout.fnmatch_lines([f"  --roadmap-{option}=*"])


def test_a_given_document_must_exist(inner: Inner) -> None:
    """A mistyped path is a usage error, not a silent run of something else."""
    result = inner.run("--roadmap-document", "nowhere.md")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--roadmap-document: there is no file *nowhere.md*"])


def test_a_project_without_a_roadmap_keeps_its_own_features(
    pytester: pytest.Pytester, tmp_path: Path
) -> None:
    """Other people's pytest-bdd tests run as ever, and nothing is written."""
    folder = pytester.mkdir("features")
    feature = folder / "own.feature"
    feature.write_text("Feature: own\n  Scenario: mine\n    Given nothing\n", encoding="utf-8")
    pytester.makepyfile(
        "from pytest_bdd import given, scenarios\n"
        f"scenarios({str(feature)!r})\n"
        "@given('nothing')\ndef _(): pass\n"
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=1)
    assert "roadmap" not in result.stdout.str().replace("plugins: ", "").split("rootdir")[0]
    assert not (pytester.path / "build").exists()


def test_ordinary_tests_of_a_roadmap_project_are_left_alone(inner: Inner) -> None:
    """Without a roadmap scenario there is no verdict, no file and no other exit status."""
    inner.feature("SEC-001", scenario(1))
    inner.write("tests/test_x.py", "def test_x(): pass\n")
    result = inner.run("tests")
    assert result.ret == 0
    assert "gate" not in result.stdout.str()
    assert not (inner.root / "build").exists()
