"""``WorkspacePort`` on databricks-sdk: one method for each call of the catalogue.

Source: calls C-WHO to C-SCOPE, checked against databricks-sdk 0.162.0; those about jobs are in
``jobs``. Values are read from the service's JSON, because the SDK's typed answers leave out enum
values it does not know: a privilege that is new to the SDK would go unseen.
"""

from __future__ import annotations

import base64
import contextlib
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pytest_roadmap.adapters.databricks.connection import Answer, WorkspaceConnection
from pytest_roadmap.adapters.databricks.jobs import WorkspaceJobs
from pytest_roadmap.adapters.databricks.statements import Statement, StatementRun
from pytest_roadmap.domain.hidden import HiddenText
from pytest_roadmap.domain.outcome import (
    AccessRefusedError,
    AssetMissingError,
    InconclusiveError,
)
from pytest_roadmap.domain.ports import (
    FileInfo,
    Identity,
    Privilege,
    ServicePrincipal,
    StatementResult,
)
from pytest_roadmap.domain.recording import Recorder

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_ME = "/api/2.0/preview/scim/v2/Me"
_ORG_ID = "X-Databricks-Org-Id"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SECURABLES: dict[str, tuple[str, Callable[[WorkspaceClient, str], object]]] = {
    "catalog": ("C-CAT", lambda w, name: w.catalogs.get(name)),
    "schema": ("C-CAT", lambda w, name: w.schemas.get(name)),
    "table": ("C-CAT", lambda w, name: w.tables.get(name)),
    "volume": ("C-CAT", lambda w, name: w.volumes.read(name)),
    "external_location": ("C-EL", lambda w, name: w.external_locations.get(name)),
    "storage_credential": ("C-EL", lambda w, name: w.storage_credentials.get(name)),
}
_WAREHOUSE_ENDS = ("RUNNING", "DELETED", "DELETING")


@dataclass(frozen=True, slots=True)
class WorkspaceProfile:
    """C-WHO in full; ``request_id`` proves that the platform answered."""

    identity: Identity
    object_id: str
    display_name: str
    request_id: str


class DatabricksWorkspace(WorkspaceJobs):
    """The workspace as one identity sees it, for one scenario.

    It decides nothing; see ``WorkspacePort`` for the promises and errors.
    """

    def __init__(
        self,
        connection: WorkspaceConnection,
        recorder: Recorder,
        keep_secret: Callable[[str], None] | None = None,
    ) -> None:
        """``keep_secret`` makes a value known to the redactor; without it none can be read."""
        self._connection = connection
        self._recorder = recorder
        self._keep_secret = keep_secret

    def profile(self) -> WorkspaceProfile:
        """C-WHO in one request: who asked, and the workspace id as the service states it.

        Never ``get_workspace_id()``: the SDK may answer that from its configuration.
        """
        answer = self._call(
            "C-WHO",
            "current user",
            lambda w: w.api_client.do("GET", _ME, response_headers=[_ORG_ID]),
        )
        me = answer.body
        headers = answer.value if isinstance(answer.value, dict) else {}
        workspace_id = str(headers.get(_ORG_ID) or "")
        if not workspace_id:
            raise InconclusiveError("identity", "the workspace does not state its id")
        user_name = str(me.get("userName", ""))
        application_id = me.get("applicationId") or (
            user_name if _GUID.fullmatch(user_name) else None
        )
        return WorkspaceProfile(
            Identity(user_name, application_id, workspace_id, self._connection.host),
            str(me.get("id", "")),
            str(me.get("displayName") or user_name),
            answer.request_id,
        )

    def whoami(self) -> Identity:
        """C-WHO."""
        return self.profile().identity

    def metastore(self) -> Mapping[str, Any]:
        """C-META."""
        current = self._call("C-META", "metastore", lambda w: w.metastores.current()).body
        return {
            **self._call("C-META", "metastore", lambda w: w.metastores.summary()).body,
            **current,
        }

    def securable(self, securable_type: str, full_name: str) -> Mapping[str, Any]:
        """C-CAT, C-EL."""
        code, read = _SECURABLES[securable_type]
        return self._call(code, f"{securable_type} {full_name}", lambda w: read(w, full_name)).body

    def effective_privileges(
        self, securable_type: str, full_name: str, principal: str
    ) -> tuple[Privilege, ...]:
        """C-GE: every page, also after an empty one."""

        def read(client: WorkspaceClient, token: str | None) -> str | None:
            return client.grants.get_effective(
                securable_type, full_name, principal=principal, max_results=0, page_token=token
            ).next_page_token

        return tuple(self._privileges("C-GE", f"{securable_type} {full_name}", read))

    def direct_privileges(
        self, securable_type: str, full_name: str, principal: str
    ) -> tuple[Privilege, ...]:
        """C-GD: every page, also after an empty one."""

        def read(client: WorkspaceClient, token: str | None) -> str | None:
            return client.grants.get(
                securable_type, full_name, principal=principal, max_results=0, page_token=token
            ).next_page_token

        return tuple(self._privileges("C-GD", f"{securable_type} {full_name}", read))

    def _privileges(
        self,
        code: str,
        resource: str,
        read: Callable[[WorkspaceClient, str | None], str | None],
    ) -> Iterator[Privilege]:
        def all_pages(client: WorkspaceClient) -> None:
            token = read(client, None)
            while token:
                token = read(client, token)

        for assignment in _items(self._call(code, resource, all_pages), "privilege_assignments"):
            for entry in assignment.get("privileges") or ():
                held = entry if isinstance(entry, dict) else {"privilege": entry}
                yield Privilege(
                    str(assignment.get("principal", "")),
                    str(held.get("privilege", "")),
                    held.get("inherited_from_type"),
                    held.get("inherited_from_name"),
                )

    def bound_workspaces(self, securable_type: str, name: str) -> dict[str, bool]:
        """C-BIND; a workspace that is bound in both ways may write."""
        answer = self._call(
            "C-BIND",
            f"{securable_type} {name}",
            lambda w: list(w.workspace_bindings.get_bindings(securable_type, name, max_results=0)),
        )
        bound: dict[str, bool] = {}
        for binding in _items(answer, "bindings"):
            here = str(binding.get("workspace_id", ""))
            read_only = binding.get("binding_type") == "BINDING_TYPE_READ_ONLY"
            bound[here] = bound.get(here, True) and read_only
        return bound

    def service_principal(self, application_id: str) -> ServicePrincipal:
        """C-SP."""
        item = self._principal(application_id)
        return ServicePrincipal(
            str(item.get("applicationId", "")),
            str(item.get("displayName", "")),
            item.get("active") is True,
            tuple(str(group.get("display", "")) for group in item.get("groups") or ()),
        )

    def groups_of(self, name: str) -> tuple[str, ...]:
        """C-SP: its record names the groups it is directly in, each of those names its own."""
        names: dict[str, str] = {}
        record = self._user(name) if "@" in name else self._principal(name)
        waiting = list(record.get("groups") or ())
        while waiting:
            group = waiting.pop(0)
            group_id = str(group.get("value") or "")
            if group_id in names:
                continue
            names[group_id] = str(group.get("display") or "")
            waiting += self._groups_above(group_id) if group_id else ()
        return tuple(name for name in dict.fromkeys(names.values()) if name)

    def _groups_above(self, group_id: str) -> list[dict[str, Any]]:
        try:
            answer = self._call("C-SP", f"group {group_id}", lambda w: w.groups.get(group_id))
        except (AccessRefusedError, AssetMissingError):
            return []
        return list(answer.body.get("groups") or ())

    def _principal(self, application_id: str) -> dict[str, Any]:
        """The record of the one service principal with this application id."""
        resource = f"service principal {application_id}"
        if not _GUID.fullmatch(application_id):
            raise InconclusiveError("malformed_binding", f"{resource}: not an application id")
        wanted = f'applicationId eq "{application_id}"'
        return self._only(resource, lambda w: list(w.service_principals.list(filter=wanted)))

    def _user(self, user_name: str) -> dict[str, Any]:
        """The record of the one user of this name."""
        resource = f"user {user_name}"
        if '"' in user_name or "\\" in user_name:
            raise InconclusiveError("malformed_binding", f"{resource}: not a user name")
        wanted = f'userName eq "{user_name}"'
        return self._only(resource, lambda w: list(w.users.list(filter=wanted)))

    def _only(self, resource: str, read: Callable[[WorkspaceClient], Any]) -> dict[str, Any]:
        answer = self._call("C-SP", resource, read)
        found = {str(item.get("id")): item for item in _items(answer, "Resources")}
        if not found:
            raise AssetMissingError(resource)
        if len(found) > 1:
            raise InconclusiveError("ambiguous", f"{resource}: {len(found)} of this id")
        return next(iter(found.values()))

    def warehouse_state(self, warehouse_id: str) -> str:
        """C-WH."""
        answer = self._call(
            "C-WH", f"warehouse {warehouse_id}", lambda w: w.warehouses.get(warehouse_id)
        )
        return str(answer.body.get("state", ""))

    def start_warehouse(self, warehouse_id: str, timeout_s: float) -> str:
        """C-WH: start and wait; the latency is a fact of the record, apart from SLA clocks."""
        started = time.monotonic()
        self._call("C-WH", f"warehouse {warehouse_id}", lambda w: w.warehouses.start(warehouse_id))
        pause = 0.2
        while (state := self.warehouse_state(warehouse_id)) not in _WAREHOUSE_ENDS:
            if time.monotonic() - started >= timeout_s:
                return state
            time.sleep(pause)
            pause = min(pause * 1.5, 10.0)
        self._recorder.facts["warehouse_start_ms"] = round((time.monotonic() - started) * 1000)
        return state

    def execute(
        self, statement: str, *, warehouse_id: str, parameters: Mapping[str, str] | None = None
    ) -> StatementResult:
        """C-SQL."""
        run = StatementRun(self._connection, self._recorder)
        return run.run(Statement(statement, warehouse_id, parameters or {}))

    def upload(self, path: str, content: bytes) -> None:
        """C-FILES; an existing file is never overwritten."""
        self._call(
            "C-FILES", path, lambda w: w.files.upload(path, BytesIO(content), overwrite=False)
        )

    def download(self, path: str) -> bytes:
        """C-FILES."""

        def read(client: WorkspaceClient) -> bytes:
            contents = client.files.download(path).contents
            if contents is None:
                raise OSError("the answer has no content")
            with contents:
                return bytes(contents.read())

        content: bytes = self._call("C-FILES", path, read).value
        return content

    def list_directory(self, path: str) -> tuple[FileInfo, ...]:
        """C-FILES."""
        answer = self._call("C-FILES", path, lambda w: list(w.files.list_directory_contents(path)))
        return tuple(
            FileInfo(str(entry.get("path", "")), entry.get("file_size"))
            for entry in _items(answer, "contents")
        )

    def delete_file(self, path: str) -> None:
        """C-FILES."""
        self._call("C-FILES", path, lambda w: w.files.delete(path))

    def validate_location(
        self, credential: str, location: str, *, read_only: bool
    ) -> tuple[Mapping[str, Any], ...]:
        """C-VAL."""
        answer = self._call(
            "C-VAL",
            f"storage credential {credential}",
            lambda w: w.storage_credentials.validate(
                storage_credential_name=credential,
                external_location_name=location,
                read_only=read_only,
            ),
        )
        return tuple(_items(answer, "results"))

    def secret_scopes(self) -> tuple[Mapping[str, Any], ...]:
        """C-SCOPE."""
        answer = self._call("C-SCOPE", "secret scopes", lambda w: list(w.secrets.list_scopes()))
        return tuple(_items(answer, "scopes"))

    def secret_keys(self, scope: str) -> tuple[str, ...]:
        """C-SCOPE."""
        answer = self._call(
            "C-SCOPE", f"secret scope {scope}", lambda w: list(w.secrets.list_secrets(scope))
        )
        return tuple(str(item.get("key", "")) for item in _items(answer, "secrets"))

    def secret_acl(self, scope: str) -> Mapping[str, str]:
        """C-SCOPE."""
        answer = self._call(
            "C-SCOPE", f"ACL of secret scope {scope}", lambda w: list(w.secrets.list_acls(scope))
        )
        return {
            str(item.get("principal", "")): str(item.get("permission", ""))
            for item in _items(answer, "items")
        }

    def secret_value(self, scope: str, key: str) -> HiddenText:
        """C-SECRET, route 1; the event of the call has no value (``response_of``)."""
        if self._keep_secret is None:
            raise InconclusiveError("no_redactor", "a value that cannot be redacted is not read")
        with _silent_sdk():
            answer = self._call(
                "C-SECRET", f"secret {scope}/{key}", lambda w: w.secrets.get_secret(scope, key)
            )
        value = base64.b64decode(answer.body.get("value") or "").decode("utf-8", "replace")
        self._keep_secret(value)
        return HiddenText(value)

    def _call(
        self, code: str, resource: str, function: Callable[[WorkspaceClient], Any]
    ) -> Answer[Any]:
        return self._connection.call(self._recorder, code, resource, function)


@contextlib.contextmanager
def _silent_sdk() -> Iterator[None]:
    """Keep the SDK from logging whole answers, which it does at the level DEBUG."""
    logger = logging.getLogger("databricks.sdk")
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)


def _items(answer: Answer[Any], key: str) -> Iterator[dict[str, Any]]:
    """The entries under one key of every page."""
    for body in answer.bodies:
        yield from (body.get(key) or ()) if isinstance(body, dict) else ()
