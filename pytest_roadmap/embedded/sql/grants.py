"""GRANT, REVOKE and SHOW GRANTS.

Source: https://docs.databricks.com/en/sql/language-manual/security-grant.html (documented: owner of
the object or a parent, MANAGE, or metastore admin may grant; anyone may see its own grants).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.embedded.databricks import authorize, objects
from pytest_roadmap.embedded.databricks.privileges import (
    CATALOG,
    EXTERNAL_LOCATION,
    METASTORE,
    PRIVILEGES,
    SCHEMA,
    STORAGE_CREDENTIAL,
    TABLE,
    VOLUME,
)
from pytest_roadmap.embedded.sql import errors
from pytest_roadmap.embedded.sql.access import in_sql_words
from pytest_roadmap.embedded.sql.errors import SqlError, unsupported
from pytest_roadmap.embedded.sql.names import schema_name
from pytest_roadmap.embedded.sql.outcome import SqlOutcome, table_of

if TYPE_CHECKING:
    from pytest_roadmap.embedded.sql import model
    from pytest_roadmap.embedded.sql.work import Work

_ONE_PART = {
    "CATALOG": CATALOG,
    "EXTERNAL LOCATION": EXTERNAL_LOCATION,
    "STORAGE CREDENTIAL": STORAGE_CREDENTIAL,
}
_SHOWN = (
    ("Principal", "STRING"),
    ("ActionType", "STRING"),
    ("ObjectType", "STRING"),
    ("ObjectKey", "STRING"),
)


def securable(work: Work, kind: str, parts: tuple[str, ...]) -> tuple[str, str]:
    """The type and full name a statement names.

    Raises:
        SqlError: there is no such object.
    """
    if kind == "METASTORE":
        return METASTORE, work.state.metastore.metastore_id
    if kind in _ONE_PART:
        found = _ONE_PART[kind], ".".join(parts).lower()
    elif kind == "SCHEMA":
        found = SCHEMA, ".".join(schema_name(parts, work.session))
    elif kind in ("TABLE", "VOLUME"):
        found = (TABLE if kind == "TABLE" else VOLUME), work.name(parts).full
    else:
        raise unsupported(f"Grants on a {kind.lower()}")
    if authorize.find(work.state, *found) is None:
        if kind == "TABLE":
            work.access.existing(work.name(parts))
        raise _missing(*found)
    return found


def _missing(kind: str, name: str) -> SqlError:
    if kind == TABLE:
        return errors.table_not_found(name)
    if kind == SCHEMA:
        return errors.schema_not_found(name)
    if kind == CATALOG:
        return errors.catalog_not_found(name)
    return errors.object_not_found(kind, name)


def change(work: Work, statement: model.Grant) -> SqlOutcome:
    """GRANT and REVOKE. The fault ``grant-accepted-from-anyone`` skips the check of the right."""
    kind, name = securable(work, statement.kind, statement.name)
    if work.state.fault("grant-accepted-from-anyone") is None:
        work.access.require_manage(kind, name)
    for privilege in statement.privileges:
        if privilege not in PRIVILEGES[kind]:
            raise SqlError(
                "UC_INVALID_PRIVILEGE",
                f"Privilege {privilege.replace('_', ' ')} is not applicable to this entity "
                f"[{kind}].",
                "22023",
            )
    grantee = _grantee(work, statement.principal)
    grants = work.state.grants.setdefault(authorize.grant_key(work.state, kind, name), {})
    held = grants.setdefault(grantee, [])
    for privilege in statement.privileges:
        if statement.revoke and privilege in held:
            held.remove(privilege)
        elif not statement.revoke and privilege not in held:
            held.append(privilege)
    if not held:
        del grants[grantee]
    return table_of("GRANT", (), ())


def _grantee(work: Work, name: str) -> str:
    with in_sql_words():
        objects.require_principal(work.state, name)
    found = work.state.principal_named(name)
    return found.name if found is not None else name


def show(work: Work, statement: model.ShowGrants) -> SqlOutcome:
    """SHOW GRANTS on an object and its parents: all for those who administer it, else one's own."""
    kind, name = securable(work, statement.kind, statement.name)
    state, own = work.state, authorize.identities(work.state, work.principal)
    wanted = _grantee(work, statement.principal) if statement.principal else ""
    if not work.access.can_manage(kind, name):
        if wanted and wanted not in own:
            work.access.require_manage(kind, name)
        work.access.require_visible(kind, name)
    rows: list[tuple[str, ...]] = []
    for found, key in reversed(authorize.chain(kind, name)):
        managed = work.access.can_manage(found, key)
        held = state.grants.get(authorize.grant_key(state, found, key), {})
        for grantee, privileges in sorted(held.items()):
            if (managed or grantee in own) and wanted in ("", grantee):
                rows.extend(
                    (grantee, privilege.replace("_", " "), found, key)
                    for privilege in sorted(privileges)
                )
    return table_of("SHOW", _SHOWN, rows)
