"""The workspace adapter against a scripted server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_roadmap.adapters.databricks import connect_workspace
from pytest_roadmap.domain.outcome import (
    AccessRefusedError,
    AssetMissingError,
    InconclusiveError,
)
from pytest_roadmap.domain.recording import Recorder
from tests.unit.adapters.fake_http import FakeServer, Reply, accept, fake_server, refuse
from tests.unit.adapters.scripted_workspace import workspace

ME = "/api/2.0/preview/scim/v2/Me"
GRANTS = "/api/2.1/unity-catalog/effective-permissions/schema/main.silver"
SP = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server() as fake:
        fake.on("GET /.well-known/databricks-config", Reply())
        yield fake


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("SEC-003.S1", lambda: datetime.now(UTC), "When something is read")


def me(**headers: str) -> Reply:
    return Reply(body={"userName": SP, "id": "7"}, headers={"X-Databricks-Org-Id": "42", **headers})


def page(*names: str, token: str | None = None) -> Reply:
    privileges = [{"privilege": name} for name in names]
    assignments = [{"principal": SP, "privileges": privileges}] if names else []
    body: dict[str, Any] = {"privilege_assignments": assignments}
    return Reply(body=body | ({"next_page_token": token} if token else {}))


def test_the_workspace_id_is_the_one_the_service_states(
    server: FakeServer, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workspace id in the process environment must never pass for an observed one."""
    monkeypatch.setenv("DATABRICKS_WORKSPACE_ID", "999")
    server.on(f"GET {ME}", me())

    assert workspace(server, recorder).whoami().workspace_id == "42"


def test_a_service_principal_is_known_by_its_application_id(
    server: FakeServer, recorder: Recorder
) -> None:
    """The user name of a service principal is its application id."""
    server.on(f"GET {ME}", me())

    assert workspace(server, recorder).whoami().application_id == SP


def test_a_workspace_that_hides_its_id_cannot_be_judged(
    server: FakeServer, recorder: Recorder
) -> None:
    """Without the id in the answer nothing proves where the harness is."""
    server.on(f"GET {ME}", Reply(body={"userName": "a@b"}))

    with pytest.raises(InconclusiveError, match="identity"):
        workspace(server, recorder).whoami()


def test_every_call_becomes_an_event_with_both_request_ids(
    server: FakeServer, recorder: Recorder
) -> None:
    """An event names code, method, path, status and the ids of the service."""
    server.on(f"GET {ME}", me(**{"x-request-id": "r-1", "x-databricks-request-id": "d-1"}))

    workspace(server, recorder).whoami()

    (event,) = recorder.events
    shown = {key: event.body[key] for key in ("call", "method", "path", "status", "request_id")}
    assert shown == {
        "call": "C-WHO",
        "method": "GET",
        "path": ME,
        "status": 200,
        "request_id": "d-1",
    }
    assert event.body["ids"]["x-request-id"] == "r-1"


def test_a_token_never_enters_an_event(server: FakeServer, recorder: Recorder) -> None:
    """Headers are not recorded, so neither is the credential."""
    server.on(f"GET {ME}", me())

    workspace(server, recorder).whoami()

    assert "fake-token-value" not in repr(recorder.events)
    assert server.requests(ME)[0].headers["Authorization"] == "Bearer fake-token-value"


def test_all_pages_are_read_also_after_an_empty_one(server: FakeServer, recorder: Recorder) -> None:
    """An empty page with a token is not the end (C-GE)."""
    server.on(f"GET {GRANTS}", page("SELECT", token="a"), page(token="b"), page("MANAGE"))

    held = workspace(server, recorder).effective_privileges("schema", "main.silver", SP)

    assert [p.privilege for p in held] == ["SELECT", "MANAGE"]
    assert [event.body["call"] for event in recorder.events] == ["C-GE"] * 3


def test_a_page_token_that_comes_twice_ends_the_reading(
    server: FakeServer, recorder: Recorder
) -> None:
    """A service that pages in a circle must not hold the run for ever."""
    server.on(f"GET {GRANTS}", page("SELECT", token="a"))

    with pytest.raises(InconclusiveError, match="page_loop"):
        workspace(server, recorder).effective_privileges("schema", "main.silver", SP)


def test_a_privilege_the_sdk_does_not_know_is_still_seen(
    server: FakeServer, recorder: Recorder
) -> None:
    """The SDK drops unknown enum values; a forbidden privilege could hide behind that."""
    server.on(f"GET {GRANTS}", page("SELECT", "BRAND_NEW_PRIVILEGE"))

    held = workspace(server, recorder).effective_privileges("schema", "main.silver", SP)

    assert [p.privilege for p in held] == ["SELECT", "BRAND_NEW_PRIVILEGE"]


def test_throttling_is_waited_out_and_every_attempt_recorded(
    server: FakeServer, recorder: Recorder
) -> None:
    """429 with Retry-After is retried; the refused attempt stands in the evidence too."""
    throttled = Reply(429, {"error_code": "RESOURCE_EXHAUSTED"}, {"Retry-After": "0"})
    server.on(f"GET {GRANTS}", throttled, page("SELECT"))

    held = workspace(server, recorder).effective_privileges("schema", "main.silver", SP)

    assert len(held) == 1
    assert [event.body["status"] for event in recorder.events] == [429, 200]


def test_a_longer_retry_after_than_the_limit_is_not_slept_through(
    server: FakeServer, recorder: Recorder
) -> None:
    """The SDK itself would sleep an hour before it looks at its limit."""
    server.on(f"GET {ME}", Reply(429, {"message": "slow down"}, {"Retry-After": "3600"}))

    with pytest.raises(InconclusiveError, match=r"3600 s.*slow down"):
        workspace(server, recorder).whoami()


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AccessRefusedError), (403, AccessRefusedError), (404, AssetMissingError)],
)
def test_refused_and_missing_keep_their_own_meaning(
    server: FakeServer, recorder: Recorder, status: int, error: type[Exception]
) -> None:
    """401 and 403 are refusals, 404 is an absent asset; the service's words are kept."""
    route = "/api/2.1/unity-catalog/catalogs/main"
    server.on(f"GET {route}", Reply(status, {"error_code": "X", "message": "because of this"}))

    with pytest.raises(error, match="because of this"):
        workspace(server, recorder).securable("catalog", "main")


def test_a_server_fault_is_inconclusive_in_the_services_words(
    server: FakeServer, recorder: Recorder
) -> None:
    """A 500 says nothing about the deliverable."""
    route = "/api/2.1/unity-catalog/catalogs/main"
    fault = Reply(500, {"error_code": "INTERNAL_ERROR", "message": "disk on fire"})
    server.on(f"GET {route}", fault)

    with pytest.raises(InconclusiveError, match="disk on fire"):
        workspace(server, recorder).securable("catalog", "main")


def test_a_dropped_connection_is_inconclusive_after_its_retries(
    server: FakeServer, recorder: Recorder
) -> None:
    """No answer at all is recorded and judges nothing."""
    server.on(f"GET {ME}", Reply(drop=True))

    with pytest.raises(InconclusiveError, match="service_unavailable"):
        workspace(server, recorder, retry_s=1).whoami()
    assert recorder.events[-1].body["status"] is None


def test_a_redirect_is_not_followed(server: FakeServer, recorder: Recorder) -> None:
    """A redirect would carry the question to a host that nobody bound."""
    server.on(f"GET {ME}", Reply(302, {}, {"Location": f"{server.url}/elsewhere"}))

    with pytest.raises(InconclusiveError, match="edirect"):
        workspace(server, recorder).whoami()
    assert server.requests("/elsewhere") == []


def test_an_answer_that_the_check_refuses_ends_the_scenario(
    server: FakeServer, recorder: Recorder
) -> None:
    """The check sees headers and address, after the answer is an event."""
    server.on(f"GET {ME}", me(**{"x-stranger": "1"}))

    with pytest.raises(InconclusiveError, match=f"stranger at {server.url}"):
        workspace(server, recorder, answer_check=refuse).whoami()
    assert len(recorder.events) == 1


def test_a_service_principal_that_is_not_listed_is_missing(
    server: FakeServer, recorder: Recorder
) -> None:
    """An empty list is an answer: there is no such principal."""
    server.on("GET /api/2.0/preview/scim/v2/ServicePrincipals", Reply(body={"Resources": []}))

    with pytest.raises(AssetMissingError):
        workspace(server, recorder).service_principal(SP)


def test_groups_are_followed_into_the_groups_they_are_in(
    server: FakeServer, recorder: Recorder
) -> None:
    """Each group is read once, rings and all; one that may not be read ends the search there."""

    def group(number: int, name: str) -> dict[str, str]:
        return {"value": str(number), "display": name, "type": "direct"}

    record = {"id": "7", "applicationId": SP, "active": True}
    listed = {"Resources": [{**record, "groups": [group(1, "etl"), group(2, "users")]}]}
    scim = "/api/2.0/preview/scim/v2"
    server.on(f"GET {scim}/ServicePrincipals", Reply(body=listed), Reply(body={"Resources": []}))
    server.on(f"GET {scim}/Groups/1", Reply(body={"groups": [group(3, "all-data")]}))
    server.on(f"GET {scim}/Groups/2", Reply(403, {"error_code": "PERMISSION_DENIED"}))
    server.on(f"GET {scim}/Groups/3", Reply(body={"groups": [group(1, "etl")]}))

    assert workspace(server, recorder).groups_of(SP) == ("etl", "users", "all-data")


def test_an_application_id_cannot_change_the_filter(server: FakeServer, recorder: Recorder) -> None:
    """A binding with a quote in it must not select another principal."""
    with pytest.raises(InconclusiveError, match="malformed"):
        workspace(server, recorder).service_principal('x" or active eq "true')


def test_files_are_written_once_and_read_back(server: FakeServer, recorder: Recorder) -> None:
    """C-FILES: content is recorded as size and digest, never as text."""
    path = "/api/2.0/fs/files/Volumes/main/ops/v/_dod_probe/x"
    server.on(f"PUT {path}", Reply(204, b""))
    server.on(f"GET {path}", Reply(body=b"probe-content"))
    port = workspace(server, recorder)

    port.upload("/Volumes/main/ops/v/_dod_probe/x", b"probe-content")

    assert port.download("/Volumes/main/ops/v/_dod_probe/x") == b"probe-content"
    assert server.requests(path)[0].query == "overwrite=false"
    assert "probe-content" not in repr(recorder.events)


def test_credentials_that_no_sign_in_accepts_are_inconclusive(server: FakeServer) -> None:
    """Present but broken: the SDK's own words, without the value."""
    with pytest.raises(InconclusiveError) as caught:
        connect_workspace(
            server.url,
            {"auth_type": "no-such-type", "token": "secret-value"},
            identity="harness",
            answer_check=accept,
        )
    assert "secret-value" not in str(caught.value)


def test_the_groups_of_a_user_are_followed_by_the_name_of_the_user(
    server: FakeServer, recorder: Recorder
) -> None:
    """A name with a quotation mark is never sent as a filter."""
    listed = {"Resources": [{"id": "8", "groups": [{"value": "2", "display": "users"}]}]}
    scim = "/api/2.0/preview/scim/v2"
    server.on(f"GET {scim}/Users", Reply(body=listed), Reply(body={"Resources": []}))
    server.on(f"GET {scim}/Groups/2", Reply(body={}))

    assert workspace(server, recorder).groups_of("choi@example.com") == ("users",)
    assert recorder.events[0].body["request"]["filter"] == 'userName eq "choi@example.com"'
    with pytest.raises(InconclusiveError, match="not a user name"):
        workspace(server, recorder).groups_of('x" or "@')
