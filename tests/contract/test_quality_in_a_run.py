"""A run on the embedded cloud checks the roadmap of the repository that it judges."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_roadmap.domain.controls import Change
from pytest_roadmap.proving.world import World

ROOT = Path(__file__).parents[2]
PLAN = ".specs/ops/azure_monitoring_integration_plan.md"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(ROOT, tmp_path_factory.mktemp("world"))
    yield made
    made.stop()


def run(world: World) -> subprocess.CompletedProcess[str]:
    """All scenarios of the first gate against this world."""
    command = [
        *(sys.executable, "-m", "pytest", "features", "-m", "G1", "-q", "-p", "no:cacheprovider"),
        *("--roadmap-embedded-url", str(world.connection["databricks_url"]), "--force-mutation"),
    ]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


def test_an_open_item_that_no_task_answers_to_fails_the_gate(world: World) -> None:
    """Every scenario may pass: the roadmap has still forgotten something."""
    change = {"path": PLAN, "replace": " <!-- roadmap: MON-001 -->", "with": ""}
    world.apply(Change("document", change))

    done = run(world)

    assert done.returncode == 20
    assert "quality checks: QA-01 fail, QA-02 pass, QA-03 pass, QA-04 pass" in done.stdout
    assert f"{PLAN}:" in done.stdout
    assert "QA-01 UNMAPPED" in done.stdout
    assert "G1 EMBEDDED FAIL (20)" in done.stdout
