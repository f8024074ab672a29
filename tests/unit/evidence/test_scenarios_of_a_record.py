"""Which scenarios a record may speak of: each once, and those of its own task."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_roadmap.adapters.evidence.store import EvidenceStore
from pytest_roadmap.domain.evidence import ScenarioResult
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.validity import REAL_SCHEMA, Failure
from tests.unit.evidence.evidence_samples import record, scenario, task


@pytest.mark.parametrize(
    "scenarios",
    [
        (scenario(1, Outcome.FAIL), scenario(1)),
        (scenario(1), scenario(1, scenario_id="SEC-001.S1")),
        (scenario(1, scenario_id="SEC-0031.S1"),),
    ],
    ids=["one scenario twice", "another task's scenario", "a longer task id"],
)
def test_a_record_speaks_once_of_each_scenario_of_its_own_task(
    tmp_path: Path, scenarios: tuple[ScenarioResult, ...]
) -> None:
    """A record of a task that asks for less cannot vouch for a task that asks for more."""
    store = EvidenceStore(tmp_path, schema=REAL_SCHEMA)
    store.write(record(scenarios=scenarios), [], task())

    loaded = store.load()

    assert loaded.records == ()
    assert [problem.failure for problem in loaded.problems] == [Failure.TAMPERED]
