"""The seeded world of the embedded cloud, as data.

Ids are fixed, so that documents can name them; only tokens are new at every start.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_roadmap.embedded.databricks.lakeflow_tables import add_system_tables
from pytest_roadmap.embedded.databricks.privileges import (
    CATALOG,
    EXTERNAL_LOCATION,
    SCHEMA,
    STORAGE_CREDENTIAL,
)
from pytest_roadmap.embedded.seed_jobs import Owners, add_jobs
from pytest_roadmap.embedded.seed_tables import TABLES
from pytest_roadmap.embedded.state import (
    SERVICE_PRINCIPAL,
    USER,
    Binding,
    Catalog,
    CloudState,
    Column,
    ExternalLocation,
    Grants,
    Group,
    Metastore,
    Principal,
    RoleAssignment,
    Schema,
    SecretScope,
    SecretVersion,
    StorageCredential,
    Table,
    VaultSecret,
    Volume,
    Warehouse,
)

TENANT = "ebedded0-0000-4000-8000-000000000001"
SUBSCRIPTION = "ebedded0-0000-4000-8000-000000000002"
METASTORE = "ebedded0-0000-4000-8000-00000000000a"
HARNESS = "ebedded0-0000-4000-8000-0000000000a1"
PIPELINE_SP = "ebedded0-0000-4000-8000-0000000000a2"
ADMIN = "admin@embedded.example"
OPERATOR = "ops.kim@embedded.example"
OPS_MEMBER = "ops.lee@embedded.example"
INFRA = "infra.park@embedded.example"
OUTSIDER = "outsider@embedded.example"
#: Under whom the jobs ran before they were given a service principal.
FORMER = "etl.choi@embedded.example"
WORKSPACE_ID = 7405610928374650
WAREHOUSE = "wh-embedded-1"
REGION = "koreacentral"
GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-data-embedded"
ACCOUNT_ID = f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/stdataembedded"
VAULT_ID = f"{GROUP_ID}/providers/Microsoft.KeyVault/vaults/kv-data-embedded"
WORKSPACE_ARM_ID = f"{GROUP_ID}/providers/Microsoft.Databricks/workspaces/dbw-embedded"
CONNECTOR_ID = f"{GROUP_ID}/providers/Microsoft.Databricks/accessConnectors/ac-data-embedded"
CONNECTOR_OBJECT = "ebedded0-0000-4000-8000-0000000000c1"
LANDING = "abfss://landing@stdataembedded.dfs.core.windows.net/"
ARCHIVE = "abfss://archive@stdataembedded.dfs.core.windows.net/"
MANAGED = "abfss://metastore@stdataembedded.dfs.core.windows.net"

TOKEN_ROLES = {
    "admin": ADMIN,
    "harness": HARNESS,
    "pipeline_sp": PIPELINE_SP,
    "operator": OPERATOR,
    "ops_member": OPS_MEMBER,
    "outsider": OUTSIDER,
}
_PRINCIPALS = (
    ("7000000000000001", USER, ADMIN, "Administrator", "a0"),
    ("7000000000000002", SERVICE_PRINCIPAL, HARNESS, "roadmap-reader", "b1"),
    ("7000000000000003", SERVICE_PRINCIPAL, PIPELINE_SP, "sp-pipeline", "b2"),
    ("7000000000000004", USER, OPERATOR, "Kim (operator)", "b3"),
    ("7000000000000005", USER, OPS_MEMBER, "Lee (operations)", "b4"),
    ("7000000000000006", USER, INFRA, "Park (infrastructure)", "b5"),
    ("7000000000000007", USER, OUTSIDER, "Outsider", "b6"),
    ("7000000000000008", USER, FORMER, "Choi (data engineering)", "b7"),
)
_GROUPS = (
    ("8000000000000001", "admins", (1,), False),
    ("8000000000000002", "users", (1, 2, 3, 4, 5, 6, 7, 8), False),
    ("8000000000000003", "grp-etl", (3,), True),
    ("8000000000000004", "grp-ops", (4, 5), True),
)
_SCHEMAS = (
    ("bronze", INFRA),
    ("silver", INFRA),
    ("gold", INFRA),
    ("ops", INFRA),
    ("probe", HARNESS),
    ("_private", INFRA),
)
_GRANTS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    # The pipeline principal holds exactly the agreed matrix, by direct grants.
    (CATALOG, "main", PIPELINE_SP, ("USE_CATALOG",)),
    (SCHEMA, "main.bronze", PIPELINE_SP, ("USE_SCHEMA", "SELECT")),
    (SCHEMA, "main.silver", PIPELINE_SP, ("USE_SCHEMA", "SELECT", "MODIFY")),
    (SCHEMA, "main.gold", PIPELINE_SP, ("USE_SCHEMA", "SELECT", "MODIFY")),
    (SCHEMA, "main.ops", PIPELINE_SP, ("USE_SCHEMA", "SELECT", "MODIFY")),
    (EXTERNAL_LOCATION, "loc-landing", PIPELINE_SP, ("READ_FILES", "WRITE_FILES")),
    (EXTERNAL_LOCATION, "loc-archive", PIPELINE_SP, ("READ_FILES",)),
    # Who ran the jobs before still reads what they write.
    (CATALOG, "main", FORMER, ("USE_CATALOG",)),
    (SCHEMA, "main.silver", FORMER, ("USE_SCHEMA", "SELECT")),
    (SCHEMA, "main.gold", FORMER, ("USE_SCHEMA", "SELECT")),
    # The harness observes. MANAGE is what the service asks for to read other principals' grants
    # and the workspace bindings; nothing less does without making it an owner or metastore admin.
    (CATALOG, "main", HARNESS, ("USE_CATALOG", "BROWSE", "MANAGE")),
    (SCHEMA, "main.bronze", HARNESS, ("USE_SCHEMA", "SELECT")),
    (SCHEMA, "main.silver", HARNESS, ("USE_SCHEMA", "SELECT")),
    (SCHEMA, "main.gold", HARNESS, ("USE_SCHEMA", "SELECT")),
    (SCHEMA, "main.ops", HARNESS, ("USE_SCHEMA", "SELECT", "READ_VOLUME", "WRITE_VOLUME")),
    (EXTERNAL_LOCATION, "loc-landing", HARNESS, ("BROWSE", "MANAGE", "READ_FILES")),
    (EXTERNAL_LOCATION, "loc-archive", HARNESS, ("BROWSE", "MANAGE", "READ_FILES")),
    # C-VAL, the diagnosis of a failed probe, needs to administer the credential.
    (STORAGE_CREDENTIAL, "cred-data", HARNESS, ("MANAGE",)),
)


def build_state(now: datetime | None = None) -> CloudState:
    """A fresh world. Objects are created 30 days before ``now`` (default: the present, UTC)."""
    now = now or datetime.now(UTC)
    born = now - timedelta(days=30)
    state = CloudState(
        TENANT,
        SUBSCRIPTION,
        WORKSPACE_ID,
        Metastore(
            "metastore-embedded",
            **_birth(ADMIN, born),
            metastore_id=METASTORE,
            region=REGION,
            storage_root=MANAGED,
        ),
    )
    _add_identities(state)
    _add_catalog(state, born)
    add_system_tables(state, born)
    _add_storage(state, born)
    _add_workspace_objects(state, born)
    add_jobs(state, now, Owners(ADMIN, HARNESS, PIPELINE_SP, WAREHOUSE))
    _add_azure(state)
    return state


def _birth(owner: str, born: datetime) -> dict[str, Any]:
    return {
        "owner": owner,
        "created_at": born,
        "created_by": owner,
        "updated_at": born,
        "updated_by": owner,
    }


def _add_identities(state: CloudState) -> None:
    for principal_id, kind, name, display, tail in _PRINCIPALS:
        state.principals[principal_id] = Principal(
            principal_id, kind, name, display, f"ebedded0-0000-4000-8000-0000000001{tail}"
        )
    for group_id, name, members, account_level in _GROUPS:
        ids = [f"700000000000000{number}" for number in members]
        state.groups[group_id] = Group(group_id, name, ids, account_level)
    for role, name in TOKEN_ROLES.items():
        principal = state.principal_named(name)
        if principal is not None:
            state.tokens[f"embedded-{role}-{secrets.token_urlsafe(24)}"] = principal.principal_id


def tokens_by_role(state: CloudState) -> dict[str, str]:
    """Role name to token, as the start line prints them."""
    by_name = {state.principals[held].name: token for token, held in state.tokens.items()}
    return {role: by_name[name] for role, name in TOKEN_ROLES.items()}


def _add_catalog(state: CloudState, born: datetime) -> None:
    state.catalogs["main"] = Catalog("main", **_birth(INFRA, born), isolation_mode="ISOLATED")
    state.bindings["catalog", "main"] = [Binding(WORKSPACE_ID)]
    for number, (name, owner) in enumerate(_SCHEMAS, start=1):
        full_name = f"main.{name}"
        state.schemas[full_name] = Schema(
            full_name,
            **_birth(owner, born),
            schema_id=f"ebedded0-0000-4000-8000-0000000005{number:02d}",
        )
    for number, (full_name, columns, _) in enumerate(TABLES, start=1):
        owner = state.schemas[full_name.rpartition(".")[0]].owner
        table_id = f"ebedded0-0000-4000-8000-0000000007{number:02d}"
        state.tables[full_name] = Table(
            full_name,
            **_birth(owner, born),
            table_id=table_id,
            columns=[Column(name, kind) for name, kind in columns],
            storage_location=f"{MANAGED}/tables/{table_id}",
        )
    grants: Grants = state.grants
    for kind, name, grantee, privileges in _GRANTS:
        grants.setdefault((kind, name), {})[grantee] = list(privileges)


def _add_storage(state: CloudState, born: datetime) -> None:
    state.storage_credentials["cred-data"] = StorageCredential(
        "cred-data",
        **_birth(INFRA, born),
        credential_id="ebedded0-0000-4000-8000-0000000000d1",
        access_connector_id=CONNECTOR_ID,
        object_id=CONNECTOR_OBJECT,
    )
    for name, url, read_only in (("loc-landing", LANDING, False), ("loc-archive", ARCHIVE, True)):
        state.external_locations[name] = ExternalLocation(
            name, **_birth(INFRA, born), url=url, credential_name="cred-data", read_only=read_only
        )
    state.volumes["main.ops.probe_volume"] = Volume(
        "main.ops.probe_volume",
        **_birth(INFRA, born),
        volume_id="ebedded0-0000-4000-8000-0000000000e1",
        storage_location=f"{MANAGED}/volumes/ebedded0-0000-4000-8000-0000000000e1",
    )


def _add_workspace_objects(state: CloudState, born: datetime) -> None:
    state.warehouses[WAREHOUSE] = Warehouse(
        WAREHOUSE,
        "warehouse-embedded",
        ADMIN,
        {
            ADMIN: "IS_OWNER",
            HARNESS: "CAN_USE",
            PIPELINE_SP: "CAN_USE",
            OPERATOR: "CAN_USE",
            OPS_MEMBER: "CAN_USE",
        },
    )
    # Whoever switches a job to a service principal needs the role Service Principal User on it.
    state.lakeflow.service_principal_users = {PIPELINE_SP: [ADMIN], HARNESS: [ADMIN]}
    state.scopes["kv-scope"] = SecretScope(
        "kv-scope",
        "AZURE_KEYVAULT",
        VAULT_ID,
        "https://kv-data-embedded.vault.azure.net/",
        # Only MANAGE lets the harness read the ACL of the scope.
        {ADMIN: "MANAGE", HARNESS: "MANAGE", PIPELINE_SP: "READ"},
    )
    state.vaults[VAULT_ID.lower()] = {
        "db-pw": VaultSecret(
            [
                _secret_version(1, born - timedelta(days=70), enabled=False),
                _secret_version(2, born + timedelta(days=10)),
            ]
        ),
        "dod-canary": VaultSecret([_secret_version(3, born + timedelta(days=15))]),
    }


def _secret_version(number: int, created: datetime, *, enabled: bool = True) -> SecretVersion:
    """A random value that is valid for 90 days."""
    return SecretVersion(
        f"ebedded000004000800000000000a{number:03d}",
        "embedded-" + secrets.token_urlsafe(18),
        created,
        created,
        enabled,
        expires=created + timedelta(days=90),
    )


def _add_azure(state: CloudState) -> None:
    for resource in _resources():
        state.arm[resource["id"].lower()] = resource
    objects = {p.name: p.object_id for p in state.principals.values()}
    subscription = f"/subscriptions/{SUBSCRIPTION}"
    assignments = (
        (subscription, objects[ADMIN], "Owner"),
        (GROUP_ID, objects[HARNESS], "Reader"),
        (ACCOUNT_ID, objects[HARNESS], "Storage Blob Data Contributor"),
        (ACCOUNT_ID, CONNECTOR_OBJECT, "Storage Blob Data Contributor"),
        (VAULT_ID, objects[ADMIN], "Key Vault Administrator"),
        (VAULT_ID, objects[HARNESS], "Key Vault Reader"),
        # The right to rotate ends at the canary.
        (f"{VAULT_ID}/secrets/dod-canary", objects[HARNESS], "Key Vault Secrets Officer"),
    )
    for number, (scope, object_id, role) in enumerate(assignments, start=1):
        assignment_id = f"ebedded0-0000-4000-8000-0000000008{number:02d}"
        state.role_assignments.append(RoleAssignment(assignment_id, scope.lower(), object_id, role))


def _resource(
    arm_id: str, resource_type: str, properties: dict[str, Any], **more: Any
) -> dict[str, Any]:
    return {
        "id": arm_id,
        "name": arm_id.rpartition("/")[2],
        "type": resource_type,
        "location": REGION,
        **more,
        "properties": {"provisioningState": "Succeeded", **properties},
    }


def _resources() -> tuple[dict[str, Any], ...]:
    subscription = f"/subscriptions/{SUBSCRIPTION}"
    containers = tuple(
        _resource(
            f"{ACCOUNT_ID}/blobServices/default/containers/{name}",
            "Microsoft.Storage/storageAccounts/blobServices/containers",
            {"publicAccess": "None"},
        )
        for name in ("landing", "archive", "metastore", "elsewhere")
    )
    return (
        {
            "id": subscription,
            "subscriptionId": SUBSCRIPTION,
            "tenantId": TENANT,
            "displayName": "embedded",
            "state": "Enabled",
            "authorizationSource": "RoleBased",
        },
        _resource(GROUP_ID, "Microsoft.Resources/resourceGroups", {}),
        _resource(
            WORKSPACE_ARM_ID,
            "Microsoft.Databricks/workspaces",
            {
                "workspaceId": str(WORKSPACE_ID),
                "workspaceUrl": f"adb-{WORKSPACE_ID}.10.azuredatabricks.net",
                "publicNetworkAccess": "Enabled",
            },
            sku={"name": "premium"},
        ),
        _resource(
            CONNECTOR_ID,
            "Microsoft.Databricks/accessConnectors",
            {},
            identity={
                "type": "SystemAssigned",
                "principalId": CONNECTOR_OBJECT,
                "tenantId": TENANT,
            },
        ),
        _storage_account(),
        *containers,
        _vault(),
    )


def _storage_account() -> dict[str, Any]:
    return _resource(
        ACCOUNT_ID,
        "Microsoft.Storage/storageAccounts",
        {
            "isHnsEnabled": True,
            "primaryEndpoints": {
                "dfs": "https://stdataembedded.dfs.core.windows.net/",
                "blob": "https://stdataembedded.blob.core.windows.net/",
            },
            "publicNetworkAccess": "Enabled",
            "networkAcls": {"defaultAction": "Allow", "bypass": "AzureServices"},
            "supportsHttpsTrafficOnly": True,
            "minimumTlsVersion": "TLS1_2",
            "allowSharedKeyAccess": False,
        },
        kind="StorageV2",
        sku={"name": "Standard_ZRS", "tier": "Standard"},
    )


def _vault() -> dict[str, Any]:
    return _resource(
        VAULT_ID,
        "Microsoft.KeyVault/vaults",
        {
            "tenantId": TENANT,
            "sku": {"family": "A", "name": "standard"},
            "vaultUri": "https://kv-data-embedded.vault.azure.net/",
            "enableRbacAuthorization": True,
            "enableSoftDelete": True,
            "enablePurgeProtection": True,
            "publicNetworkAccess": "Enabled",
            # The harness calls from this machine.
            "networkAcls": {
                "defaultAction": "Deny",
                "bypass": "AzureServices",
                "ipRules": [{"value": "127.0.0.1/32"}],
            },
        },
    )
