"""Running pipelines one after another under one business run id (C-RUN)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pytest_roadmap.domain.bound_jobs import bound_job_id, declared_parameters
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.job_runs import (
    JobRun,
    parameter_problems,
    replay_problem,
    success_problems,
)
from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.pipeline_contract import Window, as_parameter
from pytest_roadmap.domain.ports import Clock, WorkspacePort

_DEFAULT_LIMIT_MIN, _GRACE_MIN = 60, 5
_TOKEN_LENGTH = 64
_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 15.0
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """One pipeline's run, or why there is none; ``run_as`` is the identity of its job then."""

    pipeline: str
    job_id: int
    requested: Mapping[str, str]
    asked: datetime
    run_as: str
    expected_tasks: frozenset[str]
    run: JobRun | None = None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class PipelineRuns:
    """Runs of several pipelines in order, all with one business run id.

    ``processed_before`` names the pipelines that had processed the window before any of them ran.
    """

    run_id: str
    mode: str
    window: Window
    wanted: tuple[str, ...]
    runs: tuple[PipelineRun, ...]
    processed_before: frozenset[str] = frozenset()

    @property
    def started(self) -> tuple[PipelineRun, ...]:
        """Those that really started."""
        return tuple(each for each in self.runs if each.run is not None)

    def as_facts(self) -> dict[str, Any]:
        """What a later scenario needs of these runs, as the record keeps it."""
        return {
            "business_run_id": self.run_id,
            "mode": self.mode,
            "window": {
                "name": self.window.name,
                "start": as_parameter(self.window.start),
                "end": as_parameter(self.window.end),
            },
            "runs": [_run_facts(each, each.run) for each in self.runs if each.run is not None],
        }


def _run_facts(asked: PipelineRun, run: JobRun) -> dict[str, Any]:
    return {
        "pipeline": asked.pipeline,
        "job_id": asked.job_id,
        "run_id": run.run_id,
        "url": run.url,
        "run_as": asked.run_as,
        "started": run.started.isoformat(),
        "ended": run.ended.isoformat(),
        "execution_ms": run.execution_ms,
        "parameters": run.parameters,
    }


@dataclass(frozen=True, slots=True)
class PipelineRunner:
    """Starts runs and waits for them; ``pause`` sleeps for that many seconds."""

    workspace: WorkspacePort
    environment: Environment
    clock: Clock
    pause: Callable[[float], None]

    def run_in_order(
        self, pipelines: Sequence[str], mode: str, window: Window, run_id: str
    ) -> PipelineRuns:
        """Run each pipeline once the one before it has succeeded.

        Raises:
            BlockedError: a job, a parameter or the mode is not bound.
            InconclusiveError: a run was skipped, or did not end in time.
        """
        parameters = self._parameters(mode, window, run_id)
        limit = timedelta(minutes=self._limit_min())
        done: list[PipelineRun] = []
        for name in pipelines:
            asked = self._start(name, parameters, run_id)
            if asked.run is not None:
                asked = self._wait(asked, asked.run.run_id, limit)
            done.append(asked)
            if asked.run is None or not asked.run.succeeded:
                break
        return PipelineRuns(run_id, mode, window, tuple(pipelines), tuple(done))

    def _limit_min(self) -> float:
        """Longer than what is agreed: the agreed limit itself is judged, not waited for."""
        agreed = float(self.environment.get("sla.smoke_timeout_min", _DEFAULT_LIMIT_MIN))
        return 2 * agreed + _GRACE_MIN

    def _parameters(self, mode: str, window: Window, run_id: str) -> dict[str, str]:
        bound = self.environment.require("params")
        values = {
            "run_id": run_id,
            "mode": str(self.environment.require(f"pipelines.modes.{mode}")),
            "window_start": as_parameter(window.start),
            "window_end": as_parameter(window.end),
        }
        self.environment.require("params.run_id")
        return {str(bound[key]): value for key, value in values.items() if bound.get(key)}

    def _start(self, name: str, parameters: Mapping[str, str], run_id: str) -> PipelineRun:
        job_id = bound_job_id(self.workspace, self.environment, name)
        job = self.workspace.job(job_id)
        settings = job.get("settings") or {}
        asked = PipelineRun(
            name,
            job_id,
            parameters,
            self.clock(),
            str(job.get("run_as_user_name") or ""),
            frozenset(str(task.get("task_key")) for task in settings.get("tasks") or ()),
        )
        unknown = sorted(set(parameters) - set(declared_parameters(job)))
        if unknown:
            refusal = f"{name} was not started: job {job_id} declares no {', '.join(unknown)}"
            return replace(asked, refusal=refusal)
        token = idempotency_token(self.environment.name, run_id, name, attempt=1)
        started = self.workspace.run_now(job_id, parameters, token)
        return replace(asked, run=JobRun({"run_id": started}))

    def _wait(self, asked: PipelineRun, run_id: int, limit: timedelta) -> PipelineRun:
        seconds = _PAUSE_S
        while True:
            run = JobRun(self.workspace.run(run_id))
            if run.has_ended:
                break
            if self.clock() - asked.asked > limit:
                raise InconclusiveError(
                    f"run_timeout({asked.pipeline})", f"run {run_id} did not end within {limit}"
                )
            self.pause(seconds)
            seconds = min(seconds * 1.5, _LONGEST_PAUSE_S)
        if run.was_skipped:
            raise InconclusiveError(
                f"run_skipped({asked.pipeline})", f"run {run_id} ended {run.word}"
            )
        return replace(asked, run=run)


def idempotency_token(environment: str, run_id: str, pipeline: str, *, attempt: int) -> str:
    """The same for the same attempt, so that a request which was repeated starts one run."""
    text = "\n".join((environment, run_id, pipeline, str(attempt)))
    return hashlib.sha256(text.encode()).hexdigest()[:_TOKEN_LENGTH]


def run_problems(runs: PipelineRuns) -> Iterator[str]:
    """Why not every wanted pipeline ran to success with all its tasks, asked for by us."""
    for each in runs.runs:
        if each.run is None:
            yield each.refusal
            continue
        of = each.run.body.get("job_id")
        if of is not None and str(of) != str(each.job_id):
            yield f"run {each.run.run_id} is one of job {of}, asked for was job {each.job_id}"
        yield from success_problems(each.run, each.expected_tasks)
    for name in runs.wanted[len(runs.runs) :]:
        yield f"{name} was not started, because a pipeline before it did not succeed"


def used_parameter_problems(runs: PipelineRuns) -> Iterator[str]:
    """Which run did not use what was requested, or is an old one that was handed out again."""
    for each in runs.runs:
        if each.run is None:
            continue
        yield from filter(None, (replay_problem(each.run, each.asked),))
        yield from parameter_problems(each.run, each.requested)


def elapsed_problems(runs: PipelineRuns, limit_min: float) -> Iterator[str]:
    """Why the execution time is not within the limit; what was not measured is not within."""
    measured = {each.pipeline: each.run.execution_ms for each in runs.started if each.run}
    for name in runs.wanted:
        if not measured.get(name):
            yield f"the service states no execution time for {name}"
    total = sum(measured.values())
    if total > limit_min * _MINUTE_MS:
        yield f"{total / _MINUTE_MS:.1f} minutes of execution, the limit is {limit_min:g}"
