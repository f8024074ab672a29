"""The records of a run: joined as scenarios end, written as tasks end, read by what comes later."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from pytest_roadmap.domain.roadmap import dod_digest
from pytest_roadmap.domain.validity import schema_of_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_roadmap.adapters.evidence.keys import CryptoSigner
    from pytest_roadmap.adapters.evidence.store import EvidenceStore
    from pytest_roadmap.domain.evidence import Record
    from pytest_roadmap.domain.recording import Event
    from pytest_roadmap.domain.redaction import Redactor
    from pytest_roadmap.plugin.ledger import Ledger, RecordFrame
    from pytest_roadmap.plugin.project import Plans
    from pytest_roadmap.plugin.results import ItemResult


class RecordStore(Protocol):
    """Where records are kept between runs."""

    def write(self, record: Record, events: Sequence[Event], archive: Mapping[str, bytes]) -> Path:
        """Keep a record with its events and the files of its archive; the file it stands in."""

    def earlier(self, frame: RecordFrame) -> tuple[Record, ...]:
        """The valid records of earlier runs of the same environment (and server state)."""


class RecordBook:
    """The ledger of this run on top of what earlier runs recorded."""

    def __init__(
        self,
        ledger: Ledger,
        store: RecordStore,
        frame: Callable[[], RecordFrame],
        about: Callable[[str, str], Mapping[str, Any]],
        archive: Callable[[str], Mapping[str, bytes]],
    ) -> None:
        self._archive = archive
        self.ledger = ledger
        self._store = store
        self._frame = frame
        self._about = about
        self._earlier: tuple[Record, ...] | None = None
        #: Files written by this run, by task.
        self.written: dict[str, Path] = {}
        #: Sentences about records that could not be written.
        self.problems: list[str] = []

    def take(self, result: ItemResult) -> bool:
        """Take a result in; whether it was the last of its task."""
        return self.ledger.add(result)

    def write(self, task_id: str) -> Record | None:
        """Write the record of a task as it stands; None when that was not possible."""
        from pytest_roadmap.adapters.evidence.files import (  # noqa: PLC0415 - only where one is written
            EvidenceError,
        )
        from pytest_roadmap.domain.redaction import LeakError  # noqa: PLC0415

        self.remember_earlier()
        found = self.ledger.record(task_id, self._frame())
        record = replace(found, facts={**found.facts, **self._about(task_id, found.record_id)})
        try:
            self.written[task_id] = self._store.write(
                record, self.ledger.events(task_id), self._archive(task_id)
            )
        except (EvidenceError, LeakError) as error:
            self.problems.append(f"{task_id}: no record was written: {error}")
            return None
        self.ledger.forget_events(task_id)
        return record

    def remember_earlier(self) -> tuple[Record, ...]:
        """What earlier runs recorded, as it stood before this run wrote anything."""
        if self._earlier is None:
            self._earlier = self._store.earlier(self._frame())
        return self._earlier

    def records(self) -> tuple[Record, ...]:
        """All records that this run can speak of: earlier ones, its own, provisional ones."""
        return (*self.remember_earlier(), *self.ledger.records(self._frame()))


class FolderStore:
    """Records in an evidence folder, by the adapter that writes and reads them.

    Args:
        folder: the evidence folder as it is now; it is asked for each record.
        fresh: whether no earlier record can count, so that none has to be read.
        kind: of the environment.
        redactor: knows the secrets of the run.
        signer: the key that signs statements, or None.
        plans: the tasks that records are about.
    """

    def __init__(
        self,
        folder: Callable[[], Path],
        *,
        fresh: Callable[[], bool],
        kind: str,
        redactor: Redactor,
        signer: Callable[[], CryptoSigner | None],
        plans: Plans,
    ) -> None:
        self._folder = folder
        self._fresh = fresh
        self._kind = kind
        self._redactor = redactor
        self._signer = signer
        self._plans = plans

    def _store(self) -> EvidenceStore:
        from pytest_roadmap.adapters.evidence.store import (  # noqa: PLC0415 - only if recorded
            EvidenceStore,
        )

        schema = schema_of_kind(self._kind)
        return EvidenceStore(
            self._folder(),
            schema=schema,
            redactor=self._redactor,
            self_reference_slots=self._plans.policy.slots,
        )

    def write(self, record: Record, events: Sequence[Event], archive: Mapping[str, bytes]) -> Path:
        """Keep a record with its events and the files of its archive; the file it stands in."""
        task = self._plans.roadmap.task(record.task_id)
        return self._store().write(record, events, task, self._signer(), archive)

    def earlier(self, frame: RecordFrame) -> tuple[Record, ...]:
        """The valid records of earlier runs of the same environment (and server state)."""
        if self._fresh():
            return ()
        same = (frame.environment, frame.kind, frame.state_id)
        return tuple(
            record
            for record in self._store().load().records
            if (record.environment, record.kind, record.state_id) == same and self._current(record)
        )

    def _current(self, record: Record) -> bool:
        task = self._plans.roadmap.by_id.get(record.task_id)
        return task is not None and record.dod_digest == dod_digest(task)
