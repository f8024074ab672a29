"""Which hosts may answer for a real environment."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.trusted_hosts import tls_problems


def problems(host: str, **endpoints: str) -> list[str]:
    bindings: dict[str, Any] = {"azure": {"endpoints": endpoints}}
    stated = {"hosts": [host], "authorities": "default"}
    return list(tls_problems(stated, Environment("prod", "prod", bindings, "prod.yaml")))


@pytest.mark.parametrize(
    "host",
    [
        "https://management.azure.com",
        "https://api.loganalytics.io",
        "https://api.loganalytics.azure.com",
        "https://kv-1.vault.azure.net",
        "https://adb-1.1.azuredatabricks.net",
    ],
)
def test_the_hosts_of_the_public_cloud_are_known(host: str) -> None:
    """Without any binding."""
    assert problems(host) == []


@pytest.mark.parametrize(
    ("host", "endpoints"),
    [
        ("https://management.chinacloudapi.cn", {"arm": "https://management.chinacloudapi.cn"}),
        ("https://kv-1.vault.azure.cn", {"vault": "https://vault.azure.cn"}),
        (
            "https://a.dfs.core.chinacloudapi.cn",
            {"dfs": "https://{account}.dfs.core.chinacloudapi.cn"},
        ),
        ("https://adb-1.databricks.azure.cn", {"arm": "https://management.chinacloudapi.cn"}),
    ],
)
def test_a_sovereign_cloud_counts_where_it_is_bound(host: str, endpoints: dict[str, str]) -> None:
    """And nowhere else."""
    assert problems(host, **endpoints) == []
    assert len(problems(host)) == 1


@pytest.mark.parametrize("host", ["https://evilazuredatabricks.net", "https://vault.azure.net", ""])
def test_a_name_that_only_looks_like_one_is_refused(host: str) -> None:
    """A host below a domain ends in a dot and the domain."""
    assert len(problems(host)) == 1


def test_an_endpoint_that_is_no_address_binds_nothing() -> None:
    """The environment file is held to https elsewhere."""
    assert len(problems("https://arm.example.org", arm="http://arm.example.org")) == 1
