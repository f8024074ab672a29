"""Sentences about what a principal is granted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pytest_bdd import given, parsers, then, when

from pytest_roadmap.domain.documents import require_handed_over
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.former_identity import (
    FORMER,
    former_problems,
    read_former_identity,
    unsettled_schemas,
)
from pytest_roadmap.domain.grant_matrix import bound_matrix_problems, load_matrix
from pytest_roadmap.domain.ports import RepositoryPort, ServicePrincipal, WorkspacePort
from pytest_roadmap.domain.privilege_reading import (
    active_principal,
    metastore_privileges,
    read_privileges,
    resolve_subject,
)
from pytest_roadmap.domain.privileges import (
    MatrixRow,
    Reading,
    excess_problems,
    missing_securables,
    required_problems,
)
from pytest_roadmap.domain.recording import Expect
from pytest_roadmap.domain.run_identity import excess_levels


@given(parsers.re(r'the grant matrix of "(?P<principal>[^"]*)"'), target_fixture="matrix")
def grant_matrix(
    principal: str, environment: Environment, repository: RepositoryPort
) -> tuple[MatrixRow, ...]:
    return load_matrix(repository, environment, principal)


@given(
    parsers.re(r'"(?P<principal>[^"]*)" is an active service principal'),
    target_fixture="service_principal",
)
def active_service_principal(
    principal: str, environment: Environment, workspace: WorkspacePort
) -> ServicePrincipal:
    application_id = str(environment.require(f"principals.{principal}.application_id"))
    return active_principal(workspace, application_id)


@when(
    parsers.re(r'the effective privileges of "(?P<principal>[^"]*)" are read'),
    target_fixture="reading",
)
def effective_privileges_are_read(
    principal: str,
    matrix: Sequence[MatrixRow],
    environment: Environment,
    workspace: WorkspacePort,
    act_as: Callable[[str], WorkspacePort],
) -> Reading:
    binding = environment.require(f"principals.{principal}")
    subject = resolve_subject(workspace, binding["application_id"], binding.get("groups") or ())
    metastore = metastore_privileges(
        workspace,
        lambda: act_as(principal),
        subject,
        str(environment.require("uc.metastore_id")),
    )
    return replace(read_privileges(workspace, subject, matrix), metastore=metastore)


@then(parsers.re(r'"(?P<principal>[^"]*)" has every required privilege by the permitted route'))
def required_privileges_are_held(
    principal: str,
    matrix: Sequence[MatrixRow],
    reading: Reading,
    environment: Environment,
    repository: RepositoryPort,
    expect: Expect,
) -> None:
    expect.none("the matrix settles all that is bound", bound_matrix_problems(matrix, environment))
    require_handed_over(repository, missing_securables(matrix, reading))
    expect.at_least("rows with a required privilege", 1, sum(bool(r.required) for r in matrix))
    problems = required_problems(matrix, reading)
    expect.none(f"{principal} holds every required privilege as agreed", problems)


@then(parsers.re(r'"(?P<principal>[^"]*)" has no forbidden or extra privilege'))
def no_excess_privilege(
    principal: str, matrix: Sequence[MatrixRow], reading: Reading, expect: Expect
) -> None:
    expect.at_least("securables read", len(matrix), len(reading.accesses))
    expect.none(f"{principal} holds nothing beyond the matrix", excess_problems(matrix, reading))


@then("the previous identity no longer writes")
def previous_identity_does_not_write(
    matrix: Sequence[MatrixRow],
    reading: Reading,
    environment: Environment,
    workspace: WorkspacePort,
    repository: RepositoryPort,
    expect: Expect,
) -> None:
    agreed = load_matrix(repository, environment, FORMER)
    former = read_former_identity(workspace, environment, matrix, agreed)
    expect.at_least("schemas and tables that the pipelines write", 1, len(former.rows))
    expect.none("the agreement forbids it to write", list(unsettled_schemas(matrix, agreed)))
    expect.none(f"{former.reading.subject.application_id} cannot write", former_problems(former))
    warehouse = str(environment.require("warehouse.id"))
    entries = workspace.object_permissions("warehouses", warehouse)
    beyond = list(excess_levels("warehouses", entries, reading.subject))
    expect.none("the pipelines may only use the warehouse", beyond)
