"""External paths: INSERT OVERWRITE DIRECTORY, LIST and read_files over the embedded storage.

DuckDB never sees a path. Whether a principal may use one is decided by ``embedded/storage.py``.
Source: https://docs.databricks.com/en/sql/language-manual/functions/read_files.html (documented)
"""

from __future__ import annotations

import csv
import io
import secrets
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from pytest_roadmap.embedded import storage
from pytest_roadmap.embedded.sql.access import in_sql_words
from pytest_roadmap.embedded.sql.errors import SqlError, unsupported
from pytest_roadmap.embedded.sql.information_schema import literal_relation
from pytest_roadmap.embedded.sql.outcome import SqlOutcome, as_text, table_of
from pytest_roadmap.embedded.sql.reader import Reader
from pytest_roadmap.embedded.sql.types import SqlType, parse_type

if TYPE_CHECKING:
    from pytest_roadmap.embedded.sql.model import InsertDirectory, ListPath
    from pytest_roadmap.embedded.sql.work import Work

_CSV_OPTIONS = {"header", "sep", "delimiter"}
_MAX_ROWS = 10_000
_LISTED = (
    ("path", "STRING"),
    ("name", "STRING"),
    ("size", "BIGINT"),
    ("modification_time", "TIMESTAMP"),
)


def require(work: Work, url: str, privilege: str) -> str:
    """The path in its canonical form, if the caller may use it this way.

    Raises:
        SqlError: 42501 for a missing privilege; the storage's own refusal is another error.
    """
    with in_sql_words():
        storage.require_path(work.state, work.access.principal, url, privilege)
        return storage.canonical(url)


def list_path(work: Work, statement: ListPath) -> SqlOutcome:
    """The entries directly below the path, directories first by name as one listing."""
    url = require(work, statement.path, "READ_FILES")
    found = storage.list_objects(work.state, url)
    if not found and storage.split_url(url)[2] != "/":
        raise _path_missing(url)
    root = url.rstrip("/") + "/"
    entries: dict[str, tuple[str, str, int, Any]] = {}
    for key, content in found.items():
        name, below, _ = key.removeprefix(root).partition("/")
        path = f"{root}{name}{'/' if below else ''}" if key != url else key
        size = 0 if below else len(content)
        entries.setdefault(path, (path, name + below, size, work.state.storage_times.get(key)))
    rows = sorted(entries.values())
    return table_of("OTHER", _LISTED, rows if statement.limit is None else rows[: statement.limit])


def insert_directory(
    work: Work, statement: InsertDirectory, rows: list[tuple[Any, ...]], names: list[str]
) -> SqlOutcome:
    """Replace the directory by one CSV file with the rows (and ``_SUCCESS``, as Spark writes)."""
    url = require(work, statement.path, "WRITE_FILES").rstrip("/")
    options = _csv_options(statement.options)
    storage.delete_objects(work.state, url)
    content = write_csv(rows, names if options["header"] else None, options["sep"])
    part = f"{url}/part-00000-{secrets.token_hex(8)}-c000.csv"
    storage.write_object(work.state, part, content, work.now)
    storage.write_object(work.state, f"{url}/_SUCCESS", b"", work.now)
    return table_of(
        "INSERT",
        (("num_affected_rows", "BIGINT"), ("num_inserted_rows", "BIGINT")),
        [(len(rows), len(rows))],
    )


def check_directory(work: Work, statement: InsertDirectory) -> None:
    """Refuse before the query runs: format, options, path, privilege."""
    if statement.file_format != "csv":
        raise unsupported(f"INSERT OVERWRITE DIRECTORY USING {statement.file_format[:20]}")
    _csv_options(statement.options)
    require(work, statement.path, "WRITE_FILES")


def _csv_options(pairs: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    given = {key.lower(): value for key, value in pairs}
    odd = set(given) - _CSV_OPTIONS
    if odd:
        raise unsupported(f"The option {min(odd)[:40]}")
    sep = given.get("sep", given.get("delimiter", ","))
    if len(sep) != 1 or sep in '"\\\r\n':
        raise unsupported("This separator")
    header = given.get("header", "false").lower()
    if header not in ("true", "false"):
        raise unsupported("This value of header")
    return {"header": header == "true", "sep": sep}


def write_csv(rows: list[tuple[Any, ...]], names: list[str] | None, sep: str) -> bytes:
    """CSV as Spark writes it for values without quotes or line ends.

    Raises:
        SqlError: a text whose quoting differs between Spark and the usual CSV.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter=sep, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    for row in [*([tuple(names)] if names else []), *rows]:
        texts = [as_text(value) for value in row]
        if any(text and set(text) & set('"\\\r\n') for text in texts):
            raise unsupported("A CSV value with quotes, backslashes or line ends")
        # An empty text is written as "" and a null as nothing, as Spark does.
        out.write(sep.join('""' if t == "" else _field(t, sep) for t in texts) + "\n")
    del writer
    return out.getvalue().encode()


def _field(text: str | None, sep: str) -> str:
    if text is None:
        return ""
    return f'"{text}"' if sep in text else text


def read_files(work: Work, call: exp.Anonymous) -> exp.Expr:
    """``read_files('<url>', format => 'csv', schema => '…' [, header => …])`` as literal rows."""
    path, options = _arguments(work, call)
    if options.pop("format", "").lower() != "csv" or "schema" not in options:
        raise unsupported("read_files without format => 'csv' and a schema")
    columns = _schema(options.pop("schema"))
    csv_options = _csv_options(tuple(options.items()))
    url = require(work, path, "READ_FILES")
    found = storage.read_objects(work.state, url)
    if not found:
        raise _path_missing(url)
    rows: list[tuple[str | None, ...]] = []
    for key, content in found.items():
        if not key.rpartition("/")[2].startswith(("_", ".")):
            rows.extend(_read_csv(content, csv_options, len(columns)))
    if len(rows) > _MAX_ROWS:
        raise unsupported(f"read_files over more than {_MAX_ROWS} rows")
    return _typed(columns, rows)


def _typed(columns: list[tuple[str, SqlType]], rows: list[tuple[str | None, ...]]) -> exp.Expr:
    texts = literal_relation(tuple(f"t{n}" for n in range(len(columns))), list(rows))
    texts.set("alias", exp.TableAlias(this=exp.to_identifier("_texts", quoted=True)))
    select = exp.Select(
        expressions=[
            exp.alias_(_cast(f"t{n}", kind), name, quoted=True)
            for n, (name, kind) in enumerate(columns)
        ]
    )
    select.set("from_", exp.From(this=texts))
    return exp.Subquery(this=select)


def _cast(column: str, kind: SqlType) -> exp.Expr:
    to = exp.DataType.build(kind.sql, dialect="databricks")
    return exp.Cast(this=exp.column(column, quoted=True), to=to)


def _arguments(work: Work, call: exp.Anonymous) -> tuple[str, dict[str, str]]:
    path, options = "", {}
    for position, argument in enumerate(call.expressions):
        if isinstance(argument, exp.Kwarg):
            value = work.constant(argument.expression)
            options[argument.this.name.lower()] = (
                str(value).lower() if isinstance(value, bool) else value
            )
        elif position == 0:
            path = work.constant(argument)
        else:
            raise unsupported("This argument of read_files")
    if not isinstance(path, str) or not all(isinstance(v, str) for v in options.values()):
        raise unsupported("This argument of read_files")
    return path, options


def _schema(text: str) -> list[tuple[str, SqlType]]:
    reader = Reader(text)
    columns = [(reader.identifier().lower(), parse_type(reader.type_text()))]
    while reader.accept(","):
        columns.append((reader.identifier().lower(), parse_type(reader.type_text())))
    reader.end()
    return columns


def _read_csv(content: bytes, options: dict[str, Any], width: int) -> list[tuple[str | None, ...]]:
    text = content.decode("utf-8", errors="replace")
    lines = text.split("\n")[1 if options["header"] else 0 :]
    rows = []
    for line in filter(None, lines):
        fields = next(csv.reader([line], delimiter=options["sep"]), [])
        quoted_empty = line == '""'
        values = [None if field == "" and not quoted_empty else field for field in fields]
        rows.append(tuple((values + [None] * width)[:width]))
    return rows


def _path_missing(url: str) -> SqlError:
    return SqlError("PATH_NOT_FOUND", f"Path does not exist: {url}.", "42K03")
