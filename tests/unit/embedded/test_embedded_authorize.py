"""Who may do what in Unity Catalog, as the embedded cloud decides it."""

from __future__ import annotations

import pytest

from pytest_roadmap.embedded import seed
from pytest_roadmap.embedded.databricks import authorize
from pytest_roadmap.embedded.databricks.privileges import (
    CATALOG,
    EXTERNAL_LOCATION,
    METASTORE,
    SCHEMA,
    TABLE,
    covers,
)
from pytest_roadmap.embedded.errors import PermissionDeniedError, ServiceError
from pytest_roadmap.embedded.state import Binding, CloudState, Group, Principal

TXN = "main.silver.txn"


@pytest.fixture
def state() -> CloudState:
    """The seeded world."""
    return seed.build_state()


def _named(state: CloudState, name: str) -> Principal:
    found = state.principal_named(name)
    assert found is not None
    return found


def _grant(state: CloudState, kind: str, name: str, grantee: str, *privileges: str) -> None:
    state.grants.setdefault((kind, name), {}).setdefault(grantee, []).extend(privileges)


@pytest.mark.parametrize(
    ("held", "wanted", "expected"),
    [
        ("SELECT", "SELECT", True),
        ("SELECT", "MODIFY", False),
        ("ALL_PRIVILEGES", "MODIFY", True),
        ("ALL_PRIVILEGES", "BROWSE", True),
        ("ALL_PRIVILEGES", "MANAGE", False),
        ("ALL_PRIVILEGES", "EXTERNAL_USE_SCHEMA", False),
        ("ALL_PRIVILEGES", "EXTERNAL_USE_LOCATION", False),
        ("MANAGE", "SELECT", False),
    ],
)
def test_all_privileges_expands_to_everything_but_three(
    held: str, wanted: str, *, expected: bool
) -> None:
    """MANAGE and external use are granted by name or not at all."""
    assert covers(held, wanted) is expected


def test_a_privilege_without_the_use_chain_is_useless(state: CloudState) -> None:
    """The first missing link is named, catalog first."""
    outsider = _named(state, seed.OUTSIDER)
    _grant(state, TABLE, TXN, seed.OUTSIDER, "SELECT")
    assert authorize.has_privilege(state, outsider, TABLE, TXN, "SELECT")
    with pytest.raises(PermissionDeniedError, match="USE CATALOG on Catalog 'main'"):
        authorize.require(state, outsider, TABLE, TXN, "SELECT")
    _grant(state, CATALOG, "main", seed.OUTSIDER, "USE_CATALOG")
    with pytest.raises(PermissionDeniedError, match=r"USE SCHEMA on Schema 'main.silver'"):
        authorize.require(state, outsider, TABLE, TXN, "SELECT")
    _grant(state, SCHEMA, "main.silver", seed.OUTSIDER, "USE_SCHEMA")
    authorize.require(state, outsider, TABLE, TXN, "SELECT")


@pytest.mark.parametrize("grantee", ["nested", "account users"])
def test_grants_reach_through_nested_groups_and_account_users(
    state: CloudState, grantee: str
) -> None:
    """A group in a group counts; every principal is an account user."""
    state.groups["1"] = Group("1", "nested", ["8000000000000004"])
    operator = _named(state, seed.OPERATOR)
    _grant(state, CATALOG, "main", grantee, "USE_CATALOG", "USE_SCHEMA", "SELECT")
    authorize.require(state, operator, TABLE, TXN, "SELECT")


def test_groups_that_contain_each_other_end(state: CloudState) -> None:
    """A cycle of groups is not walked for ever."""
    state.groups["1"] = Group("1", "one", ["2", "7000000000000007"])
    state.groups["2"] = Group("2", "two", ["1"])
    found = authorize.groups_of(state, _named(state, seed.OUTSIDER))
    assert {"one", "two", "account users"} <= found


def test_owning_an_object_gives_everything_on_it_but_nothing_below(state: CloudState) -> None:
    """The owner of a schema administers its tables and cannot read them."""
    state.schemas["main.silver"].owner = seed.OUTSIDER
    outsider = _named(state, seed.OUTSIDER)
    assert authorize.has_privilege(state, outsider, SCHEMA, "main.silver", "CREATE_TABLE")
    assert authorize.can_manage(state, outsider, TABLE, TXN)
    assert not authorize.has_privilege(state, outsider, TABLE, TXN, "SELECT")
    assert not authorize.has_privilege(
        state, outsider, SCHEMA, "main.silver", "EXTERNAL_USE_SCHEMA"
    )


def test_manage_administers_and_does_not_read(state: CloudState) -> None:
    """It is inherited, needs the USE chain, and is not SELECT."""
    outsider = _named(state, seed.OUTSIDER)
    _grant(state, CATALOG, "main", seed.OUTSIDER, "MANAGE")
    with pytest.raises(PermissionDeniedError, match="USE CATALOG"):
        authorize.require_manage(state, outsider, TABLE, TXN)
    _grant(state, CATALOG, "main", seed.OUTSIDER, "USE_CATALOG", "USE_SCHEMA")
    authorize.require_manage(state, outsider, TABLE, TXN)
    with pytest.raises(PermissionDeniedError, match="SELECT"):
        authorize.require(state, outsider, TABLE, TXN, "SELECT")


def test_the_metastore_admin_administers_and_does_not_read(state: CloudState) -> None:
    """Workspace admins are not metastore admins."""
    admin, harness = _named(state, seed.ADMIN), _named(state, seed.HARNESS)
    authorize.require_manage(state, admin, TABLE, "main._private.salaries")
    with pytest.raises(PermissionDeniedError):
        authorize.require(state, admin, TABLE, "main._private.salaries", "SELECT")
    state.metastore.owner = seed.INFRA
    assert authorize.is_workspace_admin(state, admin)
    assert not authorize.can_manage(state, admin, TABLE, TXN)
    assert not authorize.is_workspace_admin(state, harness)


def test_browse_shows_without_letting_use(state: CloudState) -> None:
    """BROWSE on the catalog makes its objects visible, not readable."""
    outsider = _named(state, seed.OUTSIDER)
    assert not authorize.is_visible(state, outsider, TABLE, TXN)
    _grant(state, CATALOG, "main", seed.OUTSIDER, "BROWSE")
    assert authorize.require_visible(state, outsider, TABLE, TXN).full_name == TXN
    with pytest.raises(PermissionDeniedError):
        authorize.require(state, outsider, TABLE, TXN, "SELECT")


@pytest.mark.parametrize("bindings", [[], [Binding(1)]])
def test_an_isolated_catalog_bound_elsewhere_is_unusable_here(
    state: CloudState, bindings: list[Binding]
) -> None:
    """Grants do not matter; an open catalog needs no binding."""
    pipeline = _named(state, seed.PIPELINE_SP)
    authorize.require(state, pipeline, TABLE, TXN, "SELECT")
    state.bindings["catalog", "main"] = bindings
    with pytest.raises(PermissionDeniedError, match="not accessible in current"):
        authorize.require(state, pipeline, TABLE, TXN, "SELECT")
    assert not authorize.is_visible(state, pipeline, TABLE, TXN)
    state.catalogs["main"].isolation_mode = "OPEN"
    authorize.require(state, pipeline, TABLE, TXN, "SELECT")


def test_a_read_only_binding_is_recognised(state: CloudState) -> None:
    """For catalogs and, with their own key, external locations."""
    state.external_locations["loc-landing"].isolation_mode = "ISOLATION_MODE_ISOLATED"
    key = ("external_location", "loc-landing")
    state.bindings[key] = [Binding(seed.WORKSPACE_ID, "BINDING_TYPE_READ_ONLY")]
    assert authorize.is_bound(state, EXTERNAL_LOCATION, "loc-landing")
    assert authorize.is_read_only_here(state, EXTERNAL_LOCATION, "loc-landing")
    state.bindings[key].append(Binding(seed.WORKSPACE_ID))
    assert not authorize.is_read_only_here(state, EXTERNAL_LOCATION, "loc-landing")


def test_names_are_case_insensitive_and_the_metastore_has_its_id(state: CloudState) -> None:
    """Unity Catalog folds case."""
    assert authorize.find(state, TABLE, "MAIN.Silver.TXN") is state.tables[TXN]
    assert authorize.find(state, METASTORE, seed.METASTORE) is state.metastore
    with pytest.raises(ServiceError) as caught:
        authorize.require_visible(state, _named(state, seed.ADMIN), TABLE, "main.silver.nope")
    assert (caught.value.status, caught.value.error_code) == (404, "TABLE_DOES_NOT_EXIST")


def test_effective_privileges_list_only_what_can_apply(state: CloudState) -> None:
    """USE CATALOG does not reach a table; SELECT does, with its origin."""
    found = authorize.effective(state, seed.PIPELINE_SP, TABLE, TXN)
    assert {(i.privilege, i.inherited_from_type, i.inherited_from_name) for i in found} == {
        ("SELECT", SCHEMA, "main.silver"),
        ("MODIFY", SCHEMA, "main.silver"),
    }
