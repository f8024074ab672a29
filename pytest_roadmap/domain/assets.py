"""The handed-over assets: what an inventory says, and whether it is complete and well formed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_roadmap.domain.environment import is_placeholder
from pytest_roadmap.domain.identifiers import (
    NORMALISATIONS,
    is_arm_id,
    is_dotted_name,
    is_guid,
    is_workspace_url,
    normalise,
    storage_path,
)

#: The six kinds that a handover must list.
REQUIRED_KINDS = (
    "workspace",
    "storage",
    "uc",
    "external_location",
    "key_vault",
    "service_principal",
)
_ITEM_KEYS = ("kind", "environment", "identifier", "owner_team", "access_principal", "contact")
#: Control, format, surrogate, private, unassigned, line and paragraph separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: Letters by category that are drawn as nothing (the Hangul fillers).
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")
_PLACEHOLDERS = frozenset({"TBD", "TODO", "미정", "추후", "XXX", "-", "N/A", "?"})

_GRAMMARS: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "workspace": (
        "the ARM id of a Microsoft.Databricks/workspaces",
        lambda text: is_arm_id(text, "Microsoft.Databricks/workspaces"),
    ),
    "storage": (
        "the ARM id of a Microsoft.Storage/storageAccounts",
        lambda text: is_arm_id(text, "Microsoft.Storage/storageAccounts"),
    ),
    "key_vault": (
        "the ARM id of a Microsoft.KeyVault/vaults",
        lambda text: is_arm_id(text, "Microsoft.KeyVault/vaults"),
    ),
    "uc": (
        "a metastore GUID, a catalog or a catalog.schema",
        lambda text: is_guid(text) or is_dotted_name(text, (1, 2)),
    ),
    "external_location": (
        "abfss://<container>@<account>.dfs.core.windows.net/…",
        lambda text: storage_path(text) is not None,
    ),
    "service_principal": ("an application id (GUID)", is_guid),
    "secret_scope": ("the name of a secret scope", lambda text: is_dotted_name(text, (1, 2, 3))),
}
_FIELD_GRAMMARS: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "workspace_url": ("https://adb-….azuredatabricks.net", is_workspace_url),
    "vault_resource_id": (
        "the ARM id of a Microsoft.KeyVault/vaults",
        lambda text: is_arm_id(text, "Microsoft.KeyVault/vaults"),
    ),
}


@dataclass(frozen=True, slots=True)
class AssetField:
    """One recorded property; ``verify`` demands its comparison, ``as_set`` ignores list order."""

    name: str
    value: Any
    verify: bool
    as_set: bool = False


@dataclass(frozen=True, slots=True)
class Asset:
    """One line of the inventory."""

    kind: str
    environment: str
    identifier: str
    owner_team: str
    access_principal: str
    contact: str
    fields: tuple[AssetField, ...] = ()

    @property
    def name(self) -> str:
        """How messages speak of the asset."""
        return f"{self.kind} {self.identifier}"

    def value(self, field_name: str) -> Any:
        """The recorded value of a field, or None."""
        return next((f.value for f in self.fields if f.name == field_name), None)

    @property
    def verified(self) -> tuple[AssetField, ...]:
        """The fields whose comparison is demanded."""
        return tuple(f for f in self.fields if f.verify)


@dataclass(frozen=True, slots=True)
class Inventory:
    """The handed-over assets in document order, and what could not be read as one."""

    assets: tuple[Asset, ...]
    problems: tuple[str, ...] = ()

    def of(self, environment: str) -> tuple[Asset, ...]:
        """The assets of one environment."""
        return tuple(asset for asset in self.assets if asset.environment == environment)


def read_inventory(data: Any) -> Inventory:
    """The inventory in plain values as assets; whatever is no item becomes a problem."""
    items = data.get("assets") if isinstance(data, Mapping) else None
    if not isinstance(items, list) or not items:
        return Inventory((), ("the inventory has no list of assets",))
    mappings = [(n, item) for n, item in enumerate(items, 1) if isinstance(item, Mapping)]
    strangers = len(items) - len(mappings)
    problems = [f"{strangers} entries of the list are no assets"] if strangers else []
    for number, item in mappings:
        problems += [f"item {number}: {problem}" for problem in _shape_problems(item)]
    return Inventory(tuple(_asset(item) for _, item in mappings), tuple(problems))


def _asset(item: Mapping[str, Any]) -> Asset:
    text = {key: "" if item.get(key) is None else str(item[key]) for key in _ITEM_KEYS}
    fields = item.get("fields")
    declared = fields.items() if isinstance(fields, Mapping) else ()
    return Asset(**text, fields=tuple(_field(str(name), spec) for name, spec in declared))


def _field(name: str, spec: Any) -> AssetField:
    if not isinstance(spec, Mapping):
        return AssetField(name, spec, verify=False)
    return AssetField(
        name, spec.get("value"), verify=spec.get("verify") is True, as_set=spec.get("as") == "set"
    )


def _shape_problems(item: Mapping[str, Any]) -> Iterator[str]:
    for key in _ITEM_KEYS:
        if key not in item or item[key] is None or not str(item[key]).strip():
            yield f"has no {key}"


def form_problems(inventory: Inventory) -> tuple[str, ...]:
    """Why the inventory is not well formed: placeholders, malformed or repeated identifiers."""
    problems = list(inventory.problems)
    for asset in inventory.assets:
        problems += [f"{asset.name}: {problem}" for problem in _asset_problems(asset)]
    return tuple(problems)


def _asset_problems(asset: Asset) -> Iterator[str]:
    for key in _ITEM_KEYS:
        value = getattr(asset, key)
        if _is_open(value):
            yield f"{key} is still open ({value})"
        if _has_hidden(value):
            yield f"{key} has characters that nobody sees ({value!a})"
    grammar = _GRAMMARS.get(asset.kind)
    if grammar is None:
        yield f"{asset.kind} is no known kind of asset"
    elif not grammar[1](asset.identifier):
        yield f"the identifier is not {grammar[0]}"
    if not asset.verified:
        yield "no field is marked verify: true, so nothing about it could differ"
    for field in asset.fields:
        yield from _field_problems(field)


def _field_problems(field: AssetField) -> Iterator[str]:
    form = _FIELD_GRAMMARS.get(field.name)
    if _is_open(field.value) or field.value is None:
        yield f"{field.name} is still open ({field.value})"
    elif _has_hidden(field.value):
        yield f"{field.name} has characters that nobody sees ({field.value!a})"
    elif form is not None and not form[1](str(field.value)):
        yield f"{field.name} is not {form[0]} ({field.value})"


def _is_open(value: Any) -> bool:
    """Whether the value, or one of a list, is not filled in; an absent one is reported apart."""
    if isinstance(value, list):
        return any(item is None or item == "" or _is_open(item) for item in value)
    if not isinstance(value, str) or not value:
        return False
    return is_placeholder(value) or value.strip().upper() in _PLACEHOLDERS


def _has_hidden(value: Any) -> bool:
    """Whether a text, or one of a list, has control, format or other invisible characters."""
    if isinstance(value, list):
        return any(_has_hidden(item) for item in value)
    return isinstance(value, str) and any(
        unicodedata.category(char) in _HIDDEN or char in _BLANK_LETTERS for char in value
    )


def listing_problems(inventory: Inventory, environment: str) -> tuple[str, ...]:
    """Why the list of one environment is incomplete or says two things of one asset."""
    listed = inventory.of(environment)
    kinds = {asset.kind for asset in listed}
    problems = [
        f"no {kind} is listed for {environment}" for kind in REQUIRED_KINDS if kind not in kinds
    ]
    problems += [f"{a.name} is listed without {k}" for a in listed for k in _unnamed(a)]
    return tuple(problems + list(_repeated(inventory.assets)))


def _unnamed(asset: Asset) -> Iterator[str]:
    yield from (k for k in ("owner_team", "access_principal", "contact") if not getattr(asset, k))


def _repeated(assets: Iterable[Asset]) -> Iterator[str]:
    seen: dict[tuple[str, str, str], Asset] = {}
    for asset in assets:
        identifier = str(normalise(asset.identifier, NORMALISATIONS)).casefold()
        first = seen.setdefault((asset.kind, asset.environment, identifier), asset)
        if first is not asset:
            owners = sorted({first.owner_team, asset.owner_team})
            yield f"{asset.name} is listed twice, owned by {' and '.join(owners)}"


def counts_by_kind(assets: Iterable[Asset]) -> Mapping[str, int]:
    """How many assets of each kind there are, in order of first appearance."""
    counts: dict[str, int] = {}
    for asset in assets:
        counts[asset.kind] = counts.get(asset.kind, 0) + 1
    return counts
