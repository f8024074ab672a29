"""Tasks that no later gate needs."""

from __future__ import annotations

from pytest_roadmap.domain.quality.gates import check_gates
from tests.unit.document.documents import REAL_DOCUMENT, policy, read


def test_the_real_tables_have_these_holes() -> None:
    """What counted(G4) lacks by rules b.1; tasks of the last gate are none."""
    roadmap = read(REAL_DOCUMENT.read_bytes()).roadmap
    assert roadmap is not None

    assert {each.task for each in check_gates(roadmap, policy())} == {
        *("MON-002", "MON-004", "MON-005", "MON-009", "CUT-004"),
        *(f"GOV-00{n}" for n in range(1, 8)),
    }
