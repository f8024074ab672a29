"""The hooks of a session that belongs to a roadmap project."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_roadmap.plugin.collection import FeatureFile, collected_twice
from pytest_roadmap.plugin.items import ScenarioItem, TaskWithoutFeature

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from pytest_roadmap.plugin.selection import Selection
    from pytest_roadmap.plugin.state import RunState


class CollectionHooks:
    """From feature files to the ordered selection of a run."""

    def __init__(self, state: RunState) -> None:
        self._state = state

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """A feature of the roadmap is a test file."""
        if not self._state.project.holds_feature(file_path):
            return None
        return FeatureFile.create(parent, file_path, self._state.collection)

    def pytest_collectreport(self) -> None:
        """What a feature brought stays; looking at it again and again would not be linear."""
        if self._state.collection.texts:
            self._state.freeze()

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, collector: pytest.Collector, obj: object) -> None:
        """A test module must not collect the features a second time."""
        path = collected_twice(obj, self._state.project)
        if path is not None:
            name = path.relative_to(self._state.options.root)
            raise collector.CollectError(
                f"{collector.nodeid}: DOUBLE_COLLECTION: {name} is collected by itself;"
                " remove scenarios() or scenario() for it from this module"
            )

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_bdd_apply_tag(self) -> bool | None:
        """The tags of our own features become markers of their items, not of functions."""
        return True if self._state.collection.collecting else None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> Generator[None, object, object]:
        """Let pytest select, with a stand-in for each task without a feature."""
        if not any(isinstance(item, ScenarioItem) for item in items):
            return (yield)
        from pytest_roadmap.plugin import selection  # noqa: PLC0415 - only where a roadmap runs

        items.extend(selection.stand_ins(session, self._state.collection))
        result = yield
        without_feature = selection.take_out_stand_ins(items)
        selection.order_items(items, self._state.plans)
        chosen = selection.select(items, without_feature, self._state.collection)
        if chosen.scenarios or chosen.whole:
            self._state.start(chosen)
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Nobody counts the stand-ins: pytest reports the same list to all."""
        items[:] = [item for item in items if not isinstance(item, TaskWithoutFeature)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Get ready to run, now that the selection is known."""
        selection = self._state.selection
        if selection is None or session.config.option.collectonly:
            return
        if self._state.is_worker and self._state.exchange is not None:
            self._state.exchange.write_selection(selection.to_json())
        if selection.scenarios:
            self._state.access.prepare()
            self._prepare_execution(session, selection)
            self._state.freeze()

    def _prepare_execution(self, session: pytest.Session, selection: Selection) -> None:
        from pytest_roadmap.plugin.preparation import execution_hooks  # noqa: PLC0415

        session.config.pluginmanager.register(
            execution_hooks(self._state, selection, session.items), "roadmap-execution"
        )


class SessionHooks:
    """From results to records, verdicts and the exit status."""

    def __init__(self, state: RunState) -> None:
        self._state = state
        self._other_failed = False
        self._judgement: Any = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> Any:
        """Show the six words."""
        word = getattr(report, "roadmap_word", None)
        if word is None:
            return None
        from pytest_roadmap.plugin.outcomes import display  # noqa: PLC0415

        return display(word, failed=report.failed)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a result in; note failures of other tests."""
        if self._state.is_worker:
            return
        # Taken off: the terminal keeps every report to the end, and the result holds the events.
        result = vars(report).pop("roadmap_result", None)
        if result is not None:
            self._state.note(result_of(result))
        elif report.failed and not hasattr(report, "roadmap_word"):
            self._other_failed |= not self._lost_scenario(report)

    def _lost_scenario(self, report: pytest.TestReport) -> bool:
        """Whether a worker died with a scenario of ours, which then counts as inconclusive."""
        result = self._state.lost_result(report)
        if result is None:
            return False
        report.roadmap_word = result.outcome.value  # type: ignore[attr-defined]
        self._state.note(result)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write what is open, judge, and set the exit status."""
        state = self._state
        if state.is_worker or session.config.option.collectonly or state.selection is None:
            return
        if not state.access.available:
            return
        from pytest_roadmap.plugin.ending import end_run  # noqa: PLC0415

        self._judgement = end_run(state, int(exitstatus), other_failed=self._other_failed)
        session.exitstatus = self._judgement.exit_status

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table and verdict of each gate that was wholly selected."""
        if self._judgement is not None:
            for kind, text in self._judgement.lines():
                if kind == "title":
                    terminalreporter.write_sep("=", text)
                else:
                    terminalreporter.write_line(text)

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """Stop what was started, however the session ended."""
        self._state.close()


def result_of(carried: Any) -> Any:
    """The result on a report: as it is in a run on its own, JSON from a worker."""
    from pytest_roadmap.plugin.results import ItemResult  # noqa: PLC0415

    return ItemResult.from_json(json.loads(carried)) if isinstance(carried, str) else carried
