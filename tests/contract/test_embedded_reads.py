"""What SEC-001 to SEC-003 read, through the unmodified Databricks SDK."""

from __future__ import annotations

from functools import partial

import pytest
from databricks.sdk.errors import NotFound, PermissionDenied
from databricks.sdk.service.catalog import CatalogIsolationMode, TableType

from tests.contract.embedded_cloud import HARNESS, INFRA, PIPELINE, UC, RunningCloud, error_of


def test_whoami_names_the_service_principal_and_its_workspace(cloud: RunningCloud) -> None:
    """C-WHO: a service principal's user name is its application id."""
    client = cloud.client("harness")
    assert client.current_user.me().user_name == HARNESS
    assert client.get_workspace_id() == 7405610928374650


def test_the_metastore_has_privilege_model_one(cloud: RunningCloud) -> None:
    """C-META."""
    client = cloud.client("harness")
    summary = client.metastores.summary()
    assert client.metastores.current().metastore_id == summary.metastore_id
    assert (summary.privilege_model_version, summary.region) == ("1.0", "koreacentral")


def test_catalog_schema_table_and_volume_carry_the_recorded_fields(cloud: RunningCloud) -> None:
    """C-CAT."""
    client = cloud.client("harness")
    catalog = client.catalogs.get("main")
    assert (catalog.owner, catalog.isolation_mode) == (INFRA, CatalogIsolationMode.ISOLATED)
    assert client.schemas.get("main.silver").owner == INFRA
    table = client.tables.get("main.silver.txn")
    assert table.table_type == TableType.MANAGED
    assert [c.name for c in table.columns or []][:2] == ["txn_id", "account_id"]
    assert client.volumes.read("main.ops.probe_volume").full_name == "main.ops.probe_volume"


def test_external_locations_and_their_credential_are_listed(cloud: RunningCloud) -> None:
    """C-EL."""
    client = cloud.client("harness")
    found = {item.name: item for item in client.external_locations.list()}
    assert sorted(str(name) for name in found) == ["loc-archive", "loc-landing"]
    assert found["loc-archive"].read_only is True
    assert found["loc-landing"].credential_name == "cred-data"
    assert [item.name for item in client.storage_credentials.list()] == ["cred-data"]


def test_the_credential_is_validated_operation_by_operation(cloud: RunningCloud) -> None:
    """C-VAL passes on the writable location and skips writes on the read-only one."""
    client = cloud.client("harness")
    validate = partial(client.storage_credentials.validate, storage_credential_name="cred-data")
    open_ = validate(external_location_name="loc-landing")
    assert {str(r.result and r.result.value) for r in open_.results or []} == {"PASS"}
    closed = validate(external_location_name="loc-archive")
    results = {
        r.operation.value: r.result.value for r in closed.results or [] if r.operation and r.result
    }
    assert (results["READ"], results["WRITE"]) == ("PASS", "SKIP")


def test_a_service_principal_is_found_by_its_application_id(cloud: RunningCloud) -> None:
    """C-SP: exactly one, active, with its direct groups."""
    wanted = f'applicationId eq "{PIPELINE}"'
    found = list(cloud.client("harness").service_principals.list(filter=wanted))
    assert [(item.display_name, item.active) for item in found] == [("sp-pipeline", True)]
    assert "grp-etl" in [group.display for group in found[0].groups or []]


def test_the_catalog_is_bound_to_this_workspace_on_both_paths(cloud: RunningCloud) -> None:
    """C-BIND."""
    client = cloud.client("harness")
    new = [item.workspace_id for item in client.workspace_bindings.get_bindings("catalog", "main")]
    old = client.workspace_bindings.get("main").workspaces
    assert new == old == [7405610928374650]


def test_the_secret_scope_names_its_vault(cloud: RunningCloud) -> None:
    """C-SCOPE."""
    scopes = list(cloud.client("harness").secrets.list_scopes())
    assert [scope.name for scope in scopes] == ["kv-scope"]
    assert scopes[0].keyvault_metadata is not None
    assert scopes[0].keyvault_metadata.dns_name == "https://kv-data-embedded.vault.azure.net/"


def test_lists_are_paged(cloud: RunningCloud) -> None:
    """The SDK collects all pages; each page carries as many rows as asked for."""
    client = cloud.client("harness")
    names = [item.name for item in client.schemas.list("main", max_results=2)]
    assert names == ["_private", "bronze", "gold", "ops", "probe", "silver"]
    page = cloud.rest("harness", "GET", f"{UC}/schemas?catalog_name=main&max_results=2").json()
    assert len(page["schemas"]) == 2
    assert page["next_page_token"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("catalogs/nope", "CATALOG_DOES_NOT_EXIST"),
        ("schemas/main.nope", "SCHEMA_DOES_NOT_EXIST"),
        ("schemas/nope.silver", "CATALOG_DOES_NOT_EXIST"),
        ("tables/main.silver.nope", "TABLE_DOES_NOT_EXIST"),
        ("volumes/main.ops.nope", "VOLUME_DOES_NOT_EXIST"),
        ("external-locations/nope", "EXTERNAL_LOCATION_DOES_NOT_EXIST"),
        ("storage-credentials/nope", "STORAGE_CREDENTIAL_DOES_NOT_EXIST"),
    ],
)
def test_what_does_not_exist_says_so(cloud: RunningCloud, path: str, code: str) -> None:
    """404 with the service's own code; a missing parent is named first."""
    assert error_of(cloud.rest("harness", "GET", f"{UC}/{path}")) == (404, code)


def test_errors_arrive_as_the_sdks_own_types_with_a_request_id(cloud: RunningCloud) -> None:
    """The SDK maps our bodies, and finds ``RequestInfo`` in them."""
    with pytest.raises(NotFound) as caught:
        cloud.client("harness").catalogs.get("nope")
    info = caught.value.get_error_details().request_info
    assert info is not None
    assert info.request_id
    with pytest.raises(PermissionDenied, match="USE CATALOG"):
        cloud.client("outsider").catalogs.get("main")


def test_a_removed_service_principal_is_gone_and_an_inactive_one_says_so(
    cloud: RunningCloud,
) -> None:
    """SCIM changes by a workspace admin are seen by everyone."""
    admin, reader = cloud.client("admin"), cloud.client("harness")
    wanted = f'applicationId eq "{PIPELINE}"'
    found = next(iter(reader.service_principals.list(filter=wanted)))
    assert found.id is not None
    body = {"Operations": [{"op": "replace", "path": "active", "value": "false"}]}
    path = f"/api/2.0/preview/scim/v2/ServicePrincipals/{found.id}"
    assert cloud.rest("admin", "PATCH", path, body).status_code == 204
    assert reader.service_principals.get(found.id).active is False
    admin.service_principals.delete(found.id)
    assert list(reader.service_principals.list(filter=wanted)) == []


def test_every_answer_is_marked_and_carries_request_ids(cloud: RunningCloud) -> None:
    """Also errors: nobody can take an answer for one of a real service."""
    for answer in (
        cloud.rest("harness", "GET", "/api/2.0/preview/scim/v2/Me"),
        cloud.rest("harness", "GET", "/api/2.0/nope"),
        cloud.rest(None, "GET", "/api/2.0/preview/scim/v2/Me"),
    ):
        assert answer.headers["x-roadmap-embedded"] == "1"
        assert answer.headers["x-request-id"] == answer.headers["x-databricks-request-id"]
        assert answer.headers["x-databricks-org-id"] == "7405610928374650"
