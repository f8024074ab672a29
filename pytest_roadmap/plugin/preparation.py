"""What a process gets ready before the first scenario of its session runs."""

from __future__ import annotations

import json
import os
from functools import partial
from typing import TYPE_CHECKING

from pytest_roadmap.plugin.admission import Admission
from pytest_roadmap.plugin.bdd import StepSearch
from pytest_roadmap.plugin.execution import ExecutionHooks
from pytest_roadmap.plugin.reports import allure_listener, describe_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from pytest_roadmap.plugin.items import PlannedScenario
    from pytest_roadmap.plugin.results import ItemResult
    from pytest_roadmap.plugin.selection import Selection
    from pytest_roadmap.plugin.state import RunState


def execution_hooks(
    state: RunState, selection: Selection, items: Sequence[pytest.Item]
) -> ExecutionHooks:
    """The hooks that follow scenarios, wired to the parts of the run."""
    admission = Admission(
        state.options,
        environment=lambda: state.access.open().environment,
        derived=state.derived,
        unfinished_before=Predecessors(state, selection).unfinished,
        now=state.now,
    )
    if not state.is_worker:
        describe_run(state, os.environ)
    state.listener = allure_listener(state, items)
    state.step_search = StepSearch()
    state.step_search.install()
    publish = partial(_as_json, state) if state.is_worker else _as_it_is
    return ExecutionHooks(
        admission.admit, state.listener, publish, state.now, state.access.redactor
    )


class Predecessors:
    """What must have ended before a scenario, as far as a worker can tell.

    A run that is stopped early lets each worker go on with the scenario it holds; one whose
    predecessors have not ended must not start then.
    """

    def __init__(self, state: RunState, selection: Selection) -> None:
        self._state = state
        self._positions = {scenario.key: scenario.position for scenario in selection.scenarios}
        self._keys = {scenario.position: scenario for scenario in selection.scenarios}
        self._before: tuple[tuple[int, ...], ...] = ()
        if state.is_worker:
            self._before = selection.plan(state.depends_on()).before

    def unfinished(self, planned: PlannedScenario) -> str:
        """The key of a scenario that must end first and has not; "" when nothing is open."""
        if not self._state.is_worker:
            return ""
        self._state.catch_up()
        ledger = self._state.book.ledger
        for position in self._before[self._positions[planned.key]]:
            earlier = self._keys[position]
            if not ledger.has_ended(earlier.task_id, earlier.key):
                return earlier.key
        return ""


def _as_json(state: RunState, result: ItemResult) -> str:
    """As text: pytest-xdist carries no dates, enumerations or tuples of ours.

    The secrets that this worker has met are unknown to the controller, which writes the evidence:
    they are taken out here.
    """
    plain, redactor = result.to_json(), state.access.redactor
    text = json.dumps(plain, ensure_ascii=False, default=str)
    if not redactor.secrets.occurs_in(text):
        return text
    return json.dumps(redactor.redact(plain).value, ensure_ascii=False, default=str)


def _as_it_is(result: ItemResult) -> ItemResult:
    return result
