"""The hooks of pytest-xdist, in the controller of a distributed run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_roadmap.plugin.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_roadmap.plugin.plan import RunPlan
    from pytest_roadmap.plugin.state import RunState


class ControllerHooks:
    """Tells the workers where to meet, and sends them what is ready.

    Every hook is optional: pytest-xdist need not be installed.
    """

    def __init__(self, state: RunState) -> None:
        self._state = state

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Name the meeting place to a new worker."""
        if self._state.exchange is None:
            self._state.exchange = Exchange.create()
            self._state.access.exchange = self._state.exchange
        node.workerinput["roadmap_exchange"] = str(self._state.exchange.directory)

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Schedule by dependencies where a roadmap runs, as asked elsewhere."""
        from pytest_roadmap.plugin.schedule import make_scheduling  # noqa: PLC0415 - with xdist only

        return make_scheduling(config, log, self._plan, without=self)

    def _plan(self, _collected: Sequence[str]) -> RunPlan | None:
        """Learn the selection from the workers; None when they run no scenario."""
        state = self._state
        plain = state.exchange.read_selection() if state.exchange else None
        if plain is None:
            return None
        from pytest_roadmap.plugin.selection import Selection  # noqa: PLC0415

        selection = Selection.from_json(plain)
        state.start(selection)
        if not selection.scenarios:
            return None
        state.access.share()
        from pytest_roadmap.plugin.reports import describe_run  # noqa: PLC0415

        describe_run(state, os.environ)
        return selection.plan(state.depends_on())
