"""``roadmap prove`` over a pretended runner whose cases end as a test says."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pytest_roadmap.cli import prove
from pytest_roadmap.domain.controls import Observed, not_judged
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.proving.case import Case
from tests.unit.proving.projects import (
    Ending,
    as_it_should,
    pretend,
)

PASSED = Observed(Outcome.PASS)


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    prove.register(parser.add_subparsers())
    return parser.parse_args(["prove", *words])


def run(*words: str, runner: Any = None) -> int:
    return prove.run(arguments(*words), runner or pretend())


def ending(**observed: Observed) -> Ending:
    """Cases named here (``N1`` of the first scenario and so on) end so, all others as they must."""

    def end(case: Case) -> Observed:
        key = case.control.control_id.rpartition(".")[2] if case.control else "healthy"
        told = observed.get(key) if case.scenario_id == "SEC-001.S1" else None
        return told or as_it_should(case)

    return end


def refusing(name: str, end: Ending = as_it_should) -> Any:
    """A runner that cannot make the change of one control."""

    def run_all(root: Path, cases: Any, jobs: int) -> Any:
        for case, proof, printed in pretend(end)(root, cases, jobs):
            judged = not_judged(case.scenario_id, case.control, "refused")
            yield (case, judged, "") if case.name == name else (case, proof, printed)

    return run_all
