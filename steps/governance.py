"""Sentences about how the roadmap is kept: phases of the past, and who refers to what."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_bdd import parsers, then, when

from pytest_roadmap.domain.documents import DocumentRead
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.legacy_map import map_coverage, map_problems, phase_targets
from pytest_roadmap.domain.markdown import MarkdownText, SectionRead
from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.ports import Document, RepositoryPort
from pytest_roadmap.domain.recording import Expect, Recorder
from pytest_roadmap.domain.references import (
    Library,
    TextsRead,
    alignment_problems,
    broken_links,
    external_links,
    measured_alignment,
    phase_problems,
    read_texts,
    workstream_problems,
)
from pytest_roadmap.domain.roadmap import Roadmap


@then("the map has one well-formed row per phase")
def map_is_well_formed(section_read: SectionRead, expect: Expect) -> None:
    expect.none("the map has one well-formed row per phase", map_problems(section_read))


@then(parsers.re(r'phase "(?P<phase>[^"]*)" leads to existing tasks'))
def phase_leads_to_tasks(
    phase: str, section_read: SectionRead, roadmap: Roadmap, expect: Expect
) -> None:
    targets = phase_targets(section_read, phase, roadmap)
    expect.none(f"every target of Phase {phase} resolves", targets.faults)
    listed = ", ".join(targets.tasks)
    expect.at_least(f"tasks of Phase {phase} ({listed})", 1, len(targets.tasks))


@then("uncovered and doubly covered tasks are listed")
def coverage_is_listed(
    section_read: SectionRead, roadmap: Roadmap, recorder: Recorder, expect: Expect
) -> None:
    coverage = map_coverage(section_read, roadmap)
    expect.none("the coverage of every task is known", coverage.faults)
    for claim, tasks in (("no phase", coverage.uncovered), ("several phases", coverage.several)):
        recorder.assertion(f"tasks in {claim}", "listed", list(tasks), holds=True)


@pytest.fixture
def library(
    repository: RepositoryPort,
    read_markdown: Callable[[str], MarkdownText],
    roadmap: Roadmap,
) -> Library:
    return Library(repository, read_markdown, roadmap, repository.document("roadmap").path)


def _texts(library: Library, repository: RepositoryPort, documents: str) -> TextsRead:
    if documents == "the core documents":
        return read_texts(library, library.core())
    return read_texts(library, [repository.document(documents).path])


@when(
    parsers.re(r'the links and anchors of "(?P<documents>[^"]*)" are resolved'),
    target_fixture="broken",
)
def links_are_resolved(
    documents: str, library: Library, repository: RepositoryPort
) -> tuple[str, ...]:
    read = _texts(library, repository, documents)
    return (*read.problems, *(each for text in read.texts for each in broken_links(library, text)))


@then(parsers.re(r'every link and anchor in "(?P<documents>[^"]*)" resolves'))
def every_link_resolves(
    documents: str,
    library: Library,
    repository: RepositoryPort,
    environment: Environment,
    expect: Expect,
) -> None:
    read = _texts(library, repository, documents)
    broken = [each for text in read.texts for each in broken_links(library, text)]
    expect.none(f"every link and anchor in {documents} resolves", [*read.problems, *broken])
    expect.at_least("links that were followed", 1, sum(len(t.text.links) for t in read.texts))
    external = [each for text in read.texts for each in external_links(text)]
    if external and environment.get("documents.external_links") != "skip":
        raise InconclusiveError("external_links", f"not opened: {', '.join(external)}")


@when(
    parsers.re(r'the legacy phase mentions of "(?P<documents>[^"]*)" are read'),
    target_fixture="texts_read",
)
def phase_mentions_are_read(
    documents: str, library: Library, repository: RepositoryPort
) -> TextsRead:
    return _texts(library, repository, documents)


@then("each mention is explained by a link or by the map")
def mentions_are_explained(texts_read: TextsRead, library: Library, expect: Expect) -> None:
    expect.none("the documents can be read", texts_read.problems)
    problems = [each for text in texts_read.texts for each in phase_problems(library, text)]
    expect.none("each mention of a Legacy Phase is explained by a link or by the map", problems)


@then(parsers.re(r'"(?P<document>[^"]*)" links to its workstream'))
def links_to_its_workstream(
    document: str,
    document_read: DocumentRead,
    library: Library,
    repository: RepositoryPort,
    expect: Expect,
) -> None:
    expect.none(f"{document} can be read", document_read.problems)
    text = library.read(repository.document(document).path)
    expect.none(f"{document} links to its workstream", workstream_problems(library, text))


@when(
    parsers.re(r'the records under "(?P<records>[^"]*)" are read'),
    target_fixture="records_read",
)
def records_are_read(records: str, repository: RepositoryPort) -> tuple[Document, ...]:
    return repository.records(records)


@then("the alignment evidence matches what is there now")
def alignment_matches(records_read: tuple[Document, ...], library: Library, expect: Expect) -> None:
    read = read_texts(library, library.core())
    newest = library.read_markdown(records_read[-1].text) if records_read else None
    problems = alignment_problems(newest, measured_alignment(library, read.texts))
    expect.none("the newest alignment evidence matches", [*read.problems, *problems])
