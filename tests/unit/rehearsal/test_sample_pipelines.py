"""The generated repository speaks of the jobs and tables that the embedded cloud is seeded with."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.pipeline_contract import bound_window, load_contract
from pytest_roadmap.embedded import seed
from pytest_roadmap.embedded.seed_source import source_rows
from pytest_roadmap.embedded.state import CloudState
from pytest_roadmap.rehearsal.templates import sample_files

_FILE = ".roadmap/environments/embedded.yaml"


@pytest.fixture(scope="module")
def sample() -> dict[str, Any]:
    """The YAML files of the sample by path."""
    names = ("databricks_url", "azure_url", "warehouse_id", "today", "incident_resolved")
    found = sample_files(dict.fromkeys(names, "x"))
    return {path: yaml.safe_load(found[path]) for path in (_FILE, "databricks.yml")}


@pytest.fixture(scope="module")
def environment(sample: dict[str, Any]) -> Environment:
    return Environment("embedded", "embedded", sample[_FILE], _FILE)


@pytest.fixture(scope="module")
def state() -> CloudState:
    return seed.build_state()


def test_every_bound_job_is_the_seeded_job_of_that_name(
    environment: Environment, state: CloudState
) -> None:
    """An alias is the job's name; a pipeline's is what follows ``pipeline_``."""
    bound = {alias: state.lakeflow.jobs[job["id"]].name for alias, job in _jobs(environment)}
    pipelines = {alias: bound.pop(alias) for alias in load_contract(environment).order}
    assert {alias: f"pipeline_{alias.lower()}" for alias in pipelines} == pipelines
    assert {alias: alias for alias in bound} == bound


def _jobs(environment: Environment) -> list[tuple[str, dict[str, Any]]]:
    return list(environment.require("jobs").items())


def test_the_bundle_deploys_every_seeded_job(sample: dict[str, Any], state: CloudState) -> None:
    """No job of the workspace stands outside the bundle."""
    deployed = {job["name"] for job in sample["databricks.yml"]["resources"]["jobs"].values()}
    assert deployed == {job.name for job in state.lakeflow.jobs.values()}


def test_the_pipelines_declare_every_bound_parameter(
    environment: Environment, state: CloudState
) -> None:
    """What the harness sends is refused by a job that does not declare it."""
    wanted = set(environment.require("params").values())
    for alias in load_contract(environment).order:
        settings = state.lakeflow.jobs[environment.require("jobs")[alias]["id"]].settings
        assert {each["name"] for each in settings["parameters"]} == wanted


def test_the_tables_of_the_contract_are_seeded_with_their_columns(
    environment: Environment, state: CloudState
) -> None:
    """Nothing in the contract is missing in the cloud."""
    for table, columns in load_contract(environment).tables().items():
        assert set(columns) <= {column.name for column in state.tables[table].columns}, table


def test_the_smoke_window_holds_a_day_of_source_rows(environment: Environment) -> None:
    """288 transactions, less one that comes late, and the seven corrections that come in time."""
    window = bound_window(environment, "smoke")
    arrived = [row[4] for row in source_rows() if window.start <= row[4] < window.end]
    assert len(arrived) == 294
