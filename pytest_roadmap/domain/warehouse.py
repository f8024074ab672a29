"""The SQL warehouse of an environment, running where the harness may have it run."""

from __future__ import annotations

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError
from pytest_roadmap.domain.ports import WorkspacePort


def running_warehouse(environment: Environment, workspace: WorkspacePort) -> str:
    """The id of the bound warehouse, which runs; it is started only where that is permitted.

    A statement would start a stopped warehouse by itself, so whoever runs one asks here first.

    Raises:
        BlockedError: none is bound, or it does not run and may not be started.
    """
    warehouse_id = str(environment.require("warehouse.id"))
    state = workspace.warehouse_state(warehouse_id)
    if state != "RUNNING" and environment.get("safety.may_start_warehouse") is True:
        limit_s = float(environment.get("warehouse.start_timeout_s", 600))
        state = workspace.start_warehouse(warehouse_id, limit_s)
    if state != "RUNNING":
        raise BlockedError("access_not_granted", f"warehouse {warehouse_id}", f"it is {state}")
    return warehouse_id
