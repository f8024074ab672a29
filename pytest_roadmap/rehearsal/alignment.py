"""How people record that the core documents refer to workstreams."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pytest_roadmap.adapters.document import PolicyError, read_policy, read_roadmap
from pytest_roadmap.adapters.document.markdown import read_markdown
from pytest_roadmap.domain.documents import GENERATED_ROADMAP
from pytest_roadmap.domain.outcome import AssetMissingError
from pytest_roadmap.domain.ports import Document
from pytest_roadmap.domain.references import Library, alignment_document, measured_alignment
from pytest_roadmap.domain.roadmap import Roadmap

ALIGNMENT = "reference-alignment"
_FOLDER = ".agents/logs/reviews/alignment"
_POLICY = ".roadmap/policy.yaml"


@dataclass(frozen=True, slots=True)
class _WorkingTree:
    root: Path

    def read(self, path: str) -> Document:
        """A file of the working tree."""
        file = self.root / path
        if not file.is_file():
            raise AssetMissingError(path, "it is absent")
        content = file.read_bytes()
        return Document(path, path, content, hashlib.sha256(content).hexdigest())


def write_alignment(repository: Path, now: datetime, *, left_out: int = 0) -> None:
    """Write the alignment evidence of today; the last ``left_out`` documents are forgotten."""
    content = (repository / GENERATED_ROADMAP).read_bytes()
    try:
        policy = read_policy(repository / _POLICY)
    except PolicyError:
        # Without a policy there are no tasks to refer to, and no run that would ask.
        return
    roadmap = read_roadmap(content, policy).roadmap or Roadmap(())
    library = Library(_WorkingTree(repository), read_markdown, roadmap, GENERATED_ROADMAP)
    core = library.core()
    known = core[: len(core) - left_out]
    there = [library.read(path) for path in known if (repository / path).is_file()]
    measured = measured_alignment(library, there)
    folder = repository / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    text = alignment_document(f"{now:%Y-%m-%d}", measured)
    (folder / f"{now:%Y%m%d}_reference_alignment.md").write_text(text, encoding="utf-8")


def withdraw_alignment(repository: Path) -> None:
    """Nobody has recorded the alignment."""
    for path in (repository / _FOLDER).glob("*.md"):
        path.unlink()
