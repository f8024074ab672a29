"""Folders, files and notebooks of the workspace.

Source: https://docs.databricks.com/api/azure/workspace/workspace (2.0, documented: import, export,
list, mkdirs, delete and what they refuse). An object the caller may not read is answered as one
that does not exist (assumed). Executable formats other than SOURCE, AUTO and RAW are refused.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks import levels
from pytest_roadmap.embedded.errors import (
    InvalidParameterError,
    PermissionDeniedError,
    ServiceError,
)
from pytest_roadmap.embedded.state_jobs import WorkspaceObject
from pytest_roadmap.embedded.wire import Call, Route, millis

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import CloudState, Principal

_ROOT = "/api/2.0/workspace"
_HEADER = b"# Databricks notebook source"
_LANGUAGES = ("PYTHON", "SQL", "SCALA", "R")
_PATH = re.compile(r"^(/[^/\x00-\x1f]+)+\Z|^/\Z")


def _missing(path: str) -> ServiceError:
    return ServiceError(404, "RESOURCE_DOES_NOT_EXIST", f"Path ({path}) doesn't exist.")


def object_of(state: CloudState, principal: Principal, path: str, level: str) -> WorkspaceObject:
    """The object, if the principal holds this level on it or above it.

    Raises:
        ServiceError: 404 for what is absent or may not be read, 403 below a higher level.
    """
    found = state.lakeflow.objects.get(path)
    if found is None or not levels.may_object(state, principal, found, "CAN_READ"):
        raise _missing(path)
    if not levels.may_object(state, principal, found, level):
        raise PermissionDeniedError(f"User {principal.name} does not have {level} on {path}.")
    return found


def put_object(
    cloud: Cloud,
    path: str,
    object_type: str,
    creator: str,
    *,
    content: bytes = b"",
    language: str = "",
) -> WorkspaceObject:
    """Create or replace an object; missing folders above it come with it, owned by the creator."""
    lakeflow, now = cloud.state.lakeflow, cloud.now()
    for folder in reversed(list(levels.ancestors(path))):
        if folder not in lakeflow.objects:
            above = WorkspaceObject(lakeflow.next_id(), folder, "DIRECTORY", now, now)
            above.acl = {creator: "CAN_MANAGE"} if folder != "/" else {}
            lakeflow.objects[folder] = above
    found = lakeflow.objects.get(path)
    if found is None:
        found = WorkspaceObject(lakeflow.next_id(), path, object_type, now, now)
        found.acl = {creator: "CAN_MANAGE"}
        lakeflow.objects[path] = found
    found.modified_at, found.content, found.language = now, content, language
    return found


def _answer(found: WorkspaceObject) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "object_type": found.object_type,
        "path": found.path,
        "object_id": found.object_id,
        "resource_id": str(found.object_id),
        "created_at": millis(found.created_at),
        "modified_at": millis(found.modified_at),
    }
    if found.object_type == "NOTEBOOK":
        answer["language"] = found.language
    if found.object_type == "FILE":
        answer["size"] = len(found.content)
    return answer


def _path(value: str) -> str:
    """The path in its stored form: ``/Workspace`` in front means the same (documented)."""
    text = value.removeprefix("/Workspace") if value.startswith("/Workspace/") else value
    text = text.rstrip("/") or "/"
    if not _PATH.match(text):
        raise InvalidParameterError(f"Path ({value}) must be an absolute path")
    return text


def _status(cloud: Cloud, call: Call) -> dict[str, Any]:
    path = _path(call.argument("path"))
    return _answer(object_of(cloud.state, call.principal, path, "CAN_READ"))


def _list(cloud: Cloud, call: Call) -> dict[str, Any]:
    path = _path(call.argument("path"))
    found = object_of(cloud.state, call.principal, path, "CAN_READ")
    if found.object_type != "DIRECTORY":
        return {"objects": [_answer(found)]}
    inside = [
        _answer(item)
        for item in cloud.state.lakeflow.objects.values()
        if item.path != "/"
        and next(levels.ancestors(item.path)) == path
        and levels.may_object(cloud.state, call.principal, item, "CAN_READ")
    ]
    return {"objects": inside} if inside else {}


def _may_write_below(cloud: Cloud, call: Call, path: str) -> None:
    """Refuse who may not add to the nearest folder that exists."""
    objects = cloud.state.lakeflow.objects
    near = next((objects[item] for item in levels.ancestors(path) if item in objects), None)
    allowed = near is not None and levels.may_object(cloud.state, call.principal, near, "CAN_EDIT")
    if not allowed and not levels.holds(cloud.state, call.principal, {}, levels.OBJECT, "CAN_EDIT"):
        raise PermissionDeniedError(
            f"User {call.principal.name} does not have CAN_EDIT on the folder of {path}."
        )


def _mkdirs(cloud: Cloud, call: Call) -> dict[str, Any]:
    path = _path(call.text("path"))
    found = cloud.state.lakeflow.objects.get(path)
    if found is not None and found.object_type != "DIRECTORY":
        raise ServiceError(400, "RESOURCE_ALREADY_EXISTS", f"Path ({path}) already exists.")
    if found is None:
        _may_write_below(cloud, call, path)
        put_object(cloud, path, "DIRECTORY", call.principal.name)
    return {}


def _import(cloud: Cloud, call: Call) -> dict[str, Any]:
    path, how = _path(call.text("path")), call.optional_text("format", "SOURCE")
    if how not in ("SOURCE", "AUTO", "RAW"):
        raise InvalidParameterError(f"format {how} is not supported by the embedded cloud")
    try:
        content = base64.b64decode(call.optional_text("content"), validate=True)
    except binascii.Error as error:
        raise InvalidParameterError("content must be base64") from error
    object_type, language = _kind(call, path, how, content)
    old = cloud.state.lakeflow.objects.get(path)
    if old is not None and (not call.flag("overwrite") or old.object_type != object_type):
        raise ServiceError(400, "RESOURCE_ALREADY_EXISTS", f"Path ({path}) already exists.")
    if old is None:
        _may_write_below(cloud, call, path)
    else:
        object_of(cloud.state, call.principal, path, "CAN_EDIT")
    name = call.principal.name
    put_object(cloud, path, object_type, name, content=content, language=language)
    return {}


def _kind(call: Call, path: str, how: str, content: bytes) -> tuple[str, str]:
    """SOURCE makes a notebook, RAW a file, AUTO what the text says it is (documented)."""
    if how == "RAW" or (how == "AUTO" and not content.startswith(_HEADER)):
        return "FILE", ""
    language = call.optional_text("language", "PYTHON" if how == "AUTO" else "")
    if language not in _LANGUAGES:
        raise InvalidParameterError(f"language must be one of {', '.join(_LANGUAGES)} for {path}")
    return "NOTEBOOK", language


def _export(cloud: Cloud, call: Call) -> dict[str, Any]:
    path = _path(call.argument("path"))
    found = object_of(cloud.state, call.principal, path, "CAN_READ")
    if found.object_type == "DIRECTORY":
        raise InvalidParameterError("Folders cannot be exported by the embedded cloud")
    return {"content": base64.b64encode(found.content).decode(), "file_type": found.object_type}


def _delete(cloud: Cloud, call: Call) -> dict[str, Any]:
    path = _path(call.text("path"))
    found = object_of(cloud.state, call.principal, path, "CAN_MANAGE")
    objects = cloud.state.lakeflow.objects
    inside = [item for item in objects if path in levels.ancestors(item)]
    if inside and found.object_type == "DIRECTORY" and not call.flag("recursive"):
        raise ServiceError(400, "DIRECTORY_NOT_EMPTY", f"Folder ({path}) is not empty")
    for item in [*inside, path]:
        del objects[item]
    return {}


ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_ROOT}/get-status", _status, ("path",)),
    Route("GET", f"{_ROOT}/list", _list, ("path",)),
    Route("GET", f"{_ROOT}/export", _export, ("path", "format")),
    Route("POST", f"{_ROOT}/mkdirs", _mkdirs, body=("path",)),
    Route(
        "POST",
        f"{_ROOT}/import",
        _import,
        body=("path", "format", "language", "content", "overwrite"),
    ),
    Route("POST", f"{_ROOT}/delete", _delete, body=("path", "recursive")),
)
