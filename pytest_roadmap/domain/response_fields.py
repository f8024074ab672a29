"""The allow-list of response fields, by call code of the catalogue (rules d.3).

A name is allowed at any depth below the response of its call. What is not listed is left out, and
the event names it in ``response_omitted``. A code that is not listed may keep the common fields.
"""

from __future__ import annotations

#: Rows of a result that are kept; the digest in the event is over what is kept.
MAX_ROWS = 20

_COMMON = frozenset(
    (
        *("id", "ids", "name", "full_name", "type", "kind", "state", "status", "owner", "count"),
        *("value", "items", "results", "result", "message", "error", "error_code", "code"),
        *("location", "region", "url", "path", "size", "tags", "etag", "systemData", "properties"),
        *("provisioningState", "created_at", "updated_at", "lastModifiedAt", "comment", "pages"),
        *("sha256", "digest", "length", "exists", "next_page_token", "error_message", "details"),
        *("content_length", "exit_code", "truncated", "scimType", "detail", "schema"),
        *("innererror", "refused", "http_status", "request_id", "displayName", "display_name"),
    )
)

_PRIVILEGES = (
    *("privilege_assignments", "principal", "privileges", "privilege", "inherited_from_type"),
    *("inherited_from_name", "securable_type"),
)

_BY_CALL: dict[str, tuple[str, ...]] = {
    "C-WHO": (
        *("user_name", "userName", "active", "application_id", "applicationId", "workspace_id"),
        *("groups", "display", "host"),
    ),
    "C-META": ("metastore_id", "privilege_model_version", "workspace_id", "default_catalog_name"),
    "C-CAT": (
        *("catalog_name", "schema_name", "isolation_mode", "storage_root", "storage_location"),
        *("table_type", "volume_type", "catalog_type", "metastore_id", "table_id", "columns"),
        *("securable_type", "type_name", "type_text", "nullable", "position", "data_source_format"),
    ),
    "C-BIND": ("bindings", "workspace_id", "binding_type", "workspaces"),
    "C-GE": _PRIVILEGES,
    "C-GD": _PRIVILEGES,
    "C-SQL": (
        *("statement_id", "columns", "rows", "row_count", "rows_digest", "sql_state", "schema"),
        *("manifest", "total_row_count", "truncated", "warehouse_id", "type_name", "position"),
    ),
    "C-WH": ("cluster_size", "auto_stop_mins", "warehouse_type", "num_clusters", "start_ms"),
    "C-SP": (
        *("Resources", "resources", "applicationId", "application_id", "active", "groups"),
        *("display", "roles", "totalResults"),
    ),
    "C-EL": (
        *("credential_name", "credential_id", "read_only", "isolation_mode", "metastore_id"),
        *("fallback", "credential", "securable_type"),
    ),
    "C-VAL": ("operation", "isDir", "is_dir", "results"),
    "C-FILES": (
        *("contents", "file_size", "is_directory", "content_length", "content_type"),
        *("last_modified", "content_sha256", "files"),
    ),
    "C-SCOPE": (
        *("scopes", "backend_type", "keyvault_metadata", "resource_id", "dns_name", "secrets"),
        *("acls", "permission", "principal", "last_updated_timestamp", "key"),
    ),
    "C-SECRET": ("key", "present"),
    "A-KVD": (
        *("attributes", "enabled", "created", "updated", "exp", "nbf", "recoveryLevel"),
        "contentType",
    ),
    "A-SUB": ("subscriptionId", "tenantId"),
    "A-DBX": ("sku", "tier", "workspaceId", "workspaceUrl", "managedResourceGroupId"),
    "A-STG": (
        "isHnsEnabled",
        "primaryEndpoints",
        "dfs",
        "sku",
        "tier",
        "accessTier",
        "networkAcls",
        "defaultAction",
        "publicNetworkAccess",
        "allowSharedKeyAccess",
        "minimumTlsVersion",
    ),
    "A-KVM": (
        *("enableRbacAuthorization", "networkAcls", "defaultAction", "bypass", "vaultUri"),
        *("publicNetworkAccess", "enableSoftDelete", "enablePurgeProtection", "tenantId", "sku"),
    ),
    "A-DFS": (),
}
_ALLOWED = {code: _COMMON | frozenset(names) for code, names in _BY_CALL.items()}


def fields_of(code: str) -> frozenset[str]:
    """The response fields that the call with this code may leave in evidence."""
    return _ALLOWED.get(code, _COMMON)
