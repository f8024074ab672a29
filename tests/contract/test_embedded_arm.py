"""Azure Resource Manager on the embedded cloud, through the Azure SDK's own pipeline."""

from __future__ import annotations

import pytest

from tests.contract.embedded_cloud import ACCOUNT, GROUP, VAULT, RunningCloud

SUBSCRIPTION = GROUP.rpartition("/resourceGroups")[0]
WORKSPACE = f"{GROUP}/providers/Microsoft.Databricks/workspaces/dbw-embedded"
KV = "2026-05-15"


def test_the_subscription_names_its_tenant(cloud: RunningCloud) -> None:
    """A-SUB answers to a Reader of one resource group."""
    answer = cloud.arm("harness", "GET", SUBSCRIPTION, version="2022-12-01")
    assert answer.json()["tenantId"] == "ebedded0-0000-4000-8000-000000000001"
    assert answer.headers["x-ms-request-id"]
    assert answer.headers["x-roadmap-embedded"] == "1"


def test_ids_compare_case_insensitively(cloud: RunningCloud) -> None:
    """A-DBX, A-STG and A-KVM answer with the id in its own spelling."""
    for path, version in ((WORKSPACE, "2024-05-01"), (ACCOUNT, "2023-05-01"), (VAULT, KV)):
        answer = cloud.arm("harness", "GET", path.upper(), version=version)
        assert answer.json()["id"] == path
    found = cloud.arm("harness", "GET", WORKSPACE, version="2024-05-01").json()
    assert found["properties"]["workspaceId"] == "7405610928374650"
    assert found["sku"] == {"name": "premium"}


def test_a_type_is_listed_below_its_group(cloud: RunningCloud) -> None:
    """The audit script lists; children of other types do not appear."""
    path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts"
    assert [item["id"] for item in cloud.arm("harness", "GET", path).json()["value"]] == [ACCOUNT]


@pytest.mark.parametrize(
    ("path", "version", "status", "code"),
    [
        (VAULT, "", 400, "MissingApiVersionParameter"),
        (VAULT, "2001-01-01", 400, "NoRegisteredProviderFound"),
        (SUBSCRIPTION, "2001-01-01", 400, "InvalidApiVersionParameter"),
        (f"{GROUP}/providers/Microsoft.KeyVault/nothings/x", KV, 404, "InvalidResourceType"),
        (f"{GROUP}/providers/Microsoft.Nope/x/y", KV, 404, "InvalidResourceNamespace"),
        (f"{VAULT}-gone", KV, 404, "ResourceNotFound"),
        ("/tenants", "2022-12-01", 404, "NotFound"),
        (f"{SUBSCRIPTION}/tagNames/x", "2022-12-01", 404, "NotFound"),
    ],
)
def test_what_resource_manager_refuses(
    cloud: RunningCloud, path: str, version: str, status: int, code: str
) -> None:
    """Shape, api-version and existence, with the service's codes."""
    answer = cloud.arm("harness", "GET", path, version=version)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_missing_group_is_named_to_who_may_look(cloud: RunningCloud) -> None:
    """Authorisation comes before existence: a Reader of another group gets 403."""
    path = VAULT.replace("rg-data-embedded", "rg-gone")
    assert cloud.arm("admin", "GET", path, version=KV).json()["error"]["code"] == (
        "ResourceGroupNotFound"
    )
    assert cloud.arm("harness", "GET", path, version=KV).status_code == 403


@pytest.mark.parametrize("role", ["pipeline_sp", "operator", "outsider"])
def test_without_a_role_nothing_is_read(cloud: RunningCloud, role: str) -> None:
    """403 ``AuthorizationFailed`` names the action and the scope."""
    answer = cloud.arm(role, "GET", VAULT, version=KV)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (403, "AuthorizationFailed")
    assert "'Microsoft.KeyVault/vaults/read'" in error["message"]


def test_an_unknown_token_is_asked_for_another(cloud: RunningCloud) -> None:
    """401 with the challenge header."""
    answer = cloud.arm("no-such-token", "GET", VAULT, version=KV)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_reader_changes_nothing(cloud: RunningCloud, method: str) -> None:
    """Also not the harness's own rights."""
    assert cloud.arm("harness", method, VAULT, {"tags": {}}, version=KV).status_code == 403
    path = f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/new"
    assert cloud.arm("harness", method, path, {}, version="2022-04-01").status_code == 403


def test_an_owner_patches_replaces_and_deletes(cloud: RunningCloud) -> None:
    """Controls change the world this way: merge, rename (delete and put), removal."""
    patch = {"properties": {"enablePurgeProtection": None, "publicNetworkAccess": "Disabled"}}
    changed = cloud.arm("admin", "PATCH", VAULT, patch, version=KV).json()
    assert "enablePurgeProtection" not in changed["properties"]
    assert changed["properties"]["enableSoftDelete"] is True
    assert cloud.arm("admin", "DELETE", VAULT, version=KV).status_code == 200
    assert cloud.arm("admin", "DELETE", VAULT, version=KV).status_code == 204
    assert cloud.arm("harness", "GET", VAULT, version=KV).status_code == 404
    body = {"location": "koreacentral", "properties": {"vaultUri": "https://x/"}}
    made = cloud.arm("admin", "PUT", f"{VAULT}-2", body, version=KV)
    assert (made.status_code, made.json()["name"]) == (201, "kv-data-embedded-2")


def test_a_patch_keeps_the_id_of_a_resource_and_changes_the_name_of_its_sku(
    cloud: RunningCloud,
) -> None:
    """Only at the top do id, name and type say which resource is meant."""
    patch = {"name": "other", "sku": {"name": "Standard_GRS"}}
    changed = cloud.arm("admin", "PATCH", ACCOUNT, patch).json()
    assert (changed["name"], changed["sku"]["name"]) == ("stdataembedded", "Standard_GRS")


def test_a_field_no_resource_has_is_refused(cloud: RunningCloud) -> None:
    """Accepting it would look like a change."""
    answer = cloud.arm("admin", "PATCH", VAULT, {"propertees": {}}, version=KV)
    assert answer.json()["error"]["code"] == "InvalidRequestContent"


def test_one_provider_can_be_forbidden_to_readers(cloud: RunningCloud) -> None:
    """SEC-001.S2.N5: 403 on the vault, the rest stays readable."""
    cloud.faults("arm-forbidden:provider=Microsoft.KeyVault")
    assert cloud.arm("harness", "GET", VAULT, version=KV).status_code == 403
    assert cloud.arm("harness", "GET", ACCOUNT).status_code == 200
