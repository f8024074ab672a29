"""One signed-in ARM pipeline, shared by the scenarios of a run, that reports every answer it gets.

Source: azure-mgmt-core 1.6.0, azure-core 1.41.0. ``send_request`` of the client does not prepend
the base URL. The automatic registration of resource providers is left out: it writes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_roadmap import __version__
from pytest_roadmap.adapters.azure.errors import refuse_failure, translate
from pytest_roadmap.adapters.azure.events import event_of, request_id_of
from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.recording import AnswerCheck, Recorder

if TYPE_CHECKING:
    from azure.core.rest import HttpRequest, HttpResponse
    from azure.mgmt.core import ARMPipelineClient

STORAGE_SCOPE = "https://storage.azure.com/.default"


@dataclass(frozen=True, slots=True)
class AzureEndpoints:
    """Where the Azure side answers; ``dfs`` holds ``{account}``."""

    arm: str = "https://management.azure.com"
    arm_scope: str = "https://management.azure.com/.default"
    dfs: str = "https://{account}.dfs.core.windows.net"


@dataclass(frozen=True, slots=True)
class AzureLimits:
    """How long the client is patient, in seconds; ``retry_s`` also bounds a ``Retry-After``."""

    retry_s: float = 60.0
    http_s: float = 60.0
    attempts: int = 4


@dataclass(slots=True)
class _Exchange:
    recorder: Recorder
    code: str
    api_version: str | None
    attempts: int = 0
    started: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class ArmAnswer:
    """The JSON of one answer, and the request id that proves it was live."""

    body: Any
    request_id: str
    headers: Mapping[str, str]


class AzureConnection:
    """ARM and storage with one credential. ``identity`` is its alias in the evidence.

    Args:
        credential: anything with ``get_token``.
        endpoints: where to go; a credential's token is sent nowhere else.
        identity: alias in the evidence.
        ca_file: the only trusted authority; None for the default ones.
        limits: how long to wait.
        answer_check: refuses an answer of a service that may not answer here.
    """

    def __init__(
        self,
        credential: Any,
        endpoints: AzureEndpoints,
        *,
        answer_check: AnswerCheck,
        identity: str = "harness",
        ca_file: str | None = None,
        limits: AzureLimits | None = None,
    ) -> None:
        self.endpoints = endpoints
        self.identity = identity
        self._answer_check = answer_check
        self._current = threading.local()
        settings = (credential, ca_file, limits or AzureLimits())
        self._arm = self._client(endpoints.arm, endpoints.arm_scope, *settings)
        self._storage = self._client(endpoints.arm, STORAGE_SCOPE, *settings)

    def get(
        self,
        recorder: Recorder,
        code: str,
        api_version: str,
        path: str,
        query: Mapping[str, str] | None = None,
    ) -> ArmAnswer:
        """One ARM GET by path, or by a ``nextLink`` of the same host."""
        from azure.core.rest import HttpRequest  # noqa: PLC0415 (vendor)

        if path.startswith(("http://", "https://")):
            self._same_host(path)
            request = HttpRequest("GET", path)
        else:
            url = self._arm.format_url(path)
            request = HttpRequest("GET", url, params={"api-version": api_version, **(query or {})})
        exchange = _Exchange(recorder, code, api_version)
        return self._send(self._arm, exchange, request, path)

    def delete_storage(
        self, recorder: Recorder, code: str, version: str, url: str, query: Mapping[str, str]
    ) -> ArmAnswer:
        """One DELETE on a storage endpoint."""
        from azure.core.rest import HttpRequest  # noqa: PLC0415 (vendor)

        request = HttpRequest("DELETE", url, params=query, headers={"x-ms-version": version})
        exchange = _Exchange(recorder, code, version)
        return self._send(self._storage, exchange, request, urlsplit(url).path)

    def _send(
        self,
        client: ARMPipelineClient[Any, Any],
        exchange: _Exchange,
        request: HttpRequest,
        resource: str,
    ) -> ArmAnswer:
        from azure.core.exceptions import AzureError  # noqa: PLC0415 (vendor)

        self._current.exchange = exchange
        try:
            response: HttpResponse = client.send_request(request)
            response.read()
        except (AzureError, OSError) as error:
            if not exchange.attempts:
                self._record_silence(exchange, request, error)
            raise translate(error, resource) from error
        finally:
            self._current.exchange = None
        refuse_failure(response, resource)
        return ArmAnswer(_json(response, resource), request_id_of(response), response.headers)

    def _client(
        self, base_url: str, scope: str, credential: Any, ca_file: str | None, limits: AzureLimits
    ) -> ARMPipelineClient[Any, Any]:
        from azure.core.pipeline import policies  # noqa: PLC0415 (vendor)
        from azure.mgmt.core import ARMPipelineClient  # noqa: PLC0415 (vendor)
        from azure.mgmt.core.policies import (  # noqa: PLC0415 (vendor)
            ARMChallengeAuthenticationPolicy,
        )

        return ARMPipelineClient(
            base_url,
            policies=[
                policies.HeadersPolicy(),
                policies.UserAgentPolicy(f"pytest-roadmap/{__version__}"),
                policies.RetryPolicy(
                    retry_total=limits.attempts - 1,
                    retry_backoff_max=limits.retry_s,
                    timeout=limits.retry_s,
                ),
                ARMChallengeAuthenticationPolicy(credential, scope),
                answer_policy(self._seen),
            ],
            transport=bounded_transport(limits, ca_file, trust_env=ca_file is None),
        )

    def _seen(self, request: Any, response: Any) -> None:
        exchange: _Exchange | None = getattr(self._current, "exchange", None)
        if exchange is None:
            return
        exchange.attempts += 1
        milliseconds = round((time.monotonic() - exchange.started) * 1000)
        exchange.started = time.monotonic()
        exchange.recorder.call(
            **event_of(exchange.code, exchange.api_version, request, response),
            identity=self.identity,
            ms=milliseconds,
            attempt=exchange.attempts,
        )
        self._answer_check(exchange.recorder, response.headers, self.endpoints.arm)

    def _record_silence(self, exchange: _Exchange, request: HttpRequest, error: Exception) -> None:
        exchange.recorder.call(
            call=exchange.code,
            identity=self.identity,
            method=request.method,
            path=urlsplit(request.url).path,
            api_version=exchange.api_version,
            request={},
            status=None,
            request_id="",
            ms=round((time.monotonic() - exchange.started) * 1000),
            attempt=0,
            response={"error": type(error).__name__},
            ids={},
        )

    def _same_host(self, link: str) -> None:
        expected, found = urlsplit(self.endpoints.arm), urlsplit(link)
        if (found.scheme, found.netloc.lower()) != (expected.scheme, expected.netloc.lower()):
            raise InconclusiveError(
                "redirected", f"the service links the next page at another host: {found.netloc}"
            )


def _json(response: HttpResponse, resource: str) -> Any:
    if not response.content:
        return {}
    try:
        return response.json()
    except ValueError as error:
        raise InconclusiveError("no_json", f"{resource}: the answer is not JSON") from error


def answer_policy(seen: Callable[[Any, Any], None]) -> Any:
    """A policy that shows every attempt's answer; it belongs after the retry policy."""
    from azure.core.pipeline import policies  # noqa: PLC0415 (vendor)

    class AnswerPolicy(policies.SansIOHTTPPolicy[Any, Any]):
        def on_response(self, request: Any, response: Any) -> None:
            seen(request.http_request, response.http_response)

    return AnswerPolicy()


def bounded_transport(limits: AzureLimits, ca_file: str | None, *, trust_env: bool) -> Any:
    """A transport that refuses to sleep beyond the limit, however long ``Retry-After`` is."""
    from azure.core.pipeline.transport import RequestsTransport  # noqa: PLC0415 (vendor)

    class BoundedTransport(RequestsTransport):  # type: ignore[misc]
        def sleep(self, duration: float) -> None:
            if duration > limits.retry_s:
                raise TimeoutError(
                    f"the service asks to wait {duration:.0f} s,"
                    f" the limit is {limits.retry_s:.0f} s"
                )
            super().sleep(duration)

    return BoundedTransport(
        connection_timeout=limits.http_s,
        read_timeout=limits.http_s,
        connection_verify=ca_file or True,
        use_env_settings=trust_env,
    )
