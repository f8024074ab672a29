"""The status that evidence gives a task (rules a.3 to a.6)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pytest_roadmap.domain.effective import EffectiveResult, RegisteredBlocker
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.task import Status, Task

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date

    from pytest_roadmap.domain.roadmap import Roadmap


class Dependencies(StrEnum):
    """What the direct dependencies of a task allow (rules a.3)."""

    DONE = "done"
    WAITING = "waiting"
    FRONTIER_BLOCKED = "frontier_blocked"


class Flag(StrEnum):
    """What a derived status does not say by itself."""

    COMPLETE_WAITING_DEPS = "COMPLETE_WAITING_DEPS"
    FAILING = "FAILING"
    BLOCKED_PART = "BLOCKED_PART"
    BLOCKED = "BLOCKED"
    BLOCKED_BY = "BLOCKED_BY"
    STALE_ONLY = "STALE_ONLY"
    STALE = "STALE"
    BLOCK_STALE = "BLOCK_STALE"
    DEP_REGRESSED = "DEP_REGRESSED"


@dataclass(frozen=True, slots=True)
class Derived:
    """A derived status and the flags of the rule that gave it."""

    status: Status
    flags: tuple[Flag, ...] = ()

    @property
    def root_blocked(self) -> bool:
        """Whether the task's own external precondition is unmet."""
        return Flag.BLOCKED in self.flags


@dataclass(frozen=True, slots=True)
class Block:
    """An unmet external precondition: its code and the role that can meet it."""

    code: str
    owner: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DerivedTask:
    """A task beside what its evidence says.

    ``results`` holds the effective result of each required scenario, in the order asked for.
    ``blocked_by`` names the direct dependencies that block it, ``blocked_upstream`` every
    root-blocked task that it depends on, however far away.
    """

    task: Task
    derived: Derived
    dependencies: Dependencies
    results: tuple[EffectiveResult, ...]
    blocks: tuple[Block, ...] = ()
    waiting_for: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()
    blocked_upstream: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        """The derived status."""
        return self.derived.status

    @property
    def flags(self) -> tuple[Flag, ...]:
        """The flags of the derived status."""
        return self.derived.flags

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How many required scenarios ended in each word; every word is present."""
        found = Counter(result.outcome for result in self.results)
        return {word: found[word] for word in Outcome}

    def scenarios(self, outcome: Outcome) -> tuple[EffectiveResult, ...]:
        """The required scenarios that ended in this word."""
        return tuple(result for result in self.results if result.outcome is outcome)


def derive_status(
    *,
    all_pass: bool,
    has_pass: bool,
    has_fail: bool,
    has_blocked: bool,
    history: bool,
    deps: Dependencies,
) -> Derived:
    """The status of a task from its required scenarios and its dependencies (rules a.4).

    Raises:
        ValueError: ``all_pass`` together with a fail, a block or without a pass.
    """
    if all_pass and (has_fail or has_blocked or not has_pass):
        raise ValueError("all scenarios pass, and yet one does not")
    # The first row that matches, in the order of the table.
    failing = (Flag.FAILING, Flag.BLOCKED_PART) if has_blocked else (Flag.FAILING,)
    rows = (
        (all_pass and deps is Dependencies.DONE, Derived(Status.DONE)),
        (all_pass, Derived(Status.IN_PROGRESS, (Flag.COMPLETE_WAITING_DEPS,))),
        (has_fail and (has_pass or history), Derived(Status.IN_PROGRESS, failing)),
        (has_fail, Derived(Status.NOT_STARTED, failing)),
        (has_blocked, Derived(Status.BLOCKED, (Flag.BLOCKED,))),
        (
            deps is Dependencies.FRONTIER_BLOCKED,
            Derived(Status.BLOCKED, (Flag.BLOCKED_BY,)),
        ),
        (has_pass, Derived(Status.IN_PROGRESS)),
        (history, Derived(Status.IN_PROGRESS, (Flag.STALE_ONLY,))),
    )
    return next((derived for matches, derived in rows if matches), Derived(Status.NOT_STARTED))


def classify_dependencies(direct: Iterable[Derived]) -> Dependencies:
    """Whether the direct dependencies of a task are done, only blocked, or to be waited for."""
    unfinished = [derived for derived in direct if derived.status is not Status.DONE]
    if not unfinished:
        return Dependencies.DONE
    if all(derived.root_blocked for derived in unfinished):
        return Dependencies.FRONTIER_BLOCKED
    return Dependencies.WAITING


def derive_all(
    roadmap: Roadmap,
    required: Mapping[str, tuple[str, ...]],
    effective: Mapping[str, EffectiveResult],
    *,
    today: date | None = None,
    blockers: Collection[RegisteredBlocker] = (),
    done_before: Collection[str] = (),
) -> Mapping[str, DerivedTask]:
    """The derived status of every task, in dependency order.

    Args:
        roadmap: the tasks; their ``depends_on`` has no cycle.
        required: required scenario ids by task id; a task without an entry has none, and a task
            without required scenarios is never Done.
        effective: effective results by scenario id; an absent scenario was not run.
        today: UTC date at which registered blockers are judged; needed only with ``blockers``.
        blockers: registered blockers of any task.
        done_before: ids of tasks that derived Done earlier, to tell a dependency that regressed.

    Raises:
        ValueError: blockers are given without ``today``.
    """
    if blockers and today is None:
        raise ValueError("registered blockers are judged at a date: give today")
    derived: dict[str, DerivedTask] = {}
    for task in roadmap.ordered():
        own = tuple(blocker for blocker in blockers if blocker.task_id == task.task_id)
        evidence = _gather(required.get(task.task_id, ()), effective, own, today)
        derived[task.task_id] = _derive_task(task, evidence, derived, done_before)
    return derived


@dataclass(frozen=True, slots=True)
class _Evidence:
    results: tuple[EffectiveResult, ...]
    blocks: tuple[Block, ...]
    block_overdue: bool

    def derive(self, deps: Dependencies) -> Derived:
        words = {result.outcome for result in self.results}
        all_pass = words == {Outcome.PASS}
        return derive_status(
            all_pass=all_pass,
            has_pass=Outcome.PASS in words,
            has_fail=Outcome.FAIL in words,
            has_blocked=bool(self.blocks),
            history=any(result.history for result in self.results),
            deps=deps,
        )


def _gather(
    scenario_ids: tuple[str, ...],
    effective: Mapping[str, EffectiveResult],
    blockers: tuple[RegisteredBlocker, ...],
    today: date | None,
) -> _Evidence:
    results = tuple(
        effective.get(scenario_id) or EffectiveResult(scenario_id, Outcome.NOT_RUN)
        for scenario_id in scenario_ids
    )
    overdue = today is not None and any(blocker.overdue(today) for blocker in blockers)
    holding = [blocker for blocker in blockers if today is not None and blocker.holds(today)]
    judged = bool(results) and all(result.outcome.conclusive for result in results)
    if holding and not judged:
        reason = holding[0]
        results = tuple(
            result if result.outcome.conclusive else _registered(result, reason)
            for result in results
        )
    else:
        holding = []
    blocks = dict.fromkeys(
        [Block(blocker.code, blocker.owner, blocker.condition) for blocker in holding]
        + [
            Block(result.reason, result.owner, result.detail)
            for result in results
            if result.outcome is Outcome.BLOCKED
        ]
    )
    return _Evidence(results, tuple(blocks), overdue)


def _registered(result: EffectiveResult, blocker: RegisteredBlocker) -> EffectiveResult:
    return EffectiveResult(
        result.scenario_id,
        Outcome.BLOCKED,
        reason=blocker.code,
        detail=blocker.condition,
        owner=blocker.owner,
        stale=result.stale,
        history=result.history,
        record_id=result.record_id,
        ended=result.ended,
    )


def _derive_task(
    task: Task,
    evidence: _Evidence,
    known: Mapping[str, DerivedTask],
    done_before: Collection[str],
) -> DerivedTask:
    direct = [known[task_id] for task_id in task.depends_on]
    dependencies = classify_dependencies(dependency.derived for dependency in direct)
    derived = evidence.derive(dependencies)
    waiting_for = tuple(d.task.task_id for d in direct if d.status is not Status.DONE)
    upstream = {root for d in direct for root in d.blocked_upstream}
    upstream |= {d.task.task_id for d in direct if d.derived.root_blocked}
    return DerivedTask(
        task,
        Derived(
            derived.status,
            derived.flags + _extra_flags(derived, evidence, waiting_for, done_before),
        ),
        dependencies,
        evidence.results,
        blocks=evidence.blocks,
        waiting_for=waiting_for,
        blocked_by=waiting_for if Flag.BLOCKED_BY in derived.flags else (),
        blocked_upstream=tuple(sorted(upstream)),
    )


def _extra_flags(
    derived: Derived,
    evidence: _Evidence,
    waiting_for: tuple[str, ...],
    done_before: Collection[str],
) -> tuple[Flag, ...]:
    flags = []
    if any(result.stale for result in evidence.results):
        flags.append(Flag.STALE)
    if evidence.block_overdue:
        flags.append(Flag.BLOCK_STALE)
    if Flag.COMPLETE_WAITING_DEPS in derived.flags and set(waiting_for) & set(done_before):
        flags.append(Flag.DEP_REGRESSED)
    return tuple(flags)
