"""The two ways to reach a platform: an embedded cloud by its connection, a real one by its file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from pytest_roadmap.adapters.azure import (
    Azure,
    AzureConnection,
    AzureEndpoints,
    AzureLimits,
    KeyVault,
    LoopbackCredential,
    VaultConnection,
)
from pytest_roadmap.adapters.databricks import (
    DatabricksWorkspace,
    Limits,
    WorkspaceConnection,
    connect_workspace,
)
from pytest_roadmap.composition.answers import note_embedded, refuse_embedded, refuse_unsupported
from pytest_roadmap.composition.cloud import checked_connection
from pytest_roadmap.composition.credentials import (
    Machine,
    Selector,
    azure_login,
    databricks_login,
    known_values,
    process_machine,
    selector_of,
)
from pytest_roadmap.composition.trust import note_host
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.recording import Recorder

HARNESS = "harness"


class Platform(Protocol):
    """Clients of one environment, each signed in once and shared by all scenarios."""

    def workspace(self, alias: str, recorder: Recorder) -> DatabricksWorkspace:
        """The workspace as ``harness`` or as a subject sees it."""

    def azure(self, recorder: Recorder) -> Azure:
        """Azure as the harness sees it."""

    def vault(self, recorder: Recorder) -> KeyVault:
        """The bound vault as the harness sees it."""

    def audit_login(self) -> Mapping[str, str]:
        """The variables an audit script signs in with."""


class _Kept:
    """Connections by name, each made once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[str, Any] = {}

    def get(self, name: str, make: Callable[[], Any]) -> Any:
        with self._lock:
            if name not in self._made:
                self._made[name] = make()
            return self._made[name]


class EmbeddedPlatform:
    """Tokens, addresses and authority come from the server; no real credential is looked for."""

    def __init__(
        self,
        environment: Environment,
        connection: Mapping[str, Any],
        keep_secret: Callable[[str], None],
    ) -> None:
        self._environment = environment
        self._keep_secret = keep_secret
        self._connection = checked_connection(connection)
        self._tokens: Mapping[str, str] = self._connection["tokens"]
        self._host = str(self._connection["databricks_url"])
        self._kept = _Kept()

    def workspace(self, alias: str, recorder: Recorder) -> DatabricksWorkspace:
        """The workspace with the token the server handed out for this role."""
        token = self._token(alias)
        limits = Limits(
            retry_s=6,
            http_s=20,
            wait_s=10,
            statement_s=float(self._environment.get("warehouse.statement_timeout_s", 60)),
        )
        made: WorkspaceConnection = self._kept.get(
            f"workspace {alias}",
            lambda: connect_workspace(
                self._host,
                {"auth_type": "pat", "token": token},
                identity=alias,
                answer_check=note_embedded,
                error_check=refuse_unsupported,
                limits=limits,
                trust_env=False,
            ),
        )
        return DatabricksWorkspace(made, recorder, self._keep_secret)

    def azure(self, recorder: Recorder) -> Azure:
        """The Azure side, over TLS that trusts the server's own authority and no other."""
        url = str(self._connection["azure_url"]).rstrip("/")
        made: AzureConnection = self._kept.get(
            "azure",
            lambda: AzureConnection(
                LoopbackCredential(self._token(HARNESS)),
                AzureEndpoints(arm=url, dfs=f"{url}/_dfs/{{account}}"),
                answer_check=note_embedded,
                ca_file=str(self._connection["ca_file"]),
                limits=AzureLimits(retry_s=6, http_s=20),
            ),
        )
        return Azure(made, recorder, probe_prefixes(self._environment))

    def vault(self, recorder: Recorder) -> KeyVault:
        """The embedded vault of the bound name, which answers below one host for all vaults."""
        name = urlsplit(bound_vault(self._environment)).hostname or ""
        url = str(self._connection["azure_url"]).rstrip("/")
        made: VaultConnection = self._kept.get(
            "vault",
            lambda: VaultConnection(
                f"{url}/_vault/{name.partition('.')[0]}",
                LoopbackCredential(self._token(HARNESS)),
                answer_check=note_embedded,
                ca_file=str(self._connection["ca_file"]),
                limits=AzureLimits(retry_s=6, http_s=20),
                # The server names another host in its challenge than the vault's.
                verify_challenge=False,
            ),
        )
        return KeyVault(made, recorder, canary_of(self._environment), self._keep_secret)

    def audit_login(self) -> Mapping[str, str]:
        """The harness role on both sides."""
        return {
            "DATABRICKS_HOST": self._host,
            "DATABRICKS_TOKEN": self._token(HARNESS),
            "ARM_ENDPOINT": str(self._connection["azure_url"]),
            "ARM_TOKEN": self._token(HARNESS),
            "SSL_CERT_FILE": str(self._connection["ca_file"]),
            # Harness, server, people and script share one clock.
            "AUDIT_CLOCK_OFFSET_S": str(self._connection.get("clock_offset_s") or 0),
        }

    def _token(self, alias: str) -> str:
        if alias not in self._tokens:
            key = f"auth.subjects.{alias}.credential_ref"
            raise BlockedError("missing_binding", key, f"the embedded cloud has no role {alias}")
        return self._tokens[alias]


class RealPlatform:
    """Everything comes from the environment file and the SDKs' own authentication."""

    def __init__(
        self,
        environment: Environment,
        root: Path,
        keep_secret: Callable[[str], None],
        *,
        sign_in_to_azure: Callable[[Selector, Machine], Any] = azure_login,
    ) -> None:
        self._environment = environment
        self._keep_secret = keep_secret
        self._sign_in_to_azure = sign_in_to_azure
        self._machine = process_machine(root, keep_secret)
        self._kept = _Kept()
        known_values(environment, self._machine)

    def workspace(self, alias: str, recorder: Recorder) -> DatabricksWorkspace:
        """The workspace with the credential the file selects for this identity."""
        made = self._connected(alias)
        verified = not made.client.config.skip_verify
        note_host(recorder, made.host, self._machine.environ, verified=verified)
        return DatabricksWorkspace(made, recorder, self._keep_secret)

    def azure(self, recorder: Recorder) -> Azure:
        """Azure with the harness credential."""
        made = self._arm()[0]
        note_host(recorder, made.endpoints.arm, self._machine.environ)
        return Azure(made, recorder, probe_prefixes(self._environment))

    def vault(self, recorder: Recorder) -> KeyVault:
        """The bound vault with the harness credential."""
        url = bound_vault(self._environment)
        made: VaultConnection = self._kept.get(
            "vault",
            lambda: VaultConnection(url, self._arm()[1], answer_check=refuse_embedded("vault")),
        )
        note_host(recorder, url, self._machine.environ)
        return KeyVault(made, recorder, canary_of(self._environment), self._keep_secret)

    def audit_login(self) -> Mapping[str, str]:
        """Short-lived tokens of the harness identity."""
        config = self._connected(HARNESS).client.config
        token = config.authenticate().get("Authorization", "").removeprefix("Bearer ")
        connection, credential = self._arm()
        endpoints = connection.endpoints
        arm_token = str(credential.get_token(endpoints.arm_scope).token)
        for value in (token, arm_token):
            self._keep_secret(value)
        return {
            "DATABRICKS_HOST": str(self._environment.require("workspace.host")),
            "DATABRICKS_TOKEN": token,
            "ARM_ENDPOINT": endpoints.arm,
            "ARM_TOKEN": arm_token,
        }

    def _connected(self, alias: str) -> WorkspaceConnection:
        key = f"auth.{HARNESS}" if alias == HARNESS else f"auth.subjects.{alias}"

        def connect() -> WorkspaceConnection:
            host = str(self._environment.require("workspace.host"))
            login = databricks_login(selector_of(self._environment, key), self._machine)
            limit = float(self._environment.get("warehouse.statement_timeout_s", 1800))
            return connect_workspace(
                host,
                login,
                identity=alias,
                answer_check=refuse_embedded("workspace"),
                error_check=refuse_unsupported,
                limits=Limits(statement_s=limit),
            )

        made: WorkspaceConnection = self._kept.get(f"workspace {alias}", connect)
        return made

    def _arm(self) -> tuple[AzureConnection, Any]:
        def connect() -> tuple[AzureConnection, Any]:
            selector = selector_of(self._environment, f"auth.{HARNESS}")
            credential = self._sign_in_to_azure(selector, self._machine)
            check = refuse_embedded("azure")
            return AzureConnection(credential, self._endpoints(), answer_check=check), credential

        made: tuple[AzureConnection, Any] = self._kept.get("azure", connect)
        return made

    def _endpoints(self) -> AzureEndpoints:
        public = AzureEndpoints()
        arm = str(self._environment.get("azure.endpoints.arm") or public.arm).rstrip("/")
        dfs = str(self._environment.get("azure.endpoints.dfs") or public.dfs).rstrip("/")
        return AzureEndpoints(arm=arm, arm_scope=f"{arm}/.default", dfs=dfs)


def bound_vault(environment: Environment) -> str:
    """The address of the bound vault, always over TLS.

    Raises:
        BlockedError: it is not bound.
        InconclusiveError: it is no https address, so the token would go somewhere else.
    """
    address = str(environment.require("secrets.vault.dns_name"))
    parts = urlsplit(address if "://" in address else f"https://{address}")
    if parts.scheme != "https" or not parts.hostname:
        raise InconclusiveError("malformed_binding", "secrets.vault.dns_name is no https address")
    return f"https://{parts.netloc}"


def canary_of(environment: Environment) -> str:
    """The only secret that may be rotated; empty where it is unbound or also a required secret."""
    name = str(environment.get("secrets.canary_key") or "")
    used = {str(row.get("name")) for row in environment.get("secrets.keys") or ()}
    return "" if name in used else name


def probe_prefixes(environment: Environment) -> tuple[str, ...]:
    """The directory names the harness owns, from the bound external locations."""
    locations = environment.get("external_locations") or ()
    return tuple(str(row["probe_prefix"]) for row in locations if row.get("probe_prefix"))
