"""The acts by which G1 is signed off, and how people may do them wrongly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from pytest_roadmap.rehearsal.gate_evidence import (
    evidence_file,
    evidence_folder,
    leave_records,
)
from pytest_roadmap.rehearsal.gate_signoff import (
    documents,
    meet,
    record,
    rewrite_log,
    sign,
    usual,
    withdraw,
)
from pytest_roadmap.rehearsal.history import commit_all

EVIDENCE = "gate-evidence"
SIGNOFF = "gate-signoff"
LOG = "gate-approval-log"
_GATE = "G1"
_MONTH = timedelta(days=30)
_DAY = timedelta(days=1)
Perform = Callable[[Path, Path, datetime], None]


def _left(repository: Path, _keys: Path, now: datetime) -> None:
    leave_records(repository, _GATE, now)


def _anew(leave: Callable[[Path, datetime], None]) -> Perform:
    """Other records in place of those that are there."""

    def perform(repository: Path, _keys: Path, now: datetime) -> None:
        for path in evidence_folder(repository).glob("*"):
            path.unlink()
        leave(repository, now)

    return perform


def _removed(repository: Path, _keys: Path, _now: datetime) -> None:
    evidence_file(repository, "SEC-003").unlink()


def _edited(repository: Path, _keys: Path, _now: datetime) -> None:
    path = evidence_file(repository, "SEC-003")
    path.write_bytes(path.read_bytes().replace(b"pass", b"PASS", 1))


def _signed(repository: Path, keys: Path, now: datetime) -> None:
    withdraw(repository, _GATE)
    meet(repository, _GATE, now)
    sign(repository, keys, _GATE, usual(repository, _GATE), now)
    record(repository, _GATE)


def _two(repository: Path, keys: Path, now: datetime) -> None:
    withdraw(repository, _GATE)
    meet(repository, _GATE, now)
    sign(repository, keys, _GATE, usual(repository, _GATE)[:-1], now)


def _one_person_twice(repository: Path, keys: Path, now: datetime) -> None:
    withdraw(repository, _GATE)
    meet(repository, _GATE, now)
    infra, platform, data = usual(repository, _GATE)
    both = (replace(platform, alias="han.both"), replace(data, alias="han.both"))
    sign(repository, keys, _GATE, (infra, *both), now)


def _older_text(repository: Path, keys: Path, now: datetime) -> None:
    """All sign, and then somebody alters the figures."""
    withdraw(repository, _GATE)
    meet(repository, _GATE, now)
    sign(repository, keys, _GATE, usual(repository, _GATE), now)
    path = documents(repository, _GATE)[-1]
    text = path.read_text("utf-8")
    path.write_text(text.replace(f"# {_GATE} ", f"# {_GATE}: ", 1), encoding="utf-8")


def _unknown_key(repository: Path, keys: Path, now: datetime) -> None:
    withdraw(repository, _GATE)
    meet(repository, _GATE, now)
    *others, data = usual(repository, _GATE)
    sign(repository, keys, _GATE, (*others, replace(data, registered=False)), now)


def _open_condition(repository: Path, keys: Path, now: datetime) -> None:
    withdraw(repository, _GATE)
    meet(repository, _GATE, now)
    *others, data = usual(repository, _GATE)
    condition = ("the smoke run is repeated on Monday",)
    sign(repository, keys, _GATE, (*others, replace(data, conditions=condition)), now)


def _overwritten(repository: Path, _keys: Path, now: datetime) -> None:
    """The entry is in a commit, and then another is written over it."""
    commit_all(repository, f"Approve {_GATE}", now)
    rewrite_log(repository, _GATE, timedelta(), forget=True)


def _entered_early(repository: Path, keys: Path, now: datetime) -> None:
    """The entry was made before the last person signed."""
    _signed(repository, keys, now)
    rewrite_log(repository, _GATE, -_DAY)


def _unrecorded(repository: Path, keys: Path, now: datetime) -> None:
    withdraw(repository, _GATE)
    meet(repository, _GATE, now)
    sign(repository, keys, _GATE, usual(repository, _GATE), now)


GATE_ACTS: Mapping[str, Mapping[str, Perform]] = {
    EVIDENCE: {
        "": _left,
        "blocked": _anew(lambda root, now: leave_records(root, _GATE, now, blocked="SEC-004")),
        "aged": _anew(lambda root, now: leave_records(root, _GATE, now, aged=("SEC-003", _MONTH))),
        "other-state": _anew(lambda root, now: leave_records(root, _GATE, now, foreign=True)),
        "file-removed": _removed,
        "file-edited": _edited,
    },
    SIGNOFF: {
        "": _signed,
        "two-of-three": _two,
        "same-person": _one_person_twice,
        "older-text": _older_text,
        "unknown-key": _unknown_key,
        "open-condition": _open_condition,
    },
    LOG: {"overwritten": _overwritten, "early": _entered_early, "none": _unrecorded},
}
