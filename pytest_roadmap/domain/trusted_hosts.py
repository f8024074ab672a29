"""Which hosts may answer for a real environment (rules d.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pytest_roadmap.domain.environment import Environment

#: What a run states about authorities when it changed none.
DEFAULT_AUTHORITIES = "default"
_EXACT = frozenset(
    ("management.azure.com", "api.loganalytics.io", "api.loganalytics.azure.com"),
)
_BELOW = ("vault.azure.net", "azuredatabricks.net")
#: Workspaces of the sovereign clouds, where the file binds the endpoints of one.
#: Source: https://learn.microsoft.com/azure/databricks/resources/supported-regions
_SOVEREIGN_WORKSPACES = ("databricks.azure.cn", "databricks.azure.us")


def tls_problems(stated: Any, environment: Environment) -> Iterator[str]:
    """Why the hosts that a record states are not those of its platform, a sentence each.

    Args:
        stated: the record's ``tls``: ``hosts`` with scheme, and ``authorities``.
        environment: its bindings may name the endpoints of a sovereign cloud.
    """
    hosts = stated.get("hosts") if isinstance(stated, Mapping) else None
    if not isinstance(hosts, list) or not hosts:
        yield "the record does not say which hosts answered"
        return
    if stated.get("authorities") != DEFAULT_AUTHORITIES:
        named = stated.get("authorities")
        yield f"certificates were checked by {named}, not by the default authorities"
    exact, below = _bound(environment)
    for host in hosts:
        parts = urlsplit(host) if isinstance(host, str) else None
        name = (parts.hostname or "") if parts is not None else ""
        known = name in exact or any(name.endswith(f".{each}") for each in below)
        if parts is None or parts.scheme != "https" or not known:
            yield f"{host} is no host of Azure or Databricks, and no endpoint of {environment.name}"


def _bound(environment: Environment) -> tuple[frozenset[str], tuple[str, ...]]:
    """The names that may answer, and those below which any may."""
    endpoints = environment.get("azure.endpoints") or {}
    names = tuple(
        urlsplit(address.replace("{account}.", "")).hostname or ""
        for address in endpoints.values()
        if isinstance(address, str) and address.startswith("https://")
    )
    found = tuple(name for name in names if name)
    return _EXACT.union(found), (*_BELOW, *found, *(_SOVEREIGN_WORKSPACES if found else ()))
