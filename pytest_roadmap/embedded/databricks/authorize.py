"""Who may do what in Unity Catalog: one place for REST and SQL.

Rules (documented unless a function says otherwise): privileges are inherited downward from catalog
to schema to object; a privilege on data is useless without USE CATALOG and USE SCHEMA up the chain;
an owner has every privilege on its own object; MANAGE and owning a parent allow to administer
(grants, drop, transfer) but not to read; a metastore admin may administer everything and read
nothing; an ISOLATED securable is unusable from a workspace it is not bound to, whatever is granted.
Source: https://learn.microsoft.com/azure/databricks/data-governance/unity-catalog/manage-privileges/
Source: https://learn.microsoft.com/azure/databricks/catalogs/binding
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_roadmap.embedded.databricks.privileges import (
    CATALOG,
    EXTERNAL_LOCATION,
    METASTORE,
    PRIVILEGES,
    SCHEMA,
    STORAGE_CREDENTIAL,
    TABLE,
    VOLUME,
    covers,
    spoken,
)
from pytest_roadmap.embedded.errors import PermissionDeniedError, ServiceError
from pytest_roadmap.embedded.state import ACCOUNT_USERS, CloudState, Principal, Securable

if TYPE_CHECKING:
    from collections.abc import Iterator

_ISOLATED = {"ISOLATED", "ISOLATION_MODE_ISOLATED"}
_BINDING_TYPE = {
    CATALOG: "catalog",
    EXTERNAL_LOCATION: "external_location",
    STORAGE_CREDENTIAL: "storage_credential",
}


_FIRST_NEED = {
    CATALOG: "USE_CATALOG",
    SCHEMA: "USE_SCHEMA",
    TABLE: "SELECT",
    VOLUME: "READ_VOLUME",
}


@dataclass(frozen=True, slots=True)
class EffectivePrivilege:
    """One effective privilege; ``inherited_from_*`` are None for a direct grant."""

    privilege: str
    inherited_from_type: str | None = None
    inherited_from_name: str | None = None


def groups_of(state: CloudState, principal: Principal) -> frozenset[str]:
    """Display names of all groups of the principal, nested ones and ``account users`` included."""
    found: set[str] = set()
    pending = [principal.principal_id]
    while pending:
        member = pending.pop()
        for group in state.groups.values():
            if member in group.members and group.display_name not in found:
                found.add(group.display_name)
                pending.append(group.group_id)
    return frozenset(found | {ACCOUNT_USERS})


def identities(state: CloudState, principal: Principal) -> frozenset[str]:
    """Every name whose grants apply to the principal."""
    return groups_of(state, principal) | {principal.name}


def is_workspace_admin(state: CloudState, principal: Principal) -> bool:
    """Whether the principal is in the workspace group ``admins``. It gives no data privilege."""
    return "admins" in groups_of(state, principal)


def is_metastore_admin(state: CloudState, principal: Principal) -> bool:
    """Whether the principal is, or is in, the metastore admin (the metastore's owner)."""
    return state.metastore.owner in identities(state, principal)


def find(state: CloudState, securable_type: str, full_name: str) -> Securable | None:
    """The object, or None. The metastore is found by its id or name."""
    key = full_name.lower()
    if securable_type == METASTORE:
        known = (state.metastore.metastore_id, state.metastore.full_name)
        return state.metastore if key in known else None
    tables: dict[str, dict[str, Securable]] = {
        CATALOG: dict(state.catalogs),
        SCHEMA: dict(state.schemas),
        TABLE: dict(state.tables),
        VOLUME: dict(state.volumes),
        EXTERNAL_LOCATION: dict(state.external_locations),
        STORAGE_CREDENTIAL: dict(state.storage_credentials),
    }
    return tables.get(securable_type, {}).get(key)


def grant_key(state: CloudState, securable_type: str, full_name: str) -> tuple[str, str]:
    """The key of the object in ``state.grants``."""
    name = state.metastore.metastore_id if securable_type == METASTORE else full_name.lower()
    return (securable_type, name)


def chain(securable_type: str, full_name: str) -> tuple[tuple[str, str], ...]:
    """The object and its parents, nearest first: table, schema, catalog."""
    name = full_name.lower()
    if securable_type not in (SCHEMA, TABLE, VOLUME):
        return ((securable_type, name),)
    parts = name.split(".")
    parents = [(SCHEMA, ".".join(parts[:2])), (CATALOG, parts[0])]
    return ((securable_type, name), *(parents if securable_type != SCHEMA else parents[1:]))


def effective(
    state: CloudState, principal_name: str, securable_type: str, full_name: str
) -> tuple[EffectivePrivilege, ...]:
    """What one grantee (user, service principal or group) holds, direct and inherited.

    Groups are not expanded: the answer speaks of this grantee only (assumed; whether the real
    service merges group grants is open, and the harness does not depend on it). An inherited
    privilege is listed only where it can apply to the object's type.
    Source: https://docs.databricks.com/api/azure/workspace/grants/geteffective
    """
    found: list[EffectivePrivilege] = []
    for index, (kind, name) in enumerate(chain(securable_type, full_name)):
        held = state.grants.get(grant_key(state, kind, name), {}).get(principal_name, [])
        for privilege in held:
            if index == 0:
                found.append(EffectivePrivilege(privilege))
            elif privilege in PRIVILEGES[securable_type]:
                found.append(EffectivePrivilege(privilege, kind, name))
    return tuple(found)


def _held(
    state: CloudState, principal: Principal, securable_type: str, full_name: str
) -> Iterator[str]:
    for name in identities(state, principal):
        for item in effective(state, name, securable_type, full_name):
            yield item.privilege


def is_owner(state: CloudState, principal: Principal, securable_type: str, full_name: str) -> bool:
    """Whether the principal owns this very object, by itself or through a group."""
    found = find(state, securable_type, full_name)
    return found is not None and found.owner in identities(state, principal)


def owns_any(state: CloudState, principal: Principal, securable_type: str, full_name: str) -> bool:
    """Whether the principal owns the object or a parent of it."""
    return any(
        is_owner(state, principal, kind, name) for kind, name in chain(securable_type, full_name)
    )


def has_privilege(
    state: CloudState, principal: Principal, securable_type: str, full_name: str, privilege: str
) -> bool:
    """Whether the principal holds the privilege on the object, by any route.

    Routes: granted or inherited, to itself or a group, through ALL PRIVILEGES, or as owner of the
    very object. USE CATALOG and USE SCHEMA up the chain are not part of it: see ``require``.
    """
    if not privilege.startswith("EXTERNAL_USE") and is_owner(
        state, principal, securable_type, full_name
    ):
        return True
    return any(
        covers(held, privilege) for held in _held(state, principal, securable_type, full_name)
    )


def can_manage(
    state: CloudState, principal: Principal, securable_type: str, full_name: str
) -> bool:
    """Whether the principal may grant, revoke, drop or transfer the object.

    Owner of it or of a parent, MANAGE (inherited), or metastore admin.
    """
    return (
        is_metastore_admin(state, principal)
        or owns_any(state, principal, securable_type, full_name)
        or has_privilege(state, principal, securable_type, full_name, "MANAGE")
    )


def is_bound(state: CloudState, securable_type: str, full_name: str) -> bool:
    """Whether this workspace may use the object: not isolated, or bound to this workspace."""
    kind, name = chain(securable_type, full_name)[-1]
    root = find(state, kind, name)
    if root is None or getattr(root, "isolation_mode", "OPEN") not in _ISOLATED:
        return True
    bindings = state.bindings.get((_BINDING_TYPE.get(kind, ""), name), [])
    return any(binding.workspace_id == state.workspace_id for binding in bindings)


def is_read_only_here(state: CloudState, securable_type: str, full_name: str) -> bool:
    """Whether this workspace is bound to the object's root for reading only."""
    kind, name = chain(securable_type, full_name)[-1]
    root = find(state, kind, name)
    if root is None or getattr(root, "isolation_mode", "OPEN") not in _ISOLATED:
        return False
    bindings = state.bindings.get((_BINDING_TYPE.get(kind, ""), name), [])
    here = [b.binding_type for b in bindings if b.workspace_id == state.workspace_id]
    return bool(here) and all(kind == "BINDING_TYPE_READ_ONLY" for kind in here)


def is_visible(
    state: CloudState, principal: Principal, securable_type: str, full_name: str
) -> bool:
    """Whether the principal may learn that the object exists and read its metadata.

    Metastore admin, owner of it or a parent, BROWSE, MANAGE, or a privilege on it; for schemas and
    objects that privilege also needs the USE chain above it. An object not bound here is listed
    to those who administer it only, and read by nobody (``require_visible``). Everybody in a
    workspace may know its metastore (documented: ``metastore_summary`` has no condition).
    """
    if securable_type == METASTORE or can_manage(state, principal, securable_type, full_name):
        return True
    if not is_bound(state, securable_type, full_name):
        return False
    held = set(_held(state, principal, securable_type, full_name))
    for kind, name in chain(securable_type, full_name):
        if has_privilege(state, principal, kind, name, "BROWSE"):
            return True
    return bool(held) and missing_use(state, principal, securable_type, full_name) is None


def missing_use(
    state: CloudState, principal: Principal, securable_type: str, full_name: str
) -> str | None:
    """The first missing USE privilege above the object as the service's sentence, or None."""
    for kind, name in reversed(chain(securable_type, full_name)[1:]):
        wanted = "USE_CATALOG" if kind == CATALOG else "USE_SCHEMA"
        if not has_privilege(state, principal, kind, name, wanted):
            return refusal(wanted, kind, name)
    return None


def refusal(privilege: str, securable_type: str, full_name: str) -> str:
    """The sentence of a refusal in the service's words.

    Example: ``User does not have USE CATALOG on Catalog 'main'.`` (reported:
    https://github.com/databricks-demos/dbdemos/issues/74).
    """
    kind = securable_type.replace("_", " ").title()
    return f"User does not have {spoken(privilege)} on {kind} '{full_name}'."


def require_bound(state: CloudState, securable_type: str, full_name: str) -> None:
    """Refuse an object that is not bound to this workspace.

    Raises:
        PermissionDeniedError: ISOLATED and not bound here. The sentence is reported for catalogs:
            https://github.com/databricks/terraform-provider-databricks/issues/2446
    """
    if not is_bound(state, securable_type, full_name):
        kind, name = chain(securable_type, full_name)[-1]
        raise PermissionDeniedError(
            f"{kind.replace('_', ' ').title()} '{name}' is not accessible in current workspace"
        )


def require(
    state: CloudState, principal: Principal, securable_type: str, full_name: str, privilege: str
) -> None:
    """Refuse unless the principal can really use the privilege: binding, USE chain, privilege.

    Raises:
        PermissionDeniedError: with the first thing that is missing, catalog first.
    """
    require_bound(state, securable_type, full_name)
    sentence = missing_use(state, principal, securable_type, full_name)
    if sentence is not None:
        raise PermissionDeniedError(sentence)
    if not has_privilege(state, principal, securable_type, full_name, privilege):
        raise PermissionDeniedError(refusal(privilege, securable_type, full_name))


def require_manage(
    state: CloudState, principal: Principal, securable_type: str, full_name: str
) -> None:
    """Refuse unless the principal may administer the object (grant, drop, alter, transfer).

    MANAGE also needs USE on the parents; ownership of a parent and the metastore admin do not. A
    binding to other workspaces does not matter: whoever administers an isolated object can still
    read and change its grants and bindings (assumed from ``include_unbound``, which lists an
    unbound catalog for those who may change its binding).

    Raises:
        PermissionDeniedError: not owner, no MANAGE, no metastore admin.
    """
    if is_metastore_admin(state, principal) or owns_any(
        state, principal, securable_type, full_name
    ):
        return
    sentence = missing_use(state, principal, securable_type, full_name)
    if sentence is not None:
        raise PermissionDeniedError(sentence)
    if not has_privilege(state, principal, securable_type, full_name, "MANAGE"):
        raise PermissionDeniedError(refusal("MANAGE", securable_type, full_name))


def require_visible(
    state: CloudState, principal: Principal, securable_type: str, full_name: str
) -> Securable:
    """The object, if the principal may know of it and this workspace may use it.

    Raises:
        PermissionDeniedError: it is isolated and not bound here, whoever asks (reported: see
            ``require_bound``).
        ServiceError: 404 ``CATALOG_DOES_NOT_EXIST`` and the like when there is none; an invisible
            object under a visible parent answers 403 (assumed from the API reference: "the caller
            must be …"), which also hides nothing but its content.
    """
    for kind, name in reversed(chain(securable_type, full_name)):
        if find(state, kind, name) is None:
            raise does_not_exist(kind, name)
    found = find(state, securable_type, full_name)
    if found is None:
        raise does_not_exist(securable_type, full_name)
    require_bound(state, securable_type, full_name)
    if not is_visible(state, principal, securable_type, full_name):
        sentence = missing_use(state, principal, securable_type, full_name)
        wanted = _FIRST_NEED.get(securable_type, "BROWSE")
        raise PermissionDeniedError(sentence or refusal(wanted, securable_type, full_name))
    return found


def does_not_exist(securable_type: str, full_name: str) -> ServiceError:
    """404 in the service's words: ``SCHEMA_DOES_NOT_EXIST``, ``Schema 'main.x' does not exist.``.

    Source: https://docs.databricks.com/api/azure/workspace/schemas/get (codes assumed)
    """
    kind = securable_type.replace("_", " ").title()
    return ServiceError(
        404, f"{securable_type}_DOES_NOT_EXIST", f"{kind} '{full_name}' does not exist."
    )
