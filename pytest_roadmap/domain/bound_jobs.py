"""The jobs of an environment file: which job an alias means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.jobs_port import JobsPort
from pytest_roadmap.domain.outcome import AssetMissingError, BlockedError, InconclusiveError


def aliases_in(text: str) -> tuple[str, ...]:
    """The aliases of a comma list, in order, each once."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def bound_job_id(workspace: JobsPort, environment: Environment, alias: str) -> int:
    """The id of the one job behind an alias (``jobs.<alias>.id`` or, without one, its name).

    Raises:
        BlockedError: neither id nor name is bound. AssetMissingError: no job has the name.
        InconclusiveError: the id is no number, several jobs have the name, or the job of the id
            has another name than the one that is bound beside it.
    """
    wanted, name = (environment.get(f"jobs.{alias}.{key}") for key in ("id", "name"))
    if wanted is not None:
        if not str(wanted).isdecimal():
            raise InconclusiveError(
                "malformed_binding", f"jobs.{alias}.id is {wanted!r}, expected a job id"
            )
        if name is not None:
            _require_name(workspace, alias, int(wanted), str(name))
        return int(wanted)
    if name is None:
        raise BlockedError(
            "missing_binding",
            f"jobs.{alias}.id",
            f"set jobs.{alias}.id or jobs.{alias}.name in {environment.source}",
            owner="DataEng",
        )
    found = workspace.jobs_named(str(name))
    if not found:
        raise AssetMissingError(f"job {name}")
    if len(found) > 1:
        raise InconclusiveError("ambiguous", f"{len(found)} jobs are named {name}")
    return int(found[0]["job_id"])


def _require_name(workspace: JobsPort, alias: str, job_id: int, name: str) -> None:
    has = (workspace.job(job_id).get("settings") or {}).get("name")
    if has != name:
        raise InconclusiveError(
            "malformed_binding",
            f"jobs.{alias}.id is {job_id}, a job named {has}, and jobs.{alias}.name is {name}",
        )


def declared_parameters(job: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the job parameters that a job declares."""
    settings = job.get("settings") or {}
    return tuple(str(item.get("name")) for item in settings.get("parameters") or ())
