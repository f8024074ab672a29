"""One signed-in SDK client, shared by the scenarios of a run, that reports every answer it gets.

Source: databricks-sdk 0.162.0. The SDK has no documented response hook; the hook on its requests
session is the one place that also sees the answers it retries (429, 503).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pytest_roadmap import __version__
from pytest_roadmap.adapters.databricks.answers import json_of, request_of, response_of
from pytest_roadmap.adapters.databricks.errors import translate
from pytest_roadmap.domain.outcome import InconclusiveError, ScenarioStopError
from pytest_roadmap.domain.recording import AnswerCheck, Recorder

if TYPE_CHECKING:
    import requests
    from databricks.sdk import WorkspaceClient

T = TypeVar("T")

PRODUCT = "pytest-roadmap"
_REQUEST_IDS = ("x-databricks-request-id", "x-request-id")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the client is patient, in seconds.

    ``retry_s`` bounds all attempts of one call together, also a longer ``Retry-After``;
    ``http_s`` bounds one attempt; ``wait_s`` is how long a statement may answer synchronously
    (5 to 50); ``statement_s`` bounds one statement.
    """

    retry_s: int = 60
    http_s: int = 75
    wait_s: int = 50
    statement_s: float = 1800.0


@dataclass(slots=True)
class Exchange:
    """The answers of one call while it is under way: its pages, polls and repeated attempts."""

    recorder: Recorder
    code: str
    detail: Mapping[str, Any]
    bodies: list[Any] = field(default_factory=list)
    page_tokens: set[str] = field(default_factory=set)
    request_id: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What the SDK returned, and the service's own JSON behind it.

    The SDK drops enum values it does not know, so what is judged is read from ``bodies``.
    """

    value: T
    bodies: tuple[Any, ...]
    request_id: str

    @property
    def body(self) -> dict[str, Any]:
        """The last JSON object of the answer; empty if there was none."""
        last = self.bodies[-1] if self.bodies else {}
        return last if isinstance(last, dict) else {}


def _any_words(_words: str) -> None:
    return


class WorkspaceConnection:
    """A client of one identity. ``identity`` is its alias in the evidence (``harness`` …).

    ``answer_check`` sees each answer once it is recorded, and ends the scenario before anything
    can be judged when the answer comes from where none may come; ``error_check`` does so when
    the words of a failed statement say nothing about what was asked. ``trust_env`` says whether
    proxies and authorities of the process's variables count.
    """

    def __init__(
        self,
        client: WorkspaceClient,
        *,
        identity: str,
        limits: Limits,
        answer_check: AnswerCheck,
        error_check: Callable[[str], None] = _any_words,
        trust_env: bool = True,
    ) -> None:
        self.client = client
        self.identity = identity
        self.limits = limits
        self._answer_check = answer_check
        self.error_check = error_check
        self._current = threading.local()
        session = client.api_client._api_client._session  # noqa: SLF001 (see the module docstring)
        session.hooks["response"].append(self._seen)
        # A redirect would carry the question, and perhaps the token, to a host nobody bound.
        session.max_redirects = 0
        session.trust_env = trust_env

    @property
    def host(self) -> str:
        """The address of the workspace as the client uses it."""
        return str(self.client.config.host).rstrip("/")

    def call(
        self,
        recorder: Recorder,
        code: str,
        resource: str,
        function: Callable[[WorkspaceClient], T],
        **detail: Any,
    ) -> Answer[T]:
        """Make one call of the catalogue; every HTTP answer to it becomes an event.

        Raises:
            AccessRefusedError: 401 or 403. AssetMissingError: 404.
            InconclusiveError: anything else that is no answer.
        """
        exchange = Exchange(recorder, code, detail)
        self._current.exchange = exchange
        started = time.monotonic()
        try:
            value = function(self.client)
        except (OSError, ValueError) as error:  # the families of the SDK, requests and sign-in
            if not exchange.attempts:
                self._record_silence(exchange, resource, started, error)
            raise translate(error, resource) from error
        finally:
            self._current.exchange = None
        return Answer(value, tuple(exchange.bodies), exchange.request_id)

    def _seen(self, response: requests.Response, **options: Any) -> None:
        exchange: Exchange | None = getattr(self._current, "exchange", None)
        if exchange is None:
            return
        exchange.attempts += 1
        ids = {name: response.headers[name] for name in _REQUEST_IDS if name in response.headers}
        exchange.request_id = next(iter(ids.values()), "")
        body = None if options.get("stream") and response.ok else json_of(response)
        if response.ok and body is not None:
            exchange.bodies.append(body)
        self._record(exchange, response, body, ids)
        self._answer_check(exchange.recorder, response.headers, self.host)
        _refuse_page_loop(exchange, body)

    def _record(
        self, exchange: Exchange, response: requests.Response, body: Any, ids: dict[str, str]
    ) -> None:
        path, request = request_of(response.request)
        shown, own_ids = response_of(exchange.code, body, response)
        exchange.recorder.call(
            call=exchange.code,
            identity=self.identity,
            method=response.request.method,
            path=path,
            api_version=None,
            request=request | dict(exchange.detail),
            status=response.status_code,
            request_id=exchange.request_id,
            ms=round(response.elapsed.total_seconds() * 1000),
            attempt=exchange.attempts,
            response=shown,
            ids=ids | own_ids,
        )

    def _record_silence(
        self, exchange: Exchange, resource: str, started: float, error: Exception
    ) -> None:
        exchange.recorder.call(
            call=exchange.code,
            identity=self.identity,
            method=None,
            path=resource,
            api_version=None,
            request=dict(exchange.detail),
            status=None,
            request_id="",
            ms=round((time.monotonic() - started) * 1000),
            attempt=0,
            response={"error": type(error).__name__},
            ids={},
        )


def _refuse_page_loop(exchange: Exchange, body: Any) -> None:
    token = body.get("next_page_token") if isinstance(body, dict) else None
    if not token:
        return
    if token in exchange.page_tokens:
        raise InconclusiveError(
            "page_loop", f"{exchange.code}: the service handed out the same page token twice"
        )
    exchange.page_tokens.add(token)


def connect_workspace(
    host: str,
    credentials: Mapping[str, Any],
    *,
    identity: str,
    answer_check: AnswerCheck,
    error_check: Callable[[str], None] = _any_words,
    limits: Limits | None = None,
    trust_env: bool = True,
) -> WorkspaceConnection:
    """Sign in one identity.

    Args:
        host: scheme and host of the workspace.
        credentials: keyword arguments of the SDK's ``Config`` with an explicit ``auth_type``.
        identity: alias of the identity in the evidence.
        answer_check: refuses an answer of a service that may not answer here.
        error_check: refuses the words of a failed statement that judge nothing.
        limits: how long to wait; the default suits a real service.
        trust_env: whether proxies and authorities of the process's variables count.

    Raises:
        InconclusiveError: the SDK cannot use the credentials; its own words, without values.
    """
    limits = limits or Limits()
    try:
        client = _client(host, credentials, limits)
    except ScenarioStopError:
        raise
    except (OSError, ValueError) as error:
        raise translate(error, f"sign-in of {identity}") from error
    return WorkspaceConnection(
        client,
        identity=identity,
        limits=limits,
        answer_check=answer_check,
        error_check=error_check,
        trust_env=trust_env,
    )


def _client(host: str, credentials: Mapping[str, Any], limits: Limits) -> WorkspaceClient:
    from databricks.sdk import WorkspaceClient  # noqa: PLC0415 (takes a second)
    from databricks.sdk.config import Config  # noqa: PLC0415

    config = Config(
        host=host,
        product=PRODUCT,
        product_version=__version__,
        retry_timeout_seconds=limits.retry_s,
        http_timeout_seconds=limits.http_s,
        clock=bounded_clock(limits.retry_s),
        debug_headers=False,
        # Probe files are tiny: one request each, on the workspace host, that is recorded.
        disable_experimental_files_api_client=True,
        **credentials,
    )
    return WorkspaceClient(config=config)


def bounded_clock(limit_s: float) -> Any:
    """A clock for the SDK that refuses to sleep longer than the retry limit.

    The SDK sleeps as long as ``Retry-After`` says before it looks at its own limit.
    """
    from databricks.sdk.clock import RealClock  # noqa: PLC0415 (vendor)

    class BoundedClock(RealClock):
        def sleep(self, seconds: float) -> None:
            if seconds > limit_s:
                raise TimeoutError(
                    f"the service asks to wait {int(seconds)} s, the limit is {limit_s:.0f} s"
                )
            super().sleep(seconds)

    return BoundedClock()
