"""What the sign-off task of a gate asks for: areas Done on fresh evidence, one final approval."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pytest_roadmap.domain.gate_review import (
    GateReview,
    ReviewedTask,
    SignoffReview,
    approval_problems,
    area_problems,
)
from pytest_roadmap.domain.gate_rows import GateRow
from pytest_roadmap.domain.ports import AttestationVerdict
from pytest_roadmap.domain.signoff import (
    APPROVE,
    REJECT,
    Approval,
    ApprovalEntry,
    Condition,
    Decision,
    SignedBy,
    SignoffText,
    decision_problems,
    first_difference,
    log_problems,
    next_entry,
    signature_problems,
    waiver_problems,
)
from pytest_roadmap.domain.status import Dependencies, Derived, DerivedTask
from pytest_roadmap.domain.task import Status
from tests.unit.domain_cases import task as roadmap_task

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROLES = ("Infra", "Ops")
DECISION = Decision(date(2026, 3, 2), APPROVE, (("Infra", "a"), ("Ops", "b")))


def task(name: str, status: Status = Status.DONE, **found: object) -> ReviewedTask:
    found_as = DerivedTask(roadmap_task(name), Derived(status), Dependencies.DONE, ())
    row = GateRow(found_as, own=True, reason="as it is")
    return replace(ReviewedTask(row), **found)  # type: ignore[arg-type]


def signed(at: datetime = NOW, digest: str = "sha256:1") -> SignedBy:
    return SignedBy("AT-1", "Infra", "a", at, digest)


def approved(signoff: SignoffText, *by: SignedBy) -> tuple[SignoffText, Approval]:
    approval = Approval(AttestationVerdict(valid=("AT-1",), persons=("a",)), by or (signed(),))
    entry = next_entry(signoff, approval, NOW)
    return replace(signoff, entries=(*signoff.entries, entry)), approval


TEXT = SignoffText(
    "G1", "en", "## 1. x\n", verdict="PASS", horizon=NOW - timedelta(days=1), decision=DECISION
)


class TestAreas:
    """The checklist."""

    def test_areas_that_are_done_have_no_problem(self) -> None:
        """Nor have other counted tasks that are Done."""
        review = GateReview("G1", {"rights": ("A-1",)}, (task("A-1"), task("A-2")))
        assert list(area_problems(review)) == []

    def test_a_gate_without_areas_has_no_checklist(self) -> None:
        """Nothing unmeasured counts as passed."""
        (problem,) = area_problems(GateReview("G1", {}, (task("A-1"),)))
        assert "names no area of G1" in problem

    def test_an_area_whose_task_is_not_done_is_named(self) -> None:
        """With the status and its reason."""
        tasks = (task("A-1", Status.BLOCKED), task("A-2", Status.NOT_STARTED))
        found = list(area_problems(GateReview("G1", {"rights": ("A-1", "A-9")}, tasks)))
        assert found == [
            "rights: A-1 is Blocked: as it is",
            "rights: A-9 is not counted by G1",
            "A-2 is NotStarted: as it is",
        ]

    def test_evidence_that_was_touched_is_named(self) -> None:
        """Its file, and the documents it judged."""
        touched = task("A-1", file_problems=("x.log: digest mismatch",), changed=("lock.yaml",))
        assert list(area_problems(GateReview("G1", {"rights": ("A-1",)}, (touched,)))) == [
            "A-1: x.log: digest mismatch",
            "A-1: lock.yaml has changed since it was judged",
        ]


class TestDecision:
    """Section 7."""

    @pytest.mark.parametrize(
        ("decision", "verdict", "told"),
        [
            (None, "PASS", "nobody has decided yet"),
            (DECISION, "INCOMPLETE", "needs the verdict PASS, it is INCOMPLETE"),
            (replace(DECISION, decision="approve with waivers"), "PASS", "PASS_WITH_WAIVERS"),
            (replace(DECISION, participants=(("Ops", "b"),)), "PASS", "took part as Infra"),
            (replace(DECISION, conditions=(Condition("x", "", ""),)), "PASS", "no text, owner"),
        ],
    )
    def test_a_decision_that_cannot_be_taken_is_named(
        self, decision: Decision | None, verdict: str, told: str
    ) -> None:
        """One sentence."""
        (problem,) = decision_problems(replace(TEXT, decision=decision), verdict, ROLES)
        assert told in problem

    def test_a_condition_with_owner_and_date_is_part_of_a_decision(self) -> None:
        """Somebody does it until then."""
        conditions = (Condition("repeat it", "Ops", "2026-04-01"),)
        decided = replace(TEXT, decision=replace(DECISION, conditions=conditions))
        assert list(decision_problems(decided, "PASS", ROLES)) == []

    def test_a_rejection_needs_no_verdict(self) -> None:
        """A meeting may always say no."""
        rejected = replace(TEXT, decision=replace(DECISION, decision=REJECT))
        assert list(decision_problems(rejected, "FAIL", ROLES)) == []


class TestSignatures:
    """Section 8."""

    def test_missing_and_invalid_signatures_are_named(self) -> None:
        """Each with its reason."""
        verdict = AttestationVerdict(missing=("Ops",), problems=("AT-1: expired",))
        assert list(signature_problems(TEXT, Approval(verdict))) == [
            "section 8: nobody has signed as Ops",
            "section 8: AT-1: expired",
        ]

    def test_without_a_role_that_must_sign_nobody_has_signed(self) -> None:
        """Nothing unsigned counts as approved."""
        (problem,) = signature_problems(TEXT, Approval(AttestationVerdict()))
        assert "the policy names no role for G1" in problem

    def test_all_sign_within_a_week(self) -> None:
        """And no later than a week after the newest evidence."""
        late = NOW + timedelta(days=8)
        approval = Approval(AttestationVerdict(), (signed(), signed(late)))
        assert "8 days apart" in "".join(signature_problems(TEXT, approval))
        alone = Approval(AttestationVerdict(), (signed(late),))
        assert "was 9 days old at the first" in "".join(signature_problems(TEXT, alone))

    def test_n8_a_waiver_that_expired_before_the_last_signature_is_named(self) -> None:
        """It was valid at the review, and no longer when people signed."""
        approval = Approval(AttestationVerdict(), (signed(),))
        found = list(waiver_problems({"W-1": date(2026, 3, 1), "W-2": NOW.date()}, approval))
        assert found == [
            "section 5: W-1 expired on 2026-03-01, before the last signature of 2026-03-02"
        ]


class TestLog:
    """The approval log."""

    def test_an_entry_over_the_signed_checklist_is_final(self) -> None:
        """Committed or not."""
        text, approval = approved(TEXT)
        assert list(log_problems(text, approval, text.entries)) == []

    def test_an_entry_of_an_earlier_commit_may_not_change(self) -> None:
        """Nor disappear."""
        text, approval = approved(TEXT)
        earlier = replace(text.entries[0], at=NOW - timedelta(days=3))
        (problem,) = log_problems(text, approval, (earlier,))
        assert "entry 1 of 2026-02-27 was changed or removed" in problem

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"version": 2}, "not 1, 2, 3 in order"),
            ({"gate": "G2"}, "is of gate G2"),
            ({"checklist_digest": "sha256:0"}, "0 entries of the log approve"),
            ({"attestation_digests": ()}, "names other attestations"),
            ({"at": NOW - timedelta(seconds=1)}, "made before the last signature"),
        ],
    )
    def test_an_entry_that_does_not_fit_is_named(
        self, change: dict[str, object], told: str
    ) -> None:
        """One sentence for each way."""
        text, approval = approved(TEXT)
        entry: ApprovalEntry = replace(text.entries[0], **change)  # type: ignore[arg-type]
        (problem,) = log_problems(replace(text, entries=(entry,)), approval, ())
        assert told in problem

    def test_only_the_newest_entry_is_in_force(self) -> None:
        """A later approval of another checklist takes its place."""
        text, approval = approved(TEXT)
        later = replace(text.entries[0], version=2, checklist_digest="sha256:0")
        problems = log_problems(replace(text, entries=(*text.entries, later)), approval, ())
        assert "entry 2 approves another checklist since then" in "".join(problems)


class TestApproval:
    """What the sign-off task asks of it all."""

    def test_a_final_approval_of_the_gate_as_it_stands_has_no_problem(self) -> None:
        """Decision, signatures and log hold, and no input has changed."""
        text, approval = approved(TEXT)
        review = SignoffReview("G1", ROLES, text, approval)
        assert list(approval_problems(review, GateReview("G1", {}, (task("A-1"),)))) == []

    def test_without_a_document_nothing_is_approved(self) -> None:
        """Nobody has written one."""
        found = approval_problems(SignoffReview("G1", ROLES), GateReview("G1", {}, ()))
        assert list(found) == ["there is no sign-off document of G1"]

    def test_an_input_that_changed_afterwards_opens_the_gate_again(self) -> None:
        """Whatever was judged must still be what it was."""
        text, approval = approved(TEXT)
        gate = GateReview("G1", {}, (task("A-1", changed=("lock.yaml",)),))
        (problem,) = approval_problems(SignoffReview("G1", ROLES, text, approval), gate)
        assert problem == "G1 is open again: lock.yaml, which A-1 judged, has changed"

    def test_a_rejected_gate_is_not_approved(self) -> None:
        """However many signed."""
        rejected = replace(TEXT, decision=replace(DECISION, decision=REJECT))
        text, approval = approved(rejected)
        found = approval_problems(
            SignoffReview("G1", ROLES, text, approval), GateReview("G1", {}, ())
        )
        assert list(found) == ["section 7: the meeting rejected G1"]


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ("## 1. a\nx\ny\n", ""),
        ("## 1. a\nx\u2028y\n", "section 1: it says 'x\\u2028y', the records give 'x'"),
        ("## 1. a\nx\x0cy\n", "section 1: it says 'x\\x0cy', the records give 'x'"),
        ("## 1. a\ny\n", "section 1: it leaves out 'x', which the records give"),
        ("## 1. a\nx\nw\ny\n", "section 1: it says 'w', which the records do not give"),
        ("## 1. a\nz\ny\n", "section 1: it says 'z', the records give 'x'"),
        ("## 1. a\nx\n", "section 1: it leaves out 'y', which the records give"),
        ("## 1. a\nx\ny\nz\n", "section 1: it says 'z', which the records do not give"),
    ],
)
def test_the_first_line_that_differs_is_named(stated: str, told: str) -> None:
    """Left out, added, or changed."""
    assert first_difference(stated, "## 1. a\nx\ny\n") == told


def test_a_signature_can_be_no_older_than_the_text_and_its_evidence() -> None:
    """To the second, as signatures state their time."""
    assert TEXT.not_before == NOW - timedelta(days=1)
    assert replace(TEXT, generated=NOW.replace(microsecond=5)).not_before == NOW
    assert replace(TEXT, horizon=None).not_before is None
