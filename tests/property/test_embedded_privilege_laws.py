"""Laws of the embedded privileges."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_roadmap.embedded import seed
from pytest_roadmap.embedded.databricks import authorize
from pytest_roadmap.embedded.databricks.privileges import CATALOG, PRIVILEGES, SCHEMA, TABLE
from pytest_roadmap.embedded.errors import PermissionDeniedError
from pytest_roadmap.embedded.state import CloudState, Principal

TXN = "main.silver.txn"
PLACES = ((CATALOG, "main"), (SCHEMA, "main.silver"), (TABLE, TXN))
GRANTEES = (seed.OUTSIDER, "account users", "grp-ops")
_BASE = seed.build_state()

grant = st.sampled_from(PLACES).flatmap(
    lambda place: st.tuples(
        st.just(place), st.sampled_from(GRANTEES), st.sampled_from(sorted(PRIVILEGES[place[0]]))
    )
)
grants = st.lists(grant, max_size=6)
Given = list[tuple[tuple[str, str], str, str]]


def _state(rows: Given) -> tuple[CloudState, Principal]:
    state = _BASE.copy()
    for place, grantee, privilege in rows:
        state.grants.setdefault(place, {}).setdefault(grantee, []).append(privilege)
    outsider = state.principal_named(seed.OUTSIDER)
    assert outsider is not None
    return state, outsider


def _usable(rows: Given, privilege: str) -> bool:
    state, outsider = _state(rows)
    try:
        authorize.require(state, outsider, TABLE, TXN, privilege)
    except PermissionDeniedError:
        return False
    return True


@given(grants, grants, st.sampled_from(["SELECT", "MODIFY"]))
def test_more_grants_never_take_access_away(some: Given, more: Given, privilege: str) -> None:
    """Unity Catalog has no deny."""
    assert not _usable(some, privilege) or _usable(some + more, privilege)


@given(grants, st.sampled_from(["SELECT", "MODIFY"]))
def test_access_needs_a_grant_of_the_privilege_and_both_uses(rows: Given, privilege: str) -> None:
    """An independent reading of the rule agrees with the implementation."""
    mine = [(place[0], held) for place, who, held in rows if who != "grp-ops"]

    def has(wanted: str, *kinds: str) -> bool:
        return any(kind in kinds and held in (wanted, "ALL_PRIVILEGES") for kind, held in mine)

    expected = (
        has("USE_CATALOG", CATALOG)
        and has("USE_SCHEMA", CATALOG, SCHEMA)
        and has(privilege, CATALOG, SCHEMA, TABLE)
    )
    assert _usable(rows, privilege) is expected


@given(grants)
def test_whoever_can_read_can_see(rows: Given) -> None:
    """Visibility is never narrower than use."""
    state, outsider = _state(rows)
    if _usable(rows, "SELECT"):
        assert authorize.is_visible(state, outsider, TABLE, TXN)
