"""The two web applications: Starlette on the outside, plain functions on the inside."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from pytest_roadmap.embedded import admin
from pytest_roadmap.embedded.databricks.front import with_request_info
from pytest_roadmap.embedded.incoming import Incoming, Service, matching_fault
from pytest_roadmap.embedded.wire import Reply

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import ActiveFault

MARK = {"x-roadmap-embedded": "1"}
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True, slots=True)
class Interference:
    """What faults do to one request before the service sees it."""

    delay_s: float = 0.0
    dropped: bool = False
    refusal: Reply | None = None


@dataclass(slots=True)
class Side:
    """One service as an ASGI application.

    Args:
        cloud: what it works on.
        service: how it answers.
        latency_s: added to every answer.
        connection: the start line; present on the side that has the admin endpoints.
    """

    cloud: Cloud
    service: Service
    latency_s: float = 0.0
    connection: dict[str, Any] | None = field(default=None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or close its connection: by a fault, or because the server ends."""
        try:
            reply = await self._reply(scope, receive)
        except asyncio.CancelledError:
            reply = None
        if reply is None:
            scope["state"]["transport"].abort()
            await asyncio.sleep(0.001)
        else:
            await reply(scope, receive, send)

    async def _reply(self, scope: Scope, receive: Receive) -> Response | None:
        request = Request(scope, receive)
        incoming = await _read(request)
        request_id = str(uuid.uuid4())
        if request.headers.get("host", "").rpartition(":")[0] not in _LOCAL_NAMES:
            reply = self.service.error(
                403, "FORBIDDEN", "The embedded cloud answers on loopback names only.", ""
            )
        elif self.connection is not None and admin.is_admin(incoming.path):
            reply = await run_in_threadpool(admin.answer, self.cloud, incoming, self.connection)
        else:
            faulty = await self._interference(incoming)
            await asyncio.sleep(self.latency_s + faulty.delay_s)
            if faulty.dropped:
                return None
            reply = faulty.refusal or await self._answer(incoming)
        headers = {**self.service.headers(self.cloud, incoming, request_id), **MARK}
        return _response(reply, headers, request_id)

    async def _answer(self, incoming: Incoming) -> Reply:
        return await run_in_threadpool(self.service.answer, self.cloud, incoming)

    async def _interference(self, incoming: Incoming) -> Interference:
        if not self.cloud.state.faults:
            return Interference()
        return await run_in_threadpool(self._faults_on, incoming)

    def _faults_on(self, incoming: Incoming) -> Interference:
        """What the active faults do to this request; each that applies is counted."""
        with self.cloud.lock:
            state = self.cloud.state
            slow = matching_fault(state, incoming, "slow-responses")
            delay_s = int(slow.parameters.get("ms", "500")) / 1000 if slow else 0.0
            if matching_fault(state, incoming, "drop-connection"):
                return Interference(delay_s, dropped=True)
            throttle = matching_fault(state, incoming, "throttle")
            if throttle is not None:
                return Interference(delay_s, refusal=self._throttled(incoming, throttle))
            failure = matching_fault(state, incoming, "error-500")
        return Interference(delay_s, refusal=self._failed(incoming, failure) if failure else None)

    def _throttled(self, incoming: Incoming, fault: ActiveFault) -> Reply:
        message = "Current request has to be retried because the rate limit is exceeded."
        reply = self.service.error(429, self.service.throttled, message, incoming.path)
        wait = fault.parameters.get("retry_after", "1")
        return Reply(reply.status, reply.body, headers={**reply.headers, "Retry-After": wait})

    def _failed(self, incoming: Incoming, fault: ActiveFault) -> Reply:
        status = int(fault.parameters.get("status", "500"))
        message = "The service failed (fault error-500 of the embedded cloud)."
        return self.service.error(status, self.service.failed, message, incoming.path)


async def _read(request: Request) -> Incoming:
    return Incoming(
        request.method,
        request.url.path,
        dict(request.query_params),
        {key.lower(): value for key, value in request.headers.items()},
        await request.body(),
    )


def _response(reply: Reply, headers: dict[str, str], request_id: str) -> Response:
    headers = {**headers, **reply.headers}
    if reply.content is not None:
        return Response(reply.content, reply.status, headers)
    if reply.body is None:
        return Response(None, reply.status, headers)
    text = json.dumps(with_request_info(reply.body, request_id), ensure_ascii=False)
    return Response(text, reply.status, headers, media_type="application/json")


def build(side: Side) -> Starlette:
    """The application of one side; an unexpected failure is a 500 in the service's own shape."""

    async def failed(request: Request, _error: Exception) -> Response:
        message = "The embedded cloud failed; its log has the reason."
        reply = side.service.error(500, side.service.failed, message, request.url.path)
        return _response(reply, dict(MARK), str(uuid.uuid4()))

    return Starlette(routes=[Mount("/", app=side)], exception_handlers={Exception: failed})
