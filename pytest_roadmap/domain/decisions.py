"""Decisions that a check waits for, as the decision list of the project states them."""

from __future__ import annotations

from collections.abc import Callable

from pytest_roadmap.domain.markdown import MarkdownText
from pytest_roadmap.domain.outcome import AssetMissingError, BlockedError
from pytest_roadmap.domain.ports import RepositoryPort

#: Under which identity the jobs run.
EXECUTION_IDENTITY = "D-018"
_LIST = "decision list"
_CLOSED = frozenset({"closed", "decided", "done"})


def require_decided(
    repository: RepositoryPort, read_markdown: Callable[[str], MarkdownText], decision: str
) -> None:
    """The decision list says that a decision is closed.

    Raises:
        BlockedError: it is open, the list does not name it, or there is no list.
    """
    try:
        document = repository.document(_LIST)
    except AssetMissingError as missing:
        raise BlockedError("missing_binding", "documents.decision_list", str(missing)) from missing
    row = decision_row(read_markdown(document.text), decision)
    status, owner = row.get("status", ""), row.get("owner", "")
    if status.casefold() not in _CLOSED:
        said = f"its status is {status or 'empty'}" if row else "the list does not name it"
        detail = f"{document.path}: {said}; decide it and write closed"
        raise BlockedError(f"decision_open({decision})", "", detail, owner=owner)


def decision_row(text: MarkdownText, decision: str) -> dict[str, str]:
    """The cells of a decision by column, names in lower case; nothing where it is not listed."""
    for table in text.tables:
        columns = [column.strip().casefold() for column in table.columns]
        if "id" not in columns or "status" not in columns:
            continue
        for row in table.rows:
            cells = dict(zip(columns, (cell.strip() for cell in row.cells), strict=True))
            if cells["id"] == decision:
                return cells
    return {}
