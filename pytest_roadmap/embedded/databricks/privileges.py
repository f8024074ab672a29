"""The privileges of Unity Catalog as data: which exist where, and what ALL PRIVILEGES means.

Source: https://learn.microsoft.com/azure/databricks/data-governance/unity-catalog/manage-privileges/privileges
(documented).
"""

from __future__ import annotations

METASTORE = "METASTORE"
CATALOG = "CATALOG"
SCHEMA = "SCHEMA"
TABLE = "TABLE"
VOLUME = "VOLUME"
EXTERNAL_LOCATION = "EXTERNAL_LOCATION"
STORAGE_CREDENTIAL = "STORAGE_CREDENTIAL"

ALL_PRIVILEGES = "ALL_PRIVILEGES"

_TABLE = {"SELECT", "MODIFY", "APPLY_TAG", "MANAGE", ALL_PRIVILEGES}
_VOLUME = {"READ_VOLUME", "WRITE_VOLUME", "APPLY_TAG", "MANAGE", ALL_PRIVILEGES}
_SCHEMA = (
    _TABLE
    | _VOLUME
    | {
        "USE_SCHEMA",
        "CREATE_TABLE",
        "CREATE_VOLUME",
        "CREATE_FUNCTION",
        "CREATE_MODEL",
        "CREATE_MATERIALIZED_VIEW",
        "EXECUTE",
        "REFRESH",
        "EXTERNAL_USE_SCHEMA",
    }
)
_CATALOG = _SCHEMA | {"USE_CATALOG", "CREATE_SCHEMA", "BROWSE"}

PRIVILEGES: dict[str, frozenset[str]] = {
    METASTORE: frozenset(
        {
            "CREATE_CATALOG",
            "CREATE_CONNECTION",
            "CREATE_EXTERNAL_LOCATION",
            "CREATE_STORAGE_CREDENTIAL",
            "CREATE_RECIPIENT",
            "CREATE_SHARE",
            "CREATE_PROVIDER",
            "USE_PROVIDER",
            "USE_RECIPIENT",
            "USE_SHARE",
            "SET_SHARE_PERMISSION",
            "USE_MARKETPLACE_ASSETS",
            "MANAGE_ALLOWLIST",
        }
    ),
    CATALOG: frozenset(_CATALOG),
    SCHEMA: frozenset(_SCHEMA),
    TABLE: frozenset(_TABLE),
    VOLUME: frozenset(_VOLUME),
    EXTERNAL_LOCATION: frozenset(
        {
            "READ_FILES",
            "WRITE_FILES",
            "CREATE_EXTERNAL_TABLE",
            "CREATE_EXTERNAL_VOLUME",
            "CREATE_FOREIGN_CATALOG",
            "CREATE_MANAGED_STORAGE",
            "EXTERNAL_USE_LOCATION",
            "BROWSE",
            "MANAGE",
            ALL_PRIVILEGES,
        }
    ),
    STORAGE_CREDENTIAL: frozenset(
        {
            "READ_FILES",
            "WRITE_FILES",
            "CREATE_EXTERNAL_LOCATION",
            "CREATE_EXTERNAL_TABLE",
            "MANAGE",
            ALL_PRIVILEGES,
        }
    ),
}

NOT_IN_ALL = frozenset({"MANAGE", "EXTERNAL_USE_SCHEMA", "EXTERNAL_USE_LOCATION"})
"""What ALL PRIVILEGES does not include, and what ownership of a parent does not bring."""


def covers(granted: str, wanted: str) -> bool:
    """Whether a granted privilege includes the wanted one (ALL PRIVILEGES expands on use)."""
    return granted == wanted or (granted == ALL_PRIVILEGES and wanted not in NOT_IN_ALL)


def spoken(privilege: str) -> str:
    """The privilege as the service's messages write it: ``USE CATALOG``."""
    return privilege.replace("_", " ")
