"""The Azure side: authentication, the choice between Resource Manager, storage and vault, errors.

Source: https://learn.microsoft.com/azure/azure-resource-manager/ (documented: ``error.code``,
``error.message``, ``x-ms-request-id``, ``x-ms-correlation-request-id``, 401 with
``WWW-Authenticate``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.azure import arm, dfs, key_vault
from pytest_roadmap.embedded.errors import ArmError
from pytest_roadmap.embedded.incoming import Incoming, Service, principal_of
from pytest_roadmap.embedded.wire import Call, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import Principal


def service() -> Service:
    """This side for the application."""
    return Service(answer, error_reply, own_headers, "TooManyRequests", "InternalServerError")


def answer(cloud: Cloud, incoming: Incoming) -> Reply:
    """Answer one request; errors of the service become replies."""
    try:
        with cloud.lock:
            return _answer(cloud, incoming)
    except ArmError as error:
        return error_reply(error.status, error.code, error.message, incoming.path)


def _answer(cloud: Cloud, incoming: Incoming) -> Reply:
    principal = _authenticate(cloud, incoming)
    call = Call(
        incoming.method,
        incoming.path,
        {},
        incoming.query,
        _json(incoming),
        incoming.content,
        incoming.headers,
        principal,
    )
    if incoming.path.startswith(dfs.PREFIX):
        return dfs.handle(cloud, call)
    if incoming.path.startswith(key_vault.PREFIX):
        return key_vault.handle(cloud, call)
    return arm.handle(cloud, call)


def _authenticate(cloud: Cloud, incoming: Incoming) -> Principal:
    if not incoming.token:
        raise ArmError(
            401,
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        )
    principal = principal_of(cloud.state, incoming.token)
    if principal is None or not principal.active:
        raise ArmError(401, "InvalidAuthenticationToken", "The access token is invalid.")
    return principal


def _json(incoming: Incoming) -> dict[str, Any]:
    if not incoming.content:
        return {}
    try:
        body = json.loads(incoming.content)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ArmError(
            400, "InvalidRequestContent", "The request content was invalid and could not be parsed."
        ) from error
    if not isinstance(body, dict):
        raise ArmError(400, "InvalidRequestContent", "The request content must be a JSON object.")
    return body


def error_reply(status: int, code: str, message: str, path: str) -> Reply:
    """An error body, with the headers that belong to it."""
    headers = {}
    if status == 401:  # noqa: PLR2004 - the status that asks for a token
        headers["WWW-Authenticate"] = (
            key_vault.CHALLENGE
            if path.startswith(key_vault.PREFIX)
            else 'Bearer authorization_uri="https://login.windows.net/", error="invalid_token"'
        )
    if path.startswith(dfs.PREFIX):
        headers["x-ms-error-code"] = code
    return Reply(status, {"error": {"code": code, "message": message}}, headers=headers)


def own_headers(_cloud: Cloud, incoming: Incoming, request_id: str) -> Mapping[str, str]:
    """Request and correlation ids; the client's own id is echoed when it asks for that."""
    headers = {
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": incoming.headers.get(
            "x-ms-correlation-request-id", request_id
        ),
    }
    client = incoming.headers.get("x-ms-client-request-id")
    return {**headers, **({"x-ms-client-request-id": client} if client else {})}
