"""``AzurePort``: ARM resources by id, and the removal of probe directories."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pytest_roadmap.adapters.azure.api_versions import API_VERSIONS, STORAGE_VERSION
from pytest_roadmap.adapters.azure.client import ArmAnswer, AzureConnection
from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.recording import Recorder

_RESOURCE_ID = re.compile(r"/subscriptions/[^/?#\s]+(/[^/?#\s]+)*")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_CONTAINER = re.compile(r"[a-z0-9$][a-z0-9-]{2,62}")


class Azure:
    """Azure as one identity sees it, for one scenario; it decides nothing.

    ``probe_prefixes`` are the only directory names below which anything may be deleted.
    """

    def __init__(
        self, connection: AzureConnection, recorder: Recorder, probe_prefixes: Sequence[str] = ()
    ) -> None:
        self._connection = connection
        self._recorder = recorder
        self._probe_prefixes = tuple(tuple(p.strip("/").split("/")) for p in probe_prefixes)

    def resource(self, code: str, resource_id: str) -> Mapping[str, Any]:
        """One ARM GET with the api-version of its code."""
        body = self.answer(code, resource_id).body
        return body if isinstance(body, dict) else {"value": body}

    def answer(self, code: str, resource_id: str) -> ArmAnswer:
        """One ARM GET, with its request id."""
        path = _checked(resource_id)
        answer = self._connection.get(self._recorder, code, API_VERSIONS[code], path)
        self._note(answer.body)
        return answer

    def resources(
        self, code: str, path: str, query: Mapping[str, str] | None = None
    ) -> tuple[Mapping[str, Any], ...]:
        """The ``value`` entries of every page of an ARM list."""
        return tuple(self._pages(code, _checked(path), query))

    def _pages(
        self, code: str, path: str, query: Mapping[str, str] | None
    ) -> Iterator[Mapping[str, Any]]:
        version, seen, link = API_VERSIONS[code], set[str](), path
        while link:
            if link in seen:
                raise InconclusiveError("page_loop", f"{code}: the same nextLink came twice")
            seen.add(link)
            body = self._connection.get(self._recorder, code, version, link, query).body
            for found in body.get("value") or ():
                self._note(found)
                yield found
            link = str(body.get("nextLink") or "")

    def _note(self, body: Any) -> None:
        """Add what the service says of a resource's version to the facts of the record."""
        stamp = version_of(body)
        if stamp is not None:
            known = self._recorder.facts.setdefault("resources", [])
            if stamp not in known:
                known.append(stamp)

    def delete_storage_directory(self, account: str, container: str, path: str) -> None:
        """A-DFS: recursive delete of one directory below a probe prefix.

        Raises:
            ValueError: the path is not below a probe prefix.
        """
        segments = tuple(path.strip("/").split("/"))
        if not _ACCOUNT.fullmatch(account) or not _CONTAINER.fullmatch(container):
            raise ValueError(f"not a storage container: {account}/{container}")
        if not self._is_probe(segments):
            raise ValueError(f"refusing to delete {path}: it is not below a probe prefix")
        base = self._connection.endpoints.dfs.format(account=account).rstrip("/")
        url = f"{base}/{container}/{quote('/'.join(segments))}"
        query, seen = {"recursive": "true"}, set[str]()
        while True:
            answer = self._connection.delete_storage(
                self._recorder, "A-DFS", STORAGE_VERSION, url, query
            )
            more = answer.headers.get("x-ms-continuation")
            if not more:
                return
            if more in seen:
                raise InconclusiveError("page_loop", "A-DFS: the same continuation came twice")
            seen.add(more)
            query = {"recursive": "true", "continuation": more}

    def _is_probe(self, segments: tuple[str, ...]) -> bool:
        if any(part in ("", ".", "..") for part in segments):
            return False
        return any(
            segments[start : start + len(prefix)] == prefix
            for prefix in self._probe_prefixes
            for start in range(len(segments) - len(prefix))
        )


def version_of(body: Any) -> dict[str, str | None] | None:
    """Id and version of a resource, None where the service states no version.

    Source: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types
    (``etag``, ``systemData.lastModifiedAt``).
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("id"), str):
        return None
    system = body.get("systemData")
    modified = system.get("lastModifiedAt") if isinstance(system, Mapping) else None
    etag = body.get("etag")
    if not etag and not modified:
        return None
    return {
        "id": body["id"],
        "etag": str(etag) if etag else None,
        "modified_at": str(modified) if modified else None,
    }


def _checked(resource_id: str) -> str:
    if not _RESOURCE_ID.fullmatch(resource_id) or ".." in resource_id.split("/"):
        raise InconclusiveError("malformed_binding", f"not an ARM resource id: {resource_id!r}")
    return resource_id
