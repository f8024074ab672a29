"""Identifiers are recognised by their grammar and compared by declared rules only."""

from typing import Any

import pytest

from pytest_roadmap.domain.identifiers import (
    is_arm_id,
    is_dotted_name,
    is_guid,
    is_inside,
    is_workspace_url,
    normalise,
    same,
    storage_path,
)

GUID = "ebedded0-0000-4000-8000-000000000002"
VAULT = f"/subscriptions/{GUID}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
LANDING = "abfss://landing@stdata.dfs.core.windows.net"


@pytest.mark.parametrize(
    "text",
    ["", "ebedded0", GUID[:-1], GUID + "0", "00000000-0000-0000-0000-000000000000", "g" + GUID[1:]],
)
def test_anything_but_a_filled_guid_is_refused(text: Any) -> None:
    """A GUID has 32 hexadecimal digits in five groups and is not all zero."""
    assert is_guid(GUID)
    assert not is_guid(text)


@pytest.mark.parametrize(
    "text",
    [
        VAULT.replace("vaults", "storageAccounts"),
        VAULT + "/",
        VAULT + "/secrets/x",
        VAULT.replace("/kv", "/ "),
        VAULT.replace(GUID, "TBD"),
        VAULT[1:],
        "kv",
    ],
)
def test_an_arm_id_names_one_resource_of_its_type(text: Any) -> None:
    """Another type, a child, a missing name or subscription is no id of the resource."""
    assert is_arm_id(VAULT, "Microsoft.KeyVault/vaults")
    assert is_arm_id(VAULT.replace("resourceGroups", "resourcegroups"), "microsoft.keyvault/vaults")
    assert not is_arm_id(text, "Microsoft.KeyVault/vaults")


@pytest.mark.parametrize(
    "url",
    [
        "https://landing@stdata.dfs.core.windows.net",
        "abfss://stdata.dfs.core.windows.net/x",
        "abfss://landing@stdata.blob.core.windows.net",
        "abfss://landing@st-data.dfs.core.windows.net",
        "abfss://landing@.dfs.core.windows.net",
        LANDING + "?sig=x",
    ],
)
def test_a_storage_url_names_container_and_account(url: Any) -> None:
    """Another scheme, no container, another endpoint or a query is no storage URL."""
    assert storage_path(LANDING + "/a/b/") is not None
    assert storage_path(url) is None


@pytest.mark.parametrize(
    ("url", "parent", "inside"),
    [
        (LANDING + "/a", LANDING, True),
        (LANDING, LANDING + "/", True),
        (LANDING + "/data2", LANDING + "/data", False),
        (LANDING + "/data/../x", LANDING + "/data", False),
        (LANDING.replace("landing", "archive"), LANDING, False),
        ("nowhere", LANDING, False),
    ],
)
def test_a_url_is_inside_only_at_a_folder_boundary(url: Any, parent: Any, inside: Any) -> None:
    """``/data2`` is not inside ``/data``, and ``..`` is inside nothing."""
    assert is_inside(url, parent) is inside


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("https://adb-740.10.azuredatabricks.net", True),
        ("https://ADB-740.10.azuredatabricks.net/", True),
        ("http://adb-740.10.azuredatabricks.net", False),
        ("https://adb-740.azuredatabricks.net", False),
        ("https://adb-740.10.azuredatabricks.net.evil.example", False),
        ("https://adb-740.10.azuredatabricks.net/x", False),
    ],
)
def test_a_workspace_url_has_id_and_shard(text: Any, valid: Any) -> None:
    """Only ``https://adb-<id>.<n>.azuredatabricks.net`` is a workspace URL."""
    assert is_workspace_url(text) is valid


def test_a_dotted_name_has_no_empty_or_spaced_part() -> None:
    """``main.silver`` is a name; an empty part, a space or a slash is none."""
    assert is_dotted_name("main.silver", (1, 2))
    assert not is_dotted_name("main.silver.txn", (1, 2))
    assert not any(is_dotted_name(text, (1, 2)) for text in ("main.", "a b", "a/b", ""))


def test_nothing_is_normalised_that_was_not_declared() -> None:
    """Without a declared rule, case and slashes make a difference."""
    assert normalise(LANDING + "/", ()) == LANDING + "/"
    assert normalise(LANDING + "/", ("trailing_slash",)) == LANDING
    assert normalise(GUID.upper(), ("trailing_slash", "host_case")) == GUID.upper()
    assert normalise(VAULT.upper(), ("guid_case",)).split("/")[2] == GUID
    assert normalise("HTTPS://A.Example/Path", ("host_case",)) == "https://a.example/Path"
    assert normalise(["a/", 1], ("trailing_slash",)) == ["a", 1]


def test_platform_values_are_the_same_across_case_of_ids_and_hosts() -> None:
    """ARM ids ignore case; names and types do not."""
    assert same(VAULT, VAULT.upper())
    assert same("https://X.example/", "https://x.example")
    assert not same("Main", "main")
    assert not same("true", True)
    assert not same(1, True)
