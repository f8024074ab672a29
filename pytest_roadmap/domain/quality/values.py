"""Read the cells that hold more than a word: dependencies, sub-tasks, evidence paths."""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_roadmap.domain.markup import code_texts, fold, split_breaks, unwrap_code, visible_text
from pytest_roadmap.domain.task import SubTask

if TYPE_CHECKING:
    from pytest_roadmap.domain.policy import Policy

EVIDENCE_FOLDER = ".agents/logs/verification/"
_PLACEHOLDERS = frozenset(
    {
        "",
        "tbd",
        "tba",
        "tbc",
        "todo",
        "fixme",
        "xxx",
        "n/a",
        "na",
        "none",
        "null",
        "nil",
        "placeholder",
        "미정",
        "추후",
        "작성예정",
        "해당없음",
    }
)
_DASHES = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2015\u2212")
_RANGE_SIGNS = ("~", "..", "\u2026", "\u2013", "\u2014", "\u301c", "\uff5e", " - ", " to ", "부터")
_SLOT_CHARACTERS = frozenset(string.ascii_lowercase + string.digits + "_")
_DATE_DIGITS = 8
_LONG = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell: a code and the end of a sentence."""

    code: str
    message: str


@lru_cache(maxsize=1024)
def empty_fault(text: str) -> Fault | None:
    """Whether a required cell says nothing: blank, only dashes, or a placeholder word."""
    if len(text) > _LONG and text[0].isalnum():
        return None
    plain = visible_text(text)
    if not plain or _DASHES.issuperset(plain):
        return Fault("EMPTY_FIELD", f"is empty ({text!r})" if text else "is empty")
    bare = "".join(plain.split()).casefold().strip("*_()[]{}<>.…!?:;-~")
    if bare in _PLACEHOLDERS or (plain.startswith("<") and plain.endswith(">")):
        return Fault("PLACEHOLDER", f"holds only the placeholder {plain!r}")
    return None


def read_depends_on(text: str, policy: Policy) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
    """The ids of a ``depends_on`` cell, and why parts of it are none.

    The cell is ``-`` or ids with a comma between; a range, another separator, an id named twice
    or ``-`` among ids is refused, never interpreted.
    """
    if text == "-":
        return (), ()
    if not text:
        return (), (Fault("EMPTY_FIELD", "is empty; a task without dependencies says -"),)
    ids: dict[str, None] = {}
    faults: list[Fault] = []
    for part in text.split(","):
        task_id = part.strip(" ")
        if policy.is_task_id(task_id):
            if task_id in ids:
                faults.append(Fault("DEPENDENCY_TWICE", f"names {task_id} twice"))
            else:
                ids[task_id] = None
        else:
            faults.append(_dependency_fault(task_id, policy))
    return tuple(ids), tuple(faults)


def _dependency_fault(part: str, policy: Policy) -> Fault:
    if not part:
        return Fault("DEPENDENCY_SYNTAX", "has a comma with no task id on one side of it")
    if policy.is_task_id(fold(part)):
        return Fault("DEPENDENCY_SYNTAX", f"writes {fold(part)} as {part!r}; plain ASCII is meant")
    if any(_is_range(part, sign, policy) for sign in _RANGE_SIGNS):
        return Fault("DEPENDENCY_RANGE", f"holds the range {part!r}; name every task")
    return Fault(
        "DEPENDENCY_SYNTAX", f"holds {part!r}, which is no task id; separate ids by commas"
    )


def _is_range(part: str, sign: str, policy: Policy) -> bool:
    """Whether the part is an id, the sign, and something more."""
    before, found, after = part.rpartition(sign)
    return bool(found and after.strip()) and (
        policy.is_task_id(fold(before)) or policy.is_task_id(fold(part.partition(sign)[0]))
    )


def read_sub_tasks(text: str) -> tuple[tuple[SubTask, ...], tuple[Fault, ...]]:
    """The numbered parts ``1) … <br> 2) …`` of a cell; the numbers must be 1 to n in order."""
    found: list[SubTask] = []
    faults: list[Fault] = []
    for place, part in enumerate(split_breaks(text), start=1):
        digits, bracket, words = part.partition(")")
        if not bracket or not digits.isascii() or not digits.isdigit():
            faults.append(
                Fault("SUB_TASK_NUMBERING", f"part {place} must begin with '{place})': {part!r}")
            )
        elif digits != str(place):
            faults.append(
                Fault("SUB_TASK_NUMBERING", f"numbers its part {place} as {digits}), not 1 to n")
            )
        elif empty := empty_fault(words):
            faults.append(Fault(empty.code, f"part {place} {empty.message}"))
        else:
            found.append(SubTask(place, words.strip()))
    return tuple(found), tuple(faults)


def evidence_fault(cell: str, source_doc: str) -> Fault | None:
    """Why this is no evidence path: neither a slot file nor one of the task's own sources."""
    path = unwrap_code(cell)
    if is_slot_path(path):
        return None
    outside = _outside_fault(path)
    if outside is not None or path in source_paths(source_doc):
        return outside
    return Fault(
        "EVIDENCE_NAME",
        f"must be {EVIDENCE_FOLDER}<yyyymmdd>_<name>.log or .md, with a name of lower-case "
        f"letters, digits and _, or the task's own source: {path!r}",
    )


def _outside_fault(path: str) -> Fault | None:
    """Why the path names no file inside the repository."""
    if "://" in path or path.casefold().startswith(("mailto:", "file:", "www.")):
        return Fault("EVIDENCE_URL", f"is a URL, not a file of the repository: {path!r}")
    if path.startswith(("/", "\\", "~")) or path[1:2] == ":":
        return Fault("EVIDENCE_ABSOLUTE", f"is absolute; it must be relative: {path!r}")
    if ".." in path.replace("\\", "/").split("/"):
        return Fault("EVIDENCE_ESCAPES", f"leaves the repository or goes through '..': {path!r}")
    if path.endswith(("/", "\\", "/.")) or EVIDENCE_FOLDER.startswith(path + "/"):
        return Fault("EVIDENCE_DIRECTORY", f"is a directory, not a file: {path!r}")
    return None


def is_slot_path(path: str) -> bool:
    """Whether the path is ``.agents/logs/verification/<8 digits>_<name>.(log|md)``."""
    slot = evidence_slot(path)
    name, dot, suffix = slot.rpartition(".")
    return bool(dot) and suffix in ("log", "md") and _is_slot_name(name)


def evidence_slot(path: str) -> str:
    """The slot a path names: its file name without the date; empty for any other path."""
    name = path.removeprefix(EVIDENCE_FOLDER)
    date, _, slot = name.partition("_")
    if name == path or len(date) != _DATE_DIGITS or not (date.isascii() and date.isdigit()):
        return ""
    return slot


def unrepeated(slot: str) -> str:
    """The slot without ``_r<n>``, which marks a second record of one day (rules d.1)."""
    name, dot, suffix = slot.rpartition(".")
    kept, mark, digits = name.rpartition("_r")
    return f"{kept}{dot}{suffix}" if mark and digits.isdigit() else slot


def _is_slot_name(name: str) -> bool:
    return bool(name) and _SLOT_CHARACTERS.issuperset(name)


def source_paths(source_doc: str) -> tuple[str, ...]:
    """The file paths a ``source_doc`` cell names, without their ``#section``."""
    return tuple(text.partition("#")[0] for text in code_texts(source_doc))
