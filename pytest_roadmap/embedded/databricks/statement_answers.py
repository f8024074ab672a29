"""The result of a statement as manifest and chunks.

Source: https://docs.databricks.com/api/azure/workspace/statementexecution/getstatement (documented:
25 MiB inline limit, row and byte limits truncate). The size of a chunk is ours.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.sql.errors import SqlError

if TYPE_CHECKING:
    from pytest_roadmap.embedded.sql.outcome import ResultColumn, SqlOutcome

_INLINE_LIMIT = 25 * 1024 * 1024
_CHUNK_BYTES = 4 * 1024 * 1024
Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A kept result: its manifest, its rows, and where each chunk starts and ends."""

    manifest: dict[str, Any]
    rows: tuple[Row, ...]
    chunks: tuple[tuple[int, int], ...]


def answer_of(outcome: SqlOutcome, row_limit: int | None, byte_limit: int | None) -> Answer:
    """Cut a result to its limits and into chunks.

    Raises:
        SqlError: more than an inline answer can carry.
    """
    rows = outcome.rows if row_limit is None else outcome.rows[:row_limit]
    kept, chunks = _cut(rows, byte_limit)
    manifest = {
        "format": "JSON_ARRAY",
        "schema": {
            "column_count": len(outcome.columns),
            "columns": [_column(c, n) for n, c in enumerate(outcome.columns)],
        },
        "total_chunk_count": len(chunks),
        "chunks": [
            {"chunk_index": n, "row_offset": start, "row_count": end - start}
            for n, (start, end) in enumerate(chunks)
        ],
        "total_row_count": kept,
        "truncated": kept < len(outcome.rows),
    }
    return Answer(manifest, rows[:kept], chunks)


def _cut(rows: tuple[Row, ...], byte_limit: int | None) -> tuple[int, tuple[tuple[int, int], ...]]:
    total, in_chunk, start = 0, 0, 0
    chunks: list[tuple[int, int]] = []
    for position, row in enumerate(rows):
        size = len(json.dumps(row, ensure_ascii=False).encode()) + 1
        if byte_limit is not None and total + size > byte_limit:
            rows = rows[:position]
            break
        if total + size > _INLINE_LIMIT:
            raise SqlError(
                "INLINE_BYTE_LIMIT_EXCEEDED",
                "Inline byte limit exceeded. Statements executed with disposition=INLINE can have "
                f"a result size of at most {_INLINE_LIMIT} bytes.",
                "54000",
            )
        if in_chunk and in_chunk + size > _CHUNK_BYTES:
            chunks.append((start, position))
            start, in_chunk = position, 0
        total, in_chunk = total + size, in_chunk + size
    chunks.append((start, len(rows)))
    return len(rows), tuple(chunks)


def _column(column: ResultColumn, position: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "name": column.name,
        "type_text": column.type.sql,
        "type_name": column.type.api_name,
        "position": position,
    }
    if column.type.precision is not None:
        answer |= {"type_precision": column.type.precision, "type_scale": column.type.scale}
    return answer


def chunk_of(answer: Answer, index: int, statement_id: str) -> dict[str, Any]:
    """One chunk, with the way to the next."""
    start, end = answer.chunks[index]
    chunk: dict[str, Any] = {
        "chunk_index": index,
        "row_offset": start,
        "row_count": end - start,
        "data_array": [list(row) for row in answer.rows[start:end]],
    }
    if index + 1 < len(answer.chunks):
        following = index + 1
        chunk["next_chunk_index"] = following
        chunk["next_chunk_internal_link"] = (
            f"/api/2.0/sql/statements/{statement_id}/result/chunks/{following}"
        )
    return chunk
