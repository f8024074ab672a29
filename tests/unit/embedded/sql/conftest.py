"""Fixtures of the SQL engine's tests."""

from __future__ import annotations

import pytest

from tests.unit.embedded.sql.world import World


@pytest.fixture
def world() -> World:
    """A fresh small cloud."""
    return World()
