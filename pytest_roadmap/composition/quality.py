"""The checks of the document's texts: sources, look-alikes, references, and phases of the past."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rapidfuzz.fuzz import token_set_ratio, token_sort_ratio

from pytest_roadmap.adapters.document.anchors import read_listed
from pytest_roadmap.adapters.document.dedupe import read_dedupe
from pytest_roadmap.adapters.document.item_mapping import read_mapping
from pytest_roadmap.adapters.document.policy import PolicyError, read_policy
from pytest_roadmap.adapters.document.prose import read_prose
from pytest_roadmap.adapters.document.reader import read_roadmap_file
from pytest_roadmap.adapters.document.registers import RegisterError
from pytest_roadmap.adapters.repository.git import committed_versions
from pytest_roadmap.composition.sources import TrackedSources
from pytest_roadmap.domain.gate import CheckResult
from pytest_roadmap.domain.quality import defaults, qa01, qa02, qa03, qa05
from pytest_roadmap.domain.quality.finding import Finding, Level, has_errors
from pytest_roadmap.domain.quality.gates import check_gates

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.quality.qa02 import Adjudication
    from pytest_roadmap.domain.roadmap import Roadmap

POLICY = Path(".roadmap/policy.yaml")
#: The checks of texts that the gates ask (rules b.4).
GATE_CHECKS = (qa01.CHECK, qa02.CHECK, qa03.CHECK, qa05.CHECK)
#: What is found where a check could not judge everything: it is inconclusive then, never a pass.
UNJUDGED = frozenset({"SOURCE_UNREAD", "REF_UNJUDGED"})
#: How many committed versions of the document the map of Legacy Phases is compared with.
_KEPT_VERSIONS = 2
_DEDUPE = Path(".roadmap/dedupe.yaml")
_ITEMS = Path(".roadmap/source_items.yaml")
_COMPLETENESS = "QA-04"


def check_texts(
    roadmap: Roadmap,
    lines: Sequence[str],
    policy: Policy,
    checks: Collection[str],
    root: Path,
    document: Path,
) -> Iterator[Finding]:
    """The findings of QA-01, QA-02, QA-03, QA-05, gates and defaults, whichever are asked."""
    text = "\n".join(lines)
    sources = TrackedSources(root, policy.qa["allow_untracked"])
    if {qa01.CHECK, qa02.CHECK} & set(checks):
        yield from _items(roadmap, text, checks, sources, root, document)
    if qa02.CHECK in checks:
        yield from _duplicates(roadmap, policy, root)
    if "gates" in checks:
        yield from check_gates(roadmap, policy)
    if qa03.CHECK in checks:
        yield from qa03.check_references(roadmap, sources, read_listed(text))
    if qa05.CHECK in checks:
        yield from qa05.check_phases(roadmap, *read_prose(text))
    if defaults.CHECK in checks:
        backlog = policy.qa["backlog"]
        yield from defaults.check_backlog(roadmap, backlog["tag"], backlog["after"])
        before = committed_versions(root, own_path(root, document), _KEPT_VERSIONS)
        maps = [read_prose(each.decode("utf-8", "replace"))[1] for each in before]
        yield from defaults.check_legacy_kept(read_prose(text)[1], maps)


@dataclass(frozen=True, slots=True)
class QualityReport:
    """The results of QA-01 to QA-05, as gates ask for them, and what is in the way of a pass."""

    results: Mapping[str, CheckResult]
    findings: tuple[Finding, ...] = ()


def judge_quality(root: Path, document: Path) -> QualityReport:
    """Ask QA-01 to QA-05 of the project at ``root``; one that cannot be read fails QA-04."""
    unreadable = {_COMPLETENESS: CheckResult.FAIL}
    try:
        policy = read_policy(root / POLICY)
    except PolicyError as error:
        finding = Finding(_COMPLETENESS, "POLICY_INVALID", Level.ERROR, None, None, str(error))
        return QualityReport(unreadable, (finding,))
    reading = read_roadmap_file(document, policy)
    if reading.roadmap is None:
        return QualityReport(unreadable, tuple(_in_the_way(reading.findings)))
    checks = GATE_CHECKS
    findings = tuple(check_texts(reading.roadmap, reading.lines, policy, checks, root, document))
    results = {check: _result(check, findings) for check in checks}
    sound = not has_errors(reading.findings)
    results[_COMPLETENESS] = CheckResult.PASS if sound else CheckResult.FAIL
    found = tuple(_in_the_way([*reading.findings, *findings]))
    return QualityReport(dict(sorted(results.items())), found)


def _in_the_way(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        if finding.level is Level.ERROR or finding.code in UNJUDGED:
            yield finding


def _result(check: str, findings: Sequence[Finding]) -> CheckResult:
    own = [finding for finding in findings if finding.check == check]
    if has_errors(own):
        return CheckResult.FAIL
    unjudged = any(finding.code in UNJUDGED for finding in own)
    return CheckResult.INCONCLUSIVE if unjudged else CheckResult.PASS


def _items(
    roadmap: Roadmap,
    text: str,
    checks: Collection[str],
    sources: TrackedSources,
    root: Path,
    document: Path,
) -> Iterator[Finding]:
    """QA-01, and the part of QA-02 that looks at the same items."""
    own = own_path(root, document)
    items = sources.items(qa01.listed_sources(roadmap, read_listed(text), own))
    mapping: Mapping[str, str] = {}
    try:
        mapping = read_mapping(root / _ITEMS)
    except RegisterError as error:
        if qa01.CHECK in checks:
            yield _unreadable(qa01.CHECK, "SOURCE_ITEMS_UNREADABLE", error, _ITEMS)
    if qa01.CHECK in checks:
        yield from qa01.check_items(roadmap, items, mapping, score_words, own)
    if qa02.CHECK in checks:
        yield from qa02.check_shared(roadmap, qa01.shared_items(roadmap, items, mapping))


def own_path(root: Path, document: Path) -> str:
    """How the project's documents name the roadmap document."""
    path, base = (root / document).resolve(), root.resolve()
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else document.as_posix()


def _duplicates(roadmap: Roadmap, policy: Policy, root: Path) -> Iterator[Finding]:
    known: tuple[Adjudication, ...] = ()
    try:
        known = read_dedupe(root / _DEDUPE)
    except RegisterError as error:
        yield _unreadable(qa02.CHECK, "ADJUDICATIONS_UNREADABLE", error, _DEDUPE)
    limits = qa02.Limits(
        policy.qa["dedupe_threshold"],
        policy.qa["subtask_threshold"],
        policy.qa["subtask_min_tokens"],
    )
    yield from qa02.check_duplicates(roadmap, known, score_texts, limits)


def _unreadable(check: str, code: str, error: RegisterError, file: Path) -> Finding:
    sentence = f"{error.key}: {error.sentence}" if error.key else error.sentence
    return Finding(check, code, Level.ERROR, None, None, sentence, file.as_posix())


def score_texts(one: str, other: str, cutoff: float) -> float:
    """How alike two texts are whatever the order of their words, 0 to 100; 0 below the cut-off."""
    return token_sort_ratio(one, other, score_cutoff=cutoff)


def score_words(one: str, other: str, cutoff: float) -> float:
    """How far one text holds the words of the other, 0 to 100; 0 below the cut-off."""
    return token_set_ratio(one, other, score_cutoff=cutoff)
