"""What ``-m``, ``-k`` and arguments select, and which gates are judged for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugin.conftest import TaskRow, scenario

if TYPE_CHECKING:
    from tests.plugin.conftest import Inner


def collected(result: pytest.RunResult) -> set[str]:
    """The scenario ids that were listed."""
    return {line.rpartition("::")[2] for line in result.outlines if "::" in line}


@pytest.fixture
def features(inner: Inner) -> Inner:
    """Three tasks with a feature; MON-002 has none."""
    inner.feature("SEC-001", scenario(1), scenario(2, sub=2, tags="@RUN @required"))
    inner.feature("SEC-002", scenario(1))
    inner.feature("MON-001", scenario(1, tags="@NOOP @PROBE @required @two-phase"))
    return inner


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("SEC-001", {"SEC-001.S1", "SEC-001.S2"}),
        ("G1", {"SEC-001.S1", "SEC-001.S2", "SEC-002.S1"}),
        ("G1 and P0 and not RUN", {"SEC-001.S1"}),
        ("WS-MON", {"MON-001.S1"}),
        ("WS-SEC and P1", {"SEC-002.S1"}),
        ("L3 and RO", {"SEC-001.S1", "SEC-002.S1"}),
        ("two-phase", {"MON-001.S1"}),
        ("S2 and sub-2 and required", {"SEC-001.S2"}),
    ],
)
def test_markers_of_document_and_feature_select(
    features: Inner, expression: str, expected: set[str]
) -> None:
    """Task, gate, workstream, priority, level, mode and number are markers."""
    assert collected(features.run("--collect-only", "-q", "-m", expression)) == expected


def test_a_name_selects_too(features: Inner) -> None:
    """``-k`` knows the scenario ids."""
    result = features.run("--collect-only", "-q", "-k", "SEC-001 and S2")
    assert collected(result) == {"SEC-001.S2"}


def test_the_count_of_deselected_tests_holds_no_stand_ins(features: Inner) -> None:
    """pytest counts scenarios, not tasks without a feature."""
    result = features.run("-q", "--collect-only", "-m", "SEC-002")
    result.stdout.fnmatch_lines(["*1/4 tests collected (3 deselected)*"])


def judged(result: pytest.RunResult) -> list[str]:
    """The gates whose verdict was printed."""
    return [line.split()[0] for line in result.outlines if " EMBEDDED " in line]


@pytest.mark.parametrize(
    ("arguments", "gates"),
    [
        ((), ["G1", "G2"]),
        (("-m", "G1"), ["G1"]),
        (("-m", "G2"), ["G2"]),
        (("-m", "G1 or G2"), ["G1", "G2"]),
        (("-m", "G1 and not RUN"), []),
        (("-m", "SEC-001"), []),
        (("-m", "P0"), ["G2"]),
        (("-k", "SEC"), ["G1"]),
        (("features",), ["G1", "G2"]),
        (("features/sec",), ["G1"]),
        (("features/mon",), ["G2"]),
        (("features/mon/MON-001.feature",), []),
        (("features/sec/SEC-001.feature", "features/sec/SEC-002.feature"), ["G1"]),
        (("features/sec/SEC-001.feature::SEC-001.S1", "features/sec/SEC-002.feature"), []),
    ],
)
def test_a_gate_is_judged_when_its_own_tasks_are_wholly_selected(
    features: Inner, arguments: tuple[str, ...], gates: list[str]
) -> None:
    """A task without a feature counts as selected where pytest would have selected it."""
    assert judged(features.run("-q", "--force-mutation", *arguments)) == gates


def test_a_gate_whose_tasks_all_lack_features_is_still_judged(inner: Inner) -> None:
    """Nothing ran for it, and it says so."""
    inner.feature("SEC-001", scenario(1))
    result = inner.run("-q", "-m", "G2")
    assert judged(result) == ["G2"]
    result.stdout.fnmatch_lines(["MON-001 * no feature yet"])
    assert result.ret == 22


def test_collecting_only_judges_nothing(features: Inner) -> None:
    """No verdict, no record, and the exit status of pytest."""
    result = features.run("--collect-only", "-m", "G1")
    assert result.ret == 0
    assert judged(result) == []
    assert not (features.root / "build").exists()


def test_scenarios_run_in_dependency_order_then_document_order(inner: Inner) -> None:
    """The order of files and tables gives way to dependencies."""
    inner.document(
        [
            TaskRow("SEC-001", depends_on="MON-002"),
            TaskRow("SEC-002"),
            TaskRow("MON-001", depends_on="SEC-001", gate="G2"),
            TaskRow("MON-002"),
        ]
    )
    for task_id in ("SEC-001", "SEC-002", "MON-001", "MON-002"):
        inner.feature(task_id, scenario(2, title="b", sub=2), scenario(1, title="a"))
    result = inner.run("--collect-only", "-q")
    listed = [line.rpartition("::")[2] for line in result.outlines if "::" in line]
    assert listed == [
        f"{task}.S{number}"
        for task in ("SEC-002", "MON-002", "SEC-001", "MON-001")
        for number in (2, 1)
    ]


def test_ordinary_tests_keep_their_places_among_scenarios(inner: Inner) -> None:
    """Only scenarios are put in order."""
    inner.document([TaskRow("SEC-001", depends_on="SEC-002"), TaskRow("SEC-002")])
    inner.feature("SEC-001", scenario(1))
    inner.feature("SEC-002", scenario(1))
    inner.write("tests/test_x.py", "def test_x(): pass\n")
    inner.write("tests/test_y.py", "def test_y(): pass\n")
    result = inner.run("--collect-only", "-q", "tests/test_x.py", "features", "tests/test_y.py")
    listed = [line.rpartition("::")[2] for line in result.outlines if "::" in line]
    assert listed == ["test_x", "SEC-002.S1", "SEC-001.S1", "test_y"]
