"""Blockers and waivers as files: what is read, and the one sentence for what is not."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from pytest_roadmap.adapters.document.blockers import read_blockers
from pytest_roadmap.adapters.document.registers import RegisterError
from pytest_roadmap.adapters.document.waivers import read_waivers

if TYPE_CHECKING:
    from pathlib import Path

TASKS = ("SEC-004", "SEC-006")
BLOCKER = (
    "- {task: SEC-004, code: decision_open(D-7), condition: vault open, owner: Infra, "
    "since: 2026-02-01, review_by: 2026-03-01}\n"
)
WAIVER = """\
- id: W-2026-003
  gate: G1
  task: SEC-006
  scope: []
  reason: change freeze until 2026-03-20, drill moved
  risk: configs may drift
  compensation: compared by hand every week
  requested_by: {role: Ops, name: ops.kim}
  approved_by: [{role: Platform, name: plat.lee, attestation: AT-2026-0142}]
  created: 2026-03-02
  expires: 2026-03-31
"""


def blockers_error(path: Path) -> str:
    with pytest.raises(RegisterError) as caught:
        read_blockers(path, TASKS)
    return str(caught.value)


def waivers_error(path: Path) -> str:
    with pytest.raises(RegisterError) as caught:
        read_waivers(path, TASKS, ("G1",))
    return str(caught.value)


def test_absent_and_empty_files_register_nothing(tmp_path: Path) -> None:
    """Nobody is forced to keep an empty list."""
    (tmp_path / "empty.yaml").write_text("# none\n", "utf-8")

    assert read_blockers(tmp_path / "absent.yaml", TASKS) == ()
    assert read_waivers(tmp_path / "empty.yaml", TASKS, ("G1",)) == ()


def test_a_blocker_holds_until_the_end_of_its_review_day(tmp_path: Path) -> None:
    """Dates are UTC days."""
    path = tmp_path / "blockers.yaml"
    path.write_text(BLOCKER, "utf-8")

    (blocker,) = read_blockers(path, TASKS)

    assert blocker.holds(date(2026, 3, 1))
    assert blocker.overdue(date(2026, 3, 2))
    assert not blocker.holds(date(2026, 1, 31))


def test_a_waiver_is_read_whole(tmp_path: Path) -> None:
    """Its people and dates included."""
    path = tmp_path / "waivers.yaml"
    path.write_text(WAIVER, "utf-8")

    (waiver,) = read_waivers(path, TASKS, ("G1",))

    assert (waiver.created, waiver.expires) == (date(2026, 3, 2), date(2026, 3, 31))
    assert waiver.approved_by[0].attestation == "AT-2026-0142"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("SEC-004", "SEC-999", "[1].task: SEC-999 is no task of the roadmap"),
        ("decision_open(D-7)", "lazy", "[1].code: must be one of "),
        ("since: 2026-02-01", "since: 20260201", "[1].since: must be a date yyyy-mm-dd"),
        ("since: 2026-02-01", "since: 2026-02-30", "[1].since: 2026-02-30 is no day"),
        ("2026-03-01", "2026-01-01", "[1].review_by: must not be before since"),
        ("owner: Infra, ", "", "[1].owner: is missing"),
        ("owner: Infra", "owner: ' '", "[1].owner: must be text"),
        ("owner: Infra", "owner: Infra, by: me", "[1].by: is not one of the keys"),
    ],
)
def test_a_bad_blocker_is_told_with_file_and_key(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    """One sentence."""
    path = tmp_path / "blockers.yaml"
    path.write_text(BLOCKER.replace(old, new), "utf-8")

    assert blockers_error(path).startswith(f"{path}: {told}")


def test_a_blocker_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Which of the two review dates would hold?"""
    path = tmp_path / "blockers.yaml"
    path.write_text(BLOCKER * 2, "utf-8")

    assert blockers_error(path).startswith(f"{path}: [2].code: SEC-004 has a blocker")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("G1", "G9", "[1].gate: G9 is no gate of the policy"),
        ("SEC-006", "SEC-999", "[1].task: SEC-999 is no task"),
        ("scope: []", "scope: SEC-006.S1", "[1].scope: must be a list"),
        ("scope: []", "scope: [1]", "[1].scope: must be a list of texts"),
        ("scope: []", "scope: [a, a]", "[1].scope: names something twice"),
        ("name: ops.kim", "name: ", "[1].requested_by.name: must be text"),
        ("{role: Ops, name: ops.kim}", "Ops", "[1].requested_by: must be a mapping"),
        (", attestation: AT-2026-0142", "", "[1].approved_by[1].attestation: is missing"),
        ("[{role: Platform, name: plat.lee, attestation: AT-2026-0142}]", "me", "[1].approved_by"),
        ("expires: 2026-03-31", "expires: soon", "[1].expires: must be a date"),
    ],
)
def test_a_bad_waiver_is_told_with_file_and_key(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    """One sentence."""
    path = tmp_path / "waivers.yaml"
    path.write_text(WAIVER.replace(old, new), "utf-8")

    assert waivers_error(path).startswith(f"{path}: {told}")


def test_two_waivers_of_one_id_are_refused(tmp_path: Path) -> None:
    """An id names one approval."""
    path = tmp_path / "waivers.yaml"
    path.write_text(WAIVER * 2, "utf-8")

    assert waivers_error(path) == f"{path}: [2].id: W-2026-003 stands twice"


@pytest.mark.parametrize("text", ["{", "a: b", "- x"])
def test_a_file_that_is_no_list_of_entries_is_refused(tmp_path: Path, text: str) -> None:
    """It is named, and nothing is guessed."""
    path = tmp_path / "blockers.yaml"
    path.write_text(text, "utf-8")

    assert blockers_error(path).startswith(str(path))
