"""Runs single cases of a proof, each on a world put back to its start."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import signal
import threading
from collections.abc import Generator
from dataclasses import dataclass
from multiprocessing import connection, util
from pathlib import Path

import pytest

from pytest_roadmap.composition import CompositionError
from pytest_roadmap.domain.controls import (
    Observed,
    Proof,
    judge_control,
    judge_healthy,
    not_judged,
)
from pytest_roadmap.domain.outcome import Outcome, worst_outcome
from pytest_roadmap.plugin.results import ItemResult
from pytest_roadmap.proving.case import Case
from pytest_roadmap.proving.world import ChangeError, World

_LOG_LINES = 40
_TERMINATED = 143


class DeskError(Exception):
    """This worker has no world to run on; the message says why."""


@dataclass
class _Desk:
    """The world of this process, made once; without one, the reason stands in its place."""

    root: Path
    world: World | None = None
    problem: str = ""


_desks: list[_Desk] = []


def open_desk(root: Path, work_dir: Path) -> None:
    """Start the world of this worker process; it ends with the process.

    The process ends with the one that started it, and at once when that one says so. A world
    that does not open is reported by the first case: a pool hides what an initializer raises.
    """
    desk = _Desk(root)
    _desks.append(desk)
    _end_with_parent()
    signal.signal(signal.SIGTERM, _end)
    os.chdir(root)
    try:
        desk.world = World(root, work_dir / str(os.getpid()))
    except (CompositionError, ChangeError, OSError) as error:
        desk.problem = f"the embedded cloud did not start: {error}"
        return
    except SystemExit:
        os._exit(_TERMINATED)
    util.Finalize(desk.world, desk.world.stop, exitpriority=10)


def _end(*_signal: object) -> None:
    """End the server, then this process, whatever it is doing."""
    world = _desks[0].world
    if world is None:
        raise SystemExit(_TERMINATED)
    world.stop()
    os._exit(_TERMINATED)


def _end_with_parent() -> None:
    """Nothing tells a worker of a pool that the pool's process was killed; its end does."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel

        def watch() -> None:
            connection.wait([sentinel])
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=watch, daemon=True).start()


def run_case(case: Case) -> tuple[Proof, str]:
    """Run one case in this worker; its judgement, and what pytest printed last.

    Raises:
        DeskError: the world is not there or cannot be put back.
    """
    desk = _desks[0]
    if desk.world is None:
        raise DeskError(desk.problem)
    try:
        desk.world.reset()
    except (ChangeError, OSError) as error:
        raise DeskError(f"the world could not be put back for {case.name}: {error}") from error
    try:
        for change in (*case.given, *(case.control.changes if case.control else ())):
            if change.kind == "scenario":
                _run_first(desk.root, desk.world, str(change.body))
            else:
                desk.world.apply(change)
    except ChangeError as error:
        reason = f"the change could not be made: {error}"
        return not_judged(case.scenario_id, case.control, reason), ""
    observed, printed = _observe(desk.root, desk.world, case)
    if observed is None:
        reason = "pytest ran no such scenario"
        return not_judged(case.scenario_id, case.control, reason), printed
    if case.control is None:
        return judge_healthy(case.scenario_id, observed), printed
    return judge_control(case.control, observed), printed


def _run_first(root: Path, world: World, scenario_id: str) -> None:
    """Run another scenario on this world, because the case continues where it ends.

    Raises:
        ChangeError: there is no such feature, or it did not pass.
    """
    name = f"{scenario_id.partition('.')[0]}.feature"
    found = sorted((root / "features").rglob(name))
    if len(found) != 1:
        raise ChangeError(f"{scenario_id}: {len(found)} files named {name}, expected one")
    feature = found[0].relative_to(root).as_posix()
    observed, printed = _observe(root, world, Case(scenario_id, feature, None))
    if observed is None or observed.outcome is not Outcome.PASS:
        ended = f"{observed.outcome}: {observed.reason}" if observed else f"not run: {printed}"
        raise ChangeError(f"{scenario_id}, which runs first, ended {ended}")


class _Listener:
    """Hears from the plugin how the rows of the scenario ended."""

    def __init__(self) -> None:
        self.results: list[ItemResult] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        # A wrapper comes first: the plugin takes the result off the report.
        result = getattr(report, "roadmap_result", None)
        if isinstance(result, ItemResult):
            self.results.append(result)
        yield

    def observed(self) -> Observed | None:
        """The worst row, None where nothing ran."""
        if not self.results:
            return None
        worst = worst_outcome(each.outcome for each in self.results)
        decisive = next(each for each in self.results if each.outcome is worst)
        return Observed(worst, decisive.failed_step, decisive.reason or decisive.detail)


def _observe(root: Path, world: World, case: Case) -> tuple[Observed | None, str]:
    listener = _Listener()
    printed = io.StringIO()
    arguments = [
        f"{case.feature}::{case.scenario_id}",
        f"--rootdir={root}",
        f"--roadmap-embedded-url={world.connection['databricks_url']}",
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
