"""The column types this engine carries, in the service's words and in DuckDB's."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_roadmap.embedded.sql.errors import unsupported

_NAMES = {
    "STRING": ("STRING", "VARCHAR"),
    "TEXT": ("STRING", "VARCHAR"),
    "VARCHAR": ("STRING", "VARCHAR"),
    "INT": ("INT", "INTEGER"),
    "INTEGER": ("INT", "INTEGER"),
    "BIGINT": ("BIGINT", "BIGINT"),
    "LONG": ("BIGINT", "BIGINT"),
    "HUGEINT": ("BIGINT", "BIGINT"),  # DuckDB's sum of integers; the value is range-checked later
    "SMALLINT": ("SMALLINT", "SMALLINT"),
    "SHORT": ("SMALLINT", "SMALLINT"),
    "TINYINT": ("TINYINT", "TINYINT"),
    "BYTE": ("TINYINT", "TINYINT"),
    "DOUBLE": ("DOUBLE", "DOUBLE"),
    "FLOAT": ("FLOAT", "FLOAT"),
    "REAL": ("FLOAT", "FLOAT"),
    "BOOLEAN": ("BOOLEAN", "BOOLEAN"),
    "DATE": ("DATE", "DATE"),
    "TIMESTAMP": ("TIMESTAMP", "TIMESTAMP"),
    "TIMESTAMPTZ": ("TIMESTAMP", "TIMESTAMP"),  # sqlglot's name of the Databricks TIMESTAMP
    "DECIMAL": ("DECIMAL", "DECIMAL"),
    "NUMERIC": ("DECIMAL", "DECIMAL"),
    "DEC": ("DECIMAL", "DECIMAL"),
    "VOID": ("VOID", "INTEGER"),
    '"NULL"': ("VOID", "INTEGER"),
    "NULL": ("VOID", "INTEGER"),
}
_API_NAMES = {"BIGINT": "LONG", "SMALLINT": "SHORT", "TINYINT": "BYTE", "VOID": "NULL"}
_TYPE = re.compile(r'^\s*("?[A-Za-z_]+"?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*$')
MAX_PRECISION = 38


@dataclass(frozen=True, slots=True)
class SqlType:
    """One scalar type. ``precision`` and ``scale`` are set for DECIMAL only."""

    name: str
    precision: int | None = None
    scale: int | None = None

    @property
    def text(self) -> str:
        """As DESCRIBE shows it: lower case, e.g. ``decimal(10,2)``."""
        return self.sql.lower()

    @property
    def sql(self) -> str:
        """As a manifest shows it in ``type_text``."""
        return self.name if self.precision is None else f"DECIMAL({self.precision},{self.scale})"

    @property
    def api_name(self) -> str:
        """As a manifest shows it in ``type_name``."""
        return _API_NAMES.get(self.name, self.name)

    @property
    def duckdb(self) -> str:
        """The storage type."""
        return self.sql if self.name == "DECIMAL" else _NAMES[self.name][1]


def parse_type(text: str) -> SqlType:
    """Read a type name of either engine.

    Raises:
        SqlError: a type this engine does not carry (arrays, structs, binary, intervals …).
    """
    match = _TYPE.match(text)
    if match is None or match[1].upper() not in _NAMES:
        raise unsupported(f"The data type {text.strip()[:60]}")
    name = _NAMES[match[1].upper()][0]
    if name != "DECIMAL":
        if match[2] is not None:
            raise unsupported(f"The data type {text.strip()[:60]}")
        return SqlType(name)
    precision, scale = int(match[2] or 10), int(match[3] or 0)
    if not (1 <= precision <= MAX_PRECISION and scale <= precision):
        raise unsupported(f"The data type {text.strip()[:60]}")
    return SqlType("DECIMAL", precision, scale)
