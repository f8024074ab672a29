"""The environment of a run, opened when something first asks for it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from pytest_roadmap.domain.redaction import Redactor
from pytest_roadmap.plugin.options import EMBEDDED, RoadmapOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_roadmap.composition import EmbeddedCloud, Run
    from pytest_roadmap.plugin.exchange import Exchange
    from pytest_roadmap.plugin.project import Plans
    from pytest_roadmap.plugin.records import RecordStore

_WORK_DIR = "build/embedded"


class Access:
    """Opens the environment once, and closes what it started.

    A run on its own starts the embedded cloud when a scenario first asks for the environment: a run
    whose steps ask for nothing outside starts none. In a distributed run the controller starts it
    before the first scenario is sent out, and the workers find it through the exchange.

    ``redactor`` knows the secrets of the environment as soon as it is open.
    """

    def __init__(self, options: RoadmapOptions, exchange: Exchange | None, *, worker: bool) -> None:
        self.options = options
        self.exchange = exchange
        self.redactor = Redactor()
        self._worker = worker
        self._run: Run | None = None
        self._cloud: EmbeddedCloud | None = None

    @property
    def embedded(self) -> bool:
        """Whether the run is against the embedded environment."""
        return self.options.environment == EMBEDDED

    @property
    def opened(self) -> Run | None:
        """The environment, if anything has asked for it."""
        return self._run

    @property
    def available(self) -> bool:
        """Whether there is an environment to speak of; a real one that cannot be opened is none."""
        return self.embedded or self._run is not None

    @property
    def name(self) -> str:
        """The name of the environment."""
        return EMBEDDED if self.embedded else self.open().environment.name

    @property
    def kind(self) -> str:
        """The kind of the environment."""
        return EMBEDDED if self.embedded else self.open().environment.kind

    @property
    def state_id(self) -> str | None:
        """The state of the embedded server; one of its own for a run that needed no server."""
        if not self.embedded:
            return None
        return self._run.state_id if self._run else self._no_server

    @cached_property
    def _no_server(self) -> str:
        return f"none-{self.new_id()}"

    @cached_property
    def new_id(self) -> Callable[[], str]:
        """Gives a fresh record id."""
        from pytest_roadmap.adapters.evidence.ulid import UlidFactory  # noqa: PLC0415 - if recorded

        return UlidFactory(lambda: datetime.now(UTC))

    def store(self, plans: Plans) -> RecordStore:
        """The evidence of this environment."""
        from pytest_roadmap.plugin.records import FolderStore  # noqa: PLC0415 - if recorded

        return FolderStore(
            self._evidence_root,
            fresh=lambda: self.embedded and self._run is None,
            kind=self.kind,
            redactor=self.redactor,
            signer=lambda: self._run.signer if self._run else None,
            plans=plans,
        )

    def prepare(self) -> None:
        """Before anything runs: a real environment must be there; a given server too.

        Raises:
            UsageError: it is not.
        """
        if not self.embedded or self.options.embedded_url:
            self._open_for_use()

    def share(self) -> None:
        """Controller: open the environment and tell the workers where the embedded cloud is.

        Raises:
            UsageError: it cannot be opened.
        """
        run = self._open_for_use()
        if self.exchange is not None and run.connection is not None:
            self.exchange.write_connection(run.connection)

    def open(self) -> Run:
        """The environment.

        Raises:
            pytest.exit.Exception: it cannot be opened; no scenario could go on without it.
        """
        if self._run is None:
            from pytest_roadmap.composition import CompositionError  # noqa: PLC0415 - if needed

            try:
                self._run = self._compose()
            except CompositionError as error:
                usage = pytest.ExitCode.USAGE_ERROR
                raise pytest.exit.Exception(str(error), returncode=usage) from error
            self.redactor.secrets = self._run.redactor.secrets
        return self._run

    def close(self) -> None:
        """Stop the cloud, if this process started one."""
        if self._cloud is not None:
            self._cloud.stop()
            self._cloud = None

    def _open_for_use(self) -> Run:
        try:
            return self.open()
        except pytest.exit.Exception as error:
            raise pytest.UsageError(error.msg) from error

    def _compose(self) -> Run:
        from pytest_roadmap.composition import RunOptions, open_run  # noqa: PLC0415 - if needed

        options = RunOptions(
            root=self.options.root,
            document=self.options.document,
            environment=self.options.environment,
            evidence_dir=self.options.evidence_dir,
            embedded_url=self.options.embedded_url,
        )
        return open_run(options, self._connection())

    def _connection(self) -> dict[str, Any] | None:
        if not self.embedded:
            return None
        if self._worker and self.exchange is not None:
            return self.exchange.read_connection()
        if self.options.embedded_url:
            return None
        from pytest_roadmap.composition import (  # noqa: PLC0415 - if needed
            CompositionError,
            start_embedded,
        )
        from pytest_roadmap.plugin.extra import advice, missing_packages  # noqa: PLC0415

        if missing := missing_packages():
            raise CompositionError(advice(missing))
        self._cloud = start_embedded(self.options.root, self.options.root / _WORK_DIR)
        return self._cloud.connection

    def _evidence_root(self) -> Path:
        if self._run is not None or not self.embedded:
            return self.open().evidence_root
        return self.options.root / _WORK_DIR / "without-cloud" / "evidence"
