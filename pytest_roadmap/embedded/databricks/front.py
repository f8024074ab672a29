"""The Databricks side: authentication, routing, error bodies.

Source: https://docs.databricks.com/api/azure/workspace/introduction (documented: bearer tokens,
``error_code`` and ``message``).
Source: https://github.com/databricks/databricks-cli/issues/383 (reported: 404
``ENDPOINT_NOT_FOUND``)
Source: https://github.com/Azure/spark-cdm-connector/issues/149 (reported: ``details`` with
``google.rpc.RequestInfo``). The SDK 0.162 reads ``X-Databricks-Org-Id`` from the answer to ``Me``.
Assumed: 401 for a missing and for an unknown token (in 2024 an unknown one was reported as 403 too:
https://github.com/databricks/databricks-sdk-go/issues/917), 403 for a deactivated principal.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import (
    bindings,
    catalogs,
    files,
    grants,
    identity,
    jobs,
    locations,
    permissions,
    pipelines_api,
    runs,
    saved_queries,
    secret_scopes,
    statements,
    tables,
    warehouses,
    workspace_objects,
)
from pytest_roadmap.embedded.errors import PermissionDeniedError, ServiceError
from pytest_roadmap.embedded.faults import use
from pytest_roadmap.embedded.incoming import Incoming, Service, principal_of
from pytest_roadmap.embedded.wire import Call, Reply, Route, Router, check_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import Principal

ROUTES: tuple[Route, ...] = (
    *identity.ROUTES,
    *catalogs.ROUTES,
    *tables.ROUTES,
    *locations.ROUTES,
    *grants.ROUTES,
    *bindings.ROUTES,
    *warehouses.ROUTES,
    *secret_scopes.ROUTES,
    *jobs.ROUTES,
    *runs.ROUTES,
    *permissions.ROUTES,
    *pipelines_api.ROUTES,
    *workspace_objects.ROUTES,
    *saved_queries.ROUTES,
    *files.ROUTES,
    *statements.ROUTES,
)
_SCIM = "/scim/"
_ERROR_INFO = "type.googleapis.com/google.rpc.RequestInfo"


class Front:
    """Answers requests to the Databricks side."""

    def __init__(self) -> None:
        self._router = Router(ROUTES)

    def service(self) -> Service:
        """This side for the application."""
        return Service(
            self.answer, error_reply, own_headers, "REQUEST_LIMIT_EXCEEDED", "INTERNAL_ERROR"
        )

    def answer(self, cloud: Cloud, incoming: Incoming) -> Reply:
        """Answer one request; errors of the service become replies."""
        try:
            return self._answer(cloud, incoming)
        except ServiceError as error:
            path = incoming.path
            return error_reply(error.status, error.error_code, error.message, path)

    def _answer(self, cloud: Cloud, incoming: Incoming) -> Reply:
        with cloud.lock:
            principal = authenticate(cloud, incoming)
        found = self._router.match(incoming.method, incoming.path)
        if found is None:
            raise ServiceError(
                404,
                "ENDPOINT_NOT_FOUND",
                f"No API found for '{incoming.method} {incoming.path}' in the embedded cloud",
            )
        route, names = found
        body = {} if route.body is None and route.method == "PUT" else _json(incoming)
        check_names(route, incoming.query, body)
        call = Call(
            incoming.method,
            incoming.path,
            names,
            incoming.query,
            body,
            incoming.content,
            incoming.headers,
            principal,
        )
        if not route.locked:
            return _reply(route.handler(cloud, call))
        with cloud.lock:
            return _altered(cloud, incoming, _reply(route.handler(cloud, call)))


def authenticate(cloud: Cloud, incoming: Incoming) -> Principal:
    """Who asks.

    Raises:
        ServiceError: 401 ``UNAUTHENTICATED``, or 403 when the principal is deactivated.
    """
    if not incoming.token:
        raise ServiceError(
            401,
            "UNAUTHENTICATED",
            "Credential was not sent or was of an unsupported type for this API.",
        )
    principal = principal_of(cloud.state, incoming.token)
    if principal is None:
        raise ServiceError(401, "UNAUTHENTICATED", "Invalid access token.")
    if not principal.active:
        raise PermissionDeniedError(f"The principal {principal.name} is not active.")
    return principal


def _json(incoming: Incoming) -> dict[str, Any]:
    if not incoming.content:
        return {}
    try:
        body = json.loads(incoming.content)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ServiceError(400, "MALFORMED_REQUEST", "Could not parse request object.") from error
    if not isinstance(body, dict):
        raise ServiceError(400, "MALFORMED_REQUEST", "The request body must be a JSON object.")
    return body


def _reply(answer: Reply | dict[str, Any]) -> Reply:
    return answer if isinstance(answer, Reply) else Reply(body=answer)


def _altered(cloud: Cloud, incoming: Incoming, reply: Reply) -> Reply:
    """The fault ``altered-answer``: another value in one field, from the N-th answer on."""
    for fault in cloud.state.faults.values():
        wanted = fault.parameters
        if fault.fault_id != "altered-answer" or fault.remaining == 0 or incoming.method != "GET":
            continue
        if wanted.get("route") != incoming.path or not isinstance(reply.body, dict):
            continue
        after = int(wanted.get("after", "0"))
        if after > 0:
            wanted["after"] = str(after - 1)
            continue
        use(fault)
        body = json.loads(json.dumps(reply.body))
        try:
            _set(body, wanted.get("field", "").split("."), wanted.get("value", ""))
        except (LookupError, TypeError, ValueError) as error:
            field = wanted.get("field")
            raise ServiceError(
                500, "INTERNAL_ERROR", f"fault altered-answer: field {field} cannot be set"
            ) from error
        return Reply(reply.status, body, headers=reply.headers)
    return reply


def _set(node: Any, path: list[str], value: str) -> None:
    """Set a dotted field that exists; list items are numbers, other values than text are JSON."""
    for part in path[:-1]:
        node = node[int(part)] if isinstance(node, list) else node[part]
    old = node[path[-1]]
    node[path[-1]] = value if isinstance(old, str) else json.loads(value)


def error_reply(status: int, code: str, message: str, path: str) -> Reply:
    """An error body; SCIM has a shape of its own."""
    if _SCIM in path and status not in (401, 429):
        body: dict[str, Any] = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "detail": message,
            "status": str(status),
        }
        return Reply(status, body)
    return Reply(status, {"error_code": code, "message": message, "details": []})


def with_request_info(body: Any, request_id: str) -> Any:
    """The body with the request id in its ``details``, where it has any."""
    if isinstance(body, dict) and body.get("details") == [] and "error_code" in body:
        info = {"@type": _ERROR_INFO, "request_id": request_id, "serving_data": ""}
        return {**body, "details": [info]}
    return body


def own_headers(cloud: Cloud, _incoming: Incoming, request_id: str) -> Mapping[str, str]:
    """Request ids and the workspace the host stands for (fault ``wrong-workspace``)."""
    return {
        "x-request-id": request_id,
        "x-databricks-request-id": request_id,
        "x-databricks-org-id": str(workspace_id(cloud)),
    }


def workspace_id(cloud: Cloud) -> int:
    """The workspace id the host answers with."""
    wrong = cloud.state.fault("wrong-workspace")
    if wrong is not None:
        return int(wrong.parameters.get("id", "1111111111111111"))
    return cloud.state.workspace_id
