"""Puts the bridge in place of what allure-pytest would write about scenarios by itself."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import allure_commons
import pytest
from allure_commons.logger import AllureFileLogger
from allure_pytest.listener import AllureListener

from pytest_roadmap.adapters.allure.bridge import AllureBridge
from pytest_roadmap.adapters.allure.nesting import Nesting
from pytest_roadmap.adapters.allure.results_dir import ResultsDirectory

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_roadmap.adapters.allure.values import ReportedRun
    from pytest_roadmap.domain.redaction import Redactor

_LISTENER = "allure_listener"
IsScenario = Callable[[pytest.Item], bool]
Wrapper = Generator[None, Any, Any]


def install_bridge(
    config: pytest.Config,
    directory: Path,
    run: ReportedRun,
    redactor: Redactor,
    *,
    items: Iterable[pytest.Item] = (),
    is_scenario: IsScenario = lambda _item: True,
    hold: bool = False,
) -> AllureBridge:
    """The bridge of this process; allure-pytest keeps to tests that are no scenarios.

    Call it once, after collection and before anything runs. With ``--alluredir`` ordinary tests of
    the same session are reported by allure-pytest as ever; without it, only scenarios are.

    Args:
        config: of the session.
        directory: where results go: ``--alluredir``, or the default of the run.
        run: environment and words of the roadmap.
        redactor: removes secrets from what is written.
        items: what will run in this process.
        is_scenario: tells scenarios of the roadmap from ordinary tests.
        hold: this process also writes the records: keep results until theirs is linked.
    """
    listener = config.pluginmanager.get_plugin(_LISTENER)
    if listener is None:
        listener = _listen_for_steps(config, directory)
    else:
        config.pluginmanager.unregister(listener, _LISTENER)
        if not all(is_scenario(item) for item in items):
            config.pluginmanager.register(OrdinaryTests(listener, is_scenario), _LISTENER)
    return AllureBridge(
        ResultsDirectory(directory), run, redactor, Nesting(listener.allure_logger), hold=hold
    )


def _listen_for_steps(config: pytest.Config, directory: Path) -> AllureListener:
    """Make ``allure.step`` and ``allure.attach`` work, without reporting ordinary tests."""
    listener = AllureListener(config)
    make_logger: Any = AllureFileLogger  # allure-python-commons has no types
    for plugin in (listener, make_logger(str(directory))):
        allure_commons.plugin_manager.register(plugin)
        config.add_cleanup(partial(allure_commons.plugin_manager.unregister, plugin))
    return listener


class OrdinaryTests:
    """allure-pytest's listener, asked only about tests that are no scenarios.

    Scenarios would bring six container files each: the bookkeeping of pytest-bdd's fixtures.
    """

    def __init__(self, listener: AllureListener, is_scenario: IsScenario) -> None:
        self._listener = listener
        self._is_scenario = is_scenario

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Wrapper:
        """Open and close the result of an ordinary test."""
        if self._is_scenario(item):
            yield
        else:
            yield from self._listener.pytest_runtest_protocol(item, nextitem)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Wrapper:
        """Name an ordinary test."""
        if self._is_scenario(item):
            yield
        else:
            yield from self._listener.pytest_runtest_setup(item)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Wrapper:
        """Time an ordinary test."""
        if self._is_scenario(item):
            yield
        else:
            yield from self._listener.pytest_runtest_call(item)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Wrapper:
        """Label an ordinary test."""
        if self._is_scenario(item):
            yield
        else:
            yield from self._listener.pytest_runtest_teardown(item)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Wrapper:
        """Report a fixture that an ordinary test asked for first."""
        if isinstance(request.node, pytest.Item) and self._is_scenario(request.node):
            yield
        else:
            yield from self._listener.pytest_fixture_setup(fixturedef, request)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> Wrapper:
        """Close the container of a fixture, where there is one."""
        yield from self._listener.pytest_fixture_post_finalizer(fixturedef)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Wrapper:
        """Give an ordinary test its status."""
        if self._is_scenario(item):
            yield
        else:
            yield from self._listener.pytest_runtest_makereport(item, call)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_logfinish(
        self, nodeid: str, location: tuple[str, int | None, str]
    ) -> Wrapper:
        """Close what an ordinary test left open; a scenario left nothing."""
        yield from self._listener.pytest_runtest_logfinish(nodeid, location)
