"""What of an Azure request and answer goes into the event of a call."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

_REQUEST_IDS = ("x-ms-request-id", "x-ms-correlation-request-id", "x-request-id")


def event_of(code: str, api_version: str | None, request: Any, response: Any) -> dict[str, Any]:
    """The keys of the event that request and answer decide."""
    parts = urlsplit(str(request.url))
    return {
        "call": code,
        "method": str(request.method),
        "path": parts.path,
        "api_version": api_version,
        "request": dict(parse_qsl(parts.query)),
        "status": response.status_code,
        "request_id": request_id_of(response),
        "response": json_or_empty(response),
        "ids": {name: response.headers[name] for name in _REQUEST_IDS if name in response.headers},
    }


def request_id_of(response: Any) -> str:
    """The request id the service gave, empty where it gave none."""
    return next((response.headers[n] for n in _REQUEST_IDS if n in response.headers), "")


def json_or_empty(response: Any) -> dict[str, Any]:
    """The JSON object of an answer, empty where there is none."""
    if "json" not in str(response.headers.get("content-type", "")).lower():
        return {}
    if hasattr(response, "read"):
        response.read()
    try:
        loaded = response.json() if hasattr(response, "json") else {}
    except ValueError:
        return {}
    return loaded if isinstance(loaded, dict) else {"value": loaded}
