"""Negative controls: changes that must turn a scenario red, and the judgement whether they did."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pytest_roadmap.domain.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Change:
    """One change to the world before a scenario starts.

    ``kind`` is ``databricks``, ``azure``, ``sql``, ``fault``, ``document`` or ``act``;
    ``body`` is what the controls file says under that word. What is given before every case of a
    scenario may also be of kind ``scenario``: another one that runs, and passes, first.
    """

    kind: str
    body: Any


@dataclass(frozen=True, slots=True)
class Control:
    """A change, the word the scenario must then end in, and the step that must say so.

    A guard is a change that must stay green: ``expect`` is ``pass``, and ``step`` says for readers
    which step must not mind it.
    """

    control_id: str
    scenario_id: str
    breaks: str
    changes: tuple[Change, ...]
    expect: Outcome
    step: str
    guard: bool = False


@dataclass(frozen=True, slots=True)
class ProvedScenario:
    """The part of a feature that a proof needs: its id, and its ``Then`` steps in order."""

    task_id: str
    scenario_id: str
    then_steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """How one run of a scenario ended; ``failed_step`` is empty when it ran to its end."""

    outcome: Outcome
    failed_step: str = ""
    reason: str = ""


class ProofWord(StrEnum):
    """What one case of a proof amounts to."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    KILLED = "killed"
    SURVIVED = "survived"
    ELSEWHERE = "elsewhere"
    WRONG_WORD = "wrong word"
    GUARDED = "guarded"
    GUARD_BROKEN = "guard broken"
    NOT_JUDGED = "not judged"


_GOOD = frozenset({ProofWord.HEALTHY, ProofWord.KILLED, ProofWord.GUARDED})


@dataclass(frozen=True, slots=True)
class Proof:
    """The judgement of one case; ``control`` is None for the healthy run."""

    scenario_id: str
    control: Control | None
    observed: Observed
    word: ProofWord
    reason: str

    @property
    def good(self) -> bool:
        """Whether this case shows what it should."""
        return self.word in _GOOD


def judge_healthy(scenario_id: str, observed: Observed) -> Proof:
    """A scenario on the unchanged world must pass: a control proves nothing on a sick one."""
    if observed.outcome is Outcome.PASS:
        return Proof(scenario_id, None, observed, ProofWord.HEALTHY, "")
    reason = f"ended {_ending(observed)} on the unchanged world; it must pass"
    return Proof(scenario_id, None, observed, ProofWord.UNHEALTHY, reason)


def judge_control(control: Control, observed: Observed) -> Proof:
    """A control must end in its word at its step; a guard must pass."""
    word, reason = _judge(control, observed)
    return Proof(control.scenario_id, control, observed, word, reason)


def not_judged(scenario_id: str, control: Control | None, reason: str) -> Proof:
    """The case itself could not be run: neither killed nor survived."""
    observed = Observed(Outcome.NOT_RUN, reason=reason)
    return Proof(scenario_id, control, observed, ProofWord.NOT_JUDGED, reason)


def _judge(control: Control, observed: Observed) -> tuple[ProofWord, str]:
    if control.guard:
        if observed.outcome is Outcome.PASS:
            return ProofWord.GUARDED, ""
        return ProofWord.GUARD_BROKEN, f"ended {_ending(observed)}; this change must stay green"
    if observed.outcome is Outcome.PASS:
        return ProofWord.SURVIVED, f"passed although {control.breaks}"
    if observed.outcome is not control.expect:
        return ProofWord.WRONG_WORD, f"ended {_ending(observed)}, expected {control.expect}"
    if not names_step(control.step, observed.failed_step):
        return ProofWord.ELSEWHERE, f"ended {_ending(observed)}, expected at “{control.step}”"
    return ProofWord.KILLED, ""


def names_step(written: str, ran: str) -> bool:
    """Whether a step as written in the feature is the one that ran; ``<name>`` is any cell."""
    parts = re.split(r"<[^<>]+>", written)
    return re.fullmatch(".*".join(map(re.escape, parts)), ran, re.DOTALL) is not None


def _ending(observed: Observed) -> str:
    at = f" at “{observed.failed_step}”" if observed.failed_step else ""
    why = f" ({observed.reason})" if observed.reason else ""
    return f"{observed.outcome}{at}{why}"


def proven_steps(scenario: ProvedScenario, proofs: Iterable[Proof]) -> frozenset[str]:
    """The ``Then`` steps of a scenario that a killed control turned red."""
    return frozenset(_named(scenario, proofs, ProofWord.KILLED))


def unproven_steps(
    scenarios: Iterable[ProvedScenario], proofs: Sequence[Proof]
) -> tuple[tuple[str, str], ...]:
    """The ``Then`` steps that no control turns red, as (scenario id, step).

    A step named by a control that could not be judged is left out: nothing is known of it.
    """
    found: list[tuple[str, str]] = []
    for scenario in scenarios:
        known = _named(scenario, proofs, ProofWord.KILLED, ProofWord.NOT_JUDGED)
        found.extend(
            (scenario.scenario_id, step) for step in scenario.then_steps if step not in known
        )
    return tuple(found)


def _named(scenario: ProvedScenario, proofs: Iterable[Proof], *words: ProofWord) -> set[str]:
    """The ``Then`` steps named by controls of these words; one that expects no run says nothing."""
    return {
        proof.control.step
        for proof in proofs
        if proof.scenario_id == scenario.scenario_id
        and proof.control is not None
        and not proof.control.guard
        and proof.word in words
        and proof.control.expect is not Outcome.NOT_RUN
        and proof.control.step in scenario.then_steps
    }


def control_problems(
    controls: Iterable[Control], scenarios: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """What is wrong with a controls file; ``scenarios`` maps each id to its step lines.

    A control that names no scenario or no step of it could never be killed, and one without a
    change would be a second healthy run.
    """
    problems: list[str] = []
    seen: set[str] = set()
    for control in controls:
        name = control.control_id
        if name in seen:
            problems.append(f"{name} stands twice")
        seen.add(name)
        if not control.changes:
            problems.append(f"{name} changes nothing")
        if not name.startswith(control.scenario_id + "."):
            problems.append(f"{name} is not named after its scenario {control.scenario_id}")
        problems.extend(_target_problems(control, scenarios))
    return tuple(problems)


def _target_problems(control: Control, scenarios: Mapping[str, tuple[str, ...]]) -> list[str]:
    name = control.control_id
    steps = scenarios.get(control.scenario_id)
    if steps is None:
        return [f"{name} names {control.scenario_id}, which the feature does not have"]
    known = not control.step or control.step in steps
    if not known:
        return [f"{name} names a step that {control.scenario_id} does not have: {control.step!r}"]
    if control.guard:
        expected = control.expect is Outcome.PASS
        return [] if expected else [f"{name} is a guard and must expect pass"]
    if control.expect is Outcome.PASS:
        return [f"{name} expects pass but is no guard"]
    if not control.step:
        return [f"{name} does not say at which step it ends"]
    return []
