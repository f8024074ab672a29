"""The recorder that ports of an opened environment report to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pytest_roadmap.domain.recording import Recorder


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("SEC-001.S1", lambda: datetime.now(UTC))
