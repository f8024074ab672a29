"""Scenarios as Allure results. ``install`` alone imports Allure; import it where it is used."""

from pytest_roadmap.adapters.allure.bridge import ScenarioEnding
from pytest_roadmap.adapters.allure.identity import (
    history_id,
    result_anchor,
    result_uuid,
    scenario_key,
)
from pytest_roadmap.adapters.allure.values import ReportedRun, ReportedScenario

__all__ = [
    "ReportedRun",
    "ReportedScenario",
    "ScenarioEnding",
    "history_id",
    "result_anchor",
    "result_uuid",
    "scenario_key",
]
