"""Attempts to get round the privileges of the embedded cloud over REST; each must be refused."""

from __future__ import annotations

import pytest

from tests.contract.embedded_cloud import (
    ACCOUNT,
    GROUP,
    HARNESS,
    OUTSIDER,
    PIPELINE,
    SCIM,
    UC,
    RunningCloud,
)

VOLUME_FILE = "/api/2.0/fs/files/Volumes/main/ops/probe_volume/x"
SP_ID = "7000000000000003"
ADMINS = f"{SCIM}/Groups/8000000000000001"
SELF_GRANT = {"changes": [{"principal": PIPELINE, "add": ["MANAGE"]}]}
JOIN = {"Operations": [{"op": "add", "path": "members", "value": [{"value": SP_ID}]}]}
ISOLATION = {"add": [{"workspace_id": 1}], "remove": [{"workspace_id": 7405610928374650}]}

ATTEMPTS = [
    ("grant itself MANAGE on the catalog", "PATCH", f"{UC}/permissions/catalog/main", SELF_GRANT),
    ("… with the type in capitals", "PATCH", f"{UC}/permissions/CATALOG/MAIN", SELF_GRANT),
    ("… on a schema it may modify", "PATCH", f"{UC}/permissions/schema/main.silver", SELF_GRANT),
    (
        "hand on a privilege it holds",
        "PATCH",
        f"{UC}/permissions/table/main.silver.txn",
        {"changes": [{"principal": OUTSIDER, "add": ["SELECT"]}]},
    ),
    (
        "become metastore admin",
        "PATCH",
        f"{UC}/permissions/metastore/ebedded0-0000-4000-8000-00000000000a",
        {"changes": [{"principal": PIPELINE, "add": ["CREATE_CATALOG"]}]},
    ),
    ("take over a schema", "PATCH", f"{UC}/schemas/main.silver", {"owner": PIPELINE}),
    ("take over a table", "PATCH", f"{UC}/tables/main.silver.txn", {"owner": PIPELINE}),
    ("take over the catalog", "PATCH", f"{UC}/catalogs/main", {"owner": PIPELINE}),
    ("open the catalog", "PATCH", f"{UC}/catalogs/main", {"isolation_mode": "OPEN"}),
    ("unbind the workspace", "PATCH", f"{UC}/bindings/catalog/main", ISOLATION),
    (
        "unbind it on the old path",
        "PATCH",
        f"{UC}/workspace-bindings/catalogs/main",
        {"unassign_workspaces": [7405610928374650]},
    ),
    ("create a catalog", "POST", f"{UC}/catalogs", {"name": "mine"}),
    ("create a schema", "POST", f"{UC}/schemas", {"catalog_name": "main", "name": "mine"}),
    ("drop a schema", "DELETE", f"{UC}/schemas/main.silver?force=true", None),
    ("drop a table", "DELETE", f"{UC}/tables/main.silver.txn", None),
    ("look at a table outside", "GET", f"{UC}/tables/main.probe.readable", None),
    ("… whose name is written in capitals", "GET", f"{UC}/tables/MAIN.PROBE.READABLE", None),
    ("… by asking whether it exists", "GET", f"{UC}/tables/main.probe.readable/exists", None),
    ("list a schema outside", "GET", f"{UC}/tables?catalog_name=main&schema_name=probe", None),
    (
        "read the harness's grants",
        "GET",
        f"{UC}/effective-permissions/catalog/main?principal={HARNESS}",
        None,
    ),
    (
        "make the read-only location writable",
        "PATCH",
        f"{UC}/external-locations/loc-archive",
        {"read_only": False},
    ),
    (
        "make a location of its own",
        "POST",
        f"{UC}/external-locations",
        {
            "name": "mine",
            "url": "abfss://elsewhere@stdataembedded.dfs.core.windows.net/",
            "credential_name": "cred-data",
        },
    ),
    ("look at the credential", "GET", f"{UC}/storage-credentials/cred-data", None),
    (
        "make a volume",
        "POST",
        f"{UC}/volumes",
        {"catalog_name": "main", "schema_name": "ops", "name": "v", "volume_type": "MANAGED"},
    ),
    ("read a volume", "GET", VOLUME_FILE, None),
    ("write a volume", "PUT", VOLUME_FILE, None),
    ("delete a file of a volume", "DELETE", VOLUME_FILE, None),
    ("join the admins", "PATCH", ADMINS, JOIN),
    ("create a principal", "POST", f"{SCIM}/ServicePrincipals", {"displayName": "twin"}),
    (
        "deactivate the harness",
        "PATCH",
        f"{SCIM}/ServicePrincipals/7000000000000002",
        {"Operations": [{"op": "replace", "path": "active", "value": False}]},
    ),
    ("stop the warehouse", "POST", "/api/2.0/sql/warehouses/wh-embedded-1/stop", None),
    (
        "let itself manage it",
        "PATCH",
        "/api/2.0/permissions/warehouses/wh-embedded-1",
        {
            "access_control_list": [
                {"service_principal_name": PIPELINE, "permission_level": "CAN_MANAGE"}
            ]
        },
    ),
    ("read the scope's ACL", "GET", "/api/2.0/secrets/acls/list?scope=kv-scope", None),
    (
        "let itself manage the scope",
        "POST",
        "/api/2.0/secrets/acls/put",
        {"scope": "kv-scope", "principal": PIPELINE, "permission": "MANAGE"},
    ),
    ("delete the scope", "POST", "/api/2.0/secrets/scopes/delete", {"scope": "kv-scope"}),
]


@pytest.mark.parametrize(
    ("method", "path", "body"), [row[1:] for row in ATTEMPTS], ids=[row[0] for row in ATTEMPTS]
)
def test_the_pipeline_principal_is_refused(
    cloud: RunningCloud, method: str, path: str, body: object
) -> None:
    """403 for a principal with exactly the agreed matrix, and the state stays as it was."""
    before = cloud.admin("GET", "state")
    answer = cloud.rest("pipeline_sp", method, path, body)
    assert answer.status_code == 403, answer.text
    after = cloud.admin("GET", "state")
    assert {**after, "now": ""} == {**before, "now": ""}


@pytest.mark.parametrize(
    "name", ["snapshot", "restore", "forget", "faults", "clock", "state", "nope"]
)
def test_no_principals_token_opens_the_admin_endpoints(cloud: RunningCloud, name: str) -> None:
    """Also not the workspace administrator's, and not the empty one."""
    for role in ("admin", "harness", None, ""):
        for method in ("GET", "POST"):
            assert cloud.rest(role, method, f"/_embedded/{name}", {}).status_code == 401


@pytest.mark.parametrize(
    "scope",
    [
        ACCOUNT,
        GROUP,
        f"{ACCOUNT}/blobServices/default/containers/landing",
    ],
)
def test_the_pipeline_principal_cannot_change_azure(cloud: RunningCloud, scope: str) -> None:
    """It holds no role: no read, no firewall change, no role for itself."""
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        version = "2024-03-01" if scope == GROUP else "2023-05-01"
        assert cloud.arm("pipeline_sp", method, scope, {}, version).status_code == 403
    role = f"{scope}/providers/Microsoft.Authorization/roleAssignments/mine"
    assert cloud.arm("pipeline_sp", "PUT", role, {}, "2022-04-01").status_code == 403


def test_lists_show_an_outsider_nothing(cloud: RunningCloud) -> None:
    """Lists filter, they do not refuse."""
    for name in ("catalogs", "external-locations", "storage-credentials"):
        answer = cloud.rest("outsider", "GET", f"{UC}/{name}").json()
        assert answer == {name.replace("-", "_"): []}
    assert cloud.rest("outsider", "GET", "/api/2.0/sql/warehouses").json() == {"warehouses": []}


def test_manage_lets_the_harness_grant_but_not_read(cloud: RunningCloud) -> None:
    """MANAGE is not SELECT: what it administers it still cannot read."""
    held = cloud.sql("harness", "SELECT * FROM main._private.salaries")
    assert held["status"]["state"] == "FAILED"
    assert "result" not in held or not held["result"].get("data_array")


def test_an_unbound_isolated_catalog_is_unusable_whatever_is_granted(cloud: RunningCloud) -> None:
    """SEC-003.S1.N8: the binding counts before the grants."""
    body = {"add": [{"workspace_id": 1}], "remove": [{"workspace_id": 7405610928374650}]}
    assert cloud.rest("admin", "PATCH", f"{UC}/bindings/catalog/main", body).status_code == 200
    answer = cloud.rest("pipeline_sp", "GET", f"{UC}/tables/main.silver.txn")
    assert (answer.status_code, "not accessible" in answer.text) == (403, True)
    assert cloud.sql("pipeline_sp", "SELECT 1 FROM main.silver.txn")["status"]["state"] == "FAILED"
