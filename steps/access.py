"""Sentences about what a principal can really do: SQL and external locations."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from pytest_bdd import parsers, then, when

from pytest_roadmap.domain.documents import require_handed_over
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.external_location import (
    LocationReport,
    content_problems,
    left_over,
    missing_locations,
    refusal_problems,
)
from pytest_roadmap.domain.grant_matrix import load_matrix
from pytest_roadmap.domain.location_probe import probe_bound_locations
from pytest_roadmap.domain.location_routes import Prober
from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.permission_checks import (
    Bench,
    PermissionReport,
    empty_commits,
    permission_problems,
    permitted,
    run_permission_checks,
)
from pytest_roadmap.domain.ports import AzurePort, RepositoryPort, WorkspacePort
from pytest_roadmap.domain.recording import Expect
from pytest_roadmap.domain.warehouse import running_warehouse


def _require_clean(remains: Sequence[str]) -> None:
    if remains:
        raise InconclusiveError(f"cleanup_failed({', '.join(remains)})", "remove it by hand")


@when(
    parsers.re(r'"(?P<principal>[^"]*)" runs the permission check SQL'),
    target_fixture="permission_report",
)
def permission_check_runs(
    principal: str,
    subject: WorkspacePort,
    workspace: WorkspacePort,
    warehouse_id: str,
    environment: Environment,
    repository: RepositoryPort,
) -> PermissionReport:
    bench = Bench(
        subject=subject,
        observer=workspace,
        warehouse_id=warehouse_id,
        application_id=str(environment.require(f"principals.{principal}.application_id")),
        catalog=str(environment.require("uc.catalog")),
        probe_schema=str(environment.require("uc.schemas.probe")),
        token=uuid4().hex,
    )
    return run_permission_checks(bench, load_matrix(repository, environment, principal))


@then("permitted statements succeed and the others are refused for lack of permission")
def statements_behave_as_agreed(permission_report: PermissionReport, expect: Expect) -> None:
    expect.none("the matrix can be shown in SQL", permission_report.untested)
    expect.at_least("permitted statements tried", 1, permitted(permission_report))
    problems = permission_problems(permission_report)
    quiet = empty_commits(permission_report)
    expect.none(f"SQL does what the matrix says (empty commits: {list(quiet)})", problems)
    _require_clean(permission_report.left_over)


@when(
    parsers.re(
        r'"(?P<principal>[^"]*)" writes, lists, reads and removes a probe object'
        r" in each external location"
    ),
    target_fixture="location_reports",
)
def locations_are_probed(
    principal: str,
    subject: WorkspacePort,
    workspace: WorkspacePort,
    azure: AzurePort,
    environment: Environment,
    repository: RepositoryPort,
) -> tuple[LocationReport, ...]:
    warehouse_id = running_warehouse(environment, workspace)
    prober = Prober(subject, workspace, azure, warehouse_id, uuid4().hex)
    matrix = load_matrix(repository, environment, principal)
    return probe_bound_locations(prober, environment, matrix, principal)


@then("the probe content is read back identically")
def content_is_identical(
    location_reports: Sequence[LocationReport], repository: RepositoryPort, expect: Expect
) -> None:
    require_handed_over(repository, missing_locations(location_reports))
    expect.at_least("external locations probed", 1, len(location_reports))
    expect.none("what was written is what is read", content_problems(location_reports))


@then("read-only locations refuse the write")
def read_only_refuses(location_reports: Sequence[LocationReport], expect: Expect) -> None:
    closed = [r.binding.name for r in location_reports if not r.binding.writable]
    problems = refusal_problems(location_reports)
    expect.none(f"no write is accepted where none is agreed ({closed})", problems)
    _require_clean(left_over(location_reports))
