"""What a gate review looks at again, live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_roadmap.domain.documents import INVENTORY
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.live_sample import (
    privilege_problems,
    run_as_problems,
    scope_problems,
)
from pytest_roadmap.domain.outcome import BlockedError
from pytest_roadmap.domain.ports import ServicePrincipal
from tests.fakes.world import PIPELINE, FakeAzure, FakeRepository, FakeWorkspace
from tests.unit.domain.test_secrets import DNS, ENTRY, HEALTHY, VAULT

BINDINGS: Mapping[str, Any] = {
    "jobs": {"A": {"id": 1}},
    "principals": {"pipeline_sp": {"application_id": PIPELINE, "groups": []}},
    "secrets": {
        "scope": "kv-scope",
        "vault": {"resource_id": VAULT, "dns_name": DNS},
        "read_acl": {"pipeline_sp": "READ"},
    },
}


def environment(**changed: Any) -> Environment:
    return Environment("embedded", "embedded", {**BINDINGS, **changed}, "embedded.yaml")


def workspace(runs_as: str) -> FakeWorkspace:
    set_to = {"service_principal_name": runs_as}
    job = {"job_id": 1, "run_as_user_name": runs_as, "settings": {"name": "a", "run_as": set_to}}
    principal = ServicePrincipal(PIPELINE, "sp", active=True, groups=())
    return FakeWorkspace(jobs={1: job}, principals={PIPELINE: principal})


def test_jobs_that_run_as_the_principal_have_no_problem() -> None:
    """As their own check found them."""
    assert list(run_as_problems(workspace(PIPELINE), environment(), "pipeline_sp")) == []


def test_a_job_that_runs_as_somebody_else_is_named() -> None:
    """Whatever its record says."""
    found = list(run_as_problems(workspace("kim@corp"), environment(), "pipeline_sp"))
    assert found[0] == f"A runs as kim@corp, not as {PIPELINE}"


def test_without_bound_jobs_the_sample_is_blocked() -> None:
    """Nothing was looked at."""
    with pytest.raises(BlockedError, match="jobs"):
        list(run_as_problems(workspace(PIPELINE), environment(jobs=None), "pipeline_sp"))


def test_a_scope_that_nobody_handed_over_is_named() -> None:
    """As the check of the scope would."""
    azure = FakeAzure(resources={VAULT.lower(): {"properties": HEALTHY}})
    found = list(
        scope_problems(
            FakeWorkspace(
                scopes=(ENTRY,),
                secret_acls={"kv-scope": {PIPELINE: "READ"}},
            ),
            azure,
            FakeRepository({INVENTORY: b"x"}, {INVENTORY: {"assets": []}}),
            environment(),
        )
    )
    assert "the inventory does not list the secret scope kv-scope" in found


def test_a_privilege_that_was_lost_is_named() -> None:
    """The matrix is read as it stands."""
    row = {
        "principal": "pipeline_sp",
        "securable_type": "catalog",
        "full_name": "main",
        "required": ["USE_CATALOG"],
        "allowed": [],
        "forbidden": ["MANAGE"],
        "via": "any",
    }
    known = workspace(PIPELINE)
    known.securables = {("catalog", "main"): {"name": "main", "owner": "admins"}}
    repository = FakeRepository({"grants.yaml": b"x"}, {"grants.yaml": [row]})
    bound = environment(grants_matrix="grants.yaml")
    found = list(privilege_problems(known, repository, bound, "pipeline_sp"))
    assert any("USE_CATALOG" in each for each in found)
