"""What is bound must be listed as handed over."""

import pytest

from pytest_roadmap.domain.assets import Asset
from pytest_roadmap.domain.bound_assets import unlisted_bindings
from pytest_roadmap.domain.environment import Environment

STORAGE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stdata"
LANDING = "abfss://landing@stdata.dfs.core.windows.net"
LISTED = [
    Asset(kind, "embedded", identifier, "Infra", "p", "c")
    for kind, identifier in (
        ("uc", "main"),
        ("uc", "main.silver"),
        ("external_location", LANDING),
        ("storage", STORAGE),
    )
]


def environment(**changed: object) -> Environment:
    """Bindings of a catalog, a schema, a location and an account."""
    bindings: dict[str, object] = {
        "uc": {"catalog": "main", "schemas": {"silver": "silver"}},
        "external_locations": [{"url": LANDING + "/"}],
        "storage": {"account": "stdata"},
    }
    return Environment("embedded", "embedded", bindings | changed, "embedded.yaml")


def test_bindings_that_are_listed_have_no_problem() -> None:
    """Equal across trailing slashes; what is not bound is not asked for."""
    assert unlisted_bindings(environment(), LISTED) == ()


@pytest.mark.parametrize("left_out", LISTED)
def test_a_binding_that_is_not_listed_is_named(left_out: Asset) -> None:
    """Each kind of binding is looked for among the assets."""
    assert len(unlisted_bindings(environment(), [a for a in LISTED if a != left_out])) == 1


def test_another_account_than_the_listed_one_is_named() -> None:
    """The account is known by the last part of its ARM id."""
    (problem,) = unlisted_bindings(environment(storage={"account": "stother"}), LISTED)
    assert "stother" in problem
