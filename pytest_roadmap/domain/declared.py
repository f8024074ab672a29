"""The status a document declares, held against the one that evidence gives (rules a.6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pytest_roadmap.domain.status import DerivedTask, Flag
from pytest_roadmap.domain.task import Status


class Level(StrEnum):
    """How much a difference matters; only an error fails a check."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Declared against derived: the code and its level; ``ok`` has no code."""

    code: str
    level: Level


_OK = Comparison("", Level.OK)
_BEHIND = Comparison("DECLARED_BEHIND", Level.INFO)
_AHEAD = Comparison("DECLARED_AHEAD", Level.WARNING)
_LIFTED = Comparison("BLOCK_LIFTED", Level.WARNING)
_INVALID = Comparison("DECLARED_DONE_INVALID", Level.ERROR)

_DERIVED_ORDER = (Status.NOT_STARTED, Status.IN_PROGRESS, Status.BLOCKED, Status.DONE)
_TABLE = {
    Status.NOT_STARTED: (_OK, _BEHIND, _BEHIND, _BEHIND),
    Status.IN_PROGRESS: (_AHEAD, _OK, _AHEAD, _BEHIND),
    Status.BLOCKED: (Comparison("BLOCK_UNPROVEN", Level.WARNING), _LIFTED, _OK, _LIFTED),
    Status.DONE: (_INVALID, _INVALID, _INVALID, _OK),
}


def compare_declared(declared: Status, derived: Status) -> Comparison:
    """The code for a declared status beside the derived one."""
    return _TABLE[declared][_DERIVED_ORDER.index(derived)]


def why_not_done(task: DerivedTask) -> str:
    """The detail word for a task that is declared Done and does not derive Done.

    A record that was refused (``EMBEDDED_ONLY``, ``IDENTITY``, ``TAMPERED`` …) is not seen here;
    who refused it knows the word and puts it in place of ``NO_RECORD``.
    """
    if Flag.FAILING in task.flags:
        return "FAILING"
    if Flag.COMPLETE_WAITING_DEPS in task.flags:
        return "DEPS"
    if {Flag.STALE, Flag.STALE_ONLY} & set(task.flags):
        return "STALE"
    return "NO_RECORD"
