"""Sentences about configuration files that must agree with what was measured."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import given, then, when

from pytest_roadmap.domain.config_binding import (
    ConfigComparison,
    compare_configuration,
    coverage_problems,
    missing_sources,
    secret_problems,
)
from pytest_roadmap.domain.config_history import (
    FACT,
    EarlierDifference,
    correction_problems,
    earlier_differences,
)
from pytest_roadmap.domain.config_sources import Measurements
from pytest_roadmap.domain.documents import require_handed_over
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.evidence import Record
from pytest_roadmap.domain.ports import AzurePort, Clock, RepositoryPort, WorkspacePort
from pytest_roadmap.domain.recording import Expect, Recorder


@given("the differences recorded by an earlier comparison", target_fixture="differences_before")
def differences_of_earlier_comparisons(
    records: Callable[[], tuple[Record, ...]], recorder: Recorder
) -> tuple[EarlierDifference, ...]:
    return earlier_differences(records(), recorder.scenario.partition(".")[0])


@when(
    "the configuration files are compared with the measured values",
    target_fixture="difference_report",
)
def configuration_is_compared(
    repository: RepositoryPort,
    environment: Environment,
    workspace: WorkspacePort,
    azure: AzurePort,
    clock: Clock,
    recorder: Recorder,
) -> ConfigComparison:
    measurements = Measurements(environment, workspace, azure)
    comparison = compare_configuration(repository, measurements, clock())
    require_handed_over(repository, missing_sources(comparison))
    recorder.facts[FACT] = [comparison.as_fact()]
    return comparison


@then("the comparison covers every host, id, catalog, location, base path and secret key")
def comparison_covers_every_key(difference_report: ConfigComparison, expect: Expect) -> None:
    expect.at_least("keys in the map", 1, len(difference_report.lines))
    expect.none("every key is compared", coverage_problems(difference_report))


@then("secrets appear only as existing references")
def secrets_are_references(difference_report: ConfigComparison, expect: Expect) -> None:
    expect.none("no file holds or misnames a secret", secret_problems(difference_report))
    expect.at_least("references looked up", 1, len(difference_report.references))


@then("every earlier difference is corrected in a commit")
def earlier_differences_are_corrected(
    differences_before: tuple[EarlierDifference, ...],
    difference_report: ConfigComparison,
    expect: Expect,
) -> None:
    problems = correction_problems(difference_report, differences_before)
    expect.none(f"all {len(differences_before)} earlier differences are corrected", problems)
