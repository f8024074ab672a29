"""The Azure adapter against a scripted TLS server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_roadmap.adapters.azure import (
    API_VERSIONS,
    Azure,
    AzureConnection,
    AzureEndpoints,
    AzureLimits,
    LoopbackCredential,
)
from pytest_roadmap.domain.outcome import (
    AccessRefusedError,
    AssetMissingError,
    InconclusiveError,
)
from pytest_roadmap.domain.recording import AnswerCheck, Recorder
from tests.unit.adapters.fake_http import FakeServer, Reply, accept, fake_server, refuse

SUB = "/subscriptions/s-1"
VAULT = f"{SUB}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FakeServer]:
    with fake_server(tmp_path) as fake:
        yield fake


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("SEC-001.S2", lambda: datetime.now(UTC))


def azure(
    server: FakeServer,
    recorder: Recorder,
    *,
    answer_check: AnswerCheck = accept,
    ca_file: str | None = None,
    attempts: int = 2,
) -> Azure:
    connection = AzureConnection(
        LoopbackCredential("fake-token-value"),
        AzureEndpoints(arm=server.url, dfs=f"{server.url}/_dfs/{{account}}"),
        ca_file=ca_file or server.ca_file,
        limits=AzureLimits(retry_s=2, http_s=2, attempts=attempts),
        answer_check=answer_check,
    )
    return Azure(connection, recorder, ("_dod_probe",))


def test_a_resource_is_read_with_the_version_of_its_code(
    server: FakeServer, recorder: Recorder
) -> None:
    """The api-version table decides, and stands in the event."""
    server.on(f"GET {SUB}", Reply(body={"tenantId": "t"}, headers={"x-ms-request-id": "m-1"}))

    found = azure(server, recorder).resource("A-SUB", SUB)

    assert found == {"tenantId": "t"}
    assert server.asked[0].query == f"api-version={API_VERSIONS['A-SUB']}"
    body = recorder.events[0].body
    assert (body["call"], body["status"], body["request_id"]) == ("A-SUB", 200, "m-1")
    assert body["api_version"] == API_VERSIONS["A-SUB"]


def test_the_version_of_a_resource_is_a_fact_of_the_record(
    server: FakeServer, recorder: Recorder
) -> None:
    """Etag and last change, once, from single answers and lists alike."""
    changed = {"systemData": {"lastModifiedAt": "2026-02-01T00:00:00Z"}}
    listed = {"value": [{"id": VAULT, "etag": "e"}, {"id": f"{VAULT}2", **changed}, {"id": "x"}]}
    server.on(f"GET {SUB}", Reply(body=listed))
    server.on(f"GET {VAULT}", Reply(body={"id": VAULT, "etag": "e"}))

    found = azure(server, recorder)
    found.resources("A-SUB", SUB)
    found.resource("A-KVM", VAULT)

    assert recorder.facts["resources"] == [
        {"id": VAULT, "etag": "e", "modified_at": None},
        {"id": f"{VAULT}2", "etag": None, "modified_at": "2026-02-01T00:00:00Z"},
    ]


def test_the_token_is_sent_and_not_recorded(server: FakeServer, recorder: Recorder) -> None:
    """The credential reaches the server over TLS and no event."""
    server.on(f"GET {SUB}", Reply())

    azure(server, recorder).resource("A-SUB", SUB)

    assert server.asked[0].headers["Authorization"] == "Bearer fake-token-value"
    assert "fake-token-value" not in repr(recorder.events)


def test_only_the_named_authority_is_trusted(
    server: FakeServer, recorder: Recorder, tmp_path: Path
) -> None:
    """A server with a certificate of another authority gets no token."""
    import trustme  # noqa: PLC0415 (only with TLS)

    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))

    with pytest.raises(InconclusiveError, match="no_answer"):
        azure(server, recorder, ca_file=str(other)).resource("A-SUB", SUB)
    assert server.asked == []


def test_all_pages_of_a_list_are_read(server: FakeServer, recorder: Recorder) -> None:
    """``nextLink`` is followed to the end, also over an empty page."""
    path = f"{SUB}/providers/Microsoft.AlertsManagement/actionRules"
    server.on(
        f"GET {path}",
        Reply(body={"value": [{"name": "a"}], "nextLink": f"{server.url}{path}?p=2"}),
        Reply(body={"value": [], "nextLink": f"{server.url}{path}?p=3"}),
        Reply(body={"value": [{"name": "b"}]}),
    )

    found = azure(server, recorder).resources("A-SUPP", path)

    assert [item["name"] for item in found] == ["a", "b"]


def test_a_link_to_another_host_is_not_followed(server: FakeServer, recorder: Recorder) -> None:
    """The token must not travel where a response says."""
    path = f"{SUB}/providers/Microsoft.AlertsManagement/actionRules"
    server.on(f"GET {path}", Reply(body={"value": [], "nextLink": "https://evil.example/x"}))

    with pytest.raises(InconclusiveError, match="another host"):
        azure(server, recorder).resources("A-SUPP", path)


def test_a_link_that_comes_twice_ends_the_reading(server: FakeServer, recorder: Recorder) -> None:
    """A service that pages in a circle must not hold the run for ever."""
    path = f"{SUB}/providers/Microsoft.AlertsManagement/actionRules"
    server.on(f"GET {path}", Reply(body={"value": [], "nextLink": f"{server.url}{path}?p=2"}))

    with pytest.raises(InconclusiveError, match="page_loop"):
        azure(server, recorder).resources("A-SUPP", path)


def test_throttling_is_waited_out_and_every_attempt_recorded(
    server: FakeServer, recorder: Recorder
) -> None:
    """429 with Retry-After is retried; the refused attempt stands in the evidence too."""
    server.on(f"GET {SUB}", Reply(429, {}, {"Retry-After": "0"}), Reply(body={"tenantId": "t"}))

    assert azure(server, recorder).resource("A-SUB", SUB) == {"tenantId": "t"}
    assert [event.body["status"] for event in recorder.events] == [429, 200]


def test_a_longer_retry_after_than_the_limit_is_not_slept_through(
    server: FakeServer, recorder: Recorder
) -> None:
    """The wait is bounded, whatever the service asks for."""
    server.on(f"GET {SUB}", Reply(429, {}, {"Retry-After": "3600"}))

    with pytest.raises(InconclusiveError, match="3600 s"):
        azure(server, recorder).resource("A-SUB", SUB)


def test_throttling_without_end_is_inconclusive(server: FakeServer, recorder: Recorder) -> None:
    """After the last attempt nothing has been judged."""
    server.on(f"GET {SUB}", Reply(429, {"error": {"message": "later"}}, {"Retry-After": "0"}))

    with pytest.raises(InconclusiveError, match=r"429 later"):
        azure(server, recorder).resource("A-SUB", SUB)


def test_a_refusal_carries_the_innermost_code(server: FakeServer, recorder: Recorder) -> None:
    """``ForbiddenByFirewall`` and its like say who can help."""
    inner = {"code": "ForbiddenByFirewall"}
    error = {"error": {"code": "Forbidden", "message": "no way", "innererror": inner}}
    server.on(f"GET {VAULT}", Reply(403, error))

    with pytest.raises(AccessRefusedError, match="no way") as caught:
        azure(server, recorder).resource("A-KVM", VAULT)
    assert (caught.value.code, caught.value.status) == ("ForbiddenByFirewall", 403)


def test_an_absent_resource_is_missing(server: FakeServer, recorder: Recorder) -> None:
    """404 is an answer about the asset."""
    server.on(f"GET {VAULT}", Reply(404, {"error": {"code": "ResourceNotFound"}}))

    with pytest.raises(AssetMissingError):
        azure(server, recorder).resource("A-KVM", VAULT)


def test_a_redirect_is_not_followed(server: FakeServer, recorder: Recorder) -> None:
    """A redirect would carry the token elsewhere."""
    server.on(f"GET {SUB}", Reply(302, {}, {"Location": f"{server.url}/elsewhere"}))

    with pytest.raises(InconclusiveError, match="redirected"):
        azure(server, recorder).resource("A-SUB", SUB)
    assert server.requests("/elsewhere") == []


def test_an_answer_that_is_no_json_is_inconclusive(server: FakeServer, recorder: Recorder) -> None:
    """A proxy's page is no answer of the service."""
    server.on(f"GET {SUB}", Reply(body=b"<html>", headers={"Content-Type": "text/html"}))

    with pytest.raises(InconclusiveError, match="no_json"):
        azure(server, recorder).resource("A-SUB", SUB)


def test_an_answer_that_the_check_refuses_ends_the_scenario(
    server: FakeServer, recorder: Recorder
) -> None:
    """The check sees headers and address, after the answer is an event."""
    server.on(f"GET {SUB}", Reply(headers={"x-stranger": "1"}))

    with pytest.raises(InconclusiveError, match=f"stranger at {server.url}"):
        azure(server, recorder, answer_check=refuse).resource("A-SUB", SUB)
    assert len(recorder.events) == 1


@pytest.mark.parametrize("resource_id", ["https://evil.example/x", "/subscriptions/s/../t", "x"])
def test_what_is_no_resource_id_is_not_asked_for(
    server: FakeServer, recorder: Recorder, resource_id: str
) -> None:
    """A binding cannot lead the token to another host or path."""
    with pytest.raises(InconclusiveError, match="malformed"):
        azure(server, recorder).resource("A-SUB", resource_id)
    assert server.asked == []


def test_a_probe_directory_is_deleted_to_the_end(server: FakeServer, recorder: Recorder) -> None:
    """A-DFS deletes recursively and follows the continuation."""
    route = "/_dfs/stdata/landing/_dod_probe/u-1"
    server.on(f"DELETE {route}", Reply(200, b"", {"x-ms-continuation": "more"}), Reply(200, b""))

    azure(server, recorder).delete_storage_directory("stdata", "landing", "_dod_probe/u-1")

    asked = server.requests(route)
    assert [a.query for a in asked] == ["recursive=true", "recursive=true&continuation=more"]
    assert asked[0].headers["x-ms-version"]


@pytest.mark.parametrize("path", ["data", "_dod_probe", "_dod_probe/../data", "/", "x/_dod_probe"])
def test_nothing_outside_a_probe_prefix_can_be_deleted(
    server: FakeServer, recorder: Recorder, path: str
) -> None:
    """A wrong path must not reach the service at all."""
    with pytest.raises(ValueError, match="probe prefix"):
        azure(server, recorder).delete_storage_directory("stdata", "landing", path)
    assert server.asked == []


def test_the_local_credential_offers_no_other_way_to_a_token() -> None:
    """It has only ``get_token``, so no real token can reach a local server."""
    public = [name for name in dir(LoopbackCredential) if not name.startswith("_")]
    assert public == ["get_token"]
