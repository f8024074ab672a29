"""Laws of the derivation: order does not matter, and a failing scenario never helps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pytest_roadmap.domain.effective import effective_results
from pytest_roadmap.domain.gate import CheckResult, GateConditions, Verdict, decide_gates
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.policy import GatePolicy, Policy
from pytest_roadmap.domain.status import derive_all
from pytest_roadmap.domain.task import Status, Task
from tests.unit.domain_cases import NOW, effective, record, required, roadmap, task

POLICY = Policy(
    gates={"G1": GatePolicy("G1"), "G2": GatePolicy("G2", requires=("G1",))},
    task_id_pattern=r"^A-\d+$",
    required_kinds={"L1": ("dev",)},
)
ORDER = {status: rank for rank, status in enumerate((Status.NOT_STARTED, Status.IN_PROGRESS))}
WORDS = st.sampled_from([word.value for word in Outcome])


@st.composite
def roadmaps(draw: Any) -> Any:
    """Up to six tasks, each depending on some of the earlier ones, over two gates."""
    count = draw(st.integers(1, 6))
    tasks: list[Task] = []
    for number in range(count):
        needs = draw(st.lists(st.integers(0, number - 1), unique=True)) if number else []
        gate = "G2" if any(tasks[n].target_gate == "G2" for n in needs) else None
        gate = gate or draw(st.sampled_from(["G1", "G2"]))
        tasks.append(task(f"A-{number}", *(f"A-{n}" for n in needs), gate=gate))
    return roadmap(*tasks)


@st.composite
def situations(draw: Any) -> Any:
    """A roadmap, its required scenarios, and a word for each scenario."""
    tree = draw(roadmaps())
    needed: dict[str, tuple[str, ...]] = {}
    for item in tree.tasks:
        needed |= required(item.task_id, draw(st.integers(0, 3)))
    words = {name: draw(WORDS) for names in needed.values() for name in names}
    return tree, needed, words


def _verdicts(tree: Any, needed: Any, results: Any) -> Any:
    derived = derive_all(tree, needed, results)
    conditions = GateConditions(qa={"QA-04": CheckResult.PASS})
    return derived, decide_gates(tree, POLICY, derived, conditions)


@given(situations(), st.data())
def test_a_failing_scenario_never_improves_a_status_or_a_verdict(situation: Any, data: Any) -> None:
    """One more failing scenario: no task gets nearer Done, no gate gets a better word."""
    tree, needed, words = situation
    before, gates_before = _verdicts(tree, needed, effective(words))
    unlucky = data.draw(st.sampled_from([item.task_id for item in tree.tasks]))
    extra = f"{unlucky}.S99"
    needed = needed | {unlucky: (*needed[unlucky], extra)}

    after, gates_after = _verdicts(tree, needed, effective(words | {extra: "fail"}))

    for task_id, earlier in before.items():
        later = after[task_id]
        assert later.status is not Status.DONE or earlier.status is Status.DONE
        if task_id == unlucky and earlier.status in ORDER:
            assert ORDER[later.status] <= ORDER[earlier.status]
    rank = list(Verdict).index
    for gate, earlier in gates_before.items():
        assert rank(gates_after[gate].verdict) <= rank(earlier.verdict)
    assert gates_after[tree.task(unlucky).target_gate].verdict in (Verdict.FAIL, Verdict.INVALID)


@given(situations(), st.data())
def test_a_scenario_that_turns_red_never_improves_a_verdict(situation: Any, data: Any) -> None:
    """Turning any required scenario to fail leaves every gate as it was or worse."""
    tree, needed, words = situation
    _, before = _verdicts(tree, needed, effective(words))
    if not words:
        return
    unlucky = data.draw(st.sampled_from(sorted(words)))

    _, after = _verdicts(tree, needed, effective(words | {unlucky: "fail"}))

    for gate, earlier in before.items():
        assert list(Verdict).index(after[gate].verdict) <= list(Verdict).index(earlier.verdict)


@given(
    st.lists(st.tuples(WORDS, st.integers(0, 5), st.sampled_from(["dev", "prod"])), max_size=6),
    st.data(),
)
def test_the_order_of_records_does_not_matter(entries: Any, data: Any) -> None:
    """Any permutation of the records gives the same effective results."""
    records = [
        record(number % 3, {"A-1.S1": word}, kind=kind, age=timedelta(days=days))
        for number, (word, days, kind) in enumerate(entries)
    ]
    shuffled = data.draw(st.permutations(records))

    def judge(found: Any) -> Any:
        return effective_results(found, kinds=("dev",), now=NOW, limit=lambda _: timedelta(days=3))

    assert judge(shuffled) == judge(records)


@given(situations())
def test_only_a_fully_measured_task_is_done(situation: Any) -> None:
    """Done means: at least one required scenario, all of them pass, all dependencies Done."""
    tree, needed, words = situation

    derived = derive_all(tree, needed, effective(words))

    for item in tree.tasks:
        measured = [words[name] for name in needed[item.task_id]]
        expected = (
            bool(measured)
            and set(measured) == {"pass"}
            and all(derived[name].status is Status.DONE for name in item.depends_on)
        )
        assert (derived[item.task_id].status is Status.DONE) is expected
