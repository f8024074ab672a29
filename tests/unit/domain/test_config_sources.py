"""The live counterparts of bindings, each read once."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_roadmap.domain.config_sources import Measurements
from pytest_roadmap.domain.config_values import SecretReference
from pytest_roadmap.domain.outcome import AccessRefusedError, BlockedError, InconclusiveError
from tests.fakes.world import PIPELINE, READER, WORKSPACE_ID, FakeAzure, FakeWorkspace
from tests.unit.domain.config_cases import (
    BINDINGS,
    URL,
    VAULT,
    WORKSPACE,
    azure,
    environment,
    workspace,
)


class JobsWorkspace(FakeWorkspace):
    """A workspace with one job."""

    def job(self, job_id: int) -> Any:
        return {"job_id": job_id} if job_id == BINDINGS["jobs"]["A"]["id"] else {}


def measurements(seen: Any = None, **bindings: Any) -> Measurements:
    return Measurements(environment(**bindings), seen or workspace(), azure())


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("workspace.host", "https://w"),
        ("workspace.workspace_id", WORKSPACE_ID),
        ("workspace.azure_resource_id", WORKSPACE),
        ("azure.tenant_id", "t-1"),
        ("azure.subscription_id", "s-1"),
        ("uc.metastore_id", "m-1"),
        ("uc.catalog", "main"),
        ("uc.schemas.silver", "silver"),
        ("external_locations.loc-landing.name", "loc-landing"),
        ("external_locations.loc-landing.url", URL),
        ("warehouse.id", "wh-1"),
        ("principals.pipeline_sp.application_id", PIPELINE),
        ("secrets.scope", "kv-scope"),
        ("secrets.vault.resource_id", VAULT),
        ("secrets.vault.dns_name", "https://kv/"),
    ],
)
def test_each_source_is_what_the_platform_answers(source: str, value: str) -> None:
    """Never what the environment file says."""
    assert measurements().value(source) == value


def test_a_source_is_asked_once() -> None:
    """A second row about the same thing costs no call."""
    seen = workspace()
    at = measurements(seen)
    at.value("uc.catalog")
    seen.securables.clear()
    assert at.value("uc.catalog") == "main"


def test_a_job_is_known_by_its_number() -> None:
    """An answer without a number is no job; a name cannot be looked up by number."""
    at = measurements(JobsWorkspace())
    assert at.value("jobs.A.id") == "11"
    with pytest.raises(InconclusiveError, match="expected a number"):
        at.value("jobs.named.id")
    unknown = measurements(JobsWorkspace(), jobs={"A": {"id": 12}})
    assert unknown.value("jobs.A.id") is None


def test_what_the_platform_does_not_know_is_nothing() -> None:
    """A 404 and an empty field are answers."""
    at = Measurements(environment(), FakeWorkspace(), FakeAzure({VAULT.lower(): {}}))
    for source in ("uc.catalog", "uc.metastore_id", "secrets.scope", "secrets.vault.dns_name"):
        assert at.value(source) is None


def test_a_schema_that_may_be_hidden_is_refused_not_missing() -> None:
    """Whoever may not look into the catalog cannot say that something is not in it."""
    seen = workspace()
    del seen.securables["schema", "main.silver"]
    with pytest.raises(AccessRefusedError):
        measurements(seen).value("uc.schemas.silver")


def test_a_location_that_is_not_bound_blocks() -> None:
    """Only what was handed over can be measured."""
    with pytest.raises(BlockedError, match="missing_binding"):
        measurements().value("external_locations.loc-other.url")


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        (SecretReference("kv-scope", "db-pw"), ""),
        (SecretReference("kv-scope", "other"), "scope kv-scope holds no key other"),
        (SecretReference("app", "db-pw"), "scope app is not the handed-over scope kv-scope"),
    ],
)
def test_a_reference_must_exist_in_the_bound_scope(reference: SecretReference, why: str) -> None:
    """Scope and key, by list, without reading a value."""
    assert measurements().reference_problem(reference) == why


def test_without_its_scope_no_reference_exists() -> None:
    """The scope itself is looked up first."""
    at = measurements(FakeWorkspace())
    assert at.reference_problem(SecretReference("kv-scope", "x")) == "there is no scope kv-scope"


def test_a_schema_that_could_be_seen_and_is_not_there_is_nothing() -> None:
    """Whoever owns the catalog sees all of it."""
    seen = workspace()
    del seen.securables["schema", "main.silver"]
    seen.securables["catalog", "main"] = {"name": "main", "owner": READER}
    assert measurements(seen).value("uc.schemas.silver") is None


def test_the_names_of_a_scope_are_listed_once() -> None:
    """However many references are looked up."""
    seen = workspace()
    at = measurements(seen)
    at.reference_problem(SecretReference("kv-scope", "db-pw"))
    seen.secrets.clear()
    assert at.reference_problem(SecretReference("kv-scope", "db-pw")) == ""
