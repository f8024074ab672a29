"""What of a request and an answer goes into the event of a call."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    import requests

_SHOWN_ROWS = 20
#: A larger answer is represented by its size and digest, so that results stay small in transit.
_SHOWN_BYTES = 128 * 1024
_IDS = ("statement_id", "warehouse_id", "metastore_id", "table_id")


def json_of(response: requests.Response) -> Any:
    """The JSON of an answer, None where it has none."""
    if "json" not in response.headers.get("content-type", "").lower():
        return None
    try:
        return response.json()
    except ValueError:
        return None


def request_of(request: requests.PreparedRequest) -> tuple[str, dict[str, Any]]:
    """Path, and the query and JSON body of a request; other bodies as size and digest."""
    parts = urlsplit(request.url or "")
    shown: dict[str, Any] = dict(parse_qsl(parts.query))
    body = request.body
    if isinstance(body, str):
        body = body.encode()
    if isinstance(body, bytes) and body:
        if "json" in str(request.headers.get("Content-Type", "")):
            loaded = json.loads(body)
            shown |= loaded if isinstance(loaded, dict) else {"body": loaded}
        else:
            shown |= {"content_length": len(body), "content_sha256": _digest(body)}
    return parts.path, shown


def response_of(
    code: str, body: Any, response: requests.Response
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answer as the event shows it, and the ids named in it."""
    if not isinstance(body, dict):
        return {"content_length": response.headers.get("content-length")}, {}
    ids = {name: body[name] for name in _IDS if body.get(name)}
    if code == "C-SECRET" and response.ok:
        return {"key": body.get("key"), "present": bool(body.get("value"))}, ids
    if code == "C-SQL" and response.ok:
        return statement_summary(body), ids
    text = json.dumps(body, sort_keys=True, ensure_ascii=False).encode()
    if len(text) > _SHOWN_BYTES:
        return {"length": len(text), "digest": _digest(text)}, ids
    return body, ids


def statement_summary(body: Mapping[str, Any]) -> dict[str, Any]:
    """State, error, columns and first rows of a statement's answer, with a digest of all rows."""
    status = body.get("status") or {}
    error = status.get("error") or {}
    manifest = body.get("manifest") or {}
    rows = (body.get("result") or body).get("data_array") or []
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
    summary = {
        "state": status.get("state"),
        "error_code": error.get("error_code"),
        "error_message": error.get("message"),
        "sql_state": status.get("sql_state") or error.get("sql_state"),
        "columns": [c.get("name") for c in (manifest.get("schema") or {}).get("columns") or []],
        "total_row_count": manifest.get("total_row_count"),
        "truncated": manifest.get("truncated"),
        "rows": rows[:_SHOWN_ROWS],
        "row_count": len(rows),
        "rows_digest": _digest(text),
    }
    return {name: value for name, value in summary.items() if value is not None}


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()
