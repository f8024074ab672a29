"""The map of the configuration: which key of it must agree with which measured value, and how."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SCHEMA = "roadmap-config-map/1"


class ConfigMapError(Exception):
    """The map cannot be used; one sentence that says which row, and what is expected there."""


class Comparator(StrEnum):
    """How a configured value is held against the measured one."""

    #: The same characters.
    EXACT = "exact"
    #: The same thing: letter case of ids and hosts and a last slash do not matter.
    SAME = "same"
    #: A place at or below the measured address.
    INSIDE = "inside"
    #: No value, but the name of a secret that exists in the bound scope.
    REFERENCE = "reference"


#: What a configuration must agree in (the DoD's own list).
AREAS = ("host", "id", "catalog", "external location", "base path", "secret")

_NAMES_OF_SECRETS = "secrets.keys"
#: Form of a source, and the area its values belong to.
_SOURCES = tuple(
    (re.compile(pattern), area)
    for pattern, area in (
        (r"workspace\.host", "host"),
        (r"secrets\.vault\.dns_name", "host"),
        (r"workspace\.(workspace_id|azure_resource_id)", "id"),
        (r"azure\.(tenant_id|subscription_id)", "id"),
        (r"uc\.metastore_id", "id"),
        (r"warehouse\.id", "id"),
        (r"principals\.\w+\.application_id", "id"),
        (r"jobs\.\w+\.id", "id"),
        (r"secrets\.vault\.resource_id", "id"),
        (r"uc\.catalog", "catalog"),
        (r"uc\.schemas\.\w+", "schema"),
        (r"external_locations\.[\w-]+\.(name|url)", "external location"),
        (r"secrets\.scope", "secret"),
        (r"secrets\.keys", "secret"),
    )
)
_KNOWN = (
    "workspace.host, .workspace_id, .azure_resource_id, azure.tenant_id, .subscription_id, "
    "uc.metastore_id, uc.catalog, uc.schemas.<alias>, external_locations.<name>.name, .url, "
    "warehouse.id, jobs.<alias>.id, principals.<alias>.application_id, secrets.scope, "
    "secrets.keys, secrets.vault.resource_id, .dns_name"
)
_KEYS = ("config_path", "observed", "comparator", "required")


@dataclass(frozen=True, slots=True)
class ConfigRow:
    """One key of the configuration and the binding whose live counterpart it must agree with."""

    config_path: str
    observed: str
    comparator: Comparator
    required: bool
    area: str


def read_config_map(data: Any) -> tuple[ConfigRow, ...]:
    """The rows of a map.

    Raises:
        ConfigMapError: the values are no map, or one of its rows is none.
    """
    if not isinstance(data, Mapping) or set(data) != {"schema", "rows"}:
        raise ConfigMapError("expected the keys schema and rows")
    if data["schema"] != SCHEMA:
        raise ConfigMapError(f"schema is {data['schema']!r}, expected {SCHEMA}")
    if not isinstance(data["rows"], list) or not data["rows"]:
        raise ConfigMapError("rows must be a list with at least one row")
    rows = tuple(_row(number, row) for number, row in enumerate(data["rows"], 1))
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        if row.config_path in seen:
            raise ConfigMapError(f"row {number}: {row.config_path} is mapped twice, expected once")
        seen.add(row.config_path)
    return rows


def _row(number: int, row: Any) -> ConfigRow:
    if not isinstance(row, Mapping) or not set(row) <= set(_KEYS):
        raise ConfigMapError(f"row {number}: expected the keys {', '.join(_KEYS)}")
    path, observed = (_text(number, row, key) for key in ("config_path", "observed"))
    required = row.get("required", True)
    if not isinstance(required, bool):
        raise ConfigMapError(f"row {number}: required is {required!r}, expected true or false")
    try:
        comparator = Comparator(_text(number, row, "comparator"))
    except ValueError as error:
        raise ConfigMapError(
            f"row {number}: comparator is {row['comparator']!r}, "
            f"expected one of {', '.join(Comparator)}"
        ) from error
    area = next((area for form, area in _SOURCES if form.fullmatch(observed)), None)
    if area is None:
        raise ConfigMapError(f"row {number}: observed is {observed!r}, expected one of {_KNOWN}")
    return ConfigRow(
        path, observed, comparator, required, _fitting(number, observed, comparator, area)
    )


def _text(number: int, row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ConfigMapError(f"row {number}: {key} is {value!r}, expected text")
    return value


def _fitting(number: int, observed: str, comparator: Comparator, area: str) -> str:
    """The area of the row; a path below an address is a base path."""
    if (comparator is Comparator.REFERENCE) != (observed == _NAMES_OF_SECRETS):
        raise ConfigMapError(
            f"row {number}: the comparator reference and the source {_NAMES_OF_SECRETS} "
            "are expected together"
        )
    if comparator is not Comparator.INSIDE:
        return area
    if not observed.endswith(".url"):
        raise ConfigMapError(
            f"row {number}: the comparator inside is expected with the url of an external location"
        )
    return "base path"
