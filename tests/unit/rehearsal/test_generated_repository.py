"""The embedded environment gets a repository with a history, and people who sign in it."""

import stat
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from pytest_roadmap.adapters.environment.reading import read_environment
from pytest_roadmap.adapters.evidence.attest import RepositoryAttestations
from pytest_roadmap.adapters.evidence.signers import SignerRegistry
from pytest_roadmap.composition.kinds import rules_of
from pytest_roadmap.domain.assets import form_problems, listing_problems, read_inventory
from pytest_roadmap.domain.handoff import (
    LockedDocument,
    canonical_digest,
    history_problems,
    lock_problems,
    read_history,
    read_lock,
)
from pytest_roadmap.domain.privileges import read_matrix
from pytest_roadmap.rehearsal import UnknownActError, act, generate_repository, known_acts
from pytest_roadmap.rehearsal.handover import (
    ATTESTATIONS,
    CHANGELOG,
    INVENTORY,
    LOCK,
    SIGNERS,
    TEMPLATE,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
CONNECTION = {
    "databricks_url": "http://127.0.0.1:8001",
    "azure_url": "https://127.0.0.1:8002",
    "warehouse_id": "wh-embedded-1",
}


def clock() -> Any:
    """The time of every act."""
    return NOW


@pytest.fixture(scope="module")
def base(tmp_path_factory: Any) -> Any:
    """A generated repository and its keys."""
    folder = tmp_path_factory.mktemp("base")
    root = tmp_path_factory.mktemp("project")
    (root / ".roadmap").mkdir()
    (root / ".roadmap" / "implementation_roadmap.md").write_text("# roadmap\n")
    (root / ".roadmap" / "policy.yaml").write_text("schema: roadmap-policy/1\n")
    (root / "features" / "sec").mkdir(parents=True)
    (root / "features" / "sec" / "SEC-001.feature").write_text("Feature: x\n")
    generate_repository(folder, CONNECTION, clock, root=root)
    return folder


def git(base: Any, *arguments: Any) -> Any:
    """What git says in the repository."""
    command = ["git", "-C", str(base / "repository"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def restore(base: Any) -> None:
    """Undo every act."""
    git(base, "reset", "--quiet", "--hard", "origin-of-test")


def locked(base: Any) -> Any:
    """The inventory with its lock as people left it."""
    folder = base / "repository"
    return LockedDocument(
        canonical_digest((folder / INVENTORY).read_bytes()),
        read_lock(yaml.safe_load((folder / LOCK).read_bytes())),
        read_history(yaml.safe_load((folder / CHANGELOG).read_bytes())),
        canonical_digest((folder / TEMPLATE).read_bytes()),
    )


def verdict(base: Any) -> Any:
    """What the signatures over the lock amount to."""
    folder = base / "repository"
    signers = SignerRegistry.load(folder / SIGNERS)
    port = RepositoryAttestations(folder / ATTESTATIONS, signers, clock, environment="embedded")
    return port.verify(
        "handoff-lock",
        ["Platform", "DataEng"],
        subject_digest=locked(base).digest,
        task="SEC-001",
        not_before=locked(base).locked_at,
    )


def test_the_repository_is_clean_and_has_a_dated_history(base: Any) -> None:
    """Several commits, in order, all before now; nothing uncommitted."""
    dates = [int(line) for line in git(base, "log", "--format=%ct").splitlines()]
    assert dates == sorted(dates, reverse=True)
    assert len(dates) == len(
        ["first", "second", "locked", "configured", "signed", "procedure signed", "aligned"]
    )
    assert dates[0] < NOW.timestamp()
    assert git(base, "status", "--porcelain") == ""
    assert "features/sec/SEC-001.feature" in git(base, "ls-files")


def test_keys_lie_outside_and_only_their_owner_reads_them(base: Any) -> None:
    """No private key in the repository; files 0600."""
    keys = sorted((base / "keys").iterdir())
    assert keys
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    assert "PRIVATE KEY" not in git(base, "grep", "-c", "", "HEAD", "--", ".roadmap")


def test_the_inventory_is_complete_locked_and_signed(base: Any) -> None:
    """The healthy start: every rule of the handover is content."""
    data = yaml.safe_load((base / "repository" / INVENTORY).read_bytes())
    inventory = read_inventory(data)
    assert form_problems(inventory) == ()
    assert listing_problems(inventory, "embedded") == ()
    assert lock_problems(locked(base)) == ()
    assert history_problems(locked(base), NOW) == ()
    assert len(verdict(base).valid) == len(["Platform", "DataEng"])


def test_every_version_of_the_changelog_is_a_version_in_git(base: Any) -> None:
    """The digests of the changelog are those of the committed inventories."""
    commits = git(base, "log", "--reverse", "--format=%H", "--", INVENTORY).split()
    digests = [canonical_digest(git(base, "show", f"{c}:{INVENTORY}").encode()) for c in commits]
    assert digests == [entry.digest for entry in locked(base).history]


def test_the_environment_file_follows_its_schema(base: Any) -> None:
    """What steps are bound to is valid, and the matrix is readable."""
    path = base / "repository" / ".roadmap" / "environments" / "embedded.yaml"
    environment = read_environment(path, rules_of=rules_of)
    assert environment.require("workspace.host") == CONNECTION["databricks_url"]
    grants = yaml.safe_load((base / "repository" / "grants.yaml").read_bytes())
    assert read_matrix(grants, "pipeline_sp")


WRONG = {
    "same-key": "problems",
    "same-person": "problems",
    "expired": "problems",
    "wrong-role": "problems",
    "revoked": "problems",
    "early": "problems",
    "altered": "problems",
    "rejected": "problems",
    "other-environment": "problems",
    "other-task": "problems",
    "one-role": "missing",
    "none": "missing",
}


@pytest.mark.parametrize("variant", sorted(set(known_acts()["handoff-lock"]) - {""}))
def test_each_wrong_way_to_sign_is_found_out(base: Any, variant: Any) -> None:
    """Every variant leaves a problem or a missing signature, and the healthy act mends it."""
    repository, keys = base / "repository", base / "keys"
    git(base, "tag", "--force", "origin-of-test")
    try:
        act(repository, keys, clock, "handoff-lock", variant)
        found = verdict(base)
        assert git(base, "status", "--porcelain") == ""
    finally:
        restore(base)
    assert found.problems or found.missing
    assert bool(found.missing) == (WRONG[variant] == "missing") or found.problems


def test_a_changed_inventory_can_be_locked_anew(base: Any) -> None:
    """Relocking makes a version, a lock and signatures over what stands there now."""
    repository, keys = base / "repository", base / "keys"
    git(base, "tag", "--force", "origin-of-test")
    try:
        with (repository / INVENTORY).open("a") as file:
            file.write("# remark\n")
        assert lock_problems(locked(base))
        act(repository, keys, clock, "inventory-lock")
        assert lock_problems(locked(base)) == ()
        assert verdict(base).problems == ()
        assert history_problems(locked(base), NOW) == ()
        act(repository, keys, clock, "inventory-lock", "after-audit")
        assert locked(base).locked_at > NOW + timedelta(minutes=1)
        assert lock_problems(locked(base)) == ()
    finally:
        restore(base)


@pytest.mark.parametrize(("name", "variant"), [("dance", ""), ("handoff-lock", "sideways")])
def test_an_unknown_act_is_refused(base: Any, name: Any, variant: Any) -> None:
    """The error lists what is known."""
    with pytest.raises(UnknownActError, match="known are"):
        act(base / "repository", base / "keys", clock, name, variant)
