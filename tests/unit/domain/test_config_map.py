"""A configuration map is read strictly: what is wrong is said with its row and what is expected."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_roadmap.domain.config_map import SCHEMA, ConfigMapError, read_config_map

ROW: dict[str, Any] = {
    "config_path": "uc.catalog",
    "observed": "uc.catalog",
    "comparator": "exact",
    "required": True,
}


def document(*rows: Any) -> dict[str, Any]:
    return {"schema": SCHEMA, "rows": list(rows)}


@pytest.mark.parametrize(
    ("observed", "comparator", "area"),
    [
        ("workspace.host", "same", "host"),
        ("warehouse.id", "exact", "id"),
        ("uc.catalog", "exact", "catalog"),
        ("external_locations.loc-landing.name", "exact", "external location"),
        ("external_locations.loc-landing.url", "inside", "base path"),
        ("secrets.keys", "reference", "secret"),
        ("uc.schemas.silver", "exact", "schema"),
    ],
)
def test_a_source_decides_the_area(observed: str, comparator: str, area: str) -> None:
    """People name what is measured; the area follows from it."""
    (row,) = read_config_map(document(ROW | {"observed": observed, "comparator": comparator}))
    assert row.area == area


def test_a_row_is_required_unless_it_says_otherwise() -> None:
    """Leaving the key out asks for more, not for less."""
    (row,) = read_config_map(document({k: v for k, v in ROW.items() if k != "required"}))
    assert row.required


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "expected the keys schema and rows"),
        ({"schema": SCHEMA}, "expected the keys schema and rows"),
        ({"schema": "x/1", "rows": [ROW]}, "expected roadmap-config-map/1"),
        (document(), "at least one row"),
        ({"schema": SCHEMA, "rows": ROW}, "must be a list"),
        (document("row"), "row 1: expected the keys config_path"),
        (document(ROW, ROW | {"colour": "red"}), "row 2: expected the keys"),
        (document(ROW, ROW), "row 2: uc.catalog is mapped twice"),
        (document(ROW | {"config_path": " "}), "row 1: config_path is ' ', expected text"),
        (document(ROW | {"observed": 3}), "row 1: observed is 3, expected text"),
        (document(ROW | {"observed": "uc.colour"}), "expected one of workspace.host"),
        (document(ROW | {"comparator": "similar"}), "expected one of exact, same, inside"),
        (document(ROW | {"required": "yes"}), "expected true or false"),
        (document(ROW | {"comparator": "reference"}), "expected together"),
        (document(ROW | {"observed": "secrets.keys"}), "expected together"),
        (document(ROW | {"comparator": "inside"}), "url of an external location"),
    ],
)
def test_what_is_no_map_is_refused_with_its_row(data: Any, said: str) -> None:
    """One sentence names the row, what stands there and what is expected."""
    with pytest.raises(ConfigMapError) as refused:
        read_config_map(data)
    assert said in str(refused.value)
