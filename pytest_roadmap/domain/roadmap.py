"""The tasks of a roadmap and the graph of their dependencies."""

from __future__ import annotations

import hashlib
import heapq
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_roadmap.domain.task import Task


class CyclicDependencyError(ValueError):
    """The dependencies of these tasks form a cycle, so no order exists."""


@dataclass(frozen=True)
class Roadmap:
    """The tasks of one document, in document order.

    ``digest`` is the SHA-256 of the document's bytes (``sha256:…``). ``workstreams`` maps a
    workstream code of the document to its heading, in document order.
    """

    tasks: tuple[Task, ...]
    digest: str = ""
    workstreams: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> Mapping[str, Task]:
        """Every task by its id."""
        return {task.task_id: task for task in self.tasks}

    @cached_property
    def _dependents(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {task.task_id: [] for task in self.tasks}
        for task in self.tasks:
            for needed in task.depends_on:
                found[needed].append(task.task_id)
        return {task_id: tuple(ids) for task_id, ids in found.items()}

    def task(self, task_id: str) -> Task:
        """The task of this id.

        Raises:
            KeyError: the roadmap has no such task.
        """
        return self.by_id[task_id]

    def dependents(self, task_id: str) -> tuple[str, ...]:
        """The ids of the tasks that name this one in ``depends_on``, in document order."""
        return self._dependents[task_id]

    def ordered(self) -> tuple[Task, ...]:
        """Every task after all tasks it depends on; document order where that leaves a choice.

        Raises:
            CyclicDependencyError: the dependencies form a cycle.
        """
        place = {task.task_id: index for index, task in enumerate(self.tasks)}
        missing = [len(set(task.depends_on)) for task in self.tasks]
        ready = [index for index, count in enumerate(missing) if count == 0]
        order: list[Task] = []
        while ready:
            task = self.tasks[heapq.heappop(ready)]
            order.append(task)
            for dependent in dict.fromkeys(self._dependents[task.task_id]):
                index = place[dependent]
                missing[index] -= 1
                if missing[index] == 0:
                    heapq.heappush(ready, index)
        if len(order) < len(self.tasks):
            raise CyclicDependencyError("the dependencies of the roadmap form a cycle")
        return tuple(order)

    def transitive_dependencies(self, task_id: str) -> frozenset[str]:
        """The ids of everything this task needs, directly or not; itself not included."""
        return self._closure([task_id]) - {task_id}

    def own(self, gate: str) -> tuple[Task, ...]:
        """The tasks whose ``target_gate`` is this gate, in document order."""
        return tuple(task for task in self.tasks if task.target_gate == gate)

    def counted(self, gate: str) -> tuple[Task, ...]:
        """The gate's own tasks and everything they need (rules b.1), in document order."""
        needed = self._closure(task.task_id for task in self.own(gate))
        return tuple(task for task in self.tasks if task.task_id in needed)

    def _closure(self, task_ids: Iterable[str]) -> frozenset[str]:
        found: set[str] = set()
        pending = list(task_ids)
        while pending:
            task_id = pending.pop()
            if task_id not in found:
                found.add(task_id)
                pending.extend(self.by_id[task_id].depends_on)
        return frozenset(found)


def normalise(text: str) -> str:
    """The text in NFC with every run of white space collapsed to one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def dod_digest(task: Task) -> str:
    """The digest of what a record of this task has to prove (rules d.1).

    It covers ``dod``, the sub-tasks and ``verification_level``, and nothing else of the row.
    """
    parts = [normalise(task.dod)]
    parts.extend(f"{sub.number}) {normalise(sub.text)}" for sub in task.sub_tasks)
    parts.append(normalise(task.verification_level))
    return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()
