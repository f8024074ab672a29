"""What the scenarios of a run ended in, as plain values that travel between processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.recording import Event

if TYPE_CHECKING:
    from pytest_roadmap.plugin.selection import SelectedScenario


@dataclass(frozen=True, slots=True)
class ItemResult:
    """How one scenario, or one row of an outline, ended; times are UTC."""

    task_id: str
    scenario_id: str
    row: str
    outcome: Outcome
    reason: str
    detail: str
    owner: str
    failed_step: str
    started: datetime
    ended: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[Event, ...] = ()

    @property
    def key(self) -> str:
        """The id with its row."""
        return f"{self.scenario_id}[{self.row}]" if self.row else self.scenario_id

    def to_json(self, *, events: bool = True) -> dict[str, Any]:
        """Plain JSON values, with or without the events."""
        return {
            "task_id": self.task_id,
            "scenario_id": self.scenario_id,
            "row": self.row,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "detail": self.detail,
            "owner": self.owner,
            "failed_step": self.failed_step,
            "started": self.started.isoformat(),
            "ended": self.ended.isoformat(),
            "facts": dict(self.facts),
            "events": [_event_to_json(event) for event in self.events] if events else [],
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> ItemResult:
        """The result that ``to_json`` described."""
        values = dict(plain)
        values["outcome"] = Outcome(values["outcome"])
        values["started"] = datetime.fromisoformat(values["started"])
        values["ended"] = datetime.fromisoformat(values["ended"])
        values["events"] = tuple(_event_from_json(event) for event in values["events"])
        return cls(**values)


def lost_result(scenario: SelectedScenario, message: str, now: datetime) -> ItemResult:
    """The result of a scenario that never ended, because the process that ran it is gone."""
    return ItemResult(
        task_id=scenario.task_id,
        scenario_id=scenario.scenario_id,
        row=scenario.row,
        outcome=Outcome.INCONCLUSIVE,
        reason="error(worker_lost)",
        detail=message,
        owner="",
        failed_step="",
        started=now,
        ended=now,
    )


def _event_to_json(event: Event) -> dict[str, Any]:
    return {
        "t": event.t.isoformat(),
        "scenario": event.scenario,
        "step": event.step,
        "kind": event.kind,
        "body": dict(event.body),
    }


def _event_from_json(plain: Mapping[str, Any]) -> Event:
    return Event(
        datetime.fromisoformat(plain["t"]),
        plain["scenario"],
        plain["step"],
        plain["kind"],
        plain["body"],
    )


def merge_facts(into: dict[str, Any], facts: Mapping[str, Any]) -> None:
    """Add the facts of one scenario to those of its task: mappings join, lists grow, rest wins."""
    for key, value in facts.items():
        known = into.get(key)
        if isinstance(known, dict) and isinstance(value, Mapping):
            merge_facts(known, value)
        elif isinstance(known, list) and isinstance(value, (list, tuple)):
            known.extend(item for item in value if item not in known)
        elif isinstance(value, Mapping):
            into[key] = dict(value)
        else:
            into[key] = list(value) if isinstance(value, (list, tuple)) else value
