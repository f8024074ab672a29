"""What the adapters make of a service that throttles, fails, drops, pages and lies."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pytest_roadmap.composition import EmbeddedCloud, RunOptions, open_run, start_embedded
from pytest_roadmap.domain.outcome import AccessRefusedError, InconclusiveError
from pytest_roadmap.domain.ports import Ports
from pytest_roadmap.domain.recording import Recorder
from tests.fakes.world import PIPELINE

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    started = start_embedded(ROOT, tmp_path_factory.mktemp("cloud"))
    yield started
    started.stop()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("SEC-003.S1", lambda: datetime.now(UTC))


@pytest.fixture
def ports(cloud: EmbeddedCloud, recorder: Recorder) -> Iterator[Ports]:
    document = ROOT / ".roadmap/implementation_roadmap.md"
    yield open_run(RunOptions(ROOT, document, "embedded"), cloud.connection).ports(recorder)
    faults(cloud)


def faults(cloud: EmbeddedCloud, *active: str) -> None:
    """Switch exactly these faults on."""
    request = urllib.request.Request(  # noqa: S310 (the loopback address of the fixture)
        f"{cloud.connection['databricks_url']}/_embedded/faults",
        data=json.dumps({"active": list(active)}).encode(),
        headers={"Authorization": f"Bearer {cloud.connection['admin_token']}"},
        method="POST",
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        assert answer.status == 200


def statuses(recorder: Recorder) -> list[Any]:
    return [event.body["status"] for event in recorder.events]


def test_throttling_is_survived_and_stands_in_the_evidence(
    cloud: EmbeddedCloud, ports: Ports, recorder: Recorder
) -> None:
    """429 with Retry-After once, then the answer; both attempts are events."""
    faults(cloud, "throttle:count=1,retry_after=0,route=/api/2.1/unity-catalog/catalogs")

    ports.workspace.securable("catalog", "main")

    assert statuses(recorder) == [429, 200]


def test_throttling_of_resource_manager_is_survived(
    cloud: EmbeddedCloud, ports: Ports, recorder: Recorder
) -> None:
    """The same on the Azure side."""
    faults(cloud, "throttle:count=1,retry_after=0,route=/subscriptions")

    ports.azure.resource("A-SUB", "/subscriptions/ebedded0-0000-4000-8000-000000000002")

    assert statuses(recorder) == [429, 200]


def test_a_dropped_connection_is_tried_again(
    cloud: EmbeddedCloud, ports: Ports, recorder: Recorder
) -> None:
    """One broken connection judges nothing."""
    faults(cloud, "drop-connection:count=1,route=/api/2.1/unity-catalog/catalogs")

    assert ports.workspace.securable("catalog", "main")["name"] == "main"


def test_a_server_fault_is_inconclusive(
    cloud: EmbeddedCloud, ports: Ports, recorder: Recorder
) -> None:
    """500 is the service's trouble, not the deliverable's."""
    faults(cloud, "error-500:route=/api/2.1/unity-catalog/catalogs")

    with pytest.raises(InconclusiveError):
        ports.workspace.securable("catalog", "main")
    assert set(statuses(recorder)) == {500}


def test_pages_of_one_give_the_same_privileges(cloud: EmbeddedCloud, ports: Ports) -> None:
    """However the service cuts its pages, and with empty ones between, nothing is lost."""
    whole = ports.workspace.effective_privileges("schema", "main.silver", PIPELINE)
    faults(cloud, "grant-pages-of-one")

    assert ports.workspace.effective_privileges("schema", "main.silver", PIPELINE) == whole


def test_the_wrong_workspace_is_noticed(cloud: EmbeddedCloud, ports: Ports) -> None:
    """The host answers for another workspace: nothing is judged."""
    faults(cloud, "wrong-workspace")

    with pytest.raises(InconclusiveError, match="workspace_id"):
        ports.identity.probe()


def test_a_refused_vault_is_a_refusal_with_its_code(cloud: EmbeddedCloud, ports: Ports) -> None:
    """Resource Manager's 403 keeps the service's code."""
    faults(cloud, "arm-forbidden:provider=Microsoft.KeyVault")
    vault = (
        "/subscriptions/ebedded0-0000-4000-8000-000000000002/resourceGroups/rg-data-embedded"
        "/providers/Microsoft.KeyVault/vaults/kv-data-embedded"
    )

    with pytest.raises(AccessRefusedError) as caught:
        ports.azure.resource("A-KVM", vault)
    assert caught.value.status == 403
    assert caught.value.code
