"""Declarative pipelines: objects with an identity of their own. Updates are not executed here.

Source: https://docs.databricks.com/api/azure/workspace/pipelines (2.0, documented: fields, that a
pipeline runs as its creator unless ``run_as`` says otherwise, and who may set it: as for jobs).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import levels
from pytest_roadmap.embedded.databricks.jobs import check_run_as
from pytest_roadmap.embedded.errors import InvalidParameterError, ServiceError
from pytest_roadmap.embedded.state import USER
from pytest_roadmap.embedded.state_jobs import Pipeline
from pytest_roadmap.embedded.wire import Call, Route, millis, page, with_page

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import CloudState

_ROOT = "/api/2.0/pipelines"
_SPEC = (
    "name",
    "catalog",
    "schema",
    "target",
    "libraries",
    "configuration",
    "continuous",
    "development",
    "serverless",
    "photon",
    "edition",
    "channel",
    "deployment",
    "root_path",
    "tags",
)


def _of(cloud: Cloud, call: Call, level: str) -> Pipeline:
    found = cloud.state.lakeflow.pipelines.get(call.path["id"])
    if found is None:
        raise ServiceError(
            404,
            "RESOURCE_DOES_NOT_EXIST",
            f"The specified pipeline {call.path['id']} was not found.",
        )
    what = f"pipeline {found.pipeline_id}"
    levels.require(cloud.state, call.principal, found.acl, levels.PIPELINE, level, what)
    return found


def _short(found: Pipeline) -> dict[str, Any]:
    return {
        "pipeline_id": found.pipeline_id,
        "name": found.spec["name"],
        "state": "IDLE",
        "creator_user_name": found.creator_user_name,
        "run_as_user_name": found.run_as,
    }


def _answer(state: CloudState, found: Pipeline) -> dict[str, Any]:
    acting = state.principal_named(found.run_as)
    user = acting is not None and acting.kind == USER
    return {
        **_short(found),
        "spec": {"id": found.pipeline_id, **found.spec},
        "run_as": {"user_name" if user else "service_principal_name": found.run_as},
        "last_modified": millis(found.last_modified),
        "health": "HEALTHY",
    }


def _spec(call: Call) -> dict[str, Any]:
    if not call.optional_text("name"):
        raise InvalidParameterError("Missing required field: name")
    return {name: call.body[name] for name in _SPEC if call.body.get(name) is not None}


def _create(cloud: Cloud, call: Call) -> dict[str, Any]:
    name, run_as = call.principal.name, call.body.get("run_as")
    acting = check_run_as(cloud.state, call.principal, run_as) if run_as else name
    pipeline_id = str(uuid.uuid4())
    cloud.state.lakeflow.pipelines[pipeline_id] = Pipeline(
        pipeline_id, name, acting, _spec(call), cloud.now(), {name: "IS_OWNER"}
    )
    return {"pipeline_id": pipeline_id}


def _get(cloud: Cloud, call: Call) -> dict[str, Any]:
    return _answer(cloud.state, _of(cloud, call, "CAN_VIEW"))


def _list(cloud: Cloud, call: Call) -> dict[str, Any]:
    shown = [
        _short(item)
        for item in cloud.state.lakeflow.pipelines.values()
        if levels.holds(cloud.state, call.principal, item.acl, levels.PIPELINE, "CAN_VIEW")
    ]
    rows, token = page(shown, {"max_results": "25", **call.query})
    return with_page("statuses", rows, token)


def _update(cloud: Cloud, call: Call) -> dict[str, Any]:
    found = _of(cloud, call, "CAN_MANAGE")
    run_as = call.body.get("run_as")
    if run_as:
        found.run_as = check_run_as(cloud.state, call.principal, run_as)
    found.spec, found.last_modified = _spec(call), cloud.now()
    return {}


def _delete(cloud: Cloud, call: Call) -> dict[str, Any]:
    found = _of(cloud, call, "CAN_MANAGE")
    del cloud.state.lakeflow.pipelines[found.pipeline_id]
    return {}


ROUTES: tuple[Route, ...] = (
    Route("POST", _ROOT, _create, body=(*_SPEC, "run_as")),
    Route("GET", _ROOT, _list, ("max_results", "page_token")),
    Route("GET", f"{_ROOT}/{{id}}", _get),
    Route("PUT", f"{_ROOT}/{{id}}", _update, body=(*_SPEC, "run_as", "pipeline_id", "id")),
    Route("DELETE", f"{_ROOT}/{{id}}", _delete),
)
