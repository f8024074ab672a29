"""Jobs: create, read, change, delete.

Source: https://docs.databricks.com/api/azure/workspace/jobs (2.2; 2.1 is served alike; documented:
``update`` replaces each top-level field whole and merges tasks by key, ``reset`` replaces all, the
name filter is exact without regard to case, and only jobs the caller may view are listed).
Source: https://learn.microsoft.com/azure/databricks/admin/workspace-settings/restrict-workspace-admins
(documented: workspace admins may set ``run_as`` to any user, and to a service principal only with
the role Service Principal User on it). Assumed: everybody in the workspace may create jobs.
Schedules and triggers are kept as they are and never start a run here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import authorize, levels
from pytest_roadmap.embedded.databricks.job_settings import SETTINGS, check_settings
from pytest_roadmap.embedded.databricks.run_answers import job_answer
from pytest_roadmap.embedded.errors import InvalidParameterError, PermissionDeniedError
from pytest_roadmap.embedded.state import SERVICE_PRINCIPAL, USER
from pytest_roadmap.embedded.state_jobs import Job
from pytest_roadmap.embedded.wire import Call, Route, page_start, page_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import CloudState, Principal

VERSIONS = ("/api/2.1/jobs", "/api/2.2/jobs")
_MOST_LISTED = 100
_MERGED = {"tasks": "task_key", "parameters": "name", "job_clusters": "job_cluster_key"}


def job_of(cloud: Cloud, principal: Principal, job_id: object, level: str) -> Job:
    """The job, if the principal holds this level on it.

    Raises:
        ServiceError: 400 for a job that does not exist, 403 without the level.
    """
    if isinstance(job_id, bool) or not str(job_id).isdigit():
        raise InvalidParameterError(f"job_id must be a number, not {job_id!r}")
    found = cloud.state.lakeflow.jobs.get(int(str(job_id)))
    if found is None:
        raise InvalidParameterError(f"Job {job_id} does not exist.")
    levels.require(cloud.state, principal, found.acl, levels.JOB, level, f"job {job_id}")
    return found


def check_run_as(state: CloudState, principal: Principal, run_as: Any) -> str:
    """The name a job is to run as, if the principal may say so.

    Raises:
        InvalidParameterError: not one existing user or service principal.
        PermissionDeniedError: the principal may not act through that identity.
    """
    kinds = {"user_name": USER, "service_principal_name": SERVICE_PRINCIPAL}
    given = {k: v for k, v in run_as.items() if v} if isinstance(run_as, dict) else {}
    if len(given) != 1 or next(iter(given)) not in kinds:
        raise InvalidParameterError("run_as needs either user_name or service_principal_name")
    field, name = next(iter(given.items()))
    found = state.principal_named(str(name))
    if found is None or found.kind != kinds[field]:
        raise InvalidParameterError(f"The {field} {name} does not exist in this workspace.")
    if found.principal_id == principal.principal_id:
        return found.name
    if found.kind == USER:
        allowed = authorize.is_workspace_admin(state, principal)
    else:
        users = state.lakeflow.service_principal_users.get(found.name, [])
        allowed = bool(authorize.identities(state, principal) & set(users))
    if not allowed:
        raise PermissionDeniedError(
            f"{principal.name} is not allowed to run jobs as {found.name}: the role Service "
            "Principal User is missing."
        )
    return found.name


def _checked(cloud: Cloud, call: Call, settings: Mapping[str, Any], old: Any) -> dict[str, Any]:
    found = check_settings({k: v for k, v in settings.items() if k != "access_control_list"})
    if found.get("run_as") and found["run_as"] != old:
        check_run_as(cloud.state, call.principal, found["run_as"])
    return found


def _create(cloud: Cloud, call: Call) -> dict[str, Any]:
    settings = _checked(cloud, call, call.body, None)
    lakeflow, owner = cloud.state.lakeflow, call.principal.name
    job = Job(lakeflow.next_id(), owner, cloud.now(), settings, {owner: "IS_OWNER"})
    lakeflow.jobs[job.job_id] = job
    return {"job_id": job.job_id}


def _get(cloud: Cloud, call: Call) -> dict[str, Any]:
    job = job_of(cloud, call.principal, call.argument("job_id"), "CAN_VIEW")
    return job_answer(job, full=True)


def _list(cloud: Cloud, call: Call) -> dict[str, Any]:
    wanted = call.query.get("name", "").lower()
    seen = [
        job
        for job in reversed(cloud.state.lakeflow.jobs.values())
        if levels.holds(cloud.state, call.principal, job.acl, levels.JOB, "CAN_VIEW")
        and wanted in ("", job.name.lower())
    ]
    full = call.query.get("expand_tasks") == "true"
    return listed("jobs", [job_answer(job, full=full) for job in seen], call, _MOST_LISTED)


def listed(name: str, items: list[dict[str, Any]], call: Call, most: int) -> dict[str, Any]:
    """One page of jobs or runs: ``limit`` (default 20), ``page_token`` or ``offset``.

    Raises:
        InvalidParameterError: a limit or offset out of range.
    """
    limit, offset = call.query.get("limit", "20"), call.query.get("offset", "0")
    if not limit.isdigit() or not 0 < int(limit) <= most:
        raise InvalidParameterError(f"limit must be a number from 1 to {most}, not {limit!r}")
    if not offset.isdigit():
        raise InvalidParameterError(f"offset must be a number, not {offset!r}")
    start = page_start(call.query.get("page_token", "")) or int(offset)
    end = start + int(limit)
    more = end < len(items)
    answer: dict[str, Any] = {name: items[start:end], "has_more": more}
    return {**answer, **({"next_page_token": page_token(end)} if more else {})}


def _update(cloud: Cloud, call: Call) -> dict[str, Any]:
    job = job_of(cloud, call.principal, call.body.get("job_id"), "CAN_MANAGE")
    new, removed = call.body.get("new_settings") or {}, call.body.get("fields_to_remove") or []
    if not isinstance(new, dict) or not isinstance(removed, list):
        raise InvalidParameterError("new_settings must be an object, fields_to_remove a list")
    settings = dict(job.settings)
    for field in removed:
        _remove(settings, str(field))
    for name, value in new.items():
        key = _MERGED.get(name)
        settings[name] = _merged(settings.get(name) or [], value, key) if key else value
    job.settings = _checked(cloud, call, settings, job.settings.get("run_as"))
    return {}


def _merged(old: list[Any], new: Any, key: str) -> list[Any]:
    if not isinstance(new, list):
        raise InvalidParameterError("A list is expected here")
    found = {item[key]: item for item in old}
    found |= {item.get(key): item for item in new if isinstance(item, dict)}
    return list(found.values())


def _remove(settings: dict[str, Any], field: str) -> None:
    """Remove a field, or one entry of a merged list (``tasks/task_1``, documented)."""
    name, _, entry = field.partition("/")
    if entry and name in _MERGED:
        kept = [item for item in settings.get(name, []) if item[_MERGED[name]] != entry]
        settings[name] = kept
    elif entry or name not in SETTINGS:
        raise InvalidParameterError(f"fields_to_remove: {field} is not a field of a job")
    else:
        settings.pop(name, None)


def _reset(cloud: Cloud, call: Call) -> dict[str, Any]:
    job = job_of(cloud, call.principal, call.body.get("job_id"), "CAN_MANAGE")
    new = call.body.get("new_settings")
    if not isinstance(new, dict):
        raise InvalidParameterError("Missing required field: new_settings")
    job.settings = _checked(cloud, call, new, job.settings.get("run_as"))
    return {}


def _delete(cloud: Cloud, call: Call) -> dict[str, Any]:
    job = job_of(cloud, call.principal, call.body.get("job_id"), "CAN_MANAGE")
    del cloud.state.lakeflow.jobs[job.job_id]
    return {}


ROUTES: tuple[Route, ...] = tuple(
    route
    for root in VERSIONS
    for route in (
        Route("POST", f"{root}/create", _create, body=SETTINGS),
        Route("GET", f"{root}/get", _get, ("job_id", "page_token")),
        Route(
            "GET",
            f"{root}/list",
            _list,
            ("name", "limit", "offset", "page_token", "expand_tasks"),
        ),
        Route(
            "POST", f"{root}/update", _update, body=("job_id", "new_settings", "fields_to_remove")
        ),
        Route("POST", f"{root}/reset", _reset, body=("job_id", "new_settings")),
        Route("POST", f"{root}/delete", _delete, body=("job_id",)),
    )
)
