"""The sample files of the generated repository, filled in for one start of the embedded cloud."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template

_SAMPLE = "sample"
#: Kinds of file in which a dollar sign is their own.
_VERBATIM = (".sh", ".json", "tools/databricks")
#: What starts with a dot in a repository, under names that packaging keeps.
_DOTTED = {"agents": ".agents", "specs": ".specs", "roadmap": ".roadmap", "gitignore": ".gitignore"}


def sample_files(values: Mapping[str, str]) -> dict[str, bytes]:
    """Path in the repository → content, with ``${name}`` filled in where the text is a template.

    Raises:
        KeyError: a template names a value that is not given.
    """
    found: dict[str, bytes] = {}
    for path, source in _walk(files(__package__) / _SAMPLE, ""):
        text = source.read_text(encoding="utf-8")
        filled = text if path.endswith(_VERBATIM) else Template(text).substitute(values)
        found[path] = filled.encode("utf-8")
    return found


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        name = entry.name if prefix else _DOTTED.get(entry.name, entry.name)
        path = f"{prefix}{name}"
        found += _walk(entry, f"{path}/") if entry.is_dir() else [(path, entry)]
    return found
