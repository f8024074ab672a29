"""The slot of a task: the name of its evidence file without the date (rules d.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from pytest_roadmap.adapters.evidence.files import EvidenceError
from pytest_roadmap.domain.task import Task

VERIFICATION_FOLDER = ".agents/logs/verification"
#: Below the folder of the evidence: what else a statement speaks of, by record.
ARCHIVE = "allure"
_FILE_NAME = re.compile(
    r"(?:\d{8}_)?(?P<slot>[A-Za-z0-9][A-Za-z0-9_-]{0,120}\.(?:log|md))", re.ASCII
)
_WRITTEN = re.compile(
    r"(?P<date>\d{8})_(?P<name>[A-Za-z0-9][A-Za-z0-9_-]{0,120}?)(?:_r(?P<repeat>[1-9]\d{0,5}))?"
    r"\.(?P<kind>log|md)",
    re.ASCII,
)


def slot_of(task: Task, self_reference_slots: Mapping[str, str] | None = None) -> str:
    """The slot's file name, such as ``sec_handoff_inventory.md``.

    A task whose evidence path is its own ``source_doc`` (rules a.6) has the slot that
    ``self_reference_slots`` gives for it, else one made of its id: ``gov_005.md``.

    Raises:
        EvidenceError: the path leaves the verification folder or is no evidence file name.
    """
    path = PurePosixPath(task.evidence_path)
    named = (self_reference_slots or {}).get(task.task_id)
    if named is not None:
        return _checked(task, named)
    if path.parent == PurePosixPath(VERIFICATION_FOLDER) and ".." not in path.parts:
        return _checked(task, path.name)
    if task.evidence_path.strip() and f"`{task.evidence_path}`" in _quoted(task.source_doc):
        return _checked(task, task.task_id.lower().replace("-", "_") + ".md")
    raise EvidenceError(
        f"{task.task_id}: evidence_path {task.evidence_path!r} is neither a file directly below "
        f"{VERIFICATION_FOLDER} nor the task's own source_doc; nothing is written there"
    )


def slot_of_file(file_name: str) -> str | None:
    """The slot that a written file belongs to, or None for a foreign name."""
    found = _WRITTEN.fullmatch(file_name)
    return f"{found['name']}.{found['kind']}" if found else None


def file_name(slot: str, date: str, repeat: int) -> str:
    """``<date>_<name>.log``, from the second of a day on ``<date>_<name>_r2.log``."""
    stem, _, kind = slot.rpartition(".")
    return f"{date}_{stem}.{kind}" if repeat == 1 else f"{date}_{stem}_r{repeat}.{kind}"


def _checked(task: Task, name: str) -> str:
    found = _FILE_NAME.fullmatch(name)
    if not found:
        raise EvidenceError(
            f"{task.task_id}: {name!r} is no evidence file name (<yyyymmdd>_<name>.log or .md)"
        )
    return found["slot"]


def _quoted(source_doc: str) -> str:
    return source_doc if "`" in source_doc else f"`{source_doc}`"
