"""When an environment is opened, and by whom its cloud is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_roadmap.composition import CompositionError, RunOptions, opening_of


def options(root: Path, environment: str = "embedded", url: str | None = None) -> RunOptions:
    """The options of a run in an empty project."""
    return RunOptions(root, root / "roadmap.md", environment, embedded_url=url)


def test_an_embedded_environment_that_nobody_asked_for_starts_nothing(tmp_path: Path) -> None:
    """Name, kind, place and a state of its own are known without a server."""
    opening = opening_of(options(tmp_path))
    opening.prepare()
    assert (opening.name, opening.kind, opening.run) == ("embedded", "embedded", None)
    assert opening.fresh
    assert opening.state_id == opening.state_id
    assert opening.state_id != opening_of(options(tmp_path)).state_id
    assert opening.evidence_root.is_relative_to(tmp_path / "build" / "embedded")
    opening.close()
    assert list(tmp_path.iterdir()) == []


def test_a_worker_starts_no_cloud_of_its_own(tmp_path: Path) -> None:
    """Without a connection from the controller it has none."""
    opening = opening_of(options(tmp_path), lambda: None)
    with pytest.raises(CompositionError, match="no cloud"):
        opening.open()
    assert list(tmp_path.iterdir()) == []


def test_a_named_cloud_must_be_there_before_anything_runs(tmp_path: Path) -> None:
    """A run that was given an address does not fall back to a cloud of its own."""
    opening = opening_of(options(tmp_path, url="http://127.0.0.1:9"))
    with pytest.raises(CompositionError, match="no embedded cloud answers"):
        opening.prepare()


def test_a_real_environment_must_be_there_before_anything_runs(tmp_path: Path) -> None:
    """Its file is read first; without it there is no environment."""
    opening = opening_of(options(tmp_path, "dev"))
    assert not opening.available
    assert opening.state_id is None
    with pytest.raises(CompositionError, match=r"dev\.yaml"):
        opening.prepare()
