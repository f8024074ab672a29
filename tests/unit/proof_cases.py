"""Controls and judgements for tests."""

from __future__ import annotations

from pytest_roadmap.domain.controls import (
    Change,
    Control,
    Observed,
    Proof,
    ProvedScenario,
    judge_control,
)
from pytest_roadmap.domain.outcome import Outcome

THEN = "Then all is well"
SCENARIO = ProvedScenario("SEC-001", "SEC-001.S1", (THEN, "And nothing is missing"))


def control(name: str = "SEC-001.S1.N1", **changed: object) -> Control:
    values = {
        "control_id": name,
        "scenario_id": "SEC-001.S1",
        "breaks": "something is gone",
        "changes": (Change("fault", "some-fault"),),
        "expect": Outcome.FAIL,
        "step": THEN,
        "guard": False,
    }
    return Control(**(values | changed))  # type: ignore[arg-type]


def guard(name: str = "SEC-001.S1.G1") -> Control:
    return control(name, expect=Outcome.PASS, step="", guard=True)


def killed(one: Control) -> Proof:
    return judge_control(one, Observed(one.expect, one.step))
