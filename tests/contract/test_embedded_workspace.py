"""Workspace files on the embedded cloud: imported, found, exported, deleted, by who may."""

from __future__ import annotations

import base64

import pytest
from databricks.sdk.errors import (
    BadRequest,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
)
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType

from tests.contract.embedded_cloud import OUTSIDER, PIPELINE, RunningCloud, error_of
from tests.contract.embedded_jobs import FOLDER, put_file


def test_a_file_and_a_notebook_are_given_back_as_imported(cloud: RunningCloud) -> None:
    """Their kinds differ, their content is the same."""
    workspace = cloud.client("admin").workspace
    for name, notebook, kind in (
        ("a.sql", False, ObjectType.FILE),
        ("b", True, ObjectType.NOTEBOOK),
    ):
        path = put_file(cloud, name, "SELECT 1 -- 한글", notebook=notebook)
        found = workspace.get_status(path)
        assert found.object_type is kind
        content = workspace.export(path, format=ExportFormat.SOURCE).content
        assert base64.b64decode(str(content)).decode() == "SELECT 1 -- 한글"
    assert {item.path for item in workspace.list(FOLDER)} == {f"{FOLDER}/a.sql", f"{FOLDER}/b"}


def test_the_long_form_of_a_path_means_the_same(cloud: RunningCloud) -> None:
    """/Workspace in front is optional."""
    path = put_file(cloud, "a.sql", "SELECT 1")
    workspace = cloud.client("admin").workspace
    assert workspace.get_status(f"/Workspace{path}") == workspace.get_status(path)


def test_automatic_import_tells_notebooks_by_their_first_line(cloud: RunningCloud) -> None:
    """Anything else is a file."""
    workspace = cloud.client("admin").workspace
    workspace.mkdirs(FOLDER)
    for name, text in (("n", "# Databricks notebook source\n1\n"), ("f.py", "1\n")):
        content = base64.b64encode(text.encode()).decode()
        workspace.import_(f"{FOLDER}/{name}", content=content, format=ImportFormat.AUTO)
    kinds = {item.path: item.object_type for item in workspace.list(FOLDER)}
    assert kinds == {f"{FOLDER}/n": ObjectType.NOTEBOOK, f"{FOLDER}/f.py": ObjectType.FILE}


def test_an_object_without_a_level_is_one_that_does_not_exist(cloud: RunningCloud) -> None:
    """The folder's level reaches the file; nobody else sees it."""
    path = put_file(cloud, "a.sql", "SELECT 1")
    assert cloud.client("pipeline_sp").workspace.get_status(path).path == path
    with pytest.raises(NotFound):
        cloud.client("outsider").workspace.get_status(path)


def test_reading_is_not_changing(cloud: RunningCloud) -> None:
    """CAN_READ imports nothing and deletes nothing."""
    path = put_file(cloud, "a.sql", "SELECT 1")
    workspace = cloud.client("pipeline_sp").workspace
    with pytest.raises(PermissionDenied):
        workspace.import_(path, content="", format=ImportFormat.RAW, overwrite=True)
    with pytest.raises(PermissionDenied):
        workspace.import_(f"{FOLDER}/new", content="", format=ImportFormat.RAW)
    with pytest.raises(PermissionDenied):
        workspace.delete(path)


def test_what_exists_is_replaced_only_when_asked(cloud: RunningCloud) -> None:
    """And never by another kind of object."""
    path = put_file(cloud, "a.sql", "SELECT 1")
    workspace = cloud.client("admin").workspace
    with pytest.raises(ResourceAlreadyExists, match="already exists"):
        workspace.import_(path, content="", format=ImportFormat.RAW)
    with pytest.raises(ResourceAlreadyExists, match="already exists"):
        workspace.import_(
            path,
            content="",
            format=ImportFormat.SOURCE,
            language=Language.SQL,
            overwrite=True,
        )
    with pytest.raises(ResourceAlreadyExists, match="already exists"):
        workspace.mkdirs(path)


def test_a_folder_is_deleted_with_its_content_only_when_asked(cloud: RunningCloud) -> None:
    """An empty answer lists what is left."""
    put_file(cloud, "a.sql", "SELECT 1")
    workspace = cloud.client("admin").workspace
    with pytest.raises(BadRequest, match="not empty"):
        workspace.delete(FOLDER)
    workspace.delete(FOLDER, recursive=True)
    with pytest.raises(NotFound):
        workspace.get_status(FOLDER)


def test_permissions_on_a_notebook_show_what_its_folder_gives(cloud: RunningCloud) -> None:
    """Direct and inherited levels, and where they come from."""
    path = put_file(cloud, "b", "1", notebook=True)
    workspace = cloud.client("admin").workspace
    folder, note = workspace.get_status(FOLDER), workspace.get_status(path)
    found = workspace.get_permissions("notebooks", str(note.object_id))
    held = {
        (row.service_principal_name, level.inherited, tuple(level.inherited_from_object or ()))
        for row in found.access_control_list or []
        for level in row.all_permissions or []
        if row.service_principal_name
    }
    assert held == {(PIPELINE, True, (f"/directories/{folder.object_id}",))}
    with pytest.raises(PermissionDenied):
        cloud.client("outsider").workspace.get_permissions("notebooks", str(note.object_id))


def test_permissions_refuse_unknown_levels_and_principals(cloud: RunningCloud) -> None:
    """A typo must not look like a grant."""
    path = put_file(cloud, "a.sql", "SELECT 1")
    wanted = cloud.client("admin").workspace.get_status(path).object_id
    url = f"/api/2.0/permissions/files/{wanted}"
    for row, status in (
        ({"user_name": OUTSIDER, "permission_level": "CAN_FLY"}, 400),
        ({"user_name": "nobody@x.example", "permission_level": "CAN_READ"}, 404),
        ({"permission_level": "CAN_READ"}, 400),
    ):
        answer = cloud.rest("admin", "PATCH", url, {"access_control_list": [row]})
        assert answer.status_code == status, answer.text
    missing = cloud.rest("admin", "GET", "/api/2.0/permissions/files/1")
    assert error_of(missing) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_the_levels_of_an_object_are_listed(cloud: RunningCloud) -> None:
    """In rising order."""
    path = put_file(cloud, "a.sql", "SELECT 1")
    wanted = cloud.client("admin").workspace.get_status(path).object_id
    levels = cloud.client("admin").workspace.get_permission_levels("files", str(wanted))
    names = [
        item.permission_level.value
        for item in levels.permission_levels or []
        if item.permission_level
    ]
    assert names == ["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"]


def test_who_may_use_a_warehouse_may_see_who_else_may(cloud: RunningCloud) -> None:
    """Changing the list needs CAN_MANAGE, seeing it any level; without one it is refused."""
    url = "/api/2.0/permissions/warehouses/wh-embedded-1"
    row = {"user_name": OUTSIDER, "permission_level": "CAN_USE"}
    assert cloud.rest("pipeline_sp", "GET", url).status_code == 200
    change = cloud.rest("pipeline_sp", "PATCH", url, {"access_control_list": [row]})
    assert change.status_code == 403
    assert cloud.rest("outsider", "GET", url).status_code == 403
