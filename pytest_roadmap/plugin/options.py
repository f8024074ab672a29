"""The command line options of the plugin, and the roadmap project they lead to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = ".roadmap/implementation_roadmap.md"
FEATURES = "features"
EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class RoadmapOptions:
    """What the command line asked for; ``root`` is the directory of the project."""

    root: Path
    document: Path
    environment: str
    evidence_dir: Path | None
    embedded_url: str | None
    force_mutation: bool
    respect_deps: bool

    @property
    def features(self) -> Path:
        """The folder that holds the features of the roadmap, and nothing else."""
        return self.root / FEATURES


def add_options(parser: pytest.Parser) -> None:
    """Add the help group ``roadmap``."""
    group = parser.getgroup("roadmap", "acceptance of a roadmap by its features")
    group.addoption(
        "--roadmap-env",
        metavar="NAME",
        default=EMBEDDED,
        help="environment to run against: 'embedded' (default; a local cloud is started and stopped"
        " by the run) or the name of a file .roadmap/environments/NAME.yaml",
    )
    group.addoption(
        "--roadmap-document",
        metavar="FILE",
        help=f"the roadmap document (default: {DOCUMENT} below the root directory)",
    )
    group.addoption(
        "--roadmap-evidence-dir",
        metavar="DIR",
        help="where the records of a real environment are written (default: the slots named in the"
        " document); embedded runs always write below build/embedded",
    )
    group.addoption(
        "--roadmap-embedded-url",
        metavar="URL",
        help="use the embedded cloud that already listens there, with its state as it is"
        " (default: the environment variable ROADMAP_EMBEDDED_URL, else a fresh one is started)",
    )
    group.addoption(
        "--force-mutation",
        action="store_true",
        help="run scenarios that change something even where their task waits for another task",
    )
    group.addoption(
        "--respect-deps",
        action="store_true",
        help="run no scenario at all of a task that waits for another task",
    )


def read_options(config: pytest.Config) -> RoadmapOptions | None:
    """The options, or None where the root directory is no roadmap project."""
    root = config.rootpath
    given = config.getoption("roadmap_document")
    document = config.invocation_params.dir / given if given else root / DOCUMENT
    if not given and not document.is_file():
        return None
    if not document.is_file():
        raise pytest.UsageError(f"--roadmap-document: there is no file {document}")
    evidence_dir = config.getoption("roadmap_evidence_dir")
    return RoadmapOptions(
        root=root,
        document=document,
        environment=config.getoption("roadmap_env"),
        evidence_dir=config.invocation_params.dir / evidence_dir if evidence_dir else None,
        embedded_url=config.getoption("roadmap_embedded_url")
        or os.environ.get("ROADMAP_EMBEDDED_URL")
        or None,
        force_mutation=config.getoption("force_mutation"),
        respect_deps=config.getoption("respect_deps"),
    )
