"""The data plane of ADLS Gen2, as far as the harness cleans up: delete, and look at, a path.

Served below ``/_dfs/<account>/<container>/<path>`` instead of the account's own host.
Source: https://learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path/delete
(documented: ``recursive`` is required for a directory, 404 ``PathNotFound``, ``x-ms-error-code``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.embedded import storage
from pytest_roadmap.embedded.errors import ArmError, InvalidParameterError, StorageError
from pytest_roadmap.embedded.wire import Call, Reply

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud

PREFIX = "/_dfs/"
_MINIMUM_PARTS = 2


def handle(cloud: Cloud, call: Call) -> Reply:
    """Answer one data-plane request.

    Raises:
        ArmError: with the storage service's codes.
    """
    url, account = _url(call.route_path)
    if "x-ms-version" not in call.headers:
        raise ArmError(400, "MissingRequiredHeader", "The header x-ms-version is required.")
    _authorise(cloud, call, account, write=call.method == "DELETE")
    held = storage.list_objects(cloud.state, url)
    if not held and url not in cloud.state.directories:
        raise ArmError(404, "PathNotFound", "The specified path does not exist.")
    if call.method == "HEAD":
        return Reply(200, headers={"x-ms-resource-type": "file" if url in held else "directory"})
    if call.method == "GET" and url in held:
        return Reply(content=held[url], headers={"content-type": "application/octet-stream"})
    if call.method != "DELETE":
        raise ArmError(405, "UnsupportedHttpVerb", "The embedded cloud reads and deletes paths.")
    if url not in held and call.query.get("recursive") != "true":
        raise ArmError(409, "DirectoryNotEmpty", "The recursive query parameter must be true.")
    storage.delete_objects(cloud.state, url)
    return Reply(200)


def _url(path: str) -> tuple[str, str]:
    parts = [part for part in path.removeprefix(PREFIX).split("/") if part]
    if len(parts) <= _MINIMUM_PARTS:
        raise ArmError(400, "InvalidUri", "Expected /_dfs/<account>/<container>/<path>.")
    account, container, *rest = parts
    text = f"abfss://{container}@{account}.dfs.core.windows.net/{'/'.join(rest)}"
    try:
        return storage.canonical(text), account
    except InvalidParameterError as error:
        raise ArmError(400, "InvalidUri", error.message) from error


def _authorise(cloud: Cloud, call: Call, account: str, *, write: bool) -> None:
    try:
        found = storage.require_network(cloud.state, account)
    except StorageError as error:
        raise ArmError(error.status, error.storage_code, error.message) from error
    object_id = call.principal.object_id
    if not storage.has_data_role(cloud.state, found["id"], object_id, write=write):
        raise ArmError(
            403,
            "AuthorizationPermissionMismatch",
            "This request is not authorized to perform this operation using this permission.",
        )
