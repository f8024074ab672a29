"""Runs single cases of a proof, each on a world put back to its start."""

from __future__ import annotations

import contextlib
import io
import os
import signal
from dataclasses import dataclass
from multiprocessing import util
from pathlib import Path

import pytest

from pytest_roadmap.domain.controls import Control, Observed, Proof, judge_control, judge_healthy
from pytest_roadmap.domain.controls import not_judged as case_not_judged
from pytest_roadmap.domain.outcome import worst_outcome
from pytest_roadmap.plugin.results import ItemResult
from pytest_roadmap.proving.world import ChangeError, World

_LOG_LINES = 40


@dataclass(frozen=True, slots=True)
class Case:
    """One run: a scenario of a feature file, healthy or with one control."""

    scenario_id: str
    feature: str
    control: Control | None


@dataclass
class _Desk:
    """The world of this process, made once."""

    root: Path
    world: World


_desks: list[_Desk] = []


def open_desk(root: Path, work_dir: Path) -> None:
    """Start the world of this worker process; it ends with the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.chdir(root)
    world = World(root, work_dir / str(os.getpid()))
    _desks.append(_Desk(root, world))
    util.Finalize(world, world.stop, exitpriority=10)


def run_case(case: Case) -> tuple[Proof, str]:
    """Run one case in this worker; its judgement, and what pytest printed last."""
    desk = _desks[0]
    desk.world.reset()
    try:
        for change in case.control.changes if case.control else ():
            desk.world.apply(change)
    except ChangeError as error:
        reason = f"the change could not be made: {error}"
        return case_not_judged(case.scenario_id, case.control, reason), ""
    observed, printed = _observe(desk, case)
    if observed is None:
        reason = "pytest ran no such scenario"
        return case_not_judged(case.scenario_id, case.control, reason), printed
    if case.control is None:
        return judge_healthy(case.scenario_id, observed), printed
    return judge_control(case.control, observed), printed


class _Listener:
    """Hears from the plugin how the rows of the scenario ended."""

    def __init__(self) -> None:
        self.results: list[ItemResult] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        result = getattr(report, "roadmap_result", None)
        if isinstance(result, ItemResult):
            self.results.append(result)

    def observed(self) -> Observed | None:
        """The worst row, None where nothing ran."""
        if not self.results:
            return None
        worst = worst_outcome(each.outcome for each in self.results)
        decisive = next(each for each in self.results if each.outcome is worst)
        return Observed(worst, decisive.failed_step, decisive.reason or decisive.detail)


def _observe(desk: _Desk, case: Case) -> tuple[Observed | None, str]:
    listener = _Listener()
    printed = io.StringIO()
    arguments = [
        f"{case.feature}::{case.scenario_id}",
        f"--rootdir={desk.root}",
        f"--roadmap-embedded-url={desk.world.connection['databricks_url']}",
        "--force-mutation",
        *("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:allure_pytest"),
        *("-q", "--color=no"),
        # This process has imported the package before pytest; nothing here is rewritten.
        *("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"),
    ]
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        pytest.main(arguments, plugins=[listener])
    tail = "\n".join(printed.getvalue().splitlines()[-_LOG_LINES:])
    return listener.observed(), tail
