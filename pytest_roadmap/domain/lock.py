"""What has been proven, and the digests it was proven for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pytest_roadmap.domain.controls import Proof, ProofWord

SCHEMA = "roadmap-controls-lock/1"


def digest_of(files: Iterable[tuple[str, bytes]]) -> str:
    """One digest over names and contents, whatever their order."""
    total = hashlib.sha256()
    for name, content in sorted(files):
        total.update(f"{len(name)}:{name}:{len(content)}:".encode())
        total.update(content)
    return f"sha256:{total.hexdigest()}"


def lock_key(feature: bytes, controls: bytes, steps: str, package: str) -> str:
    """The key of one task's entry: what can change how a scenario or a control of it ends.

    Args:
        feature: the feature file.
        controls: its controls file.
        steps: the digest of the project's steps.
        package: the digest of this package.
    """
    parts = (
        ("feature", feature),
        ("controls", controls),
        ("steps", steps.encode()),
        ("package", package.encode()),
    )
    return digest_of(parts)


def lock_problem(found: Any) -> str | None:
    """Why this is no lock, in a sentence; None if it is one."""
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        return f"expected a JSON object with the schema {SCHEMA!r}"
    tasks = found.get("tasks")
    if not isinstance(tasks, dict) or not all(isinstance(each, dict) for each in tasks.values()):
        return "expected 'tasks' to map each task id to an object"
    return None


def lock_entry(key: str, proofs: Sequence[Proof]) -> dict[str, Any]:
    """What the lock says of one task; ``proofs`` are all good."""
    controls: dict[str, list[str]] = {}
    for proof in proofs:
        proven = controls.setdefault(proof.scenario_id, [])
        if proof.control is not None and proof.word in (ProofWord.KILLED, ProofWord.GUARDED):
            proven.append(proof.control.control_id)
    return {"key": key, "scenarios": {name: sorted(ids) for name, ids in sorted(controls.items())}}


def merged_lock(
    known: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]], tasks: Iterable[str]
) -> dict[str, Any]:
    """The lock with new entries; entries of tasks that are not among ``tasks`` are dropped."""
    present = set(tasks)
    kept = {task: entry for task, entry in known.get("tasks", {}).items() if task in present}
    return {"schema": SCHEMA, "tasks": dict(sorted({**kept, **entries}.items()))}


def outdated(known: Mapping[str, Any], keys: Mapping[str, str]) -> tuple[str, ...]:
    """The tasks whose entry is missing or was proven for other digests."""
    tasks = known.get("tasks", {})
    return tuple(
        task for task, key in sorted(keys.items()) if tasks.get(task, {}).get("key") != key
    )


def proven_counts(known: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, int]:
    """How many controls each scenario was proven by, for the tasks whose key is the present one."""
    counts: dict[str, int] = {}
    stale = frozenset(outdated(known, keys))
    for task in keys.keys() - stale:
        scenarios = known["tasks"][task].get("scenarios")
        if isinstance(scenarios, dict):
            counts.update((name, len(ids)) for name, ids in scenarios.items() if _ids(ids))
    return counts


def _ids(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
