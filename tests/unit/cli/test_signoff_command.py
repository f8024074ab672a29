"""``roadmap signoff`` and ``roadmap verify``: a gate approved by people, and what spoils it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from pytest_roadmap.adapters.document.signoff import decision_block, read_signoff
from pytest_roadmap.adapters.evidence.attest import create_attestation, sign_attestation
from pytest_roadmap.adapters.evidence.signing import file_subject, with_own_id
from pytest_roadmap.cli import main
from pytest_roadmap.domain.canonical import utc_text
from pytest_roadmap.domain.signoff import PURPOSE, Decision
from pytest_roadmap.domain.signoff_text import DECISION, figures_of, with_block
from tests.unit.cli.provable import publish
from tests.unit.cli.test_check_evidence import BOTH, FOLDER, World
from tests.unit.cli.test_valid_records import keep, register

if TYPE_CHECKING:
    from pytest_roadmap.adapters.evidence.keys import CryptoSigner

ROLES = ("Infra", "Platform", "DataEng")
URL = "https://reports.example.org/one/"


class Review:
    """A gate of one Done task, with three people who can sign."""

    def __init__(self, root: Path) -> None:
        (root / ".specs").mkdir()
        (root / ".specs" / "a.md").write_text("# A\n", "utf-8")
        self.world = World(root)
        self.world.declare("L3")
        self.root = root
        self.keys: dict[str, CryptoSigner] = {
            role: register(self.world, f"{role.lower()}@corp", role) for role in ROLES
        }
        self.world.commit = publish(root)
        self.leave_record()

    def leave_record(self) -> None:
        made = self.world.record(BOTH, kind="prod")
        keep(self.world, replace(made, facts={**made.facts, "allure": {"report_url": URL}}))

    @property
    def path(self) -> Path:
        return max((self.root / FOLDER).glob("*_gate_g1_signoff*.md"))

    @property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    def change(self, before: str, after: str) -> None:
        assert before in self.text
        self.path.write_text(self.text.replace(before, after), "utf-8")

    def decide(self, word: str = "approve") -> None:
        present = tuple((role, f"{role.lower()}@corp") for role in ROLES)
        decision = Decision(date(2026, 3, 1), word, present)
        block = with_block(self.text, DECISION, decision_block(decision))
        self.path.write_text(block, "utf-8")

    def sign(self, *roles: str, person: str | None = None, before: timedelta = timedelta()) -> None:
        for role in roles or ROLES:
            who = person or f"{role.lower()}@corp"
            subject = file_subject(self.root, self.path, PURPOSE)
            made = create_attestation(
                attestation_id="new",
                purpose=PURPOSE,
                subject_name=subject.name,
                subject_digest=subject.digest,
                role=role,
                person=who,
                signed_at=datetime.now(UTC).replace(microsecond=0) - before,
                gate="G1",
            )
            key = self.keys[who if person else role]
            sign_attestation(self.root / ".roadmap/attestations", with_own_id(made), key)

    def approve(self) -> None:
        main(["signoff", "G1", "--lang", "en"])
        self.decide()
        self.sign()
        assert main(["signoff", "G1", "--record"]) == 0
        publish(self.root)


@pytest.fixture
def review(project: Path) -> Review:
    return Review(project)


@pytest.fixture
def approved(review: Review, capsys: pytest.CaptureFixture[str]) -> Review:
    review.approve()
    capsys.readouterr()
    return review


def verified(review: Review, capsys: pytest.CaptureFixture[str]) -> str:
    """What the verification of the document says."""
    capsys.readouterr()
    main(["verify", str(review.path)])
    return capsys.readouterr().out


def test_an_approved_gate_verifies(approved: Review, capsys: pytest.CaptureFixture[str]) -> None:
    """Figures, decision, signatures and log hold, offline."""
    assert "ok " in verified(approved, capsys)


def test_evidence_of_the_very_second_of_the_review_counts(
    review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """The document states its own time without fractions, records theirs with them."""
    review.approve()
    signoff = read_signoff(review.text)
    assert signoff.horizon is not None
    earlier = f"<!-- generated {utc_text(signoff.horizon.replace(microsecond=0))} -->"
    assert signoff.generated is not None
    review.change(f"<!-- generated {utc_text(signoff.generated)} -->", earlier)
    assert "ok " in verified(review, capsys)


def test_the_same_records_give_the_same_figures(review: Review) -> None:
    """Sections 1 to 6 do not know when they are written."""
    main(["signoff", "G1"])
    before = review.text
    main(["signoff", "G1"])
    assert figures_of(review.text) == figures_of(before)


def test_it_is_korean_unless_english_is_asked_for(review: Review) -> None:
    """The language of the roadmap is the default."""
    main(["signoff", "G1"])
    assert "## 3. 집계된 작업" in review.text
    main(["signoff", "G1", "--lang", "en"])
    assert "## 3. Counted tasks" in review.text


def test_writing_again_keeps_what_people_decided(approved: Review) -> None:
    """A decided document whose figures still hold stays as it is."""
    before = read_signoff(approved.text)
    main(["signoff", "G1"])
    after = read_signoff(approved.text)
    assert (after.decision, after.entries) == (before.decision, before.entries)


def test_a_later_review_gets_a_document_of_its_own(approved: Review) -> None:
    """The decided one is never rewritten, and its approval stays in the log."""
    first = approved.path
    kept = first.read_bytes()
    approved.leave_record()
    main(["signoff", "G1"])
    assert approved.path != first
    assert first.read_bytes() == kept
    assert len(read_signoff(approved.text).entries) == 1


def test_what_changes_after_the_approval_does_not_void_it(
    approved: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """The figures hold at the commit in which the document stands."""
    path = approved.root / ".roadmap" / "implementation_roadmap.md"
    path.write_text(path.read_text("utf-8") + "\nmore\n", "utf-8")
    publish(approved.root)
    told = verified(approved, capsys)
    assert "SIGNOFF" not in told
    assert "ok " in told


def test_evidence_that_was_tampered_with_voids_an_approval(
    approved: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """However long ago it was given."""
    (path,) = [p for p in (approved.root / FOLDER).glob("*.md") if "signoff" not in p.name]
    path.write_bytes(path.read_bytes() + b"\n")
    assert "INVALID" in verified(approved, capsys)


def test_n1_a_verdict_edited_by_hand_is_named(
    approved: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """The records say something else."""
    approved.change("- verdict: PASS\n", "- verdict: PASS\\_WITH\\_WAIVERS\n")
    told = verified(approved, capsys)
    assert "section 1: it says '- verdict: PASS" in told
    assert "the records give '- verdict: PASS'" in told


def test_n2_a_row_that_was_removed_is_named(
    approved: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """The task is counted, whether people want to see it or not."""
    (row,) = [line for line in approved.text.splitlines() if line.startswith("| SEC-001 | P0")]
    approved.change(f"{row}\n", "")
    assert "section 3: it leaves out '| SEC-001 | P0" in verified(approved, capsys)


@pytest.mark.parametrize("signed", [("Infra", "Platform"), ("Infra", "DataEng")])
def test_n3_a_role_that_nobody_signed_as_is_named(
    review: Review, capsys: pytest.CaptureFixture[str], signed: tuple[str, ...]
) -> None:
    """All roles of the policy sign."""
    main(["signoff", "G1"])
    review.decide()
    review.sign(*signed)
    (absent,) = set(ROLES) - set(signed)
    assert main(["signoff", "G1", "--record"]) == 20
    assert f"section 8: nobody has signed as {absent}" in verified(review, capsys)


def test_n4_one_person_for_two_roles_is_named(
    review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three roles are three persons."""
    main(["signoff", "G1"])
    review.decide()
    review.sign("Infra")
    who = "platform@corp"
    review.keys[who] = review.keys["Platform"]
    path = review.root / ".roadmap" / "signers.yaml"
    path.write_text(path.read_text("utf-8").replace("- Platform", "- Platform\n  - DataEng"))
    review.sign("Platform", "DataEng", person=who)
    assert "need different persons" in verified(review, capsys)


def test_n5_a_signature_before_the_document_was_written_is_named(
    review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody can have seen it."""
    main(["signoff", "G1"])
    review.decide()
    review.sign("Infra", "Platform")
    review.sign("DataEng", before=timedelta(minutes=1))
    assert main(["signoff", "G1", "--record"]) == 20
    assert "before the evidence of" in verified(review, capsys)


def test_n6_a_link_to_another_run_is_named(
    approved: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report belongs to the record."""
    approved.change(f"(<{URL}>)", "(<https://reports.example.org/other/>)")
    assert "reports.example.org/other" in verified(approved, capsys)


def test_n7_an_incomplete_gate_cannot_be_approved(
    review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """The decision needs the verdict PASS."""
    for path in (review.root / FOLDER).glob("*.*"):
        path.unlink()
    main(["signoff", "G1"])
    review.decide()
    review.sign()
    assert main(["signoff", "G1", "--record"]) == 20
    told = "section 7: 'approve' needs the verdict PASS, it is INCOMPLETE"
    assert told in capsys.readouterr().err


def test_a_rejected_gate_has_no_approval_to_record(
    review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log is for approvals."""
    main(["signoff", "G1"])
    review.decide("reject")
    review.sign()
    assert main(["signoff", "G1", "--record"]) == 20
    assert "the gate was rejected" in capsys.readouterr().err


def test_an_entry_that_was_committed_may_not_change(
    approved: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """Git remembers it."""
    (entry,) = read_signoff(approved.text).entries
    approved.change("  version: 1\n", "  version: 2\n")
    told = f"section 7: entry 1 of {entry.at:%Y-%m-%d} was changed or removed"
    assert told in verified(approved, capsys)


@pytest.mark.parametrize("done", [True, False])
def test_a_gate_that_requires_its_sign_off_opens_only_with_it(
    review: Review, capsys: pytest.CaptureFixture[str], *, done: bool
) -> None:
    """Without a valid document the verdict is at best INCOMPLETE."""
    if done:
        review.approve()
        capsys.readouterr()
    main(["gate", "G1", "--require-signoff", "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    expected = "PASS" if done else "INCOMPLETE"
    assert found["verdict"] == expected, found["reason"]


@pytest.fixture
def kim(
    review: Review, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    """How kim@corp, who is registered for Infra, approves the document by command."""
    key = tmp_path_factory.mktemp("keys") / "kim.pem"
    who = ["--role", "Infra", "--person", "kim@corp"]
    main(["signoff", "G1"])
    capsys.readouterr()
    main(["attest", "--new-key", str(key), *who])
    (entry,) = yaml.safe_load(capsys.readouterr().out)
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    path = review.root / ".roadmap" / "signers.yaml"
    known = yaml.safe_load(path.read_text("utf-8"))
    path.write_text(yaml.safe_dump([*known, entry | {"valid_from": since}]), "utf-8")
    named = ["attest", PURPOSE, "--gate", "G1", *who, "--key", f"file:{key}"]
    return [*named, "--subject", str(review.path)]


def test_a_person_attests_the_decided_document_by_command(
    review: Review, kim: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Log and signatures, which come later, are no part of what is attested."""
    review.decide()
    assert main(kim) == 0
    review.sign("Platform", "DataEng")
    assert main(["signoff", "G1", "--record"]) == 0
    publish(review.root)
    assert "ok " in verified(review, capsys)
    assert main(["verify", str(review.root / ".roadmap/attestations")]) == 0


def test_before_anybody_has_decided_there_is_nothing_to_attest(
    kim: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The request is wrong, not the person."""
    assert main(kim) == 2
    assert "nobody has decided yet" in capsys.readouterr().err


def test_a_gate_is_attested_by_its_own_document_only(
    review: Review, kim: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither by that of another gate nor by any other file."""
    review.decide()
    assert main([*kim, "--gate", "G2"]) == 2
    assert "is no sign-off document of G2" in capsys.readouterr().err
    assert main([*kim, "--subject", "judged.md"]) == 2
    assert "judged.md is no sign-off document of G1" in capsys.readouterr().err


def test_a_gate_nobody_knows_is_a_usage_error(
    review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gates of the policy are named."""
    assert main(["signoff", "G9"]) == 2
    assert "choose from G1, G2, G3, G4" in capsys.readouterr().err
    assert review.root.is_dir()


def test_what_looks_like_a_secret_keeps_the_document_from_being_written(
    review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """A token in the gate's definition, for example."""
    document = review.root / ".roadmap" / "implementation_roadmap.md"
    gate = "- `G1`: open with dapi" + "0123456789abcdef" * 2 + "\n"
    document.write_text(gate + document.read_text("utf-8"), "utf-8")
    assert main(["signoff", "G1"]) == 20
    assert "no sign-off document was written" in capsys.readouterr().err


def test_a_role_that_nobody_holds_is_a_warning(
    review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anybody waits for a signature that cannot come."""
    path = review.root / ".roadmap" / "signers.yaml"
    path.write_text(path.read_text("utf-8").replace("- DataEng", "- Ops"), "utf-8")
    assert main(["signoff", "G1"]) == 0
    warnings = [line for line in capsys.readouterr().out.splitlines() if "warning" in line]
    assert warnings == ["warning: nobody in signers.yaml holds the role DataEng, which must sign"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"# x\n", b"## 7. a\n```yaml\n"])
def test_a_file_that_is_no_sign_off_document_is_told_so(
    review: Review, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    """Whatever its name promises."""
    path = review.root / FOLDER / "20260302_gate_g1_signoff.md"
    path.write_bytes(content)
    assert main(["verify", str(path)]) == 20
    assert "SIGNOFF" in capsys.readouterr().out
