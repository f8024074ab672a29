"""One opened environment, and the ports it gives to each scenario."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pytest_roadmap.adapters.environment import EnvironmentFileError, read_environment
from pytest_roadmap.adapters.environment.rules import EVIDENCE_ROOT
from pytest_roadmap.adapters.repository import (
    AuditScript,
    BundleTool,
    GitError,
    GitRepository,
    git_top_level,
)
from pytest_roadmap.composition.attestations import BoundAttestations
from pytest_roadmap.composition.cloud import connect_embedded, embedded_clock
from pytest_roadmap.composition.deferred import Deferred
from pytest_roadmap.composition.kinds import rules_of
from pytest_roadmap.composition.options import EMBEDDED, CompositionError, RunOptions
from pytest_roadmap.composition.platforms import EmbeddedPlatform, Platform, RealPlatform
from pytest_roadmap.composition.probe import IdentityProbe, require_identity
from pytest_roadmap.domain.documents import GENERATED_ROADMAP
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.ports import Clock, Ports
from pytest_roadmap.domain.redaction import Redactor
from pytest_roadmap.domain.validity import schema_of_kind

if TYPE_CHECKING:
    from pytest_roadmap.adapters.azure import Azure, KeyVault
    from pytest_roadmap.adapters.databricks import DatabricksWorkspace
    from pytest_roadmap.adapters.evidence.keys import CryptoSigner
    from pytest_roadmap.composition.quality import QualityReport
    from pytest_roadmap.domain.markdown import MarkdownText
    from pytest_roadmap.domain.ports import AzurePort, VaultPort, WorkspacePort
    from pytest_roadmap.domain.recording import Recorder

ENVIRONMENTS = Path(".roadmap/environments")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")


class Run:
    """An environment that was opened for one session.

    ``environment`` are its bindings; ``redactor`` knows every secret the session has met and must
    be given to whatever writes; ``state_id`` names the state of an embedded cloud.

    Clients are made when a scenario first uses them and are shared by all scenarios.
    """

    def __init__(
        self,
        options: RunOptions,
        environment: Environment,
        platform: Platform,
        *,
        clock: Clock,
        redactor: Redactor,
        connection: Mapping[str, Any] | None = None,
    ) -> None:
        self.options = options
        self.environment = environment
        self.clock = clock
        self.redactor = redactor
        self.connection = dict(connection) if connection else None
        self._platform = platform

    @property
    def state_id(self) -> str | None:
        """The state of the embedded server; None for a real environment."""
        return str(self.connection["state_id"]) if self.connection else None

    @property
    def environment_file(self) -> Path:
        """The file its bindings were read from."""
        if self.connection:
            return Path(str(self.connection["environment_file"]))
        return self.options.root / ENVIRONMENTS / f"{self.options.environment}.yaml"

    @property
    def evidence_schema(self) -> str:
        """The schema of the records of this environment."""
        return schema_of_kind(self.environment.kind)

    @property
    def evidence_root(self) -> Path:
        """Where records are written; an embedded run has no choice."""
        if self.connection:
            return Path(str(self.connection["work_dir"])) / "evidence"
        return self.options.evidence_dir or self.options.root / EVIDENCE_ROOT

    def quality(self) -> QualityReport:
        """The quality checks of the roadmap whose tasks this environment judges (rules g.7).

        Raises:
            CompositionError: see ``documents_root``.
        """
        from pytest_roadmap.composition.quality import (  # noqa: PLC0415 (imports rapidfuzz)
            judge_quality,
        )

        root = self.documents_root
        document = root / GENERATED_ROADMAP if self.connection else self.options.document
        return judge_quality(root, document.resolve())

    @cached_property
    def documents_root(self) -> Path:
        """The root of the repository whose documents are judged.

        Raises:
            CompositionError: the roadmap document of a real environment is in no git repository.
        """
        if self.connection:
            return Path(str(self.connection["repository"]))
        try:
            return git_top_level(self.options.document.resolve().parent)
        except GitError as error:
            raise CompositionError(
                f"{self.options.document} is in no git repository: {error}"
            ) from error

    @cached_property
    def _roadmap_path(self) -> str:
        """The roadmap document inside the repository whose documents are judged."""
        if self.connection:
            return GENERATED_ROADMAP
        document = self.options.document.resolve()
        return document.relative_to(self.documents_root.resolve()).as_posix()

    @cached_property
    def signer(self) -> CryptoSigner | None:
        """The key that signs statements, None where none is configured.

        Raises:
            CompositionError: ``evidence.signing_key_ref`` leads to no usable key.
        """
        reference = self.environment.get("evidence.signing_key_ref")
        if reference is None:
            return None
        from pytest_roadmap.adapters.evidence.keys import (  # noqa: PLC0415 (crypto when signing)
            SigningKeyError,
            load_signing_key,
        )

        try:
            return load_signing_key(str(reference), self.options.root)
        except SigningKeyError as error:
            raise CompositionError(f"evidence.signing_key_ref: {error}") from error

    def review_gate(self, gate: str) -> None:
        """Let the people of an embedded environment meet about the gate, if they have not.

        In a real environment people do so by themselves.
        """
        if self.connection:
            from pytest_roadmap import rehearsal  # noqa: PLC0415 (if a gate is signed)

            keys = self.documents_root.parent / "keys"
            rehearsal.review_gate(self.documents_root, keys, self.clock, gate)

    def ports(self, recorder: Recorder) -> Ports:
        """What one scenario may use; every call goes to its recorder.

        Cheap: nothing is signed in to before a port is first used, so a missing binding ends the
        scenario blocked before any call.
        """
        root = self.documents_root
        return Ports(
            workspace=cast("WorkspacePort", Deferred(lambda: self._workspace(recorder))),
            act_as=lambda alias: self._platform.workspace(alias, recorder),
            azure=cast("AzurePort", Deferred(lambda: self._azure(recorder))),
            repository=GitRepository(
                root, self.environment, recorder, roadmap_path=self._roadmap_path
            ),
            attestations=BoundAttestations(root, self.environment, self.clock),
            audit=AuditScript(
                root,
                self.environment,
                recorder,
                self.clock,
                self.redactor,
                credentials=self._audit_login,
            ),
            clock=self.clock,
            identity=IdentityProbe(
                self.environment,
                recorder,
                lambda: self._workspace(recorder),
                lambda: self._azure(recorder),
            ),
            vault=cast("VaultPort", Deferred(lambda: self._vault(recorder))),
            bundle=BundleTool(
                root, self.environment, recorder, self.redactor, credentials=self._audit_login
            ),
            read_markdown=_read_markdown,
            extra={"redactor": self.redactor},
        )

    def _workspace(self, recorder: Recorder) -> DatabricksWorkspace:
        require_identity(self.environment)
        return self._platform.workspace("harness", recorder)

    def _azure(self, recorder: Recorder) -> Azure:
        require_identity(self.environment)
        return self._platform.azure(recorder)

    def _vault(self, recorder: Recorder) -> KeyVault:
        require_identity(self.environment)
        return self._platform.vault(recorder)

    def _audit_login(self) -> Mapping[str, str]:
        require_identity(self.environment)
        return self._platform.audit_login()


def open_run(options: RunOptions, connection: Mapping[str, Any] | None = None) -> Run:
    """Open an environment: read and check its file. No SDK is imported and nothing is called.

    Args:
        options: which environment, of which project.
        connection: the embedded cloud to use (``EmbeddedCloud.connection``); when it is not given
            and ``options.embedded_url`` is, that server is asked for it.

    Raises:
        CompositionError: no such environment, a broken file, or no embedded cloud.
    """
    if options.environment == EMBEDDED:
        if connection is None and options.embedded_url:
            connection = connect_embedded(options.embedded_url, options.root)
        if connection is None:
            raise CompositionError("the embedded environment has no cloud: start one first")
        return _open_embedded(options, connection)
    if connection is not None or options.embedded_url:
        raise CompositionError(
            f"environment {options.environment} is a real one and takes no embedded cloud;"
            " leave out --roadmap-embedded-url"
        )
    return _open_real(options)


def _open_embedded(options: RunOptions, connection: Mapping[str, Any]) -> Run:
    file = Path(str(connection["environment_file"]))
    environment = _read(file, ".roadmap/environments/embedded.yaml of the embedded repository")
    if environment.kind != EMBEDDED:
        raise CompositionError(f"{file}: env.kind must be embedded")
    secrets = [str(token) for token in connection["tokens"].values()]
    redactor = Redactor([*secrets, str(connection["admin_token"])])
    return Run(
        options,
        environment,
        EmbeddedPlatform(environment, connection, redactor.secrets.add),
        clock=embedded_clock(connection),
        redactor=redactor,
        connection=connection,
    )


def _open_real(options: RunOptions) -> Run:
    folder = options.root / ENVIRONMENTS
    if not _NAME.fullmatch(options.environment):
        raise CompositionError(f"{options.environment!r} is no name of an environment")
    file = folder / f"{options.environment}.yaml"
    if not file.is_file():
        known = sorted(path.stem for path in folder.glob("*.yaml")) if folder.is_dir() else []
        raise CompositionError(
            f"there is no {file}; known environments: {', '.join(['embedded', *known])}"
        )
    environment = _read(file, str(file.relative_to(options.root)))
    if environment.kind == EMBEDDED:
        raise CompositionError(f"{file}: the embedded environment has no file of its own")
    redactor = Redactor()
    platform = RealPlatform(environment, options.root, redactor.secrets.add)
    return Run(options, environment, platform, clock=_utc_now, redactor=redactor)


def _read(file: Path, shown: str) -> Environment:
    try:
        return read_environment(file, rules_of=rules_of, shown=shown)
    except EnvironmentFileError as error:
        raise CompositionError(str(error)) from error


def _read_markdown(text: str) -> MarkdownText:
    from pytest_roadmap.adapters.document.markdown import (  # noqa: PLC0415 (if a step asks)
        read_markdown,
    )

    return read_markdown(text)


def _utc_now() -> datetime:
    return datetime.now(UTC)
