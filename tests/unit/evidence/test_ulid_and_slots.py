"""Record ids and file names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pytest_roadmap.adapters.evidence.files import EvidenceError
from pytest_roadmap.adapters.evidence.slots import file_name, slot_of, slot_of_file
from pytest_roadmap.adapters.evidence.ulid import UlidFactory, encode_ulid, is_ulid
from tests.unit.evidence.evidence_samples import task

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_ids_increase_within_a_millisecond_and_when_the_clock_steps_back() -> None:
    """Sorting by id is sorting by the order in which they were made."""
    moments = iter([NOW, NOW, NOW - timedelta(hours=1), NOW + timedelta(milliseconds=1)])
    make = UlidFactory(lambda: next(moments), lambda count: b"\xff" * count)

    ids = [make() for _ in range(4)]

    assert ids == sorted(set(ids))
    assert all(map(is_ulid, ids))


def test_an_id_holds_its_time() -> None:
    """The first ten characters are the milliseconds, as the specification has it."""
    make = UlidFactory(lambda: datetime.fromtimestamp(1469918176.385, UTC), lambda n: b"\0" * n)

    assert make() == "01ARYZ6S410000000000000000"


def test_the_largest_id_is_the_largest_ulid() -> None:
    """128 bits fit 26 characters whose first is at most 7."""
    assert encode_ulid(2**128 - 1) == "7" + "Z" * 25
    assert not is_ulid("8" + "Z" * 25)


@pytest.mark.parametrize(
    ("path", "slot"),
    [
        (".agents/logs/verification/20260212_sec_x.log", "sec_x.log"),
        (".agents/logs/verification/sec_x.md", "sec_x.md"),
    ],
)
def test_a_slot_is_the_name_without_the_date(path: str, slot: str) -> None:
    """The date in the document is part of the name, not a proof."""
    assert slot_of(task(evidence_path=path)) == slot


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "/etc/x.log",
        ".agents/logs/verification/../../x.log",
        ".agents/logs/verification/sub/x.log",
        ".agents/logs/verification/x.exe",
        ".agents/logs/verification/.hidden.log",
        ".agents/logs/verification/..log",
        ".agents/logs/verification/a b.log",
        ".agents/logs/verification/a\n.log",
        ".agents/logs/verification/한.log",
        "https://example.com/x.log",
    ],
)
def test_a_path_that_leaves_the_folder_is_refused(path: str) -> None:
    """Nothing in a document leads a writer outside the verification folder."""
    with pytest.raises(EvidenceError):
        slot_of(task(evidence_path=path))


SELF = ".roadmap/implementation_roadmap.md"


def test_a_self_referencing_task_has_the_slot_it_is_given() -> None:
    """The roadmap is never overwritten by its own evidence."""
    own = task("GOV-005", SELF, source_doc=f"`{SELF}`")

    assert slot_of(own, {"GOV-005": "gov_legacy_mapping.md"}) == "gov_legacy_mapping.md"
    assert slot_of(own) == "gov_005.md"


def test_a_path_elsewhere_that_is_no_source_is_refused() -> None:
    """Only a task's own source document may stand in for a slot."""
    with pytest.raises(EvidenceError, match="neither a file directly below"):
        slot_of(task("GOV-005", SELF, source_doc="`other.md`"))


def test_file_names_and_slots_agree() -> None:
    """A written name leads back to its slot, with and without a repeat."""
    assert slot_of_file(file_name("sec_x.log", "20261124", 1)) == "sec_x.log"
    assert slot_of_file(file_name("sec_x.log", "20261124", 12)) == "sec_x.log"
    assert slot_of_file("notes.txt") is None
