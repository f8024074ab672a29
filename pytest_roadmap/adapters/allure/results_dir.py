"""The directory of Allure results: what is written there, and how."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from pytest_roadmap.adapters.allure.labels import with_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_CONFIG = ("categories.json",)


class ResultsDirectory:
    """Writes each file in one go; one that is there already is replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def clean(self) -> None:
        """Remove the results of earlier runs, and nothing else that may lie there."""
        for found in self.path.iterdir():
            if _is_allure_file(found.name):
                found.unlink()

    def write(self, name: str, text: str) -> None:
        """Write a file, or replace it."""
        target = f"{self.path}/{name}"
        content = text.encode("utf-8", "backslashreplace")
        try:
            _write(target, content, os.O_EXCL)
        except FileExistsError:
            temporary = f"{target}.tmp"
            _write(temporary, content, os.O_TRUNC)
            os.replace(temporary, target)  # noqa: PTH105 - Path costs ten times more

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Write one test result under its own uuid."""
        self.write(f"{result['uuid']}-result.json", json.dumps(result, ensure_ascii=False))

    def read(self, uuid: str) -> str | None:
        """The result with this uuid; None where there is none."""
        path = self.path / f"{uuid}-result.json"
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def link_record(self, uuids: Iterable[str], href: str, record_id: str) -> None:
        """Link results, already written, to the record that holds their evidence.

        A result that is not there was not run or not reported and is passed over.
        """
        for uuid in uuids:
            path = self.path / f"{uuid}-result.json"
            if path.exists():
                result = json.loads(path.read_text(encoding="utf-8"))
                self.write_result(with_record(result, href, record_id))

    def write_run(
        self,
        properties: Mapping[str, str],
        executor: Mapping[str, Any],
        config: Path | None = None,
    ) -> None:
        """Describe the run: environment, who ran it, and the categories of outcomes.

        Args:
            properties: shown as the environment of the report.
            executor: Allure's executor object.
            config: folder with ``categories.json``; None where the project has none.
        """
        lines = [f"{_key(key)}={_value(value)}" for key, value in properties.items()]
        self.write("environment.properties", "\n".join(lines) + "\n")
        self.write("executor.json", json.dumps(executor, ensure_ascii=False, indent=1) + "\n")
        for name in _CONFIG:
            source = None if config is None else config / name
            if source is not None and source.is_file():
                shutil.copyfile(source, self.path / name)


def _write(path: str, content: bytes, flag: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o644)
    try:
        os.write(handle, content)
    finally:
        os.close(handle)


def _key(text: str) -> str:
    return "_".join(text.replace("=", " ").replace(":", " ").split())


def _value(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").split())


def _is_allure_file(name: str) -> bool:
    return (
        name.endswith(("-result.json", "-container.json", "-globals.json", ".tmp"))
        or "-attachment" in name
        or name in ("environment.properties", "executor.json", *_CONFIG)
    )
