"""A gate opens on valid records of a real environment, and on no others (rules d.4)."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pytest_roadmap.adapters.evidence.attest import create_attestation, sign_attestation
from pytest_roadmap.adapters.evidence.keys import generate_key, public_key_pem
from pytest_roadmap.adapters.evidence.signers import signer_entry
from pytest_roadmap.adapters.evidence.signing import file_subject
from pytest_roadmap.adapters.evidence.store import EvidenceStore
from pytest_roadmap.cli import main
from pytest_roadmap.domain.validity import REAL_SCHEMA
from tests.unit.cli.provable import LOCK, bind, git, publish
from tests.unit.cli.test_check_evidence import BOTH, FOLDER, World

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_roadmap.adapters.evidence.keys import CryptoSigner
    from pytest_roadmap.domain.evidence import Record

SINCE = datetime.now(UTC) - timedelta(days=30)


@pytest.fixture
def world(project: Path) -> World:
    """One task that needs a live platform, its source documents, and a commit that holds it all."""
    (project / ".specs").mkdir()
    (project / ".specs" / "a.md").write_text("# A\n", "utf-8")
    made = World(project)
    made.declare("L3")
    return made


def register(world: World, person: str, role: str) -> CryptoSigner:
    """A new key of a person with this role."""
    key = generate_key()
    path = world.root / ".roadmap" / "signers.yaml"
    known = yaml.safe_load(path.read_text("utf-8")) if path.is_file() else []
    entry = signer_entry(person, (role,), public_key_pem(key), valid_from=SINCE)
    path.write_text(yaml.safe_dump([*known, entry]), "utf-8")
    return key


def keep(world: World, record: Record, signer: CryptoSigner | None = None) -> None:
    """Write a record as a run of a real environment does."""
    store = EvidenceStore(world.root / FOLDER, schema=REAL_SCHEMA)
    store.write(record, (), world.task, signer)


def judged(capsys: pytest.CaptureFixture[str], *args: str) -> dict[str, Any]:
    """The report of the gate, and its only task beside it."""
    main(["gate", "G1", "--format", "json", *args])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found | {"task": found["tasks"][0]}


def demand_signatures(world: World) -> None:
    """Let the policy ask for a runner's signature at every gate."""
    path = world.root / ".roadmap" / "policy.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("signature_required: false", "signature_required: true"), "utf-8")


def test_a_signed_record_of_a_proven_platform_opens_the_gate(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every rule was asked, and nothing is left open."""
    demand_signatures(world)
    keep(world, world.record(BOTH, kind="prod"), register(world, "runner@corp", "runner"))

    found = judged(capsys)

    assert (found["task"]["derived"], found["task"]["unsigned"]) == ("Done", False)
    assert (found["verdict"], found["exit_code"], found["remarks"]) == ("PASS", 0, [])


@pytest.mark.parametrize("role", ["Ops", None])
def test_where_signatures_are_asked_for_a_runner_must_have_signed(
    world: World, capsys: pytest.CaptureFixture[str], role: str | None
) -> None:
    """Nobody's signature, or somebody else's."""
    demand_signatures(world)
    keep(world, world.record(BOTH, kind="prod"), register(world, "x@corp", role) if role else None)

    found = judged(capsys)

    assert (found["task"]["unsigned"], found["verdict"]) == (True, "INCOMPLETE")
    assert "SEC-001" in found["reason"]


def test_a_signature_that_nobody_could_have_made_taints_its_record(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without ``signers.yaml`` no signature verifies, and with another key neither."""
    keep(world, world.record(BOTH, kind="prod"), generate_key())
    assert (judged(capsys)["verdict"], judged(capsys)["exit_code"]) == ("INVALID", 30)

    register(world, "runner@corp", "runner")
    assert "tampered evidence: SEC-001" in judged(capsys)["reason"]


def without_proof(world: World, record: Record) -> Record:
    (world.root / LOCK).unlink()
    return record


def not_pushed(world: World, record: Record) -> Record:
    commit = publish(world.root, "mine")
    git(world.root, "update-ref", "refs/remotes/origin/main", "HEAD~1")
    return replace(record, runner={**record.runner, "git_commit": commit})


def unbound(world: World, record: Record) -> Record:
    (world.root / ".roadmap" / "environments" / "prod.yaml").unlink()
    return record


def broken_binding(world: World, record: Record) -> Record:
    path = world.root / ".roadmap" / "environments" / "prod.yaml"
    path.write_text(path.read_text("utf-8") + "saftey: {}\n", "utf-8")
    return record


def elsewhere(_: World, record: Record) -> Record:
    probed = {**record.facts["environment"], "workspace_id": "2"}
    return replace(record, facts={**record.facts, "environment": probed})


def unattested(_: World, record: Record) -> Record:
    return replace(record, facts={**record.facts, "attestations": ["AT-9"]})


def in_dev(_: World, record: Record) -> Record:
    return replace(record, kind="dev", environment="dev")


@pytest.mark.parametrize(
    ("change", "word", "sentence"),
    [
        (without_proof, "CONTROLS_UNPROVEN", "run 'roadmap prove --write'"),
        (not_pushed, "UNTRACKED_CODE", "is not part of it"),
        (unbound, "IDENTITY", "there is no .roadmap/environments/prod.yaml"),
        (broken_binding, "IDENTITY", "saftey"),
        (elsewhere, "IDENTITY", "workspace.workspace_id is bound to 1"),
        (unattested, "ATTESTATION", "attestation AT-9: there is no such attestation"),
        (in_dev, "KIND", "only rehearsal, prod"),
    ],
)
def test_each_broken_rule_keeps_the_gate_shut_under_its_name(
    world: World, capsys: pytest.CaptureFixture[str], change: Any, word: str, sentence: str
) -> None:
    """The record counts for nothing, and the reader is told why."""
    keep(world, change(world, world.record(BOTH, kind="prod")))

    found = judged(capsys)

    assert (found["task"]["derived"], found["verdict"]) == ("NotStarted", "INCOMPLETE")
    (remark,) = found["remarks"]
    assert remark.startswith(f"{word} SEC-001: ")
    assert sentence in remark


def test_a_newer_refused_record_does_not_erase_an_older_valid_one(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """A partial run in dev says nothing about prod; one in prod is told."""
    keep(world, world.record(BOTH, kind="prod", days=1))
    keep(world, in_dev(world, world.record(BOTH, kind="prod", number=2)))
    assert (judged(capsys)["task"]["derived"], judged(capsys)["remarks"]) == ("Done", [])

    keep(world, elsewhere(world, world.record(BOTH, kind="prod", number=3)))
    found = judged(capsys)
    assert (found["task"]["derived"], len(found["remarks"])) == ("Done", 1)


def test_of_several_refused_records_the_newest_is_told(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The older ones are history."""
    keep(world, unattested(world, world.record(BOTH, kind="prod", days=1)))
    keep(world, elsewhere(world, world.record(BOTH, kind="prod", number=2)))

    (remark,) = judged(capsys)["remarks"]

    assert remark.startswith("IDENTITY ")


def test_a_shallow_clone_is_told_what_to_fetch(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate is not open and not failed, and the check is inconclusive."""
    keep(world, world.record(BOTH, kind="prod"))
    publish(world.root, "evidence")
    clone = world.root.parent / "shallow"
    git(world.root, "clone", "-q", "--depth=1", world.root.as_uri(), str(clone))
    monkeypatch.chdir(clone)

    found = judged(capsys)

    assert (found["verdict"], found["exit_code"]) == ("INCOMPLETE", 22)
    assert "run 'git fetch --unshallow origin main'" in found["reason"]
    assert main(["check", "--only", "status"]) == 20
    assert "RECORD_UNJUDGED" in capsys.readouterr().out
    subprocess.run(["git", "fetch", "-q", "--unshallow", "origin", "main"], cwd=clone, check=True)
    assert judged(capsys)["task"]["derived"] == "Done"


def test_a_record_of_documents_holds_until_one_of_them_changes(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its digest is recomputed, never read."""
    world.declare("L1")
    keep(world, world.record(BOTH))
    assert judged(capsys)["task"]["derived"] == "Done"

    (world.root / "judged.md").write_text("# Other\n", "utf-8")
    assert judged(capsys)["remarks"][0].startswith("INPUT_CHANGED SEC-001: judged.md, ")
    (world.root / "judged.md").unlink()
    assert judged(capsys)["remarks"][0].endswith("is gone")


def test_a_record_falls_with_the_attestation_it_rests_on(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """It holds while signed by a registered key over the present text."""
    key = register(world, "park@corp", "Platform")
    subject = file_subject(world.root, world.root / "judged.md")
    folder = world.root / ".roadmap" / "attestations"
    attestation = create_attestation(
        attestation_id="AT-1",
        purpose="runbook-review",
        subject_name=subject.name,
        subject_digest=subject.digest,
        role="Platform",
        person="park@corp",
        signed_at=datetime.now(UTC) - timedelta(hours=1),
        task="SEC-001",
    )
    folder.mkdir()
    sign_attestation(folder, attestation, key)
    record = world.record(BOTH, kind="prod")
    scenarios = tuple(replace(each, attested=True) for each in record.scenarios)
    named = {**record.facts, "attestations": ["AT-1"]}
    keep(world, replace(record, scenarios=scenarios, facts=named))
    assert judged(capsys)["task"]["derived"] == "Done"

    (world.root / "judged.md").write_text("# Other\n", "utf-8")
    assert "ATTESTATION SEC-001: attestation AT-1: SUBJECT_CHANGED" in judged(capsys)["remarks"][0]
    (world.root / ".roadmap" / "signers.yaml").unlink()
    assert "ATTESTATION SEC-001: attestation AT-1: UNCHECKED" in judged(capsys)["remarks"][0]


def test_a_rule_that_a_later_record_saw_changed_voids_the_earlier_one(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The later one saw one scenario only, so the other is open again."""
    name = "/subscriptions/s/providers/Microsoft.Insights/scheduledQueryRules/r"
    for number, (words, stamp) in enumerate(((BOTH, "v1"), ({"SEC-001.S1": "pass"}, "v2")), 1):
        record = world.record(words, kind="prod", days=3 - number, number=number)
        seen = [{"id": name, "etag": stamp, "modified_at": None}]
        keep(world, replace(record, facts={**record.facts, "resources": seen}))

    found = judged(capsys)

    assert found["task"]["scenarios"]["pass"] == 1
    assert found["task"]["derived"] == "InProgress"


@pytest.mark.parametrize(("hours", "derived"), [(240, "Done"), (48, "Done"), (12, "InProgress")])
def test_a_stricter_age_limit_of_the_environment_wins(
    world: World, capsys: pytest.CaptureFixture[str], hours: int, derived: str
) -> None:
    """And a laxer one does not (rules d.7)."""
    bind(world.root, more=f"evidence: {{max_age_h: {hours}}}\n")
    keep(world, world.record(BOTH, kind="prod", days=1))

    assert judged(capsys)["task"]["derived"] == derived


def test_a_broken_lock_makes_the_gate_invalid(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one sentence that says what to do."""
    keep(world, world.record(BOTH, kind="prod"))
    (world.root / LOCK).write_text("{", "utf-8")

    assert main(["gate", "G1"]) == 30
    assert "controls.lock.json" in capsys.readouterr().out


class TestAtACommit:
    """The evidence is committed, and everything has changed since."""

    @pytest.fixture(autouse=True)
    def _changed_since(self, world: World) -> None:
        keep(world, world.record(BOTH, kind="prod"))
        self.commit = publish(world.root, "evidence")
        (world.root / LOCK).unlink()
        (world.root / "features" / "a.feature").unlink()
        publish(world.root, "gone")

    def test_the_verdict_of_that_commit_can_be_had_again(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """With its document, features, evidence and proof."""
        assert judged(capsys)["task"]["derived"] == "NotStarted"
        found = judged(capsys, "--at", self.commit)
        assert (found["task"]["derived"], found["commit"]) == ("Done", self.commit)
        assert main(["status", "--at", "HEAD~1", "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out)["tasks"][0]["derived"] == "Done"

    @pytest.mark.parametrize("command", [["gate", "G1"], ["status"]])
    def test_an_unknown_commit_is_a_usage_error(
        self, command: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """In one sentence, and nothing else is printed."""
        assert main([*command, "--at", "nothing"]) == 2
        printed = capsys.readouterr()
        assert (printed.out, "--at nothing: " in printed.err) == ("", True)

    def test_a_document_outside_of_the_project_is_in_no_commit(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It would be read from the working directory."""
        document = world.root.parent / "other.md"
        assert main(["status", "--at", "HEAD", "--document", str(document)]) == 2
        assert "needs a document of the project" in capsys.readouterr().err
