"""What ``roadmap prove`` says while it runs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pytest_roadmap.cli._progress import Progress
from pytest_roadmap.domain.controls import Observed, judge_healthy
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.proving.case import Case
from tests.unit.cli.pretended import PASSED, ending, run
from tests.unit.proving.projects import (
    pretend,
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class TestProgress:
    """What is said while it runs."""

    CASE = Case("SEC-001.S1", "a.feature", None)

    def test_a_failure_is_told_with_pytests_words(
        self, proved: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Those of a survivor would only say that it passed."""
        told = ending(N1=PASSED, G1=Observed(Outcome.FAIL, "Then a"))
        run(runner=pretend(told))

        err = capsys.readouterr().err
        assert "SEC-001.S1.N1: survived: passed although" in err
        assert "<pytest of SEC-001.S1.N1>" not in err
        assert "SEC-001.S1.G1: guard broken: ended fail" in err
        assert "<pytest of SEC-001.S1.G1>" in err

    def test_a_log_has_no_control_characters(
        self, proved: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """One line a task, not one a case."""
        capsys.readouterr()
        run()

        assert capsys.readouterr().out.startswith("SEC-001: 5 of 5 cases as they should\nscenario")

    def test_verbose_has_a_line_a_case(
        self, proved: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """With a counter."""
        run("-v")

        assert "[3/5] SEC-001.S1.N1: killed\n" in capsys.readouterr().out

    def test_a_terminal_shows_a_counter_that_goes_away(self) -> None:
        """The line of the task replaces it."""
        out = Terminal()
        progress = Progress([self.CASE, self.CASE], out, io.StringIO())

        for _ in range(2):
            progress.judged(self.CASE, judge_healthy("SEC-001.S1", PASSED), "")
        progress.erase()

        first, _, rest = out.getvalue().partition("\n")
        assert first.split("\r\x1b[K")[1:] == [
            "[1/2] SEC-001.S1 unchanged",
            "SEC-001: 2 of 2 cases as they should",
        ]
        assert rest == "[2/2] SEC-001.S1 unchanged\r\x1b[K"
