"""``defaults``: the Legacy map is kept, and the backlog waits for what goes first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_roadmap.domain.quality.defaults import check_backlog, check_legacy_kept
from pytest_roadmap.domain.quality.qa05 import PhaseRow
from pytest_roadmap.domain.roadmap import Roadmap
from pytest_roadmap.domain.task import Status
from tests.unit.document.documents import REAL_DOCUMENT, policy, read

OLD = PhaseRow(3, "Phase 11 Rebuild", "WS-SEC")
KEPT = PhaseRow(4, "Phase 12 Rehearsal", "WS-CUT")
TAG = "BACKLOG-MON-V2"


@pytest.fixture(scope="module")
def roadmap() -> Roadmap:
    found = read(REAL_DOCUMENT.read_bytes()).roadmap
    assert found is not None
    return found


def with_backlog(roadmap: Roadmap, task_id: str, status: Status, **done: Status) -> Roadmap:
    """The roadmap with one tagged task, and other statuses for some."""

    def changed(task_id_: str) -> Status | None:
        return done.get(task_id_.replace("-", "_"))

    tasks = [replace(each, status=changed(each.task_id) or each.status) for each in roadmap.tasks]
    tagged = [
        replace(each, status=status, dod=f"{each.dod} `{TAG}`") if each.task_id == task_id else each
        for each in tasks
    ]
    return Roadmap(tuple(tagged))


def test_a_map_that_lost_no_row_passes() -> None:
    """New rows, another order and another wording are fine."""
    rows = (KEPT, replace(OLD, phase="Phase 11 Secure rebuild"), PhaseRow(5, "Phase 13", "WS-GOV"))

    assert not list(check_legacy_kept(rows, [(OLD, KEPT), (OLD,)]))


@pytest.mark.parametrize("before", [[(OLD, KEPT)], [(KEPT,), (OLD, KEPT)]])
def test_a_row_that_an_earlier_version_had_must_stay(before: list[tuple[PhaseRow, ...]]) -> None:
    """In the newest commit or in the one before it."""
    found = list(check_legacy_kept((KEPT,), before))

    assert [each.code for each in found] == ["LEGACY_ROW_GONE"]
    assert "Phase 11 Rebuild" in found[0].message


def test_a_document_without_the_map_fails() -> None:
    """Whatever it held before."""
    assert [each.code for each in check_legacy_kept((), [])] == ["LEGACY_MAP_GONE"]


def test_the_policy_names_the_tag_and_what_goes_first() -> None:
    """The v1 alerts: rule, routing and test."""
    backlog = policy().qa["backlog"]

    assert backlog == {"tag": TAG, "after": ("MON-003", "MON-004", "MON-005")}
    assert policy().named_tasks()["MON-004"]


def test_the_real_tables_start_nothing_early(roadmap: Roadmap) -> None:
    """The two tasks that keep the boundary are no tasks behind it."""
    assert not list(check_backlog(roadmap, TAG, ("MON-003", "MON-004", "MON-005")))


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.DONE])
def test_a_backlog_task_that_begins_early_fails(roadmap: Roadmap, status: Status) -> None:
    """Named with what it should have waited for."""
    early = with_backlog(roadmap, "GOV-007", status, MON_003=Status.DONE)
    found = list(check_backlog(early, TAG, ("MON-003", "MON-004")))

    assert [(each.code, each.task) for each in found] == [("BACKLOG_EARLY", "GOV-007")]
    assert "before MON-004 is Done" in found[0].message


def test_a_backlog_task_may_begin_once_the_others_are_done(roadmap: Roadmap) -> None:
    """Or wait untouched while they are not."""
    late = with_backlog(
        roadmap, "GOV-007", Status.IN_PROGRESS, MON_003=Status.DONE, MON_004=Status.DONE
    )
    waiting = with_backlog(roadmap, "GOV-007", Status.NOT_STARTED)

    assert not list(check_backlog(late, TAG, ("MON-003", "MON-004")))
    assert not list(check_backlog(waiting, TAG, ("MON-003", "MON-004")))
    assert not list(check_backlog(waiting, "", ("MON-003",)))
