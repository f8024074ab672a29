"""Which answers an environment accepts: a real one none of an embedded cloud (rules d.4)."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.recording import AnswerCheck, Recorder

#: The stamp of every answer of an embedded cloud.
EMBEDDED_HEADER = "x-roadmap-embedded"

#: The words of the embedded engine for what it cannot evaluate: neither healthy nor failing.
_UNSUPPORTED = "unsupported by the embedded engine"
_REFUSALS = {
    "workspace": "{where} answers as an embedded cloud, which is no real environment;"
    " bind workspace.host to the real workspace",
    "azure": "{where} answers as an embedded cloud, which is no real environment;"
    " correct azure.endpoints",
    "vault": "the vault answers as an embedded cloud; bind the real one",
}


def note_embedded(recorder: Recorder, headers: Mapping[str, str], _where: str) -> None:
    """The check of the embedded environment: such an answer is welcome, and told as what it is."""
    if headers.get(EMBEDDED_HEADER):
        recorder.facts["embedded_answer"] = True


def refuse_embedded(side: str) -> AnswerCheck:
    """The check of a real environment, for its ``workspace``, ``azure`` or ``vault``."""
    sentence = _REFUSALS[side]

    def check(recorder: Recorder, headers: Mapping[str, str], where: str) -> None:
        note_embedded(recorder, headers, where)
        if headers.get(EMBEDDED_HEADER):
            raise InconclusiveError("identity", sentence.format(where=where))

    return check


def refuse_unsupported(words: str) -> None:
    """The check of a failed statement's words.

    Raises:
        InconclusiveError: the embedded engine says that it cannot evaluate the statement.
    """
    if _UNSUPPORTED in words.lower():
        raise InconclusiveError("unsupported_by_embedded_engine", words)
