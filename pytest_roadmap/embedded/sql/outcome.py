"""Results in the service's words: column types, values as strings, errors."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.sql.errors import SqlError, unresolved_column, unsupported
from pytest_roadmap.embedded.sql.macros import RAISE_MARK, UNSUPPORTED_MARK
from pytest_roadmap.embedded.sql.types import SqlType, parse_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MAX_LONG = 2**63
_RAISED = {
    "DIVIDE_BY_ZERO": ("Division by zero. Use `try_divide` to tolerate divisor being 0.", "22012"),
    "CAST_INVALID_INPUT": ("A value cannot be cast because it is malformed.", "22018"),
}
_MARKED = re.compile(rf"(?:{RAISE_MARK}|{UNSUPPORTED_MARK})([^\n]*)")
_UNRESOLVED = re.compile(r"Referenced (column|table)|does not have a column")
_NAMED = re.compile(r'(?:column|table)(?: named)? "([^"]*)"', re.IGNORECASE)
_PLAIN_LOW, _PLAIN_HIGH = 1e-3, 1e7


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """One column of a result."""

    name: str
    type: SqlType


@dataclass(frozen=True, slots=True)
class SqlOutcome:
    """What a statement gave: columns and rows of strings or None."""

    columns: tuple[ResultColumn, ...]
    rows: tuple[tuple[str | None, ...], ...]
    statement_type: str = "OTHER"


def table_of(
    statement_type: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]
) -> SqlOutcome:
    """An outcome from plain values; ``columns`` are name and type."""
    typed = tuple(ResultColumn(name, _any_type(kind)) for name, kind in columns)
    return SqlOutcome(typed, tuple(tuple(as_text(v) for v in row) for row in rows), statement_type)


def _any_type(text: str) -> SqlType:
    return SqlType(text) if text in ("MAP", "STRUCT", "ARRAY") else parse_type(text)


def as_text(value: Any) -> str | None:  # noqa: C901, PLR0911 - one line for each type
    """A value as JSON_ARRAY carries it.

    Timestamps are ISO 8601 with milliseconds and Z, maps and lists are JSON (documented);
    doubles print as Java does (assumed).
    Source: https://docs.databricks.com/api/azure/workspace/statementexecution
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return java_double(value)
    if isinstance(value, int):
        if not -_MAX_LONG <= value < _MAX_LONG:
            raise SqlError("ARITHMETIC_OVERFLOW", "long overflow.", "22003")
        return str(value)
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, str):
        return value
    raise unsupported(f"A result value of type {type(value).__name__}")


def java_double(value: float) -> str:
    """``1.0E10`` where Python says ``10000000000.0``."""
    if math.isnan(value):
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or _PLAIN_LOW <= abs(value) < _PLAIN_HIGH:
        text = format(Decimal(repr(value)), "f")
        return text if "." in text else f"{text}.0"
    digits, _, exponent = f"{Decimal(repr(value)):E}".partition("E")
    whole, _, fraction = digits.partition(".")
    fraction = fraction.rstrip("0") or "0"
    return f"{whole}.{fraction}E{int(exponent)}"


def translate_error(error: Exception) -> SqlError:
    """A DuckDB error as the service would put it; values, names of storage and hints are left out.

    The text of the engine is never handed on: it may quote rows or internal names.
    """
    message = str(error)
    marked = _MARKED.search(message)
    if marked is not None:
        return _marked(message, marked[1].strip().strip("'\""))
    kind = type(error).__name__
    if kind == "BinderException" and _UNRESOLVED.search(message):
        named = _NAMED.search(message)
        return unresolved_column(f"`{named[1]}`" if named else "of the statement")
    if kind == "ConversionException" and "out of range" in message:
        kind = "OutOfRangeException"
    found = _BY_KIND.get(kind)
    if found is not None:
        return SqlError(*found)
    if kind == "InterruptException":
        return SqlError("OPERATION_CANCELED", "The statement was canceled.", "HY008")
    return unsupported(f"This expression ({kind.removesuffix('Exception')} in translation)")


_BY_KIND = {
    "ConversionException": ("CAST_INVALID_INPUT", *_RAISED["CAST_INVALID_INPUT"]),
    "OutOfRangeException": ("ARITHMETIC_OVERFLOW", "A number is out of range.", "22003"),
    "ConstraintException": (
        "DELTA_NOT_NULL_CONSTRAINT_VIOLATED",
        "NOT NULL constraint violated for a column.",
        "23502",
    ),
}


def _marked(message: str, text: str) -> SqlError:
    if RAISE_MARK in message:
        condition = text.split(maxsplit=1)[0]
        sentence, state = _RAISED[condition]
        return SqlError(condition, sentence, state)
    return unsupported(text)
