"""Which declared statuses may be replaced by derived ones."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pytest_roadmap.domain.standing import Standing
from pytest_roadmap.domain.status import derive_all
from pytest_roadmap.domain.sync import SyncPlan, plan_sync
from pytest_roadmap.domain.task import Status
from tests.unit.document.documents import document, read, row
from tests.unit.domain_cases import effective

PASSES = {"SEC-001.S1": "pass"}


def planned(
    declared: str,
    words: Mapping[str, str],
    *,
    block: str,
    refused: Mapping[str, str] | None = None,
    unjudged: Mapping[str, str] | None = None,
) -> SyncPlan:
    reading = read(document(row(status=declared), block=block))
    assert reading.roadmap is not None
    derived = derive_all(reading.roadmap, {"SEC-001": ("SEC-001.S1",)}, effective(words))
    standing = Standing(derived, refused or {}, unjudged=unjudged or {})
    return plan_sync(reading.rows, standing)


def test_the_derived_word_replaces_the_declared_one() -> None:
    """Nothing was ever recorded about a task declared InProgress."""
    assert planned("InProgress", {}, block="미완료") == SyncPlan(
        {"SEC-001": Status.NOT_STARTED}, ()
    )


def test_done_is_written_on_valid_evidence_where_the_table_takes_it() -> None:
    """A section without an open and a Done part."""
    assert planned("NotStarted", PASSES, block="Backlog").changes == {"SEC-001": Status.DONE}


@pytest.mark.parametrize("word", ["TAMPERED", "DOD_CHANGED", "EMBEDDED_ONLY"])
def test_done_is_never_written_beside_refused_evidence(word: str) -> None:
    """The word of the rule is told."""
    plan = planned("NotStarted", PASSES, block="Backlog", refused={"SEC-001": word})

    assert not plan.changes
    assert word in plan.kept[0]


def test_done_is_never_written_while_the_newest_record_cannot_be_judged() -> None:
    """It may say otherwise; what would let it be judged is told."""
    plan = planned("NotStarted", PASSES, block="Backlog", unjudged={"SEC-001": "run 'git fetch'"})

    assert not plan.changes
    assert "run 'git fetch'" in plan.kept[0]


@pytest.mark.parametrize(
    ("declared", "words", "block"), [("NotStarted", PASSES, "미완료"), ("Done", {}, "Done")]
)
def test_a_row_that_would_have_to_move_stays(
    declared: str, words: Mapping[str, str], block: str
) -> None:
    """Only cells are written, no rows are moved."""
    plan = planned(declared, words, block=block)

    assert not plan.changes
    assert "move its row" in plan.kept[0]


def test_a_status_that_is_right_is_not_mentioned() -> None:
    """Nothing to write, nothing to say."""
    assert planned("Done", PASSES, block="Done") == SyncPlan({}, ())
