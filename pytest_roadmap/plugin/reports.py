"""Scenarios as the Allure bridge wants to hear of them."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_roadmap import __version__
from pytest_roadmap.adapters.allure import (
    ReportedRun,
    ReportedScenario,
    ScenarioEnding,
    result_uuid,
)
from pytest_roadmap.plugin.items import ScenarioItem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pytest
    from pytest_bdd.parser import Step

    from pytest_roadmap.adapters.allure.bridge import AllureBridge
    from pytest_roadmap.plugin.results import ItemResult
    from pytest_roadmap.plugin.state import RunState


class AllureListener:
    """Tells the bridge what a scenario does; one scenario at a time."""

    def __init__(self, bridge: AllureBridge) -> None:
        self.bridge = bridge

    def scenario_started(self, item: ScenarioItem) -> None:
        """A scenario or row begins."""
        planned = item.planned
        self.bridge.scenario_started(
            ReportedScenario(
                task=planned.task,
                scenario_id=planned.scenario_id,
                title=planned.text.title,
                row=planned.row,
                parameters=planned.values,
                sub_tasks=planned.text.sub_tasks,
                tags=planned.text.tags,
            )
        )

    def step_started(self, step: Step) -> None:
        """A step begins."""
        table = [[str(c) for c in row] for row in step.datatable.raw()] if step.datatable else None
        self.bridge.step_started(step.keyword, step.name, table, step.docstring)

    def step_arguments(
        self, step: Step, function: Callable[..., Any], arguments: Mapping[str, Any]
    ) -> None:
        """The step is about to be called."""
        self.bridge.step_arguments(function, step.name, arguments)

    def step_ended(self, error: BaseException | None) -> None:
        """The step has ended."""
        self.bridge.step_ended(error)

    def scenario_ended(
        self, result: ItemResult, remaining: Sequence[Step], trace: str, captured: dict[str, str]
    ) -> None:
        """The scenario has ended, with its clean-up."""
        self.bridge.scenario_ended(
            ScenarioEnding(
                outcome=result.outcome,
                reason=result.reason,
                detail=result.detail,
                trace=trace,
                events=result.events,
                remaining=[(step.keyword, step.name) for step in remaining],
                captured=captured,
            )
        )


def results_directory(config: pytest.Config, root: Path, environment: str) -> Path | None:
    """Where Allure results go; None where allure-pytest is switched off."""
    if not hasattr(config.option, "allure_report_dir"):
        return None
    given = config.option.allure_report_dir
    if given:
        return Path(config.invocation_params.dir, given)
    return Path(root) / "build" / environment / "allure-results"


def reported_run(state: RunState) -> ReportedRun:
    """What Allure says about the run as a whole."""
    policy = state.plans.policy
    return ReportedRun(
        environment=state.access.name,
        kind=state.access.kind,
        severities={name: priority.severity for name, priority in policy.priorities.items()},
        document_url=_beside_results(state, state.options.document),
    )


def _beside_results(state: RunState, path: Path) -> str:
    """The address of a file as seen from a report that lies beside the results."""
    directory = state.allure_results
    if directory is None:
        return path.as_uri()
    return quote(os.path.relpath(path, directory).replace(os.sep, "/"))


def allure_listener(state: RunState, items: Sequence[pytest.Item]) -> AllureListener | None:
    """The listener of this process, or None where there are no Allure results."""
    directory = state.allure_results
    if directory is None:
        return None
    from pytest_roadmap.adapters.allure.install import (  # noqa: PLC0415 - imports Allure
        install_bridge,
    )

    bridge = install_bridge(
        state.config,
        directory,
        reported_run(state),
        state.access.redactor,
        items=items,
        is_scenario=lambda item: isinstance(item, ScenarioItem),
        hold=not state.is_worker,
    )
    return AllureListener(bridge)


def describe_run(state: RunState, environ: Mapping[str, str]) -> None:
    """Clear the default directory of an earlier run, and describe this one in it."""
    directory = state.allure_results
    if directory is None:
        return
    from pytest_roadmap.adapters.allure.results_dir import ResultsDirectory  # noqa: PLC0415
    from pytest_roadmap.adapters.allure.run_description import (  # noqa: PLC0415
        executor,
        head_commit,
        run_properties,
    )

    results = ResultsDirectory(directory)
    if not state.config.option.allure_report_dir or state.config.option.clean_alluredir:
        results.clean()
    properties = run_properties(
        reported_run(state),
        plugin_version=__version__,
        commit=head_commit(state.options.root),
        python=platform.python_version(),
        extra={},
    )
    config = state.options.root / "allure-config"
    results.write_run(properties, executor(environ), config if config.is_dir() else None)


def link_record(
    state: RunState, listener: AllureListener | None, keys: Iterable[str], path: Path, record: str
) -> None:
    """Link a record from the results of its scenarios, which this process or a worker wrote."""
    directory = state.allure_results
    if listener is not None:
        listener.bridge.link_record(keys, _beside_results(state, path), record)
    elif directory is not None:
        from pytest_roadmap.adapters.allure.results_dir import ResultsDirectory  # noqa: PLC0415

        uuids = [result_uuid(state.access.name, key) for key in keys]
        ResultsDirectory(directory).link_record(uuids, _beside_results(state, path), record)


def results_of(
    state: RunState, listener: AllureListener | None, keys: Iterable[str]
) -> dict[str, bytes]:
    """The Allure results of scenarios by file name, for the archive beside their record."""
    directory = state.allure_results
    if directory is None:
        return {}
    from pytest_roadmap.adapters.allure.results_dir import ResultsDirectory  # noqa: PLC0415

    found: dict[str, bytes] = {}
    for key in keys:
        uuid = result_uuid(state.access.name, key)
        if listener is not None:
            text = listener.bridge.result_text(key)
        else:
            text = ResultsDirectory(directory).read(uuid)
        if text is not None:
            found[f"{uuid}-result.json"] = text.encode("utf-8", "backslashreplace")
    return found
