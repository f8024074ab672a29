"""The part of the fake workspace that speaks of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pytest_roadmap.domain.outcome import AssetMissingError

Body = Mapping[str, Any]


def milliseconds(moment: datetime) -> int:
    """A time as the service writes it."""
    return int(moment.timestamp() * 1000)


def ended_state(result: str = "SUCCESS", life_cycle: str = "TERMINATED") -> dict[str, Any]:
    """``state`` and ``status`` of something that ended in this result."""
    return {
        "state": {"life_cycle_state": life_cycle, "result_state": result},
        "status": {"state": "TERMINATED", "termination_details": {"code": result}},
    }


@dataclass
class FakeJobs:
    """Jobs, runs and permissions by id; ``started`` is what run_now was asked, in order.

    ``polls`` holds, for a run, what is answered before its last word, one answer a question.
    """

    jobs: dict[int, Body] = field(default_factory=dict)
    job_runs: dict[int, Body] = field(default_factory=dict)
    polls: dict[int, list[Body]] = field(default_factory=dict)
    outputs: dict[int, Body] = field(default_factory=dict)
    next_runs: list[int] = field(default_factory=list)
    run_requests: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    object_acls: dict[tuple[str, str], tuple[Body, ...]] = field(default_factory=dict)
    pipelines: dict[str, Body] = field(default_factory=dict)
    objects: dict[str, Body] = field(default_factory=dict)

    def jobs_named(self, name: str) -> tuple[Body, ...]:
        return tuple(job for job in self.jobs.values() if job["settings"].get("name") == name)

    def job(self, job_id: int) -> Body:
        return _known(self.jobs, job_id, "job")

    def job_permissions(self, job_id: int) -> tuple[Body, ...]:
        return self.object_permissions("jobs", str(job_id))

    def object_permissions(self, object_type: str, object_id: str) -> tuple[Body, ...]:
        return self.object_acls.get((object_type, object_id), ())

    def run_now(self, job_id: int, parameters: Mapping[str, str], idempotency_token: str) -> int:
        self.run_requests.append((job_id, dict(parameters), idempotency_token))
        return self.next_runs[len(self.run_requests) - 1]

    def run(self, run_id: int) -> Body:
        waiting = self.polls.get(run_id) or []
        return waiting.pop(0) if waiting else _known(self.job_runs, run_id, "run")

    def runs(
        self, job_id: int, *, since: datetime | None = None, active_only: bool = False
    ) -> tuple[Body, ...]:
        return tuple(
            run
            for run in self.job_runs.values()
            if run.get("job_id") == job_id
            and (since is None or run["start_time"] >= milliseconds(since))
            and not (active_only and run["state"]["life_cycle_state"] == "TERMINATED")
        )

    def run_output(self, task_run_id: int) -> Body:
        return _known(self.outputs, task_run_id, "output")

    def pipeline(self, pipeline_id: str) -> Body:
        return _known(self.pipelines, pipeline_id, "pipeline")

    def object_status(self, path: str) -> Body:
        return _known(self.objects, path, "object")


def _known(found: Mapping[Any, Body], key: object, what: str) -> Body:
    if key not in found:
        raise AssetMissingError(f"{what} {key}")
    return found[key]
