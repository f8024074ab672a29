"""From a credential selector to what the two SDK families sign in with.

A selector names where a secret is; it is never the secret. Everything here ends in the SDKs' own
authentication. Source: databricks-sdk 0.162.0 auth types, azure-identity 1.27.0.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError

_OWNER = "Platform"
_GITHUB_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
_GITHUB_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105 (the name of a variable)
_AUDIENCE = "api://AzureADTokenExchange"
_PAT_PREFIX = "dapi"
_MAX_SECRET_FILE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Selector:
    """``auth.<who>`` of an environment file: the selector, and who signs in where."""

    key: str
    reference: str
    client_id: str | None
    tenant_id: str | None
    workspace_id: str | None
    authority: str | None

    @property
    def setting(self) -> str:
        """The key that people have to change."""
        return f"{self.key}.credential_ref"


@dataclass(frozen=True, slots=True)
class Machine:
    """What of this machine a selector may look at."""

    environ: Mapping[str, str]
    repository: Path
    #: Told every secret value that is read, before it is used.
    keep_secret: Callable[[str], None]
    find_program: Callable[[str], str | None] = shutil.which


def selector_of(environment: Environment, key: str) -> Selector:
    """The selector under ``auth.harness`` or ``auth.subjects.<alias>``.

    Raises:
        BlockedError: it is not bound.
    """
    return Selector(
        key=key,
        reference=str(environment.require(f"{key}.credential_ref")),
        client_id=environment.get(f"{key}.client_id"),
        tenant_id=environment.get("azure.tenant_id"),
        workspace_id=environment.get("workspace.azure_resource_id"),
        authority=environment.get("azure.authority"),
    )


def databricks_login(selector: Selector, machine: Machine) -> dict[str, Any]:
    """Keyword arguments of the SDK's ``Config``, with an explicit ``auth_type``.

    Raises:
        BlockedError: the selector leads to nothing; the sentence names what to set.
    """
    kind = selector.reference.partition(":")[0]
    if kind == "default":
        return _default_databricks(selector, machine)
    if kind == "azure-cli":
        return _azure("azure-cli", selector)
    if kind == "github-oidc":
        _require_client(selector)
        return _azure("github-oidc-azure", selector) | {"azure_client_id": selector.client_id}
    value = secret_value(selector, machine)
    if selector.client_id is None or value.startswith(_PAT_PREFIX):
        return {"auth_type": "pat", "token": value}
    return _azure("azure-client-secret", selector) | {
        "azure_client_id": selector.client_id,
        "azure_client_secret": value,
    }


def azure_login(selector: Selector, machine: Machine) -> Any:
    """A credential of azure-identity.

    Raises:
        BlockedError: the selector leads to nothing; the sentence names what to set.
    """
    kind = selector.reference.partition(":")[0]
    if kind == "default":
        return _default_azure(selector, machine)
    if kind == "azure-cli":
        return _cli_credential(selector)
    if kind == "github-oidc":
        return _github_credential(selector, machine)
    _require_client(selector)
    value = secret_value(selector, machine)
    return _secret_credential(selector, str(selector.client_id), value)


def secret_value(selector: Selector, machine: Machine) -> str:
    """The value that ``env:NAME`` or ``file:PATH`` selects.

    Raises:
        BlockedError: nothing is there. InconclusiveError: a file inside the repository.
    """
    kind, _, name = selector.reference.partition(":")
    if kind == "env":
        value = machine.environ.get(name, "").strip()
        if not value:
            raise _absent(selector, f"the environment variable {name} is not set")
    else:
        value = _file_value(selector, machine, name)
    machine.keep_secret(value)
    return value


def known_values(environment: Environment, machine: Machine) -> None:
    """Register the secrets that selectors reach already, so that no record can hold one."""
    subjects = environment.get("auth.subjects") or {}
    for key in ("auth.harness", *(f"auth.subjects.{alias}" for alias in subjects)):
        reference = str(environment.get(f"{key}.credential_ref") or "")
        if reference.startswith("env:"):
            machine.keep_secret(machine.environ.get(reference[4:], "").strip())
    for name in ("DATABRICKS_TOKEN", "DATABRICKS_CLIENT_SECRET", "ARM_CLIENT_SECRET"):
        machine.keep_secret(machine.environ.get(name, ""))
    for name in ("AZURE_CLIENT_SECRET", _GITHUB_TOKEN):
        machine.keep_secret(machine.environ.get(name, ""))


def _default_databricks(selector: Selector, machine: Machine) -> dict[str, Any]:
    """The SDK's own order, decided beforehand so that nothing is tried over the network."""
    has = machine.environ.get
    if has("DATABRICKS_AUTH_TYPE"):
        return {"auth_type": has("DATABRICKS_AUTH_TYPE")}
    if has("DATABRICKS_TOKEN"):
        return {"auth_type": "pat"}
    if has("DATABRICKS_CLIENT_ID") and has("DATABRICKS_CLIENT_SECRET"):
        return {"auth_type": "oauth-m2m"}
    if has("ARM_CLIENT_ID") and has("ARM_CLIENT_SECRET"):
        return _azure("azure-client-secret", selector)
    if has(_GITHUB_URL) and (selector.client_id or has("ARM_CLIENT_ID")):
        client_id = selector.client_id or has("ARM_CLIENT_ID")
        return _azure("github-oidc-azure", selector) | {"azure_client_id": client_id}
    if machine.find_program("az"):
        return _azure("azure-cli", selector)
    raise _absent(
        selector,
        "no Databricks credentials found: set DATABRICKS_TOKEN, or ARM_CLIENT_ID and"
        " ARM_CLIENT_SECRET, or install and log in the Azure CLI (az login)",
    )


def _default_azure(selector: Selector, machine: Machine) -> Any:
    has = machine.environ.get
    for prefix in ("AZURE", "ARM"):
        client_id, secret = has(f"{prefix}_CLIENT_ID"), has(f"{prefix}_CLIENT_SECRET")
        if client_id and secret:
            machine.keep_secret(secret)
            return _secret_credential(selector, client_id, secret)
    if has(_GITHUB_URL) and selector.client_id:
        return _github_credential(selector, machine)
    if machine.find_program("az"):
        return _cli_credential(selector)
    raise _absent(
        selector,
        "no Azure credentials found: set AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or install and"
        " log in the Azure CLI (az login)",
    )


def _azure(auth_type: str, selector: Selector) -> dict[str, Any]:
    found = {
        "auth_type": auth_type,
        "azure_tenant_id": selector.tenant_id,
        "azure_workspace_resource_id": selector.workspace_id,
    }
    return {name: value for name, value in found.items() if value is not None}


def _secret_credential(selector: Selector, client_id: str, secret: str) -> Any:
    from azure.identity import ClientSecretCredential  # noqa: PLC0415 (vendor)

    return ClientSecretCredential(
        _tenant(selector), client_id, secret, authority=selector.authority
    )


def _cli_credential(selector: Selector) -> Any:
    from azure.identity import AzureCliCredential  # noqa: PLC0415 (vendor)

    return AzureCliCredential(tenant_id=_tenant(selector))


def _github_credential(selector: Selector, machine: Machine) -> Any:
    """Workload identity of a GitHub job.

    Source: https://docs.github.com/actions/how-tos/secure-your-work/security-harden-deployments/
    """
    from azure.identity import ClientAssertionCredential  # noqa: PLC0415 (vendor)

    _require_client(selector)
    url, token = machine.environ.get(_GITHUB_URL), machine.environ.get(_GITHUB_TOKEN)
    if not url or not token:
        raise _absent(selector, f"{_GITHUB_URL} is not set: grant the job id-token: write")
    machine.keep_secret(token)

    def assertion() -> str:
        import requests  # noqa: PLC0415 (comes with azure-core)

        answer = requests.get(
            url,
            params={"audience": _AUDIENCE},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        answer.raise_for_status()
        return str(answer.json()["value"])

    return ClientAssertionCredential(
        _tenant(selector), str(selector.client_id), assertion, authority=selector.authority
    )


def _tenant(selector: Selector) -> str:
    if selector.tenant_id is None:
        raise BlockedError("missing_binding", "azure.tenant_id", "set azure.tenant_id", _OWNER)
    return selector.tenant_id


def _require_client(selector: Selector) -> None:
    if selector.client_id is None:
        key = f"{selector.key}.client_id"
        raise BlockedError("missing_binding", key, f"set {key} beside the credential", _OWNER)


def _file_value(selector: Selector, machine: Machine, name: str) -> str:
    path = Path(name).expanduser().resolve()
    if path.is_relative_to(machine.repository.resolve()):
        raise InconclusiveError(
            "secret_in_repository", f"{selector.setting}: {name} is inside the repository"
        )
    try:
        value = path.read_bytes()[:_MAX_SECRET_FILE].decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _absent(selector, f"the file {name} cannot be read") from error
    if not value:
        raise _absent(selector, f"the file {name} is empty")
    return value


def _absent(selector: Selector, detail: str) -> BlockedError:
    return BlockedError("missing_binding", selector.setting, detail, _OWNER)


def process_machine(repository: Path, keep_secret: Callable[[str], None]) -> Machine:
    """This process and its environment variables."""
    return Machine(os.environ, repository, keep_secret)
