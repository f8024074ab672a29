"""The checks of the document's texts: look-alikes, references, and phases of the past."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rapidfuzz.fuzz import token_sort_ratio

from pytest_roadmap.adapters.document.anchors import read_listed
from pytest_roadmap.adapters.document.dedupe import read_dedupe
from pytest_roadmap.adapters.document.prose import read_prose
from pytest_roadmap.adapters.document.registers import RegisterError
from pytest_roadmap.cli._sources import TrackedSources
from pytest_roadmap.domain.quality import qa02, qa03, qa05
from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.quality.gates import check_gates

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.roadmap import Roadmap

_DEDUPE = Path(".roadmap/dedupe.yaml")


def check_texts(
    roadmap: Roadmap, lines: Sequence[str], policy: Policy, checks: Collection[str], root: Path
) -> Iterator[Finding]:
    """The findings of QA-02, QA-03, QA-05 and gates, whichever are asked."""
    if qa02.CHECK in checks:
        yield from _duplicates(roadmap, policy, root)
    if "gates" in checks:
        yield from check_gates(roadmap, policy)
    if qa03.CHECK in checks:
        sources = TrackedSources(root, policy.qa["allow_untracked"])
        yield from qa03.check_references(roadmap, sources, read_listed("\n".join(lines)))
    if qa05.CHECK in checks:
        yield from qa05.check_phases(roadmap, *read_prose("\n".join(lines)))


def _duplicates(roadmap: Roadmap, policy: Policy, root: Path) -> Iterator[Finding]:
    try:
        known = read_dedupe(root / _DEDUPE)
    except RegisterError as error:
        sentence = f"{error.key}: {error.sentence}" if error.key else error.sentence
        file = _DEDUPE.as_posix()
        code = "ADJUDICATIONS_UNREADABLE"
        yield Finding(qa02.CHECK, code, Level.ERROR, None, None, sentence, file)
        known = ()
    limits = qa02.Limits(
        policy.qa["dedupe_threshold"],
        policy.qa["subtask_threshold"],
        policy.qa["subtask_min_tokens"],
    )
    yield from qa02.check_duplicates(roadmap, known, score_texts, limits)


def score_texts(one: str, other: str, cutoff: float) -> float:
    """How alike two texts are whatever the order of their words, 0 to 100; 0 below the cut-off."""
    return token_sort_ratio(one, other, score_cutoff=cutoff)
