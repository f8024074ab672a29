"""The environment of a run, as pytest wants to hear of it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from pytest_roadmap.domain.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_roadmap.composition import Opening, Run
    from pytest_roadmap.plugin.exchange import Exchange
    from pytest_roadmap.plugin.options import RoadmapOptions
    from pytest_roadmap.plugin.project import Plans
    from pytest_roadmap.plugin.records import RecordStore

Answer = TypeVar("Answer")


class Access:
    """Opens the environment once, and closes what it started.

    A run on its own opens it when a scenario first asks: a run whose steps ask for nothing outside
    starts nothing. In a distributed run the controller opens it before the first scenario is sent
    out, and the workers find it through the exchange.

    ``redactor`` knows the secrets of the environment as soon as it is open.
    """

    def __init__(self, options: RoadmapOptions, exchange: Exchange | None, *, worker: bool) -> None:
        self.options = options
        self.exchange = exchange
        self.redactor = Redactor()
        self._worker = worker

    @cached_property
    def _opening(self) -> Opening:
        from pytest_roadmap.composition import RunOptions, opening_of  # noqa: PLC0415 - if needed

        options = RunOptions(
            root=self.options.root,
            document=self.options.document,
            environment=self.options.environment,
            evidence_dir=self.options.evidence_dir,
            embedded_url=self.options.embedded_url,
        )
        return opening_of(options, self._given if self._worker else None)

    @property
    def opened(self) -> Run | None:
        """The environment, if anything has asked for it."""
        return self._opening.run

    @property
    def available(self) -> bool:
        """Whether there is an environment to speak of."""
        return self._opening.available

    @property
    def name(self) -> str:
        """The name of the environment."""
        return self._opening.name

    @property
    def kind(self) -> str:
        """The kind of the environment."""
        return self._opening.kind

    @property
    def state_id(self) -> str | None:
        """The state of the embedded server; None for a real environment."""
        return self._opening.state_id

    @cached_property
    def new_id(self) -> Callable[[], str]:
        """Gives a fresh record id."""
        from pytest_roadmap.adapters.evidence.ulid import UlidFactory  # noqa: PLC0415 - if recorded

        return UlidFactory(lambda: datetime.now(UTC))

    def store(self, plans: Plans) -> RecordStore:
        """The evidence of this environment."""
        from pytest_roadmap.plugin.records import FolderStore  # noqa: PLC0415 - if recorded

        return FolderStore(
            lambda: self._opening.evidence_root,
            fresh=lambda: self._opening.fresh,
            kind=self.kind,
            redactor=self.redactor,
            signer=lambda: self.opened.signer if self.opened else None,
            plans=plans,
        )

    def prepare(self) -> None:
        """Before anything runs: what the options name must be there.

        Raises:
            UsageError: it is not.
        """
        self._or_usage_error(self._opening.prepare)

    def share(self) -> None:
        """Controller: open the environment and tell the workers where its cloud is.

        Raises:
            UsageError: it cannot be opened.
        """
        run = self._or_usage_error(self._opening.open)
        if self.exchange is not None and run.connection is not None:
            self.exchange.write_connection(run.connection)

    def open(self) -> Run:
        """The environment.

        Raises:
            pytest.exit.Exception: it cannot be opened; no scenario could go on without it.
        """
        from pytest_roadmap.composition import CompositionError  # noqa: PLC0415 - if needed

        try:
            run = self._opening.open()
        except CompositionError as error:
            usage = pytest.ExitCode.USAGE_ERROR
            raise pytest.exit.Exception(str(error), returncode=usage) from error
        self.redactor.secrets = run.redactor.secrets
        return run

    def close(self) -> None:
        """Stop what this process started."""
        self._opening.close()

    def _or_usage_error(self, ask: Callable[[], Answer]) -> Answer:
        from pytest_roadmap.composition import CompositionError  # noqa: PLC0415 - if needed

        try:
            answer = ask()
        except CompositionError as error:
            raise pytest.UsageError(str(error)) from error
        if self.opened is not None:
            self.redactor.secrets = self.opened.redactor.secrets
        return answer

    def _given(self) -> dict[str, Any] | None:
        """Worker: the connection that the controller opened."""
        return self.exchange.read_connection() if self.exchange is not None else None
