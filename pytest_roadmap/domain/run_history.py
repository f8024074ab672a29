"""Every unsuccessful run of a job: why it failed, who recorded it, and what made up for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_roadmap.domain.environment import is_placeholder
from pytest_roadmap.domain.job_runs import (
    JobRun,
    at_milliseconds,
    failed_attempts,
    left_out,
    state_succeeded,
)
from pytest_roadmap.domain.jobs_port import JobsPort
from pytest_roadmap.domain.outcome import AssetMissingError
from pytest_roadmap.domain.pipeline_contract import parse_time
from pytest_roadmap.domain.ports import Document, RepositoryPort, UnreadableDocumentError

INCIDENTS = "incidents"
_FIELDS = ("run_id", "cause_class", "cause", "rerun_run_id", "resolved_at")


@dataclass(frozen=True, slots=True)
class Incident:
    """What people recorded about one unsuccessful run."""

    path: str
    run_id: int
    cause_class: str
    cause: str
    rerun_run_id: int
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Unsuccessful:
    """A run with an attempt that did not succeed; ``errors`` are digests of what it printed."""

    job: str
    run: JobRun
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunHistory:
    """The runs of some jobs since a moment, None for as long as the service keeps them."""

    since: datetime | None
    run_id_parameter: str
    runs: Mapping[str, tuple[JobRun, ...]]
    unsuccessful: tuple[Unsuccessful, ...]
    incidents: tuple[Incident, ...]
    unreadable: tuple[str, ...] = ()

    def as_facts(self) -> dict[str, Any]:
        """The history as the record keeps it."""
        listed = [
            f"{job} {run.run_id} {run.word}" for job, runs in self.runs.items() for run in runs
        ]
        return {
            "since": self.since.isoformat() if self.since else None,
            "runs": len(listed),
            "unsuccessful": [each.run.run_id for each in self.unsuccessful],
            "runs_digest": _digest("\n".join(listed)),
            "incidents": [each.path for each in self.incidents],
            "error_digests": [digest for each in self.unsuccessful for digest in each.errors],
        }


def read_run_history(
    workspace: JobsPort,
    repository: RepositoryPort,
    jobs: Mapping[str, int],
    since: datetime | None,
    run_id_parameter: str,
) -> RunHistory:
    """Read the runs of the jobs, what the failed ones say, and the incident records.

    Raises:
        BlockedError: the folder of the incident records is not bound.
    """
    incidents, unreadable = read_incidents(repository)
    runs = {
        alias: tuple(JobRun(body) for body in workspace.runs(job_id, since=since))
        for alias, job_id in jobs.items()
    }
    bad = [
        Unsuccessful(alias, whole, _errors(workspace, whole))
        for alias, each in runs.items()
        for run in each
        if not run.is_under_way and _may_have_failed(run)
        for whole in (JobRun(workspace.run(run.run_id)),)
        if _has_failed(whole)
    ]
    return RunHistory(since, run_id_parameter, runs, tuple(bad), incidents, unreadable)


def _may_have_failed(run: JobRun) -> bool:
    """A list names no repairs; a run that was repaired has a task with a later attempt."""
    attempts = run.body.get("tasks") or ()
    again = len(run.tasks) < len(attempts) or any(t.get("attempt_number") for t in attempts)
    return not run.succeeded or again


def _has_failed(run: JobRun) -> bool:
    return not run.succeeded or any(
        not state_succeeded(each.get("state") or {}) for each in run.repairs
    )


def _errors(workspace: JobsPort, run: JobRun) -> tuple[str, ...]:
    found = []
    for attempt in failed_attempts(run):
        try:
            output = workspace.run_output(attempt)
        except AssetMissingError:
            continue
        text = f"{output.get('error') or ''}\n{output.get('error_trace') or ''}".strip()
        found += [_digest(text)] if text else []
    return tuple(found)


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def read_incidents(repository: RepositoryPort) -> tuple[tuple[Incident, ...], tuple[str, ...]]:
    """The incident records, and a sentence for each file that is none."""
    found: list[Incident] = []
    problems: list[str] = []
    for document in repository.records(INCIDENTS):
        if not document.path.endswith((".yaml", ".yml")):
            continue
        try:
            found.append(_incident(document, repository.load_yaml(document)))
        except (UnreadableDocumentError, ValueError) as problem:
            problems.append(str(problem))
    return tuple(found), tuple(problems)


def _incident(document: Document, value: Any) -> Incident:
    """One record.

    Raises:
        ValueError: a field is missing or is no number or time.
    """
    path = document.path
    if not isinstance(value, Mapping) or set(value) != set(_FIELDS):
        raise ValueError(f"{path}: an incident record has {', '.join(_FIELDS)} and nothing else")
    for name in ("run_id", "rerun_run_id"):
        if not str(value[name]).isdecimal():
            raise ValueError(f"{path}: {name} is {value[name]!r}, expected the id of a run")
    return Incident(
        path,
        int(value["run_id"]),
        "" if is_placeholder(value["cause_class"]) else str(value["cause_class"]),
        "" if is_placeholder(value["cause"]) else str(value["cause"]),
        int(value["rerun_run_id"]),
        parse_time(value["resolved_at"]),
    )


def history_problems(history: RunHistory) -> Iterator[str]:
    """Which unsuccessful run has no recorded cause or no later success."""
    yield from history.unreadable
    recorded: dict[int, list[Incident]] = {}
    for incident in history.incidents:
        recorded.setdefault(incident.run_id, []).append(incident)
    for each in history.unsuccessful:
        found = recorded.get(each.run.run_id, [])
        name = f"run {each.run.run_id} of {each.job} ({each.run.word})"
        if len(found) != 1:
            yield f"{name} has {len(found)} incident records, expected one"
            continue
        yield from (f"{name}: {said}" for said in _record_problems(history, each, found[0]))


def _record_problems(
    history: RunHistory, failed: Unsuccessful, incident: Incident
) -> Iterator[str]:
    for field, text in (("cause", incident.cause), ("cause_class", incident.cause_class)):
        if not text.strip():
            yield f"{incident.path} has an empty {field}"
    if incident.resolved_at is None:
        yield f"{incident.path}: resolved_at is no time"
    if incident.rerun_run_id == failed.run.run_id:
        yield from _repair_problems(failed.run, incident)
        return
    rerun = _run_of(history.runs.get(failed.job, ()), incident.rerun_run_id)
    if rerun is None:
        yield f"{incident.path} names run {incident.rerun_run_id}, which {failed.job} does not have"
        return
    yield from _rerun_problems(history, failed.run, rerun)
    if incident.resolved_at is not None and incident.resolved_at < rerun.ended:
        yield f"{incident.path} was resolved at {incident.resolved_at}, before the rerun ended"


def _run_of(runs: Sequence[JobRun], run_id: int) -> JobRun | None:
    return next((run for run in runs if run.run_id == run_id), None)


def _repair_problems(run: JobRun, incident: Incident) -> Iterator[str]:
    """A repair keeps the id of the run."""
    if not run.repairs or not run.succeeded:
        yield "it was not repaired"
        return
    repaired = at_milliseconds(run.repairs[-1].get("end_time"))
    if incident.resolved_at is not None and incident.resolved_at < repaired:
        yield f"{incident.path} was resolved at {incident.resolved_at}, before the repair ended"


def _rerun_problems(history: RunHistory, failed: JobRun, rerun: JobRun) -> Iterator[str]:
    if not rerun.succeeded:
        yield f"its rerun {rerun.run_id} ended {rerun.word}"
    if left := left_out(rerun):
        yield f"its rerun {rerun.run_id} left out {', '.join(left)}"
    if rerun.started <= failed.started:
        yield f"its rerun {rerun.run_id} started before it"
    name = history.run_id_parameter
    before, after = failed.parameters.get(name), rerun.parameters.get(name)
    if not before or before != after:
        yield f"its rerun {rerun.run_id} has {name}={after!r}, it has {before!r}"
