"""A running embedded cloud as the contract tests use it: a process of its own, real clients."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline import policies
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.core import ARMPipelineClient
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config

if TYPE_CHECKING:
    from pathlib import Path

HARNESS = "ebedded0-0000-4000-8000-0000000000a1"
PIPELINE = "ebedded0-0000-4000-8000-0000000000a2"
OUTSIDER = "outsider@embedded.example"
INFRA = "infra.park@embedded.example"
UC = "/api/2.1/unity-catalog"
SCIM = "/api/2.0/preview/scim/v2"
GROUP = "/subscriptions/ebedded0-0000-4000-8000-000000000002/resourceGroups/rg-data-embedded"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stdataembedded"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-data-embedded"
LANDING = "abfss://landing@stdataembedded.dfs.core.windows.net/"


class _Credential:
    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """The token of the embedded cloud; it never expires."""
        return AccessToken(self._token, 4102444800)


class RunningCloud:
    """One server process and clients for its roles."""

    def __init__(self, state_dir: Path, *arguments: str) -> None:
        command = [sys.executable, "-P", "-m", "pytest_roadmap.embedded", *arguments]
        self.process = subprocess.Popen(
            [*command, "--state-dir", str(state_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        self.connection: dict[str, Any] = json.loads(self.process.stdout.readline())
        self.http = requests.Session()
        self.http.trust_env = False
        self._clients: dict[str, WorkspaceClient] = {}

    def client(self, role: str) -> WorkspaceClient:
        """The unmodified SDK's client with the token of a role."""
        if role not in self._clients:
            config = Config(
                host=self.connection["databricks_url"],
                token=self.connection["tokens"][role],
                auth_type="pat",
                retry_timeout_seconds=10,
                http_timeout_seconds=10,
            )
            self._clients[role] = WorkspaceClient(config=config)
            collect_sdk_leftovers()
        return self._clients[role]

    def rest(
        self, role: str | None, method: str, path: str, body: Any = None, **headers: str
    ) -> requests.Response:
        """A bare request to the Databricks side; ``role`` None sends no token."""
        if role is not None:
            headers["Authorization"] = f"Bearer {self.connection['tokens'].get(role, role)}"
        url = self.connection["databricks_url"] + path
        return self.http.request(method, url, json=body, headers=headers, timeout=10)

    def azure(
        self, role: str, method: str, path: str, body: Any = None, **query: str
    ) -> HttpResponse:
        """One request through the Azure SDK's own pipeline; errors are answers here."""
        credential = _Credential(self.connection["tokens"].get(role, role))
        base = self.connection["azure_url"]
        chain = [
            policies.HeadersPolicy({"x-ms-version": "2023-11-03"}),
            policies.BearerTokenCredentialPolicy(
                credential, "https://management.azure.com/.default"
            ),
        ]
        client: ARMPipelineClient[HttpRequest, HttpResponse] = ARMPipelineClient(
            base_url=base, policies=chain, connection_verify=self.connection["ca_file"]
        )
        with client:
            url = client.format_url(path)
            request = HttpRequest(method, url, params=query, json=body)
            response: HttpResponse = client.send_request(request)
            response.read()
            return response

    def arm(
        self, role: str, method: str, path: str, body: Any = None, version: str = "2023-05-01"
    ) -> HttpResponse:
        """One Resource Manager request."""
        return self.azure(role, method, path, body, **{"api-version": version})

    def admin(self, method: str, name: str, body: Any = None) -> dict[str, Any]:
        """One call of an admin endpoint that must succeed."""
        answer = self.rest(self.connection["admin_token"], method, f"/_embedded/{name}", body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def faults(self, *active: str) -> None:
        """Switch on exactly these faults."""
        self.admin("POST", "faults", {"active": list(active)})

    def grant(self, kind: str, name: str, principal: str, *add: str) -> None:
        """Grant as the administrator."""
        self._change(kind, name, {"principal": principal, "add": list(add)})

    def revoke(self, kind: str, name: str, principal: str, *remove: str) -> None:
        """Revoke as the administrator."""
        self._change(kind, name, {"principal": principal, "remove": list(remove)})

    def _change(self, kind: str, name: str, change: dict[str, Any]) -> None:
        answer = self.rest(
            "admin", "PATCH", f"{UC}/permissions/{kind}/{name}", {"changes": [change]}
        )
        assert answer.status_code == 200, answer.text

    def sql(self, role: str, statement: str) -> dict[str, Any]:
        """Run one statement to its end."""
        body = {
            "statement": statement,
            "warehouse_id": self.connection["warehouse_id"],
            "wait_timeout": "10s",
        }
        answer = self.rest(role, "POST", "/api/2.0/sql/statements", body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def stop(self) -> None:
        """Close every connection and end the process the way a parent's death does."""
        self.http.close()
        for client in self._clients.values():
            client.api_client._api_client._session.close()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait(10)
        collect_sdk_leftovers()


def collect_sdk_leftovers() -> None:
    """Let go of sockets the SDK leaves open (its discovery probe has a session of its own).

    Done at a known place, or the warning fails whichever test the garbage collector runs in.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def error_of(answer: requests.Response) -> tuple[int, str]:
    """Status and error code of a refusal."""
    return answer.status_code, str(answer.json().get("error_code"))
