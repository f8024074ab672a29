"""A small configuration, its map and the platform that agrees with both."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pytest_roadmap.domain.config_binding import ConfigComparison, compare_configuration
from pytest_roadmap.domain.config_map import SCHEMA
from pytest_roadmap.domain.config_sources import Measurements
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.ports import ServicePrincipal
from tests.fakes.world import NOW, PIPELINE, FakeAzure, FakeRepository, FakeWorkspace

COMMON, DEV, MAP = "configs/common.yaml", "configs/dev.yaml", "config_map.yaml"
ARM = "/subscriptions/s-1/resourceGroups/rg/providers"
WORKSPACE = f"{ARM}/Microsoft.Databricks/workspaces/dbw"
VAULT = f"{ARM}/Microsoft.KeyVault/vaults/kv"
URL = "abfss://landing@stdata.dfs.core.windows.net/"
BINDINGS: dict[str, Any] = {
    "config_binding": {"files": [COMMON, DEV], "map": MAP},
    "workspace": {"host": "https://w", "azure_resource_id": WORKSPACE},
    "azure": {"subscription_id": "s-1", "tenant_id": "t-1"},
    "uc": {"metastore_id": "m-1", "catalog": "main", "schemas": {"silver": "silver"}},
    "external_locations": [{"name": "loc-landing", "url": URL}],
    "warehouse": {"id": "wh-1"},
    "jobs": {"A": {"id": 11}, "named": {"id": "pipeline_a"}},
    "principals": {"pipeline_sp": {"application_id": PIPELINE}},
    "secrets": {"scope": "kv-scope", "vault": {"resource_id": VAULT}},
}
ROWS = [
    ("host", "workspace.host", "same"),
    ("warehouse_id", "warehouse.id", "exact"),
    ("catalog", "uc.catalog", "exact"),
    ("location", "external_locations.loc-landing.name", "exact"),
    ("base_path", "external_locations.loc-landing.url", "inside"),
    ("secret", "secrets.keys", "reference"),
]
VALUES: dict[str, Any] = {
    COMMON: {"host": "https://W/", "catalog": "main", "secret": "{{secrets/kv-scope/db-pw}}"},
    DEV: {"warehouse_id": "wh-1", "location": "loc-landing", "base_path": f"{URL}in"},
    MAP: {
        "schema": SCHEMA,
        "rows": [
            {"config_path": path, "observed": observed, "comparator": comparator}
            for path, observed, comparator in ROWS
        ],
    },
}


def environment(**changed: Any) -> Environment:
    """The bindings, with whole sections replaced."""
    return Environment("dev", "dev", BINDINGS | changed, "dev.yaml")


def workspace() -> FakeWorkspace:
    """A platform that holds everything that is bound."""
    return FakeWorkspace(
        securables={
            ("catalog", "main"): {"name": "main", "owner": "park"},
            ("schema", "main.silver"): {"name": "silver"},
            ("external_location", "loc-landing"): {"name": "loc-landing", "url": URL},
        },
        principals={PIPELINE: ServicePrincipal(PIPELINE, "sp", active=True, groups=())},
        scopes=({"name": "kv-scope"},),
        secrets={"kv-scope": {"db-pw": "x"}},
        the_metastore={"metastore_id": "m-1"},
    )


def azure() -> FakeAzure:
    """Azure with the workspace, the vault and the subscription."""
    return FakeAzure(
        {
            WORKSPACE.lower(): {"id": WORKSPACE},
            VAULT.lower(): {"id": VAULT, "properties": {"vaultUri": "https://kv/"}},
            "/subscriptions/s-1": {"subscriptionId": "s-1", "tenantId": "t-1"},
        }
    )


def repository(values: Any = None) -> FakeRepository:
    """The files of ``VALUES`` or of others like them; a None is a file that is not there."""
    held = {key: value for key, value in (values or VALUES).items() if value is not None}
    return FakeRepository(contents=dict.fromkeys(held, b""), values=held)


def with_values(path: str, **changed: Any) -> dict[str, Any]:
    """``VALUES`` with keys of one file changed; None takes a key out."""
    values = deepcopy(VALUES)
    values[path] = {k: v for k, v in (values[path] | changed).items() if v is not None}
    return values


def compared(values: Any = None, *, at: Any = NOW, seen: Any = None) -> ConfigComparison:
    """The comparison of these values with the healthy platform."""
    measurements = Measurements(environment(), seen or workspace(), azure())
    return compare_configuration(repository(values), measurements, at)
