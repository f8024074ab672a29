"""Reading costs work in proportion to the tasks, counted in calls, not in seconds."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_roadmap.adapters.document import read_roadmap
from tests.unit.document.documents import document, policy, row

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

MANY = replace(policy(), task_id_pattern=r"^SEC-\d+$")


def chain(count: int) -> bytes:
    """Tasks each of which depends on the one before, last row first."""
    rows = (
        row(f"SEC-{number}", depends_on=f"SEC-{number - 1}" if number else "-")
        for number in reversed(range(count))
    )
    return document(*rows).encode()


def cycle(count: int) -> bytes:
    """The same chain bent into a circle."""
    return chain(count).replace(b"| P0 | - |", f"| P0 | SEC-{count - 1} |".encode())


def broken(count: int) -> bytes:
    """Rows parted from their table, each with a hidden character and a range."""
    rows = (row(f"SEC-{number}", depends_on="SEC-1~SEC-2\u200b") for number in range(count))
    return document(*(line for each in rows for line in (each, ""))).encode()


def calls_of(action: Callable[[], object]) -> int:
    """How many functions are called, Python's and C's."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        if event in ("call", "c_call"):
            calls += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(before)
    return calls


def growth(make: Callable[[int], bytes]) -> float:
    """How much more work four times the rows are."""
    small, large = make(100), make(400)
    read_roadmap(small, MANY)
    few = calls_of(lambda: read_roadmap(small, MANY))
    many = calls_of(lambda: read_roadmap(large, MANY))
    return many / few


def test_a_chain_is_read_and_checked_in_linear_work() -> None:
    """Four times the tasks, about four times the calls."""
    assert 3 < growth(chain) < 4.2


def test_a_cycle_is_found_in_linear_work() -> None:
    """One finding, however long the circle."""
    assert 3 < growth(cycle) < 4.2


def test_broken_rows_are_reported_in_linear_work() -> None:
    """A finding for each, no comparison of each with each."""
    assert 3 < growth(broken) < 4.2


def test_a_long_chain_is_read_whole() -> None:
    """No recursion limit stands in the way."""
    reading = read_roadmap(chain(2_000), MANY)

    assert reading.findings == ()
    assert reading.roadmap is not None
    assert reading.roadmap.ordered()[0].task_id == "SEC-0"
