"""Vendor errors of the Azure side in our words (rules a.1, faults 2, 4, 6 and 7)."""

from __future__ import annotations

from typing import Any

from pytest_roadmap.adapters.azure.events import json_or_empty
from pytest_roadmap.domain.outcome import (
    AccessRefusedError,
    AssetMissingError,
    BlockedError,
    InconclusiveError,
)

_REFUSED = (401, 403)
_NOT_FOUND = 404
_THROTTLED = 429
_SUCCESS = range(200, 300)
_REDIRECT = range(300, 400)
_SERVER = range(500, 600)
_LONGEST = 600


def refuse_failure(response: Any, resource: str) -> None:
    """Nothing for a success, our error for any other status.

    Raises:
        AccessRefusedError: 401 or 403, with the innermost code (``ForbiddenByFirewall`` …).
        AssetMissingError: 404. InconclusiveError: throttled, failed, redirected or rejected.
    """
    status = response.status_code
    if status in _SUCCESS:
        return
    code, words = _said(response)
    if status in _REFUSED:
        raise AccessRefusedError(resource, words, code=code, status=status)
    if status == _NOT_FOUND:
        raise AssetMissingError(resource, words)
    if status in _REDIRECT:
        raise InconclusiveError(
            "redirected", f"{resource}: answered {status} to {response.headers.get('location')}"
        )
    if status == _THROTTLED or status in _SERVER:
        raise InconclusiveError("service_unavailable", f"{resource}: {status} {words}")
    raise InconclusiveError(f"service_error({code or status})", f"{resource}: {words}")


def translate(error: Exception, resource: str) -> Exception:
    """The error of ours for what the pipeline or the sign-in raised."""
    from azure.core.exceptions import ClientAuthenticationError  # noqa: PLC0415 (vendor)

    words = " ".join(str(error).split())[:_LONGEST] or type(error).__name__
    if type(error).__name__ == "CredentialUnavailableError":
        return BlockedError("missing_binding", "auth.harness.credential_ref", words, "Platform")
    if isinstance(error, ClientAuthenticationError):
        return AccessRefusedError(resource, words, code="sign_in", status=_REFUSED[0])
    if isinstance(error, TimeoutError):
        return InconclusiveError("service_unavailable", f"{resource}: {words}")
    return InconclusiveError(f"no_answer({type(error).__name__})", f"{resource}: {words}")


def _said(response: Any) -> tuple[str, str]:
    """The innermost error code and the service's own words."""
    body = json_or_empty(response)
    error = body.get("error")
    if not isinstance(error, dict):
        return str(error or ""), str(body.get("message") or response.reason or "")[:_LONGEST]
    code, inner = str(error.get("code", "")), error.get("innererror")
    while isinstance(inner, dict):
        code = str(inner.get("code") or code)
        inner = inner.get("innererror")
    return code, " ".join(str(error.get("message", "")).split())[:_LONGEST]
