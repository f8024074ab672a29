"""Each asset is looked up by its kind and judged against what was recorded."""

from typing import Any

import pytest

from pytest_roadmap.domain.assets import Asset, AssetField
from pytest_roadmap.domain.observation import (
    missing_assets,
    observe,
    principal_problems,
    value_problems,
)
from pytest_roadmap.domain.outcome import AccessRefusedError, InconclusiveError
from pytest_roadmap.domain.ports import Privilege, ServicePrincipal
from tests.fakes.world import PIPELINE, READER, WORKSPACE_ID, FakeAzure, FakeWorkspace

GROUP = "/subscriptions/ebedded0-0000-4000-8000-000000000002/resourceGroups/rg/providers/"
WORKSPACE = GROUP + "Microsoft.Databricks/workspaces/dbw"
STORAGE = GROUP + "Microsoft.Storage/storageAccounts/stdata"
VAULT = GROUP + "Microsoft.KeyVault/vaults/kv"
METASTORE = "ebedded0-0000-4000-8000-00000000000a"
LANDING = "abfss://landing@stdata.dfs.core.windows.net/"


def asset(kind: Any, identifier: Any, principal: Any = "infra.park", **fields: Any) -> Any:
    """One asset whose every field is verified."""
    recorded = tuple(AssetField(name, value, verify=True) for name, value in fields.items())
    return Asset(kind, "embedded", identifier, "Infra", principal, "c", recorded)


ASSETS = {
    "workspace": asset(
        "workspace",
        WORKSPACE,
        PIPELINE,
        workspace_id=WORKSPACE_ID,
        workspace_url="https://ADB-1.2.azuredatabricks.net",
        region="koreacentral",
        sku="premium",
    ),
    "storage": asset(
        "storage",
        STORAGE,
        PIPELINE,
        hns=True,
        dfs_endpoint="https://stdata.dfs.core.windows.net",
    ),
    "key_vault": asset("key_vault", VAULT, PIPELINE, dns_name="https://kv.vault.azure.net/"),
    "metastore": asset("uc", METASTORE, "admin", region="koreacentral"),
    "catalog": asset("uc", "main", isolation_mode="OPEN"),
    "schema": asset("uc", "main.silver", owner="infra.park"),
    "location": asset(
        "external_location", LANDING[:-1], name="loc", credential_name="cred", read_only=False
    ),
    "principal": asset("service_principal", PIPELINE.upper(), PIPELINE, active=True),
    "scope": asset("secret_scope", "kv-scope", PIPELINE, backend_type="AZURE_KEYVAULT"),
}


def workspace() -> Any:
    """A workspace that knows all of them."""
    return FakeWorkspace(
        securables={
            ("catalog", "main"): {"name": "main", "owner": "infra.park", "isolation_mode": "OPEN"},
            ("schema", "main.silver"): {"full_name": "main.silver", "owner": "infra.park"},
            ("external_location", "loc"): {
                "name": "loc",
                "url": LANDING,
                "owner": "infra.park",
                "credential_name": "cred",
            },
        },
        principals={PIPELINE: ServicePrincipal(PIPELINE, "sp-pipeline", True, ())},
        scopes=({"name": "kv-scope", "backend_type": "AZURE_KEYVAULT"},),
        the_metastore={"metastore_id": METASTORE, "owner": "admin", "region": "koreacentral"},
    )


def azure() -> Any:
    """Azure with the three resources."""
    return FakeAzure(
        {
            WORKSPACE.lower(): {
                "id": WORKSPACE,
                "location": "koreacentral",
                "sku": {"name": "premium"},
                "properties": {
                    "workspaceId": WORKSPACE_ID,
                    "workspaceUrl": "adb-1.2.azuredatabricks.net",
                },
            },
            STORAGE.lower(): {
                "id": STORAGE,
                "properties": {
                    "isHnsEnabled": True,
                    "primaryEndpoints": {"dfs": "https://stdata.dfs.core.windows.net/"},
                },
            },
            VAULT.lower(): {
                "id": VAULT,
                "properties": {"vaultUri": "https://kv.vault.azure.net/"},
            },
        }
    )


def problems(world: Any = None, cloud: Any = None) -> Any:
    """What speaks against the record: values and principals."""
    seen = observe(list(ASSETS.values()), world or workspace(), cloud or azure())
    return value_problems(seen) + principal_problems(seen)


def test_assets_that_are_as_recorded_have_no_problem() -> None:
    """Every kind is looked up, and equal values are equal across case and slashes."""
    assert problems() == ()


def changed_workspace(**changed: Any) -> Any:
    """The workspace with attributes replaced."""
    world = workspace()
    for name, value in changed.items():
        setattr(world, name, value)
    return world


@pytest.mark.parametrize(
    ("world", "part"),
    [
        (changed_workspace(the_metastore={"metastore_id": READER, "owner": "admin"}), READER),
        (changed_workspace(scopes=()), "does not exist"),
        (changed_workspace(principals={}), "does not exist"),
        (
            changed_workspace(
                principals={PIPELINE: ServicePrincipal(PIPELINE, "sp", False, ())},
            ),
            "is not active",
        ),
    ],
)
def test_a_workspace_that_differs_is_named(world: Any, part: Any) -> None:
    """Another metastore, a missing scope, a missing or inactive principal."""
    assert any(part in problem for problem in problems(world))


@pytest.mark.parametrize(
    ("key", "values", "part"),
    [
        (("external_location", "loc"), {"url": LANDING.replace("stdata", "other")}, "no listed"),
        (("external_location", "loc"), {"url": LANDING + "sub"}, "knows it as"),
        (("external_location", "loc"), {"read_only": True}, "read_only"),
        (("schema", "main.silver"), {"owner": "kim"}, "'kim'"),
        (("catalog", "main"), {"owner": "kim"}, "access principal"),
        (("catalog", "main"), {"isolation_mode": "ISOLATED"}, "isolation_mode"),
    ],
)
def test_a_securable_that_differs_is_named(key: Any, values: Any, part: Any) -> None:
    """Another account, path, mode, owner or isolation."""
    world = workspace()
    world.securables[key] = {**world.securables[key], **values}
    assert any(part in problem for problem in problems(world))


def test_a_workspace_of_another_host_is_found_out() -> None:
    """The id that Azure knows must be the one this connection reaches."""
    cloud = azure()
    answer = cloud.resources[WORKSPACE.lower()]
    properties = {**answer["properties"], "workspaceId": "1"}
    cloud.resources[WORKSPACE.lower()] = {**answer, "properties": properties}
    found = problems(cloud=cloud)
    assert any("this connection reaches" in problem for problem in found)


def test_a_principal_that_cannot_be_observed_is_not_the_observed_one() -> None:
    """A group or user on an Azure resource cannot be looked up here, so it is a problem."""
    seen = observe([asset("storage", STORAGE, "grp-etl")], workspace(), azure())
    assert principal_problems(seen)


def test_a_404_is_an_answer_and_a_403_is_not() -> None:
    """What is gone is reported as missing; what is refused ends the look-up."""
    cloud = azure()
    del cloud.resources[VAULT.lower()]
    seen = observe([ASSETS["key_vault"]], workspace(), cloud)
    assert missing_assets(seen) == (ASSETS["key_vault"].name,)
    with pytest.raises(AccessRefusedError):
        observe([ASSETS["key_vault"]], workspace(), FakeAzure(forbidden=("A-KVM",)))


def test_a_hidden_schema_is_refused_not_missing() -> None:
    """Unity Catalog answers 404 to who may not look: only sight of the catalog proves absence."""
    world = workspace()
    del world.securables["schema", "main.silver"]
    with pytest.raises(AccessRefusedError):
        observe([ASSETS["schema"]], world, azure())
    world.effective["catalog", "main", READER] = (Privilege(READER, "BROWSE"),)
    assert missing_assets(observe([ASSETS["schema"]], world, azure()))


def test_a_schema_of_a_missing_catalog_is_missing() -> None:
    """Without the catalog there is nothing to be hidden in."""
    world = workspace()
    world.securables.clear()
    assert missing_assets(observe([ASSETS["schema"]], world, azure()))


def test_an_asset_of_an_unknown_kind_is_not_judged() -> None:
    """Nothing can look it up, and the reason says so."""
    with pytest.raises(InconclusiveError, match="unknown_kind"):
        observe([asset("cluster", "0101-1", "grp-etl")], workspace(), azure())
