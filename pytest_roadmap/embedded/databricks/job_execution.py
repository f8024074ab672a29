"""Runs as threads: one for each run, one for each task that is at work.

Everything a run changes goes through its ``World``, so a run that was under way when a snapshot was
restored ends without a trace in the new state. A run that the restored state shows as active has no
thread any more and is settled as an internal error.
Source: https://docs.databricks.com/api/azure/workspace/jobs (documented: queueing, skipping over
the limit, retries, timeouts). Real elapsed time is short here: set-up takes ``setup_s``.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pytest_roadmap.embedded.databricks.job_driver import Driver
from pytest_roadmap.embedded.databricks.job_world import POLL_S, Stop, World
from pytest_roadmap.embedded.databricks.statements import service_of as statements_of
from pytest_roadmap.embedded.errors import InvalidParameterError
from pytest_roadmap.embedded.state_jobs import JobRun, Lifecycle, TaskRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import CloudState
    from pytest_roadmap.embedded.state_jobs import Job

_SKIPPED = "MAXIMUM_CONCURRENT_RUNS_REACHED"


class RunService:
    """The runs of one cloud that are under way."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._live: dict[int, tuple[JobRun, Stop]] = {}

    @property
    def engine_store(self) -> Any:
        """The store that statements and runs share."""
        return statements_of(self._cloud).engine.store

    def start_job(
        self,
        job: Job,
        *,
        creator: str,
        given: Mapping[str, str],
        queue: bool = False,
        only: tuple[str, ...] = (),
        parent: int = 0,
    ) -> JobRun:
        """Ask for a run of a job; it starts, waits in the queue or is skipped. Lock held.

        Raises:
            InvalidParameterError: a parameter or task the job does not have.
        """
        settings = job.settings
        run = self._new_run(job.job_id, job.name, settings, job.runs_as, creator)
        run.parameters = self._parameters(settings, given)
        run.acl = job.acl
        run.trigger, run.parent_run_id = ("RUN_JOB_TASK" if parent else "ONE_TIME"), parent
        tasks = [task for task in settings["tasks"] if not only or task["task_key"] in only]
        missing = set(only) - {task["task_key"] for task in tasks}
        if missing:
            raise InvalidParameterError(f"The job has no task {', '.join(sorted(missing))}")
        self._add_tasks(run, tasks)
        queued = queue or bool((settings.get("queue") or {}).get("enabled"))
        if not self.has_slot(run):
            # A limit of 0 causes all new runs to be skipped (documented).
            if not queued or not int(settings["max_concurrent_runs"]):
                return self._skip(run)
            run.lifecycle.life_cycle = "QUEUED"
        return self._launch(run)

    def start_once(self, name: str, settings: dict[str, Any], run_as: str, creator: str) -> JobRun:
        """Start a one-time run. Lock held."""
        run = self._new_run(0, name, settings, run_as, creator)
        run.run_type, run.acl = "SUBMIT_RUN", {creator: "IS_OWNER"}
        self._add_tasks(run, settings["tasks"])
        return self._launch(run)

    def repair(self, run: JobRun, keys: list[str], settings: dict[str, Any]) -> None:
        """Run these tasks of an ended run again, as the job is now. Lock held."""
        run.settings = settings
        by_key = {task["task_key"]: task for task in settings["tasks"]}
        for key in keys:
            last = max((t.attempt for t in run.tasks if t.task_key == key), default=-1)
            run.tasks.append(self._task_run(by_key[key], last + 1))
        self._launch(run)

    def cancel(self, run: JobRun) -> None:
        """Ask a run to stop; one that has ended stays as it is. Lock held."""
        live = self._live.get(run.run_id)
        if live is not None and not run.lifecycle.is_over:
            live[1].ask("cancelled")

    def ended(self, run: JobRun) -> None:
        """The thread of a run has ended; after a restore its id may belong to another run."""
        live = self._live.get(run.run_id)
        if live is not None and live[0] is run:
            del self._live[run.run_id]

    def has_slot(self, run: JobRun) -> bool:
        """Whether the job may have one more run at work beside the others. Lock held."""
        others = [
            other
            for other in self._cloud.state.lakeflow.runs.values()
            if other.job_id == run.job_id
            and other is not run
            and not other.lifecycle.is_over
            and other.lifecycle.life_cycle != "QUEUED"
        ]
        waiting = [
            other
            for other in self._cloud.state.lakeflow.runs.values()
            if other.job_id == run.job_id
            and other.lifecycle.life_cycle == "QUEUED"
            and other.run_id < run.run_id
        ]
        return not waiting and len(others) < int(run.settings["max_concurrent_runs"])

    def settle(self, state: CloudState) -> None:
        """End the runs that a restored state shows as active: nobody runs them. Lock held."""
        for run in state.lakeflow.runs.values():
            live = self._live.get(run.run_id)
            if run.lifecycle.is_over or (live is not None and live[0] is run):
                continue
            for lifecycle in (run.lifecycle, *(task.lifecycle for task in run.tasks)):
                if not lifecycle.is_over:
                    lifecycle.life_cycle, lifecycle.code = "INTERNAL_ERROR", "INTERNAL_ERROR"
                    lifecycle.message = (
                        "Nothing executes this run any more: its state was restored."
                    )
                    lifecycle.ended = self._cloud.now()

    def _launch(self, run: JobRun) -> JobRun:
        world, stop = World(self._cloud), Stop()
        self._live[run.run_id] = (run, stop)
        driver = Driver(self, world, run, stop)
        threading.Thread(target=driver.drive, daemon=True).start()
        return run

    def _skip(self, run: JobRun) -> JobRun:
        message = "Skipping this run because the limit of maximum concurrent runs has been reached."
        for lifecycle in (run.lifecycle, *(task.lifecycle for task in run.tasks)):
            lifecycle.life_cycle, lifecycle.result = "SKIPPED", _SKIPPED
            lifecycle.code, lifecycle.message = "MAX_CONCURRENT_RUNS_EXCEEDED", message
            lifecycle.ended = self._cloud.now()
        return run

    def _new_run(
        self, job_id: int, name: str, settings: dict[str, Any], run_as: str, creator: str
    ) -> JobRun:
        lakeflow = self._cloud.state.lakeflow
        run_id = lakeflow.next_id()
        run = JobRun(
            run_id,
            job_id,
            run_id,
            name,
            creator,
            run_as,
            settings,
            Lifecycle(self._cloud.now()),
        )
        lakeflow.runs[run_id] = run
        return run

    def _add_tasks(self, run: JobRun, tasks: list[dict[str, Any]]) -> None:
        run.tasks.extend(self._task_run(task, 0) for task in tasks)

    def _task_run(self, task: dict[str, Any], attempt: int) -> TaskRun:
        lifecycle = Lifecycle(self._cloud.now(), "BLOCKED" if task.get("depends_on") else "PENDING")
        run_id = self._cloud.state.lakeflow.next_id()
        return TaskRun(run_id, task["task_key"], task, lifecycle, attempt)

    def retry(self, run: JobRun, task: TaskRun) -> TaskRun:
        """The next attempt at a task. Lock held."""
        again = self._task_run(task.definition, task.attempt + 1)
        again.lifecycle.life_cycle = "WAITING_FOR_RETRY"
        run.tasks.append(again)
        return again

    def _parameters(
        self, settings: Mapping[str, Any], given: Mapping[str, str]
    ) -> dict[str, tuple[str, str]]:
        """Declared parameters with the value that counts.

        Assumed: a parameter the job does not declare is refused.
        """
        declared = {item["name"]: item["default"] for item in settings.get("parameters", ())}
        unknown = sorted(set(given) - set(declared))
        if unknown:
            raise InvalidParameterError(
                f"Job parameters {', '.join(unknown)} are not defined in the job"
            )
        found = {name: (default, given.get(name, default)) for name, default in declared.items()}
        ignored = self._cloud.state.fault("job-parameter-ignored")
        for name, (default, _) in found.items():
            if ignored is not None and ignored.parameters.get("name", name) == name:
                found[name] = (default, default)
        return found

    def child_end(self, run_id: int, world: World, stop: Stop) -> str:
        """Wait for a run and give its result; cancelling the wait cancels the run."""
        while True:
            with world.lock:
                run = world.state.lakeflow.runs.get(run_id)
                if run is None or run.lifecycle.is_over:
                    return run.lifecycle.result if run else "FAILED"
                if stop.asked:
                    self.cancel(run)
            stop.wait(POLL_S)


_SERVICES: WeakKeyDictionary[Cloud, RunService] = WeakKeyDictionary()
_LOCK = threading.Lock()


def runs_of(cloud: Cloud) -> RunService:
    """The run service of a cloud; it is made on first use."""
    with _LOCK:
        found = _SERVICES.get(cloud)
        if found is None:
            found = _SERVICES[cloud] = RunService(cloud)
        return found
