"""One event as it is written: allow-listed, redacted, digest taken afterwards (rules d.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_roadmap.domain.canonical import canonical_digest, sha256_of, utc_text
from pytest_roadmap.domain.recording import Event
from pytest_roadmap.domain.redaction import Redacted, Redactor
from pytest_roadmap.domain.response_fields import MAX_ROWS, fields_of

#: No service answers deeper than this.
_MAX_DEPTH = 40
_READING_METHODS = ("GET", "HEAD", "OPTIONS")
_READING_SQL = ("SELECT", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "WITH", "LIST", "VALUES")
#: Catalogue codes that ask by POST and change nothing.
_READING_POSTS = ("C-VAL", "A-LOGQ", "C-WHO")


def event_line(event: Event, redactor: Redactor) -> Redacted:
    """The object of one event, for the evidence file and for the Allure attachment alike."""
    body = dict(event.body)
    if event.kind == "call":
        _allow_list(body)
    head: dict[str, Any] = {
        "t": utc_text(event.t),
        "scenario": event.scenario,
        "step": event.step,
        "kind": event.kind,
    }
    redacted = redactor.redact({**head, **body, **head})
    line = dict(redacted.value)
    if "response" in body:
        line["response_digest"] = canonical_digest(line["response"])
    return Redacted(line, redacted.count)


def _allow_list(body: dict[str, Any]) -> None:
    if "response" not in body:
        return
    omitted: set[str] = set()
    body["response"] = _kept(body["response"], fields_of(str(body.get("call", ""))), omitted)
    if omitted:
        body["response_omitted"] = sorted(omitted)


def _kept(value: Any, allowed: frozenset[str], omitted: set[str], depth: int = 0) -> Any:
    if isinstance(value, (Mapping, list, tuple)) and depth > _MAX_DEPTH:
        omitted.add("(nested too deep)")
        return None
    if isinstance(value, Mapping):
        omitted.update(str(key) for key in value if key not in allowed)
        return {
            key: _rows(item) if key == "rows" else _kept(item, allowed, omitted, depth + 1)
            for key, item in value.items()
            if key in allowed
        }
    if isinstance(value, (list, tuple)):
        return [_kept(item, allowed, omitted, depth + 1) for item in value]
    return value


def _rows(rows: Any) -> Any:
    return list(rows[:MAX_ROWS]) if isinstance(rows, (list, tuple)) else rows


@dataclass(frozen=True, slots=True)
class CallFigures:
    """What the front matter says about the calls of a record."""

    count: int
    mutating: int
    request_ids_digest: str


def call_figures(events: Iterable[Event]) -> CallFigures:
    """Count the calls; the digest is over the request ids in order, one a line."""
    calls = [event.body for event in events if event.kind == "call"]
    ids = "\n".join(str(body["request_id"]) for body in calls if body.get("request_id"))
    return CallFigures(len(calls), sum(map(_mutates, calls)), sha256_of(ids.encode()))


def _mutates(body: Mapping[str, Any]) -> bool:
    stated = body.get("mutating")
    if isinstance(stated, bool):
        return stated
    code = str(body.get("call", ""))
    request = body.get("request")
    statement = request.get("statement") if isinstance(request, Mapping) else None
    if isinstance(statement, str):
        return statement.lstrip(" \t\r\n(").upper().split(maxsplit=1)[:1] not in [
            [word] for word in _READING_SQL
        ]
    method = str(body.get("method", "GET")).upper()
    return method not in _READING_METHODS and code not in _READING_POSTS
