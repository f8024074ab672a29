"""The part of the state that belongs to jobs, runs, pipelines and workspace files.

Definitions (``settings``, ``definition``) are plain values in the shape of the API, because the API
gives them back as they were sent. Times are aware UTC. An ``acl`` maps the name of a principal or
group to one permission level.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

ENDED = frozenset({"TERMINATED", "SKIPPED", "INTERNAL_ERROR"})


@dataclass(slots=True)
class Job:
    """A job. ``settings`` is ``JobSettings`` of the API; its ``run_as`` only where it was set.

    ``acl`` levels are CAN_VIEW, CAN_MANAGE_RUN, CAN_MANAGE, IS_OWNER.
    """

    job_id: int
    creator_user_name: str
    created_time: datetime
    settings: dict[str, Any]
    acl: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name; ``Untitled`` where none was given (documented default)."""
        return str(self.settings.get("name") or "Untitled")

    @property
    def runs_as(self) -> str:
        """Whose rights count: the explicit setting, else the owner, else the creator (documented).

        Source: https://docs.databricks.com/api/azure/workspace/jobs/get (``run_as_user_name``).
        """
        explicit = self.settings.get("run_as") or {}
        owner = next((name for name, level in self.acl.items() if level == "IS_OWNER"), "")
        name = explicit.get("service_principal_name") or explicit.get("user_name")
        return str(name or owner or self.creator_user_name)


@dataclass(slots=True)
class Lifecycle:
    """Where a run or the run of a task stands.

    ``life_cycle`` and ``result`` are the words of ``RunState``; ``code`` is the termination code of
    ``RunStatus``. ``started`` is when it was asked for, ``queued_until`` when it left the queue,
    ``executing_since`` when set-up was over.
    """

    started: datetime
    life_cycle: str = "PENDING"
    result: str = ""
    code: str = ""
    message: str = ""
    queued_until: datetime | None = None
    executing_since: datetime | None = None
    ended: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.life_cycle in ENDED


@dataclass(slots=True)
class TaskRun:
    """One attempt at one task. ``run_id`` is what ``runs/get-output`` takes.

    ``output`` holds what the API's ``RunOutput`` adds: ``error``, ``error_trace``, ``logs``,
    ``notebook_output``, ``sql_output``, ``run_job_output``.
    """

    run_id: int
    task_key: str
    definition: dict[str, Any]
    lifecycle: Lifecycle
    attempt: int = 0
    output: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Repair:
    """One entry of the repair history; the first is the original run (``repair_id`` 0)."""

    repair_id: int
    task_run_ids: list[int]
    lifecycle: Lifecycle


@dataclass(slots=True)
class JobRun:
    """One run of a job, or a one-time run (``job_id`` 0 in the API's answer is left out).

    ``run_as`` is the name of the principal whose rights count, fixed when the run was asked for.
    ``parameters`` maps the name of each job parameter to ``(default, value)``. ``tasks`` has one
    entry for each attempt, in the order of the definition.
    """

    run_id: int
    job_id: int
    number_in_job: int
    run_name: str
    creator_user_name: str
    run_as: str
    settings: dict[str, Any]
    lifecycle: Lifecycle
    run_type: str = "JOB_RUN"
    trigger: str = "ONE_TIME"
    parent_run_id: int = 0
    parameters: dict[str, tuple[str, str]] = field(default_factory=dict)
    tasks: list[TaskRun] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    acl: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class WorkspaceObject:
    """A folder, file or notebook of the workspace; ``content`` is its source.

    ``acl`` levels are CAN_READ, CAN_RUN, CAN_EDIT, CAN_MANAGE; those of a folder reach below it.
    """

    object_id: int
    path: str
    object_type: str
    created_at: datetime
    modified_at: datetime
    language: str = ""
    content: bytes = b""
    acl: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Pipeline:
    """A declarative pipeline: an object with an identity of its own.

    ``run_as`` is the name of the principal it runs as. ``acl`` levels are CAN_VIEW, CAN_RUN,
    CAN_MANAGE, IS_OWNER.
    """

    pipeline_id: str
    creator_user_name: str
    run_as: str
    spec: dict[str, Any]
    last_modified: datetime
    acl: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class SavedQuery:
    """A query kept under an id. ``acl`` levels are CAN_VIEW, CAN_RUN, CAN_EDIT, CAN_MANAGE."""

    query_id: str
    display_name: str
    text: str
    warehouse_id: str
    owner: str
    created_at: datetime
    acl: dict[str, str] = field(default_factory=dict)


@dataclass
class JobsState:
    """Everything about jobs. ``tokens`` maps an idempotency token to its run.

    ``service_principal_users`` maps an application id to the names that hold the role Service
    Principal User on it: they may set it as ``run_as``. ``last_id`` is the newest id given out for
    jobs, runs, attempts and workspace objects. Setting up a run takes ``setup_s`` seconds.
    """

    jobs: dict[int, Job] = field(default_factory=dict)
    runs: dict[int, JobRun] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    objects: dict[str, WorkspaceObject] = field(default_factory=dict)
    queries: dict[str, SavedQuery] = field(default_factory=dict)
    service_principal_users: dict[str, list[str]] = field(default_factory=dict)
    last_id: int = 100_000_000_000_000
    setup_s: float = 0.05

    def next_id(self) -> int:
        """A new id; ids of the real service are not consecutive either."""
        self.last_id += 7
        return self.last_id

    def job_named(self, name: str) -> Job | None:
        """The first job of this name; names need not be unique."""
        return next((job for job in self.jobs.values() if job.name == name), None)

    def object_with_id(self, object_id: int) -> WorkspaceObject | None:
        """The workspace object with this id."""
        return next((o for o in self.objects.values() if o.object_id == object_id), None)
