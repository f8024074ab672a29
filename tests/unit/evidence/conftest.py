"""What the tests of evidence share."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_roadmap.adapters.evidence.store import EvidenceStore
from pytest_roadmap.domain.validity import REAL_SCHEMA


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    """An empty evidence folder of a real environment."""
    return EvidenceStore(tmp_path / "verification", schema=REAL_SCHEMA)
