"""QA-04, between rows: identity, dependencies and evidence files of all tasks (rules c.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.domain.markup import fold, unwrap_code
from pytest_roadmap.domain.quality.fields import CHECK
from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.quality.values import evidence_slot, unrepeated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.quality.row import TaskRow

_SHOWN = 12


def check_graph(
    rows: Sequence[TaskRow], policy: Policy, unread_ids: frozenset[str]
) -> Iterator[Finding]:
    """Everything QA-04 has to say about the rows together.

    Args:
        rows: every row that could be read.
        policy: gives the order of gates and the weight of priorities.
        unread_ids: ids on lines that are reported as unreadable; depending on one is no new error.
    """
    yield from _duplicate_ids(rows, policy)
    yield from _duplicate_evidence(rows)
    by_id = {row.task_id: row for row in rows}
    edges: dict[str, tuple[str, ...]] = {}
    for row in rows:
        yield from _dependencies(row, by_id, unread_ids, policy)
        known = (each for each in row.depends_on if each in by_id and each != row.task_id)
        edges.setdefault(row.task_id, tuple(known))
    for circle in find_cycles(edges):
        first = min(circle, key=lambda each: by_id[each].line)
        shown = " -> ".join([*circle[:_SHOWN], *(["…"] if len(circle) > _SHOWN else []), circle[0]])
        yield _finding(
            by_id[first], "DEPENDENCY_CYCLE", Level.ERROR, f"these tasks wait in a circle: {shown}"
        )


def _finding(row: TaskRow, code: str, level: Level, message: str) -> Finding:
    return Finding(CHECK, code, level, row.task_id or None, row.line, message)


def _duplicate_ids(rows: Sequence[TaskRow], policy: Policy) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for row in rows:
        meant = row.task_id if policy.is_task_id(row.task_id) else fold(row.task_id)
        if meant and first.setdefault(meant, row.line) != row.line:
            yield _finding(
                row, "DUPLICATE_ID", Level.ERROR, f"{meant} stands at line {first[meant]} too"
            )


def _duplicate_evidence(rows: Sequence[TaskRow]) -> Iterator[Finding]:
    first: dict[str, TaskRow] = {}
    for row in rows:
        path = unwrap_code(row.cells.get("evidence_path", ""))
        slot = unrepeated(evidence_slot(path)) or path.removeprefix("./")
        if not slot or slot == "-":
            continue
        owner = first.setdefault(slot, row)
        if owner is not row:
            yield _finding(
                row,
                "EVIDENCE_TWICE",
                Level.ERROR,
                f"evidence_path {path!r} is that of {owner.task_id} (line {owner.line}) too",
            )


def _dependencies(
    row: TaskRow,
    by_id: Mapping[str, TaskRow],
    unread_ids: frozenset[str],
    policy: Policy,
) -> Iterator[Finding]:
    for needed in row.depends_on:
        if needed == row.task_id:
            yield _finding(row, "DEPENDENCY_SELF", Level.ERROR, "the task depends on itself")
        elif needed in by_id:
            yield from _edge(row, by_id[needed], policy)
        elif needed not in unread_ids:
            yield _finding(
                row,
                "DEPENDENCY_UNKNOWN",
                Level.ERROR,
                f"depends_on names {needed}, which is no task of this document",
            )


def _edge(row: TaskRow, needed: TaskRow, policy: Policy) -> Iterator[Finding]:
    gate, other = row.cells.get("target_gate", ""), needed.cells.get("target_gate", "")
    if gate in policy.gates and other in policy.gates and not policy.may_depend(gate, other):
        yield _finding(
            row,
            "DEPENDENCY_LATER_GATE",
            Level.ERROR,
            f"a task of {gate} cannot wait for {needed.task_id} of {other}, "
            f"which {gate} does not require",
        )
    mine = policy.priorities.get(row.cells.get("priority", ""))
    theirs = policy.priorities.get(needed.cells.get("priority", ""))
    if mine and theirs and theirs.waivable and not mine.waivable:
        yield _finding(
            row,
            "PRIORITY_INVERSION",
            Level.WARNING,
            f"a {row.cells['priority']} task depends on {needed.task_id}, "
            f"which is only {needed.cells['priority']}",
        )


def find_cycles(edges: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """One cycle of each strongly connected part, in the order its tasks need one another.

    Linear in tasks and dependencies, and not recursive, so a long chain costs no stack.
    """
    for component in _components(edges):
        if len(component) > 1:
            yield _cycle_within(component, edges)


def _cycle_within(component: frozenset[str], edges: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    place: dict[str, int] = {}
    path: list[str] = []
    current = min(component)
    while current not in place:
        place[current] = len(path)
        path.append(current)
        current = next(each for each in edges[current] if each in component)
    return tuple(path[place[current] :])


def _components(edges: Mapping[str, Sequence[str]]) -> Iterator[frozenset[str]]:
    """The strongly connected parts of a graph (Tarjan, with a stack of its own)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_nodes: list[str] = []
    is_open: set[str] = set()
    for root in edges:
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        while work:
            node, following = work[-1]
            if node not in index:
                index[node] = low[node] = len(index)
                open_nodes.append(node)
                is_open.add(node)
            for other in following:
                if other not in index:
                    work.append((other, iter(edges[other])))
                    break
                if other in is_open:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    yield frozenset(_close(node, open_nodes, is_open))


def _close(node: str, open_nodes: list[str], is_open: set[str]) -> Iterator[str]:
    while True:
        member = open_nodes.pop()
        is_open.discard(member)
        yield member
        if member == node:
            return
