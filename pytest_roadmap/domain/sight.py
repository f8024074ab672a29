"""Whether a 404 proves absence: Unity Catalog hides objects from callers who may not look."""

from __future__ import annotations

from pytest_roadmap.domain.outcome import AccessRefusedError, AssetMissingError
from pytest_roadmap.domain.ports import Identity, WorkspacePort

#: Any one of these on a catalog lets a caller see what is in it.
_SIGHT = frozenset({"BROWSE", "USE_CATALOG", "ALL_PRIVILEGES", "MANAGE"})


def require_sight(workspace: WorkspacePort, full_name: str) -> None:
    """The caller could see the object if it were there, or there is no catalog to hide it in.

    Raises:
        AccessRefusedError: the caller may not look into the catalog (rules a.1, 2).
    """
    catalog = full_name.partition(".")[0]
    identity = workspace.whoami()
    me = identity.application_id or identity.user_name
    names = (me, *_groups(workspace, identity), "account users")
    try:
        owner = workspace.securable("catalog", catalog).get("owner")
        held = {p for name in names for p in _privileges(workspace, catalog, name)}
    except AssetMissingError:
        return
    if owner not in names and not held & _SIGHT:
        raise AccessRefusedError(f"catalog {catalog}", f"{me} may not see what is in it")


def _groups(workspace: WorkspacePort, identity: Identity) -> tuple[str, ...]:
    if identity.application_id is None:
        return ()
    try:
        return workspace.service_principal(identity.application_id).groups
    except AssetMissingError:
        return ()


def _privileges(workspace: WorkspacePort, catalog: str, name: str) -> set[str]:
    """What one name holds on the catalog; a group Unity Catalog does not know holds nothing."""
    try:
        return {p.privilege for p in workspace.effective_privileges("catalog", catalog, name)}
    except AssetMissingError:
        return set()
