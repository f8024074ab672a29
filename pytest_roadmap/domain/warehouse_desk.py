"""Questions to the warehouse whose answer is rows, or a word of ours why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_roadmap.domain.outcome import (
    AccessRefusedError,
    AssetMissingError,
    InconclusiveError,
)
from pytest_roadmap.domain.ports import StatementResult, WorkspacePort

_NOT_FOUND = ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND")
_NO_TABLE = "42P01"

Cells = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class WarehouseDesk:
    """A workspace with a warehouse that runs."""

    workspace: WorkspacePort
    warehouse_id: str

    def ask(self, statement: str, **parameters: str) -> StatementResult:
        """The answer to a statement that must succeed.

        Raises:
            AssetMissingError: the table does not exist, or not for this identity.
            AccessRefusedError: refused. InconclusiveError: it failed in another way.
        """
        result = self.workspace.execute(
            statement, warehouse_id=self.warehouse_id, parameters=parameters
        )
        if result.state == "SUCCEEDED":
            return result
        resource = f"statement {result.statement_id}"
        if result.refused:
            raise AccessRefusedError(resource, result.error_message, code=result.error_code)
        missing = result.error_code in _NOT_FOUND or any(
            word in result.error_message for word in _NOT_FOUND
        )
        if missing or result.sql_state == _NO_TABLE:
            raise AssetMissingError(resource, result.error_message)
        raise InconclusiveError(
            "statement_failed", f"{resource} ended {result.state}: {result.error_message}"
        )

    def rows(self, statement: str, **parameters: str) -> tuple[Cells, ...]:
        """The rows of ``ask``."""
        return self.ask(statement, **parameters).rows

    def one(self, statement: str, **parameters: str) -> Cells:
        """The only row of ``ask``; a question that counts has one."""
        rows = self.rows(statement, **parameters)
        if len(rows) != 1:
            raise InconclusiveError("unexpected_answer", f"expected one row, got {len(rows)}")
        return rows[0]

    def named(self, statement: str, **parameters: str) -> tuple[Mapping[str, str | None], ...]:
        """The rows of ``ask`` by column name."""
        result = self.ask(statement, **parameters)
        return tuple(dict(zip(result.columns, row, strict=True)) for row in result.rows)
