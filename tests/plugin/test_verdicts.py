"""What a run prints and exits with, and what it refuses to run."""

from __future__ import annotations

import signal
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from tests.plugin.conftest import DEV, scenario

if TYPE_CHECKING:
    from tests.plugin.conftest import Inner

GOOD = ("Given a start", "Then it holds")


def features(inner: Inner, **last_steps: str) -> None:
    """A feature for every task; the last step of a task can be given."""
    for task_id in ("SEC-001", "SEC-002", "MON-001", "MON-002"):
        step = last_steps.get(task_id.replace("-", "_"), "Then it holds")
        inner.feature(task_id, scenario(1, "Given a start", step), scenario(2, *GOOD, sub=2))


def test_all_gates_pass_when_every_required_scenario_passes(inner: Inner) -> None:
    """The verdict names its environment."""
    features(inner)
    result = inner.run("-q")
    result.stdout.fnmatch_lines(["G1 EMBEDDED PASS (0): *", "G2 EMBEDDED PASS (0): *"])
    assert result.ret == 0


@pytest.mark.parametrize(
    ("step", "word", "status"),
    [
        ("Then it fails", "FAIL", 20),
        ('Then it ends "blocked"', "BLOCKED", 21),
        ('Then it ends "pending"', "INCOMPLETE", 22),
        ('Then it ends "error"', "INCOMPLETE", 22),
        ('Then it ends "not_run"', "INCOMPLETE", 22),
    ],
)
def test_the_worst_verdict_is_the_exit_status(
    inner: Inner, step: str, word: str, status: int
) -> None:
    """A gate carries the word of the gate it requires."""
    features(inner, SEC_001=step)
    result = inner.run("-q")
    result.stdout.fnmatch_lines([f"G1 EMBEDDED {word} ({status}): *SEC-001*"])
    result.stdout.fnmatch_lines([f"G2 EMBEDDED {word} ({status}): *"])
    assert result.ret == status


def test_an_earlier_gate_that_was_not_run_is_named(inner: Inner) -> None:
    """A fresh embedded state knows nothing of earlier runs."""
    features(inner)
    assert inner.run("-q", "-m", "G1").ret == 0
    result = inner.run("-q", "-m", "G2")
    result.stdout.fnmatch_lines(["G2 EMBEDDED INCOMPLETE (22): *required gate G1 is INCOMPLETE*"])
    assert result.ret == 22


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ("Then it holds", 0),
        ("Then it fails", 20),
        ('Then it ends "blocked"', 21),
        ('Then it ends "pending"', 22),
        ('Then it ends "error"', 22),
    ],
)
def test_without_a_whole_gate_the_worst_word_is_the_exit_status(
    inner: Inner, step: str, status: int
) -> None:
    """A part of a gate is no gate, and still tells what it found."""
    features(inner, SEC_001=step)
    result = inner.run("-q", "-m", "SEC-001")
    assert "EMBEDDED" not in result.stdout.str()
    assert result.ret == status


def test_the_failure_of_an_ordinary_test_is_never_lowered(inner: Inner) -> None:
    """A passing gate does not hide it."""
    features(inner)
    inner.write("tests/test_x.py", "def test_x(): assert False\n")
    result = inner.run("-q")
    result.stdout.fnmatch_lines(["G1 EMBEDDED PASS*"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_selection_of_nothing_stays_a_selection_of_nothing(inner: Inner) -> None:
    """Neither a scenario nor a task is left."""
    features(inner)
    result = inner.run("-q", "-m", "SEC-001 and MON-001")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_broken_feature_is_not_a_missing_one(inner: Inner) -> None:
    """Its gate is not judged, even when pytest goes on after the error."""
    features(inner)
    inner.feature("SEC-002", scenario(1).replace("@S1", ""))
    result = inner.run("-q", "--continue-on-collection-errors")
    assert "G1 EMBEDDED" not in result.stdout.str()
    assert result.ret not in (0, pytest.ExitCode.NO_TESTS_COLLECTED)


def test_a_run_that_stops_at_the_first_failure_is_incomplete(inner: Inner) -> None:
    """What did not run is not_run, in the record too."""
    features(inner, SEC_001="Then it fails")
    result = inner.run("-q", "-x")
    assert inner.outcomes() == {"SEC-001.S1": "fail", "SEC-001.S2": "not_run"}
    result.stdout.fnmatch_lines(["G1 EMBEDDED FAIL*"])
    assert result.ret == 20


def test_an_interrupted_run_keeps_what_it_found(inner: Inner) -> None:
    """Ctrl-C ends with pytest's own status; the record says what was not reached."""
    conftest = (inner.root / "conftest.py").read_text(encoding="utf-8")
    inner.write(
        "conftest.py",
        conftest + "\nimport os, signal\n\n@then('somebody interrupts')\ndef _():\n"
        f"    os.kill(os.getpid(), {int(signal.SIGINT)})\n",
    )
    inner.feature(
        "SEC-001", scenario(1), scenario(2, "Then somebody interrupts", sub=2), scenario(3)
    )
    result = inner.run_apart("-q")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert inner.outcomes() == {
        "SEC-001.S1": "pass",
        "SEC-001.S2": "not_run",
        "SEC-001.S3": "not_run",
    }
    result.stdout.fnmatch_lines(["G1 EMBEDDED INCOMPLETE*"])


def test_a_changing_scenario_waits_for_the_tasks_below(inner: Inner) -> None:
    """It runs only where they are Done, or when it is forced."""
    inner.write(".roadmap/environments/dev.yaml", DEV)
    inner.pytester.run("git", "init", "-q")
    inner.feature("SEC-001", scenario(1, "Then it fails"))
    inner.feature("SEC-002", scenario(1, tags="@PROBE @required"), scenario(2, sub=2))
    result = inner.run("-q", "-rN", "--roadmap-env", "dev")
    result.stdout.fnmatch_lines(["SEC-002.S1 not_run (waiting(SEC-001)): *"])
    assert "SEC-002.S2 not_run" not in result.stdout.str()
    forced = inner.run("-q", "--roadmap-env", "dev", "--force-mutation")
    assert "SEC-002.S1 not_run" not in forced.stdout.str()


def test_a_changing_scenario_runs_once_the_tasks_below_are_done(inner: Inner) -> None:
    """The record of this run counts."""
    inner.write(".roadmap/environments/dev.yaml", DEV)
    inner.pytester.run("git", "init", "-q")
    inner.feature("SEC-001", scenario(1))
    inner.feature("SEC-002", scenario(1, tags="@PROBE @required"))
    result = inner.run("-q", "--roadmap-env", "dev")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["SEC-002 *NotStarted  Done *"])


def test_dependencies_are_respected_on_request(inner: Inner) -> None:
    """Reading scenarios wait too, and the list says for what."""
    features(inner, SEC_001="Then it fails")
    result = inner.run("-q", "--respect-deps", "-m", "G1")
    result.stdout.fnmatch_lines(
        ["SEC-002.S1, SEC-002.S2 not_run (waiting(SEC-001)): *--respect-deps skips it"]
    )
    assert result.ret == 20


def test_a_mode_that_the_environment_does_not_allow_is_not_run(inner: Inner) -> None:
    """``safety.allow`` decides; all modes of a scenario must be permitted."""
    inner.write(".roadmap/environments/dev.yaml", DEV)
    inner.pytester.run("git", "init", "-q")
    inner.feature(
        "SEC-001",
        scenario(1, tags="@NOOP @RUN @required"),
        scenario(2, tags="@NOOP @required", sub=2),
    )
    result = inner.run("-q", "--roadmap-env", "dev", "-m", "SEC-001")
    result.stdout.fnmatch_lines(
        ["SEC-001.S1 not_run (not_permitted(RUN)): safety.allow in *dev.yaml does not permit RUN"]
    )
    assert "SEC-001.S2 not_run" not in result.stdout.str()
    assert result.ret == 22


def test_scenarios_that_stop_for_one_reason_share_a_line(inner: Inner) -> None:
    """The list stays short where a whole environment is unbound."""
    inner.feature(
        "SEC-001", *(scenario(n, 'Then it ends "blocked"', title=f"t{n}") for n in (1, 2))
    )
    result = inner.run("-q")
    result.stdout.fnmatch_lines(["SEC-001.S1, SEC-001.S2 blocked (missing_binding(uc.catalog))*"])


def test_the_missing_extra_is_named_in_a_sentence(
    inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that needs the embedded cloud says what to install."""
    real = metadata.version

    def version(name: str) -> str:
        if name == "trustme":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    conftest = (inner.root / "conftest.py").read_text(encoding="utf-8")
    inner.write("conftest.py", conftest + "\n@given('a cloud')\ndef _(environment):\n    pass\n")
    inner.feature("SEC-001", scenario(1, "Given a cloud", "Then it holds"))
    result = inner.run("-q")
    result.stdout.fnmatch_lines(["*needs trustme*pip install 'pytest-roadmap[[]embedded[]]'*"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_an_unknown_environment_is_a_usage_error(inner: Inner) -> None:
    """The sentence lists the environments that exist."""
    features(inner)
    result = inner.run("-q", "--roadmap-env", "staging")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*known environments: embedded*"])


def test_a_real_record_is_written_where_the_option_says(inner: Inner) -> None:
    """One file and its statement for the task."""
    inner.write(".roadmap/environments/dev.yaml", DEV)
    inner.pytester.run("git", "init", "-q")
    inner.feature("SEC-001", scenario(1))
    inner.run("-q", "--roadmap-env", "dev", "--roadmap-evidence-dir", "records")
    names = sorted(path.name.partition("_")[2] for path in (inner.root / "records").glob("*.*"))
    assert names == ["sec_sec_001.md", "sec_sec_001.md.dsse.json"]


def test_later_runs_of_a_real_environment_build_on_earlier_ones(inner: Inner) -> None:
    """A gate can be proven in parts."""
    inner.write(".roadmap/environments/dev.yaml", DEV)
    inner.pytester.run("git", "init", "-q")
    features(inner)
    inner.run("-q", "--roadmap-env", "dev", "-m", "G1")
    result = inner.run("-q", "--roadmap-env", "dev", "-m", "G2")
    result.stdout.fnmatch_lines(["SEC-002 *NotStarted  Done *"])


def test_allure_results_lie_beside_the_run_and_link_the_record(inner: Inner) -> None:
    """Each scenario has one result and no fixture bookkeeping."""
    features(inner)
    inner.run("-q", "-m", "SEC-001")
    folder = inner.root / "build/embedded/allure-results"
    results = [path.read_text(encoding="utf-8") for path in folder.glob("*-result.json")]
    assert len(results) == 2
    assert all('"type": "record"' in text for text in results)
    assert not list(folder.glob("*-container.json"))


def test_a_record_says_what_was_before_and_where_allure_shows_it(inner: Inner) -> None:
    """The second run of a real environment starts from what the first one showed."""
    inner.write(".roadmap/environments/dev.yaml", DEV)
    inner.pytester.run("git", "init", "-q")
    features(inner)
    for _ in range(2):
        inner.run(
            "-q", "--roadmap-env", "dev", "-m", "SEC-001", "--roadmap-evidence-dir", "records"
        )
    texts = [path.read_text(encoding="utf-8") for path in (inner.root / "records").glob("*.md")]
    before = sorted(
        line for text in texts for line in text.splitlines() if line.startswith("derived_before:")
    )
    assert before == ['derived_before: "Done"', 'derived_before: "NotStarted"']
    results = (inner.root / "build/dev/allure-results").glob("*-result.json")
    assert all(path.name.removesuffix("-result.json") in texts[0] for path in results)
