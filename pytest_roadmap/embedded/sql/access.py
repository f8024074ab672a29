"""What a statement needs before it may touch an object, in the words of SQL.

The rules are those of ``databricks/authorize.py``, the same as for REST. Here they are asked in the
order the service resolves names: catalog, USE CATALOG, schema, USE SCHEMA, object, privilege, and a
refusal is always ``INSUFFICIENT_PERMISSIONS`` with SQLSTATE 42501.
Source: https://learn.microsoft.com/azure/databricks/data-governance/unity-catalog/manage-privileges/
(documented: MODIFY also needs SELECT). Assumed: a missing object below a missing USE privilege
shows the missing privilege, and a missing object below held ones shows not-found.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_roadmap.embedded.databricks import authorize
from pytest_roadmap.embedded.databricks.privileges import CATALOG, SCHEMA, TABLE
from pytest_roadmap.embedded.errors import PermissionDeniedError, ServiceError
from pytest_roadmap.embedded.sql import errors
from pytest_roadmap.embedded.sql.errors import SqlError
from pytest_roadmap.embedded.state import Principal, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_roadmap.embedded.sql.names import ObjectName
    from pytest_roadmap.embedded.state import CloudState


@contextmanager
def in_sql_words() -> Iterator[None]:
    """Turn refusals of the shared rules into SQL errors."""
    try:
        yield
    except PermissionDeniedError as error:
        raise SqlError(
            "INSUFFICIENT_PERMISSIONS", f"Insufficient privileges:\n{error.message}", "42501"
        ) from error
    except ServiceError as error:
        state = "42704" if error.error_code.endswith("_DOES_NOT_EXIST") else "58030"
        raise SqlError(error.error_code, error.message, state) from error


class Access:
    """The privileges of one principal over one state."""

    def __init__(self, state: CloudState, principal: Principal) -> None:
        self.state = state
        self.principal = principal

    def waived(self, privilege: str) -> bool:
        """Whether the fault ``privilege-not-enforced`` names this privilege."""
        return self.state.fault("privilege-not-enforced", privilege=privilege) is not None

    def require(self, kind: str, name: str, privilege: str) -> None:
        """Refuse unless the privilege is held and usable.

        Raises:
            SqlError: 42501 with the first privilege that is missing.
        """
        if self.waived(privilege):
            return
        with in_sql_words():
            authorize.require(self.state, self.principal, kind, name, privilege)

    def require_manage(self, kind: str, name: str) -> None:
        """Refuse unless the principal may administer the object."""
        with in_sql_words():
            authorize.require_manage(self.state, self.principal, kind, name)

    def require_visible(self, kind: str, name: str) -> None:
        """Refuse unless the principal may read the object's metadata."""
        with in_sql_words():
            authorize.require_visible(self.state, self.principal, kind, name)

    def visible(self, kind: str, name: str) -> bool:
        """Whether the principal may know of the object."""
        return authorize.is_visible(self.state, self.principal, kind, name)

    def can_manage(self, kind: str, name: str) -> bool:
        """Whether the principal may administer the object."""
        return authorize.can_manage(self.state, self.principal, kind, name)

    def catalog(self, name: str) -> None:
        """Resolve a catalog for use.

        Raises:
            SqlError: there is none, it is not bound here, or USE CATALOG is missing.
        """
        if name not in self.state.catalogs:
            raise errors.catalog_not_found(name)
        with in_sql_words():
            authorize.require_bound(self.state, CATALOG, name)
            if not authorize.has_privilege(
                self.state, self.principal, CATALOG, name, "USE_CATALOG"
            ):
                raise PermissionDeniedError(authorize.refusal("USE_CATALOG", CATALOG, name))

    def schema(self, catalog: str, schema: str) -> None:
        """Resolve a schema for use.

        Raises:
            SqlError: as for the catalog, then no such schema, then USE SCHEMA is missing.
        """
        self.catalog(catalog)
        full = f"{catalog}.{schema}"
        if full not in self.state.schemas:
            raise errors.schema_not_found(f"`{catalog}`.`{schema}`")
        self.require(SCHEMA, full, "USE_SCHEMA")

    def table(self, name: ObjectName, *privileges: str) -> Table:
        """The table or view, for use with these privileges.

        Raises:
            SqlError: the first thing that is missing on the way.
        """
        found = self.existing(name)
        for privilege in privileges:
            self.require(TABLE, name.full, privilege)
        return found

    def existing(self, name: ObjectName) -> Table:
        """The table or view below usable parents; no privilege on itself is asked."""
        try:
            self.schema(name.catalog, name.schema)
        except SqlError as error:
            if error.error_code == "SCHEMA_NOT_FOUND":
                raise errors.table_not_found(name.quoted) from error
            raise
        found = self.state.tables.get(name.full)
        if found is None:
            raise errors.table_not_found(name.quoted)
        return found

    def writable(self, name: ObjectName) -> Table:
        """The table, for a change of its rows: SELECT and MODIFY, and not read-only here."""
        found = self.table(name, "SELECT", "MODIFY")
        if found.table_type == "VIEW":
            raise SqlError(
                "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", f"{name.full} is a view.", "42809"
            )
        with in_sql_words():
            if authorize.is_read_only_here(self.state, TABLE, name.full):
                raise PermissionDeniedError(
                    f"Catalog '{name.catalog}' is bound read-only to this workspace."
                )
        return found

    def is_member(self, group: str) -> bool:
        """``is_account_group_member``."""
        return group in authorize.groups_of(self.state, self.principal)


def acting_owner(state: CloudState, owner: str) -> Principal:
    """The owner of a view as someone whose privileges can be asked; a group acts as itself."""
    found = state.principal_named(owner)
    if found is not None:
        return found
    group = state.group_named(owner)
    identity = group.group_id if group is not None else ""
    return Principal(identity, "group", owner, owner, "")
