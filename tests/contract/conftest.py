"""One embedded cloud for all contract tests; each test starts from the seeded world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.embedded_cloud import RunningCloud

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def running_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """The server process."""
    cloud = RunningCloud(tmp_path_factory.mktemp("embedded"))
    yield cloud
    cloud.stop()


@pytest.fixture(scope="session")
def seeded(running_cloud: RunningCloud) -> str:
    """The snapshot of the untouched world."""
    found: str = running_cloud.admin("POST", "snapshot")["snapshot_id"]
    return found


@pytest.fixture
def cloud(running_cloud: RunningCloud, seeded: str) -> Iterator[RunningCloud]:
    """The running cloud; whatever the test changes is undone."""
    yield running_cloud
    running_cloud.admin("POST", "restore", {"snapshot_id": seeded})
