"""``VaultPort`` on azure-keyvault-secrets: metadata of secrets, and the rotation of the canary.

Source: azure-keyvault-secrets 4.12.0. No value is ever read; the one that is set is random, known
to the redactor before it is sent, and its answer is recorded without it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_roadmap.adapters.azure.client import AzureLimits, answer_policy, bounded_transport
from pytest_roadmap.adapters.azure.errors import refuse_failure, translate
from pytest_roadmap.adapters.azure.events import event_of
from pytest_roadmap.domain.hidden import HiddenText
from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.ports import RotatedSecret, SecretVersion
from pytest_roadmap.domain.recording import AnswerCheck, Recorder

if TYPE_CHECKING:
    from azure.keyvault.secrets import SecretClient

T = TypeVar("T")

_CODE = "A-KVD"
_RANDOM_BYTES = 24


@dataclass(slots=True)
class _Exchange:
    recorder: Recorder
    started: float
    attempts: int = 0


class VaultConnection:
    """One signed-in client of one vault, shared by the scenarios of a run.

    Args:
        vault_url: where the vault answers.
        credential: anything with ``get_token``.
        ca_file: the only trusted authority; None for the default ones.
        limits: how long to wait.
        answer_check: refuses an answer of a service that may not answer here.
        verify_challenge: whether the host of the challenge must be the vault's own.
        identity: alias in the evidence.
    """

    def __init__(
        self,
        vault_url: str,
        credential: Any,
        *,
        answer_check: AnswerCheck,
        ca_file: str | None = None,
        limits: AzureLimits | None = None,
        verify_challenge: bool = True,
        identity: str = "harness",
    ) -> None:
        from azure.keyvault.secrets import SecretClient  # noqa: PLC0415 (vendor)

        bounds = limits or AzureLimits()
        self._answer_check = answer_check
        self._vault_url = vault_url
        self._identity = identity
        self._current = threading.local()
        self.client: SecretClient = SecretClient(
            vault_url,
            credential,
            verify_challenge_resource=verify_challenge,
            transport=bounded_transport(bounds, ca_file, trust_env=ca_file is None),
            per_retry_policies=[answer_policy(self._seen)],
            retry_total=bounds.attempts - 1,
            retry_backoff_max=bounds.retry_s,
        )

    def call(self, recorder: Recorder, resource: str, function: Callable[[SecretClient], T]) -> T:
        """Make one call; every answer to it becomes an event.

        Raises:
            AccessRefusedError: 401 or 403. AssetMissingError: 404. InconclusiveError: no answer.
        """
        from azure.core.exceptions import AzureError, HttpResponseError  # noqa: PLC0415 (vendor)

        self._current.exchange = _Exchange(recorder, time.monotonic())
        try:
            return function(self.client)
        except HttpResponseError as error:
            if error.response is not None:
                refuse_failure(error.response, resource)
            raise translate(error, resource) from error
        except (AzureError, OSError) as error:
            raise translate(error, resource) from error
        finally:
            self._current.exchange = None

    def _seen(self, request: Any, response: Any) -> None:
        exchange: _Exchange | None = getattr(self._current, "exchange", None)
        if exchange is None:
            return
        exchange.attempts += 1
        version = str(self.client._client._config.api_version)  # noqa: SLF001 (no public name)
        event = event_of(_CODE, version, request, response)
        exchange.recorder.call(
            **event | {"response": without_value(event["response"])},
            identity=self._identity,
            ms=round((time.monotonic() - exchange.started) * 1000),
            attempt=exchange.attempts,
        )
        exchange.started = time.monotonic()
        self._answer_check(exchange.recorder, response.headers, self._vault_url)


class KeyVault:
    """The bound vault, for one scenario; it decides nothing.

    Args:
        connection: the signed-in client.
        recorder: collects the events.
        canary: the only secret that may be changed, empty for none.
        keep_secret: makes a value known to the redactor.
    """

    def __init__(
        self,
        connection: VaultConnection,
        recorder: Recorder,
        canary: str,
        keep_secret: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._recorder = recorder
        self._canary = canary
        self._keep_secret = keep_secret

    def versions(self, name: str) -> tuple[SecretVersion, ...]:
        """Every version of a secret, with its dates."""
        return self._connection.call(
            self._recorder,
            f"versions of secret {name}",
            lambda client: tuple(_versions(client, name)),
        )

    def rotate(self, name: str, expires_on: datetime) -> RotatedSecret:
        """Give the canary a new random value."""
        self._refuse_other(name)
        value = secrets.token_urlsafe(_RANDOM_BYTES)
        self._keep_secret(value)
        made = self._connection.call(
            self._recorder,
            f"secret {name}",
            lambda client: client.set_secret(name, value, expires_on=expires_on),
        )
        return RotatedSecret(str(made.properties.version), HiddenText(value))

    def disable(self, name: str, version: str) -> None:
        """Switch one version of the canary off."""
        self._refuse_other(name)
        self._connection.call(
            self._recorder,
            f"secret {name}/{version}",
            lambda client: client.update_secret_properties(name, version, enabled=False),
        )

    def _refuse_other(self, name: str) -> None:
        if not self._canary or name != self._canary:
            raise InconclusiveError(
                "unsafe_rotation", f"{name} is not secrets.canary_key and is never changed"
            )


def without_value(body: dict[str, Any]) -> dict[str, Any]:
    """The answer without the value of a secret; the ``value`` of a list is its items."""
    return {name: item for name, item in body.items() if name != "value" or isinstance(item, list)}


def _versions(client: SecretClient, name: str) -> Iterator[SecretVersion]:
    for item in client.list_properties_of_secret_versions(name):
        yield SecretVersion(
            str(item.version),
            item.enabled is True,
            item.created_on,
            item.expires_on,
            item.not_before,
        )
