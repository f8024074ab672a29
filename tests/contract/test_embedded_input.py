"""What the embedded Databricks side refuses before it looks at privileges."""

from __future__ import annotations

import pytest

from tests.contract.embedded_cloud import PIPELINE, SCIM, UC, RunningCloud, error_of

ME = f"{SCIM}/Me"


@pytest.mark.parametrize("token", [None, "nonsense", ""])
def test_a_missing_or_unknown_token_is_unauthenticated(
    cloud: RunningCloud, token: str | None
) -> None:
    """401 in the service's shape."""
    assert error_of(cloud.rest(token, "GET", ME)) == (401, "UNAUTHENTICATED")


def test_the_admin_token_opens_no_api(cloud: RunningCloud) -> None:
    """It belongs to whoever runs the server, not to a principal."""
    answer = cloud.rest(cloud.connection["admin_token"], "GET", ME)
    assert error_of(answer) == (401, "UNAUTHENTICATED")


def test_an_inactive_principal_is_refused(cloud: RunningCloud) -> None:
    """Its token stays known, its calls do not get through."""
    body = {"Operations": [{"op": "replace", "path": "active", "value": False}]}
    path = f"{SCIM}/ServicePrincipals/7000000000000003"
    assert cloud.rest("admin", "PATCH", path, body).status_code == 204
    assert error_of(cloud.rest("pipeline_sp", "GET", f"{UC}/catalogs"))[0] == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/2.1/clusters/list"),
        ("POST", f"{UC}/tables"),
        ("DELETE", f"{UC}/catalogs"),
        ("GET", "/"),
        ("GET", "/api/2.0/fs/files"),
    ],
)
def test_an_unknown_route_is_named(cloud: RunningCloud, method: str, path: str) -> None:
    """Never an empty success."""
    answer = cloud.rest("admin", method, path)
    assert error_of(answer) == (404, "ENDPOINT_NOT_FOUND")
    assert f"{method} {path}" in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{UC}/catalogs?colour=red", None),
        ("GET", f"{UC}/catalogs?max_results=-1", None),
        ("GET", f"{UC}/catalogs?max_results=5000", None),
        ("GET", f"{UC}/catalogs?page_token=forged", None),
        ("GET", f"{UC}/schemas", None),
        ("GET", f"{UC}/permissions/catalog/main?max_results=10", None),
        ("GET", f"{UC}/permissions/function/main.a.b", None),
        ("GET", f"{UC}/permissions/table/main", None),
        ("PATCH", f"{UC}/catalogs/main", {"owner": 7}),
        ("PATCH", f"{UC}/catalogs/main", {"isolation_mode": "HALF"}),
        ("PATCH", f"{UC}/catalogs/main", {"new_name": "other"}),
        ("PATCH", f"{UC}/permissions/catalog/main", {}),
        ("PATCH", f"{UC}/permissions/catalog/main", {"changes": [{"add": ["SELECT"]}]}),
        (
            "PATCH",
            f"{UC}/permissions/catalog/main",
            {"changes": [{"principal": PIPELINE, "add": ["READ_FILES"]}]},
        ),
        ("POST", f"{UC}/schemas", {"catalog_name": "main", "name": "a b"}),
        ("POST", f"{UC}/schemas", {"catalog_name": "main"}),
        (
            "POST",
            f"{UC}/external-locations",
            {"name": "x", "credential_name": "cred-data", "url": "https://example.org/"},
        ),
        ("PATCH", f"{UC}/bindings/schema/main", {"add": []}),
        ("GET", "/api/2.0/permissions/clusters/1", None),
        ("POST", "/api/2.0/secrets/acls/put", {"scope": "kv-scope", "principal": PIPELINE}),
        ("PUT", "/api/2.0/fs/files/tmp/x", None),
        ("PUT", "/api/2.0/fs/files/Volumes/main/ops/probe_volume/..%2f..%2fx", None),
    ],
)
def test_bad_input_is_an_invalid_parameter(
    cloud: RunningCloud, method: str, path: str, body: object
) -> None:
    """400, also for a field or parameter the embedded cloud would have to ignore."""
    assert error_of(cloud.rest("admin", method, path, body)) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff", b'"x"'])
def test_a_body_that_is_no_json_object_is_malformed(cloud: RunningCloud, content: bytes) -> None:
    """400 ``MALFORMED_REQUEST``."""
    headers = {"Authorization": f"Bearer {cloud.connection['tokens']['admin']}"}
    url = f"{cloud.connection['databricks_url']}{UC}/schemas"
    assert error_of(cloud.http.post(url, content, headers=headers, timeout=5)) == (
        400,
        "MALFORMED_REQUEST",
    )


def test_a_grant_to_an_unknown_or_workspace_local_principal_is_refused(
    cloud: RunningCloud,
) -> None:
    """Unity Catalog knows account principals only; nothing of the change is applied."""
    for name in ("nobody@embedded.example", "admins", "users"):
        changes = [
            {"principal": PIPELINE, "add": ["MANAGE"]},
            {"principal": name, "add": ["USE_CATALOG"]},
        ]
        answer = cloud.rest(
            "admin", "PATCH", f"{UC}/permissions/catalog/main", {"changes": changes}
        )
        assert error_of(answer) == (404, "PRINCIPAL_DOES_NOT_EXIST")
    held = cloud.client("harness").grants.get("catalog", "main", principal=PIPELINE)
    privileges = [p.value for a in held.privilege_assignments or [] for p in a.privileges or []]
    assert privileges == ["USE_CATALOG"]


def test_a_foreign_host_name_is_refused(cloud: RunningCloud) -> None:
    """A page of another origin that resolves to this machine gets no token."""
    answer = cloud.rest(None, "GET", "/.well-known/roadmap-embedded", Host="evil.example:80")
    assert answer.status_code == 403
    assert "tokens" not in answer.text
