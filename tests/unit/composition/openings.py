"""Options to open the environments of a project with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_roadmap.composition import RunOptions

ROOT = Path(__file__).parents[3]


ME = "/api/2.0/preview/scim/v2/Me"


def options(root: Path, environment: str, **more: Any) -> RunOptions:
    return RunOptions(root, root / ".roadmap/implementation_roadmap.md", environment, **more)
