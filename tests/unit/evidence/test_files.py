"""Publishing a file whole, also where the file system has no hard links or fails midway."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pytest_roadmap.adapters.evidence.files import EvidenceError, publish_new, temporary_copy
from pytest_roadmap.adapters.evidence.store import EvidenceStore
from pytest_roadmap.domain.validity import REAL_SCHEMA
from tests.unit.evidence.evidence_samples import record, task


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)


def test_a_name_is_given_once(tmp_path: Path) -> None:
    """Publishing never replaces what is there."""
    target = tmp_path / "a.log"
    target.write_text("old")

    with temporary_copy(tmp_path, "a.log", b"new") as temporary:
        assert not publish_new(temporary, target)

    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.usefixtures("no_links")
def test_without_hard_links_records_are_written_all_the_same(tmp_path: Path) -> None:
    """On a file system without links the name is claimed first; repeats still get their own."""
    store = EvidenceStore(tmp_path, schema=REAL_SCHEMA)

    store.write(record(), [], task())
    store.write(record("01JD0000000000000000000001"), [], task())

    assert (len(store.load().records), store.load().problems) == (2, ())


@pytest.mark.usefixtures("no_links")
def test_without_hard_links_a_name_is_given_once_too(tmp_path: Path) -> None:
    """The claim fails where the name is taken."""
    target = tmp_path / "a.log"
    target.write_text("old")

    with temporary_copy(tmp_path, "a.log", b"new") as temporary:
        assert not publish_new(temporary, target)

    assert target.read_text() == "old"


@pytest.mark.parametrize("step", ["link", "replace"])
def test_a_failure_midway_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """When file or statement cannot get its name, neither stays behind."""

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(*{"link": (os, "link", fail), "replace": (Path, "replace", fail)}[step])

    with pytest.raises(EvidenceError, match="Input/output error"):
        EvidenceStore(tmp_path, schema=REAL_SCHEMA).write(record(), [], task())

    assert list(tmp_path.iterdir()) == []
