"""The Files API over volumes: files and directories below ``/Volumes/<c>/<s>/<volume>``.

Source: https://docs.databricks.com/api/azure/workspace/files (documented: READ VOLUME, WRITE VOLUME
and the USE chain; 404 ``NOT_FOUND``, 409 ``ALREADY_EXISTS``; only empty directories are deleted).
"""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded import storage
from pytest_roadmap.embedded.databricks import authorize
from pytest_roadmap.embedded.databricks.privileges import EXTERNAL_LOCATION, VOLUME
from pytest_roadmap.embedded.errors import (
    InvalidParameterError,
    PermissionDeniedError,
    ServiceError,
)
from pytest_roadmap.embedded.state import Volume
from pytest_roadmap.embedded.wire import Call, Reply, Route, millis, page, with_page

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud

_FILES, _DIRECTORIES = "/api/2.0/fs/files/{path*}", "/api/2.0/fs/directories/{path*}"
_PREFIX_PARTS = 4


def _resolve(cloud: Cloud, call: Call, privilege: str) -> tuple[Volume, str]:
    """The volume and the storage URL of the path, after every check.

    Raises:
        ServiceError: not below a volume, climbing out of it, privilege missing, storage refusing.
    """
    parts = [part for part in call.path["path"].split("/") if part]
    if len(parts) < _PREFIX_PARTS or parts[0] != "Volumes":
        raise InvalidParameterError(f"Invalid path: /{'/'.join(parts)}; expected /Volumes/…")
    if any(part in (".", "..") for part in parts):
        raise InvalidParameterError("The path must not contain . or .. segments")
    name = ".".join(parts[1:_PREFIX_PARTS])
    found = authorize.find(cloud.state, VOLUME, name)
    if not isinstance(found, Volume):
        authorize.require_visible(cloud.state, call.principal, VOLUME, name)
        raise authorize.does_not_exist(VOLUME, name)
    authorize.require(cloud.state, call.principal, VOLUME, name, privilege)
    _require_storage(cloud, found, write=privilege == "WRITE_VOLUME")
    tail = "/".join(parts[_PREFIX_PARTS:])
    return found, storage.canonical(f"{found.storage_location.rstrip('/')}/{tail}").rstrip("/")


def _require_storage(cloud: Cloud, volume: Volume, *, write: bool) -> None:
    state = cloud.state
    location = storage.location_of(state, volume.storage_location)
    if location is None:
        storage.require_network(state, storage.split_url(volume.storage_location)[0])
        return
    if write and (
        location.read_only
        or authorize.is_read_only_here(state, EXTERNAL_LOCATION, location.full_name)
    ):
        raise PermissionDeniedError(f"External Location '{location.full_name}' is read only.")
    credential = state.storage_credentials.get(location.credential_name.lower())
    if credential is not None:
        storage.require_credential(state, credential, volume.storage_location, write=write)


def _not_found() -> ServiceError:
    return ServiceError(404, "NOT_FOUND", "The file being accessed is not found.")


def _file_headers(cloud: Cloud, url: str) -> dict[str, str]:
    moment = cloud.state.storage_times.get(url, cloud.now())
    return {
        "content-type": "application/octet-stream",
        "last-modified": format_datetime(moment, usegmt=True),
    }


def _is_directory(cloud: Cloud, volume: Volume, url: str) -> bool:
    root = storage.canonical(volume.storage_location).rstrip("/")
    below = any(key.startswith(f"{url}/") for key in cloud.state.storage)
    return url == root or url in cloud.state.directories or below


def _download(cloud: Cloud, call: Call) -> Reply:
    _, url = _resolve(cloud, call, "READ_VOLUME")
    if url not in cloud.state.storage:
        raise _not_found()
    content = storage.read_objects(cloud.state, url)[url]
    return Reply(content=content, headers=_file_headers(cloud, url))


def _metadata(cloud: Cloud, call: Call) -> Reply:
    _, url = _resolve(cloud, call, "READ_VOLUME")
    if url not in cloud.state.storage:
        raise _not_found()
    size = str(len(cloud.state.storage[url]))
    return Reply(headers={**_file_headers(cloud, url), "content-length": size})


def _upload(cloud: Cloud, call: Call) -> Reply:
    """Parent directories come into being (documented); ``overwrite`` is true when absent."""
    volume, url = _resolve(cloud, call, "WRITE_VOLUME")
    if _is_directory(cloud, volume, url):
        raise ServiceError(409, "ALREADY_EXISTS", "The path is a directory.")
    if call.query.get("overwrite", "true") != "true" and url in cloud.state.storage:
        raise ServiceError(409, "ALREADY_EXISTS", "The file being created already exists.")
    storage.write_object(cloud.state, url, call.content, cloud.now())
    return Reply(204)


def _delete(cloud: Cloud, call: Call) -> Reply:
    _, url = _resolve(cloud, call, "WRITE_VOLUME")
    if url not in cloud.state.storage:
        raise _not_found()
    parent = url.rpartition("/")[0]
    storage.delete_objects(cloud.state, url)
    cloud.state.directories.setdefault(parent, cloud.now())
    return Reply(204)


def _list(cloud: Cloud, call: Call) -> dict[str, Any]:
    volume, url = _resolve(cloud, call, "READ_VOLUME")
    if not _is_directory(cloud, volume, url):
        raise ServiceError(404, "NOT_FOUND", "The directory being accessed is not found.")
    base = "/" + call.path["path"].strip("/")
    entries: dict[str, dict[str, Any]] = {}
    for key in (*sorted(cloud.state.storage), *sorted(cloud.state.directories)):
        if not key.startswith(f"{url}/"):
            continue
        name, _, deeper = key[len(url) + 1 :].partition("/")
        entry: dict[str, Any] = {"name": name, "path": f"{base}/{name}", "is_directory": True}
        if not deeper and key in cloud.state.storage:
            entry["is_directory"] = False
            entry["file_size"] = len(cloud.state.storage[key])
            entry["last_modified"] = millis(cloud.state.storage_times.get(key, cloud.now()))
        entries.setdefault(name, entry)
    rows, token = page([entries[n] for n in sorted(entries)], call.query, size_name="page_size")
    return with_page("contents", rows, token)


def _check_directory(cloud: Cloud, call: Call) -> Reply:
    volume, url = _resolve(cloud, call, "READ_VOLUME")
    if not _is_directory(cloud, volume, url):
        raise _not_found()
    return Reply(200)


def _make_directory(cloud: Cloud, call: Call) -> Reply:
    _, url = _resolve(cloud, call, "WRITE_VOLUME")
    if url in cloud.state.storage:
        raise ServiceError(409, "ALREADY_EXISTS", "The path is a file.")
    cloud.state.directories.setdefault(url, cloud.now())
    return Reply(204)


def _remove_directory(cloud: Cloud, call: Call) -> Reply:
    volume, url = _resolve(cloud, call, "WRITE_VOLUME")
    if not _is_directory(cloud, volume, url):
        raise _not_found()
    held = (*cloud.state.storage, *cloud.state.directories)
    if any(key.startswith(f"{url}/") for key in held):
        raise ServiceError(400, "DIRECTORY_NOT_EMPTY", "The directory is not empty.")
    cloud.state.directories.pop(url, None)
    return Reply(204)


ROUTES: tuple[Route, ...] = (
    Route("GET", _FILES, _download),
    Route("HEAD", _FILES, _metadata),
    Route("PUT", _FILES, _upload, ("overwrite",), body=None),
    Route("DELETE", _FILES, _delete),
    Route("GET", _DIRECTORIES, _list, ("page_size", "page_token")),
    Route("HEAD", _DIRECTORIES, _check_directory),
    Route("PUT", _DIRECTORIES, _make_directory),
    Route("DELETE", _DIRECTORIES, _remove_directory),
)
