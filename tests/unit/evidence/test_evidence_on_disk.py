"""The evidence folder where the disk, a planted link or another writer is in the way."""

from __future__ import annotations

import os
import resource
import signal
import stat
import threading
from pathlib import Path

import pytest

from pytest_roadmap.adapters.evidence.files import EvidenceError
from pytest_roadmap.adapters.evidence.store import EvidenceStore, statement_path
from pytest_roadmap.domain.validity import REAL_SCHEMA
from tests.unit.evidence.evidence_samples import call, claim, record, task


def test_an_unwritable_folder_is_a_clear_error(tmp_path: Path) -> None:
    """The message names the file and the system's reason."""
    blocked = tmp_path / "file"
    blocked.write_text("")

    with pytest.raises(EvidenceError, match="cannot write"):
        EvidenceStore(blocked / "x", schema=REAL_SCHEMA).write(record(), [], task())


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    """When the bytes do not fit, the error says so and the folder is as before."""
    store = EvidenceStore(tmp_path, schema=REAL_SCHEMA)

    with limited_file_size(2000), pytest.raises(EvidenceError, match="cannot write"):
        store.write(record(), [claim(observed="x" * 5000)], task())
    assert list(tmp_path.iterdir()) == []


def test_files_are_readable_and_not_executable(store: EvidenceStore) -> None:
    """Evidence is for git and for people."""
    old = os.umask(0o022)
    try:
        path = store.write(record(), [], task())
    finally:
        os.umask(old)

    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert stat.S_IMODE(statement_path(path).stat().st_mode) == 0o644


def test_a_link_planted_at_the_name_is_not_followed(store: EvidenceStore, tmp_path: Path) -> None:
    """A symbolic link in the slot's place leads no writer outside the folder."""
    store.root.mkdir()
    outside = tmp_path / "outside"
    (store.root / "20261124_sec_uc_acl_external_location.log").symlink_to(outside)
    (store.root / "20261124_sec_uc_acl_external_location_r2.log.dsse.json").symlink_to(outside)

    path = store.write(record(), [], task())

    assert path.name.endswith("_r3.log")
    assert not outside.exists()


def test_writers_at_the_same_time_lose_nothing(store: EvidenceStore) -> None:
    """Several writers of one slot get a name each, and every record is whole."""
    records = [record(f"01JD{n:022}") for n in range(24)]

    def write_some(part: int) -> None:
        for item in records[part::4]:
            store.write(item, [call()], task())

    threads = [threading.Thread(target=write_some, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    loaded = store.load()
    assert {item.record_id for item in loaded.records} == {item.record_id for item in records}
    assert loaded.problems == ()


class limited_file_size:  # noqa: N801 (used like a function)
    """Lets no file of this process grow beyond so many bytes: what a full disk looks like."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __enter__(self) -> None:
        self.handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        self.limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, self.limits[1]))

    def __exit__(self, *_: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self.limits)
        signal.signal(signal.SIGXFSZ, self.handler)
