"""Sentences about the audit of the cloud state."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pytest_bdd import given, then, when

from pytest_roadmap.domain.assets import Asset
from pytest_roadmap.domain.audit import (
    AuditDifferences,
    Comparison,
    Measured,
    compare,
    confirmation_problems,
    coverage_problems,
    read_independently,
    require_login,
    run_problems,
)
from pytest_roadmap.domain.differences import DifferenceReport
from pytest_roadmap.domain.documents import INVENTORY, load_inventory, read_locked_document
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.handoff import LockedDocument, lock_problems
from pytest_roadmap.domain.observation import observe
from pytest_roadmap.domain.outcome import NotRunError
from pytest_roadmap.domain.ports import (
    AuditPort,
    AuditRun,
    AzurePort,
    RepositoryPort,
    WorkspacePort,
)
from pytest_roadmap.domain.recording import Expect


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A reading through the SDK, and the run of the script that followed it."""

    independent: Measured
    repeated: AuditRun


def _assets(repository: RepositoryPort, environment: Environment) -> tuple[Asset, ...]:
    return load_inventory(repository, INVENTORY).of(environment.name)


def _expect_still_locked(repository: RepositoryPort, expect: Expect) -> None:
    """The script runs in the working tree, so what it is compared with is looked at again."""
    problems = lock_problems(read_locked_document(repository, INVENTORY))
    expect.none("the inventory is still the locked one", problems)


def _rules(environment: Environment) -> tuple[str, ...]:
    return tuple(environment.get("audit.normalise", ()))


@given("the handoff inventory is locked", target_fixture="locked_document")
def inventory_is_locked(repository: RepositoryPort) -> LockedDocument:
    locked = read_locked_document(repository, INVENTORY)
    if problems := lock_problems(locked):
        raise NotRunError("waiting(SEC-001)", "; ".join(problems))
    return locked


@when("the audit script is run", target_fixture="audit_run")
def audit_script_is_run(audit: AuditPort) -> AuditRun:
    return require_login(audit.run())


@then("it succeeds and its log covers every asset kind, measured now")
def audit_is_complete(
    audit_run: AuditRun,
    repository: RepositoryPort,
    environment: Environment,
    workspace: WorkspacePort,
    expect: Expect,
) -> None:
    kinds = {asset.kind for asset in _assets(repository, environment)}
    expect.at_least("asset kinds in the inventory", 1, len(kinds))
    problems = run_problems(audit_run, kinds, workspace.whoami().workspace_id)
    expect.none(f"script {audit_run.script_digest} measured every kind now", problems)


@when("the handoff inventory is compared with the measured values", target_fixture="comparison")
def inventory_is_compared(
    audit: AuditPort, repository: RepositoryPort, environment: Environment
) -> Comparison:
    run = require_login(audit.run())
    return compare(_assets(repository, environment), run, _rules(environment))


@then("the report lists every missing, unexpected and changed item")
def report_is_exact(comparison: Comparison, expect: Expect) -> None:
    lines = [str(difference) for difference in comparison.differences]
    expect.none("nothing is missing, unexpected or changed", lines)


@then("every inventory field was compared")
def every_field_was_compared(
    comparison: Comparison, repository: RepositoryPort, environment: Environment, expect: Expect
) -> None:
    _expect_still_locked(repository, expect)
    assets = _assets(repository, environment)
    expect.none("no item or field was left out", coverage_problems(assets, comparison))
    expect.equal("compared items", len(assets), len({name for name, _ in comparison.compared}))


@when("the same values are read independently", target_fixture="confirmation")
def values_are_read_independently(
    audit: AuditPort,
    repository: RepositoryPort,
    environment: Environment,
    workspace: WorkspacePort,
    azure: AzurePort,
) -> Confirmation:
    observations = observe(_assets(repository, environment), workspace, azure)
    here = workspace.whoami().workspace_id
    independent = read_independently(observations, workspace_id=here)
    return Confirmation(independent, require_login(audit.run()))


@pytest.fixture
def difference_report(
    audit_run: AuditRun,
    confirmation: Confirmation,
    repository: RepositoryPort,
    environment: Environment,
) -> DifferenceReport:
    """What both runs of the script differ in, unless something else was compared."""
    return AuditDifferences(
        _assets(repository, environment),
        lock_problems(read_locked_document(repository, INVENTORY)),
        {"first": audit_run, "repeated": confirmation.repeated},
        _rules(environment),
    )


@then("there are 0 differences")
def no_differences(difference_report: DifferenceReport, expect: Expect) -> None:
    for claim in difference_report.claims():
        expect.none(claim.text, claim.problems)
        expect.at_least(f"compared so that {claim.text}", 1, claim.compared)


@then("the repeated and the independent values agree")
def values_agree(
    audit_run: AuditRun,
    confirmation: Confirmation,
    locked_document: LockedDocument,
    repository: RepositoryPort,
    environment: Environment,
    expect: Expect,
) -> None:
    problems = confirmation_problems(
        _assets(repository, environment),
        (audit_run, confirmation.repeated),
        confirmation.independent,
        locked_at=locked_document.locked_at,
        rules=_rules(environment),
    )
    expect.none("script and SDK agree, in order, after the lock", problems)
