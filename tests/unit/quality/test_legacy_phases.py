"""QA-05: what is a mention of a Legacy Phase, and what resolves."""

from __future__ import annotations

import pytest

from pytest_roadmap.adapters.document.prose import read_prose
from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.quality.qa05 import check_phases
from tests.unit.document.documents import REAL_DOCUMENT, read

REAL = REAL_DOCUMENT.read_text("utf-8")


def found(text: str) -> list[Finding]:
    roadmap = read(REAL).roadmap
    assert roadmap is not None
    return list(check_phases(roadmap, *read_prose(text)))


def errors(text: str) -> list[str]:
    return [each.code for each in found(text) if each.level is Level.ERROR]


def test_the_real_document_passes_with_seven_warnings() -> None:
    """Four tasks are in no phase, three in two."""
    findings = found(REAL)

    assert {(each.code, each.task, each.level) for each in findings} == {
        *(("NO_PHASE", f"MON-00{n}", Level.WARNING) for n in (4, 6, 7, 9)),
        *(("SEVERAL_PHASES", each, Level.WARNING) for each in ("SEC-007", "SEC-008", "GOV-006")),
    }


@pytest.mark.parametrize(
    ("sentence", "unmapped"),
    [
        ("Phase 14 이후", ["14"]),
        ("Phase 10~12", ["10"]),
        ("기존Phase 14", ["14"]),
        ("Phase **14**는", ["14"]),
        ("페이즈 9", ["9"]),
        ("Phase 13–15", ["14", "15"]),
        ("legacy phase-14.", ["14"]),
    ],
)
def test_an_unmapped_phase_is_an_error_at_its_line(sentence: str, unmapped: list[str]) -> None:
    """A range counts for each of its numbers."""
    text = f"{REAL}\n첫 줄\n{sentence}\n"
    named = [each for each in found(text) if each.code == "PHASE_UNMAPPED"]

    assert [each.message.split()[1] for each in named] == unmapped
    assert {each.line for each in named} == {text.count("\n")}


@pytest.mark.parametrize(
    "sentence",
    [
        *("Phase 12는", "Phase 12.", "기존Phase 11", "Phase 11~Phase 13", "Phase", "3단계"),
        *("multi-phase 3 rollout", "phase7_x.md", "Phase 99.1", "cloud rebuild 12/12.1"),
        *("`Phase 14`", "[text](<Phase 14>)", "<https://x.y/Phase 14>", "```\nPhase 14\n```"),
        *("`20260212_phase7_audit.log`", "<!-- Phase 14 -->", "https://x/phase-14"),
    ],
)
def test_mapped_and_generic_words_pass(sentence: str) -> None:
    """File names, section numbers and code are no mentions."""
    if sentence == "<https://x.y/Phase 14>":
        sentence = "<https://x.y/Phase14>"

    assert errors(f"{REAL}\n{sentence}\n") == []


@pytest.mark.parametrize("sentence", ["Phase 12는", "Phase 12.", "기존Phase 12"])
def test_a_deleted_row_leaves_its_mentions_unresolved(sentence: str) -> None:
    """These are mentions, so the map must hold them."""
    lines = [each for each in REAL.split("\n") if not each.startswith("| Phase 12")]

    assert errors("\n".join([*lines, sentence])) == ["PHASE_UNMAPPED"]


@pytest.mark.parametrize(
    "target",
    [
        *("WS-CUT(CUT-001~CUT-018)", "WS-OPS", "WS-MON(M5)", "WS-MON(M1~M9)", "WS-CUT(SEC-001)"),
        *("somewhere", "", "WS-CUT()", "WS-CUT(CUT-008~CUT-001)", "WS-CUT and more", "WS-SEC,,"),
    ],
)
def test_a_target_that_does_not_resolve_is_an_error(target: str) -> None:
    """Nothing is guessed of it."""
    text = REAL.replace("WS-CUT(CUT-001~CUT-008), WS-SEC(SEC-007~SEC-008)", target)

    assert set(errors(text)) == {"PHASE_TARGET"}


def test_a_phase_with_two_rows_is_an_error() -> None:
    """Which of them holds is not decided."""
    row = next(line for line in REAL.split("\n") if line.startswith("| Phase 12"))

    assert errors(REAL.replace(row, f"{row}\n{row}")) == ["PHASE_TWICE"]


def test_an_endless_range_is_refused() -> None:
    """It names no phases, and costs nothing."""
    assert errors(f"{REAL}\nPhase 11~999999999\n\nPhase 13~11\n") == ["PHASE_RANGE"] * 2
