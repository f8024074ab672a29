"""Whether the packages of the embedded environment are installed."""

from __future__ import annotations

import re
from importlib import metadata

_PACKAGE = "pytest-roadmap"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_OF_EXTRA = re.compile(r"""extra\s*==\s*["']embedded["']""")


def missing_packages() -> tuple[str, ...]:
    """The packages of the extra ``embedded`` that are not there."""
    wanted = (line for line in metadata.requires(_PACKAGE) or () if _OF_EXTRA.search(line))
    names = (match.group() for line in wanted if (match := _NAME.match(line)))
    return tuple(name for name in names if not _installed(name))


def advice(missing: tuple[str, ...]) -> str:
    """What to do about it, in a sentence."""
    return (
        f"the embedded environment needs {', '.join(missing)}, which this Python does not have:"
        f" run pip install '{_PACKAGE}[embedded]', or choose a real environment with --roadmap-env"
    )


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
