"""The project repository of the embedded environment, made new at each start (rules g.4)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_roadmap.domain.documents import GENERATED_ROADMAP
from pytest_roadmap.domain.ports import Clock
from pytest_roadmap.rehearsal.acts import signatures
from pytest_roadmap.rehearsal.alignment import write_alignment
from pytest_roadmap.rehearsal.configuration import first_configuration
from pytest_roadmap.rehearsal.handover import (
    CHANGELOG,
    INVENTORY,
    LOCK,
    SIGNERS,
    TEMPLATE,
    Revision,
    changelog_document,
    lock_document,
    sign_lock,
)
from pytest_roadmap.rehearsal.history import Commit, commit_all, make_history
from pytest_roadmap.rehearsal.people import make_keys, person, signers_document
from pytest_roadmap.rehearsal.procedures import sign_rotation
from pytest_roadmap.rehearsal.templates import sample_files

#: Beside the repository: the state of the cloud that its records are of, and its clock.
CLOUD = "cloud.json"
#: Files that can be executed.
_TOOLS = frozenset({"audit_cloud_state.sh", "tools/databricks"})
#: What the working tree itself brings along.
_PROJECT = (GENERATED_ROADMAP, ".roadmap/policy.yaml")
_FEATURES = "features"

#: How long after the lock the last signature is committed.
_SIGNING = timedelta(hours=3)

#: How long before the start the one incident of the past was resolved.
_RESOLVED = timedelta(hours=24)

#: How long before the start the versions of the inventory were made, and when it was locked.
_DRAFT, _REVIEW, _FINAL, _LOCKED = (timedelta(days=d) for d in (21, 12, 5, 4))


def generate_repository(
    base: Path, connection: Mapping[str, Any], clock: Clock, *, root: Path
) -> Path:
    """Make ``base/repository`` and, outside of it, ``base/keys`` anew; the repository.

    Args:
        base: a folder of this run alone; an older repository in it is removed.
        connection: ``databricks_url, azure_url, warehouse_id`` of the running cloud.
        clock: the time all dates are relative to.
        root: the working tree that gives the roadmap document, policy and features.
    """
    repository, keys = base / "repository", base / "keys"
    for folder in (repository, keys):
        shutil.rmtree(folder, ignore_errors=True)
    noted = {key: connection.get(key) for key in ("state_id", "clock_offset_s")}
    (base / CLOUD).write_text(json.dumps(noted), "utf-8")
    now = clock().replace(microsecond=0)
    values = {key: str(connection[key]) for key in ("databricks_url", "azure_url", "warehouse_id")}
    dates = {
        "today": f"{now:%Y-%m-%d}",
        "incident_resolved": (now - _RESOLVED).isoformat(),
    }
    files = sample_files(values | dates) | _project_files(root)
    signers = make_keys(keys)
    files[SIGNERS] = signers_document(signers, now - timedelta(days=365))
    make_history(repository, _commits(files, now))
    locked = now - _LOCKED
    for number, signature in enumerate(signatures(locked), 1):
        sign_lock(repository, keys, number, signature)
    commit_all(repository, "Sign the lock of the handoff inventory", locked + _SIGNING)
    sign_rotation(repository, keys, locked + _SIGNING)
    commit_all(repository, "Sign the rotation procedure", locked + 2 * _SIGNING)
    aligned = locked + 3 * _SIGNING
    write_alignment(repository, aligned)
    commit_all(repository, "Record the alignment of the references", aligned)
    return repository


def _commits(files: Mapping[str, bytes], now: datetime) -> tuple[Commit, ...]:
    """The project with a first inventory, a fuller one, the locked one, the right configuration."""
    revisions = _revisions(files[INVENTORY], now)
    locked = now - _LOCKED
    lock = lock_document(revisions[-1], files[TEMPLATE], locked)
    handed = [
        {INVENTORY: revision.inventory, CHANGELOG: changelog_document(revisions[:count])}
        for count, revision in enumerate(revisions, 1)
    ]
    drafts = first_configuration(files)
    changes = (dict(files) | drafts | handed[0], handed[1], handed[2] | {LOCK: lock})
    times = (revisions[0].at, revisions[1].at, locked)
    handover = tuple(
        Commit(revision.author, revision.author, at, revision.reason, change, _TOOLS)
        for revision, at, change in zip(revisions, times, changes, strict=True)
    )
    return (*handover, _corrected({path: files[path] for path in drafts}, locked + _SIGNING / 2))


def _corrected(configuration: Mapping[str, bytes], at: datetime) -> Commit:
    """Somebody compared the configuration with the platform and corrected it."""
    who = person("yun.data").address
    return Commit(who, who, at, "Correct the configuration to the measured values", configuration)


def _revisions(inventory: bytes, now: datetime) -> tuple[Revision, ...]:
    """How the inventory grew: without its last asset, with one value still open, whole."""
    infra, platform = person("infra.park").address, person("seo.platform").address
    first = inventory[: inventory.rindex(b"  - kind: ")]
    second = inventory.replace(b"verify: false", b"verify: true")
    return (
        Revision("0.9.0", now - _DRAFT, infra, "first list of the assets", first),
        Revision("1.0.0", now - _REVIEW, platform, "secret scope added after review", second),
        Revision("1.0.1", now - _FINAL, infra, "purpose of the account is a remark", inventory),
    )


def _project_files(root: Path) -> dict[str, bytes]:
    """Document, policy and features as they stand in the working tree."""
    found = {path: (root / path).read_bytes() for path in _PROJECT}
    for path in sorted((root / _FEATURES).rglob("*")):
        if path.is_file() and path.suffix in (".feature", ".yaml"):
            found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found
