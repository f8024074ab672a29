"""Which hosts a run went to, and who vouched for them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pytest_roadmap.composition.trust import note_host
from pytest_roadmap.domain.recording import Recorder

HOST = "https://adb-1.1.azuredatabricks.net"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("SEC-001.S1", lambda: datetime.now(UTC))


def test_each_host_is_noted_once_and_without_its_path(recorder: Recorder) -> None:
    """The origin is what a certificate vouches for."""
    for address in (HOST, f"{HOST}/api", "https://management.azure.com"):
        note_host(recorder, address, {})
    assert recorder.facts["tls"] == {
        "hosts": [HOST, "https://management.azure.com"],
        "authorities": "default",
    }


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_other_authorities_are_named_by_their_variable(recorder: Recorder, name: str) -> None:
    """Its value may be a path of somebody's machine."""
    note_host(recorder, HOST, {name: "/home/kim/ca.pem"})
    assert recorder.facts["tls"]["authorities"] == name


def test_unchecked_certificates_are_said_and_stay_said(recorder: Recorder) -> None:
    """A later, checked host does not whiten an earlier one."""
    note_host(recorder, HOST, {}, verified=False)
    note_host(recorder, "https://management.azure.com", {})
    assert recorder.facts["tls"]["authorities"].startswith("nobody")
