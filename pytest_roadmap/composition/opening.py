"""The environment of one process: a real one that is there, or a cloud that starts when asked for.

Importing this module is cheap; what it opens is imported when it is opened.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pytest_roadmap.composition.options import EMBEDDED, CompositionError, RunOptions

if TYPE_CHECKING:
    from pytest_roadmap.composition.cloud import EmbeddedCloud
    from pytest_roadmap.composition.run import Run

_WORK_DIR = Path("build") / "embedded"


class Opening(Protocol):
    """What a process may ask about its environment before and after it is open.

    ``run`` is None until something has asked for the environment. ``fresh`` says that no earlier
    record can belong to it.
    """

    run: Run | None

    @property
    def name(self) -> str:
        """The name of the environment."""

    @property
    def kind(self) -> str:
        """The kind of the environment."""

    @property
    def state_id(self) -> str | None:
        """The state of an embedded server; None for a real environment."""

    @property
    def available(self) -> bool:
        """Whether there is an environment to speak of."""

    @property
    def fresh(self) -> bool:
        """Whether nothing has been recorded about it yet."""

    @property
    def evidence_root(self) -> Path:
        """Where its records are written."""

    def prepare(self) -> None:
        """Open what must be there before anything runs.

        Raises:
            CompositionError: it is not there.
        """

    def open(self) -> Run:
        """The environment.

        Raises:
            CompositionError: it cannot be opened.
        """

    def close(self) -> None:
        """Stop what this process started."""


Given = Callable[[], Mapping[str, Any] | None]


def opening_of(options: RunOptions, given: Given | None = None) -> Opening:
    """How to open the environment of the options.

    Args:
        options: which environment, of which project.
        given: how to learn the connection to the cloud that another process opened for this one;
            None where this process looks after itself.
    """
    if options.environment == EMBEDDED:
        return EmbeddedOpening(options, given)
    return RealOpening(options)


class RealOpening:
    """A real environment: its file must be there before anything runs."""

    fresh = False
    state_id = None

    def __init__(self, options: RunOptions) -> None:
        self.run: Run | None = None
        self._options = options

    @property
    def name(self) -> str:
        """The name in its file."""
        return self.open().environment.name

    @property
    def kind(self) -> str:
        """The kind in its file."""
        return self.open().environment.kind

    @property
    def available(self) -> bool:
        """One that cannot be opened is none."""
        return self.run is not None

    @property
    def evidence_root(self) -> Path:
        """The slots of the project, or where the options say."""
        return self.open().evidence_root

    def prepare(self) -> None:
        """Open it."""
        self.open()

    def open(self) -> Run:
        """Read and check its file."""
        if self.run is None:
            from pytest_roadmap.composition.run import open_run  # noqa: PLC0415 (when opened)

            self.run = open_run(self._options)
        return self.run

    def close(self) -> None:
        """Nothing was started."""


class EmbeddedOpening:
    """The embedded environment: a cloud of this run alone starts when it is first asked for."""

    name = EMBEDDED
    kind = EMBEDDED
    available = True

    def __init__(self, options: RunOptions, given: Given | None) -> None:
        self.run: Run | None = None
        self._options = options
        self._given = given
        self._cloud: EmbeddedCloud | None = None

    @property
    def state_id(self) -> str | None:
        """The state of the server; one of its own for a run that needed no server."""
        return self.run.state_id if self.run else self._no_server

    @cached_property
    def _no_server(self) -> str:
        return f"none-{secrets.token_hex(8)}"

    @property
    def fresh(self) -> bool:
        """A run without a server speaks of no earlier one."""
        return self.run is None

    @property
    def evidence_root(self) -> Path:
        """Below ``build/embedded``, apart from those of a server when there is none."""
        if self.run is not None:
            return self.run.evidence_root
        return self._options.root / _WORK_DIR / "without-cloud" / "evidence"

    def prepare(self) -> None:
        """A server that was named must be there; any other starts when it is asked for."""
        if self._options.embedded_url:
            self.open()

    def open(self) -> Run:
        """Use the cloud that was given or named, or start one."""
        if self.run is None:
            from pytest_roadmap.composition.run import open_run  # noqa: PLC0415 (when opened)

            self.run = open_run(self._options, self._connection())
        return self.run

    def close(self) -> None:
        """Stop the cloud, if this process started one."""
        if self._cloud is not None:
            self._cloud.stop()
            self._cloud = None

    def _connection(self) -> Mapping[str, Any] | None:
        if self._given is not None:
            return self._given()
        if self._options.embedded_url:
            return None
        from pytest_roadmap.composition.cloud import start_embedded  # noqa: PLC0415 (when opened)
        from pytest_roadmap.composition.extra import advice, missing_packages  # noqa: PLC0415

        if missing := missing_packages():
            raise CompositionError(advice(missing))
        self._cloud = start_embedded(self._options.root, self._options.root / _WORK_DIR)
        return self._cloud.connection
