"""Grants: direct and effective, paged, and their change.

Source: https://docs.databricks.com/api/azure/workspace/grants (documented: ``max_results`` 0 is the
server's page size, 1 to 149 is refused, pages may be empty, ``principal`` filters).
Assumed: without MANAGE, ownership or metastore admin a caller may read the rows of itself and of
its groups only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import authorize, objects
from pytest_roadmap.embedded.databricks.privileges import PRIVILEGES, SCHEMA, TABLE, VOLUME, spoken
from pytest_roadmap.embedded.errors import (
    InvalidParameterError,
    PermissionDeniedError,
    ServiceError,
)
from pytest_roadmap.embedded.wire import (
    Call,
    Route,
    page_size,
    page_start,
    page_token,
    with_page,
)

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import CloudState, Principal

_UC = "/api/2.1/unity-catalog"
_SMALLEST_PAGE = 150
_PARTS = {SCHEMA: 2, TABLE: 3, VOLUME: 3}
Assignment = dict[str, Any]


def securable_of(call: Call) -> tuple[str, str]:
    """The securable named in the path.

    Raises:
        InvalidParameterError: a type the embedded cloud does not have, or a malformed name.
    """
    kind, name = call.path["type"].upper(), call.path["full_name"]
    if kind not in PRIVILEGES:
        raise InvalidParameterError(
            f"securable type {call.path['type']} is not supported by the embedded cloud"
        )
    if name.count(".") + 1 != _PARTS.get(kind, 1):
        raise InvalidParameterError(f"'{name}' is not a valid {kind.lower()} name")
    return kind, name


def _readable(cloud: Cloud, call: Call, kind: str, name: str) -> tuple[str, ...]:
    """The grantees whose rows the caller may read, after the ``principal`` filter.

    A caller without MANAGE, ownership or metastore admin reads the rows of itself and its groups.
    """
    state, caller = cloud.state, call.principal
    authorize.require_visible(state, caller, kind, name)
    wanted = call.query.get("principal", "")
    if wanted:
        objects.require_principal(state, wanted)
    grantees = _grantees(state, kind, name)
    if not may_read_all(state, caller, kind, name):
        own = authorize.identities(state, caller)
        if wanted and wanted not in own:
            raise PermissionDeniedError(authorize.refusal("MANAGE", kind, name))
        grantees = [grantee for grantee in grantees if grantee in own]
    return tuple(grantee for grantee in grantees if not wanted or grantee == wanted)


def may_read_all(state: CloudState, caller: Principal, kind: str, name: str) -> bool:
    """Whether the caller may read everybody's grants on the object."""
    try:
        authorize.require_manage(state, caller, kind, name)
    except PermissionDeniedError:
        return False
    return True


def _grantees(state: CloudState, kind: str, name: str) -> list[str]:
    found: set[str] = set()
    for level, full_name in authorize.chain(kind, name):
        found.update(state.grants.get(authorize.grant_key(state, level, full_name), {}))
    return sorted(found)


def _direct(cloud: Cloud, call: Call) -> dict[str, Any]:
    kind, name = securable_of(call)
    held = cloud.state.grants.get(authorize.grant_key(cloud.state, kind, name), {})
    rows: list[Assignment] = [
        {"principal": grantee, "privileges": sorted(held[grantee])}
        for grantee in _readable(cloud, call, kind, name)
        if held.get(grantee)
    ]
    return _paged(cloud, call, rows)


def _effective(cloud: Cloud, call: Call) -> dict[str, Any]:
    kind, name = securable_of(call)
    rows: list[Assignment] = []
    for grantee in _readable(cloud, call, kind, name):
        held = [
            {
                "privilege": item.privilege,
                **(
                    {
                        "inherited_from_type": item.inherited_from_type,
                        "inherited_from_name": item.inherited_from_name,
                    }
                    if item.inherited_from_type
                    else {}
                ),
            }
            for item in authorize.effective(cloud.state, grantee, kind, name)
        ]
        if held:
            rows.append({"principal": grantee, "privileges": held})
    return _paged(cloud, call, rows)


def _paged(cloud: Cloud, call: Call, rows: list[Assignment]) -> dict[str, Any]:
    size = page_size(call.query)
    if size is not None and size < _SMALLEST_PAGE:
        raise InvalidParameterError(f"max_results must be 0 or at least {_SMALLEST_PAGE}.")
    pages = _faulty_pages(cloud.state, rows) if size is not None else None
    if pages is None:
        pages = _whole_pages(rows, size)
    start = page_start(call.query.get("page_token", ""))
    if start >= len(pages):
        raise InvalidParameterError("Invalid page token.")
    token = page_token(start + 1) if start + 1 < len(pages) else None
    return with_page("privilege_assignments", pages[start], token)


def _whole_pages(rows: list[Assignment], size: int | None) -> list[list[Assignment]]:
    """Pages of whole assignments: one principal's privileges are never split (documented)."""
    pages: list[list[Assignment]] = [[]]
    used = 0
    for row in rows:
        count = len(row["privileges"])
        if size is not None and pages[-1] and used + count > size:
            pages.append([])
            used = 0
        pages[-1].append(row)
        used += count
    return pages


def _faulty_pages(state: CloudState, rows: list[Assignment]) -> list[list[Assignment]] | None:
    single = [
        {"principal": row["principal"], "privileges": [item]}
        for row in rows
        for item in row["privileges"]
    ]
    if state.fault("grant-pages-of-one") and single:
        pages: list[list[Assignment]] = []
        for row in single:
            pages += [[row], []]
        return pages[:-1]
    hidden = state.fault("grant-page-2-hidden")
    if hidden is None or not single:
        return None
    wanted = hidden.parameters.get("privilege") or _privilege(single[-1])
    late = [row for row in single if _privilege(row) == wanted]
    early = [row for row in single if _privilege(row) != wanted]
    return [early, [], late] if late else None


def _privilege(row: Assignment) -> str:
    item = row["privileges"][0]
    return str(item["privilege"] if isinstance(item, dict) else item)


def _update(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Grant and revoke; all changes or none.

    Only whoever may administer the object may grant; a privilege one merely holds cannot be handed
    on (documented).
    """
    state = cloud.state
    kind, name = securable_of(call)
    authorize.require_visible(state, call.principal, kind, name)
    authorize.require_manage(state, call.principal, kind, name)
    changes = call.body.get("changes")
    if not isinstance(changes, list):
        raise InvalidParameterError("Missing required field: changes")
    checked = [_change(state, kind, name, item) for item in changes]
    for principal, add, remove in checked:
        apply_grant(state, kind, name, principal, add=add, remove=remove)
    if call.body.get("omit_permissions_in_response") is True:
        return {}
    return _direct(cloud, call)


def _change(
    state: CloudState, kind: str, name: str, item: Any
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    if not isinstance(item, dict) or not isinstance(item.get("principal"), str):
        raise InvalidParameterError("Each change needs a principal")
    unknown = sorted(set(item) - {"principal", "add", "remove"})
    if unknown:
        raise InvalidParameterError(f"Unknown field in changes: {', '.join(unknown)}")
    objects.require_principal(state, item["principal"])
    add, remove = (tuple(item.get(key) or ()) for key in ("add", "remove"))
    for privilege in (*add, *remove):
        require_applicable(kind, name, str(privilege))
    return item["principal"], add, remove


def require_applicable(kind: str, name: str, privilege: str) -> None:
    """Refuse a privilege that does not exist on this type of object.

    Raises:
        ServiceError: 400 ``INVALID_PARAMETER_VALUE`` (wording assumed).
    """
    if privilege not in PRIVILEGES[kind]:
        raise ServiceError(
            400,
            "INVALID_PARAMETER_VALUE",
            f"Privilege {spoken(privilege)} is not applicable to this entity [{name}:{kind}].",
        )


def apply_grant(
    state: CloudState,
    kind: str,
    name: str,
    principal: str,
    *,
    add: tuple[str, ...] = (),
    remove: tuple[str, ...] = (),
) -> None:
    """Add and remove privileges of one grantee; nothing is authorised here. SQL uses it too."""
    held = state.grants.setdefault(authorize.grant_key(state, kind, name), {})
    kept = [item for item in held.get(principal, []) if item not in remove]
    kept += [item for item in add if item not in kept]
    if kept:
        held[principal] = kept
    else:
        held.pop(principal, None)


_QUERY = ("principal", "max_results", "page_token")
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_UC}/permissions/{{type}}/{{full_name}}", _direct, _QUERY),
    Route("GET", f"{_UC}/effective-permissions/{{type}}/{{full_name}}", _effective, _QUERY),
    Route(
        "PATCH",
        f"{_UC}/permissions/{{type}}/{{full_name}}",
        _update,
        body=("changes", "omit_permissions_in_response"),
    ),
)
