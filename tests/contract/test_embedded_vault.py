"""Key Vault on the embedded cloud, through the real SDK and through the scope."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient

from pytest_roadmap.adapters.azure import KeyVault, LoopbackCredential, VaultConnection
from pytest_roadmap.composition.answers import note_embedded, refuse_embedded
from pytest_roadmap.domain.outcome import AccessRefusedError, InconclusiveError
from pytest_roadmap.domain.recording import AnswerCheck, Recorder
from tests.contract.embedded_cloud import PIPELINE, VAULT, RunningCloud

KV = "2026-05-15"
NEWEST = "ebedded000004000800000000000a002"
SCOPE = "/api/2.0/secrets"


def address(cloud: RunningCloud) -> str:
    return f"{cloud.connection['azure_url']}/_vault/kv-data-embedded"


@pytest.fixture
def client(cloud: RunningCloud) -> Callable[[str], SecretClient]:
    """Gives the unmodified SDK client with the token of a role."""

    def connect(role: str) -> SecretClient:
        return SecretClient(
            address(cloud),
            LoopbackCredential(cloud.connection["tokens"][role]),
            verify_challenge_resource=False,
            connection_verify=cloud.connection["ca_file"],
            retry_total=0,
        )

    return connect


def scope(cloud: RunningCloud, role: str, method: str, path: str, body: Any = None) -> Any:
    return cloud.rest(role, method, SCOPE + path, body)


def through_scope(cloud: RunningCloud, key: str = "db-pw") -> str:
    answer = scope(cloud, "pipeline_sp", "GET", f"/get?scope=kv-scope&key={key}")
    return base64.b64decode(answer.json()["value"]).decode()


def inner_code(error: HttpResponseError) -> str:
    assert error.response is not None
    return str(error.response.json()["error"]["innererror"]["code"])  # type: ignore[attr-defined]


def test_a_request_without_a_token_is_told_where_to_get_one(cloud: RunningCloud) -> None:
    """401 with a challenge that names tenant and resource."""
    answer = requests.get(
        f"{address(cloud)}/secrets/db-pw?api-version=7.6",
        verify=cloud.connection["ca_file"],
        timeout=10,
    )
    challenge = answer.headers["WWW-Authenticate"]
    assert answer.status_code == 401
    assert "ebedded0-0000-4000-8000-000000000001" in challenge
    assert 'resource="https://vault.azure.net"' in challenge


def test_versions_are_listed_with_their_dates_and_without_values(
    client: Callable[[str], SecretClient],
) -> None:
    """A Key Vault Reader sees the metadata of every version."""
    found = list(client("harness").list_properties_of_secret_versions("db-pw"))
    assert [item.enabled for item in found] == [False, True]
    newest = found[-1]
    assert newest.version == NEWEST
    assert newest.expires_on is not None
    assert newest.created_on is not None
    assert newest.expires_on - newest.created_on == timedelta(days=90)
    assert [item.name for item in client("harness").list_properties_of_secrets()] == [
        "db-pw",
        "dod-canary",
    ]


def test_a_new_version_is_the_one_that_is_read(
    cloud: RunningCloud, client: Callable[[str], SecretClient]
) -> None:
    """Attributes are kept, the vault and the scope both read the newest version."""
    expiry = datetime(2099, 1, 1, tzinfo=UTC)
    made = client("admin").set_secret(
        "db-pw", "another-value", expires_on=expiry, tags={"by": "test"}, content_type="text"
    )
    read = client("admin").get_secret("db-pw")
    assert (read.value, read.properties.version) == ("another-value", made.properties.version)
    assert read.properties.expires_on == expiry
    assert (read.properties.tags, read.properties.content_type) == ({"by": "test"}, "text")
    assert through_scope(cloud) == "another-value"
    assert client("admin").get_secret("db-pw", NEWEST).value != "another-value"


@pytest.mark.parametrize(
    ("role", "act"),
    [
        ("harness", lambda c: c.get_secret("db-pw")),
        ("harness", lambda c: c.set_secret("db-pw", "x")),
        ("harness", lambda c: c.update_secret_properties("db-pw", NEWEST, enabled=False)),
        ("pipeline_sp", lambda c: c.get_secret("db-pw")),
        ("outsider", lambda c: list(c.list_properties_of_secret_versions("db-pw"))),
    ],
    ids=["get", "set", "update", "subject", "stranger"],
)
def test_what_a_role_does_not_hold_is_refused(
    client: Callable[[str], SecretClient], role: str, act: Callable[[SecretClient], object]
) -> None:
    """Data-plane roles decide, the one on the canary ends at the canary."""
    with pytest.raises(HttpResponseError) as refused:
        act(client(role))
    assert refused.value.status_code == 403
    assert inner_code(refused.value) == "ForbiddenByRbac"


def test_a_disabled_or_unknown_secret_is_not_read(client: Callable[[str], SecretClient]) -> None:
    """403 SecretDisabled, 404 SecretNotFound; the versions of an unknown secret are none."""
    client("admin").update_secret_properties("db-pw", NEWEST, enabled=False)
    with pytest.raises(HttpResponseError) as disabled:
        client("admin").get_secret("db-pw")
    assert inner_code(disabled.value) == "SecretDisabled"
    with pytest.raises(ResourceNotFoundError):
        client("admin").get_secret("nothing")
    assert list(client("admin").list_properties_of_secret_versions("nothing")) == []


def test_the_firewall_of_the_vault_closes_it_to_the_harness(
    cloud: RunningCloud, client: Callable[[str], SecretClient]
) -> None:
    """ForbiddenByFirewall; the service still gets in by its bypass."""
    change: dict[str, Any] = {"properties": {"networkAcls": {"ipRules": []}}}
    assert cloud.arm("admin", "PATCH", VAULT, change, version=KV).status_code == 200
    with pytest.raises(HttpResponseError) as refused:
        list(client("harness").list_properties_of_secret_versions("db-pw"))
    assert inner_code(refused.value) == "ForbiddenByFirewall"
    assert through_scope(cloud)


def test_the_scope_hands_on_what_the_vault_refuses(
    cloud: RunningCloud, client: Callable[[str], SecretClient]
) -> None:
    """403 of the vault is PERMISSION_DENIED, another 4xx MALFORMED_REQUEST."""
    path = "/get?scope=kv-scope&key="
    absent = scope(cloud, "pipeline_sp", "GET", f"{path}nothing")
    assert (absent.status_code, absent.json()["error_code"]) == (400, "MALFORMED_REQUEST")
    client("admin").update_secret_properties("db-pw", NEWEST, enabled=False)
    disabled = scope(cloud, "pipeline_sp", "GET", f"{path}db-pw")
    assert (disabled.status_code, disabled.json()["error_code"]) == (403, "PERMISSION_DENIED")
    change = {"properties": {"networkAcls": {"bypass": "None"}}}
    cloud.arm("admin", "PATCH", VAULT, change, version=KV)
    closed = scope(cloud, "pipeline_sp", "GET", "/list?scope=kv-scope")
    assert (closed.status_code, closed.json()["error_code"]) == (403, "PERMISSION_DENIED")


def test_a_scope_behind_a_vault_is_read_only(cloud: RunningCloud) -> None:
    """Put and delete are BAD_REQUEST for who may write to the scope."""
    put = {"scope": "kv-scope", "key": "db-pw", "string_value": "x"}
    for path, body in (("/put", put), ("/delete", {"scope": "kv-scope", "key": "db-pw"})):
        answer = scope(cloud, "admin", "POST", path, body)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "BAD_REQUEST")


def test_only_a_manager_of_the_scope_sees_its_acl(cloud: RunningCloud) -> None:
    """The pipeline principal reads secrets and no more."""
    items = scope(cloud, "harness", "GET", "/acls/list?scope=kv-scope").json()["items"]
    assert {"principal": PIPELINE, "permission": "READ"} in items
    refused = scope(cloud, "pipeline_sp", "GET", "/acls/list?scope=kv-scope")
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/secrets/db-pw", None, 400),
        ("DELETE", "/secrets/db-pw?api-version=7.6", None, 405),
        ("GET", "/keys?api-version=7.6", None, 404),
        ("PUT", "/secrets/db-pw?api-version=7.6", {}, 400),
        ("PUT", "/secrets/db-pw?api-version=7.6", {"value": "x", "more": 1}, 400),
        ("PATCH", f"/secrets/db-pw/{NEWEST}?api-version=7.6", {"attributes": {"created": 1}}, 400),
        ("PATCH", f"/secrets/db-pw/{NEWEST}?api-version=7.6", {"value": "x"}, 400),
        ("GET", "/secrets/db-pw?api-version=7.6&more=1", None, 400),
    ],
)
def test_what_the_vault_does_not_know_is_an_error(
    cloud: RunningCloud, method: str, path: str, body: Any, status: int
) -> None:
    """Nothing unknown succeeds silently, and an update changes no value."""
    answer = requests.request(
        method,
        address(cloud) + path,
        json=body,
        headers={"Authorization": f"Bearer {cloud.connection['tokens']['admin']}"},
        verify=cloud.connection["ca_file"],
        timeout=10,
    )
    assert answer.status_code == status
    assert answer.json()["error"]["code"]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("SEC-004.S4", lambda: datetime.now(UTC))


def vault(
    cloud: RunningCloud, recorder: Recorder, kept: list[str], check: AnswerCheck = note_embedded
) -> KeyVault:
    connection = VaultConnection(
        address(cloud),
        LoopbackCredential(cloud.connection["tokens"]["harness"]),
        answer_check=check,
        ca_file=cloud.connection["ca_file"],
        verify_challenge=False,
    )
    return KeyVault(connection, recorder, "dod-canary", kept.append)


def test_the_port_rotates_the_canary_and_records_no_value(
    cloud: RunningCloud, recorder: Recorder
) -> None:
    """The value is known to the redactor, reaches the scope, and stands in no event."""
    kept: list[str] = []
    port = vault(cloud, recorder, kept)
    made = port.rotate("dod-canary", datetime.now(UTC) + timedelta(days=90))
    assert kept == [through_scope(cloud, "dod-canary")]
    first, second = port.versions("dod-canary")
    assert second.version == made.version
    assert second.expires_on is not None
    port.disable("dod-canary", first.version)
    assert [v.enabled for v in port.versions("dod-canary")] == [False, True]
    assert {e.body["call"] for e in recorder.events} == {"A-KVD"}
    assert all(kept[0] not in str(event.body) for event in recorder.events)
    assert recorder.facts["embedded_answer"] is True


def test_a_real_environment_takes_no_answer_of_this_vault(
    cloud: RunningCloud, recorder: Recorder
) -> None:
    """The stamp of the answer decides, whatever the bindings say."""
    with pytest.raises(InconclusiveError, match="answers as an embedded cloud"):
        vault(cloud, recorder, [], refuse_embedded("vault")).versions("db-pw")
    assert recorder.facts["embedded_answer"] is True


def test_the_port_touches_no_other_secret(cloud: RunningCloud, recorder: Recorder) -> None:
    """Not even a request is made."""
    port = vault(cloud, recorder, [])
    with pytest.raises(InconclusiveError, match="unsafe_rotation"):
        port.rotate("db-pw", datetime.now(UTC))
    with pytest.raises(InconclusiveError, match="unsafe_rotation"):
        port.disable("db-pw", NEWEST)
    assert recorder.events == []


def test_a_closed_vault_is_a_refusal_with_the_inner_code(
    cloud: RunningCloud, recorder: Recorder
) -> None:
    """The port says which door was shut."""
    cloud.arm("admin", "PATCH", VAULT, {"properties": {"networkAcls": {"ipRules": []}}}, version=KV)
    with pytest.raises(AccessRefusedError) as refused:
        vault(cloud, recorder, []).versions("db-pw")
    assert (refused.value.code, refused.value.status) == ("ForbiddenByFirewall", 403)


@pytest.mark.parametrize(
    ("role", "arguments", "present"),
    [
        ("pipeline_sp", "'kv-scope', 'db-pw'", "true"),
        ("pipeline_sp", "'kv-scope', 'nothing'", "false"),
        ("pipeline_sp", "'nothing', 'db-pw'", "false"),
        ("operator", "'kv-scope', 'db-pw'", "false"),
    ],
)
def test_sql_reads_a_secret_for_who_may_read_it(
    cloud: RunningCloud, role: str, arguments: str, present: str
) -> None:
    """``try_secret`` is NULL for everything else, and equals what the scope answers."""
    value = through_scope(cloud)
    statement = f"SELECT s IS NOT NULL, s = '{value}' FROM (SELECT try_secret({arguments}) AS s) t"  # noqa: S608 (a test)
    body = {"statement": statement, "warehouse_id": "wh-embedded-1", "wait_timeout": "30s"}
    answer = cloud.rest(role, "POST", "/api/2.0/sql/statements", body).json()
    assert answer["status"]["state"] == "SUCCEEDED", answer
    expected = [present, "true" if present == "true" else None]
    assert answer["result"]["data_array"] == [expected]


def test_sql_takes_only_constant_names_of_secrets(cloud: RunningCloud) -> None:
    """Anything but two literals is refused."""
    statement = "SELECT try_secret(lower('KV-SCOPE'), 'db-pw')"
    body = {"statement": statement, "warehouse_id": "wh-embedded-1", "wait_timeout": "30s"}
    answer = cloud.rest("pipeline_sp", "POST", "/api/2.0/sql/statements", body).json()
    assert answer["status"]["state"] == "FAILED"


def test_a_service_for_notebooks_only_refuses_to_hand_out_a_value(cloud: RunningCloud) -> None:
    """The fault answers BAD_REQUEST to who may read."""
    cloud.admin("POST", "faults", {"active": ["secret-get-refused"]})
    answer = scope(cloud, "pipeline_sp", "GET", "/get?scope=kv-scope&key=db-pw")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "BAD_REQUEST")
