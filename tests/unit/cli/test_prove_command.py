"""``roadmap prove``: exit statuses, table and report, over a pretended runner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_roadmap.adapters.repository.lock_file import LOCK
from pytest_roadmap.cli import main
from pytest_roadmap.domain.controls import Observed
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.proving.runner import ProvingError
from tests.unit.cli.pretended import PASSED, ending, refusing, run
from tests.unit.proving.projects import (
    CONTROLS,
    add_feature,
    pretend,
)


class TestUsage:
    """What is said before anything runs."""

    def test_help_names_the_exit_statuses(self, capsys: pytest.CaptureFixture[str]) -> None:
        """And ends well."""
        assert main(["prove", "--help"]) == 0
        words = " ".join(capsys.readouterr().out.split())
        assert all(f"{status} " in words for status in (0, 2, 20, 22, 30))

    @pytest.mark.parametrize("jobs", ["0", "-1", "x", "1.5", "²"])
    def test_the_number_of_jobs_is_a_positive_number(
        self, jobs: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Else it is a usage error."""
        assert main(["prove", "--jobs", jobs]) == 2
        assert "1 or more" in capsys.readouterr().err

    @pytest.mark.parametrize("task", ["SEC-999", "SEC-002"])
    def test_a_task_without_feature_is_unusable(
        self, project: Path, capsys: pytest.CaptureFixture[str], task: str
    ) -> None:
        """One sentence; nothing is started."""
        add_feature(project)

        assert main(["prove", task]) == 30

        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith(f"roadmap prove: {task}: ")
        assert len(said.err.splitlines()) == 1

    def test_a_feature_without_controls_is_unusable(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The missing file is named."""
        add_feature(project).with_suffix(".controls.yaml").unlink()

        assert main(["prove"]) == 30
        assert "features/sec/SEC-001.controls.yaml: is missing" in capsys.readouterr().err

    @pytest.mark.parametrize("content", ["{", "[]", '{"tasks": {}}'])
    def test_a_broken_lock_is_unusable(
        self, project: Path, capsys: pytest.CaptureFixture[str], content: str
    ) -> None:
        """Before minutes are spent on a proof that could not be kept."""
        add_feature(project)
        (project / LOCK).write_text(content)

        assert main(["prove"]) == 30
        assert f"{LOCK}: " in capsys.readouterr().err

    @pytest.mark.parametrize("name", ["policy.yaml", "implementation_roadmap.md"])
    def test_a_project_without_policy_or_document_is_unusable(
        self, project: Path, capsys: pytest.CaptureFixture[str], name: str
    ) -> None:
        """The file is named, no traceback."""
        (project / ".roadmap" / name).unlink()

        assert main(["prove"]) == 30
        assert name in capsys.readouterr().err


class TestVerdict:
    """What all cases together amount to."""

    def test_all_proven_and_locked_is_a_pass(
        self, proved: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Every number of the table is full."""
        capsys.readouterr()

        assert run() == 0

        assert capsys.readouterr().out.splitlines() == [
            "SEC-001: 5 of 5 cases as they should",
            "scenario      healthy  killed  guards  Then steps",
            "SEC-001.S1    yes      1/1     1/1     1/1",
            "SEC-001.S2    yes      1/1     0/0     1/1",
            "2 of 2 controls killed, 1 of 1 guards green, 2 scenarios healthy: PROVED (0)",
        ]

    @pytest.mark.parametrize(
        ("told", "name", "row"),
        [
            ({"N1": PASSED}, "SEC-001.S1.N1", "yes      0/1     1/1     0/1"),
            (
                {"N1": Observed(Outcome.FAIL, "Then elsewhere")},
                "SEC-001.S1.N1",
                "yes      0/1     1/1     0/1",
            ),
            (
                {"N1": Observed(Outcome.BLOCKED, "Then a")},
                "SEC-001.S1.N1",
                "yes      0/1     1/1     0/1",
            ),
            (
                {"G1": Observed(Outcome.FAIL, "Then a")},
                "SEC-001.S1.G1",
                "yes      1/1     0/1     1/1",
            ),
            (
                {"healthy": Observed(Outcome.INCONCLUSIVE)},
                "SEC-001.S1 unchanged",
                "NO       1/1     1/1     1/1",
            ),
        ],
    )
    def test_one_bad_case_disproves_and_stands_below_its_scenario(
        self,
        proved: Path,
        capsys: pytest.CaptureFixture[str],
        told: dict[str, Observed],
        name: str,
        row: str,
    ) -> None:
        """Survived, elsewhere, wrong word, guard broken, unhealthy."""
        assert run(runner=pretend(ending(**told))) == 20

        lines = capsys.readouterr().out.splitlines()
        place = lines.index(f"SEC-001.S1    {row}")
        assert lines[place + 1].startswith(f"    {name}: ")
        assert lines[-1].endswith("NOT PROVED (20)")

    def test_a_then_step_without_control_disproves(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Though every case went as it should; the step is named."""
        add_feature(project, CONTROLS[:2])

        assert run("--write") == 20

        assert "no control turns red: SEC-001.S2: Then b" in capsys.readouterr().out
        assert not (project / LOCK).exists()

    def test_a_case_that_could_not_be_run_leaves_it_open(
        self, proved: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Neither proven nor disproven; its step is not called unproven."""
        assert run(runner=refusing("SEC-001.S1.N1")) == 22

        out = capsys.readouterr().out
        assert "    SEC-001.S1.N1: refused" in out
        assert "no control turns red" not in out

    def test_a_survivor_weighs_more_than_a_case_that_could_not_be_run(self, proved: Path) -> None:
        """It is certain whatever the other would have shown."""
        runner = refusing("SEC-001.S2.N1", ending(N1=PASSED))

        assert run(runner=runner) == 20

    def test_a_runner_that_leaves_cases_out_proves_nothing(
        self, proved: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Nothing unmeasured counts."""
        assert run(runner=pretend(after=0)) == 22
        assert "0 of 5 cases judged" in capsys.readouterr().err


class TestBrokenOff:
    """A proof that does not come to its end."""

    def test_an_interrupted_one_says_what_was_done(
        self, proved: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Exit status 2; what was not run is neither yes nor no."""
        assert run(runner=pretend(stop=KeyboardInterrupt(), after=1)) == 2

        said = capsys.readouterr()
        assert said.err == "roadmap prove: interrupted; 1 of 5 cases judged\n"
        assert "SEC-001.S1    yes      0/1     0/1     0/1" in said.out
        assert "SEC-001.S2    -        0/1     0/0     0/1" in said.out
        assert "no control turns red" not in said.out

    def test_a_cloud_that_does_not_start_is_one_sentence(
        self, proved: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Exit status 22: nothing was judged."""
        assert run(runner=pretend(stop=ProvingError("no cloud"), after=0)) == 22
        assert capsys.readouterr().err == "roadmap prove: no cloud; 0 of 5 cases judged\n"

    def test_nothing_is_written(self, project: Path) -> None:
        """Even when all that ran was good."""
        add_feature(project)

        run("--write", runner=pretend(stop=KeyboardInterrupt(), after=4))

        assert not (project / LOCK).exists()

    def test_the_runner_is_closed(self, proved: Path) -> None:
        """It ends its servers before the command says anything more."""
        closed: list[bool] = []

        def runner(root: Path, cases: Any, jobs: int) -> Any:
            try:
                yield from pretend()(root, cases, jobs)
                raise KeyboardInterrupt
            finally:
                closed.append(True)

        assert run(runner=runner) == 2
        assert closed == [True]


def test_the_json_report_is_the_only_thing_on_stdout(
    proved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every case with its word, place and reason."""
    capsys.readouterr()
    status = run("--format", "json", runner=pretend(ending(N1=PASSED)))

    found = json.loads(capsys.readouterr().out)
    assert found["exit_code"] == status == 20
    assert (found["controls"], found["words"]["survived"], found["words"]["killed"]) == (2, 1, 1)
    assert found["unproven_steps"] == [{"scenario": "SEC-001.S1", "step": "Then a"}]
    (survivor,) = [each for each in found["cases"] if each["control"] == "SEC-001.S1.N1"]
    assert (survivor["word"], survivor["outcome"]) == ("survived", "pass")
