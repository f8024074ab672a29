"""Grants on the embedded cloud: direct, effective, paged, and changed by who may."""

from __future__ import annotations

import pytest
from databricks.sdk.errors import InvalidParameterValue, NotFound, PermissionDenied
from databricks.sdk.service.catalog import PermissionsChange, Privilege

from tests.contract.embedded_cloud import HARNESS, PIPELINE, RunningCloud

Held = set[tuple[str, str | None]]


def _effective(cloud: RunningCloud, kind: str, name: str, role: str = "harness") -> Held:
    found: Held = set()
    token = None
    for _ in range(20):
        answer = cloud.client(role).grants.get_effective(
            kind, name, principal=PIPELINE, max_results=0, page_token=token
        )
        for assignment in answer.privilege_assignments or []:
            for item in assignment.privileges or []:
                assert item.privilege is not None
                found.add((item.privilege.value, item.inherited_from_name))
        token = answer.next_page_token
        if not token:
            return found
    raise AssertionError("the pages do not end")


def test_effective_privileges_name_where_they_come_from(cloud: RunningCloud) -> None:
    """A schema's direct grants have no origin; a table inherits them from the schema."""
    assert _effective(cloud, "schema", "main.silver") == {
        ("USE_SCHEMA", None),
        ("SELECT", None),
        ("MODIFY", None),
    }
    assert _effective(cloud, "table", "main.silver.txn") == {
        ("SELECT", "main.silver"),
        ("MODIFY", "main.silver"),
    }


def test_a_catalog_grant_reaches_tables_but_not_the_uses_of_the_catalog(
    cloud: RunningCloud,
) -> None:
    """Only what can apply to a table is listed on it."""
    cloud.grant("catalog", "main", PIPELINE, "ALL_PRIVILEGES", "EXTERNAL_USE_SCHEMA")
    assert ("ALL_PRIVILEGES", "main") in _effective(cloud, "table", "main.bronze.raw_txn")
    names = {name for name, _ in _effective(cloud, "table", "main.bronze.raw_txn")}
    assert not names & {"USE_CATALOG", "EXTERNAL_USE_SCHEMA"}


def test_group_grants_are_read_by_asking_for_the_group(cloud: RunningCloud) -> None:
    """The answer for a principal does not expand its groups."""
    cloud.grant("schema", "main.probe", "grp-etl", "USE_SCHEMA")
    assert _effective(cloud, "schema", "main.probe") == set()
    answer = cloud.client("harness").grants.get_effective(
        "schema", "main.probe", principal="grp-etl", max_results=0
    )
    assert [a.principal for a in answer.privilege_assignments or []] == ["grp-etl"]


@pytest.mark.parametrize("fault", ["grant-pages-of-one", "grant-page-2-hidden:privilege=MODIFY"])
def test_privileges_on_later_pages_are_found_by_paging_only(
    cloud: RunningCloud, fault: str
) -> None:
    """The first page lacks MODIFY, the second is empty, following the tokens finds it."""
    cloud.faults(fault)
    first = cloud.client("harness").grants.get_effective(
        "schema", "main.silver", principal=PIPELINE, max_results=0
    )
    listed = [p.privilege for a in first.privilege_assignments or [] for p in a.privileges or []]
    assert Privilege.MODIFY not in listed
    second = cloud.client("harness").grants.get_effective(
        "schema",
        "main.silver",
        principal=PIPELINE,
        max_results=0,
        page_token=first.next_page_token,
    )
    assert not second.privilege_assignments
    assert ("MODIFY", None) in _effective(cloud, "schema", "main.silver")


def test_a_page_size_below_the_smallest_is_refused(cloud: RunningCloud) -> None:
    """Documented: 1 to 149 is an invalid parameter."""
    with pytest.raises(InvalidParameterValue):
        cloud.client("harness").grants.get("catalog", "main", max_results=1)


def test_a_principal_reads_its_own_rows_and_nobody_elses(cloud: RunningCloud) -> None:
    """Without MANAGE, ownership or metastore admin."""
    grants = cloud.client("pipeline_sp").grants
    own = grants.get("catalog", "main").privilege_assignments or []
    assert [row.principal for row in own] == [PIPELINE]
    with pytest.raises(PermissionDenied):
        grants.get("catalog", "main", principal=HARNESS)


def test_reading_the_grants_of_an_unknown_principal_is_an_error(cloud: RunningCloud) -> None:
    """An empty answer for a typo would look like "no privileges"."""
    with pytest.raises(NotFound, match="Could not find principal"):
        cloud.client("harness").grants.get("catalog", "main", principal="nobody@x.example")


def test_the_administrator_grants_and_revokes(cloud: RunningCloud) -> None:
    """A change is visible at once and the answer shows it."""
    change = PermissionsChange(principal=PIPELINE, add=[Privilege.CREATE_SCHEMA])
    cloud.client("admin").grants.update("catalog", "main", changes=[change])
    assert ("CREATE_SCHEMA", None) in _effective(cloud, "catalog", "main")
    change = PermissionsChange(principal=PIPELINE, remove=[Privilege.CREATE_SCHEMA])
    cloud.client("admin").grants.update("catalog", "main", changes=[change])
    assert ("CREATE_SCHEMA", None) not in _effective(cloud, "catalog", "main")


METASTORE = "ebedded0-0000-4000-8000-00000000000a"


def test_on_the_metastore_a_principal_reads_what_reaches_itself(cloud: RunningCloud) -> None:
    """Everybody may know the metastore; the grants of others are for its administrators."""
    cloud.grant("metastore", METASTORE, PIPELINE, "CREATE_CATALOG")
    assert _effective(cloud, "metastore", METASTORE, "pipeline_sp") == {("CREATE_CATALOG", None)}
    with pytest.raises(PermissionDenied):
        _effective(cloud, "metastore", METASTORE)
