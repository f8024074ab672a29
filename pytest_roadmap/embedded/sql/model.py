"""What a statement can ask for: one value type for each kind the engine knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

Name = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """SELECT, VALUES, set operations."""

    tree: exp.Expr


@dataclass(frozen=True, slots=True)
class Insert:
    """INSERT INTO or INSERT OVERWRITE a table."""

    target: exp.Table
    columns: tuple[str, ...]
    source: exp.Expr
    overwrite: bool
    by_name: bool


@dataclass(frozen=True, slots=True)
class InsertDirectory:
    """INSERT OVERWRITE DIRECTORY."""

    path: str
    file_format: str
    options: tuple[tuple[str, str], ...]
    source: exp.Expr


@dataclass(frozen=True, slots=True)
class Update:
    """UPDATE."""

    tree: exp.Update


@dataclass(frozen=True, slots=True)
class Delete:
    """DELETE and TRUNCATE."""

    target: exp.Table
    where: exp.Expr | None
    operation: str = "DELETE"


@dataclass(frozen=True, slots=True)
class Merge:
    """MERGE INTO."""

    tree: exp.Merge


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A column of CREATE TABLE or ADD COLUMNS."""

    name: str
    type_text: str
    nullable: bool = True
    comment: str = ""


@dataclass(frozen=True, slots=True)
class CreateTable:
    """CREATE TABLE, with columns or AS a query."""

    name: Name
    columns: tuple[ColumnSpec, ...]
    source: exp.Expr | None
    replace: bool
    if_not_exists: bool
    comment: str
    properties: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CreateView:
    """CREATE VIEW; ``text`` is the query as written."""

    name: Name
    columns: tuple[str, ...]
    source: exp.Expr
    text: str
    replace: bool
    if_not_exists: bool


@dataclass(frozen=True, slots=True)
class CreateFunction:
    """CREATE FUNCTION with a SQL expression, usable as a row filter."""

    name: Name
    parameters: tuple[str, ...]
    text: str
    replace: bool


@dataclass(frozen=True, slots=True)
class CreateSchema:
    """CREATE SCHEMA."""

    name: Name
    if_not_exists: bool
    comment: str


@dataclass(frozen=True, slots=True)
class Drop:
    """DROP SCHEMA, TABLE, VIEW or FUNCTION."""

    kind: str
    name: Name
    if_exists: bool
    cascade: bool


@dataclass(frozen=True, slots=True)
class AlterOwner:
    """ALTER … OWNER TO."""

    kind: str
    name: Name
    owner: str


@dataclass(frozen=True, slots=True)
class AddColumns:
    """ALTER TABLE … ADD COLUMNS."""

    name: Name
    columns: tuple[ColumnSpec, ...]


@dataclass(frozen=True, slots=True)
class SetProperties:
    """ALTER TABLE … SET TBLPROPERTIES."""

    name: Name
    properties: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SetRowFilter:
    """ALTER TABLE … SET ROW FILTER f ON (columns), or DROP ROW FILTER with no function."""

    name: Name
    function: Name
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """GRANT or REVOKE."""

    privileges: tuple[str, ...]
    kind: str
    name: Name
    principal: str
    revoke: bool


@dataclass(frozen=True, slots=True)
class ShowGrants:
    """SHOW GRANTS, all or of one principal."""

    kind: str
    name: Name
    principal: str


@dataclass(frozen=True, slots=True)
class Show:
    """SHOW CATALOGS, SCHEMAS, TABLES, VIEWS, VOLUMES; ``pattern`` as in LIKE, or empty."""

    what: str
    name: Name
    pattern: str


@dataclass(frozen=True, slots=True)
class Describe:
    """DESCRIBE: ``what`` is TABLE, EXTENDED, DETAIL, HISTORY, SCHEMA or CATALOG."""

    what: str
    name: Name
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Restore:
    """RESTORE TABLE."""

    name: Name
    version: exp.Expr
    kind: str


@dataclass(frozen=True, slots=True)
class ListPath:
    """LIST '<url>'."""

    path: str
    limit: int | None


Statement = (
    Query
    | Insert
    | InsertDirectory
    | Update
    | Delete
    | Merge
    | CreateTable
    | CreateView
    | CreateFunction
    | CreateSchema
    | Drop
    | AlterOwner
    | AddColumns
    | SetProperties
    | SetRowFilter
    | Grant
    | ShowGrants
    | Show
    | Describe
    | Restore
    | ListPath
)
