"""What must hold of a secret scope and of the secrets read through it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_roadmap.domain.assets import Asset
from pytest_roadmap.domain.documents import INVENTORY, load_inventory, read_locked_document
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.handoff import lock_problems
from pytest_roadmap.domain.hidden import HiddenText
from pytest_roadmap.domain.known_secrets import SecretRegistry
from pytest_roadmap.domain.outcome import (
    AccessRefusedError,
    AssetMissingError,
    BlockedError,
    InconclusiveError,
)
from pytest_roadmap.domain.ports import AzurePort, RepositoryPort, SecretsPort
from pytest_roadmap.domain.recording import Event

KEY_VAULT = "AZURE_KEYVAULT"
ROUTE = "get_secret"
_LEVELS = ("", "READ", "WRITE", "MANAGE")
_EVERYBODY = "users"
PLACEHOLDERS = ("", "changeme", "change-me", "tbd", "todo", "placeholder", "secret", "password")
_MALFORMED = "service_error(BAD_REQUEST)"


@dataclass(frozen=True, slots=True)
class ScopeInspection:
    """A scope as found: its entries in the list, its vault, its ACL; None for what is not there.

    ``acl`` is also None where the harness may not read it, which ``acl_refused`` then says.
    """

    name: str
    entries: tuple[Mapping[str, Any], ...]
    vault: Mapping[str, Any] | None
    acl: Mapping[str, str] | None
    acl_refused: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """What should have been handed over and does not exist."""
        scope = () if self.entries else (f"secret scope {self.name}",)
        return scope if self.vault is not None else (*scope, "the bound key vault")


def inspect_scope(
    workspace: SecretsPort, azure: AzurePort, environment: Environment
) -> ScopeInspection:
    """Read the bound scope (C-SCOPE) and the bound vault (A-KVM).

    Raises:
        BlockedError: not bound. AccessRefusedError: the harness may not read the vault.
    """
    name = str(environment.require("secrets.scope"))
    vault_id = str(environment.require("secrets.vault.resource_id"))
    entries = tuple(s for s in workspace.secret_scopes() if s.get("name") == name)
    try:
        vault: Mapping[str, Any] | None = azure.resource("A-KVM", vault_id)
    except AssetMissingError:
        vault = None
    if not entries:
        return ScopeInspection(name, entries, vault, None)
    try:
        return ScopeInspection(name, entries, vault, workspace.secret_acl(name))
    except AccessRefusedError as refusal:
        return ScopeInspection(name, entries, vault, None, str(refusal))


def handed_over(
    repository: RepositoryPort, environment: Environment, kind: str, identifier: str
) -> Asset | None:
    """The line of the inventory for this asset; ARM ids compare without case."""
    assets = load_inventory(repository, INVENTORY).of(environment.name)
    wanted = identifier.lower()
    return next((a for a in assets if a.kind == kind and a.identifier.lower() == wanted), None)


def backing_problems(
    inspection: ScopeInspection, environment: Environment, handed: Asset | None
) -> tuple[str, ...]:
    """Why the scope is not backed by exactly the vault that is bound and was handed over."""
    if len(inspection.entries) != 1:
        return (f"{len(inspection.entries)} scopes are named {inspection.name}, expected one",)
    if handed is None:
        return (f"the inventory does not list the secret scope {inspection.name}",)
    entry = inspection.entries[0]
    metadata = entry.get("keyvault_metadata") or {}
    backend = entry.get("backend_type")
    problems = [] if backend == KEY_VAULT else [f"the scope is backed by {backend}"]
    sources = (
        ("the binding", environment.get("secrets.vault") or {}, "resource_id"),
        (
            "the inventory",
            {f.name: f.value for f in handed.fields},
            "vault_resource_id",
        ),
    )
    for source, values, id_name in sources:
        for field, key, form in (("resource_id", id_name, _arm), ("dns_name", "dns_name", _host)):
            observed, expected = metadata.get(field), values.get(key)
            if form(observed) != form(expected):
                problems.append(f"{field} is {observed}, {source} has {expected}")
    return tuple(problems)


def vault_problems(inspection: ScopeInspection) -> tuple[str, ...]:
    """What the vault lacks: protection against deletion, and a way in for the service."""
    if inspection.vault is None:
        return ("the vault does not exist",)
    properties = inspection.vault.get("properties") or {}
    return tuple(_vault_problems(properties))


def _vault_problems(properties: Mapping[str, Any]) -> Iterator[str]:
    # Soft delete is on for every vault and cannot be switched off: only an explicit no counts.
    if properties.get("enableSoftDelete") is False:
        yield "soft delete is off"
    if properties.get("enablePurgeProtection") is not True:
        yield "purge protection is off"
    private = any(
        _status(connection) == "Approved"
        for connection in properties.get("privateEndpointConnections") or ()
    )
    rules = properties.get("networkAcls") or {}
    closed = (
        rules.get("defaultAction") == "Deny" or properties.get("publicNetworkAccess") == "Disabled"
    )
    if closed and rules.get("bypass", "AzureServices") != "AzureServices" and not private:
        yield "it is closed to everybody: no bypass for Azure services and no private endpoint"


def _status(connection: Mapping[str, Any]) -> Any:
    properties = connection.get("properties") or {}
    return (properties.get("privateLinkServiceConnectionState") or {}).get("status")


def acl_problems(inspection: ScopeInspection, environment: Environment) -> tuple[str, ...]:
    """Where the ACL of the scope gives a bound principal another level than agreed.

    An ACL that could not be read has no problems here; reading a secret then proves READ.
    """
    if inspection.acl is None:
        return ()
    agreed = environment.get("secrets.read_acl") or {"pipeline_sp": "READ"}
    problems = []
    for alias, level in agreed.items():
        names = _names_of(environment, str(alias))
        held = max(
            (str(inspection.acl.get(name, "")) for name in names),
            key=lambda value: _LEVELS.index(value) if value in _LEVELS else len(_LEVELS),
        )
        if held != level:
            problems.append(f"{alias} has {held or 'nothing'} on the scope, agreed is {level}")
    return tuple(problems)


def _names_of(environment: Environment, alias: str) -> tuple[str, ...]:
    binding = environment.require(f"principals.{alias}")
    own = str(binding.get("application_id") or binding.get("user_name"))
    return (own, *(str(g) for g in binding.get("groups") or ()), _EVERYBODY)


def _arm(value: Any) -> str:
    return str(value or "").strip().rstrip("/").lower()


def _host(value: Any) -> str:
    return _arm(value).removeprefix("https://")


@dataclass(frozen=True, slots=True)
class SecretPolicy:
    """What is agreed for one required secret."""

    name: str
    min_length: int = 1
    rotation_days: int = 90
    min_days_to_expiry: int = 0
    overlap_days: int = 7


def bound_secrets(environment: Environment) -> tuple[SecretPolicy, ...]:
    """The required secrets.

    Raises:
        BlockedError: none is bound.
    """
    rows = environment.require("secrets.keys")
    return tuple(SecretPolicy(**{str(k): v for k, v in row.items()}) for row in rows)


@dataclass(frozen=True, slots=True)
class SecretReading:
    """What reading one secret twice gave; ``status`` is the one of the service.

    ``judged`` holds the facts where the service judged the value and did not hand it out.
    """

    policy: SecretPolicy
    status: int
    values: tuple[HiddenText, ...] = ()
    refusal: str = ""
    route: str = ROUTE
    judged: Mapping[str, bool] | None = None

    @property
    def facts(self) -> dict[str, bool]:
        """The only things about a value that may be known: yes or no."""
        if self.judged is not None:
            return dict(self.judged)
        first = self.values[0] if self.values else HiddenText("")
        blanks = {HiddenText(text) for text in (*PLACEHOLDERS, self.policy.name.lower())}
        return {
            "present": bool(self.values),
            "length_ok": len(first) >= self.policy.min_length,
            "two_reads_equal": len(set(self.values)) == 1,
            "no_placeholder": HiddenText(first.reveal().strip().lower()) not in blanks,
        }


Fallback = Callable[[str, SecretPolicy], SecretReading]


def read_secrets(
    subject: SecretsPort,
    scope: str,
    policies: Sequence[SecretPolicy],
    fallback: Fallback | None = None,
) -> tuple[SecretReading, ...]:
    """Read each secret twice as the subject (C-SECRET, route 1).

    ``fallback`` is asked where the service serves no value outside a notebook.

    Raises:
        BlockedError: the service serves no value outside a notebook.
        InconclusiveError: it failed otherwise.
    """
    try:
        names = subject.secret_keys(scope)
    except AccessRefusedError as refusal:
        return tuple(_refused(policy, refusal) for policy in policies)
    except AssetMissingError as missing:
        return tuple(SecretReading(p, 404, refusal=str(missing)) for p in policies)
    return tuple(_read(subject, scope, policy, names, fallback) for policy in policies)


def _read(
    subject: SecretsPort,
    scope: str,
    policy: SecretPolicy,
    names: Sequence[str],
    fallback: Fallback | None,
) -> SecretReading:
    if policy.name not in names:
        return SecretReading(policy, 404, refusal="the scope does not list it")
    try:
        values = tuple(subject.secret_value(scope, policy.name) for _ in range(2))
    except AccessRefusedError as refusal:
        return _refused(policy, refusal)
    except InconclusiveError as failure:
        if failure.reason != _MALFORMED:
            raise
        if fallback is None:
            raise no_route() from failure
        return fallback(scope, policy)
    return SecretReading(policy, 200, values)


def no_route() -> BlockedError:
    """Neither route is open; the third is a probe job that runs as the principal."""
    return BlockedError(
        "missing_tool",
        "probe job",
        "the service reads no secret outside a notebook, and there is no probe job to read it",
        owner="DataEng",
    )


def _refused(policy: SecretPolicy, refusal: AccessRefusedError) -> SecretReading:
    return SecretReading(policy, refusal.status, refusal=str(refusal))


def require_accepted_vault(
    repository: RepositoryPort, environment: Environment, readings: Iterable[SecretReading]
) -> None:
    """A refused read blames nobody before the vault is accepted in the locked inventory.

    Raises:
        BlockedError: something was refused, and the vault is not accepted yet.
    """
    refused = [reading for reading in readings if reading.status in (401, 403)]
    if not refused:
        return
    vault_id = str(environment.require("secrets.vault.resource_id"))
    listed = handed_over(repository, environment, "key_vault", vault_id)
    if listed is None or lock_problems(read_locked_document(repository, INVENTORY)):
        raise BlockedError("access_not_granted", vault_id, refused[0].refusal, owner="Infra")


def disclosure_problems(
    readings: Iterable[SecretReading], events: Iterable[Event], facts: Mapping[str, Any]
) -> tuple[str, ...]:
    """Where a value that was read stands in what the scenario is about to write, in any encoding.

    Values shorter than the redactor can know are refused by their length already.
    """
    values = {
        reading.policy.name: SecretRegistry(value.reveal() for value in reading.values)
        for reading in readings
    }
    texts = [(f"event {n} ({e.step})", dict(e.body)) for n, e in enumerate(events, 1)]
    texts.append(("the facts of the record", dict(facts)))
    return tuple(
        f"{place} holds the value of {name}"
        for place, body in texts
        for name, registry in values.items()
        if registry.occurs_in(json.dumps(body, default=str, ensure_ascii=False))
    )
