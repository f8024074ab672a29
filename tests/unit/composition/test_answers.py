"""Which answers an environment accepts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pytest_roadmap.composition.answers import note_embedded, refuse_embedded
from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.recording import Recorder

STAMPED = {"x-roadmap-embedded": "1"}
WHERE = "https://adb-1.azuredatabricks.net"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("SEC-001.S1", lambda: datetime.now(UTC))


@pytest.mark.parametrize(
    ("side", "sentence"),
    [
        ("workspace", f"{WHERE} answers as an embedded cloud.*bind workspace.host"),
        ("azure", f"{WHERE} answers as an embedded cloud.*correct azure.endpoints"),
        ("vault", "the vault answers as an embedded cloud; bind the real one"),
    ],
)
def test_an_embedded_answer_stops_a_real_environment(
    recorder: Recorder, side: str, sentence: str
) -> None:
    """Rules d.4 (4): the kind is decided by the answer, not by the file."""
    with pytest.raises(InconclusiveError, match=sentence):
        refuse_embedded(side)(recorder, STAMPED, WHERE)
    assert recorder.facts == {"embedded_answer": True}


def test_a_real_answer_passes_unmarked(recorder: Recorder) -> None:
    """No stamp, no fact, no refusal."""
    refuse_embedded("workspace")(recorder, {"x-request-id": "1"}, WHERE)
    assert recorder.facts == {}


def test_the_embedded_environment_keeps_who_answered(recorder: Recorder) -> None:
    """The answer is welcome, and the record says what gave it."""
    note_embedded(recorder, STAMPED, WHERE)
    assert recorder.facts == {"embedded_answer": True}
