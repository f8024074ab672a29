"""URLs of the storage account, and what lies below what."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pytest_roadmap.embedded import seed, storage
from pytest_roadmap.embedded.errors import InvalidParameterError, ServiceError
from pytest_roadmap.embedded.faults import activate
from pytest_roadmap.embedded.state import CloudState

NOW = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def state() -> CloudState:
    """The seeded world."""
    return seed.build_state()


@pytest.mark.parametrize(
    "url",
    [
        "https://landing@stdataembedded.dfs.core.windows.net/",
        "abfss://landing@evil.example/",
        "abfss://landing@stdataembedded.dfs.core.windows.net.evil.example/",
        "abfss://landing@stdataembedded.dfs.core.windows.net/a/../b",
        "abfss://@stdataembedded.dfs.core.windows.net/",
        "/landing",
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    """Nothing climbs, no other host."""
    with pytest.raises(InvalidParameterError):
        storage.canonical(url)


def test_one_place_has_one_spelling() -> None:
    """Doubled slashes and dots fold."""
    assert storage.canonical(f"{seed.LANDING}./a//b/") == f"{seed.LANDING}a/b/"
    assert storage.canonical(seed.LANDING.rstrip("/")) == seed.LANDING


def test_below_means_whole_segments() -> None:
    """``probe2`` does not lie below ``probe``."""
    assert storage.is_below(f"{seed.LANDING}probe/x", f"{seed.LANDING}probe")
    assert storage.is_below(f"{seed.LANDING}probe", f"{seed.LANDING}probe/")
    assert not storage.is_below(f"{seed.LANDING}probe2", f"{seed.LANDING}probe")


def test_a_path_inside_a_table_or_above_a_volume_is_refused(state: CloudState) -> None:
    """Path access and managed objects do not mix."""
    pipeline = state.principal_named(seed.PIPELINE_SP)
    assert pipeline is not None
    state.volumes["main.ops.probe_volume"].storage_location = f"{seed.LANDING}vol"
    for path in ("vol/x", "vol", ""):
        with pytest.raises(ServiceError) as caught:
            storage.require_path(state, pipeline, seed.LANDING + path, "READ_FILES")
        assert "LOCATION_OVERLAP" in caught.value.message
    storage.require_path(state, pipeline, f"{seed.LANDING}volume2", "READ_FILES")


def test_a_path_no_location_covers_is_refused(state: CloudState) -> None:
    """Unity Catalog lets nobody at an uncovered path."""
    admin = state.principal_named(seed.ADMIN)
    assert admin is not None
    url = "abfss://elsewhere@stdataembedded.dfs.core.windows.net/x"
    with pytest.raises(ServiceError, match="any external location"):
        storage.require_path(state, admin, url, "READ_FILES")


def test_a_stale_read_returns_what_was_there_before(state: CloudState) -> None:
    """Without a given content the previous one is served."""
    url = f"{seed.LANDING}x"
    storage.write_object(state, url, b"one", NOW)
    storage.write_object(state, url, b"two", NOW)
    assert storage.read_objects(state, url) == {url: b"two"}
    state.faults = activate(["stale-read"])
    assert storage.read_objects(state, url) == {url: b"one"}


def test_deleting_a_directory_takes_everything_below_and_nothing_beside(
    state: CloudState,
) -> None:
    """Neighbours with the same beginning stay."""
    for name in ("d/1", "d/2/3", "d2"):
        storage.write_object(state, seed.LANDING + name, b"", NOW)
    assert storage.delete_objects(state, f"{seed.LANDING}d") == 2
    assert list(state.storage) == [f"{seed.LANDING}d2"]


def test_a_snapshot_shares_nothing_with_the_state(state: CloudState) -> None:
    """Changing the state leaves the copy as it was."""
    kept = state.copy()
    state.grants["CATALOG", "main"].clear()
    state.arm.clear()
    state.tables.clear()
    storage.write_object(state, f"{seed.LANDING}x", b"", NOW)
    assert kept.grants["CATALOG", "main"]
    assert kept.arm
    assert kept.tables
    assert kept.storage == {}
