"""``JobsPort`` on databricks-sdk: jobs, runs, permissions and the objects that tasks use.

Source: calls C-JOB, C-PERM, C-RUN, C-RUNS, C-OUT and C-PATH, checked against databricks-sdk 0.162.0
(Jobs API 2.2). Values are read from the service's JSON, as in ``workspace``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pytest_roadmap.adapters.databricks.connection import Answer

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

#: Arrays that a job or a run with many elements spreads over several pages.
_JOB_ARRAYS = ("tasks", "parameters", "job_clusters", "environments")
_RUN_ARRAYS = ("tasks", "job_parameters", "repair_history", "job_clusters")
_PAGE = 24  # list_runs takes fewer than 25


class WorkspaceJobs(ABC):
    """The part of ``DatabricksWorkspace`` that speaks of jobs; ``JobsPort`` has the promises."""

    @abstractmethod
    def _call(
        self, code: str, resource: str, function: Callable[[WorkspaceClient], Any]
    ) -> Answer[Any]:
        """Make one recorded call, with the errors of the service as ours."""

    def jobs_named(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """C-JOB; the service compares without case, so the exact name is compared here."""
        answer = self._call(
            "C-JOB", f"jobs named {name}", lambda w: list(w.jobs.list(name=name, limit=100))
        )
        jobs = tuple(_entries(answer.bodies, "jobs"))
        return tuple(job for job in jobs if (job.get("settings") or {}).get("name") == name)

    def job(self, job_id: int) -> Mapping[str, Any]:
        """C-JOB."""
        bodies = self._call("C-JOB", f"job {job_id}", lambda w: w.jobs.get(job_id)).bodies
        settings = [dict(body.get("settings") or {}) for body in bodies]
        return {**dict(bodies[0]), "settings": _joined(settings, _JOB_ARRAYS)} if bodies else {}

    def job_permissions(self, job_id: int) -> tuple[Mapping[str, Any], ...]:
        """C-PERM."""
        answer = self._call(
            "C-PERM", f"permissions of job {job_id}", lambda w: w.jobs.get_permissions(str(job_id))
        )
        return tuple(_entries(answer.bodies, "access_control_list"))

    def object_permissions(self, object_type: str, object_id: str) -> tuple[Mapping[str, Any], ...]:
        """C-PERM for anything that is no job."""
        answer = self._call(
            "C-PERM",
            f"permissions of {object_type} {object_id}",
            lambda w: w.permissions.get(object_type, object_id),
        )
        return tuple(_entries(answer.bodies, "access_control_list"))

    def run_now(self, job_id: int, parameters: Mapping[str, str], idempotency_token: str) -> int:
        """C-RUN; the token makes a repeated request harmless, the SDK repeats broken ones."""

        def start(client: WorkspaceClient) -> object:
            from databricks.sdk.service.jobs import QueueSettings  # noqa: PLC0415 (vendor)

            return client.jobs.run_now(
                job_id,
                job_parameters=dict(parameters),
                idempotency_token=idempotency_token,
                queue=QueueSettings(enabled=True),
            )

        return int(self._call("C-RUN", f"job {job_id}", start).body["run_id"])

    def run(self, run_id: int) -> Mapping[str, Any]:
        """C-RUN."""
        answer = self._call(
            "C-RUN", f"run {run_id}", lambda w: w.jobs.get_run(run_id, include_history=True)
        )
        return _joined([dict(body) for body in answer.bodies], _RUN_ARRAYS)

    def runs(
        self, job_id: int, *, since: datetime | None = None, active_only: bool = False
    ) -> tuple[Mapping[str, Any], ...]:
        """C-RUNS."""
        start = None if since is None else int(since.timestamp() * 1000)
        answer = self._call(
            "C-RUNS",
            f"runs of job {job_id}",
            lambda w: list(
                w.jobs.list_runs(
                    job_id=job_id,
                    active_only=active_only or None,
                    start_time_from=start,
                    expand_tasks=True,
                    limit=_PAGE,
                )
            ),
        )
        return tuple(_entries(answer.bodies, "runs"))

    def run_output(self, task_run_id: int) -> Mapping[str, Any]:
        """C-OUT."""
        return self._call(
            "C-OUT", f"output of run {task_run_id}", lambda w: w.jobs.get_run_output(task_run_id)
        ).body

    def pipeline(self, pipeline_id: str) -> Mapping[str, Any]:
        """C-PATH."""
        return self._call(
            "C-PATH", f"pipeline {pipeline_id}", lambda w: w.pipelines.get(pipeline_id)
        ).body

    def object_status(self, path: str) -> Mapping[str, Any]:
        """C-PATH."""
        return self._call("C-PATH", path, lambda w: w.workspace.get_status(path)).body


def _entries(bodies: Sequence[Any], key: str) -> Iterator[dict[str, Any]]:
    for body in bodies:
        yield from (body.get(key) or ()) if isinstance(body, dict) else ()


def _joined(pages: Sequence[dict[str, Any]], arrays: Sequence[str]) -> dict[str, Any]:
    """The first page, each array continued by the same array of the pages behind it."""
    if not pages:
        return {}
    whole = {name: [item for page in pages for item in page.get(name) or ()] for name in arrays}
    return pages[0] | {name: items for name, items in whole.items() if items}
