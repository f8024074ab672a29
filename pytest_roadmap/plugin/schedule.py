"""The scheduler for pytest-xdist: ours where a roadmap runs, the chosen one everywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from pytest_roadmap.plugin.dispatch import Dispatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_roadmap.plugin.plan import RunPlan


class Worker(Protocol):
    """What is asked of ``xdist.workermanage.WorkerController``."""

    @property
    def shutting_down(self) -> bool:
        """Whether it takes nothing more."""

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        """Send it the items at these positions."""

    def shutdown(self) -> None:
        """Tell it to end after what it has."""


class Scheduling(Protocol):
    """``xdist.scheduler.protocol.Scheduling``, as far as it is handed over to."""

    nodes: list[Worker]
    collection_is_completed: bool
    tests_finished: bool
    has_pending: bool

    def add_node(self, node: Worker) -> None:
        """A worker has started."""

    def add_node_collection(self, node: Worker, collection: Sequence[str]) -> None:
        """A worker has collected."""

    def schedule(self) -> None:
        """Start."""

    def remove_node(self, node: Worker) -> str | None:
        """A worker is gone."""

    def mark_test_complete(self, node: Worker, item_index: int, duration: float) -> None:
        """A worker has finished an item."""

    def mark_test_pending(self, item: str) -> None:
        """An item has to be sent again."""

    def remove_pending_tests_from_node(self, node: Worker, indices: Sequence[int]) -> None:
        """A worker gave items back."""


class RoadmapScheduling:
    """Waits for the collections of all workers, then decides who schedules.

    Args:
        expected: how many workers take part at first.
        plan: asked once when all have collected; None when no roadmap scenario was selected.
        fallback: makes the scheduler that the command line asked for.
    """

    def __init__(
        self,
        config: pytest.Config,
        expected: int,
        plan: Callable[[Sequence[str]], RunPlan | None],
        fallback: Callable[[], Scheduling],
    ) -> None:
        self.config = config
        self._expected = expected
        self._plan = plan
        self._fallback = fallback
        self._other: Scheduling | None = None
        self._dispatcher: Dispatcher[Worker] | None = None
        self._nodes: list[Worker] = []
        self._collections: dict[Worker, list[str]] = {}
        self._official: list[str] | None = None

    @property
    def nodes(self) -> list[Worker]:
        """The workers that take part now."""
        return self._other.nodes if self._other else list(self._nodes)

    @property
    def collection_is_completed(self) -> bool:
        """Whether all workers of the start have collected."""
        if self._other:
            return self._other.collection_is_completed
        return self._official is not None or len(self._collections) >= self._expected

    @property
    def tests_finished(self) -> bool:
        """Whether nothing is left to do."""
        if self._other:
            return self._other.tests_finished
        return self._dispatcher is not None and self._dispatcher.all_finished

    @property
    def has_pending(self) -> bool:
        """Whether the run is under way."""
        if self._other:
            return self._other.has_pending
        return self._dispatcher is not None and not self._dispatcher.all_finished

    def add_node(self, node: Worker) -> None:
        """A worker has started and collects."""
        if self._other:
            self._other.add_node(node)
        else:
            self._nodes.append(node)

    def add_node_collection(self, node: Worker, collection: Sequence[str]) -> None:
        """A worker has collected."""
        if self._other:
            self._other.add_node_collection(node, collection)
        else:
            self._collections[node] = list(collection)

    def schedule(self) -> None:
        """Start, or take in workers that came later."""
        if self._other is None and self._official is None:
            self._decide()
        if self._other:
            self._other.schedule()
        elif self._dispatcher is not None:
            self._take_in_new_workers(self._dispatcher)

    def remove_node(self, node: Worker) -> str | None:
        """A worker ended or crashed; the node id of what it was running."""
        if self._other:
            return self._other.remove_node(node)
        if node not in self._nodes:
            raise KeyError(node)
        self._nodes.remove(node)
        collected = self._collections.pop(node, None)
        if self._dispatcher is None or self._official is None or collected is None:
            return None
        lost = self._dispatcher.remove(node)
        return None if lost is None else self._official[lost]

    def mark_test_complete(self, node: Worker, item_index: int, duration: float = 0) -> None:
        """A worker has finished an item."""
        if self._other:
            self._other.mark_test_complete(node, item_index, duration)
        elif self._dispatcher is not None:
            self._dispatcher.finish(node, item_index)

    def mark_test_pending(self, item: str) -> None:
        """Only asked of other schedulers."""
        if self._other:
            self._other.mark_test_pending(item)

    def remove_pending_tests_from_node(self, node: Worker, indices: Sequence[int]) -> None:
        """Only asked of other schedulers."""
        if self._other:
            self._other.remove_pending_tests_from_node(node, indices)

    def _decide(self) -> None:
        first, *others = self._collections.values()
        plan = self._plan(first)
        if plan is None:
            self._hand_over(self._fallback())
            return
        self._official = first
        if any(other != first for other in others):
            self._report_difference()
            return
        self._dispatcher = Dispatcher(
            plan,
            workers=len(self._collections),
            send=lambda node, position: node.send_runtest_some([position]),
            stop=lambda node: node.shutdown(),
        )

    def _take_in_new_workers(self, dispatcher: Dispatcher[Worker]) -> None:
        for node, collection in self._collections.items():
            if dispatcher.knows(node) or node.shutting_down:
                continue
            if collection == self._official:
                dispatcher.add(node)
            else:
                node.shutdown()
        dispatcher.advance()

    def _hand_over(self, other: Scheduling) -> None:
        for node in self._nodes:
            other.add_node(node)
        for node, collection in self._collections.items():
            other.add_node_collection(node, collection)
        self._other = other

    def _report_difference(self) -> None:
        text = "the workers collected different scenarios, or in a different order; nothing was run"
        report = pytest.CollectReport("roadmap", "failed", longrepr=text, result=[])
        self.config.hook.pytest_collectreport(report=report)
        for node in self._nodes:
            node.shutdown()


def make_scheduling(
    config: pytest.Config,
    log: Any,
    plan: Callable[[Sequence[str]], RunPlan | None],
    without: object,
) -> RoadmapScheduling:
    """The scheduler of a run; the fallback asks every plugin but ``without``."""
    from xdist.workermanage import (  # type: ignore[import-untyped]  # noqa: PLC0415 - with xdist
        parse_tx_spec_config,
    )

    hook = config.pluginmanager.subset_hook_caller(
        "pytest_xdist_make_scheduler", remove_plugins=[without]
    )
    return RoadmapScheduling(
        config,
        len(parse_tx_spec_config(config)),
        plan,
        lambda: hook(config=config, log=log),
    )
