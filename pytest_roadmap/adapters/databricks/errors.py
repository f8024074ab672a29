"""Vendor errors of the Databricks side in our words (rules a.1, faults 2, 4, 6 and 7)."""

from __future__ import annotations

from pytest_roadmap.domain.outcome import (
    AccessRefusedError,
    AssetMissingError,
    InconclusiveError,
)

_UNAUTHENTICATED = 401
_FORBIDDEN = 403
_LONGEST = 600


def translate(error: Exception, resource: str) -> Exception:
    """The error of ours for what the SDK, requests or the sign-in raised."""
    from databricks.sdk import errors  # noqa: PLC0415 (vendor)
    from databricks.sdk.errors.base import DatabricksError  # noqa: PLC0415 (vendor)

    words = _words(error)
    if isinstance(error, errors.Unauthenticated):
        return AccessRefusedError(resource, words, code=_code(error), status=_UNAUTHENTICATED)
    if isinstance(error, errors.PermissionDenied):
        return AccessRefusedError(resource, words, code=_code(error), status=_FORBIDDEN)
    if isinstance(error, errors.NotFound):
        return AssetMissingError(resource, words)
    if isinstance(error, DatabricksError):
        return InconclusiveError(f"service_error({_code(error)})", f"{resource}: {words}")
    if isinstance(error, TimeoutError):
        cause = error.__cause__ or error.__context__
        said = f"; last answer: {_words(cause)}" if isinstance(cause, Exception) else ""
        return InconclusiveError("service_unavailable", f"{resource}: {words}{said}")
    return InconclusiveError(f"no_answer({type(error).__name__})", f"{resource}: {words}")


def _code(error: Exception) -> str:
    return str(getattr(error, "error_code", None) or type(error).__name__)


def _words(error: Exception) -> str:
    """The service's own words; the SDK appends its configuration to a refusal, which is cut."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text.split(". Config: ")[0].split(" Config: host=")[0][:_LONGEST]
