"""Documents of the handover as the steps meet them: read, checked, locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_roadmap.domain.assets import Inventory, read_inventory
from pytest_roadmap.domain.handoff import (
    LockedDocument,
    canonical_digest,
    lock_problems,
    read_history,
    read_lock,
)
from pytest_roadmap.domain.outcome import AssetMissingError, BlockedError
from pytest_roadmap.domain.ports import Document, RepositoryPort, UnreadableDocumentError

INVENTORY = "handoff inventory"
#: Where the repository of the embedded environment keeps the roadmap.
GENERATED_ROADMAP = ".roadmap/implementation_roadmap.md"


#: Purposes over other documents than the locked inventory, and the names of those documents.
_PROCEDURES = {"rotation-procedure": "secrets rotation procedure"}


@dataclass(frozen=True, slots=True)
class AttestedSubject:
    """What an attestation of some purpose is over, and the time before which none can be given.

    ``gate`` is the gate it is bound to, None where it is bound to none.
    """

    digest: str
    not_before: datetime | None
    gate: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentRead:
    """A document by the name steps use, as plain values; ``problems`` say why it has none."""

    name: str
    data: Any = None
    problems: tuple[str, ...] = ()


def read_document(repository: RepositoryPort, name: str) -> DocumentRead:
    """The document as plain values; absent or unreadable, it says so itself.

    Raises:
        BlockedError: not bound, or an empty file: nobody has handed it over yet.
    """
    try:
        document = repository.document(name)
        is_text = document.path.endswith(".md")
        data = document.text if is_text else repository.load_yaml(document)
    except AssetMissingError as missing:
        return DocumentRead(name, problems=(f"no tracked file: {missing}",))
    except UnreadableDocumentError as unreadable:
        return DocumentRead(name, problems=(str(unreadable),))
    if not document.content.strip():
        raise BlockedError("missing_binding", name, f"{document.path} is empty", owner="Infra")
    return DocumentRead(name, data)


def load_inventory(repository: RepositoryPort, name: str = INVENTORY) -> Inventory:
    """The inventory as it stands in the working tree.

    Raises:
        BlockedError: not bound or empty. UnreadableDocumentError, AssetMissingError.
    """
    document = repository.document(name)
    if not document.content.strip():
        raise BlockedError("missing_binding", name, f"{document.path} is empty", owner="Infra")
    return read_inventory(repository.load_yaml(document))


def template_problems(repository: RepositoryPort, read: DocumentRead) -> tuple[str, ...]:
    """What the template (a JSON Schema beside the document) says against the document."""
    template = _found(repository, f"{_section(read.name)} schema")
    if template is None:
        return ("there is no template to follow",)
    return repository.schema_problems(read.data, template.path)


def read_locked_document(repository: RepositoryPort, name: str) -> LockedDocument:
    """A document with its lock, changelog and template; what is absent counts as not there.

    Raises:
        BlockedError: one of them is not bound, or the document itself is empty.
    """
    section = _section(name)
    document = repository.document(name)
    if not document.content.strip():
        raise BlockedError("missing_binding", name, f"{document.path} is empty", owner="Infra")
    template = _found(repository, f"{section} schema")
    return LockedDocument(
        digest=_digest(document),
        lock=read_lock(_values(repository, f"{section} lock attestation")),
        history=read_history(_values(repository, f"{section} changelog")),
        template_digest=_digest(template) if template else "no template",
    )


def attested_subject(repository: RepositoryPort, purpose: str) -> AttestedSubject:
    """The document, as it stands, that attestations of this purpose are over.

    Raises:
        BlockedError: the document is not bound, or nobody has written it yet.
    """
    name = _PROCEDURES.get(purpose)
    if name is None:
        locked = read_locked_document(repository, INVENTORY)
        return AttestedSubject(locked.digest, locked.locked_at)
    document = _found(repository, name)
    if document is None or not document.content.strip():
        raise BlockedError("missing_binding", name, "the procedure is not written", owner="Infra")
    return AttestedSubject(_digest(document), None)


def require_handed_over(repository: RepositoryPort, missing: Sequence[str]) -> None:
    """While the inventory is a draft, an asset that is not there has not been handed over.

    Raises:
        BlockedError: something is missing and the inventory is not locked (rules a.1, 4).
    """
    if missing and lock_problems(read_locked_document(repository, INVENTORY)):
        detail = "the inventory is still a draft and these do not exist"
        raise BlockedError("asset_not_handed_over", ", ".join(missing), detail, owner="Infra")


def _digest(document: Document) -> str:
    """The canonical digest; a text that is not UTF-8 has none, and no lock can name it."""
    try:
        return canonical_digest(document.content)
    except UnicodeDecodeError as error:
        return f"no digest, for it is not UTF-8 at byte {error.start}"


def _section(name: str) -> str:
    return name.partition(" ")[0]


def _found(repository: RepositoryPort, name: str) -> Document | None:
    try:
        return repository.document(name)
    except AssetMissingError:
        return None


def _values(repository: RepositoryPort, name: str) -> Any:
    document = _found(repository, name)
    try:
        return repository.load_yaml(document) if document else None
    except UnreadableDocumentError:
        return None
