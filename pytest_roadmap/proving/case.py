"""One run of a proof."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_roadmap.domain.controls import Change, Control


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario of a feature file, healthy or with one control, on what is given before it."""

    scenario_id: str
    feature: str
    control: Control | None
    given: tuple[Change, ...] = ()

    @property
    def name(self) -> str:
        """As people call it."""
        return self.control.control_id if self.control else f"{self.scenario_id} unchanged"
