"""Fakes of the ports over one small world in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_roadmap.domain.hidden import HiddenText
from pytest_roadmap.domain.outcome import AccessRefusedError, AssetMissingError, BlockedError
from pytest_roadmap.domain.ports import (
    AuditRun,
    Document,
    FileChange,
    FileInfo,
    Identity,
    Privilege,
    ServicePrincipal,
    StatementResult,
)
from tests.fakes.jobs import FakeJobs

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WORKSPACE_ID = "7405610928374650"
READER = "ebedded0-0000-4000-8000-0000000000a1"
PIPELINE = "ebedded0-0000-4000-8000-0000000000a2"

DONE = StatementResult("s", "SUCCEEDED", ("1",), (("1",),))
REFUSED = StatementResult("s", "FAILED", error_code="PERMISSION_DENIED", error_message="no")

Answers = Callable[[str], StatementResult | None]


@dataclass
class FakeWorkspace(FakeJobs):
    """A workspace as one identity sees it; what is not in its dictionaries does not exist."""

    identity: Identity = field(
        default_factory=lambda: Identity("roadmap-reader", READER, WORKSPACE_ID, "https://w")
    )
    securables: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    effective: dict[tuple[str, str, str], tuple[Privilege, ...]] = field(default_factory=dict)
    direct: dict[tuple[str, str, str], tuple[Privilege, ...]] = field(default_factory=dict)
    bindings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    read_only: set[str] = field(default_factory=set)
    principals: dict[str, ServicePrincipal] = field(default_factory=dict)
    users: dict[str, tuple[str, ...]] = field(default_factory=dict)
    scopes: tuple[Mapping[str, Any], ...] = ()
    secrets: dict[str, dict[str, str | Exception]] = field(default_factory=dict)
    secret_acls: dict[str, dict[str, str]] = field(default_factory=dict)
    secret_reads: list[str] = field(default_factory=list)
    the_metastore: Mapping[str, Any] = field(default_factory=dict)
    answers: Answers = lambda _statement: None
    files: dict[str, bytes] = field(default_factory=dict)
    refused_paths: tuple[str, ...] = ()
    warehouse: str = "RUNNING"
    started: str = "RUNNING"
    statements: list[str] = field(default_factory=list)
    refuses_identity: bool = False

    def whoami(self) -> Identity:
        if self.refuses_identity:
            raise AccessRefusedError("current user", "no", status=401)
        return self.identity

    def metastore(self) -> Mapping[str, Any]:
        return self.the_metastore

    def securable(self, securable_type: str, full_name: str) -> Mapping[str, Any]:
        try:
            return self.securables[securable_type, full_name]
        except KeyError as error:
            raise AssetMissingError(f"{securable_type} {full_name}") from error

    def effective_privileges(
        self, securable_type: str, full_name: str, principal: str
    ) -> tuple[Privilege, ...]:
        return self.effective.get((securable_type, full_name, principal), ())

    def direct_privileges(
        self, securable_type: str, full_name: str, principal: str
    ) -> tuple[Privilege, ...]:
        return self.direct.get((securable_type, full_name, principal), ())

    def bound_workspaces(self, securable_type: str, name: str) -> Mapping[str, bool]:
        key = f"{securable_type} {name}"
        return dict.fromkeys(self.bindings.get(key, ()), key in self.read_only)

    def service_principal(self, application_id: str) -> ServicePrincipal:
        try:
            return self.principals[application_id.lower()]
        except KeyError as error:
            raise AssetMissingError(f"service principal {application_id}") from error

    def groups_of(self, name: str) -> tuple[str, ...]:
        if "@" not in name:
            return self.service_principal(name).groups
        if name not in self.users:
            raise AssetMissingError(f"user {name}")
        return self.users[name]

    def warehouse_state(self, warehouse_id: str) -> str:
        return self.warehouse

    def start_warehouse(self, warehouse_id: str, timeout_s: float) -> str:
        return self.started

    def execute(
        self, statement: str, *, warehouse_id: str, parameters: Mapping[str, str] | None = None
    ) -> StatementResult:
        self.statements.append(statement)
        return self.answers(statement) or DONE

    def upload(self, path: str, content: bytes) -> None:
        if path.startswith(self.refused_paths or ("\0",)):
            raise AccessRefusedError(path, "no")
        self.files[path] = content

    def download(self, path: str) -> bytes:
        if path not in self.files:
            raise AssetMissingError(path)
        return self.files[path]

    def list_directory(self, path: str) -> tuple[FileInfo, ...]:
        inside = [name for name in self.files if name.startswith(f"{path}/")]
        return tuple(FileInfo(name, len(self.files[name])) for name in inside)

    def delete_file(self, path: str) -> None:
        self.files.pop(path, None)

    def validate_location(
        self, credential: str, location: str, *, read_only: bool
    ) -> tuple[Mapping[str, Any], ...]:
        return ({"operation": "WRITE", "result": "FAIL", "message": "firewall"},)

    def secret_keys(self, scope: str) -> tuple[str, ...]:
        return tuple(self.secrets[scope])

    def secret_acl(self, scope: str) -> Mapping[str, str]:
        return self.secret_acls[scope]

    def secret_value(self, scope: str, key: str) -> HiddenText:
        self.secret_reads.append(key)
        found = self.secrets[scope][key]
        if isinstance(found, Exception):
            raise found
        return HiddenText(found)

    def secret_scopes(self) -> tuple[Mapping[str, Any], ...]:
        return self.scopes


@dataclass
class FakeAzure:
    """Azure resources by lower-case id, and the storage directories that were removed."""

    resources: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    forbidden: tuple[str, ...] = ()
    removed: list[str] = field(default_factory=list)
    delete_refused: bool = False

    def resource(self, code: str, resource_id: str) -> Mapping[str, Any]:
        if code in self.forbidden:
            raise AccessRefusedError(resource_id, "no role", code="AuthorizationFailed")
        try:
            return self.resources[resource_id.lower()]
        except KeyError as error:
            raise AssetMissingError(resource_id) from error

    def delete_storage_directory(self, account: str, container: str, path: str) -> None:
        if self.delete_refused:
            raise AccessRefusedError(f"{container}/{path}", "no role")
        self.removed.append(f"{account}/{container}/{path}")


@dataclass
class FakeRepository:
    """Documents by the name steps use and by path; YAML is replaced by given plain values."""

    contents: dict[str, bytes] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    unbound: Sequence[str] = ()
    problems: tuple[str, ...] = ()
    changes: dict[str, FileChange] = field(default_factory=dict)

    def document(self, name: str) -> Document:
        if name in self.unbound:
            raise BlockedError("missing_binding", name)
        return self.read(name)

    def read(self, path: str) -> Document:
        try:
            content = self.contents[path]
        except KeyError as error:
            raise AssetMissingError(path) from error
        return Document(path, path, content, hashlib.sha256(content).hexdigest())

    def last_change(self, path: str) -> FileChange:
        yesterday = NOW - timedelta(days=1)
        return self.changes.get(path, FileChange(path, "c1", yesterday, clean=True))

    def records(self, name: str) -> tuple[Document, ...]:
        return tuple(self.read(path) for path in sorted(self.contents) if path.startswith(name))

    def load_yaml(self, document: Document) -> Any:
        value = self.values.get(document.name)
        if isinstance(value, Exception):
            raise value
        return value

    def schema_problems(self, instance: Any, schema_path: str) -> tuple[str, ...]:
        return self.problems


def audit_run(output: Any, **changed: Any) -> AuditRun:
    """A run of the audit script that measured ``output`` at noon."""
    values: dict[str, Any] = {
        "exit_code": 0,
        "started": NOW.replace(minute=0),
        "ended": NOW.replace(minute=2),
        "log": "GET / 200\n",
        "log_digest": "sha256:1",
        "script_digest": "sha256:2",
        "output": output,
        "output_problem": "",
        "output_digest": "sha256:3",
    }
    return AuditRun(**(values | changed))
