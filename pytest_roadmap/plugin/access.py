"""The environment of a run, opened when something first asks for it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from pytest_roadmap.domain.validity import schema_of_kind
from pytest_roadmap.plugin.options import EMBEDDED, RoadmapOptions
from pytest_roadmap.plugin.records import FolderStore, RecordStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_roadmap.composition import EmbeddedCloud, Run
    from pytest_roadmap.plugin.exchange import Exchange
    from pytest_roadmap.plugin.project import Plans


class Access:
    """Opens the environment once, and closes what it started.

    A run on its own starts the embedded cloud when a scenario first asks for the environment. In a
    distributed run the controller starts it before the first scenario is sent out, and the workers
    find it through the exchange.
    """

    def __init__(self, options: RoadmapOptions, exchange: Exchange | None, *, worker: bool) -> None:
        self.options = options
        self.exchange = exchange
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
        from pytest_roadmap.adapters.evidence.ulid import UlidFactory  # noqa: PLC0415

        return UlidFactory(lambda: datetime.now(UTC))

    def store(self, plans: Plans) -> RecordStore:
        """The evidence of this environment."""
        from pytest_roadmap.adapters.evidence.store import EvidenceStore  # noqa: PLC0415

        return FolderStore(
            lambda: EvidenceStore(self._evidence_root(), schema=schema_of_kind(self.kind)), plans
        )

    def _evidence_root(self) -> Path:
        if self._run is not None or not self.embedded:
            return self.open().evidence_root
        return self.options.root / "build" / "embedded" / "evidence"

    def open(self) -> Run:
        """The environment.

        Raises:
            pytest.exit.Exception: it cannot be opened at all: no such file, or no cloud.
        """
        if self._run is None:
            from pytest_roadmap import composition  # noqa: PLC0415 - only where a scenario needs it

            try:
                self._run = composition.open_run(self._run_options(), self._connection())
            except composition.CompositionError as error:
                raise pytest.exit.Exception(
                    str(error), returncode=pytest.ExitCode.USAGE_ERROR
                ) from error
        return self._run

    def share(self) -> None:
        """Controller: open the environment and tell the workers where the embedded cloud is."""
        self.open()
        if self.exchange is not None and self.embedded:
            connection = self._connection()
            if connection is not None:
                self.exchange.write_connection(connection)

    def close(self) -> None:
        """Stop the cloud, if this process started one."""
        if self._cloud is not None:
            self._cloud.stop()
            self._cloud = None

    def _run_options(self) -> Any:
        from pytest_roadmap.composition import RunOptions  # noqa: PLC0415

        return RunOptions(
            root=self.options.root,
            document=self.options.document,
            environment=self.options.environment,
            evidence_dir=self.options.evidence_dir,
            embedded_url=self.options.embedded_url,
        )

    def _connection(self) -> dict[str, Any] | None:
        from pytest_roadmap import composition  # noqa: PLC0415

        if not self.embedded:
            return None
        if self._worker and self.exchange is not None:
            return self.exchange.read_connection()
        if self.options.embedded_url:
            return composition.connect_embedded(self.options.embedded_url)
        if self._cloud is None:
            self._cloud = composition.start_embedded(
                self.options.root, self.options.root / "build" / "embedded"
            )
        return self._cloud.connection
