"""When an attestation counts: each rule with a case that breaks it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pytest_roadmap.domain.attestation import (
    Attestation,
    Candidate,
    Demand,
    Signer,
    judge,
    person_key,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SUBJECT = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
OPS = Signer("ops.kim@corp", ("Ops",), "key-ops", NOW - 100 * DAY)
LEE = Signer("lee@corp", ("Platform", "Ops"), "key-lee", NOW - 100 * DAY)


def attestation(person: Signer = OPS, role: str = "Ops", **changes: object) -> Attestation:
    made = Attestation(
        attestation_id=f"AT-{person.key_id}-{role}",
        purpose="runbook-review",
        subject_name="runbook alert section",
        subject_digest=SUBJECT,
        role=role,
        person=person.person,
        decision="approve",
        signed_at=NOW - DAY,
        expires_at=NOW + 89 * DAY,
        task="MON-007",
        environment="prod",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def candidate(person: Signer = OPS, role: str = "Ops", **changes: object) -> Candidate:
    return Candidate(attestation(person, role, **changes), (person,))


def demand(*roles: str, **changes: object) -> Demand:
    made = Demand(
        purpose="runbook-review",
        roles=roles or ("Ops",),
        subject_digest=SUBJECT,
        environment="prod",
        now=NOW,
        task="MON-007",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_good_attestation_counts() -> None:
    """Signed by the right person, for this, in time: valid."""
    verdict = judge([candidate()], demand())

    assert (verdict.valid, verdict.persons) == (("AT-key-ops-Ops",), ("ops.kim@corp",))
    assert (verdict.missing, verdict.problems) == ((), ())


def test_no_attestation_is_missing_and_not_invalid() -> None:
    """Nobody has signed yet: the role is waited for."""
    verdict = judge([], demand("Ops", "Platform"))

    assert (verdict.missing, verdict.problems) == (("Ops", "Platform"), ())


def test_one_of_two_roles_leaves_the_other_missing() -> None:
    """A half signed subject waits for the other half."""
    verdict = judge([candidate()], demand("Ops", "Platform"))

    assert (verdict.valid, verdict.missing) == (("AT-key-ops-Ops",), ("Platform",))
    assert verdict.problems == ()


BROKEN = {
    "wrong role": (candidate(OPS, "Platform"), demand("Platform"), "did not hold the role"),
    "altered subject": (candidate(), demand(subject_digest=OTHER), "another text"),
    "expired": (candidate(expires_at=NOW), demand(), "expired"),
    "without expiry": (candidate(expires_at=None), demand(), "no expiry"),
    "signed in the future": (candidate(signed_at=NOW + DAY), demand(), "future"),
    "another task": (candidate(task="MON-008"), demand(), "for task MON-008"),
    "no task": (candidate(task=None), demand(), "for task None"),
    "another gate": (candidate(gate="G1"), demand(gate="G3"), "for gate G1, not for gate G3"),
    "a gate where none is asked": (candidate(gate="G1"), demand(), "not for no gate"),
    "no gate where one is asked": (candidate(), demand(gate="G3"), "for no gate"),
    "another environment": (candidate(environment="rehearsal"), demand(), "rehearsal"),
    "before the event": (candidate(event_at=NOW), demand(), "before the event"),
    "before the evidence": (candidate(), demand(not_before=NOW), "before the evidence"),
    "rejected": (candidate(decision="reject"), demand(), "reject"),
    "under a condition": (candidate(conditions=("fix link",)), demand(), "fix link"),
}


@pytest.mark.parametrize(("found", "asked", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_a_problem_with_its_reason(
    found: Candidate, asked: Demand, reason: str
) -> None:
    """Each broken rule makes the attestation invalid, not missing, and says why."""
    verdict = judge([found], asked)

    assert (verdict.valid, verdict.missing) == ((), ())
    assert any(reason in problem for problem in verdict.problems)
    assert all(problem.startswith("AT-") for problem in verdict.problems)


def test_a_role_nobody_asked_for_fills_no_other() -> None:
    """An Ops signature in Platform's place is a problem, and Platform is still missing."""
    verdict = judge([candidate(OPS, "Ops")], demand("Platform"))

    assert verdict.missing == ("Platform",)
    assert "signed as Ops, asked for is Platform" in verdict.problems[0]


REVOKED = {
    "revoked before": (replace(OPS, revoked_at=NOW - 2 * DAY), "revoked"),
    "not valid yet": (replace(OPS, valid_from=NOW), "valid only from"),
    "no longer valid": (replace(OPS, valid_until=NOW - DAY), "valid only until"),
}


@pytest.mark.parametrize(("signer", "reason"), REVOKED.values(), ids=REVOKED)
def test_a_key_must_count_when_it_signed(signer: Signer, reason: str) -> None:
    """A key revoked, not yet valid or no longer valid at the signing time signs nothing."""
    verdict = judge([candidate(signer)], demand())

    assert [reason in problem for problem in verdict.problems] == [True]


def test_a_key_revoked_later_keeps_earlier_signatures() -> None:
    """Revocation works forward: what was signed before stays signed."""
    signer = replace(OPS, revoked_at=NOW)

    assert judge([candidate(signer)], demand()).valid


def test_nobody_signs_in_another_persons_name() -> None:
    """The person named must be the one whose key signed."""
    forged = Candidate(attestation(LEE, "Ops"), (OPS,))

    assert "not signed by lee@corp" in judge([forged], demand()).problems[0]


def test_an_unverified_envelope_is_invalid() -> None:
    """A broken or unknown signature is a problem even when everything else fits."""
    forged = Candidate(attestation(), (), ("it is signed with an unregistered key",))

    assert len(judge([forged], demand()).problems) == 2


def test_one_person_cannot_sign_for_two_roles() -> None:
    """Several roles are several persons, whoever holds both."""
    both = [candidate(LEE, "Platform"), candidate(LEE, "Ops")]

    verdict = judge(both, demand("Platform", "Ops"))

    assert (verdict.valid, verdict.missing) == ((), ())
    assert "different persons" in verdict.problems[0]


@pytest.mark.parametrize(
    "spelling",
    [" LEE@corp", "lee@corp\u3164", "le\u034fe@corp", "lee\ufe0f@corp", "\u200blee@corp"],
)
def test_one_person_with_two_keys_is_still_one_person(spelling: str) -> None:
    """Neither another key nor another spelling makes a second person."""
    second = replace(LEE, person=spelling, roles=("Ops",), key_id="key-2")

    verdict = judge(
        [candidate(LEE, "Platform"), candidate(second, "Ops")], demand("Platform", "Ops")
    )

    assert "different persons" in verdict.problems[0]


def test_a_wide_gap_in_a_name_makes_no_second_person() -> None:
    """A blank is a blank, however many and of which width."""
    assert person_key("Kim\u3000 Lee") == person_key("kim lee") != person_key("kimlee")


def test_one_key_cannot_stand_for_two_persons() -> None:
    """Two names behind one key are one signature."""
    borrowed = replace(OPS, key_id=LEE.key_id)

    verdict = judge(
        [candidate(LEE, "Platform"), candidate(borrowed, "Ops")], demand("Platform", "Ops")
    )

    assert "different keys" in verdict.problems[0]


def test_persons_may_co_sign_each_others_attestations() -> None:
    """Two signatures on both envelopes are still two persons, each with a key of its own."""
    both = (OPS, LEE)
    ops = Candidate(attestation(), both)
    lee = Candidate(attestation(LEE, "Platform"), both)

    verdict = judge([ops, lee], demand("Ops", "Platform"))

    assert (verdict.persons, verdict.problems) == (("ops.kim@corp", "lee@corp"), ())


def test_persons_are_distributed_over_the_roles() -> None:
    """A person who signed for both roles gives one up when another person holds it."""
    found = [candidate(LEE, "Platform"), candidate(LEE, "Ops"), candidate(OPS, "Ops")]

    verdict = judge(found, demand("Ops", "Platform"))

    assert verdict.persons == ("ops.kim@corp", "lee@corp")


def test_an_old_invalid_attestation_harms_no_valid_one() -> None:
    """After a renewal the expired one is history."""
    old = candidate(attestation_id="AT-old", expires_at=NOW - DAY)

    assert judge([old, candidate()], demand()).problems == ()


def test_the_business_of_another_task_is_no_problem_here() -> None:
    """The same purpose for another subject of another task leaves the role missing."""
    elsewhere = candidate(task="CUT-004", subject_digest=OTHER)

    verdict = judge([elsewhere], demand())

    assert (verdict.missing, verdict.problems) == (("Ops",), ())


def test_another_purpose_is_not_looked_at() -> None:
    """A review is no lock."""
    assert judge([candidate(purpose="handover")], demand()).missing == ("Ops",)


def test_an_attestation_bound_to_no_environment_counts_in_each() -> None:
    """A reviewed document is the same document everywhere."""
    assert judge([candidate(environment=None)], demand()).valid


def test_a_signing_time_after_its_commit_is_invalid() -> None:
    """What git recorded long before cannot have been signed later; a day's grace is given."""
    late = replace(candidate(), added_at=NOW - 3 * DAY)
    in_grace = replace(candidate(), added_at=NOW - 2 * DAY)

    assert "later than its commit" in judge([late], demand()).problems[0]
    assert judge([in_grace], demand()).valid


def test_a_gate_approval_needs_no_expiry() -> None:
    """It is bound to one commit instead."""
    approval = candidate(purpose="gate-approved", gate="G1", expires_at=None)

    assert judge([approval], demand(purpose="gate-approved", gate="G1")).valid


def test_two_persons_of_one_role_can_be_asked_for() -> None:
    """The same role twice means two different holders."""
    found = [candidate(OPS, "Ops"), candidate(LEE, "Ops")]

    assert len(judge(found, demand("Ops", "Ops")).persons) == 2
    assert judge(found[:1], demand("Ops", "Ops")).problems


def test_a_later_rejection_takes_the_same_persons_approval_back() -> None:
    """The last word of a person counts; the word of another person, or an invalid one, does not."""
    approved = candidate(signed_at=NOW - 2 * DAY)
    rejected = candidate(attestation_id="AT-no", decision="reject")
    verdict = judge([approved, rejected], demand())
    assert verdict.valid == ()
    assert any("took it back by AT-no" in problem for problem in verdict.problems)
    assert judge([approved, replace(rejected, signers=())], demand()).valid
    assert judge([approved, candidate(LEE, decision="reject")], demand()).valid
    again = candidate(attestation_id="AT-again", signed_at=NOW - DAY / 2)
    assert judge([approved, rejected, again], demand()).valid == ("AT-again",)
