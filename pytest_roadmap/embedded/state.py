"""The whole state of the embedded cloud as plain dataclasses.

Everything is copied by ``CloudState.copy()``, so a snapshot is one value. Names of Unity Catalog
objects are keys in lower case; a full name is ``catalog[.schema[.object]]``. Times are aware UTC.
Nothing here decides anything: see ``databricks/authorize.py`` and ``storage.py``.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.state_jobs import JobsState

if TYPE_CHECKING:
    from datetime import datetime

USER = "user"
SERVICE_PRINCIPAL = "service_principal"
ACCOUNT_USERS = "account users"


@dataclass(slots=True)
class Principal:
    """A user or service principal.

    ``name`` is what Unity Catalog grants to: the user name, or the application id.
    ``object_id`` is the Entra object id that Azure role assignments name.
    """

    principal_id: str
    kind: str
    name: str
    display_name: str
    object_id: str
    active: bool = True
    entitlements: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """A group. ``members`` are principal ids or group ids (groups nest).

    ``account_level`` groups can hold Unity Catalog privileges, workspace-local ones cannot.
    """

    group_id: str
    display_name: str
    members: list[str] = field(default_factory=list)
    account_level: bool = True


@dataclass(slots=True)
class Securable:
    """What every Unity Catalog object has."""

    full_name: str
    owner: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    comment: str = ""
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the full name."""
        return self.full_name.rpartition(".")[2]


@dataclass(slots=True)
class Metastore(Securable):
    """The metastore; ``full_name`` is its name, grants on it use ``metastore_id``."""

    metastore_id: str = ""
    region: str = ""
    privilege_model_version: str = "1.0"
    storage_root: str = ""


@dataclass(slots=True)
class Catalog(Securable):
    """A catalog. ``isolation_mode`` is OPEN or ISOLATED."""

    catalog_type: str = "MANAGED_CATALOG"
    isolation_mode: str = "OPEN"
    storage_root: str = ""


@dataclass(slots=True)
class Schema(Securable):
    """A schema."""

    schema_id: str = ""
    storage_root: str = ""


@dataclass(slots=True)
class Column:
    """A column; ``type_text`` is the Databricks SQL type in lower case (``decimal(18,2)``)."""

    name: str
    type_text: str
    nullable: bool = True
    comment: str = ""


@dataclass(slots=True)
class TableVersion:
    """One Delta version: who wrote it, when, how; ``job`` names the run that did."""

    version: int
    timestamp: datetime
    user_name: str
    operation: str
    metrics: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    job: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Table(Securable):
    """A table or view. ``versions`` is ascending; their data belong to the SQL engine."""

    table_id: str = ""
    table_type: str = "MANAGED"
    columns: list[Column] = field(default_factory=list)
    versions: list[TableVersion] = field(default_factory=list)
    storage_location: str = ""
    view_definition: str = ""
    row_filter: str = ""


@dataclass(slots=True)
class Volume(Securable):
    """A volume; its files are the storage objects below ``storage_location``."""

    volume_id: str = ""
    volume_type: str = "MANAGED"
    storage_location: str = ""


@dataclass(slots=True)
class ExternalLocation(Securable):
    """An external location. ``url`` ends in a slash."""

    url: str = ""
    credential_name: str = ""
    read_only: bool = False
    isolation_mode: str = "ISOLATION_MODE_OPEN"


@dataclass(slots=True)
class StorageCredential(Securable):
    """A storage credential over an Azure managed identity (access connector)."""

    credential_id: str = ""
    access_connector_id: str = ""
    object_id: str = ""
    read_only: bool = False
    isolation_mode: str = "ISOLATION_MODE_OPEN"


@dataclass(slots=True)
class Binding:
    """The binding of an isolated securable to a workspace."""

    workspace_id: int
    binding_type: str = "BINDING_TYPE_READ_WRITE"


@dataclass(slots=True)
class Warehouse:
    """A SQL warehouse. ``acl`` maps principal or group name to CAN_VIEW … CAN_MANAGE, IS_OWNER.

    ``state`` is what was last set; a warehouse that is STARTING reaches RUNNING at ``ready_at``.
    """

    warehouse_id: str
    name: str
    creator_name: str
    acl: dict[str, str]
    state: str = "STOPPED"
    ready_at: datetime | None = None
    start_latency_s: float = 0.3
    cluster_size: str = "2X-Small"
    auto_stop_mins: int = 10
    serverless: bool = True


@dataclass(slots=True)
class SecretScope:
    """A secret scope. ``secrets`` holds the values of a Databricks-backed scope only."""

    name: str
    backend_type: str
    resource_id: str = ""
    dns_name: str = ""
    acls: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)
    updated: dict[str, datetime] = field(default_factory=dict)


@dataclass(slots=True)
class SecretVersion:
    """One version of a secret in a Key Vault; ``version`` is its id in the service."""

    version: str
    value: str = field(repr=False)
    created: datetime
    updated: datetime
    enabled: bool = True
    expires: datetime | None = None
    not_before: datetime | None = None
    content_type: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class VaultSecret:
    """A secret in a Key Vault; ``versions`` is ascending and never empty."""

    versions: list[SecretVersion]

    @property
    def current(self) -> SecretVersion:
        """The newest version, enabled or not: what a read without a version asks for."""
        return self.versions[-1]


@dataclass(slots=True)
class RoleAssignment:
    """An Azure role assignment; ``scope`` is a lower-case ARM id and covers what is below it."""

    assignment_id: str
    scope: str
    principal_id: str
    role: str


@dataclass(slots=True)
class QueryRecord:
    """One line of the query history."""

    query_id: str
    statement: str
    user_name: str
    warehouse_id: str
    status: str
    started: datetime
    ended: datetime
    error_message: str = ""
    rows_produced: int = 0
    statement_type: str = ""
    query_tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class ActiveFault:
    """A fault that is switched on. ``remaining`` counts down where a count was given."""

    fault_id: str
    parameters: dict[str, str] = field(default_factory=dict)
    remaining: int | None = None


Grants = dict[tuple[str, str], dict[str, list[str]]]


@dataclass
class CloudState:
    """Everything the embedded cloud knows.

    ``grants`` maps ``(SECURABLE_TYPE, full name)`` to principal name to privileges.
    ``bindings`` maps ``(securable type, name)`` to bindings. ``arm`` maps a lower-case ARM id to
    the resource as it is answered. ``storage`` maps the full ``abfss://`` URL of an object to its
    bytes. ``statements`` belongs to the statements API.
    """

    tenant_id: str
    subscription_id: str
    workspace_id: int
    metastore: Metastore
    principals: dict[str, Principal] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    workspace_admins: list[str] = field(default_factory=list)
    catalogs: dict[str, Catalog] = field(default_factory=dict)
    schemas: dict[str, Schema] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)
    external_locations: dict[str, ExternalLocation] = field(default_factory=dict)
    storage_credentials: dict[str, StorageCredential] = field(default_factory=dict)
    grants: Grants = field(default_factory=dict)
    bindings: dict[tuple[str, str], list[Binding]] = field(default_factory=dict)
    warehouses: dict[str, Warehouse] = field(default_factory=dict)
    scopes: dict[str, SecretScope] = field(default_factory=dict)
    vaults: dict[str, dict[str, VaultSecret]] = field(default_factory=dict)
    arm: dict[str, dict[str, Any]] = field(default_factory=dict)
    role_assignments: list[RoleAssignment] = field(default_factory=list)
    storage: dict[str, bytes] = field(default_factory=dict)
    storage_times: dict[str, datetime] = field(default_factory=dict)
    directories: dict[str, datetime] = field(default_factory=dict)
    previous_content: dict[str, bytes] = field(default_factory=dict)
    statements: dict[str, Any] = field(default_factory=dict)
    query_history: list[QueryRecord] = field(default_factory=list)
    lakeflow: JobsState = field(default_factory=JobsState)
    faults: dict[str, ActiveFault] = field(default_factory=dict)
    clock_offset_s: float = 0.0

    def copy(self) -> CloudState:
        """A deep copy that shares nothing mutable."""
        return copy.deepcopy(self)

    def principal_of_token(self, token: str) -> Principal | None:
        """Who holds the token, active or not; None for an unknown token."""
        principal_id = self.tokens.get(token)
        return self.principals.get(principal_id) if principal_id else None

    def principal_named(self, name: str) -> Principal | None:
        """The user or service principal Unity Catalog knows under this name."""
        wanted = name.lower()
        return next((p for p in self.principals.values() if p.name.lower() == wanted), None)

    def group_named(self, display_name: str) -> Group | None:
        """The group with this display name."""
        return next((g for g in self.groups.values() if g.display_name == display_name), None)

    def fault(self, fault_id: str, **parameters: str) -> ActiveFault | None:
        """The first active fault with this id and these parameters that is not used up."""
        for active in self.faults.values():
            if active.fault_id != fault_id or active.remaining == 0:
                continue
            if parameters.items() <= active.parameters.items():
                return active
        return None
