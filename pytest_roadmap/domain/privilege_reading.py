"""Reading through the workspace port everything that decides what a principal may do."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pytest_roadmap.domain.outcome import AccessRefusedError, AssetMissingError, BlockedError
from pytest_roadmap.domain.ports import Privilege, ServicePrincipal, WorkspacePort
from pytest_roadmap.domain.privileges import (
    Access,
    MatrixRow,
    Reading,
    Securable,
    Subject,
    securables_of,
)
from pytest_roadmap.domain.sight import require_sight

#: Only these types can be bound to workspaces.
_BINDABLE = frozenset({"catalog", "external_location", "storage_credential"})


def active_principal(workspace: WorkspacePort, application_id: str) -> ServicePrincipal:
    """The service principal, which is there and active (C-SP).

    Raises:
        BlockedError: it is not.
    """
    subject = f"service principal {application_id}"
    try:
        found = workspace.service_principal(application_id)
    except AssetMissingError as missing:
        raise BlockedError("asset_not_handed_over", subject, str(missing), "Infra") from missing
    if not found.active:
        raise BlockedError("asset_not_handed_over", subject, "it is not active", "Infra")
    return found


def resolve_subject(
    workspace: WorkspacePort, application_id: str, groups: Iterable[str]
) -> Subject:
    """The principal with its bound groups and those it is in, through other groups too.

    Raises:
        BlockedError: the workspace has no such principal, or it is not active.
    """
    name = active_principal(workspace, application_id).application_id
    own = workspace.groups_of(name)
    return Subject(name, tuple(dict.fromkeys((*groups, *own))))


def read_privileges(
    workspace: WorkspacePort, subject: Subject, rows: Iterable[MatrixRow]
) -> Reading:
    """C-GE, C-GD, owner and bindings of every securable of the rows and of its containers.

    Nothing can be read inside a container that is not bound to this workspace; what stands there
    is as unusable as the container.
    """
    here = workspace.whoami().workspace_id
    accesses: dict[Securable, Access] = {}
    for securable in securables_of(rows):
        outer = next((accesses[p] for p in securable.parents if accesses[p].unusable(here)), None)
        accesses[securable] = (
            Access(securable, isolated=True, bound_to=outer.bound_to)
            if outer
            else _access(workspace, subject, securable, here)
        )
    return Reading(subject, here, accesses)


def metastore_privileges(
    workspace: WorkspacePort,
    as_subject: Callable[[], WorkspacePort],
    subject: Subject,
    metastore_id: str,
) -> tuple[Privilege, ...]:
    """C-GE on the metastore, which only its administrators may read of others.

    Where the observer is none, the subject reads what reaches itself.
    """
    try:
        return _on_metastore(workspace, subject, metastore_id)
    except AccessRefusedError:
        return _on_metastore(as_subject(), subject, metastore_id)


def _on_metastore(
    workspace: WorkspacePort, subject: Subject, metastore_id: str
) -> tuple[Privilege, ...]:
    metastore = Securable("metastore", metastore_id)
    return tuple(p for name in subject.names for p in _effective(workspace, metastore, name))


def _access(workspace: WorkspacePort, subject: Subject, securable: Securable, here: str) -> Access:
    kind, name = securable.securable_type, securable.full_name
    try:
        answer = workspace.securable(kind, name)
    except AccessRefusedError:
        if kind in _BINDABLE and here not in (bound := workspace.bound_workspaces(kind, name)):
            return Access(securable, isolated=True, bound_to=tuple(bound))
        raise
    except AssetMissingError:
        if securable.parents:
            require_sight(workspace, name)
        return Access(securable, found=False)
    isolated = kind in _BINDABLE and "ISOLATED" in str(answer.get("isolation_mode") or "")
    bindings = workspace.bound_workspaces(kind, name) if isolated else {}
    return Access(
        securable,
        owner=str(answer.get("owner") or ""),
        effective={p: _effective(workspace, securable, p) for p in subject.names},
        direct={subject.application_id: _direct(workspace, securable, subject.application_id)},
        isolated=isolated,
        bound_to=tuple(bindings),
        read_only_in=tuple(each for each, read_only in bindings.items() if read_only),
    )


def _effective(
    workspace: WorkspacePort, securable: Securable, principal: str
) -> tuple[Privilege, ...]:
    """The effective privileges; a group that Unity Catalog does not know can hold none."""
    try:
        return workspace.effective_privileges(
            securable.securable_type, securable.full_name, principal
        )
    except AssetMissingError:
        return ()


def _direct(
    workspace: WorkspacePort, securable: Securable, principal: str
) -> tuple[Privilege, ...]:
    """The direct privileges; a user who has left the workspace holds none."""
    try:
        return workspace.direct_privileges(securable.securable_type, securable.full_name, principal)
    except AssetMissingError:
        return ()
