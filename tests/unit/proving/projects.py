"""A project with one feature and its controls, and a runner that only pretends."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import yaml

from pytest_roadmap.domain.controls import Observed, Proof, judge_control, judge_healthy
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.proving.case import Case
from tests.unit.cli.projects import GOOD_FEATURE

FOLDER = Path("features/sec")
Ending = Callable[[Case], Observed]


def control(name: str, step: str, **changed: Any) -> dict[str, Any]:
    return {
        "id": name,
        "scenario": name.rpartition(".")[0],
        "breaks": f"the world of {name} is broken",
        "change": [{"fault": "some-fault"}],
        "expect": "fail",
        "step": step,
    } | changed


CONTROLS = (
    control("SEC-001.S1.N1", "Then a"),
    control("SEC-001.S1.G1", "Then a", expect="pass", guard=True),
    control("SEC-001.S2.N1", "Then b"),
)


def add_feature(
    root: Path,
    controls: Sequence[dict[str, Any]] = CONTROLS,
    *,
    text: str = GOOD_FEATURE,
    name: str = "SEC-001",
) -> Path:
    """Write a feature with its controls; its path."""
    path = root / FOLDER / f"{name}.feature"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    content = {"schema": "roadmap-controls/1", "controls": list(controls)}
    path.with_suffix(".controls.yaml").write_text(yaml.safe_dump(content), "utf-8")
    return path


def as_it_should(case: Case) -> Observed:
    """What a sound check sees."""
    if case.control is None:
        return Observed(Outcome.PASS)
    step = "" if case.control.guard else case.control.step
    return Observed(case.control.expect, step)


def pretend(
    ending: Ending = as_it_should, *, stop: BaseException | None = None, after: int = 99
) -> Callable[[Path, Sequence[Case], int], Generator[tuple[Case, Proof, str]]]:
    """A runner whose cases end as told; ``stop`` is raised after some of them."""

    def run(_root: Path, cases: Sequence[Case], _jobs: int) -> Generator[tuple[Case, Proof, str]]:
        for case in cases[:after]:
            observed = ending(case)
            judged = (
                judge_control(case.control, observed)
                if case.control
                else judge_healthy(case.scenario_id, observed)
            )
            yield case, judged, f"<pytest of {case.name}>"
        if stop is not None:
            raise stop

    return run
