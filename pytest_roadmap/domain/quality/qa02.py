"""QA-02: no work is registered twice across workstreams (rules c.2)."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import TYPE_CHECKING

from pytest_roadmap.domain.markup import unwrap_code
from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.roadmap import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_roadmap.domain.evidence import Record
    from pytest_roadmap.domain.quality.qa01 import SourceItem
    from pytest_roadmap.domain.roadmap import Roadmap
    from pytest_roadmap.domain.task import SubTask, Task

    Score = Callable[[str, str, float], float]
    """How alike two texts are, 0 to 100; 0 below the cut-off given last."""

CHECK = "QA-02"

_PARTING = re.compile(r"[^\w\s/]")


class Judgement(StrEnum):
    """What a person said of two tasks that look alike."""

    DISTINCT = "distinct"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Adjudication:
    """A person's word on one pair, with the digests of the texts it was given for."""

    pair: frozenset[str]
    judgement: Judgement
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Limits:
    """From which score texts look alike, and how many words a sub-task must have."""

    dod: float = 50
    sub_task: float = 80
    min_tokens: int = 4


def comparable(text: str) -> str:
    """The text as it is compared: NFC, lower-case, punctuation to space, code kept as words.

    ``/`` and ``_`` join words, as in ``A/B/C``: with them parted or gone, the scores are not those
    that the thresholds were set on (rules c.2).
    """
    return " ".join(_PARTING.sub(" ", normalise(text).lower()).split())


def text_digest(task: Task) -> str:
    """The SHA-256 of the task's ``dod`` that an adjudication names."""
    return hashlib.sha256(normalise(task.dod).encode()).hexdigest()


def check_duplicates(
    roadmap: Roadmap, adjudications: Iterable[Adjudication], score: Score, limits: Limits
) -> Iterator[Finding]:
    """Equal slots, texts and sub-tasks; look-alikes nobody judged; judgements out of date."""
    yield from _equals(roadmap.tasks)
    known = {each.pair: each for each in adjudications}
    texts = [(task, comparable(task.dod)) for task in roadmap.tasks]
    for (one, left), (other, right) in combinations(texts, 2):
        found = 0.0 if left == right else score(left, right, limits.dod)
        if found >= limits.dod:
            yield from _alike(one, other, found, known)
    yield from _judged(roadmap, known)
    yield from _sub_tasks(roadmap.tasks, score, limits)


def check_shared(
    roadmap: Roadmap, shared: Iterable[tuple[SourceItem, Sequence[str]]]
) -> Iterator[Finding]:
    """One source item that leads to tasks of several workstreams is work registered twice."""
    for item, task_ids in shared:
        for task_id in task_ids[1:]:
            where = f"{item.path}:{item.line}"
            message = f"{where} leads to it and to {task_ids[0]} of another workstream"
            yield _error("SAME_ITEM", roadmap.task(task_id), message)


def check_resources(roadmap: Roadmap, records: Iterable[Record]) -> Iterator[Finding]:
    """A resource that tasks of two workstreams change may be the same work under two names.

    The second net below the texts (rules c.2): a full paraphrase is not found by its words.
    """
    first: dict[str, Task] = {}
    told: set[tuple[str, str]] = set()
    for record in records:
        task = roadmap.by_id.get(record.task_id)
        if task is None or not _changes(record):
            continue
        for resource in _resources(record):
            earlier = first.setdefault(resource.casefold(), task)
            pair = (earlier.task_id, task.task_id)
            if earlier.workstream != task.workstream and pair not in told:
                told.add(pair)
                message = f"it changes {resource}, as {earlier.task_id} of another workstream does"
                yield Finding(
                    CHECK, "SAME_RESOURCE", Level.WARNING, task.task_id, task.line, message
                )


def _changes(record: Record) -> bool:
    return any(mode != "RO" for each in record.scenarios for mode in each.modes)


def _resources(record: Record) -> Iterator[str]:
    listed = record.facts.get("resources")
    for each in listed if isinstance(listed, Sequence) else ():
        if isinstance(each, Mapping) and isinstance(each.get("id"), str):
            yield each["id"]


def _equals(tasks: Sequence[Task]) -> Iterator[Finding]:
    keys: tuple[tuple[str, str, Callable[[Task], object]], ...] = (
        ("SAME_EVIDENCE", "evidence path", lambda task: unwrap_code(task.evidence_path)),
        ("SAME_DOD", "dod", lambda task: comparable(task.dod)),
        ("SAME_SUB_TASKS", "sub-tasks", lambda task: tuple(map(_sub_text, task.sub_tasks))),
    )
    for code, name, key in keys:
        first: dict[object, str] = {}
        for task in tasks:
            value = key(task)
            if value and value in first:
                yield _error(code, task, f"has the same {name} as {first[value]}")
            first.setdefault(value, task.task_id)


def _sub_text(sub: SubTask) -> str:
    return comparable(sub.text)


def _error(code: str, task: Task, message: str) -> Finding:
    return Finding(CHECK, code, Level.ERROR, task.task_id, task.line, message)


def _alike(
    one: Task, other: Task, score: float, known: Mapping[frozenset[str], Adjudication]
) -> Iterator[Finding]:
    sentence = f"its dod looks like that of {one.task_id} (score {score:.1f})"
    if one.workstream == other.workstream:
        yield Finding(CHECK, "ALIKE", Level.INFO, other.task_id, other.line, sentence)
    elif frozenset((one.task_id, other.task_id)) not in known:
        message = f"{sentence}, and .roadmap/dedupe.yaml has no entry for the pair"
        yield _error("CANDIDATE_OPEN", other, message)


def _judged(roadmap: Roadmap, known: Mapping[frozenset[str], Adjudication]) -> Iterator[Finding]:
    for pair, entry in known.items():
        names = " / ".join(sorted(pair))
        tasks = [task for task in roadmap.tasks if task.task_id in pair]
        if len(tasks) < len(pair):
            message = f"the entry {names} names a task that is not in the document"
            yield Finding(CHECK, "ADJUDICATION_UNKNOWN", Level.WARNING, None, None, message)
            continue
        for task in tasks:
            if entry.digests.get(task.task_id, "").removeprefix("sha256:") != text_digest(task):
                message = f"its dod differs from the one judged in the entry {names}"
                yield _error("ADJUDICATION_STALE", task, message)
        if entry.judgement is Judgement.DUPLICATE:
            message = f"the pair {names} was judged duplicate, and both are still in the document"
            yield _error("DUPLICATE", tasks[-1], message)


def _sub_tasks(tasks: Sequence[Task], score: Score, limits: Limits) -> Iterator[Finding]:
    texts: dict[str, list[tuple[Task, str]]] = defaultdict(list)
    for task in tasks:
        for sub in task.sub_tasks:
            text = comparable(sub.text)
            if len(text.split()) >= limits.min_tokens:
                texts[task.workstream].append((task, text))
    for left, right in combinations(texts.values(), 2):
        for one, first in left:
            for other, second in right:
                found = score(first, second, limits.sub_task)
                if found >= limits.sub_task:
                    message = f"a sub-task looks like one of {one.task_id} (score {found:.1f})"
                    yield Finding(
                        CHECK, "SUB_TASK_ALIKE", Level.WARNING, other.task_id, other.line, message
                    )
