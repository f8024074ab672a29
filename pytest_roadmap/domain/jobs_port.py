"""What the steps need of jobs, their runs and the objects those runs use, as a Protocol."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol


class JobsPort(Protocol):
    """The jobs of a workspace as one identity sees them; all reads page to the end.

    Jobs, runs and pipelines are the service's own JSON: ids are integers, times are milliseconds.
    """

    def jobs_named(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """C-JOB: the jobs of exactly this name; ``job_id`` and ``settings`` each."""

    def job(self, job_id: int) -> Mapping[str, Any]:
        """C-JOB: ``settings``, ``run_as_user_name``, ``creator_user_name`` and the rest.

        Every task of a job with many tasks is there.
        """

    def job_permissions(self, job_id: int) -> tuple[Mapping[str, Any], ...]:
        """C-PERM: one entry for each principal, as ``object_permissions``."""

    def object_permissions(self, object_type: str, object_id: str) -> tuple[Mapping[str, Any], ...]:
        """Who may do what with a notebook, file, warehouse, cluster or pipeline.

        Each entry names ``user_name``, ``group_name`` or ``service_principal_name`` and holds
        ``all_permissions`` (``permission_level, inherited, inherited_from_object``).
        """

    def run_now(self, job_id: int, parameters: Mapping[str, str], idempotency_token: str) -> int:
        """C-RUN: start a run and return its id.

        The same token returns the run it started before, and nothing new is started.
        """

    def run(self, run_id: int) -> Mapping[str, Any]:
        """C-RUN: one run with every task and its repair history."""

    def runs(
        self, job_id: int, *, since: datetime | None = None, active_only: bool = False
    ) -> tuple[Mapping[str, Any], ...]:
        """C-RUNS: the runs of a job, newest first, with their tasks; ``since`` bounds the start."""

    def run_output(self, task_run_id: int) -> Mapping[str, Any]:
        """C-OUT: ``error``, ``error_trace``, ``notebook_output`` … of a task's run."""

    def pipeline(self, pipeline_id: str) -> Mapping[str, Any]:
        """C-PATH: a Lakeflow pipeline, with ``run_as_user_name``."""

    def object_status(self, path: str) -> Mapping[str, Any]:
        """C-PATH: ``object_id, object_type, path`` of a workspace file or notebook."""
