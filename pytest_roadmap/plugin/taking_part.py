"""The hooks of a roadmap project, registered together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_roadmap.plugin import fixtures
from pytest_roadmap.plugin.distribution import ControllerHooks
from pytest_roadmap.plugin.hooks import CollectionHooks, SessionHooks
from pytest_roadmap.plugin.state import RunState

if TYPE_CHECKING:
    from pytest_roadmap.plugin.options import RoadmapOptions

STATE = pytest.StashKey[RunState]()


def take_part(config: pytest.Config, options: RoadmapOptions) -> None:
    """Register what a roadmap project needs; nothing of it acts before a feature is collected."""
    state = RunState(config, options)
    config.stash[STATE] = state
    config.add_cleanup(state.thaw)
    config.pluginmanager.register(fixtures.StepFixtures(state), "roadmap-fixtures")
    config.pluginmanager.register(CollectionHooks(state), "roadmap-collection")
    config.pluginmanager.register(SessionHooks(state), "roadmap-session")
    if not state.is_worker:
        config.pluginmanager.register(ControllerHooks(state), "roadmap-controller")
    if config.option.markers or config.option.markexpr:
        state.collection.register_early()
