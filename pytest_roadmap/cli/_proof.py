"""The table and the last lines of ``roadmap prove``, and its lock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_roadmap.adapters.document.policy import PolicyError, read_policy
from pytest_roadmap.adapters.document.reader import read_roadmap
from pytest_roadmap.domain.controls import Proof, ProofWord, ProvedScenario, unproven_steps
from pytest_roadmap.domain.lock import lock_entry, merged_lock, outdated
from pytest_roadmap.proving.plan import LOCK, PlanError, TaskPlan, read_lock, write_lock

_POLICY = Path(".roadmap/policy.yaml")
_DOCUMENT = Path(".roadmap/implementation_roadmap.md")


def known_tasks(root: Path) -> tuple[str, ...]:
    """The task ids of the project's roadmap.

    Raises:
        PlanError: document or policy cannot be read.
    """
    try:
        policy = read_policy(root / _POLICY)
        reading = read_roadmap((root / _DOCUMENT).read_bytes(), policy)
    except (PolicyError, OSError) as error:
        raise PlanError(str(error)) from error
    if reading.roadmap is None:
        raise PlanError(f"{_DOCUMENT} cannot be read as a roadmap: run 'roadmap check'")
    return tuple(reading.roadmap.by_id)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What all judgements together amount to."""

    exit_code: int
    words: Counter[ProofWord]
    planned: int
    unproven: tuple[tuple[str, str], ...]
    outdated: tuple[str, ...]
    written: bool

    def text(self) -> str:
        """The last lines."""
        controls = self.planned
        lines = [f"no control turns red: {name}: {step}" for name, step in self.unproven]
        if self.outdated:
            named = ", ".join(self.outdated)
            lines.append(f"{LOCK} is out of date for {named}: run 'roadmap prove --write'")
        killed, guarded = self.words[ProofWord.KILLED], self.words[ProofWord.GUARDED]
        guards = guarded + self.words[ProofWord.GUARD_BROKEN]
        lines.append(
            f"{killed} of {controls} controls killed, {guarded} of {guards} guards green,"
            f" {self.words[ProofWord.HEALTHY]} scenarios healthy:"
            f" {'PROVED' if self.exit_code == 0 else 'NOT PROVED'} ({self.exit_code})"
        )
        if self.written:
            lines.append(f"{LOCK} written")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """The same for scripts."""
        return {
            "exit_code": self.exit_code,
            "controls": self.planned,
            "words": {word.value: count for word, count in sorted(self.words.items())},
            "unproven_steps": [{"scenario": name, "step": step} for name, step in self.unproven],
            "outdated": list(self.outdated),
        }


def conclude(
    root: Path,
    plans: Sequence[TaskPlan],
    proofs: Sequence[Proof],
    ended: int | None,
    *,
    write: bool,
) -> Conclusion:
    """Judge the whole proof and, where asked and earned, write the lock."""
    scenarios = [scenario for plan in plans for scenario in plan.scenarios]
    unproven = unproven_steps(scenarios, proofs) if ended is None else ()
    words = Counter(proof.word for proof in proofs)
    proven = ended is None and not unproven and all(proof.good for proof in proofs)
    if write and proven:
        entries = {plan.task_id: lock_entry(plan.key, _of(plan, proofs)) for plan in plans}
        write_lock(root, merged_lock(read_lock(root), entries, known_tasks(root)))
    stale = outdated(read_lock(root), {plan.task_id: plan.key for plan in plans})
    planned = sum(not control.guard for plan in plans for control in plan.controls)
    code = ended if ended is not None else _exit_code(words, proven=proven, stale=bool(stale))
    return Conclusion(code, words, planned, unproven, stale, write and proven)


def _of(plan: TaskPlan, proofs: Iterable[Proof]) -> list[Proof]:
    own = {scenario.scenario_id for scenario in plan.scenarios}
    return [proof for proof in proofs if proof.scenario_id in own]


def _exit_code(words: Counter[ProofWord], *, proven: bool, stale: bool) -> int:
    if proven:
        return 20 if stale else 0
    bad = set(words) - {ProofWord.HEALTHY, ProofWord.KILLED, ProofWord.GUARDED}
    return 22 if bad == {ProofWord.NOT_JUDGED} else 20


def table(plans: Sequence[TaskPlan], proofs: Sequence[Proof]) -> str:
    """One row a scenario, in the order of the features; what went wrong stands below its row."""
    width = 12
    head = f"{'scenario':<{width}}  healthy  killed  guards  Then steps"
    rows = (_row(each, proofs, width) for plan in plans for each in plan.scenarios)
    return "\n".join([head, *rows])


def _row(scenario: ProvedScenario, proofs: Sequence[Proof], width: int) -> str:
    own = [proof for proof in proofs if proof.scenario_id == scenario.scenario_id]
    words = Counter(proof.word for proof in own)
    controls = [proof for proof in own if proof.control and not proof.control.guard]
    guards = [proof for proof in own if proof.control and proof.control.guard]
    steps = len(scenario.then_steps)
    proven = steps - len(unproven_steps([scenario], own))
    row = (
        f"{scenario.scenario_id:<{width}}  {'yes' if words[ProofWord.HEALTHY] else 'NO':<7}"
        f"  {f'{words[ProofWord.KILLED]}/{len(controls)}':<6}"
        f"  {f'{words[ProofWord.GUARDED]}/{len(guards)}':<6}  {proven}/{steps}"
    )
    bad = [proof for proof in own if not proof.good]
    return "\n".join([row, *(f"    {_name(proof)}: {proof.reason}" for proof in bad)])


def _name(proof: Proof) -> str:
    return proof.control.control_id if proof.control else f"{proof.scenario_id} unchanged"
