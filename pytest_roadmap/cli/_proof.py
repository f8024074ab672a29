"""The table and the last lines of ``roadmap prove``, and its lock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_roadmap.adapters.document.policy import PolicyError, read_policy
from pytest_roadmap.adapters.document.reader import read_roadmap
from pytest_roadmap.adapters.repository.lock_file import LOCK
from pytest_roadmap.cli._place import DOCUMENT
from pytest_roadmap.domain.controls import (
    Control,
    Proof,
    ProofWord,
    ProvedScenario,
    proven_steps,
    unproven_steps,
)
from pytest_roadmap.domain.lock import lock_entry, merged_lock, outdated
from pytest_roadmap.proving.plan import (
    PlanError,
    TaskPlan,
    features_of,
    read_lock,
    write_lock,
)

PROVED, DISPROVED, NOT_JUDGED = 0, 20, 22
_POLICY = Path(".roadmap/policy.yaml")
_WIDTH = 12


def known_tasks(root: Path) -> tuple[str, ...]:
    """The task ids of the project's roadmap.

    Raises:
        PlanError: document or policy cannot be read.
    """
    try:
        policy = read_policy(root / _POLICY)
        reading = read_roadmap((root / DOCUMENT).read_bytes(), policy)
    except PolicyError as error:
        raise PlanError(str(error)) from error
    except OSError as error:
        raise PlanError(f"{DOCUMENT}: cannot be read: {error.strerror}") from error
    if reading.roadmap is None:
        raise PlanError(f"{DOCUMENT} cannot be read as a roadmap: run 'roadmap check'")
    return tuple(reading.roadmap.by_id)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What all judgements together amount to; ``outdated`` are the tasks to write a lock for."""

    exit_code: int
    controls: tuple[Control, ...]
    proofs: tuple[Proof, ...]
    unproven: tuple[tuple[str, str], ...]
    outdated: tuple[str, ...]
    proven: bool
    written: bool

    def text(self) -> str:
        """The last lines."""
        lines = [f"no control turns red: {name}: {step}" for name, step in self.unproven]
        if self.proven and self.outdated:
            named = ", ".join(self.outdated)
            lines.append(f"{LOCK} is out of date for {named}: run 'roadmap prove --write'")
        words = self._words()
        guards = sum(control.guard for control in self.controls)
        lines.append(
            f"{words[ProofWord.KILLED]} of {len(self.controls) - guards} controls killed,"
            f" {words[ProofWord.GUARDED]} of {guards} guards green,"
            f" {words[ProofWord.HEALTHY]} scenarios healthy:"
            f" {'PROVED' if self.exit_code == PROVED else 'NOT PROVED'} ({self.exit_code})"
        )
        if self.written:
            lines.append(f"{LOCK} written")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """The same for scripts."""
        return {
            "exit_code": self.exit_code,
            "controls": sum(not control.guard for control in self.controls),
            "words": {word.value: count for word, count in sorted(self._words().items())},
            "cases": [_plain(proof) for proof in self.proofs],
            "unproven_steps": [{"scenario": name, "step": step} for name, step in self.unproven],
            "outdated": list(self.outdated),
            "written": self.written,
        }

    def _words(self) -> Counter[ProofWord]:
        return Counter(proof.word for proof in self.proofs)


def _plain(proof: Proof) -> dict[str, Any]:
    return {
        "scenario": proof.scenario_id,
        "control": proof.control.control_id if proof.control else None,
        "word": proof.word.value,
        "outcome": proof.observed.outcome.value,
        "step": proof.observed.failed_step,
        "reason": proof.reason,
    }


def conclude(
    root: Path,
    plans: Sequence[TaskPlan],
    proofs: Sequence[Proof],
    ended: int | None,
    *,
    write: bool,
) -> Conclusion:
    """Judge the whole proof and, where asked and earned, write the lock.

    Args:
        root: the project, for its lock.
        plans: what was to be proven.
        proofs: what was judged of it.
        ended: the exit status of a proof that broke off.
        write: write the lock if all is proven.

    Raises:
        PlanError: the lock cannot be read or written.
    """
    scenarios = [scenario for plan in plans for scenario in plan.scenarios]
    unproven = unproven_steps(scenarios, proofs) if ended is None else ()
    bad = {proof.word for proof in proofs if not proof.good}
    proven = ended is None and not unproven and not bad
    if write and proven:
        entries = {plan.task_id: lock_entry(plan.key, _of(plan, proofs)) for plan in plans}
        present = features_of(root, known_tasks(root))
        write_lock(root, merged_lock(read_lock(root), entries, present))
    stale = outdated(read_lock(root), {plan.task_id: plan.key for plan in plans})
    if ended is None:
        ended = PROVED if proven and not stale else DISPROVED
        ended = NOT_JUDGED if bad == {ProofWord.NOT_JUDGED} and not unproven else ended
    controls = tuple(control for plan in plans for control in plan.controls)
    return Conclusion(
        ended, controls, tuple(proofs), unproven, stale, proven=proven, written=write and proven
    )


def _of(plan: TaskPlan, proofs: Sequence[Proof]) -> list[Proof]:
    own = {scenario.scenario_id for scenario in plan.scenarios}
    return [proof for proof in proofs if proof.scenario_id in own]


def table(plans: Sequence[TaskPlan], proofs: Sequence[Proof]) -> str:
    """One row a scenario, in the order of the features; what went wrong stands below its row."""
    head = f"{'scenario':<{_WIDTH}}  healthy  killed  guards  Then steps"
    rows = (_row(each, plan.controls, proofs) for plan in plans for each in plan.scenarios)
    return "\n".join([head, *rows])


def _row(scenario: ProvedScenario, controls: Sequence[Control], proofs: Sequence[Proof]) -> str:
    name = scenario.scenario_id
    own = [proof for proof in proofs if proof.scenario_id == name]
    words = Counter(proof.word for proof in own)
    guards = [control.guard for control in controls if control.scenario_id == name]
    killed = f"{words[ProofWord.KILLED]}/{guards.count(False)}"
    guarded = f"{words[ProofWord.GUARDED]}/{guards.count(True)}"
    steps = f"{len(proven_steps(scenario, own))}/{len(set(scenario.then_steps))}"
    row = f"{name:<{_WIDTH}}  {_healthy(own):<7}  {killed:<6}  {guarded:<6}  {steps}"
    bad = [proof for proof in own if not proof.good]
    return "\n".join([row, *(f"    {_name(proof)}: {proof.reason}" for proof in bad)])


def _healthy(proofs: Sequence[Proof]) -> str:
    found = [proof.good for proof in proofs if proof.control is None]
    return ("yes" if found[0] else "NO") if found else "-"


def _name(proof: Proof) -> str:
    return proof.control.control_id if proof.control else f"{proof.scenario_id} unchanged"
