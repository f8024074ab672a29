"""The lock of what is proven, and for which scenarios it holds now (rules d.4, d.6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_roadmap.adapters.repository.git import GitError, run_git, tracked_problem
from pytest_roadmap.adapters.repository.sources import package_digest, steps_digest
from pytest_roadmap.domain.evidence import ProvenControls
from pytest_roadmap.domain.lock import lock_key, lock_problem, proven_counts

LOCK = Path(".roadmap/controls.lock.json")
CONTROLS_END = ".controls.yaml"
_FEATURES = Path("features")
_PACKAGE = Path("pytest_roadmap")


class LockFileError(Exception):
    """The lock cannot be read as one; the sentence names the file and what to do."""


def read_lock_file(root: Path) -> Mapping[str, Any]:
    """The lock as it is; empty when there is none.

    Raises:
        LockFileError: it cannot be read as one.
    """
    remedy = "delete it and run 'roadmap prove --write'"
    try:
        found = json.loads((root / LOCK).read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise LockFileError(f"{LOCK}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise LockFileError(f"{LOCK}: {error}: {remedy}") from error
    problem = lock_problem(found)
    if problem is not None:
        raise LockFileError(f"{LOCK}: {problem}: {remedy}")
    return dict(found)


def proven_now(root: Path, feature_digests: Mapping[str, str]) -> dict[str, int]:
    """How many controls of each scenario the tracked lock proves for the code that is here.

    Args:
        root: the project.
        feature_digests: ``sha256:…`` of the feature file of each scenario asked for.

    Raises:
        LockFileError: the lock cannot be read.
    """
    lock = read_lock_file(root)
    if not lock or not feature_digests or not _tracked(root):
        return {}
    owners = {digest: name.partition(".")[0] for name, digest in feature_digests.items()}
    keys = _keys(root, owners)
    counts = proven_counts(lock, keys)
    return {name: count for name, count in counts.items() if name in feature_digests}


def proven_controls(root: Path, feature_digests: Mapping[str, str]) -> dict[str, ProvenControls]:
    """The same with the commit that brought the lock; empty where none did.

    Raises:
        LockFileError: the lock cannot be read.
    """
    counts = proven_now(root, feature_digests)
    commit = _last_commit(root) if counts else None
    return {name: ProvenControls(count, commit) for name, count in counts.items() if commit}


def _keys(root: Path, owners: Mapping[str, str]) -> dict[str, str]:
    """The present key of each task whose feature file is here."""
    found: dict[str, str] = {}
    code = steps_digest(root), package_digest(_package(root))
    for path in sorted((root / _FEATURES).rglob("*.feature")):
        controls = path.with_name(path.stem + CONTROLS_END)
        feature = path.read_bytes()
        task = owners.get(f"sha256:{hashlib.sha256(feature).hexdigest()}")
        if task is not None and controls.is_file():
            found[task] = lock_key(feature, controls.read_bytes(), *code)
    return found


def _package(root: Path) -> Path:
    """This package: the sources in the project where it holds them, else what is installed."""
    own = root / _PACKAGE
    return own if (own / "__init__.py").is_file() else Path(__file__).parents[2]


def _tracked(root: Path) -> bool:
    try:
        return tracked_problem(root, LOCK.as_posix()) is None
    except GitError:
        return False


def _last_commit(root: Path) -> str | None:
    try:
        printed = run_git(root, "log", "--max-count=1", "--format=%H", "--", LOCK.as_posix())
    except GitError:
        return None
    return printed.decode("ascii", "replace").strip() or None
