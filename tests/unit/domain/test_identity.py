"""Whether the platform that answers is the one the file names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.identity import EMBEDDED_TENANT, ProbedIdentity, identity_problems
from pytest_roadmap.domain.sql_names import quote_full_name, quote_identifier, quote_principal

APP = "cccccccc-0000-4000-8000-000000000003"
BINDINGS: dict[str, Any] = {
    "workspace": {"host": "https://adb-1.azuredatabricks.net/", "workspace_id": 1},
    "azure": {"tenant_id": "T-1", "subscription_id": "S-1"},
    "auth": {"harness": {"client_id": APP}},
}
PROBED = ProbedIdentity(
    user_name=APP,
    application_id=APP.upper(),
    object_id="o",
    display_name="reader",
    workspace_id="1",
    workspace_host="https://adb-1.azuredatabricks.net",
    tenant_id="t-1",
    subscription_id="s-1",
)


def environment(kind: str = "prod") -> Environment:
    return Environment(kind, kind, BINDINGS, f"{kind}.yaml")


def test_the_bound_platform_is_recognised() -> None:
    """Letter case of GUIDs, a trailing slash and a number for the id are no differences."""
    assert identity_problems(environment(), PROBED) == ()


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"workspace_id": "2"}, "workspace.workspace_id"),
        ({"workspace_id": ""}, "workspace.workspace_id"),
        ({"workspace_host": "https://adb-2.azuredatabricks.net"}, "workspace.host"),
        ({"tenant_id": "t-2"}, "azure.tenant_id"),
        ({"subscription_id": ""}, "azure.subscription_id"),
        ({"application_id": "dddddddd-0000-4000-8000-000000000004"}, "auth.harness.client_id"),
        ({"application_id": None, "user_name": "kim"}, "auth.harness.client_id"),
    ],
)
def test_each_contradiction_names_its_binding(change: dict[str, Any], key: str) -> None:
    """One sentence, with both values."""
    (problem,) = identity_problems(environment(), replace(PROBED, **change))

    assert problem.startswith(key)


def test_a_user_is_not_taken_for_the_bound_application() -> None:
    """Signed in as oneself, the sentence says as whom, and what to do about it."""
    person = replace(PROBED, application_id=None, user_name="kim")
    (problem,) = identity_problems(environment(), person)

    assert "signed in as the user kim: sign in as that application" in problem


def test_a_real_kind_never_has_the_embedded_tenant() -> None:
    """Even a file that names the reserved tenant does not make an embedded cloud real."""
    bindings = BINDINGS | {"azure": {"tenant_id": EMBEDDED_TENANT, "subscription_id": "S-1"}}
    named = Environment("prod", "prod", bindings, "prod.yaml")

    (problem,) = identity_problems(named, replace(PROBED, tenant_id=EMBEDDED_TENANT))

    assert "of kind prod" in problem


def test_the_embedded_kind_has_no_other_tenant() -> None:
    """A real tenant must not be judged as a rehearsal of itself."""
    (problem,) = identity_problems(environment("embedded"), PROBED)

    assert "of kind embedded" in problem


def test_an_identifier_cannot_end_its_quotes() -> None:
    """A backtick inside is doubled."""
    assert quote_identifier("a`b") == "`a``b`"
    assert quote_full_name("main.silver.txn") == "`main`.`silver`.`txn`"


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a.b", "a\n", "a\x7f", "x" * 256])
def test_what_no_object_can_be_called_is_no_identifier(name: str) -> None:
    """A binding that is no name never reaches a statement."""
    with pytest.raises(ValueError, match="identifier"):
        quote_identifier(name)


def test_a_principal_may_have_dots_and_spaces() -> None:
    """Users and groups are named so; control characters stay out."""
    assert quote_principal("ops kim@corp.example") == "`ops kim@corp.example`"
    with pytest.raises(ValueError, match="principal"):
        quote_principal("a\nb")
