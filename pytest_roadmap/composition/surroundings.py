"""What the records of a project are held against, read from its files and from git (rules d.4)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_roadmap.adapters.evidence.files import UnreadableFileError, read_plain_file
from pytest_roadmap.adapters.repository.git import (
    GitError,
    git_top_level,
    path_problem,
    time_added,
)
from pytest_roadmap.adapters.repository.lock_file import proven_now
from pytest_roadmap.adapters.repository.reach import reach_of
from pytest_roadmap.domain.provenance import Surroundings, attestation_ids, input_digests

if TYPE_CHECKING:
    from pytest_roadmap.adapters.evidence.signers import SignerRegistry
    from pytest_roadmap.domain.environment import Environment
    from pytest_roadmap.domain.evidence import Record
    from pytest_roadmap.domain.policy import Policy

_ENVIRONMENTS = Path(".roadmap/environments")
_ATTESTATIONS = Path(".roadmap/attestations")
_SIGNERS = Path(".roadmap/signers.yaml")
_NAME = re.compile(r"[a-z][a-z0-9_-]*", re.ASCII)
_MAX_BYTES = 8 << 20


def surroundings_of(
    root: Path,
    records: Iterable[Record],
    feature_digests: Mapping[str, str],
    policy: Policy,
    *,
    now: datetime,
    signers: SignerRegistry | None = None,
) -> Surroundings:
    """What the records speak of, as it is now.

    Args:
        root: the project.
        records: those to be judged; only what they name is looked at.
        feature_digests: of the present features, by scenario id.
        policy: names the protected branch.
        now: the time at which attestations are judged, UTC.
        signers: who may sign; None where there is no ``signers.yaml``.

    Raises:
        LockFileError: the lock of what is proven cannot be read.
    """
    found = tuple(records)
    if not found:
        return Surroundings()
    commits = {str(record.runner.get("git_commit")) for record in found}
    scenarios = {result.scenario_id for record in found for result in record.scenarios}
    environments, unusable = _environments(root, {record.environment for record in found})
    return Surroundings(
        environments=environments,
        unusable=unusable,
        commits=reach_of(root, policy.protected_branch, sorted(commits - {"None"})),
        inputs=_digests(root, {path for each in found for path, _ in input_digests(each)}),
        proven=proven_now(
            root, {name: each for name, each in feature_digests.items() if name in scenarios}
        ),
        attestations=_attestations(root, found, now, signers),
    )


def project_signers(root: Path, records: Iterable[Record]) -> SignerRegistry | None:
    """Who may sign, where a record rests on signatures; None where that is unknown or broken."""
    path = root / _SIGNERS
    if not path.is_file() or not any(attestation_ids(record) for record in records):
        return None
    from pytest_roadmap.adapters.evidence.signers import (  # noqa: PLC0415 - imports crypto
        SignerRegistry,
        SignersError,
    )

    try:
        return SignerRegistry.load(path)
    except SignersError:
        return None


def _environments(
    root: Path, names: Iterable[str]
) -> tuple[dict[str, Environment], dict[str, str]]:
    from pytest_roadmap.adapters.environment import (  # noqa: PLC0415 - only where there are records
        EnvironmentFileError,
        read_environment,
    )
    from pytest_roadmap.composition.kinds import rules_of  # noqa: PLC0415 - as above

    usable: dict[str, Environment] = {}
    unusable: dict[str, str] = {}
    for name in names:
        path = root / _ENVIRONMENTS / f"{name}.yaml"
        if not _NAME.fullmatch(name) or not path.is_file():
            continue
        try:
            shown = path.relative_to(root).as_posix()
            usable[name] = read_environment(path, rules_of=rules_of, shown=shown)
        except EnvironmentFileError as error:
            unusable[name] = str(error).partition("\n")[0]
    return usable, unusable


def _digests(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """The digests of the files that are there; paths are those of the repository."""
    try:
        top = git_top_level(root)
    except GitError:
        top = root
    found: dict[str, str] = {}
    for path in paths:
        if path_problem(path) is None:
            try:
                content = read_plain_file(top / path, _MAX_BYTES)
            except UnreadableFileError:
                continue
            found[path] = hashlib.sha256(content).hexdigest()
    return found


def _attestations(
    root: Path, records: Iterable[Record], now: datetime, signers: SignerRegistry | None
) -> dict[str, str]:
    if not any(attestation_ids(record) for record in records):
        return {}
    from pytest_roadmap.adapters.evidence.present_attestations import (  # noqa: PLC0415 - imports crypto
        present_attestations,
    )
    from pytest_roadmap.adapters.evidence.verifying import Bench  # noqa: PLC0415

    bench = Bench(root, now, signers, added_at=lambda path: time_added(root, path))
    return present_attestations(root / _ATTESTATIONS, bench)
