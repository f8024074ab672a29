"""Scenarios on several workers: the same words and records, in an order of dependencies."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugin.conftest import DEV, TaskRow, scenario

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugin.conftest import Inner

JOURNAL = """

import json, os, time
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    begun = time.time()
    result = yield
    with open(os.environ["JOURNAL"], "a") as stream:
        stream.write(json.dumps([item.name, begun, time.time(), os.getpid()]) + "\\n")
    return result
"""


@pytest.fixture
def spread(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> Inner:
    """A real environment without bindings, so that no cloud is needed, and a journal."""
    inner.write(".roadmap/environments/dev.yaml", DEV)
    inner.track_sources()
    conftest = (inner.root / "conftest.py").read_text(encoding="utf-8")
    inner.write("conftest.py", conftest + JOURNAL)
    monkeypatch.setenv("JOURNAL", str(inner.root / "journal.jsonl"))
    return inner


def run(inner: Inner, *arguments: str) -> pytest.RunResult:
    """Run against the environment without bindings."""
    (inner.root / "journal.jsonl").write_text("", encoding="utf-8")
    return inner.run_apart("--roadmap-env", "dev", *arguments)


def journal(root: Path) -> dict[str, tuple[float, float, int]]:
    """Begin, end and process of each item."""
    lines = (root / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    return {name: (begun, ended, pid) for name, begun, ended, pid in map(json.loads, lines)}


def records(folder: Path) -> dict[str, Any]:
    """The scenarios of the records in a folder, without what differs from run to run."""
    found = {}
    for path in sorted(folder.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        scenarios = re.findall(r'^  - (\{"id".*\})$', text, flags=re.MULTILINE)
        found[path.name] = [
            {key: value for key, value in json.loads(each).items() if key not in _OF_THE_RUN}
            for each in scenarios
        ]
    return found


_OF_THE_RUN = ("started", "ended")


def verdicts(result: pytest.RunResult) -> list[str]:
    """The lines with verdicts and tables."""
    return [line for line in result.outlines if re.match(r"(G\d|SEC|MON)", line)]


def test_workers_and_one_process_find_the_same(spread: Inner) -> None:
    """Words, records, tables, verdicts and exit status are equal."""
    rows = "\n    Examples:\n      | word |\n      | good |\n      | bad |\n"
    spread.feature("SEC-001", scenario(1), scenario(2, 'Then it ends "pending"', sub=2))
    spread.feature(
        "SEC-002", scenario(1, 'Then "<word>" is good', examples=rows), scenario(2, sub=2)
    )
    spread.feature("MON-001", scenario(1, tags="@PROBE @required"))
    spread.feature(
        "MON-002", scenario(1, tags="@PROBE @required"), scenario(2, 'Then it ends "error"')
    )
    alone = run(spread, "-q", "--roadmap-evidence-dir", "alone")
    shared = run(spread, "-q", "-n", "4", "--roadmap-evidence-dir", "shared")
    assert records(spread.root / "shared") == records(spread.root / "alone") != {}
    assert verdicts(shared) == verdicts(alone) != []
    assert shared.ret == alone.ret == 20
    assert shared.parseoutcomes() == alone.parseoutcomes()


def test_no_scenario_begins_before_what_it_depends_on_has_ended(spread: Inner) -> None:
    """Neither an earlier scenario of its task nor one of a task below is still running."""
    for task_id in ("SEC-001", "SEC-002", "MON-001", "MON-002"):
        spread.feature(task_id, *(scenario(n, title=f"t{n}") for n in range(1, 5)))
    result = run(spread, "-q", "-n", "3")
    result.assert_outcomes(passed=16)
    found = journal(spread.root)
    chain = [f"{task}.S{n}" for task in ("SEC-001", "SEC-002", "MON-001") for n in range(1, 5)]
    assert all(found[a][1] <= found[b][0] for a, b in pairwise(chain))
    assert {pid for _, _, pid in found.values()} != {found[chain[0]][2]}


def test_what_changes_shared_state_keeps_to_one_worker(spread: Inner) -> None:
    """Changing scenarios of independent tasks never meet."""
    for task_id in ("SEC-001", "MON-002"):
        changing = [scenario(n, tags="@PROBE @required", title=f"t{n}") for n in range(1, 4)]
        spread.feature(task_id, *changing, scenario(9, title="read"))
    run(spread, "-q", "-n", "4")
    found = journal(spread.root)
    assert len({pid for name, (_, _, pid) in found.items() if not name.endswith(".S9")}) == 1


def test_a_changing_scenario_sees_the_records_of_other_workers(spread: Inner) -> None:
    """The task below was Done on another worker a moment ago."""
    spread.feature("SEC-001", scenario(1))
    spread.feature("SEC-002", scenario(1, tags="@PROBE @required"))
    result = run(spread, "-q", "-n", "2")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["G1 DEV INCOMPLETE (22): records do not count yet: *"])


def test_a_worker_that_dies_loses_only_what_it_was_running(spread: Inner) -> None:
    """Its scenario is inconclusive; the rest runs on a new worker."""
    conftest = (spread.root / "conftest.py").read_text(encoding="utf-8")
    spread.write(
        "conftest.py", conftest + "\n@then('everything ends')\ndef _():\n    os._exit(3)\n"
    )
    spread.feature("SEC-001", scenario(1), scenario(2, "Then everything ends"), scenario(3, sub=2))
    spread.feature("SEC-002", scenario(1))
    result = run(spread, "-q", "-n", "2", "--roadmap-evidence-dir", "records")
    found = [
        (each["id"], each["outcome"])
        for scenarios in records(spread.root / "records").values()
        for each in scenarios
    ]
    assert found == [
        ("SEC-001.S1", "pass"),
        ("SEC-001.S2", "inconclusive"),
        ("SEC-001.S3", "pass"),
        ("SEC-002.S1", "pass"),
    ]
    assert result.ret == 22


def test_a_run_that_is_stopped_starts_nothing_out_of_order(spread: Inner) -> None:
    """A worker that holds a scenario whose predecessor has not ended leaves it."""
    spread.document([TaskRow("MON-002"), TaskRow("SEC-001")])
    conftest = (spread.root / "conftest.py").read_text(encoding="utf-8")
    spread.write(
        "conftest.py", conftest + "\n@then('it takes a while')\ndef _():\n    time.sleep(2)\n"
    )
    spread.feature("MON-002", scenario(1, "Then it fails"))
    spread.feature("SEC-001", scenario(1, "Then it takes a while"), scenario(2, sub=2))
    result = run(spread, "-n", "3", "-x", "-q")
    result.stdout.fnmatch_lines(["SEC-001.S2 not_run (waiting(SEC-001.S1)): *"])
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_evidence_of_any_kind_travels_from_workers(spread: Inner) -> None:
    """What pytest-xdist could not carry by itself is in the record all the same."""
    conftest = (spread.root / "conftest.py").read_text(encoding="utf-8")
    spread.write(
        "conftest.py",
        conftest + "\nimport datetime\n\n@then('something odd is claimed')\ndef _(expect):\n"
        "    expect.equal('the day', datetime.date(2026, 1, 2), datetime.date(2026, 1, 2))\n",
    )
    spread.feature("SEC-001", scenario(1, "Then something odd is claimed"))
    result = run(spread, "-q", "-n", "1", "--roadmap-evidence-dir", "records")
    result.assert_outcomes(passed=1)
    (path,) = (spread.root / "records").glob("*.md")
    assert "2026-01-02" in path.read_text(encoding="utf-8")


def test_an_interrupted_distributed_run_keeps_what_it_found(spread: Inner) -> None:
    """Ctrl-C in the controller: the finished scenario is recorded, the other is not_run."""
    conftest = (spread.root / "conftest.py").read_text(encoding="utf-8")
    spread.write(
        "conftest.py",
        conftest + "\n@then('somebody interrupts')\ndef _():\n"
        "    os.kill(os.getppid(), 2)\n    time.sleep(20)\n",
    )
    spread.feature("SEC-001", scenario(1), scenario(2, "Then somebody interrupts", sub=2))
    spread.feature("SEC-002", scenario(1))
    result = run(spread, "-q", "-n", "2", "--roadmap-evidence-dir", "records")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    (scenarios,) = records(spread.root / "records").values()
    assert [each["outcome"] for each in scenarios] == ["pass", "not_run"]
    result.stdout.fnmatch_lines(["G1 DEV INCOMPLETE*"])


@pytest.mark.parametrize("dist", ["load", "loadscope", "worksteal"])
def test_ordinary_tests_are_spread_as_asked(spread: Inner, dist: str) -> None:
    """Where no scenario was selected, the chosen scheduler does its work."""
    spread.feature("SEC-001", scenario(1))
    spread.write(
        "tests/test_x.py",
        "import pytest\n\n@pytest.mark.parametrize('n', range(6))\ndef test_x(n): pass\n",
    )
    result = run(spread, "-n", "2", "--dist", dist, "tests")
    result.assert_outcomes(passed=6)
    assert result.ret == 0
    assert "roadmap gate" not in result.stdout.str()


def test_ordinary_tests_run_beside_scenarios(spread: Inner) -> None:
    """They wait for nothing, and a failure of one is not lowered."""
    spread.feature("SEC-001", scenario(1))
    spread.write("tests/test_x.py", "def test_x(): assert False\ndef test_y(): pass\n")
    result = run(
        spread,
        "-q",
        "-n",
        "2",
        "features",
        "tests",
        "-m",
        "not G2",
        "-k",
        "SEC-001 or test_x or test_y",
    )
    result.assert_outcomes(passed=2, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_refused_feature_stops_a_distributed_run(spread: Inner) -> None:
    """The error of the workers is shown once."""
    spread.feature("SEC-001", scenario(1).replace("@S1 ", ""))
    result = run(spread, "-q", "-n", "2")
    assert result.ret not in (0, pytest.ExitCode.NO_TESTS_COLLECTED)
    assert result.stdout.str().count("ERROR collecting") == 1
    result.stdout.fnmatch_lines("*NO_NUMBER*")
