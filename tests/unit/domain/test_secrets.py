"""The rules of a secret scope and of the secrets read through it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from pytest_roadmap.domain.assets import Asset, AssetField
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.hidden import HiddenText
from pytest_roadmap.domain.outcome import (
    AccessRefusedError,
    AssetMissingError,
    BlockedError,
    InconclusiveError,
)
from pytest_roadmap.domain.recording import Event
from pytest_roadmap.domain.secrets import (
    ScopeInspection,
    SecretPolicy,
    SecretReading,
    acl_problems,
    backing_problems,
    disclosure_problems,
    inspect_scope,
    read_secrets,
    vault_problems,
)
from tests.fakes.world import NOW, PIPELINE, FakeAzure, FakeWorkspace

VAULT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
DNS = "https://kv.vault.azure.net/"
VALUE = "a long and random value"
ENVIRONMENT = Environment(
    "embedded",
    "embedded",
    {
        "secrets": {
            "scope": "kv-scope",
            "vault": {"resource_id": VAULT, "dns_name": DNS},
            "read_acl": {"pipeline_sp": "READ"},
        },
        "principals": {"pipeline_sp": {"application_id": PIPELINE, "groups": ["grp-etl"]}},
    },
    "embedded.yaml",
)
ENTRY: Mapping[str, Any] = {
    "name": "kv-scope",
    "backend_type": "AZURE_KEYVAULT",
    "keyvault_metadata": {"resource_id": VAULT.upper(), "dns_name": "https://KV.vault.azure.net"},
}
HEALTHY: Mapping[str, Any] = {
    "enableSoftDelete": True,
    "enablePurgeProtection": True,
    "publicNetworkAccess": "Enabled",
    "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"},
}
FOUND = ScopeInspection("kv-scope", (ENTRY,), {"properties": HEALTHY}, {PIPELINE: "READ"})
HANDED = Asset(
    *("secret_scope", "embedded", "kv-scope", "Infra", PIPELINE, "x"),
    fields=(
        AssetField("vault_resource_id", VAULT, verify=True),
        AssetField("dns_name", DNS, verify=True),
    ),
)
POLICY = SecretPolicy("db-pw", min_length=8)


def test_ids_and_addresses_of_the_vault_compare_without_case() -> None:
    """A scope that spells the vault differently is backed by it all the same."""
    assert backing_problems(FOUND, ENVIRONMENT, HANDED) == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"backend_type": "DATABRICKS", "keyvault_metadata": None}, "backed by DATABRICKS"),
        ({"keyvault_metadata": {"resource_id": VAULT + "2", "dns_name": DNS}}, "resource_id is"),
        ({"keyvault_metadata": {"resource_id": VAULT, "dns_name": "https://x"}}, "dns_name is"),
    ],
)
def test_a_scope_behind_another_vault_is_a_problem(changed: dict[str, Any], said: str) -> None:
    """Backend, id and address must all be those that were handed over."""
    inspection = replace(FOUND, entries=({**ENTRY, **changed},))
    assert any(said in text for text in backing_problems(inspection, ENVIRONMENT, HANDED))


def test_a_scope_that_is_not_there_or_not_listed_is_a_problem() -> None:
    """Nothing is compared with nothing."""
    assert backing_problems(replace(FOUND, entries=()), ENVIRONMENT, HANDED)
    assert backing_problems(replace(FOUND, entries=(ENTRY, ENTRY)), ENVIRONMENT, HANDED)
    assert backing_problems(FOUND, ENVIRONMENT, None)


def test_a_protected_vault_with_a_way_in_has_no_problems() -> None:
    """The bypass, an open default and a private endpoint are each a way in."""
    private = {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}}
    for change in (
        {},
        {"networkAcls": {"defaultAction": "Allow", "bypass": "None"}},
        {
            "networkAcls": {"defaultAction": "Deny", "bypass": "None"},
            "privateEndpointConnections": [private],
        },
    ):
        assert vault_problems(replace(FOUND, vault={"properties": {**HEALTHY, **change}})) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"enableSoftDelete": False},
        {"enablePurgeProtection": None},
        {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}},
        {
            "networkAcls": {"defaultAction": "Deny", "bypass": "None"},
            "privateEndpointConnections": [
                {"properties": {"privateLinkServiceConnectionState": {"status": "Pending"}}}
            ],
        },
    ],
)
def test_an_unprotected_or_closed_vault_is_a_problem(change: dict[str, Any]) -> None:
    """Each protection counts, and a pending private endpoint is no way in."""
    found = vault_problems(replace(FOUND, vault={"properties": {**HEALTHY, **change}}))
    assert len(found) == 1


def test_a_vault_that_does_not_exist_is_a_problem() -> None:
    """It is also named as missing, for the rule of the handover."""
    gone = replace(FOUND, vault=None)
    assert vault_problems(gone)
    assert gone.missing == ("the bound key vault",)


@pytest.mark.parametrize(
    ("acl", "problems"),
    [
        ({PIPELINE: "READ"}, 0),
        ({"grp-etl": "READ"}, 0),
        ({PIPELINE: "MANAGE"}, 1),
        ({PIPELINE: "READ", "grp-etl": "WRITE"}, 1),
        ({PIPELINE: "READ", "users": "MANAGE"}, 1),
        ({PIPELINE: "OWN"}, 1),
        ({}, 1),
        (None, 0),
    ],
)
def test_the_acl_is_judged_over_all_names_of_the_principal(
    acl: dict[str, str] | None, problems: int
) -> None:
    """The highest level counts, own or by a group; an unknown level is never the agreed one."""
    assert len(acl_problems(replace(FOUND, acl=acl), ENVIRONMENT)) == problems


def test_a_scope_without_readable_acl_is_inspected_and_says_so() -> None:
    """Only the list of scopes and the vault are needed."""

    class Guarded(FakeWorkspace):
        def secret_acl(self, scope: str) -> Mapping[str, str]:
            raise AccessRefusedError(scope, "MANAGE is missing")

    found = inspect_scope(
        Guarded(scopes=(ENTRY,)), FakeAzure({VAULT.lower(): {"properties": HEALTHY}}), ENVIRONMENT
    )
    assert (found.acl, found.missing) == (None, ())
    assert "MANAGE is missing" in found.acl_refused


def test_what_does_not_exist_is_missing_and_no_error() -> None:
    """Neither scope nor vault: both are named."""
    found = inspect_scope(FakeWorkspace(), FakeAzure(), ENVIRONMENT)
    assert found.missing == ("secret scope kv-scope", "the bound key vault")


def reader(value: str | Exception) -> FakeWorkspace:
    return FakeWorkspace(secrets={"kv-scope": {"db-pw": value}})


def test_a_secret_is_read_twice_and_only_yes_or_no_is_known_of_it() -> None:
    """All facts of a healthy secret hold."""
    workspace = reader(VALUE)
    (found,) = read_secrets(workspace, "kv-scope", [POLICY])
    assert workspace.secret_reads == ["db-pw", "db-pw"]
    assert set(found.facts.values()) == {True}
    assert VALUE not in repr(found)


@pytest.mark.parametrize(
    ("value", "false"),
    [
        ("", {"length_ok", "no_placeholder"}),
        ("changeme", {"no_placeholder"}),
        (" TBD     ", {"no_placeholder"}),
        ("short", {"length_ok"}),
        ("DB-PW", {"length_ok", "no_placeholder"}),
    ],
)
def test_a_blank_or_short_secret_is_not_plausible(value: str, false: set[str]) -> None:
    """Placeholders compare without case and spaces; the own name is one."""
    (found,) = read_secrets(reader(value), "kv-scope", [POLICY])
    assert {name for name, holds in found.facts.items() if not holds} == false


def test_two_reads_that_differ_are_seen() -> None:
    """A value that changes between two reads is not what is in the vault."""
    reading = SecretReading(POLICY, 200, (HiddenText(VALUE), HiddenText(VALUE + "x")))
    assert reading.facts["two_reads_equal"] is False


def test_a_refused_or_absent_secret_is_an_answer() -> None:
    """The status of the service is kept, and nothing counts as present."""
    refused = reader(AccessRefusedError("secret", "no READ"))
    (found,) = read_secrets(refused, "kv-scope", [POLICY])
    assert (found.status, found.facts["present"]) == (403, False)
    (absent,) = read_secrets(reader(VALUE), "kv-scope", [SecretPolicy("other")])
    assert absent.status == 404


@pytest.mark.parametrize(
    ("error", "status"),
    [(AccessRefusedError("scope", "no"), 403), (AssetMissingError("scope"), 404)],
)
def test_a_scope_that_cannot_be_listed_answers_for_each_secret(
    error: Exception, status: int
) -> None:
    """No secret goes unjudged."""

    class Closed(FakeWorkspace):
        def secret_keys(self, scope: str) -> tuple[str, ...]:
            raise error

    found = read_secrets(Closed(), "kv-scope", [POLICY, SecretPolicy("other")])
    assert [reading.status for reading in found] == [status, status]


def test_a_service_that_reads_secrets_in_notebooks_only_blocks() -> None:
    """There is no other way here; any other failure stays inconclusive."""
    outside = InconclusiveError("service_error(BAD_REQUEST)", "only in a notebook")
    with pytest.raises(BlockedError, match="outside a notebook"):
        read_secrets(reader(outside), "kv-scope", [POLICY])
    with pytest.raises(InconclusiveError, match="service_error"):
        read_secrets(
            reader(InconclusiveError("service_error(MALFORMED_REQUEST)")), "kv-scope", [POLICY]
        )


@pytest.mark.parametrize(
    "shown",
    [
        VALUE,
        quote(VALUE),
        base64.b64encode(VALUE.encode()).decode(),
        base64.b64encode(b"user:" + VALUE.encode()).decode(),
    ],
)
def test_a_value_is_found_in_an_event_in_any_encoding(shown: str) -> None:
    """The problem names the place and the secret, and does not repeat the value."""
    reading = SecretReading(POLICY, 200, (HiddenText(VALUE),))
    event = Event(NOW, "SEC-004.S2", "When it is read", "call", {"response": {"message": shown}})
    (problem,) = disclosure_problems([reading], [event], {})
    assert "db-pw" in problem
    assert VALUE not in problem


def test_a_value_in_the_facts_is_found_and_a_clean_scenario_has_no_problem() -> None:
    """Facts go into the record too."""
    reading = SecretReading(POLICY, 200, (HiddenText(VALUE),))
    assert disclosure_problems([reading], [], {"note": VALUE})
    assert disclosure_problems([reading], [], {"note": "nothing"}) == ()
