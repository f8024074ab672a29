"""SQL warehouses: their states, start and stop. Permissions on them: ``permissions.py``.

Source: https://docs.databricks.com/api/azure/workspace/warehouses and
https://learn.microsoft.com/azure/databricks/security/auth/access-control/#sql-warehouse-acls
(documented: CAN USE may start, stopping needs CAN MANAGE or ownership). Wording of refusals is
assumed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import authorize
from pytest_roadmap.embedded.errors import PermissionDeniedError, ServiceError
from pytest_roadmap.embedded.state import CloudState, Principal, Warehouse
from pytest_roadmap.embedded.wire import Call, Route

if TYPE_CHECKING:
    from datetime import datetime

    from pytest_roadmap.embedded.cloud import Cloud

_ROOT = "/api/2.0/sql/warehouses"
LEVELS = ("CAN_VIEW", "CAN_MONITOR", "CAN_USE", "CAN_MANAGE", "IS_OWNER")


def current_state(state: CloudState, warehouse: Warehouse, now: datetime) -> str:
    """``STARTING`` becomes ``RUNNING`` and ``STOPPING`` becomes ``STOPPED`` when the time is up."""
    if warehouse.state == "STARTING" and state.fault("warehouse-stuck-starting"):
        return "STARTING"
    if warehouse.ready_at is not None and now >= warehouse.ready_at:
        ends = {"STARTING": "RUNNING", "STOPPING": "STOPPED"}
        warehouse.state = ends.get(warehouse.state, warehouse.state)
        warehouse.ready_at = None
    return warehouse.state


def begin_start(state: CloudState, warehouse: Warehouse, now: datetime) -> None:
    """Start a stopped warehouse; a running or starting one is left alone."""
    if current_state(state, warehouse, now) in ("STOPPED", "STOPPING"):
        warehouse.state = "STARTING"
        warehouse.ready_at = now + timedelta(seconds=warehouse.start_latency_s)


def level_of(state: CloudState, principal: Principal, warehouse: Warehouse) -> int:
    """The index in ``LEVELS`` of the principal's highest level; -1 for none.

    Workspace admins can manage every warehouse (documented).
    """
    names = authorize.identities(state, principal)
    held = [LEVELS.index(level) for name, level in warehouse.acl.items() if name in names]
    if authorize.is_workspace_admin(state, principal):
        held.append(LEVELS.index("CAN_MANAGE"))
    return max(held, default=-1)


def require_level(
    state: CloudState, principal: Principal, warehouse_id: str, level: str
) -> Warehouse:
    """The warehouse, if the principal holds at least this level on it. SQL statements use it too.

    Raises:
        ServiceError: 404 ``RESOURCE_DOES_NOT_EXIST`` or 403 ``PERMISSION_DENIED``.
    """
    warehouse = state.warehouses.get(warehouse_id)
    if warehouse is None:
        raise ServiceError(
            404, "RESOURCE_DOES_NOT_EXIST", f"SQL warehouse {warehouse_id} does not exist."
        )
    if level_of(state, principal, warehouse) < LEVELS.index(level):
        raise PermissionDeniedError(
            f"{principal.name} does not have {level} permission on SQL warehouse {warehouse_id}."
        )
    return warehouse


def warehouse_answer(cloud: Cloud, warehouse: Warehouse) -> dict[str, Any]:
    """A warehouse as the API writes it."""
    now_state = current_state(cloud.state, warehouse, cloud.now())
    return {
        "id": warehouse.warehouse_id,
        "name": warehouse.name,
        "state": now_state,
        "creator_name": warehouse.creator_name,
        "cluster_size": warehouse.cluster_size,
        "auto_stop_mins": warehouse.auto_stop_mins,
        "min_num_clusters": 1,
        "max_num_clusters": 1,
        "num_clusters": 1 if now_state == "RUNNING" else 0,
        "warehouse_type": "PRO",
        "enable_serverless_compute": warehouse.serverless,
        "enable_photon": True,
        "health": {"status": "HEALTHY"},
    }


def _list(cloud: Cloud, call: Call) -> dict[str, Any]:
    shown = [
        warehouse_answer(cloud, item)
        for item in cloud.state.warehouses.values()
        if level_of(cloud.state, call.principal, item) >= 0
    ]
    return {"warehouses": shown}


def _get(cloud: Cloud, call: Call) -> dict[str, Any]:
    found = require_level(cloud.state, call.principal, call.path["id"], "CAN_VIEW")
    return warehouse_answer(cloud, found)


def _start(cloud: Cloud, call: Call) -> dict[str, Any]:
    found = require_level(cloud.state, call.principal, call.path["id"], "CAN_USE")
    begin_start(cloud.state, found, cloud.now())
    return {}


def _stop(cloud: Cloud, call: Call) -> dict[str, Any]:
    found = require_level(cloud.state, call.principal, call.path["id"], "CAN_MANAGE")
    if current_state(cloud.state, found, cloud.now()) != "STOPPED":
        found.state, found.ready_at = "STOPPING", cloud.now() + timedelta(seconds=0.2)
    return {}


ROUTES: tuple[Route, ...] = (
    Route("GET", _ROOT, _list, ("run_as_user_id", "page_size", "page_token")),
    Route("GET", f"{_ROOT}/{{id}}", _get),
    Route("POST", f"{_ROOT}/{{id}}/start", _start),
    Route("POST", f"{_ROOT}/{{id}}/stop", _stop),
)
