"""A port that is built when it is first used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Deferred:
    """Stands for what ``build`` returns and builds it once, at the first access.

    A scenario that reads documents only then needs no sign-in, and a missing binding shows where
    the platform is first needed.
    """

    def __init__(self, build: Callable[[], Any]) -> None:
        self._build = build
        self._built: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._built is None:
            self._built = self._build()
        return getattr(self._built, name)
