"""One scenario from its first step to its word."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from pytest_roadmap.domain.outcome import InconclusiveError, Outcome
from pytest_roadmap.domain.recording import Recorder
from pytest_roadmap.plugin.hiding import hide_in_report
from pytest_roadmap.plugin.items import PlannedScenario, ScenarioItem
from pytest_roadmap.plugin.outcomes import (
    PASSED,
    Ending,
    cap_changed,
    judge_exception,
    skip_text,
)
from pytest_roadmap.plugin.results import ItemResult
from pytest_roadmap.plugin.steps import is_async

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from datetime import datetime

    from pytest_bdd.parser import Scenario, Step

    from pytest_roadmap.domain.redaction import Redactor


class Listener(Protocol):
    """Who wants to show a scenario while it runs (the Allure bridge)."""

    def scenario_started(self, item: ScenarioItem) -> None:
        """A scenario or row begins."""

    def step_started(self, step: Step) -> None:
        """A step begins."""

    def step_arguments(
        self, step: Step, function: Callable[..., Any], arguments: Mapping[str, Any]
    ) -> None:
        """The step is about to be called."""

    def step_ended(self, error: BaseException | None) -> None:
        """The step has ended."""

    def scenario_ended(
        self, result: ItemResult, remaining: Sequence[Step], trace: str, captured: dict[str, str]
    ) -> None:
        """The scenario has ended, with its clean-up."""


class ScenarioRun:
    """What is known about a scenario that is running: its step, its events, its ending so far."""

    def __init__(self, planned: PlannedScenario, now: Callable[[], datetime]) -> None:
        self.planned = planned
        self.started = now()
        self.now = now
        self.recorder = Recorder(planned.scenario_id, now)
        self.ending: Ending | None = None
        self.failed_step = ""
        self.step_type = ""
        self.called = False
        self.open_step = False
        self.steps: list[Step] = []
        self.steps_ended = 0
        self.trace = ""
        self._keywords: Mapping[str, Any] = {}

    def share_keywords(self, report: pytest.TestReport) -> None:
        """Let the reports of a scenario hold one dictionary: the terminal keeps them to the end."""
        if report.keywords == self._keywords:
            report.keywords = self._keywords
        else:
            self._keywords = report.keywords

    def begin(self, scenario: Scenario) -> None:
        """The steps are known; none has run."""
        self.steps = list(scenario.steps)

    def enter(self, step: Step) -> None:
        """A step starts."""
        self.recorder.step = f"{step.keyword} {step.name}"
        self.step_type = step.type
        self.called = False
        self.open_step = True

    def leave(self) -> None:
        """The step that was entered has ended well."""
        self.called = False
        self.open_step = False
        self.steps_ended += 1

    def end_phase(self, phase: str, error: BaseException | None) -> tuple[Ending, bool]:
        """Note how a phase of pytest ended: the ending so far, and whether to keep a traceback."""
        if error is None:
            return self._ended_well(phase), False
        if phase == "teardown":
            self.ending = self._clean_up_failed(error)
            return self.ending, True
        # Only the function of a Then judges: what its fixtures raise is no verdict.
        in_then = phase == "call" and self.called and self.step_type == "then"
        ending, keep = judge_exception(error, in_then=in_then)
        if phase == "call":
            self.failed_step = self.recorder.step
            ending = cap_changed(ending, self.planned.changes)
        self.ending = ending
        return ending, keep

    def result(self) -> ItemResult:
        """The whole scenario, after its clean-up."""
        ending = self.ending or Ending(Outcome.INCONCLUSIVE, "error(unfinished)")
        return ItemResult(
            task_id=self.planned.task.task_id,
            scenario_id=self.planned.scenario_id,
            row=self.planned.row,
            outcome=ending.outcome,
            reason=ending.reason,
            detail=ending.detail,
            owner=ending.owner,
            failed_step=self.failed_step,
            started=self.started,
            ended=self.now(),
            facts=self.recorder.facts,
            events=tuple(self.recorder.events),
        )

    def _ended_well(self, phase: str) -> Ending:
        if phase == "call":
            self.ending = cap_changed(self._measured(), self.planned.changes)
        return self.ending or PASSED

    def _measured(self) -> Ending:
        """A pass, if every step ran and one of them could have failed."""
        if not self.steps or self.steps_ended < len(self.steps):
            return Ending(Outcome.INCONCLUSIVE, "no_step", "not every step of the scenario ran")
        if not any(step.type == "then" for step in self.steps):
            return Ending(Outcome.INCONCLUSIVE, "no_then", "a scenario without Then cannot fail")
        return PASSED

    def _clean_up_failed(self, error: BaseException) -> Ending:
        before = self.ending or PASSED
        said = f"the clean-up failed: {type(error).__name__}: {error}"
        if before.outcome is Outcome.PASS:
            return Ending(Outcome.INCONCLUSIVE, "clean_up_failed", said)
        detail = f"{before.detail}; {said}" if before.detail else said
        return Ending(before.outcome, before.reason, detail, before.owner)


class ExecutionHooks:
    """The hooks of pytest and pytest-bdd that follow a scenario; other tests pass by.

    Args:
        admit: raises the word of a scenario that must not run now.
        listener: shows the scenario elsewhere, or None.
        publish: turns a result into what travels on the report.
        now: the clock of the run, in UTC.
        redactor: keeps secrets out of pytest's reports.
    """

    def __init__(
        self,
        admit: Callable[[PlannedScenario], None],
        listener: Listener | None,
        publish: Callable[[ItemResult], Any],
        now: Callable[[], datetime],
        redactor: Redactor,
    ) -> None:
        self._redactor = redactor
        self._admit = admit
        self._listener = listener
        self._publish = publish
        self._now = now
        self._async: dict[Callable[..., Any], bool] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Start a scenario, if it may run."""
        if isinstance(item, ScenarioItem):
            item.run = ScenarioRun(item.planned, self._now)
            if self._listener:
                self._listener.scenario_started(item)
            self._admit(item.planned)

    def pytest_bdd_before_scenario(
        self, request: pytest.FixtureRequest, scenario: Scenario
    ) -> None:
        """Learn the steps."""
        if run := running(request):
            run.begin(scenario)

    def pytest_bdd_before_step(
        self, request: pytest.FixtureRequest, step: Step, step_func: Callable[..., Any]
    ) -> None:
        """Enter a step; an async one would never be awaited.

        Raises:
            InconclusiveError: the step function is async.
        """
        if run := running(request):
            run.enter(step)
            if self._listener:
                self._listener.step_started(step)
            if self._async.setdefault(step_func, is_async(step_func)):
                raise InconclusiveError("async_step", f"{step.name!r} is async and would not run")

    def pytest_bdd_before_step_call(
        self,
        request: pytest.FixtureRequest,
        step: Step,
        step_func: Callable[..., Any],
        step_func_args: dict[str, Any],
    ) -> None:
        """The arguments are there; from here on the step itself speaks."""
        if run := running(request):
            run.called = True
            if self._listener:
                self._listener.step_arguments(step, step_func, step_func_args)

    def pytest_bdd_after_step(self, request: pytest.FixtureRequest) -> None:
        """Leave a step."""
        if run := running(request):
            run.leave()
            if self._listener:
                self._listener.step_ended(None)

    def pytest_bdd_after_scenario(self, request: pytest.FixtureRequest) -> None:
        """Close the step that an exception left open."""
        if (run := running(request)) and run.open_step and self._listener:
            self._listener.step_ended(sys.exc_info()[1])

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Give the report its word, and the last one the result."""
        report = yield
        if isinstance(item, ScenarioItem) and item.run is not None:
            item.run.share_keywords(report)
            error = call.excinfo.value if call.excinfo else None
            ending, keep_traceback = item.run.end_phase(call.when, error)
            mark_report(item, report, ending, keep_traceback=keep_traceback)
            hide_in_report(item.config, report, self._redactor)
            if report.failed:
                item.run.trace += report.longreprtext
            if call.when == "teardown":
                self._finish(item, item.run, report)
        return report

    def _finish(self, item: ScenarioItem, run: ScenarioRun, report: pytest.TestReport) -> None:
        item.run = None
        result = run.result()
        if self._listener:
            remaining = run.steps[run.steps_ended + run.open_step :]
            captured = dict(report.sections)
            self._listener.scenario_ended(result, remaining, run.trace, captured)
        report.roadmap_result = self._publish(result)  # type: ignore[attr-defined]
        properties = {
            "task_id": result.task_id,
            "scenario": result.key,
            "gate": item.planned.task.target_gate,
            "outcome": result.outcome.value,
            "reason": result.reason,
        }
        report.user_properties.extend((name, value) for name, value in properties.items() if value)


def running(request: pytest.FixtureRequest) -> ScenarioRun | None:
    """The scenario that asks, unless it is no scenario of a roadmap."""
    node = request.node
    return node.run if isinstance(node, ScenarioItem) else None


def mark_report(
    item: ScenarioItem, report: pytest.TestReport, ending: Ending, *, keep_traceback: bool
) -> None:
    """Make pytest's report say the word of the scenario, whatever a mark made of it."""
    decides = report.when == "call" or report.failed or report.skipped
    if not decides:
        return
    if hasattr(report, "wasxfail"):
        del report.wasxfail
    if keep_traceback or ending.outcome is Outcome.FAIL:
        report.outcome = "failed"
    elif ending.skips:
        report.outcome = "skipped"
        path, line, _ = item.reportinfo()
        report.longrepr = (str(path), (line or 0) + 1, skip_text(ending))
    else:
        report.outcome = "passed"
    report.roadmap_word = ending.outcome.value  # type: ignore[attr-defined]
