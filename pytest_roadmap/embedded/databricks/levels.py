"""Permission levels on jobs, runs, pipelines and workspace objects: who holds which.

Source: https://learn.microsoft.com/azure/databricks/security/auth/access-control/ (documented: the
levels, their order, that workspace admins can manage everything, and that folders pass theirs on).
The wording of refusals is assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.embedded.databricks import authorize
from pytest_roadmap.embedded.errors import PermissionDeniedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_roadmap.embedded.state import CloudState, Principal
    from pytest_roadmap.embedded.state_jobs import WorkspaceObject

JOB = ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER")
PIPELINE = ("CAN_VIEW", "CAN_RUN", "CAN_MANAGE", "IS_OWNER")
QUERY = ("CAN_VIEW", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")
OBJECT = ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")


def holds(
    state: CloudState,
    principal: Principal,
    acl: Mapping[str, str],
    levels: tuple[str, ...],
    wanted: str,
) -> bool:
    """Whether the principal holds at least the wanted level, itself or through a group."""
    if authorize.is_workspace_admin(state, principal):
        return True
    names = authorize.identities(state, principal)
    held = [levels.index(level) for name, level in acl.items() if name in names]
    return max(held, default=-1) >= levels.index(wanted)


def require(
    state: CloudState,
    principal: Principal,
    acl: Mapping[str, str],
    levels: tuple[str, ...],
    wanted: str,
    what: str,
) -> None:
    """Refuse who holds less than the wanted level on ``what`` (``job 12``).

    Raises:
        PermissionDeniedError: with the caller, the level and the object.
    """
    if not holds(state, principal, acl, levels, wanted):
        raise PermissionDeniedError(f"User {principal.name} does not have {wanted} on {what}.")


def ancestors(path: str) -> Iterator[str]:
    """The folders above a path, nearest first, ``/`` last."""
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        yield path


def object_rows(state: CloudState, found: WorkspaceObject) -> Iterator[tuple[str, str, str]]:
    """Name, level and the folder it is inherited from (empty where it is direct)."""
    for name, level in found.acl.items():
        yield name, level, ""
    for folder in ancestors(found.path):
        above = state.lakeflow.objects.get(folder)
        for name, level in above.acl.items() if above else ():
            yield name, level, folder


def may_object(state: CloudState, principal: Principal, found: WorkspaceObject, level: str) -> bool:
    """Whether the principal holds the level on a workspace object or a folder above it."""
    if authorize.is_workspace_admin(state, principal):
        return True
    names = authorize.identities(state, principal)
    least = OBJECT.index(level)
    return any(
        name in names and OBJECT.index(held) >= least for name, held, _ in object_rows(state, found)
    )
