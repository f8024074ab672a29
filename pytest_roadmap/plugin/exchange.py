"""What the controller and the workers of one distributed run tell each other, in one directory."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SELECTION = "selection.json"
_CONNECTION = "connection.json"
_RESULTS = "results.jsonl"


class Exchange:
    """A private directory: the selection of the workers, the cloud and results so far.

    Workers and controller of pytest-xdist have no channel of their own for plugins before a worker
    ends; the directory is one.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._offset = 0

    @classmethod
    def create(cls) -> Exchange:
        """A new directory that only this user can read."""
        return cls(Path(tempfile.mkdtemp(prefix="pytest-roadmap-")))

    @classmethod
    def at(cls, directory: str) -> Exchange:
        """The directory that the controller made."""
        return cls(Path(directory))

    def remove(self) -> None:
        """Take the directory away."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def write_selection(self, selection: Mapping[str, Any]) -> None:
        """Worker: say what was collected and selected. Every worker says the same."""
        self._write(_SELECTION, selection)

    def read_selection(self) -> dict[str, Any] | None:
        """Controller: what the workers selected; None when no roadmap scenario was collected."""
        return self._read(_SELECTION)

    def write_connection(self, connection: Mapping[str, Any]) -> None:
        """Controller: say where the embedded cloud listens."""
        self._write(_CONNECTION, connection)

    def read_connection(self) -> dict[str, Any] | None:
        """Worker: where the embedded cloud listens; None when the run has none."""
        return self._read(_CONNECTION)

    def publish(self, result: Mapping[str, Any]) -> None:
        """Controller: a scenario has ended, and its record, if any, is written."""
        with (self.directory / _RESULTS).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(result, ensure_ascii=False, default=str) + "\n")

    def new_results(self) -> Iterator[dict[str, Any]]:
        """Worker: the results published since the last call, in order."""
        path = self.directory / _RESULTS
        if not path.exists():
            return
        with path.open("rb") as stream:
            stream.seek(self._offset)
            for line in stream:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                yield json.loads(line)

    def _write(self, name: str, value: Mapping[str, Any]) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.directory)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(value, stream, ensure_ascii=False)
        Path(temporary).replace(self.directory / name)

    def _read(self, name: str) -> dict[str, Any] | None:
        path = self.directory / name
        if not path.exists():
            return None
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return value
