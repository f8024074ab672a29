"""allure-pytest and allure-pytest-bdd cannot be installed together: say so before pytest breaks."""

from __future__ import annotations

import importlib.util

import pytest

_OTHER = "allure_pytest_bdd"


def refuse_second_allure(pluginmanager: pytest.PytestPluginManager) -> None:
    """Stop with a sentence where pytest itself would end in a traceback.

    Both plugins add ``--alluredir``, so pytest does not start. Whether this is said depends on who
    is loaded first; it costs nothing where the other plugin is absent.

    Raises:
        UsageError: allure-pytest-bdd is installed and not blocked by ``-p no:allure_pytest_bdd``.
    """
    if pluginmanager.is_blocked(_OTHER) or importlib.util.find_spec(_OTHER) is None:
        return
    raise pytest.UsageError(
        "allure-pytest-bdd is installed beside allure-pytest, and pytest cannot start with both: "
        "both add --alluredir. pytest-roadmap reports Gherkin steps by itself; "
        "run 'pip uninstall allure-pytest-bdd'"
    )
