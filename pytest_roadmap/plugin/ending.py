"""The end of a run: open records, verdicts, exit status, and what is printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_roadmap.domain.gate import CheckResult, GateDecision, session_exit
from pytest_roadmap.domain.waiver import WaiverJudgement, judge_waivers
from pytest_roadmap.plugin.counting import not_counting
from pytest_roadmap.plugin.judge import judge_gates, whole_gates
from pytest_roadmap.plugin.terminal import gate_lines, open_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_roadmap.domain.outcome import Outcome
    from pytest_roadmap.plugin.state import RunState

_TESTS_FAILED = 1


@dataclass(frozen=True, slots=True)
class RunEnding:
    """The verdicts of a run and what to print about it."""

    environment: str
    gates: tuple[GateDecision, ...]
    without_feature: tuple[str, ...]
    exit_status: int
    open_scenarios: tuple[str, ...]
    notes: tuple[str, ...]
    ignored: tuple[str, ...]
    quality: tuple[str, ...]
    places: tuple[str, ...]

    def lines(self) -> Iterator[tuple[str, str]]:
        """``title`` and ``line`` pairs in the order to print them."""
        yield from _titled("roadmap scenarios without a verdict", self.open_scenarios)
        for gate in self.gates:
            table = gate_lines(gate, self.environment, self.without_feature)
            yield from _titled(f"roadmap gate {gate.gate}", table)
        yield from _titled("roadmap quality checks", self.quality)
        yield from _titled("roadmap blockers and waivers that do not count", self.ignored)
        yield from _titled("roadmap records", self.notes)
        for line in self.places:
            yield "line", line


def _titled(title: str, lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The lines below their title; nothing where there are none."""
    if lines:
        yield "title", title
    for line in lines:
        yield "line", line


def end_run(state: RunState, pytest_status: int, *, other_failed: bool) -> RunEnding:
    """Write what is open, judge the run, and find its exit status.

    ``other_failed`` says that a test failed that is no scenario: its status is never lowered.
    """
    selection = state.chosen
    book = state.book
    for task_id in list(book.ledger.begun()):
        state.write(task_id)
    hide = state.access.redactor.redact_text
    waivers = _waivers(state)
    plans = state.plans
    judged = whole_gates(plans.roadmap, plans.policy.gates, selection.whole)
    checked, found = quality(state) if judged else ({}, ())
    uncounted = not_counting(state)
    gates = judge_gates(
        state.plans, state.derived(), checked, selection.whole, waivers.valid, uncounted
    )
    outcomes = book.ledger.outcomes()
    status = session_exit(
        _own_status(pytest_status, outcomes, other_failed=other_failed),
        [decision.verdict for decision in gates],
        outcomes,
    )
    return RunEnding(
        environment=state.access.name,
        gates=gates,
        without_feature=selection.without_feature,
        exit_status=status,
        open_scenarios=tuple(map(hide, open_lines(book.ledger.joined()))),
        notes=(*book.problems, *uncounted),
        ignored=(*_overdue(state), *map(str, waivers.invalid)),
        quality=tuple(map(hide, found)) if gates else (),
        places=tuple(_places(state)),
    )


def _waivers(state: RunState) -> WaiverJudgement:
    """The registered waivers, judged at the end of the run by the attestations of the project."""
    plans = state.plans
    if not plans.waivers:
        return WaiverJudgement()
    from pytest_roadmap.composition.approvals import waiver_approvals  # noqa: PLC0415

    return judge_waivers(
        plans.waivers,
        plans.roadmap,
        plans.policy,
        today=state.now().date(),
        approval=waiver_approvals(state.options.root, state.now),
    )


def _overdue(state: RunState) -> Iterator[str]:
    """The registered blockers whose review is overdue, so that they no longer count."""
    today = state.now().date()
    for blocker in state.plans.blockers:
        if blocker.overdue(today):
            yield blocker.overdue_sentence


def _places(state: RunState) -> Iterator[str]:
    """Where the run left its evidence and its Allure results."""
    root = state.options.root
    for folder in sorted({path.parent for path in state.book.written.values()}):
        yield f"evidence: {_shown(folder, root)}"
    results = state.allure_results
    if results is not None and results.is_dir():
        yield f"Allure results: {_shown(results, root)}"


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


def _own_status(status: int, outcomes: tuple[Outcome, ...], *, other_failed: bool) -> int:
    """Pytest's status without the failures that only scenarios brought about."""
    if status == _TESTS_FAILED and not other_failed and outcomes:
        return 0
    return status


def quality(state: RunState) -> tuple[Mapping[str, CheckResult], tuple[str, ...]]:
    """The quality checks of the roadmap that this run judges, and what they found.

    A run that opened no environment has no repository to look into, only the document.
    """
    run = state.access.opened
    if run is None:
        return {"QA-04": state.project.qa04()}, ()
    from pytest_roadmap.composition import CompositionError  # noqa: PLC0415 - if needed

    try:
        report = run.quality()
    except CompositionError as error:
        return {"QA-04": state.project.qa04(), "QA-01": CheckResult.INCONCLUSIVE}, (str(error),)
    return report.results, tuple(map(str, report.findings))
