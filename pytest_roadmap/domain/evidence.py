"""A record: what one run found about one task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pytest_roadmap.domain.outcome import Outcome


@dataclass(frozen=True, slots=True)
class ProvenControls:
    """How many negative controls of a scenario were proven when it ran, and by which commit.

    ``proven_at`` is the commit that brought the lock of what is proven; None if nothing was
    proven for the code that ran.
    """

    count: int = 0
    proven_at: str | None = None


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """How one scenario (all rows of an outline together) ended in one run."""

    scenario_id: str
    title: str
    sub_tasks: tuple[int, ...]
    modes: tuple[str, ...]
    required: bool
    outcome: Outcome
    reason: str
    detail: str
    owner: str
    failed_step: str
    started: datetime
    ended: datetime
    feature_digest: str
    attested: bool = False
    controls: ProvenControls = ProvenControls()


@dataclass(frozen=True, slots=True)
class Record:
    """The evidence of one task and one run; ``record_id`` is a ULID, times are UTC.

    ``state_id`` names the state of an embedded server (None for a real environment).
    ``facts`` holds what the probes found: environment identity, principal, inputs, resources.
    """

    record_id: str
    task_id: str
    dod_digest: str
    environment: str
    kind: str
    state_id: str | None
    started: datetime
    ended: datetime
    scenarios: tuple[ScenarioResult, ...]
    runner: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
