"""QA-01: every open item of the source documents is one task, and every task has its items."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.quality.qa02 import comparable
from pytest_roadmap.domain.quality.values import source_paths
from pytest_roadmap.domain.task import Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pytest_roadmap.domain.quality.qa02 import Score
    from pytest_roadmap.domain.roadmap import Roadmap
    from pytest_roadmap.domain.task import Task

CHECK = "QA-01"
#: From which score a task is suggested for an item that nobody mapped; it never maps it.
SUGGESTED_FROM = 60
_SUGGESTIONS = 3
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class SourceItem:
    """One item of a source document: what is to be done there, or is done.

    ``item_id`` and ``tasks`` are what the document says of it in comments, ``parent`` the line of
    the list item that holds it, 0 for none.
    """

    path: str
    line: int
    section: str
    text: str
    closed: bool = False
    item_id: str = ""
    tasks: tuple[str, ...] = ()
    parent: int = 0

    @property
    def identity(self) -> str:
        """Its id, or where it stands and what it says (rules c.1)."""
        if self.item_id:
            return self.item_id
        digest = hashlib.sha256(plain_item(self.text).encode()).hexdigest()
        return f"{self.path}#{self.section}:{digest[:_DIGITS]}"


@dataclass(frozen=True, slots=True)
class ItemSources:
    """The items of all source documents; ``unread`` says why the others could not be asked."""

    items: tuple[SourceItem, ...]
    unread: Mapping[str, str]


def plain_item(text: str) -> str:
    """The text as items are told apart: NFC, lower-case, white space collapsed."""
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def listed_sources(roadmap: Roadmap, listed: Collection[str], own: str) -> tuple[str, ...]:
    """The source documents: of every task and of the document's list, without itself."""
    named = [path for task in roadmap.tasks for path in source_paths(task.source_doc)]
    return tuple(path for path in dict.fromkeys([*named, *sorted(listed)]) if path != own)


def check_items(
    roadmap: Roadmap,
    sources: ItemSources,
    mapping: Mapping[str, str],
    score: Score,
    own: str,
) -> Iterator[Finding]:
    """What is not one to one between the items of the source documents and the tasks.

    Args:
        roadmap: the tasks.
        sources: the items.
        mapping: the task of an item by the item's identity, as registered beside the documents.
        score: how alike two texts are.
        own: the path of the roadmap document, which is the source of tasks of its own.
    """
    for path, why in sources.unread.items():
        message = f"its open items are unknown: {why}"
        yield Finding(CHECK, "SOURCE_UNREAD", Level.WARNING, None, None, message, path)
    items = tuple(item for item in sources.items if not item.closed or _named(item, mapping))
    yield from _twice(items)
    yield from _unknown_entries(items, mapping)
    mapped: dict[str, list[SourceItem]] = defaultdict(list)
    for item in items:
        tasks = _named(item, mapping)
        yield from _one_task(item, tasks, roadmap, score)
        for task_id in tasks:
            mapped[task_id].append(item)
    for task in roadmap.tasks:
        found = mapped.get(task.task_id, [])
        if not found and not sources.unread:
            yield from _orphan(task, own)
        yield from _states(task, found)
        if len(found) > 1 and not _belong_together(task, found):
            places = ", ".join(f"{item.path}:{item.line}" for item in found)
            message = f"{len(found)} items lead to it and are neither siblings nor its sub-tasks"
            yield _of_task("NOT_ONE_TO_ONE", Level.ERROR, task, f"{message}: {places}")


def shared_items(
    roadmap: Roadmap, sources: ItemSources, mapping: Mapping[str, str]
) -> Iterator[tuple[SourceItem, tuple[str, ...]]]:
    """The items that lead to tasks of several workstreams (rules c.2)."""
    for item in sources.items:
        tasks = tuple(name for name in _named(item, mapping) if name in roadmap.by_id)
        if len({roadmap.task(name).workstream for name in tasks}) > 1:
            yield item, tasks


def _named(item: SourceItem, mapping: Mapping[str, str]) -> tuple[str, ...]:
    """The tasks that comment and register name; a register that says the same adds nothing."""
    registered = mapping.get(item.identity)
    return tuple(dict.fromkeys([*item.tasks, *([registered] if registered else [])]))


def _of_item(code: str, level: Level, item: SourceItem, message: str) -> Finding:
    return Finding(CHECK, code, level, None, item.line, message, item.path)


def _of_task(code: str, level: Level, task: Task, message: str) -> Finding:
    return Finding(CHECK, code, level, task.task_id, task.line, message)


def _twice(items: Sequence[SourceItem]) -> Iterator[Finding]:
    first: dict[str, SourceItem] = {}
    for item in items:
        earlier = first.setdefault(item.identity, item)
        if earlier is not item:
            message = f"the item {item.identity} stands already at {earlier.path}:{earlier.line}"
            yield _of_item("ITEM_TWICE", Level.ERROR, item, message)


def _unknown_entries(items: Sequence[SourceItem], mapping: Mapping[str, str]) -> Iterator[Finding]:
    known = {item.identity for item in items}
    for identity in mapping:
        if identity not in known:
            message = f"the entry {identity} names no item of the source documents"
            yield Finding(CHECK, "ITEM_UNKNOWN", Level.WARNING, None, None, message)


def _one_task(
    item: SourceItem, tasks: Sequence[str], roadmap: Roadmap, score: Score
) -> Iterator[Finding]:
    if not tasks:
        message = f"no task is named for {item.text!r}{_suggestions(item, roadmap, score)}"
        yield _of_item("UNMAPPED", Level.ERROR, item, message)
    elif len(tasks) > 1:
        message = f"{item.text!r} is mapped to {', '.join(tasks)}; one task is meant"
        yield _of_item("MULTI_MAPPED", Level.ERROR, item, message)
    for task_id in tasks:
        if task_id not in roadmap.by_id:
            message = f"{item.text!r} is mapped to {task_id}, which is no task of the document"
            yield _of_item("UNKNOWN_TASK", Level.ERROR, item, message)


def _suggestions(item: SourceItem, roadmap: Roadmap, score: Score) -> str:
    text = comparable(item.text)
    scores = [
        (max(score(text, comparable(each), SUGGESTED_FROM) for each in _texts(task)), task.task_id)
        for task in roadmap.tasks
    ]
    best = sorted((found for found in scores if found[0]), key=lambda found: (-found[0], found[1]))
    if not best:
        return ""
    return "; it reads like " + ", ".join(task_id for _, task_id in best[:_SUGGESTIONS])


def _texts(task: Task) -> tuple[str, ...]:
    return task.dod, *(sub.text for sub in task.sub_tasks)


def _orphan(task: Task, own: str) -> Iterator[Finding]:
    if task.status is Status.DONE or set(source_paths(task.source_doc)) == {own}:
        return
    message = "no item of its source documents leads to the unfinished task"
    yield _of_task("ORPHAN_TASK", Level.ERROR, task, message)


def _states(task: Task, items: Sequence[SourceItem]) -> Iterator[Finding]:
    done = task.status is Status.DONE
    for item in items:
        if done and not item.closed:
            message = f"{item.text!r} is open, and its task {task.task_id} is Done"
            yield _of_item("STATE", Level.ERROR, item, message)
        elif item.closed and not done:
            message = f"{item.text!r} is closed, and its task {task.task_id} is {task.status}"
            yield _of_item("STATE", Level.WARNING, item, message)


def _belong_together(task: Task, items: Sequence[SourceItem]) -> bool:
    """Whether several items are the parts of one: below one parent, or the task's sub-tasks."""
    parents = {(item.path, item.parent) for item in items}
    whole = parents & {(item.path, item.line) for item in items}
    parts = [item for item in items if (item.path, item.line) not in whole]
    above = {(item.path, item.parent) for item in parts}
    if len(above) == 1 and all(item.parent for item in parts) and whole <= above:
        return True
    texts = sorted(plain_item(item.text) for item in items)
    return texts == sorted(plain_item(sub.text) for sub in task.sub_tasks)
