"""``roadmap prove --write``: what is proven, locked and out of date."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_roadmap.adapters.repository.lock_file import LOCK
from tests.unit.cli.pretended import PASSED, ending, run
from tests.unit.proving.projects import (
    CONTROLS,
    add_feature,
    control,
    pretend,
)


class TestLock:
    """``--write`` and what is out of date."""

    def test_proven_but_not_locked_is_out_of_date(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The way out is named."""
        add_feature(project)

        assert run() == 20
        assert "out of date for SEC-001: run 'roadmap prove --write'" in capsys.readouterr().out

    def test_a_changed_controls_file_is_out_of_date(self, proved: Path) -> None:
        """The lock was proven for another one."""
        add_feature(proved, [*CONTROLS, control("SEC-001.S2.N2", "Then b")])

        assert run() == 20
        assert run("--write") == 0
        assert run() == 0

    def test_what_was_proven_is_written(self, proved: Path) -> None:
        """By task and scenario."""
        lock = json.loads((proved / LOCK).read_text("utf-8"))

        assert lock["tasks"]["SEC-001"]["scenarios"] == {
            "SEC-001.S1": ["SEC-001.S1.G1", "SEC-001.S1.N1"],
            "SEC-001.S2": ["SEC-001.S2.N1"],
        }

    def test_a_disproof_does_not_touch_the_lock(self, proved: Path) -> None:
        """It keeps what was proven before."""
        before = (proved / LOCK).read_bytes()

        assert run("--write", runner=pretend(ending(N1=PASSED))) == 20
        assert (proved / LOCK).read_bytes() == before

    def test_one_task_keeps_the_entries_of_others_that_have_a_feature(self, proved: Path) -> None:
        """Those of tasks without any go."""
        text = (proved / "features/sec/SEC-001.feature").read_text("utf-8")
        second = [
            control(f"SEC-002.{each}.N1", step)
            for each, step in [("S1", "Then a"), ("S2", "Then b")]
        ]
        path = add_feature(proved, second, text=text.replace("SEC-001", "SEC-002"), name="SEC-002")

        assert run("SEC-002", "--write") == 0
        assert set(json.loads((proved / LOCK).read_text("utf-8"))["tasks"]) == {
            "SEC-001",
            "SEC-002",
        }

        path.unlink()
        assert run("SEC-001", "--write") == 0
        assert set(json.loads((proved / LOCK).read_text("utf-8"))["tasks"]) == {"SEC-001"}

    def test_a_lock_that_breaks_meanwhile_is_one_sentence(
        self, proved: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """After the table, and no traceback."""
        capsys.readouterr()

        def runner(root: Path, cases: Any, jobs: int) -> Any:
            (root / LOCK).unlink()
            (root / LOCK).mkdir()
            yield from pretend()(root, cases, jobs)

        assert run("--write", runner=runner) == 30

        said = capsys.readouterr()
        assert "SEC-001.S2    yes" in said.out
        assert said.err.startswith(f"roadmap prove: {LOCK}: cannot be")
