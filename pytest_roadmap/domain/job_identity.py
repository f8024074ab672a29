"""What is set and in force about the identity of jobs, read through the workspace port."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_roadmap.domain.bound_jobs import bound_job_id
from pytest_roadmap.domain.canonical import canonical_digest
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.jobs_port import JobsPort
from pytest_roadmap.domain.outcome import AssetMissingError, BlockedError

_OWNER = "IS_OWNER"
#: Paths that look like those of the workspace, and lead to storage.
_IN_STORAGE = ("/Volumes/", "/dbfs/")


@dataclass(frozen=True, slots=True)
class JobIdentity:
    """One job and everything that acts with it.

    ``label`` is the alias, or for a child the path of aliases and names that leads to it;
    ``runs_as`` is the effective name, ``explicit`` the ``run_as`` setting as written, ``owners``
    are the entries of IS_OWNER. ``sources`` are workspace paths, ``clusters`` ids of existing
    ones, ``pipelines`` maps the id of a Lakeflow pipeline to whom it runs as.
    """

    label: str
    job_id: int
    runs_as: str
    explicit: Mapping[str, Any]
    owners: tuple[Mapping[str, Any], ...]
    deployment: str
    digest: str
    sources: tuple[str, ...]
    clusters: tuple[str, ...]
    pipelines: Mapping[str, str]
    children: tuple[JobIdentity, ...] = ()

    @property
    def family(self) -> Iterator[JobIdentity]:
        """The job and every job that it starts, directly or through others."""
        yield self
        for child in self.children:
            yield from child.family

    def as_facts(self) -> dict[str, Any]:
        """What evidence keeps of it."""
        return {
            "job_id": self.job_id,
            "runs_as": self.runs_as,
            "run_as": dict(self.explicit),
            "settings_digest": self.digest,
        }


def require_jobs(
    workspace: JobsPort, environment: Environment, aliases: Sequence[str]
) -> dict[str, int]:
    """The ids of the jobs behind the aliases; each is there, and no two aliases mean one job.

    Raises:
        BlockedError: an alias is not bound, or its job does not exist.
    """
    found: dict[str, int] = {}
    for alias in aliases:
        try:
            job_id = bound_job_id(workspace, environment, alias)
            workspace.job(job_id)
        except AssetMissingError as missing:
            subject = f"jobs.{alias}"
            detail = str(missing)
            raise BlockedError("asset_not_handed_over", subject, detail, "DataEng") from missing
        twin = next((other for other, known in found.items() if known == job_id), None)
        if twin is not None:
            detail = f"jobs.{twin} is the same job {job_id}; bind two different ones"
            raise BlockedError("missing_binding", f"jobs.{alias}.id", detail, "DataEng")
        found[alias] = job_id
    return found


def read_job_identity(workspace: JobsPort, label: str, job_id: int) -> JobIdentity:
    """C-JOB, C-PERM and the identities of the jobs and pipelines that its tasks start."""
    return _read(workspace, label, job_id, ())


def _read(workspace: JobsPort, label: str, job_id: int, above: tuple[int, ...]) -> JobIdentity:
    job = workspace.job(job_id)
    settings: Mapping[str, Any] = job.get("settings") or {}
    tasks = tuple(_tasks(settings.get("tasks") or ()))
    seen = (*above, job_id)
    return JobIdentity(
        label=label,
        job_id=job_id,
        runs_as=str(job.get("run_as_user_name") or ""),
        explicit=settings.get("run_as") or {},
        owners=tuple(_owners(workspace.job_permissions(job_id))),
        deployment=str((settings.get("deployment") or {}).get("kind") or ""),
        digest=canonical_digest(settings),
        sources=tuple(dict.fromkeys(path for task in tasks for path in _sources(task))),
        clusters=_clusters(tasks),
        pipelines={key: _pipeline(workspace, key) for key in _named(tasks, "pipeline")},
        children=tuple(
            _read(workspace, f"{label} > job {child}", int(child), seen)
            for child in _named(tasks, "run_job", "job_id")
            if int(child) not in seen
        ),
    )


def _tasks(tasks: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Every task, also the one that a loop repeats."""
    for task in tasks:
        yield task
        repeated = (task.get("for_each_task") or {}).get("task")
        if repeated:
            yield from _tasks([repeated])


def _named(tasks: Iterable[Mapping[str, Any]], kind: str, field: str = "") -> tuple[str, ...]:
    """What the tasks of a kind name, each once."""
    bodies = (task.get(f"{kind}_task") or {} for task in tasks)
    names = (body.get(field or f"{kind}_id") for body in bodies)
    return tuple(dict.fromkeys(str(name) for name in names if name))


def _clusters(tasks: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    named = (task.get("existing_cluster_id") for task in tasks)
    return tuple(dict.fromkeys(str(name) for name in named if name))


def _sources(task: Mapping[str, Any]) -> Iterator[str]:
    """Workspace paths that a task runs; what lies in git or in storage has other rights."""
    sql = task.get("sql_task") or {}
    for body, field in (
        (task.get("notebook_task") or {}, "notebook_path"),
        (task.get("spark_python_task") or {}, "python_file"),
        (sql.get("file") or {}, "path"),
    ):
        path = str(body.get(field) or "")
        if path.startswith("/") and body.get("source") != "GIT":
            yield path
    for library in task.get("libraries") or ():
        for kind in ("whl", "jar", "requirements"):
            path = str(library.get(kind) or "")
            if path.startswith("/") and not path.startswith(_IN_STORAGE):
                yield path


def _owners(entries: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for entry in entries:
        held = entry.get("all_permissions") or ()
        if any(item.get("permission_level") == _OWNER for item in held):
            yield entry


def _pipeline(workspace: JobsPort, pipeline_id: str) -> str:
    try:
        return str(workspace.pipeline(pipeline_id).get("run_as_user_name") or "")
    except AssetMissingError:
        return ""
