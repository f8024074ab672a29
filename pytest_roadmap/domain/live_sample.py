"""What a gate review looks at again, live, so that a stale green cannot pass the gate."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_roadmap.domain.bundle_port import BundleSummary
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.grant_matrix import load_matrix
from pytest_roadmap.domain.job_identity import read_job_identity, require_jobs
from pytest_roadmap.domain.ports import AzurePort, RepositoryPort, WorkspacePort
from pytest_roadmap.domain.privilege_reading import read_privileges, resolve_subject
from pytest_roadmap.domain.privileges import excess_problems, required_problems
from pytest_roadmap.domain.run_identity import (
    IdentityReading,
    identity_problems,
    principal_problems,
)
from pytest_roadmap.domain.secrets import (
    acl_problems,
    backing_problems,
    handed_over,
    inspect_scope,
    vault_problems,
)


def privilege_problems(
    workspace: WorkspacePort, repository: RepositoryPort, environment: Environment, principal: str
) -> Iterator[str]:
    """Where the principal's privileges are no longer those agreed.

    Raises:
        BlockedError: principal or matrix is not bound, or may not be read.
    """
    matrix = load_matrix(repository, environment, principal)
    binding = environment.require(f"principals.{principal}")
    subject = resolve_subject(workspace, binding["application_id"], binding.get("groups") or ())
    reading = read_privileges(workspace, subject, matrix)
    yield from required_problems(matrix, reading)
    yield from excess_problems(matrix, reading)


def scope_problems(
    workspace: WorkspacePort,
    azure: AzurePort,
    repository: RepositoryPort,
    environment: Environment,
) -> Iterator[str]:
    """Where the secret scope is no longer the one that was handed over.

    Raises:
        BlockedError: the scope is not bound, or may not be read.
    """
    found = inspect_scope(workspace, azure, environment)
    handed = handed_over(repository, environment, "secret_scope", found.name)
    yield from backing_problems(found, environment, handed)
    yield from vault_problems(found)
    yield from acl_problems(found, environment)


def run_as_problems(
    workspace: WorkspacePort, environment: Environment, principal: str
) -> Iterator[str]:
    """The bound jobs, or what they start, that are not set to run as the principal.

    Raises:
        BlockedError: no job or no principal is bound, or a job may not be read.
    """
    wanted = str(environment.require(f"principals.{principal}.application_id"))
    jobs = require_jobs(workspace, environment, tuple(environment.require("jobs")))
    found = tuple(read_job_identity(workspace, alias, job_id) for alias, job_id in jobs.items())
    yield from principal_problems(workspace, wanted)
    reading = IdentityReading(found, BundleSummary("not asked"))
    yield from identity_problems(reading, wanted)
