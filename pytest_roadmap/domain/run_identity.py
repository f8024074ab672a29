"""Whether jobs run as one service principal because it is set and deployed so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_roadmap.domain.bundle_port import BundleSummary
from pytest_roadmap.domain.job_identity import JobIdentity
from pytest_roadmap.domain.jobs_port import JobsPort
from pytest_roadmap.domain.outcome import AccessRefusedError, AssetMissingError
from pytest_roadmap.domain.ports import ServicePrincipal, WorkspacePort
from pytest_roadmap.domain.privileges import Subject

_BUNDLE = "BUNDLE"
#: The group that holds everybody in a workspace, listed as a membership or not.
_EVERYBODY = "users"
#: What a principal needs of a cluster that it is to use, and what it may not have beyond that.
_USES_CLUSTER = ("CAN_RESTART", "CAN_MANAGE")
_MOST_WAREHOUSE = frozenset({"CAN_USE", "CAN_VIEW", "CAN_MONITOR"})
_MOST_CLUSTER = frozenset({"CAN_ATTACH_TO", "CAN_RESTART"})


@dataclass(frozen=True, slots=True)
class IdentityReading:
    """The jobs that were asked about, in order, and the bundle they are deployed from."""

    jobs: tuple[JobIdentity, ...]
    bundle: BundleSummary

    @property
    def family(self) -> tuple[JobIdentity, ...]:
        """Every job with those that it starts, each once."""
        found = {job.job_id: job for job in self.jobs}
        for job in self.jobs:
            for each in job.family:
                found.setdefault(each.job_id, each)
        return tuple(found.values())


def principal_problems(workspace: WorkspacePort, application_id: str) -> tuple[str, ...]:
    """Why nothing can run as this principal: it is not there, or not active (C-SP)."""
    try:
        found: ServicePrincipal = workspace.service_principal(application_id)
    except AssetMissingError:
        return (f"the workspace has no service principal {application_id}",)
    return () if found.active else (f"service principal {application_id} is not active",)


def identity_problems(reading: IdentityReading, application_id: str) -> Iterator[str]:
    """Which jobs, children and pipelines run as somebody else, or only by chance as the principal.

    A child needs the identity; only the jobs asked about must be set and deployed explicitly.
    """
    asked = {job.job_id for job in reading.jobs}
    for job in reading.family:
        yield from _identity(job, application_id, explicit=job.job_id in asked)
        for pipeline_id, runs_as in job.pipelines.items():
            if not _same(runs_as, application_id):
                whom = runs_as or "nobody, for it does not exist"
                yield f"{job.label}: its pipeline {pipeline_id} runs as {whom}"


def _identity(job: JobIdentity, application_id: str, *, explicit: bool) -> Iterator[str]:
    if not _same(job.runs_as, application_id):
        yield f"{job.label} runs as {job.runs_as or 'nobody'}, not as {application_id}"
    written = job.explicit.get("service_principal_name")
    if explicit and not _same(written, application_id):
        shown = ", ".join(str(value) for value in job.explicit.values()) or "nothing"
        yield f"{job.label} sets run_as to {shown}, not to {application_id}"


def owner_problems(reading: IdentityReading, shared: Iterable[str]) -> Iterator[str]:
    """Which jobs belong to a person; ``shared`` are user accounts that belong to nobody."""
    accounts = {name.casefold() for name in shared}
    for job in reading.jobs:
        if not job.owners:
            yield f"{job.label} has no owner"
        for entry in job.owners:
            user = str(entry.get("user_name") or "")
            if user and user.casefold() not in accounts:
                yield f"{job.label} is owned by {user}; bundle.owners lists no such account"
            elif not user and not entry.get("service_principal_name"):
                whom = entry.get("group_name") or "nobody that has a name"
                yield f"{job.label} is owned by {whom}, expected a service principal"


def bundle_problems(
    reading: IdentityReading, application_id: str, expected_mode: str
) -> Iterator[str]:
    """Why the next deployment would not leave the jobs as they are (C-BUNDLE)."""
    bundle = reading.bundle
    if bundle.problem:
        yield f"the bundle cannot be summarised for target {bundle.target}: {bundle.problem}"
        return
    if expected_mode and bundle.mode != expected_mode:
        yield f"target {bundle.target} is of mode {bundle.mode or 'none'}, not {expected_mode}"
    for job in reading.jobs:
        if job.deployment != _BUNDLE:
            yield f"{job.label} is deployed by {job.deployment or 'hand'}, not from the bundle"
        deployed = bundle.jobs.get(job.job_id)
        if deployed is None:
            yield f"{job.label}: the bundle deploys no job {job.job_id} to {bundle.target}"
            continue
        run_as: Mapping[str, Any] = deployed.get("run_as") or {}
        if not _same(run_as.get("service_principal_name"), application_id):
            shown = ", ".join(str(value) for value in run_as.values()) or "nothing"
            yield f"{job.label}: the bundle says run_as {shown}; the next deployment sets it"


def source_problems(
    reading: IdentityReading, subject: WorkspacePort, application_id: str
) -> Iterator[str]:
    """Which files and notebooks the principal cannot read: it looks at each as itself (C-PATH).

    Its own look needs no right to administer the objects, as their permission lists do; who looks
    is asked first, for the look of another proves nothing.
    """
    me = subject.whoami()
    if not _same(me.application_id, application_id):
        yield f"its credential is that of {me.user_name}, not of {application_id}"
    for job in reading.family:
        for path in job.sources:
            try:
                subject.object_status(path)
            except (AccessRefusedError, AssetMissingError) as refused:
                yield f"{job.label}: the principal may not read {path} ({refused})"


def cluster_problems(
    reading: IdentityReading, workspace: JobsPort, subject: Subject
) -> Iterator[str]:
    """Which existing clusters of the jobs the principal may not use, or may do more with."""
    for cluster in dict.fromkeys(c for job in reading.family for c in job.clusters):
        entries = workspace.object_permissions("clusters", cluster)
        if not levels_of(entries, subject).intersection(_USES_CLUSTER):
            yield f"cluster {cluster}: the principal may not restart it"
        for level in excess_levels("clusters", entries, subject):
            yield f"cluster {cluster}: the principal holds {level}, which is more than to use it"


def excess_levels(
    object_type: str, entries: Sequence[Mapping[str, Any]], subject: Subject
) -> tuple[str, ...]:
    """The levels on a warehouse or cluster that go beyond using it."""
    most = _MOST_WAREHOUSE if object_type == "warehouses" else _MOST_CLUSTER
    return tuple(sorted(levels_of(entries, subject) - most))


def levels_of(entries: Iterable[Mapping[str, Any]], subject: Subject) -> frozenset[str]:
    """The permission levels that reach a principal, through its groups and everybody's too."""
    names = {name.casefold() for name in (*subject.names, _EVERYBODY)}
    fields = ("service_principal_name", "user_name", "group_name")
    return frozenset(
        str(item.get("permission_level"))
        for entry in entries
        if any(str(entry.get(field) or "").casefold() in names for field in fields)
        for item in entry.get("all_permissions") or ()
    )


def _same(name: object, application_id: str) -> bool:
    return str(name or "").casefold() == application_id.casefold()
