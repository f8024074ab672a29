"""What a feature file says, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

MODES = ("RO", "NOOP", "PROBE", "RUN", "SWITCH", "CANARY", "NOTIFY")
"""The mode tags of a scenario (rules a.8)."""


@dataclass(frozen=True, slots=True)
class FeatureProblem:
    """Why a feature file is refused: 1-based line (0 for the whole file), code, one sentence."""

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class StepText:
    """One step as written; ``keyword`` is the line's own word (``And`` stays ``And``).

    ``kind`` is Gherkin's word for that keyword in any language: Context, Action, Outcome,
    Conjunction or Unknown.
    """

    keyword: str
    text: str
    line: int
    kind: str = "Unknown"


@dataclass(frozen=True, slots=True)
class ScenarioText:
    """One scenario as written; ``rows`` counts its Examples rows, None without Examples.

    ``tags`` carry no ``@``. ``scenario_id`` is ``<task>.S<n>``, empty when a tag is missing.
    """

    scenario_id: str
    title: str
    tags: tuple[str, ...]
    description: str
    sub_tasks: tuple[int, ...]
    modes: tuple[str, ...]
    required: bool
    two_phase: bool
    rows: int | None
    line: int
    steps: tuple[StepText, ...]


@dataclass(frozen=True, slots=True)
class FeatureText:
    """One feature file as written; ``task_id`` is empty when no tag names exactly one task."""

    task_id: str
    path: str
    title: str
    tags: tuple[str, ...]
    description: str
    scenarios: tuple[ScenarioText, ...]
    background: tuple[StepText, ...]
    line: int
