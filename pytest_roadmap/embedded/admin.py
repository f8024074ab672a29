"""The endpoints of whoever runs the embedded cloud: snapshots, faults, clock, a look at the state.

They exist on no real service. All but the two well-known addresses need the admin token, which
opens nothing else; a workspace administrator's token does not open them.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks.front import workspace_id
from pytest_roadmap.embedded.faults import FAULTS, UnknownFaultError, activate
from pytest_roadmap.embedded.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.incoming import Incoming

PREFIX = "/_embedded/"
WELL_KNOWN = "/.well-known/roadmap-embedded"
DATABRICKS_CONFIG = "/.well-known/databricks-config"
MAX_ADVANCE_S = 10 * 366 * 86400


def is_admin(path: str) -> bool:
    """Whether the path belongs to this module."""
    return path.startswith(PREFIX) or path in (WELL_KNOWN, DATABRICKS_CONFIG)


def answer(cloud: Cloud, incoming: Incoming, connection: Mapping[str, Any]) -> Reply:
    """Answer a request to an admin or well-known address."""
    with cloud.lock:
        if incoming.path == WELL_KNOWN and incoming.method == "GET":
            return Reply(body={**connection, "clock_offset_s": cloud.state.clock_offset_s})
        if incoming.path == DATABRICKS_CONFIG and incoming.method == "GET":
            return Reply(body=_config(cloud, connection))
        if not secrets.compare_digest(incoming.token.encode(), cloud.admin_token.encode()):
            return _refuse(401, "UNAUTHENTICATED", "This endpoint needs the admin token.")
        handler = _HANDLERS.get((incoming.method, incoming.path.removeprefix(PREFIX)))
        if handler is None:
            what = f"{incoming.method} {incoming.path}"
            return _refuse(404, "ENDPOINT_NOT_FOUND", f"No admin endpoint '{what}'")
        try:
            body = json.loads(incoming.content or b"{}")
        except (UnicodeDecodeError, json.JSONDecodeError):
            body = None
        if not isinstance(body, dict):
            return _refuse(400, "MALFORMED_REQUEST", "The body must be a JSON object.")
        return handler(cloud, body)


def _refuse(status: int, code: str, message: str) -> Reply:
    return Reply(status, {"error_code": code, "message": message, "details": []})


def _config(cloud: Cloud, connection: Mapping[str, Any]) -> dict[str, Any]:
    """What the SDK asks first; field names are those the SDK reads (0.162, ``HostMetadata``)."""
    return {
        "oidc_endpoint": f"{connection['databricks_url']}/oidc",
        "workspace_id": str(workspace_id(cloud)),
        "cloud": "azure",
    }


def _snapshot(cloud: Cloud, _body: dict[str, Any]) -> Reply:
    return Reply(body={"snapshot_id": cloud.snapshot()})


def _restore(cloud: Cloud, body: dict[str, Any]) -> Reply:
    return _on_snapshot(body, cloud.restore)


def _forget(cloud: Cloud, body: dict[str, Any]) -> Reply:
    return _on_snapshot(body, cloud.forget)


def _on_snapshot(body: dict[str, Any], act: Callable[[str], bool]) -> Reply:
    snapshot_id = body.get("snapshot_id")
    if not isinstance(snapshot_id, str) or not act(snapshot_id):
        return _refuse(404, "RESOURCE_DOES_NOT_EXIST", f"No snapshot {snapshot_id!r}")
    return Reply(body={"snapshot_id": snapshot_id})


def _list_faults(cloud: Cloud, _body: dict[str, Any]) -> Reply:
    known = [
        {"id": kind.fault_id, "description": kind.description, "parameters": list(kind.parameters)}
        for kind in FAULTS.values()
    ]
    active = [
        {"id": item.fault_id, "parameters": item.parameters, "remaining": item.remaining}
        for item in cloud.state.faults.values()
    ]
    return Reply(body={"known": known, "active": active})


def _set_faults(cloud: Cloud, body: dict[str, Any]) -> Reply:
    """Replace the active faults; an empty list switches all off."""
    active = body.get("active")
    if not isinstance(active, list) or not all(isinstance(item, str) for item in active):
        return _refuse(400, "INVALID_PARAMETER_VALUE", "active must be a list of fault ids")
    try:
        cloud.state.faults = activate(active)
    except UnknownFaultError as error:
        return _refuse(400, "INVALID_PARAMETER_VALUE", str(error))
    return Reply(body={"active": active})


def _state(cloud: Cloud, _body: dict[str, Any]) -> Reply:
    state = cloud.state
    return Reply(
        body={
            "state_id": cloud.state_id,
            "now": cloud.now().isoformat(),
            "clock_offset_s": state.clock_offset_s,
            "catalogs": sorted(state.catalogs),
            "schemas": sorted(state.schemas),
            "tables": {name: len(table.versions) for name, table in state.tables.items()},
            "volumes": sorted(state.volumes),
            "external_locations": sorted(state.external_locations),
            "storage": sorted(state.storage),
            "arm": sorted(item["id"] for item in state.arm.values()),
            "statements": len(state.query_history),
            "faults": sorted(state.faults),
        }
    )


def _clock(cloud: Cloud, body: dict[str, Any]) -> Reply:
    """Advance the clock; it never goes back, except by restoring a snapshot."""
    seconds = body.get("advance_s")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return _refuse(400, "INVALID_PARAMETER_VALUE", "advance_s must be a number of seconds")
    if not 0 <= seconds <= MAX_ADVANCE_S:
        return _refuse(400, "INVALID_PARAMETER_VALUE", f"advance_s: 0 to {MAX_ADVANCE_S}")
    cloud.state.clock_offset_s += seconds
    now = cloud.now().isoformat()
    return Reply(body={"clock_offset_s": cloud.state.clock_offset_s, "now": now})


_HANDLERS: dict[tuple[str, str], Callable[[Cloud, dict[str, Any]], Reply]] = {
    ("POST", "snapshot"): _snapshot,
    ("POST", "restore"): _restore,
    ("POST", "forget"): _forget,
    ("GET", "faults"): _list_faults,
    ("POST", "faults"): _set_faults,
    ("GET", "state"): _state,
    ("POST", "clock"): _clock,
}
