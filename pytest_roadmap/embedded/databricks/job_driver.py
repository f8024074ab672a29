"""One run from its start to its end."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import job_rules
from pytest_roadmap.embedded.databricks.job_settings import dependencies
from pytest_roadmap.embedded.databricks.job_tasks import Attempt, TaskFailedError, execute
from pytest_roadmap.embedded.databricks.job_world import POLL_S, Stop, World, WorldReplacedError
from pytest_roadmap.embedded.faults import use
from pytest_roadmap.embedded.sql.engine import SqlEngine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_roadmap.embedded.databricks.job_execution import RunService
    from pytest_roadmap.embedded.state import ActiveFault, Principal
    from pytest_roadmap.embedded.state_jobs import JobRun, Lifecycle, TaskRun

_MOST_ATTEMPTS = 100
_INTERNAL = "INTERNAL_ERROR"


@dataclass(frozen=True, slots=True)
class Ended:
    """How one attempt ended."""

    task: TaskRun
    result: str
    code: str
    message: str
    output: Mapping[str, Any]


class Driver:
    """Drives one run. ``stop`` stops all of it."""

    def __init__(self, service: RunService, world: World, run: JobRun, stop: Stop) -> None:
        self._service = service
        self._world = world
        self._run = run
        self._stop = stop
        self._ended: queue.Queue[Ended | WorldReplacedError] = queue.Queue()
        self._stops: dict[int, Stop] = {}

    def drive(self) -> None:
        """Run to the end; silent when the world was replaced meanwhile."""
        try:
            self._drive()
        except WorldReplacedError:
            self._stop.ask("replaced")
            for stop in self._stops.values():
                stop.ask("replaced")
        finally:
            self._service.ended(self._run)

    def _drive(self) -> None:
        run = self._run
        if self._leaves_queue():
            principal = self._principal()
            if principal is None:
                self._refuse(f"The principal {run.run_as} does not exist or is not active.")
                return
            self._work_off(principal)
        self._finish()

    def _leaves_queue(self) -> bool:
        while True:
            with self._world.lock:
                _ = self._world.state
                lifecycle = self._run.lifecycle
                if lifecycle.life_cycle != "QUEUED" or self._service.has_slot(self._run):
                    lifecycle.queued_until = self._world.now()
                    lifecycle.life_cycle = "RUNNING"
                    lifecycle.executing_since = lifecycle.executing_since or self._world.now()
                    return True
            if self._stop.wait(POLL_S):
                return False

    def _principal(self) -> Principal | None:
        with self._world.lock:
            state = self._world.state
            other = state.fault("run-executes-as")
            name = other.parameters.get("principal", "") if other else self._run.run_as
            found = state.principal_named(name)
        return found if found is not None and found.active else None

    def _work_off(self, principal: Principal) -> None:
        """Start what is ready until every task has ended."""
        at_work: dict[int, TaskRun] = {}
        while True:
            with self._world.lock:
                _ = self._world.state
                for task in self._ready():
                    at_work[task.run_id] = task
                    self._begin(task, principal)
                if not at_work and not self._open():
                    return
            self._keep_time(at_work)
            try:
                ended = self._ended.get(timeout=POLL_S)
            except queue.Empty:
                continue
            if isinstance(ended, WorldReplacedError):
                raise ended
            del at_work[ended.task.run_id]
            self._settle(ended)

    def _open(self) -> list[TaskRun]:
        return [task for task in self._latest().values() if not task.lifecycle.is_over]

    def _latest(self) -> dict[str, TaskRun]:
        """The last attempt at each task."""
        found: dict[str, TaskRun] = {}
        for task in self._run.tasks:
            found[task.task_key] = task
        return found

    def _results(self) -> dict[str, str]:
        ended = {k: t.lifecycle for k, t in self._latest().items() if t.lifecycle.is_over}
        return {key: lifecycle.result or "FAILED" for key, lifecycle in ended.items()}

    def _ready(self) -> list[TaskRun]:
        """Tasks to start now; those that are kept from running are ended on the way."""
        found: list[TaskRun] = []
        moved = True
        while moved:
            moved = False
            results = self._results()
            for task in self._open():
                if task.run_id in self._stops:
                    continue
                present = {k: results.get(k, "SUCCESS") for k in dependencies(task.definition)}
                if any(key in self._latest() and key not in results for key in present):
                    continue
                kept = job_rules.kept_from_running(task.definition, present)
                if not kept and self._stop.asked:
                    kept = "TIMEDOUT" if self._stop.reason == "timed out" else "CANCELED"
                if kept:
                    self._end(task.lifecycle, kept)
                    moved = True
                elif task not in found:
                    found.append(task)
        return found

    def _begin(self, task: TaskRun, principal: Principal) -> None:
        stop = self._stops[task.run_id] = Stop()
        self._stop.interrupts(lambda: stop.ask(self._stop.reason))
        engine = SqlEngine(self._world, self._service.engine_store)
        attempt = Attempt(
            self._world,
            engine,
            self._run,
            task,
            principal,
            stop,
            self._start_child,
            lambda run_id, asked: self._service.child_end(run_id, self._world, asked),
        )
        threading.Thread(target=self._attempt, args=(attempt,), daemon=True).start()

    def _start_child(self, job_id: int, parameters: Mapping[str, str]) -> int:
        with self._world.lock:
            job = self._world.state.lakeflow.jobs.get(job_id)
            if job is None:
                raise TaskFailedError(f"Job {job_id} does not exist.", "RESOURCE_NOT_FOUND")
            run = self._service.start_job(
                job, creator=self._run.run_as, given=parameters, parent=self._run.run_id
            )
            return run.run_id

    def _attempt(self, attempt: Attempt) -> None:
        """The thread of one attempt; should it die, the run still learns of its end."""
        lost = "The embedded cloud failed; its log has the reason."
        ended: Ended | WorldReplacedError = Ended(attempt.task, "FAILED", _INTERNAL, lost, {})
        try:
            ended = self._tried(attempt)
        except WorldReplacedError as error:
            ended = error
        finally:
            self._ended.put(ended)

    def _tried(self, attempt: Attempt) -> Ended:
        task, lifecycle = attempt.task, attempt.task.lifecycle
        with self._world.lock:
            setup_s = self._world.state.lakeflow.setup_s
            wait_s = 0.0
            if lifecycle.life_cycle == "WAITING_FOR_RETRY":
                wait_s = int(task.definition.get("min_retry_interval_millis") or 0) / 1000
            else:
                lifecycle.life_cycle = "PENDING"
        attempt.stop.wait(wait_s + setup_s)
        with self._world.lock:
            state = self._world.state
            lifecycle.life_cycle, lifecycle.executing_since = "RUNNING", self._world.now()
            fails = state.fault("task-attempt-fails")
            hangs = state.fault("task-hangs")
            idle = state.fault("task-does-nothing")
        try:
            _fail(fails, attempt)
            while _meant(hangs, attempt) and not attempt.stop.wait(POLL_S):
                _ = self._world.state
            output = {} if _meant(idle, attempt) else execute(attempt)
        except TaskFailedError as error:
            if not attempt.stop.asked:
                return Ended(task, "FAILED", error.code, str(error), error.output)
            output = {key: value for key, value in error.output.items() if key != "error"}
        if not attempt.stop.asked:
            return Ended(task, "SUCCESS", "SUCCESS", "", output)
        reason = attempt.stop.reason
        result = "TIMEDOUT" if reason == "timed out" else "CANCELED"
        return Ended(task, result, job_rules.CODES[result], f"Run {reason}.", output)

    def _settle(self, ended: Ended) -> None:
        with self._world.lock:
            _ = self._world.state
            task, definition = ended.task, ended.task.definition
            task.output.update(ended.output)
            self._end(task.lifecycle, ended.result, ended.code, ended.message)
            limit = int(definition.get("max_retries") or 0)
            again = ended.result == "FAILED" or (
                ended.result == "TIMEDOUT" and definition.get("retry_on_timeout")
            )
            tries = sum(t.task_key == task.task_key for t in self._run.tasks)
            allowed = _MOST_ATTEMPTS if limit < 0 else limit + 1
            if again and tries < allowed and not self._stop.asked:
                self._service.retry(self._run, task)

    def _keep_time(self, at_work: Mapping[int, TaskRun]) -> None:
        """Ask what has used up its time to stop."""
        with self._world.lock:
            _ = self._world.state
            now = self._world.now()
            started = self._run.lifecycle.executing_since or now
            limit = int(self._run.settings.get("timeout_seconds") or 0)
            if limit and (now - started).total_seconds() >= limit:
                self._stop.ask("timed out")
            for run_id, task in at_work.items():
                limit = int(task.definition.get("timeout_seconds") or 0)
                since = task.lifecycle.executing_since
                if limit and since and (now - since).total_seconds() >= limit:
                    self._stops[run_id].ask("timed out")

    def _finish(self) -> None:
        with self._world.lock:
            _ = self._world.state
            run = self._run
            for task in self._open():
                self._end(task.lifecycle, "CANCELED")
            results = self._results()
            messages = {k: t.lifecycle.message for k, t in self._latest().items()}
            tasks = [task.definition for task in self._latest().values()]
            result = job_rules.result_of_run(tasks, results)
            if self._stop.asked:
                result = "TIMEDOUT" if self._stop.reason == "timed out" else "CANCELED"
            message = job_rules.message_of(result, results, messages)
            self._end(run.lifecycle, result, message=message)

    def _refuse(self, message: str) -> None:
        with self._world.lock:
            _ = self._world.state
            for lifecycle in (self._run.lifecycle, *(t.lifecycle for t in self._run.tasks)):
                if not lifecycle.is_over:
                    self._end(lifecycle, "FAILED", "UNAUTHORIZED_ERROR", message)
                    lifecycle.life_cycle = _INTERNAL

    def _end(self, lifecycle: Lifecycle, result: str, code: str = "", message: str = "") -> None:
        lifecycle.life_cycle, lifecycle.result = "TERMINATED", result
        lifecycle.code = code or job_rules.CODES[result]
        lifecycle.message, lifecycle.ended = message, self._world.now()


def _fail(fault: ActiveFault | None, attempt: Attempt) -> None:
    """Fail the attempt where the fault says so."""
    if fault is not None and _meant(fault, attempt):
        use(fault)
        raise TaskFailedError(fault.parameters.get("message", "The cluster was lost."))


def _meant(fault: ActiveFault | None, attempt: Attempt) -> bool:
    """Whether the fault is on and about this attempt's job and task."""
    if fault is None:
        return False
    about = {"job": attempt.run.run_name, "task": attempt.task.task_key}
    return all(about[name] == fault.parameters.get(name, about[name]) for name in about)
