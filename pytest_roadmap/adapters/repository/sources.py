"""The code that decides how a scenario ends, as digests for the lock."""

from __future__ import annotations

from pathlib import Path

import pytest_roadmap
from pytest_roadmap.domain.lock import digest_of

_STEPS = Path("steps")
_CONFTEST = Path("conftest.py")
_BUILT = frozenset({"__pycache__", "build"})
#: A proof runs nothing above ``proving``: the commands may change without a new proof.
_ABOVE = frozenset({"cli"})


def steps_digest(root: Path) -> str:
    """Of the project's steps and of the ``conftest.py`` that loads them."""
    found = [(f"steps/{name}", content) for name, content in _sources(root / _STEPS)]
    conftest = root / _CONFTEST
    if conftest.is_file():
        found.append((conftest.name, conftest.read_bytes()))
    return digest_of(found)


def package_digest(package: Path = Path(pytest_roadmap.__file__).parent) -> str:
    """Of all in this package that a proof can run."""
    return digest_of(
        (name, content)
        for name, content in _sources(package)
        if name.partition("/")[0] not in _ABOVE
    )


def _sources(folder: Path) -> list[tuple[str, bytes]]:
    """Every file below a folder by its path there, but what is hidden or built."""
    return [
        (inside.as_posix(), path.read_bytes())
        for path in folder.rglob("*")
        for inside in [path.relative_to(folder)]
        if path.is_file() and not any(_apart(part) for part in inside.parts)
    ]


def _apart(part: str) -> bool:
    return part.startswith(".") or part in _BUILT or part.endswith((".pyc", "~"))
