"""The pytest plugin: roadmap features as tests, their outcomes as status and verdicts.

Every run of pytest loads this module wherever the package is installed. It therefore imports
nothing but pytest and its own options, and registers its hooks only in a roadmap project.
"""

from __future__ import annotations

import pytest

from pytest_roadmap.plugin.conflict import refuse_second_allure
from pytest_roadmap.plugin.options import add_options, read_options


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options, unless pytest is about to stumble over a second Allure plugin."""
    refuse_second_allure(pluginmanager)
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take part where the root directory is a roadmap project."""
    options = read_options(config)
    if options is None:
        return
    from pytest_roadmap.plugin.taking_part import take_part  # noqa: PLC0415 - only in a roadmap project

    take_part(config, options)
