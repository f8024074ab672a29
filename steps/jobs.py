"""Sentences about the identity under which jobs run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_bdd import given, parsers, then, when

from pytest_roadmap.domain.bound_jobs import aliases_in
from pytest_roadmap.domain.bundle_port import BundlePort
from pytest_roadmap.domain.decisions import EXECUTION_IDENTITY, require_decided
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.job_identity import read_job_identity, require_jobs
from pytest_roadmap.domain.markdown import MarkdownText
from pytest_roadmap.domain.ports import RepositoryPort, WorkspacePort
from pytest_roadmap.domain.privilege_reading import resolve_subject
from pytest_roadmap.domain.recording import Expect, Recorder
from pytest_roadmap.domain.run_identity import (
    IdentityReading,
    bundle_problems,
    cluster_problems,
    identity_problems,
    owner_problems,
    principal_problems,
    source_problems,
)


@given(parsers.re(r'the jobs "(?P<jobs>[^"]*)" exist'), target_fixture="job_ids")
def jobs_exist(jobs: str, workspace: WorkspacePort, environment: Environment) -> Mapping[str, int]:
    return require_jobs(workspace, environment, aliases_in(jobs))


@when(
    parsers.re(r'the execution identity of "(?P<jobs>[^"]*)" is read'),
    target_fixture="identity_reading",
)
def execution_identity_is_read(
    jobs: str,
    job_ids: Mapping[str, int],
    workspace: WorkspacePort,
    bundle: BundlePort,
    repository: RepositoryPort,
    read_markdown: Callable[[str], MarkdownText],
    recorder: Recorder,
) -> IdentityReading:
    require_decided(repository, read_markdown, EXECUTION_IDENTITY)
    aliases = aliases_in(jobs)
    found = tuple(read_job_identity(workspace, alias, job_ids[alias]) for alias in aliases)
    recorder.facts["run_identity"] = {job.label: job.as_facts() for job in found}
    return IdentityReading(found, bundle.summary())


@then(
    parsers.re(
        r'"(?P<jobs>[^"]*)" run as "(?P<principal>[^"]*)" by explicit, deployed configuration'
    )
)
def jobs_run_as(
    jobs: str,
    principal: str,
    identity_reading: IdentityReading,
    workspace: WorkspacePort,
    act_as: Callable[[str], WorkspacePort],
    environment: Environment,
    expect: Expect,
) -> None:
    reading = identity_reading
    binding = environment.require(f"principals.{principal}")
    name, owners = str(binding["application_id"]), environment.get("bundle.owners") or ()
    mode = str(environment.get("bundle.expect_mode") or "")
    expect.equal("jobs read", list(aliases_in(jobs)), [job.label for job in reading.jobs])
    expect.none(f"{principal} is active", principal_problems(workspace, name))
    expect.none(f"every job is set to run as {principal}", list(identity_problems(reading, name)))
    expect.none("no job belongs to a person", list(owner_problems(reading, owners)))
    expect.none("the bundle deploys it so", list(bundle_problems(reading, name, mode)))
    subject = resolve_subject(workspace, name, binding.get("groups") or ())
    unread = list(source_problems(reading, act_as(principal), name))
    expect.none("it may read what it runs", unread)
    expect.none("it may use the clusters", list(cluster_problems(reading, workspace, subject)))
