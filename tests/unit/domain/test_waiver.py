"""When a waiver counts: each condition of rules b.3 has a waiver that breaks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from pytest_roadmap.domain.ports import AttestationVerdict
from pytest_roadmap.domain.roadmap import Roadmap
from pytest_roadmap.domain.waiver import (
    Approver,
    Requester,
    WaiverEntry,
    WaiverFault,
    WaiverJudgement,
    judge_waivers,
)
from tests.unit.document.documents import policy
from tests.unit.domain_cases import roadmap, task

TODAY = date(2026, 3, 10)
GOOD = WaiverEntry(
    waiver_id="W-2026-001",
    gate="G1",
    task_id="SEC-006",
    scope=(),
    reason="change freeze until 2026-03-20",
    risk="configs may drift",
    compensation="compared by hand every week",
    requested_by=Requester("Ops", "ops.kim@corp"),
    approved_by=(Approver("Platform", "plat.lee@corp", "AT-1"),),
    created=date(2026, 3, 2),
    expires=date(2026, 3, 31),
)
APPROVED = AttestationVerdict(valid=("AT-1",), persons=("plat.lee@corp",))


def tasks(owner: str = "Data Eng") -> Roadmap:
    return roadmap(
        replace(task("SEC-006", priority="P1"), owner=owner),
        replace(task("SEC-007", priority="P0"), owner=owner),
        replace(task("SEC-008", priority="P1"), owner=owner),
        replace(task("CUT-001", gate="G3", priority="P1"), owner=owner),
        replace(task("GOV-006", priority="P2"), owner=owner),
    )


def judged(
    *entries: WaiverEntry,
    today: date = TODAY,
    verdict: AttestationVerdict = APPROVED,
    of: Roadmap | None = None,
) -> WaiverJudgement:
    return judge_waivers(
        entries, of or tasks(), policy(), today=today, approval=lambda _entry: verdict
    )


def faults(judgement: WaiverJudgement) -> Sequence[WaiverFault]:
    return [problem.fault for each in judgement.invalid for problem in each.problems]


def test_a_waiver_that_keeps_every_condition_counts() -> None:
    """With its gate, task, scope and reason."""
    found = judged(GOOD)

    assert not found.invalid
    assert [(each.waiver_id, each.gate, each.task_id) for each in found.valid] == [
        ("W-2026-001", "G1", "SEC-006")
    ]


@pytest.mark.parametrize("day", [GOOD.created, GOOD.expires])
def test_its_first_and_last_day_belong_to_it(day: date) -> None:
    """Both dates are inclusive."""
    assert judged(GOOD, today=day).valid


def test_forty_five_days_are_not_too_long() -> None:
    """The limit itself is allowed."""
    assert judged(replace(GOOD, expires=date(2026, 4, 16))).valid


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"task_id": "CUT-001"}, WaiverFault.NOT_COUNTED),
        ({"task_id": "SEC-007"}, WaiverFault.PRIORITY),
        ({"task_id": "SEC-008"}, WaiverFault.NEVER_WAIVE),
        ({"created": date(2026, 3, 11)}, WaiverFault.NOT_YET),
        ({"expires": date(2026, 3, 9)}, WaiverFault.EXPIRED),
        ({"expires": date(2026, 4, 17)}, WaiverFault.TOO_LONG),
        ({"scope": ("SEC-0061.S1",)}, WaiverFault.SCOPE),
        ({"reason": "change freeze  now  "}, WaiverFault.REASON),
        ({"reason": "TBD until the next meeting"}, WaiverFault.REASON),
        ({"reason": "moved because of <reason here>"}, WaiverFault.REASON),
        (
            {"approved_by": (Approver("Ops", "plat.lee@corp", "AT-1"),)},
            WaiverFault.APPROVER_ROLE,
        ),
        (
            {"requested_by": Requester("Ops", " PLAT.lee@corp")},
            WaiverFault.APPROVER_IS_REQUESTER,
        ),
        (
            {"approved_by": (Approver("Platform", "plat.lee@corp", "AT-2"),)},
            WaiverFault.ATTESTATION,
        ),
        ({"approved_by": ()}, WaiverFault.ATTESTATION),
        (
            {"approved_by": (Approver("Platform", "plat.han@corp", "AT-1"),)},
            WaiverFault.ATTESTATION,
        ),
    ],
)
def test_a_waiver_that_breaks_one_condition_is_ignored_with_its_name(
    changed: dict[str, object], fault: WaiverFault
) -> None:
    """One change, one named reason."""
    found = judged(replace(GOOD, **changed))  # type: ignore[arg-type]

    assert not found.valid
    assert faults(found) == [fault]
    assert f"WAIVER_INVALID W-2026-001 ({found.invalid[0].entry.task_id}): {fault}: " in str(
        found.invalid[0]
    )


def test_the_sole_owner_of_a_task_may_not_approve_its_waiver() -> None:
    """A second owner makes it possible again."""
    alone = judged(GOOD, of=tasks(owner="Platform"))

    assert faults(alone) == [WaiverFault.APPROVER_OWNS_TASK]
    assert judged(GOOD, of=tasks(owner="Platform + Infra")).valid


@pytest.mark.parametrize(
    "verdict",
    [
        AttestationVerdict(missing=("Platform",)),
        AttestationVerdict(problems=("AT-1: it is not signed",)),
        AttestationVerdict(),
    ],
)
def test_without_a_valid_approval_nothing_is_waived(verdict: AttestationVerdict) -> None:
    """Missing, invalid, or nothing said at all."""
    assert faults(judged(GOOD, verdict=verdict)) == [WaiverFault.ATTESTATION]


def test_a_second_renewal_is_refused() -> None:
    """Expired ones count: they are what is renewed."""
    first = replace(GOOD, waiver_id="W-1", created=date(2026, 1, 1), expires=date(2026, 1, 31))
    second = replace(first, waiver_id="W-2", created=date(2026, 2, 1), expires=date(2026, 2, 28))

    assert judged(first, GOOD).valid
    assert WaiverFault.RENEWALS in faults(judged(first, second, GOOD))
    assert not judged(first, second, GOOD).valid


def test_a_gate_takes_two_waivers() -> None:
    """The third valid one is ignored."""
    more = policy().waivers["max_per_gate"]
    owned = tasks()
    extra = replace(owned.tasks[0], task_id="SEC-005")
    of = roadmap(*owned.tasks, extra)
    entries = [
        replace(GOOD, waiver_id=f"W-{task_id}", task_id=task_id)
        for task_id in ("SEC-006", "GOV-006", "SEC-005")
    ]

    found = judged(*entries, of=of)

    assert len(found.valid) == more
    assert faults(found) == [WaiverFault.TOO_MANY]


def test_the_approved_digest_is_over_everything_but_the_approval() -> None:
    """Otherwise nobody could sign before the approval is written down, or text could change."""
    other = replace(GOOD, approved_by=(Approver("Platform", "x", "AT-9"),))

    assert other.subject_digest == GOOD.subject_digest
    assert replace(GOOD, expires=date(2026, 4, 1)).subject_digest != GOOD.subject_digest
