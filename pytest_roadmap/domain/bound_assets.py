"""What the environment binds must be what was handed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_roadmap.domain.assets import Asset
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.identifiers import same

#: Binding to kind of asset; the bound value is the identifier.
_IDENTIFIERS = (
    ("workspace.azure_resource_id", "workspace"),
    ("uc.metastore_id", "uc"),
    ("uc.catalog", "uc"),
    ("secrets.vault.resource_id", "key_vault"),
    ("secrets.scope", "secret_scope"),
    ("principals.pipeline_sp.application_id", "service_principal"),
)


def unlisted_bindings(environment: Environment, assets: Sequence[Asset]) -> tuple[str, ...]:
    """Bindings that name an asset which the inventory of this environment does not list."""
    return tuple(
        f"{key} is bound to {identifier}, which is no listed {kind}"
        for key, kind, identifier in _bound(environment)
        if not any(a.kind == kind and same(a.identifier, identifier) for a in assets)
    ) + tuple(_unlisted_account(environment, assets))


def _bound(environment: Environment) -> Iterator[tuple[str, str, str]]:
    for key, kind in _IDENTIFIERS:
        value = environment.get(key)
        if value is not None:
            yield key, kind, str(value)
    catalog = environment.get("uc.catalog")
    for alias, schema in (environment.get("uc.schemas") or {}).items():
        yield f"uc.schemas.{alias}", "uc", f"{catalog}.{schema}"
    for index, row in enumerate(environment.get("external_locations") or ()):
        yield f"external_locations[{index}]", "external_location", str(row.get("url"))


def _unlisted_account(environment: Environment, assets: Sequence[Asset]) -> Iterator[str]:
    account = environment.get("storage.account")
    listed = {a.identifier.rpartition("/")[2].lower() for a in assets if a.kind == "storage"}
    if account is not None and str(account).lower() not in listed:
        yield f"storage.account is bound to {account}, which is no listed storage"
