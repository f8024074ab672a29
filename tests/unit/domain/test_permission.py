"""What the mode tags of a scenario permit in an environment (rules a.8)."""

from __future__ import annotations

from datetime import date

import pytest

from pytest_roadmap.domain.permission import MODES, freeze_at, refused_mode

OBSERVE = {"safety.production_cutover": "observe"}
EXECUTE = {"safety.production_cutover": "execute"}


def test_reading_needs_no_permission() -> None:
    """An empty list still lets a scenario read."""
    assert refused_mode(("RO",), "prod", (), OBSERVE.get) is None


def test_every_mode_of_a_scenario_must_be_permitted() -> None:
    """The first one that is not is named."""
    assert refused_mode(("NOOP", "PROBE"), "dev", ("NOOP",), OBSERVE.get) == "PROBE"


@pytest.mark.parametrize(
    ("kind", "mode", "settings", "refused"),
    [
        ("embedded", "SWITCH", OBSERVE, None),
        ("rehearsal", "SWITCH", OBSERVE, None),
        ("dev", "SWITCH", EXECUTE, "SWITCH"),
        ("prod", "RUN", EXECUTE, "RUN"),
        ("prod", "SWITCH", OBSERVE, "SWITCH"),
        ("prod", "SWITCH", EXECUTE, None),
        ("prod", "NOTIFY", OBSERVE, None),
    ],
)
def test_hard_limits_hold_even_where_the_file_allows_a_mode(
    kind: str, mode: str, settings: dict[str, str], refused: str | None
) -> None:
    """A switch in dev and a run in prod are refused; a switch in prod needs execute mode."""
    assert refused_mode((mode,), kind, MODES, settings.get) == refused


@pytest.mark.parametrize(
    ("today", "reference"),
    [
        ("2026-03-14", None),
        ("2026-03-15", "CHG-88"),
        ("2026-03-20", "CHG-88"),
        ("2026-03-21", None),
    ],
)
def test_a_freeze_holds_on_both_its_ends(today: str, reference: str | None) -> None:
    """The reference of the freeze is given, whether its dates are text or dates."""
    freezes: list[dict[str, object]] = [
        {"from": date(2026, 3, 15), "to": "2026-03-20", "ref": "CHG-88"},
        {"from": "", "to": "", "ref": "not filled in"},
    ]
    assert freeze_at(freezes, date.fromisoformat(today)) == reference
