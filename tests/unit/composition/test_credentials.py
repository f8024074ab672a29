"""What a credential selector leads to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_roadmap.composition.credentials import (
    Machine,
    Selector,
    azure_login,
    databricks_login,
    known_values,
    secret_value,
    selector_of,
)
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
CLIENT = "bbbbbbbb-0000-4000-8000-000000000002"


class Kept(list[str]):
    """The secrets a selector told the redactor."""


def machine(
    environ: Mapping[str, str] | None = None,
    *,
    repository: Path = Path("/work-tree"),
    programs: tuple[str, ...] = (),
    kept: Kept | None = None,
) -> Machine:
    secrets = Kept() if kept is None else kept
    return Machine(
        environ or {},
        repository,
        secrets.append,
        lambda name: f"/usr/bin/{name}" if name in programs else None,
    )


def selector(reference: str, client_id: str | None = None) -> Selector:
    return Selector("auth.harness", reference, client_id, TENANT, None, None)


@pytest.mark.parametrize(
    ("environ", "programs", "auth_type"),
    [
        ({"DATABRICKS_TOKEN": "t"}, (), "pat"),
        ({"DATABRICKS_AUTH_TYPE": "oauth-m2m", "DATABRICKS_TOKEN": "t"}, (), "oauth-m2m"),
        ({"DATABRICKS_CLIENT_ID": "c", "DATABRICKS_CLIENT_SECRET": "s"}, (), "oauth-m2m"),
        ({"ARM_CLIENT_ID": "c", "ARM_CLIENT_SECRET": "s"}, (), "azure-client-secret"),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "u", "ARM_CLIENT_ID": "c"}, (), "github-oidc-azure"),
        ({}, ("az",), "azure-cli"),
    ],
)
def test_default_is_the_sdks_own_order_with_an_explicit_type(
    environ: Mapping[str, str], programs: tuple[str, ...], auth_type: str
) -> None:
    """Nothing is tried over the network to find out how to sign in."""
    login = databricks_login(selector("default"), machine(environ, programs=programs))

    assert login["auth_type"] == auth_type


def test_no_credentials_at_all_block_and_say_what_to_set() -> None:
    """Absent credentials are a precondition somebody has to meet."""
    with pytest.raises(BlockedError, match=r"auth.harness.credential_ref.*DATABRICKS_TOKEN"):
        databricks_login(selector("default"), machine())
    with pytest.raises(BlockedError, match=r"auth.harness.credential_ref.*AZURE_CLIENT_ID"):
        azure_login(selector("default"), machine())


def test_a_variable_with_a_client_id_holds_a_client_secret() -> None:
    """A service principal signs in with its own id and the value of the variable."""
    login = databricks_login(selector("env:SP", CLIENT), machine({"SP": "some-secret"}))

    assert login == {
        "auth_type": "azure-client-secret",
        "azure_tenant_id": TENANT,
        "azure_client_id": CLIENT,
        "azure_client_secret": "some-secret",
    }


def test_a_variable_without_a_client_id_holds_a_token() -> None:
    """So does one whose value looks like a Databricks token."""
    expected = {"auth_type": "pat", "token": "dapi-token-1"}

    assert databricks_login(selector("env:T"), machine({"T": "dapi-token-1"})) == expected
    assert databricks_login(selector("env:T", CLIENT), machine({"T": "dapi-token-1"})) == expected


def test_an_unset_variable_blocks_by_its_name() -> None:
    """The sentence names the variable and the key."""
    with pytest.raises(BlockedError, match="PIPELINE_SP is not set"):
        databricks_login(selector("env:PIPELINE_SP"), machine())


def test_a_secret_is_known_to_redaction_before_it_is_used() -> None:
    """Whatever a service echoes, the value can no longer be written."""
    kept = Kept()

    databricks_login(selector("env:SP", CLIENT), machine({"SP": "some-secret"}, kept=kept))

    assert kept == ["some-secret"]


def test_a_secret_file_inside_the_repository_is_refused(tmp_path: Path) -> None:
    """Such a file is one commit away from being public."""
    (tmp_path / "secret").write_text("value")
    chosen = selector(f"file:{tmp_path / 'secret'}")

    with pytest.raises(InconclusiveError, match="secret_in_repository"):
        secret_value(chosen, machine(repository=tmp_path))


def test_a_secret_file_outside_the_repository_is_read(tmp_path: Path) -> None:
    """Its content, without the line end."""
    (tmp_path / "secret").write_text("value-of-file\n")
    chosen = selector(f"file:{tmp_path / 'secret'}")

    assert secret_value(chosen, machine()) == "value-of-file"


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_secret_file_without_a_text_blocks(tmp_path: Path, content: bytes | None) -> None:
    """Absent, empty and unreadable are the same to the person who has to act."""
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(BlockedError, match=r"auth.harness.credential_ref"):
        secret_value(selector(f"file:{path}"), machine())


def test_azure_needs_a_client_id_beside_a_secret() -> None:
    """A bare token opens no Azure side; the key to set is named."""
    with pytest.raises(BlockedError, match=r"missing_binding\(auth.harness.client_id\)"):
        azure_login(selector("env:T"), machine({"T": "x" * 10}))


@pytest.mark.parametrize(
    ("reference", "environ", "name"),
    [
        ("azure-cli", {}, "AzureCliCredential"),
        ("env:SP", {"SP": "some-secret"}, "ClientSecretCredential"),
        (
            "github-oidc",
            {"ACTIONS_ID_TOKEN_REQUEST_URL": "u", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t" * 8},
            "ClientAssertionCredential",
        ),
    ],
)
def test_azure_signs_in_with_azure_identity(
    reference: str, environ: Mapping[str, str], name: str
) -> None:
    """Authentication is the SDK's own."""
    assert type(azure_login(selector(reference, CLIENT), machine(environ))).__name__ == name


def test_github_without_permission_says_what_to_grant() -> None:
    """The job needs ``id-token: write``."""
    with pytest.raises(BlockedError, match="id-token: write"):
        azure_login(selector("github-oidc", CLIENT), machine())


def test_a_subject_nobody_bound_blocks() -> None:
    """The key of the subject is named."""
    environment = Environment("dev", "dev", {"auth": {"subjects": {}}}, "dev.yaml")

    with pytest.raises(BlockedError, match=r"auth.subjects.pipeline_sp.credential_ref"):
        selector_of(environment, "auth.subjects.pipeline_sp")


def test_secrets_that_selectors_reach_are_known_from_the_start() -> None:
    """The process that writes evidence may never sign in itself."""
    kept = Kept()
    auth: dict[str, Any] = {
        "harness": {"credential_ref": "default"},
        "subjects": {"pipeline_sp": {"credential_ref": "env:SP"}},
    }
    environ = {"SP": "subject-secret", "DATABRICKS_TOKEN": "harness-token"}

    known_values(Environment("dev", "dev", {"auth": auth}, "dev.yaml"), machine(environ, kept=kept))

    assert {"subject-secret", "harness-token"} <= set(kept)
