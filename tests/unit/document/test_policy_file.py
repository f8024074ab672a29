"""The policy file: read whole, or refused with file, key and a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_roadmap.adapters.document import PolicyError, read_policy
from pytest_roadmap.adapters.strict_yaml import load_yaml
from pytest_roadmap.domain.policy import DEFAULT_PRIORITIES
from tests.unit.document.documents import PROJECT, document, policy, read, row

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (PROJECT / ".roadmap" / "policy.yaml").read_text("utf-8")


def read_text(tmp_path: Path, text: str | bytes) -> object:
    path = tmp_path / "policy.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_policy(path)


def test_the_projects_policy_is_read() -> None:
    """Gates keep their order and require one another as a diamond."""
    assert list(policy().gates) == ["G1", "G2", "G3", "G4"]
    assert policy().transitive_requires("G4") == {"G1", "G2", "G3"}
    assert policy().levels == ("L1", "L2", "L3")
    assert policy().attestation_expiry_d == 90


def test_slots_are_optional_and_named_by_task(tmp_path: Path) -> None:
    """A task whose evidence path is its own source gets its file name from the policy."""
    assert dict(policy().slots) == {"GOV-005": "gov_legacy_mapping.md"}
    text = TEXT.replace("slots: {GOV-005: gov_legacy_mapping.md}", "")
    path = tmp_path / "policy.yaml"
    path.write_text(text, "utf-8")
    assert dict(read_policy(path).slots) == {}


def test_a_policy_without_priorities_has_the_default_ones(tmp_path: Path) -> None:
    """They are the ones that the project's file spells out."""
    assert read_text(tmp_path, TEXT.partition("priorities:")[0]) == policy()
    assert dict(policy().priorities) == dict(DEFAULT_PRIORITIES)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("schema: roadmap-policy/1", "schema: roadmap-policy/2", "schema"),
        ("protected_branch: main", "", "protected_branch"),
        ("gov_legacy_mapping.md", "20260212_gov_legacy_mapping.md", "slots.GOV-005"),
        ("gov_legacy_mapping.md", "../gov_legacy_mapping.md", "slots.GOV-005"),
        ("slots: {GOV-005", "slots: {GOV-5", "slots.GOV-5"),
        ("protected_branch: main", "protected_branch: 7", "protected_branch"),
        ("protected_branch: main", "protected_branch: main\nsurprise: 1", "surprise"),
        ("G2: {requires: [G1]", "G2: {requires: [G9]", "gates.G2.requires"),
        ("G1: {requires: []", "G1: {requires: [G4]", "gates"),
        ("G1: {requires: []", "G1: {requires: [], color: red", "gates.G1.color"),
        ("signature_required: true", "signature_required: 1", "gates.G4.signature_required"),
        ("never_waive: [SEC-008]", "never_waive: [SEC-8]", "gates.G1.never_waive"),
        ("never_waive: [SEC-008]", "never_waive: SEC-008", "gates.G1.never_waive"),
        (r"\d{3}$'", r"(\d{3}$'", "task_id_pattern"),
        ("L2: [dev, rehearsal]", "L2: [dev, embedded]", "required_kinds.L2"),
        ("L2: [dev, rehearsal]", "L2: []", "required_kinds.L2"),
        ("CUT-007: [rehearsal]", "CUT-007: [moon]", "task_kinds.CUT-007"),
        (
            "{L1: [dev, rehearsal, prod], L2: [dev, rehearsal], L3: [rehearsal, prod]}",
            "{}",
            "required_kinds",
        ),
        ("L2: [dev, rehearsal]", "2: [dev]", "required_kinds"),
        ("L2: [dev, rehearsal]", "L2: [dev, dev]", "required_kinds.L2"),
        ("weekly_d: 8", "weekly_d: -8", "freshness.weekly_d"),
        ("weekly_d: 8", "weekly_d: true", "freshness.weekly_d"),
        ("weekly_d: 8, ", "", "freshness.weekly_d"),
        ("max_days: 45", "max_days: soon", "waivers.max_days"),
        ("severity: blocker", "severity: awful", "priorities.P0.severity"),
        ("waivable: false", "waivable: maybe", "priorities.P0.waivable"),
        ("protected_branch: main", "protected_branch: main\nschema: x", ""),
    ],
)
def test_what_the_policy_cannot_mean_is_refused(
    tmp_path: Path, old: str, new: str, key: str
) -> None:
    """The error names the key."""
    assert old in TEXT
    with pytest.raises(PolicyError) as caught:
        read_text(tmp_path, TEXT.replace(old, new, 1))

    assert caught.value.key == key
    assert caught.value.file.endswith("policy.yaml")


@pytest.mark.parametrize("key", ["gates", "priorities"])
def test_a_policy_without_any_gate_or_priority_is_refused(tmp_path: Path, key: str) -> None:
    """An empty mapping is no choice."""
    content = load_yaml(TEXT.encode())
    content[key] = {}

    with pytest.raises(PolicyError) as caught:
        read_text(tmp_path, json.dumps(content))

    assert caught.value.key == key


@pytest.mark.parametrize(
    "content",
    ["", "- a", "{", "a: [", "\ufeff- x", "&a [*a]", "[" * 10_000, b"\xff\xfe", "x: !!python/none"],
)
def test_a_file_that_is_no_policy_is_refused(tmp_path: Path, content: str | bytes) -> None:
    """Whatever it holds."""
    with pytest.raises(PolicyError):
        read_text(tmp_path, content)


@pytest.mark.parametrize("name", ["absent.yaml", ".", "x" * 5000])
def test_a_missing_policy_is_refused(tmp_path: Path, name: str) -> None:
    """A directory and an impossible name too."""
    with pytest.raises(PolicyError):
        read_policy(tmp_path / name)


def test_an_id_has_ascii_digits_only() -> None:
    """The pattern's digits are not those of every script."""
    assert policy().is_task_id("SEC-001")
    assert not policy().is_task_id("SEC-００１")
    assert not policy().is_task_id("SEC-001\n")


def test_a_task_may_have_kinds_of_its_own() -> None:
    """``task_kinds`` wins over the level."""
    roadmap = read((PROJECT / ".roadmap" / "implementation_roadmap.md").read_bytes()).roadmap
    assert roadmap is not None

    assert policy().required_kinds_of(roadmap.task("MON-003")) == ("prod",)
    assert policy().required_kinds_of(roadmap.task("SEC-001")) == ("rehearsal", "prod")


def test_priorities_that_cannot_be_waived_must_not_wait_for_others() -> None:
    """A warning, as the document stays readable."""
    text = document(row("SEC-001", depends_on="SEC-002"), row("SEC-002", priority="P1"))

    assert [each.code for each in read(text).findings] == ["PRIORITY_INVERSION"]
