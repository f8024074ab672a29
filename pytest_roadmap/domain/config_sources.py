"""The live counterparts of bindings that a configuration must agree with, one read each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_roadmap.domain.config_values import SecretReference
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import (
    AssetMissingError,
    BlockedError,
    InconclusiveError,
)
from pytest_roadmap.domain.ports import AzurePort, WorkspacePort
from pytest_roadmap.domain.sight import require_sight


@dataclass
class Measurements:
    """Asks the platform for the measured value behind a binding, once each.

    A binding that is missing blocks, a platform that may not be read is refused; what does not
    exist is None.
    """

    environment: Environment
    workspace: WorkspacePort
    azure: AzurePort
    _known: dict[str, str | None] = field(default_factory=dict)
    _keys: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def value(self, source: str) -> str | None:
        """The measured value behind a binding; None where the service does not know the thing."""
        if source not in self._known:
            measure = next(read for start, read in _READERS if source.startswith(start))
            try:
                self._known[source] = measure(self, source)
            except AssetMissingError:
                self._known[source] = None
        return self._known[source]

    def reference_problem(self, reference: SecretReference) -> str:
        """Why a reference names no secret of the bound scope; empty if it does."""
        bound = str(self.environment.require("secrets.scope"))
        if reference.scope != bound:
            return f"scope {reference.scope} is not the handed-over scope {bound}"
        if self.value("secrets.scope") is None:
            return f"there is no scope {bound}"
        if reference.key not in self.secret_keys(bound):
            return f"scope {bound} holds no key {reference.key}"
        return ""

    def secret_keys(self, scope: str) -> tuple[str, ...]:
        """The names in a scope."""
        if scope not in self._keys:
            self._keys[scope] = tuple(self.workspace.secret_keys(scope))
        return self._keys[scope]

    def bound(self, key: str) -> str:
        """The value of a binding as text."""
        return str(self.environment.require(key))


def _host(at: Measurements, _source: str) -> str | None:
    return at.workspace.whoami().host


def _workspace_id(at: Measurements, _source: str) -> str | None:
    return at.workspace.whoami().workspace_id


def _workspace_resource(at: Measurements, source: str) -> str | None:
    return _text(at.azure.resource("A-DBX", at.bound(source)), "id")


def _subscription(at: Measurements, source: str) -> str | None:
    subscription = at.bound("azure.subscription_id")
    answer = at.azure.resource("A-SUB", f"/subscriptions/{subscription}")
    return _text(answer, "tenantId" if source.endswith("tenant_id") else "subscriptionId")


def _metastore(at: Measurements, _source: str) -> str | None:
    return _text(at.workspace.metastore(), "metastore_id")


def _catalog(at: Measurements, _source: str) -> str | None:
    return _text(at.workspace.securable("catalog", at.bound("uc.catalog")), "name")


def _schema(at: Measurements, source: str) -> str | None:
    full_name = f"{at.bound('uc.catalog')}.{at.bound(source)}"
    try:
        return _text(at.workspace.securable("schema", full_name), "name")
    except AssetMissingError:
        require_sight(at.workspace, full_name)
        raise


def _location(at: Measurements, source: str) -> str | None:
    _, name, part = source.split(".")
    rows = at.environment.require("external_locations")
    if name not in {str(row.get("name")) for row in rows}:
        key = f"external_locations[{name}]"
        raise BlockedError("missing_binding", key, f"bind {key}", owner="Platform")
    return _text(at.workspace.securable("external_location", name), part)


def _warehouse(at: Measurements, source: str) -> str | None:
    warehouse_id = at.bound(source)
    at.workspace.warehouse_state(warehouse_id)
    return warehouse_id


def _job(at: Measurements, source: str) -> str | None:
    number = at.bound(source)
    if not number.isdecimal():
        raise InconclusiveError("malformed_binding", f"{source} is {number}, expected a number")
    found = at.workspace.job(int(number)).get("job_id")
    return None if found is None else str(found)


def _principal(at: Measurements, source: str) -> str | None:
    return at.workspace.service_principal(at.bound(source)).application_id


def _scope(at: Measurements, source: str) -> str | None:
    name = at.bound(source)
    listed = (scope.get("name") for scope in at.workspace.secret_scopes())
    return next((str(each) for each in listed if each == name), None)


def _vault(at: Measurements, source: str) -> str | None:
    answer = at.azure.resource("A-KVM", at.bound("secrets.vault.resource_id"))
    if source.endswith("resource_id"):
        return _text(answer, "id")
    properties = answer.get("properties")
    return _text(properties if isinstance(properties, Mapping) else {}, "vaultUri")


#: The first start that fits a source is how it is read.
_READERS: tuple[tuple[str, Callable[[Measurements, str], str | None]], ...] = (
    ("workspace.host", _host),
    ("workspace.workspace_id", _workspace_id),
    ("workspace.azure_resource_id", _workspace_resource),
    ("azure.", _subscription),
    ("uc.metastore_id", _metastore),
    ("uc.catalog", _catalog),
    ("uc.schemas.", _schema),
    ("external_locations.", _location),
    ("warehouse.id", _warehouse),
    ("jobs.", _job),
    ("principals.", _principal),
    ("secrets.scope", _scope),
    ("secrets.vault.", _vault),
)


def _text(answer: Mapping[str, Any], key: str) -> str | None:
    value = answer.get(key)
    return value if isinstance(value, str) and value else None
