"""The world a run belongs to, and how a run is told to stop."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import CloudState

POLL_S = 0.02


class WorldReplacedError(Exception):
    """A snapshot was restored: the run of the old world must not touch the new one."""


class World:
    """A cloud held to the state of one moment; the SQL engine works on it as on the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._state = cloud.state

    @property
    def lock(self) -> threading.RLock:
        """Guards the state."""
        return self._cloud.lock

    @property
    def state(self) -> CloudState:
        """The state.

        Raises:
            WorldReplacedError: the cloud has another one by now.
        """
        if self._cloud.state is not self._state:
            raise WorldReplacedError
        return self._state

    @property
    def cloud(self) -> Cloud:
        """The cloud itself, for what outlives a restored snapshot."""
        return self._cloud

    def now(self) -> datetime:
        """The cloud's time, UTC."""
        return self._cloud.now()


class Stop:
    """A request to stop, asked once, by whoever comes first; ``reason`` says why.

    Reasons are ``cancelled``, ``timed out`` and ``replaced``.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._interrupts: list[Callable[[], None]] = []

    @property
    def asked(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()

    def ask(self, reason: str) -> None:
        """Ask to stop, and interrupt what is running."""
        with self._lock:
            if self._event.is_set():
                return
            self.reason = reason
            self._event.set()
            interrupts = list(self._interrupts)
        for interrupt in interrupts:
            interrupt()

    def interrupts(self, interrupt: Callable[[], None]) -> None:
        """Have this called when somebody asks; at once when somebody has."""
        with self._lock:
            asked = self._event.is_set()
            self._interrupts.append(interrupt)
        if asked:
            interrupt()

    def wait(self, seconds: float) -> bool:
        """Wait; whether somebody asked meanwhile."""
        return self._event.wait(seconds)
