"""The running cloud: its state under one lock, its clock, its snapshots."""

from __future__ import annotations

import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_roadmap.embedded.state import CloudState


class Cloud:
    """What every API handler works on.

    ``lock`` guards ``state``; handlers run with it held unless their route says otherwise, and may
    take it again. ``state_id`` names this start of the cloud: a restored snapshot keeps it, because
    it describes the same world.

    Args:
        state: the seeded world.
        admin_token: bearer of the ``/_embedded`` endpoints; it opens nothing else.
    """

    def __init__(self, state: CloudState, *, admin_token: str) -> None:
        self.state = state
        self.admin_token = admin_token
        self.state_id = secrets.token_hex(8)
        self.lock = threading.RLock()
        self._snapshots: dict[str, CloudState] = {}

    def now(self) -> datetime:
        """The cloud's time: UTC plus the offset the clock endpoint has added."""
        return datetime.now(UTC) + timedelta(seconds=self.state.clock_offset_s)

    def snapshot(self) -> str:
        """Keep a copy of the whole state and return its id."""
        with self.lock:
            snapshot_id = f"snap-{len(self._snapshots) + 1}-{secrets.token_hex(4)}"
            self._snapshots[snapshot_id] = self.state.copy()
            return snapshot_id

    def restore(self, snapshot_id: str) -> bool:
        """Put the state back to a snapshot, which stays usable; False for an unknown id."""
        with self.lock:
            kept = self._snapshots.get(snapshot_id)
            if kept is None:
                return False
            self.state = kept.copy()
            return True

    def forget(self, snapshot_id: str) -> bool:
        """Drop a snapshot; False for an unknown id."""
        with self.lock:
            return self._snapshots.pop(snapshot_id, None) is not None
