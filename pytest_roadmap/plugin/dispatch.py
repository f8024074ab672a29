"""Which item goes to which worker, and when: the decisions, without pytest-xdist.

A worker starts an item only after it was sent the next one, or told to shut down: each worker
holds one item of lookahead, and sending another releases it. Items are therefore handed out
strictly in running order. The earliest unfinished item then always lies with some worker, is
ready, and can be released; no run stands still.

Items that change shared state keep to one worker, which takes nothing else; the argument above
holds for each of the two queues.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_roadmap.plugin.plan import RunPlan

Worker = TypeVar("Worker")


@dataclass
class _Hand:
    """What one worker was sent and has not finished; the last is held until it is told to stop."""

    mutating: bool
    positions: list[int] = field(default_factory=list)
    stopped: bool = False

    @property
    def running(self) -> int | None:
        """The item that was released."""
        released = len(self.positions) if self.stopped else len(self.positions) - 1
        return self.positions[0] if released > 0 else None


class Dispatcher(Generic[Worker]):
    """Hands the items of a plan to workers; tells what to do through two callables."""

    def __init__(
        self,
        plan: RunPlan,
        *,
        workers: int,
        send: Callable[[Worker, int], None],
        stop: Callable[[Worker], None],
    ) -> None:
        self._plan = plan
        self._send = send
        self._stop = stop
        self._apart = workers > 1 and any(plan.mutates)
        self._waiting: dict[bool, list[int]] = {False: [], True: []}
        for position, mutates in enumerate(plan.mutates):
            self._waiting[self._apart and mutates].append(position)
        self._finished: set[int] = set()
        self._hands: dict[Worker, _Hand] = {}

    @property
    def all_finished(self) -> bool:
        """Whether every item ended, or was lost with its worker."""
        return len(self._finished) == len(self._plan.before)

    def knows(self, worker: Worker) -> bool:
        """Whether the worker was added and is not gone."""
        return worker in self._hands

    def add(self, worker: Worker) -> None:
        """A worker is ready; the first takes what changes shared state, where that is apart."""
        taken = any(hand.mutating for hand in self._hands.values())
        self._hands[worker] = _Hand(mutating=self._apart and not taken)

    def finish(self, worker: Worker, position: int) -> None:
        """An item has ended."""
        self._hands[worker].positions.remove(position)
        self._finished.add(position)
        self.advance()

    def remove(self, worker: Worker) -> int | None:
        """A worker is gone; the item it was running, which counts as ended.

        What it was only holding is handed out again.
        """
        hand = self._hands.pop(worker)
        lost = hand.running
        for position in hand.positions:
            if position != lost:
                heapq.heappush(self._waiting[hand.mutating], position)
        if lost is not None:
            self._finished.add(lost)
        self.advance()
        return lost

    def advance(self) -> None:
        """Hand out and release whatever can be."""
        for worker, hand in self._hands.items():
            if not hand.stopped and not hand.positions:
                self._next(worker, hand)
        for worker, hand in self._hands.items():
            if not hand.stopped and len(hand.positions) == 1 and self._ready(hand.positions[0]):
                self._next(worker, hand)

    def _ready(self, position: int) -> bool:
        return self._finished.issuperset(self._plan.before[position])

    def _next(self, worker: Worker, hand: _Hand) -> None:
        queue = self._waiting[hand.mutating]
        if queue:
            position = heapq.heappop(queue)
            hand.positions.append(position)
            self._send(worker, position)
        else:
            hand.stopped = True
            self._stop(worker)
