"""An inventory is complete, well formed and says one thing of each asset."""

import copy
from typing import Any

import pytest

from pytest_roadmap.domain.assets import (
    REQUIRED_KINDS,
    counts_by_kind,
    form_problems,
    listing_problems,
    read_inventory,
)

SUB = "/subscriptions/ebedded0-0000-4000-8000-000000000002/resourceGroups/rg/providers/"
IDENTIFIERS = {
    "workspace": SUB + "Microsoft.Databricks/workspaces/dbw",
    "storage": SUB + "Microsoft.Storage/storageAccounts/stdata",
    "uc": "main",
    "external_location": "abfss://landing@stdata.dfs.core.windows.net",
    "key_vault": SUB + "Microsoft.KeyVault/vaults/kv",
    "service_principal": "ebedded0-0000-4000-8000-0000000000a2",
}


def item(kind: Any, **changed: Any) -> Any:
    """One well-formed entry of an inventory."""
    return {
        "kind": kind,
        "environment": "embedded",
        "identifier": IDENTIFIERS[kind],
        "owner_team": "Infra",
        "access_principal": "infra.park@embedded.example",
        "contact": "infra.park@embedded.example",
        "fields": {"region": {"value": "koreacentral", "verify": True}},
    } | changed


def whole() -> Any:
    """A complete inventory in plain values."""
    return {"assets": [item(kind) for kind in REQUIRED_KINDS]}


def test_a_complete_inventory_has_no_problem() -> None:
    """All six kinds, filled in and unique: nothing to say."""
    inventory = read_inventory(whole())
    assert form_problems(inventory) == ()
    assert listing_problems(inventory, "embedded") == ()
    assert counts_by_kind(inventory.assets) == dict.fromkeys(REQUIRED_KINDS, 1)


@pytest.mark.parametrize("data", [None, [], {}, {"assets": []}, {"assets": {}}, {"assets": ["x"]}])
def test_what_lists_nothing_is_no_inventory(data: Any) -> None:
    """An inventory without items is a problem, never an empty success."""
    assert form_problems(read_inventory(data))


@pytest.mark.parametrize("kind", REQUIRED_KINDS)
def test_each_of_the_six_kinds_must_be_listed(kind: Any) -> None:
    """Leaving out any one kind is named."""
    data = whole()
    data["assets"] = [entry for entry in data["assets"] if entry["kind"] != kind]
    assert listing_problems(read_inventory(data), "embedded") == (
        f"no {kind} is listed for embedded",
    )


def test_assets_of_another_environment_do_not_count() -> None:
    """The kinds must be listed for the environment that is judged."""
    assert len(listing_problems(read_inventory(whole()), "prod")) == len(REQUIRED_KINDS)


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("key_vault", {"identifier": "TBD"}),
        ("uc", {"identifier": "TBD"}),
        ("uc", {"identifier": "main.silver.txn"}),
        ("storage", {"identifier": IDENTIFIERS["key_vault"]}),
        ("external_location", {"identifier": "wasbs://landing@stdata.blob.core.windows.net"}),
        ("service_principal", {"identifier": "00000000-0000-0000-0000-000000000000"}),
        ("workspace", {"contact": "미정"}),
        ("workspace", {"owner_team": "<team>"}),
        ("workspace", {"access_principal": None}),
        ("workspace", {"fields": {}}),
        ("workspace", {"fields": {"region": {"value": "koreacentral", "verify": "yes"}}}),
        ("workspace", {"fields": {"region": {"value": "TBD", "verify": True}}}),
        ("workspace", {"fields": {"workspace_url": {"value": "https://x", "verify": True}}}),
        ("workspace", {"kind": "mainframe"}),
    ],
)
def test_an_open_or_malformed_value_is_a_problem(kind: Any, changed: Any) -> None:
    """Placeholders, wrong grammars, unknown kinds and nothing to verify are each named."""
    data = {"assets": [item(kind) | changed]}
    assert form_problems(read_inventory(data))


@pytest.mark.parametrize("key", ["environment", "identifier", "owner_team", "access_principal"])
def test_an_item_must_have_every_key(key: Any) -> None:
    """A missing key is named with the number of the item."""
    data = whole()
    del data["assets"][2][key]
    assert f"item 3: has no {key}" in form_problems(read_inventory(data))


def test_one_asset_listed_twice_is_ambiguous_whatever_its_spelling() -> None:
    """The same principal with two owners is a problem, also in other case."""
    data = whole()
    twin = copy.deepcopy(data["assets"][-1]) | {"owner_team": "DataEng"}
    twin["identifier"] = twin["identifier"].upper()
    data["assets"].append(twin)
    (problem,) = listing_problems(read_inventory(data), "embedded")
    assert "owned by DataEng and Infra" in problem


def test_the_same_asset_may_stand_in_two_environments() -> None:
    """Uniqueness is per kind, environment and identifier."""
    data = whole()
    data["assets"].append(item("uc", environment="prod"))
    assert listing_problems(read_inventory(data), "embedded") == ()


@pytest.mark.parametrize("text", ["infra\u202epark", "\u200b", "a\x07b", "\u3164", "a\u2028b"])
@pytest.mark.parametrize("key", ["contact", "owner_team", "access_principal"])
def test_characters_that_nobody_sees_are_a_problem(key: Any, text: Any) -> None:
    """An invisible owner is no owner, and a turned text reads as somebody else."""
    problems = form_problems(read_inventory({"assets": [item("uc", **{key: text})]}))
    assert any("that nobody sees" in problem for problem in problems)


def test_korean_text_is_text() -> None:
    """What people write is not confused with what nobody sees."""
    korean = item("uc", contact="박 인프라 (운영)")
    korean["fields"] = {"purpose": {"value": ["거래 파일"], "verify": True}}
    assert form_problems(read_inventory({"assets": [korean]})) == ()


@pytest.mark.parametrize("value", [["koreacentral", "TBD"], [""], [None], ["a\u200b"]])
def test_an_open_or_hidden_value_in_a_list_is_a_problem(value: Any) -> None:
    """A list does not hide what nobody has filled in."""
    listed = item("uc", fields={"regions": {"value": value, "verify": True}})
    assert form_problems(read_inventory({"assets": [listed]}))
