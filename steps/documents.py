"""Sentences about the documents of the repository: read, complete, locked, accounted for."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import given, parsers, then, when

from pytest_roadmap.domain.assets import form_problems, read_inventory
from pytest_roadmap.domain.documents import (
    DocumentRead,
    read_document,
    read_locked_document,
    template_problems,
)
from pytest_roadmap.domain.handoff import LockedDocument, history_problems, lock_problems
from pytest_roadmap.domain.markdown import MarkdownText, SectionRead, read_section
from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.ports import Clock, Document, RepositoryPort
from pytest_roadmap.domain.recording import Expect
from pytest_roadmap.domain.roadmap import Roadmap


@given("the roadmap document is parsed", target_fixture="roadmap_document")
def roadmap_document_is_parsed(repository: RepositoryPort, roadmap: Roadmap) -> Document:
    document = repository.document("roadmap")
    if not roadmap.tasks:
        raise InconclusiveError("no_tasks", f"{document.path} holds no task")
    return document


@when(
    parsers.re(r'the table under "(?P<heading>[^"]*)" of "(?P<document>[^"]*)" is read'),
    target_fixture="section_read",
)
def table_is_read(
    heading: str,
    document: str,
    repository: RepositoryPort,
    read_markdown: Callable[[str], MarkdownText],
) -> SectionRead:
    return read_section(read_markdown(repository.document(document).text), heading, document)


@when(
    parsers.re(r'the document "(?P<document>[^"]*)" is read'),
    target_fixture="document_read",
)
def document_is_read(document: str, repository: RepositoryPort) -> DocumentRead:
    return read_document(repository, document)


@then(parsers.re(r'"(?P<document>[^"]*)" is complete and well-formed'))
def complete_and_well_formed(
    document: str, document_read: DocumentRead, repository: RepositoryPort, expect: Expect
) -> None:
    expect.none(f"{document} can be read", document_read.problems)
    expect.none(f"{document} follows its template", template_problems(repository, document_read))
    inventory = read_inventory(document_read.data)
    expect.none(f"{document} has no open or malformed item", form_problems(inventory))
    locked = read_locked_document(repository, document)
    named = locked.lock.template_digest if locked.lock else "no lock"
    expect.equal("the lock names the template in force", named, locked.template_digest)


@when(
    parsers.re(r'the digests of "(?P<document>[^"]*)" are recomputed'),
    target_fixture="locked_document",
)
def digests_are_recomputed(document: str, repository: RepositoryPort) -> LockedDocument:
    return read_locked_document(repository, document)


@then(parsers.re(r'"(?P<document>[^"]*)" is locked at its current digest'))
def locked_at_current_digest(
    document: str, locked_document: LockedDocument, expect: Expect
) -> None:
    expect.none(f"{document} is locked as it stands", lock_problems(locked_document))


@then("every change in its history is accounted for")
def history_is_accounted_for(locked_document: LockedDocument, clock: Clock, expect: Expect) -> None:
    problems = history_problems(locked_document, clock())
    expect.none("the history is an unbroken chain of versions", problems)
    expect.at_least("versions in the changelog", 1, len(locked_document.history))
