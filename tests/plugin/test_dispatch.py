"""Handing out items to workers: nothing starts too early, and no run stands still."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_roadmap.plugin.dispatch import Dispatcher
from pytest_roadmap.plugin.plan import PlannedStep, RunPlan, order_scenarios, plan_run


class Factory:
    """Workers that behave as those of pytest-xdist: one item is held until the next arrives."""

    def __init__(self, plan: RunPlan, workers: int) -> None:
        self.plan = plan
        self.queues: dict[int, list[int]] = {worker: [] for worker in range(workers)}
        self.stopped: set[int] = set()
        self.ended: list[int] = []
        self.ran_on: dict[int, int] = {}
        self.dispatcher = Dispatcher[int](
            plan,
            workers=workers,
            send=lambda worker, position: self.queues[worker].append(position),
            stop=self.stopped.add,
        )
        for worker in self.queues:
            self.dispatcher.add(worker)
        self.dispatcher.advance()

    def running(self) -> list[tuple[int, int]]:
        """The worker and item of everything that has started."""
        return [
            (worker, queue[0])
            for worker, queue in self.queues.items()
            if len(queue) > 1 or (queue and worker in self.stopped)
        ]

    def end(self, worker: int) -> None:
        """The running item of a worker ends."""
        position = self.queues[worker].pop(0)
        assert set(self.plan.before[position]) <= set(self.ended)
        self.ended.append(position)
        self.ran_on[position] = worker
        self.dispatcher.finish(worker, position)

    def crash(self, worker: int) -> int | None:
        """A worker dies and another takes its place; what it was running is lost."""
        del self.queues[worker]
        self.stopped.discard(worker)
        lost = self.dispatcher.remove(worker)
        if lost is not None:
            self.ended.append(lost)
        successor = worker + 100
        self.queues[successor] = []
        self.dispatcher.add(successor)
        self.dispatcher.advance()
        return lost


@st.composite
def plans(draw: st.DrawFn) -> RunPlan:
    """Any graph whose edges point back in running order."""
    size = draw(st.integers(1, 24))
    before = tuple(
        tuple(sorted(draw(st.sets(st.integers(0, n - 1), max_size=3)))) if n else ()
        for n in range(size)
    )
    return RunPlan(before, tuple(draw(st.lists(st.booleans(), min_size=size, max_size=size))))


@given(plans(), st.integers(1, 5), st.data())
def test_every_item_ends_after_what_it_waits_for(
    plan: RunPlan, workers: int, data: st.DataObject
) -> None:
    """Whatever ends first, all items end, each after its predecessors."""
    factory = Factory(plan, workers)
    while running := factory.running():
        worker, _ = data.draw(st.sampled_from(running))
        factory.end(worker)
    assert sorted(factory.ended) == list(range(len(plan.before)))
    assert factory.dispatcher.all_finished


@given(plans(), st.integers(2, 5), st.data())
def test_what_changes_state_runs_on_one_worker(
    plan: RunPlan, workers: int, data: st.DataObject
) -> None:
    """Also where there is nothing else to do."""
    factory = Factory(plan, workers)
    while running := factory.running():
        factory.end(data.draw(st.sampled_from(running))[0])
    used = {factory.ran_on[n] for n, mutates in enumerate(plan.mutates) if mutates}
    assert len(used) <= 1


@given(plans(), st.integers(1, 4), st.data())
def test_a_worker_that_dies_stops_nothing_else(
    plan: RunPlan, workers: int, data: st.DataObject
) -> None:
    """What it only held is handed out again."""
    factory = Factory(plan, workers)
    deaths = data.draw(st.integers(1, 3))
    while running := factory.running():
        if deaths and data.draw(st.booleans()):
            deaths -= 1
            factory.crash(data.draw(st.sampled_from(sorted(factory.queues))))
        else:
            factory.end(data.draw(st.sampled_from(running))[0])
    assert sorted(factory.ended) == list(range(len(plan.before)))


def test_two_readers_run_at_the_same_time() -> None:
    """Independent items are not put in a row."""
    factory = Factory(RunPlan(((), (), (), ()), (False,) * 4), 2)
    assert len(factory.running()) == 2


def test_a_task_waits_for_the_nearest_selected_tasks_below() -> None:
    """A task without items hands on what it waits for itself."""
    steps = [PlannedStep("A", "A.S1", mutates=False), None, PlannedStep("A", "A.S2", mutates=False)]
    steps += [PlannedStep("C", "C.S1", mutates=True)]
    plan = plan_run(steps, {"A": (), "B": ("A",), "C": ("B",)})
    assert plan.before == ((), (), (0,), (2,))
    assert plan.mutates == (False, False, False, True)


def test_order_is_by_task_then_by_place_in_the_feature() -> None:
    """The rank of the task decides first."""
    assert order_scenarios([("B", 0), ("A", 1), ("A", 0)], {"A": 0, "B": 1}) == [2, 1, 0]
