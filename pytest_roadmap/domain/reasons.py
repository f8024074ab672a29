"""Why a task derives the status it derives, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.status import DerivedTask, Flag
from pytest_roadmap.domain.task import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_roadmap.domain.effective import EffectiveResult

_UNJUDGED = (Outcome.INCONCLUSIVE, Outcome.PENDING, Outcome.NOT_RUN)
_WORDS = {
    Outcome.INCONCLUSIVE: "inconclusive",
    Outcome.PENDING: "pending",
    Outcome.NOT_RUN: "not run",
}


def reason_of(task: DerivedTask) -> str:
    """One sentence for a reader of the roadmap: what holds, or what is missing and who has it."""
    if task.status is Status.DONE:
        return f"all {len(task.results)} required scenarios pass"
    return "; ".join(_parts(task))


def _parts(task: DerivedTask) -> Iterable[str]:
    if failing := task.scenarios(Outcome.FAIL):
        yield "fails: " + _listed(failing)
    if task.blocks:
        yield "blocked: " + ", ".join(
            f"{block.code} (owner {block.owner})" if block.owner else block.code
            for block in task.blocks
        )
    if task.blocked_by:
        yield "blocked by " + ", ".join(task.blocked_by)
    if not task.results:
        yield "no required scenario: nothing measures this task yet"
    for word in _UNJUDGED:
        if found := task.scenarios(word):
            yield f"{_WORDS[word]}: {_listed(found)}"
    if Flag.COMPLETE_WAITING_DEPS in task.flags:
        yield "all required scenarios pass, waits for " + ", ".join(task.waiting_for)
    if Flag.BLOCK_STALE in task.flags:
        yield "its registered blocker is past its review date and no longer counts"
    distant = [root for root in task.blocked_upstream if root not in task.blocked_by]
    if distant:
        yield "blocked upstream: " + ", ".join(distant)


def _listed(results: tuple[EffectiveResult, ...]) -> str:
    return ", ".join(
        f"{result.scenario_id} ({result.reason})" if result.reason else result.scenario_id
        for result in results
    )
