"""What the steps need from the outside, as Protocols over plain values.

Adapters raise ``AccessRefusedError`` (401, 403), ``AssetMissingError`` (404) and
``InconclusiveError`` (network, throttling, 5xx after retries), never a vendor error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pytest_roadmap.domain.bundle_port import BundlePort
from pytest_roadmap.domain.hidden import HiddenText
from pytest_roadmap.domain.identity import ProbedIdentity
from pytest_roadmap.domain.jobs_port import JobsPort
from pytest_roadmap.domain.markdown import MarkdownText

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asked, and where. ``application_id`` is set for a service principal."""

    user_name: str
    application_id: str | None
    workspace_id: str
    host: str


@dataclass(frozen=True, slots=True)
class Privilege:
    """One privilege as the service lists it."""

    principal: str
    privilege: str
    inherited_from_type: str | None = None
    inherited_from_name: str | None = None


@dataclass(frozen=True, slots=True)
class ServicePrincipal:
    """A service principal of the workspace, with its direct groups."""

    application_id: str
    display_name: str
    active: bool
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatementResult:
    """The end of one SQL statement; a refusal or error is an answer, not an exception.

    ``state`` is ``SUCCEEDED``, ``FAILED``, ``CANCELED`` or ``CLOSED``; ``rows`` hold strings or
    None.
    """

    statement_id: str
    state: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    error_code: str = ""
    error_message: str = ""
    sql_state: str = ""

    @property
    def refused(self) -> bool:
        """Whether the statement failed for lack of permission and for nothing else."""
        return self.state == "FAILED" and (
            self.error_code in ("PERMISSION_DENIED", "INSUFFICIENT_PERMISSIONS")
            or self.sql_state == "42501"
        )


@dataclass(frozen=True, slots=True)
class FileInfo:
    """Metadata of one file or directory entry."""

    path: str
    size: int | None


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """Metadata of one version of a secret in a vault; never its value."""

    version: str
    enabled: bool
    created_on: datetime | None = None
    expires_on: datetime | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class RotatedSecret:
    """A new version of a secret, and the value it was given."""

    version: str
    value: HiddenText


class SecretsPort(Protocol):
    """The secret scopes of a workspace as one identity sees them."""

    def secret_scopes(self) -> tuple[Mapping[str, Any], ...]:
        """C-SCOPE: ``name, backend_type, keyvault_metadata``."""

    def secret_keys(self, scope: str) -> tuple[str, ...]:
        """C-SCOPE: the names in a scope."""

    def secret_acl(self, scope: str) -> Mapping[str, str]:
        """C-SCOPE: principal → READ, WRITE or MANAGE; needs MANAGE."""

    def secret_value(self, scope: str, key: str) -> HiddenText:
        """C-SECRET, route 1; the value is known to the redactor before this returns."""


class VaultPort(Protocol):
    """A-KVD: the secrets of the bound vault, as the harness sees them."""

    def versions(self, name: str) -> tuple[SecretVersion, ...]:
        """Every version of a secret; of an unknown secret, none."""

    def rotate(self, name: str, expires_on: datetime) -> RotatedSecret:
        """Give the secret a new random value; only the canary may be asked for."""

    def disable(self, name: str, version: str) -> None:
        """Switch one version of the secret off; only the canary may be asked for."""


class WorkspacePort(SecretsPort, JobsPort, Protocol):
    """A Databricks workspace as one identity sees it. All reads page to the end."""

    def whoami(self) -> Identity:
        """C-WHO."""

    def metastore(self) -> Mapping[str, Any]:
        """C-META: ``metastore_id, privilege_model_version, region``."""

    def securable(self, securable_type: str, full_name: str) -> Mapping[str, Any]:
        """C-CAT, C-EL: the service's own fields (``owner``, ``isolation_mode``, ``url`` …).

        ``securable_type`` is catalog, schema, table, volume, external_location or
        storage_credential.
        """

    def effective_privileges(
        self, securable_type: str, full_name: str, principal: str
    ) -> tuple[Privilege, ...]:
        """C-GE for one principal."""

    def direct_privileges(
        self, securable_type: str, full_name: str, principal: str
    ) -> tuple[Privilege, ...]:
        """C-GD for one principal."""

    def bound_workspaces(self, securable_type: str, name: str) -> Mapping[str, bool]:
        """C-BIND: ids of the workspaces that may use the securable → whether only to read."""

    def service_principal(self, application_id: str) -> ServicePrincipal:
        """C-SP."""

    def groups_of(self, name: str) -> tuple[str, ...]:
        """C-SP: every group whose grants reach a principal, through other groups too.

        ``name`` is the application id of a service principal or the name of a user.

        A group whose own groups the caller may not read ends the search there.
        """

    def warehouse_state(self, warehouse_id: str) -> str:
        """C-WH."""

    def start_warehouse(self, warehouse_id: str, timeout_s: float) -> str:
        """C-WH: start it and wait; the state it reached."""

    def execute(
        self, statement: str, *, warehouse_id: str, parameters: Mapping[str, str] | None = None
    ) -> StatementResult:
        """C-SQL: run one statement to its end."""

    def upload(self, path: str, content: bytes) -> None:
        """C-FILES."""

    def download(self, path: str) -> bytes:
        """C-FILES."""

    def list_directory(self, path: str) -> tuple[FileInfo, ...]:
        """C-FILES."""

    def delete_file(self, path: str) -> None:
        """C-FILES."""

    def validate_location(
        self, credential: str, location: str, *, read_only: bool
    ) -> tuple[Mapping[str, Any], ...]:
        """C-VAL: ``operation, result, message`` each; a diagnosis only."""


class AzurePort(Protocol):
    """Azure Resource Manager and storage as the harness identity sees them."""

    def resource(self, code: str, resource_id: str) -> Mapping[str, Any]:
        """One ARM GET; ``code`` (``A-SUB``, ``A-DBX``, …) picks the api-version."""

    def delete_storage_directory(self, account: str, container: str, path: str) -> None:
        """A-DFS: recursive delete below a probe prefix."""


@dataclass(frozen=True, slots=True)
class Document:
    """A tracked file of the project repository as it stands in the working tree."""

    name: str
    path: str
    content: bytes
    sha256: str

    @property
    def text(self) -> str:
        """The content as UTF-8."""
        return self.content.decode("utf-8")


@dataclass(frozen=True, slots=True)
class FileChange:
    """The last commit of a tracked file, and whether the working tree holds just what it holds.

    ``commit`` is empty and ``committed_at`` None for a file that was never committed.
    """

    path: str
    commit: str
    committed_at: datetime | None
    clean: bool


class UnreadableDocumentError(Exception):
    """A document is there and is not what its name says; the message is one sentence."""


class RepositoryPort(Protocol):
    """The documents of the project repository (``documents.root``)."""

    def document(self, name: str) -> Document:
        """The document with this name in the environment file ("handoff inventory" …).

        Raises:
            BlockedError: not bound. AssetMissingError: bound, but there is no such tracked file.
        """

    def read(self, path: str) -> Document:
        """A tracked file by its path in the repository; a path that leaves it is refused."""

    def last_change(self, path: str) -> FileChange:
        """When and by which commit a tracked file was changed last."""

    def records(self, name: str) -> tuple[Document, ...]:
        """The tracked records of a kind or of a task ("GOV-006"), by file name, the newest last.

        Raises:
            BlockedError: their folder is not bound.
        """

    def load_yaml(self, document: Document) -> Any:
        """The YAML (safe subset, duplicate keys refused) as plain values.

        Raises:
            UnreadableDocumentError: not YAML, or a key stands twice.
        """

    def schema_problems(self, instance: Any, schema_path: str) -> tuple[str, ...]:
        """What JSON Schema (a tracked file) says against the instance."""


@dataclass(frozen=True, slots=True)
class AttestationVerdict:
    """What the attestations of one purpose over one subject amount to.

    ``missing`` lists roles without any attestation, ``problems`` says why one is invalid,
    ``valid`` holds ids of the valid ones, ``persons`` who signed them.
    """

    valid: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class AttestationPort(Protocol):
    """C-ATT: the attestations of the repository, verified against ``signers.yaml``."""

    def verify(
        self,
        purpose: str,
        roles: Sequence[str],
        *,
        subject_digest: str,
        task: str | None = None,
        gate: str | None = None,
        not_before: datetime | None = None,
    ) -> AttestationVerdict:
        """Judge all attestations of that purpose; several roles need different persons."""


@dataclass(frozen=True, slots=True)
class AuditRun:
    """One execution of the audit script."""

    exit_code: int
    started: datetime
    ended: datetime
    log: str
    log_digest: str
    script_digest: str
    output: Any
    output_problem: str
    output_digest: str
    secrets_found: tuple[str, ...] = ()


class AuditPort(Protocol):
    """The audit script of the environment, run with a scrubbed process environment."""

    def run(self) -> AuditRun:
        """Run it once, bounded in time.

        Raises:
            BlockedError: not bound, absent or not executable (``missing_tool``).
        """


class IdentityPort(Protocol):
    """Who the harness is, and on which platform it stands: C-WHO and A-SUB."""

    def probe(self) -> ProbedIdentity:
        """Ask the live platform and compare with the bindings; note both as facts of the record.

        Raises:
            BlockedError: a binding of the identity is missing; no call was made.
            InconclusiveError: the platform is another one than the file names (``identity``).
        """


@dataclass(frozen=True)
class Ports:
    """Everything a scenario may ask for, built by the composition for one scenario."""

    workspace: WorkspacePort
    act_as: Callable[[str], WorkspacePort]
    azure: AzurePort
    repository: RepositoryPort
    attestations: AttestationPort
    audit: AuditPort
    clock: Clock
    identity: IdentityPort
    vault: VaultPort
    bundle: BundlePort
    #: The text of a Markdown document as headings and tables.
    read_markdown: Callable[[str], MarkdownText]
    extra: Mapping[str, Any] = field(default_factory=dict)
