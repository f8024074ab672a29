"""What records are held against, gathered from a project on disk."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pytest_roadmap.adapters.document import read_policy
from pytest_roadmap.adapters.evidence.keys import generate_key, public_key_pem
from pytest_roadmap.adapters.evidence.signers import signer_entry
from pytest_roadmap.composition.surroundings import project_signers, surroundings_of
from pytest_roadmap.domain.provenance import Surroundings
from tests.unit.cli.provable import bind, publish
from tests.unit.document.documents import PROJECT
from tests.unit.domain_cases import record

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_roadmap.domain.evidence import Record

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a document and an environment."""
    (tmp_path / ".roadmap").mkdir()
    (tmp_path / "a.md").write_text("# A\n", "utf-8")
    bind(tmp_path, ["dev"])
    return tmp_path


def around(root: Path, *records: Record) -> Surroundings:
    policy = read_policy(PROJECT / ".roadmap" / "policy.yaml")
    return surroundings_of(root, records, {}, policy, now=NOW)


def made(**facts: Any) -> Record:
    return replace(record(1, {"A-1.S1": "pass"}), facts=facts)


def test_without_records_nothing_is_looked_at(root: Path) -> None:
    """Nor is git asked."""
    assert around(root) == Surroundings()


@pytest.mark.parametrize("in_git", [True, False])
def test_only_documents_inside_of_the_repository_have_a_digest(root: Path, in_git: bool) -> None:
    """A path that leaves it, a folder and a missing file have none."""
    if in_git:
        publish(root)
    paths = ["a.md", "../a.md", "/etc/hostname", ".git/config", ".roadmap", "b.md"]
    inputs = [{"path": path, "sha256": "0"} for path in paths]

    found = around(root, made(inputs=inputs)).inputs

    assert found == {"a.md": hashlib.sha256(b"# A\n").hexdigest()}


def test_an_environment_is_found_by_a_plain_name_only(root: Path) -> None:
    """A name that is a path leads nowhere, and a broken file says why."""
    (root / ".roadmap" / "environments" / "prod.yaml").write_text("{", "utf-8")
    names = ("dev", "prod", "../environments/dev", "rehearsal")

    found = around(root, *(replace(made(), environment=name) for name in names))

    assert list(found.environments) == ["dev"]
    assert list(found.unusable) == ["prod"]
    assert "prod.yaml" in found.unusable["prod"]


def test_a_record_that_names_attestations_finds_none_where_there_is_no_folder(root: Path) -> None:
    """So none of them holds."""
    assert around(root, made(attestations=["AT-1"])).attestations == {}


def test_signers_are_read_only_where_a_record_rests_on_them(root: Path) -> None:
    """A broken file lets nobody sign."""
    path = root / ".roadmap" / "signers.yaml"
    signed = [made(attestations=["AT-1"])]
    assert project_signers(root, signed) is None

    entry = signer_entry("lee@corp", ("Ops",), public_key_pem(generate_key()), valid_from=NOW)
    path.write_text(yaml.safe_dump([entry]), "utf-8")
    assert project_signers(root, [made()]) is None
    registry = project_signers(root, signed)
    assert registry is not None
    assert [each.person for each in registry.signers.values()] == ["lee@corp"]

    path.write_text("{", "utf-8")
    assert project_signers(root, signed) is None
