"""A lock names the document as it stands, and its history is an unbroken chain."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pytest_roadmap.domain.handoff import (
    ChangeEntry,
    Lock,
    LockedDocument,
    canonical_digest,
    history_problems,
    lock_problems,
    parse_version,
    read_history,
    read_lock,
    read_time,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def digest(text: Any) -> Any:
    """A digest of some text."""
    return canonical_digest(text.encode())


def history() -> Any:
    """Three versions that follow one another."""
    first = ChangeEntry("0.9.0", NOW - 9 * DAY, "park", "first", digest("a"), "")
    second = ChangeEntry("1.0.0", NOW - 5 * DAY, "seo", "more", digest("b"), digest("a"))
    third = ChangeEntry("1.0.1", NOW - 2 * DAY, "park", "fix", digest("c"), digest("b"))
    return [first, second, third]


def locked(**changed: Any) -> Any:
    """A document that is locked at its newest version."""
    values = {
        "digest": digest("c"),
        "lock": Lock("1.0.1", NOW - DAY, digest("c"), digest("template")),
        "history": tuple(history()),
        "template_digest": digest("template"),
    }
    return LockedDocument(**(values | changed))


def test_a_locked_document_has_no_problem() -> None:
    """Lock, history and content agree."""
    assert lock_problems(locked()) == ()
    assert history_problems(locked(), NOW) == ()


def test_one_byte_more_breaks_the_lock() -> None:
    """Even a space at the end is another document; only line ends and Unicode form are not."""
    assert digest("a") != digest("a ")
    assert canonical_digest(b"a\r\n") == canonical_digest(b"a\n")
    assert digest("\u1112\u1161\u11ab") == digest("\ud55c")
    assert lock_problems(locked(digest=digest("c ")))


@pytest.mark.parametrize(
    "changed",
    [
        {"lock": None},
        {"history": ()},
        {"history": tuple(history()[:2])},
        {"template_digest": digest("other")},
        {"lock": Lock("1.0.0", NOW - DAY, digest("c"), digest("template"))},
        {"lock": Lock("1.0.1", NOW - 3 * DAY, digest("c"), digest("template"))},
    ],
)
def test_a_lock_that_names_something_else_is_no_lock(changed: Any) -> None:
    """No lock, another version, template or digest, or a lock older than its version."""
    assert lock_problems(locked(**changed))


@pytest.mark.parametrize("removed", [0, 1])
def test_a_removed_version_is_missed(removed: Any) -> None:
    """Dropping the first or a middle version breaks the chain of digests."""
    entries = history()
    del entries[removed]
    assert history_problems(locked(history=tuple(entries)), NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {"version": "1.0.0"},
        {"version": "0.9.9"},
        {"version": "1.0"},
        {"version": "1.00.1"},
        {"version": "v1.0.1"},
        {"at": None},
        {"at": NOW + DAY},
        {"at": NOW - 6 * DAY},
        {"author": ""},
        {"reason": ""},
        {"digest": "c"},
        {"prev_digest": ""},
        {"prev_digest": digest("a")},
    ],
)
def test_every_property_of_a_change_matters(changed: Any) -> None:
    """Version, time, author, reason and both digests are each checked."""
    entries = history()
    entries[-1] = replace(entries[-1], **changed)
    assert history_problems(locked(history=tuple(entries)), NOW)


def test_an_empty_history_accounts_for_nothing() -> None:
    """No entry at all is a problem, and so is a lock from the future."""
    assert history_problems(locked(history=()), NOW)
    future = Lock("1.0.1", NOW + DAY, digest("c"), digest("template"))
    assert history_problems(locked(lock=future), NOW)


def test_versions_are_compared_as_numbers() -> None:
    """1.0.10 follows 1.0.9."""
    ten, nine = parse_version("1.0.10"), parse_version("1.0.9")
    assert ten is not None
    assert nine is not None
    assert ten > nine


def test_plain_values_are_read_without_guessing() -> None:
    """Times need a zone; what is no lock or no entry stays empty."""
    assert read_time("2026-03-01T09:00:00+09:00") == NOW
    assert read_time("2026-03-01T00:00:00") is None
    assert read_time("soon") is None
    assert read_time(5) is None
    assert read_lock(None) is None
    assert read_lock({"version": "1.0.0", "at": "x", "digest": "d", "template_digest": "t"}) is None
    lock = {"version": "1.0.0", "at": NOW.isoformat(), "digest": "d", "template_digest": "t"}
    assert read_lock(lock) == Lock("1.0.0", NOW, "d", "t")
    assert read_history({"entries": "x"}) == ()
    assert read_history([None]) == (ChangeEntry("", None, "", "", "", ""),)
    assert read_history({"entries": [{"prev_digest": None}]})[0].prev_digest == ""
