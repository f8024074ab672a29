"""Sentences about handed-over assets: listed, looked up, and as recorded."""

from __future__ import annotations

from pytest_bdd import parsers, then, when

from pytest_roadmap.domain.assets import (
    counts_by_kind,
    listing_problems,
    read_inventory,
)
from pytest_roadmap.domain.bound_assets import unlisted_bindings
from pytest_roadmap.domain.documents import DocumentRead, load_inventory, require_handed_over
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.observation import (
    Observation,
    missing_assets,
    observe,
    principal_problems,
    value_problems,
)
from pytest_roadmap.domain.ports import AzurePort, RepositoryPort, WorkspacePort
from pytest_roadmap.domain.recording import Expect


@then("every asset kind is listed with owner and access principal")
def every_kind_is_listed(
    document_read: DocumentRead, environment: Environment, expect: Expect
) -> None:
    inventory = read_inventory(document_read.data)
    counts = counts_by_kind(inventory.of(environment.name))
    claim = f"the list is complete and unambiguous ({dict(counts)})"
    expect.none(claim, listing_problems(inventory, environment.name))


@when(
    parsers.re(r'every identifier named in "(?P<document>[^"]*)" is looked up'),
    target_fixture="observations",
)
def identifiers_are_looked_up(
    document: str,
    repository: RepositoryPort,
    environment: Environment,
    workspace: WorkspacePort,
    azure: AzurePort,
) -> tuple[Observation, ...]:
    assets = load_inventory(repository, document).of(environment.name)
    return observe(assets, workspace, azure)


@then("every recorded identifier exists with the recorded values")
def identifiers_exist(
    observations: tuple[Observation, ...],
    repository: RepositoryPort,
    environment: Environment,
    expect: Expect,
) -> None:
    require_handed_over(repository, missing_assets(observations))
    expect.at_least("assets looked up", 1, len(observations))
    unlisted = unlisted_bindings(environment, [o.asset for o in observations])
    expect.none("every bound asset is in the list", unlisted)
    expect.none("every asset is as recorded", value_problems(observations))


@then("every recorded access principal is the observed one")
def principals_are_observed(observations: tuple[Observation, ...], expect: Expect) -> None:
    expect.at_least("assets looked up", 1, len(observations))
    expect.none("every access principal is the observed one", principal_problems(observations))
