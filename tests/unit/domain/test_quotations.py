"""Whether a feature quotes the document, as a sentence for the outcome DOD_CHANGED."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_roadmap.adapters.document.features import read_feature
from pytest_roadmap.domain.quality.features import quotation_changes
from pytest_roadmap.domain.task import SubTask
from tests.unit.cli.projects import GOOD_FEATURE
from tests.unit.domain_cases import task

TASK = replace(
    task("SEC-001"), dod="모든 값이 일치", sub_tasks=(SubTask(1, "하나"), SubTask(2, "둘"))
)


def changes(dod: str = TASK.dod, sub_tasks: tuple[SubTask, ...] = TASK.sub_tasks) -> str:
    feature = read_feature(GOOD_FEATURE, "a.feature", {"SEC-001"}).feature
    assert feature is not None
    written = replace(TASK, dod=dod, sub_tasks=sub_tasks)
    return quotation_changes(written, feature, feature.scenarios[1])


def test_a_verbatim_quotation_has_no_change() -> None:
    """The empty sentence."""
    assert changes() == ""


@pytest.mark.parametrize(
    ("dod", "sub_tasks", "named"),
    [
        ("다른 값", TASK.sub_tasks, "the DoD of SEC-001"),
        (TASK.dod, (SubTask(1, "하나"), SubTask(2, "두 번째")), "sub-task 2 of SEC-001"),
        (TASK.dod, (SubTask(1, "하나"),), "sub-task 2 of SEC-001"),
    ],
)
def test_a_changed_document_is_named(dod: str, sub_tasks: tuple[SubTask, ...], named: str) -> None:
    """What differs, so that somebody can mend the feature."""
    assert named in changes(dod, sub_tasks)
