"""The process that runs the Python of a task: standard library only, started by its path.

It speaks JSON lines: the first line it reads is the task; it asks for SQL, secrets and its user by
one line and reads one line of answer; its last line says how it ended. What the task prints is
collected and sent with that last line, so it never mixes with the questions.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import io
import json
import resource
import signal
import sys
import traceback
from typing import Any, NoReturn

_MEMORY = 1024 * 1024 * 1024
_CPU_S = 120
_LONGEST_S = 310
_MOST_LOGS = 10 * 1024 * 1024
_REDACTED = "[REDACTED]"


class NotebookExit(BaseException):
    """``dbutils.notebook.exit``: ends the task with a value, and well."""


class PySparkError(Exception):
    """A statement failed, in the service's words."""


class Channel:
    """Questions to the parent process."""

    def __init__(self) -> None:
        self._out, self._in = sys.stdout, sys.stdin

    def read(self) -> dict[str, Any]:
        """One line."""
        found: dict[str, Any] = json.loads(self._in.readline())
        return found

    def write(self, message: dict[str, Any]) -> None:
        """One line."""
        self._out.write(json.dumps(message) + "\n")
        self._out.flush()

    def ask(self, **message: Any) -> dict[str, Any]:
        """One question.

        Raises:
            PySparkError: what the parent refuses.
        """
        self.write(message)
        answer = self.read()
        if "error" in answer:
            raise PySparkError(answer["error"])
        return answer


class Row(tuple[Any, ...]):  # noqa: SLOT001 - subclasses carry the names of their columns
    """A row: values by position, by name and as attributes."""

    names: tuple[str, ...]

    def __getitem__(self, key: Any) -> Any:
        """A value by position or name."""
        return super().__getitem__(self.names.index(key) if isinstance(key, str) else key)

    def __getattr__(self, name: str) -> Any:
        """A value by name."""
        if name == "names" or name not in self.names:
            raise AttributeError(name)
        return self[name]

    def asDict(self) -> dict[str, Any]:  # noqa: N802 - the name PySpark gives it
        """Names and values."""
        return dict(zip(self.names, self, strict=True))


class DataFrame:
    """The rows of a statement that has run."""

    def __init__(self, columns: list[list[str]], rows: list[list[str | None]]) -> None:
        self.columns = [name for name, _ in columns]
        kind = type("NamedRow", (Row,), {"names": tuple(self.columns)})
        kinds = [kind_ for _, kind_ in columns]
        self._rows = [kind(_value(v, k) for v, k in zip(row, kinds, strict=True)) for row in rows]

    def collect(self) -> list[Any]:
        """All rows."""
        return list(self._rows)

    def first(self) -> Any:
        """The first row, or None."""
        return self._rows[0] if self._rows else None

    def count(self) -> int:
        """How many rows."""
        return len(self._rows)

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse the rest of PySpark by name."""
        raise AttributeError(f"DataFrame.{name} is unsupported by the embedded cloud")


class Spark:
    """``spark``: statements only."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def sql(self, statement: str, args: dict[str, Any] | None = None) -> DataFrame:
        """Run a statement as the principal of the run; ``args`` are its named parameters."""
        arguments = {name: _parameter(value) for name, value in (args or {}).items()}
        found = self._channel.ask(kind="sql", statement=statement, arguments=arguments)
        return DataFrame(found["columns"], found["rows"])


class Widgets:
    """``dbutils.widgets``."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def get(self, name: str) -> str:
        """The value of a parameter of the task."""
        if name not in self._values:
            raise ValueError(f"InputWidgetNotDefined: No input widget named {name} is defined")
        return self._values[name]

    def text(self, name: str, default: str, _label: str = "") -> None:
        """Declare a parameter with its default."""
        self._values.setdefault(name, default)


class Notebook:
    """``dbutils.notebook``."""

    @staticmethod
    def exit(value: Any) -> NoReturn:
        """End the task with this value."""
        raise NotebookExit(str(value))


class Secrets:
    """``dbutils.secrets``; values it gave out are redacted from what the task prints."""

    def __init__(self, channel: Channel, shown: set[str]) -> None:
        self._channel, self._shown = channel, shown

    def get(self, scope: str, key: str) -> str:
        """The value of a secret."""
        value = str(self._channel.ask(kind="secret", scope=scope, key=key)["value"])
        self._shown.add(value)
        return value


class DbUtils:
    """``dbutils``."""

    def __init__(self, channel: Channel, widgets: dict[str, str], shown: set[str]) -> None:
        self.widgets, self.notebook = Widgets(widgets), Notebook()
        self.secrets = Secrets(channel, shown)


def _value(text: str | None, kind: str) -> Any:  # noqa: PLR0911 - one line for each type
    if text is None:
        return None
    kind = kind.upper()
    if kind in ("BYTE", "SHORT", "INT", "LONG", "TINYINT", "SMALLINT", "BIGINT", "INTEGER"):
        return int(text)
    if kind in ("FLOAT", "DOUBLE"):
        return float(text)
    if kind == "BOOLEAN":
        return text == "true"
    if kind.startswith("DECIMAL"):
        return decimal.Decimal(text)
    if kind == "DATE":
        return dt.date.fromisoformat(text)
    if kind == "TIMESTAMP":
        return dt.datetime.fromisoformat(text)
    return text


def _parameter(value: Any) -> tuple[str | None, str]:
    if value is None or isinstance(value, str):
        return value, "STRING"
    if isinstance(value, bool):
        return ("true" if value else "false"), "BOOLEAN"
    if isinstance(value, int):
        return str(value), "BIGINT"
    if isinstance(value, float):
        return repr(value), "DOUBLE"
    if isinstance(value, dt.datetime):
        return value.isoformat(), "TIMESTAMP"
    if isinstance(value, dt.date):
        return value.isoformat(), "DATE"
    raise TypeError(f"A parameter of type {type(value).__name__} is unsupported here")


def main() -> None:
    """Read the task, run it, say how it ended."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(_LONGEST_S)
    channel = Channel()
    task = channel.read()
    shown: set[str] = set()
    names = {
        "__name__": "__main__",
        "spark": Spark(channel),
        "dbutils": DbUtils(channel, dict(task["widgets"]), shown),
        "current_user": lambda: channel.ask(kind="user")["value"],
    }
    sys.argv, sys.stdin = [task["path"], *task["arguments"]], io.StringIO()
    printed = io.StringIO()
    ended: dict[str, Any] = {"kind": "ended", "exited": None, "error": "", "trace": ""}
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            exec(compile(task["source"], task["path"], "exec"), names)  # noqa: S102 - its purpose
        except NotebookExit as end:
            ended["exited"] = str(end)
        except SystemExit as end:
            if end.code not in (None, 0):
                ended["error"] = f"SystemExit: {end.code}"
        except BaseException as error:  # noqa: BLE001 - whatever the task raises is its result
            ended["error"] = f"{type(error).__name__}: {error}"
            ended["trace"] = traceback.format_exc()
    ended["logs"] = printed.getvalue()[:_MOST_LOGS]
    for name, text in ended.items():
        if isinstance(text, str) and name != "kind":
            ended[name] = _redacted(text, shown)
    channel.write(ended)


def _redacted(text: str, shown: set[str]) -> str:
    for value in sorted(filter(None, shown), key=len, reverse=True):
        text = text.replace(value, _REDACTED)
    return text


if __name__ == "__main__":
    main()
