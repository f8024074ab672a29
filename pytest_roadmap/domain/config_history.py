"""Differences that earlier comparisons recorded, and whether commits have corrected them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_roadmap.domain.config_binding import ConfigComparison, describe
from pytest_roadmap.domain.config_values import leaves, merged
from pytest_roadmap.domain.evidence import Record
from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.ports import FileChange

#: The fact under which a record keeps its comparisons.
FACT = "config_comparisons"


@dataclass(frozen=True, slots=True)
class EarlierDifference:
    """A key that did not agree once; ``commits`` are those of the files it was found in.

    A file that stood there uncommitted is not in ``commits``: nothing has to follow upon it.
    """

    config_path: str
    at: datetime
    record_id: str
    commits: Mapping[str, str]


def earlier_differences(records: Iterable[Record], task_id: str) -> tuple[EarlierDifference, ...]:
    """What the comparisons in the records of a task found to differ, the oldest first.

    Raises:
        InconclusiveError: a record holds a comparison that cannot be read.
    """
    found: list[EarlierDifference] = []
    for record in records:
        if record.task_id != task_id:
            continue
        try:
            found += [d for fact in record.facts.get(FACT, ()) for d in _of(record, fact)]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            detail = f"record {record.record_id} holds a comparison that cannot be read: {error!r}"
            raise InconclusiveError("earlier_comparison", detail) from error
    return tuple(sorted(found, key=lambda d: (d.at, d.config_path)))


def _of(record: Record, fact: Mapping[str, Any]) -> Iterator[EarlierDifference]:
    at = datetime.fromisoformat(fact["at"])
    commits = {f["path"]: f["commit"] for f in fact["files"] if f["clean"]}
    for line in fact["table"]:
        if line["differs"]:
            yield EarlierDifference(line["config_path"], at, record.record_id, commits)


def correction_problems(
    comparison: ConfigComparison, earlier: Iterable[EarlierDifference]
) -> tuple[str, ...]:
    """Why not every earlier difference is corrected in a commit that was then compared."""
    problems = [*comparison.unreadable, *_uncommitted(comparison)]
    problems += [p for each in earlier if (p := _open(comparison, each))]
    return tuple(dict.fromkeys(problems))


def _uncommitted(comparison: ConfigComparison) -> Iterator[str]:
    for change in comparison.changes:
        if not change.commit or change.committed_at is None:
            yield f"{change.path} was never committed"
        elif not change.clean:
            yield f"{change.path} is changed and not committed: commit the correction"
        elif change.committed_at > comparison.at:
            yield (
                f"{change.path} was committed at {change.committed_at.isoformat()}, after this "
                f"comparison at {comparison.at.isoformat()}: compare again"
            )


def _open(comparison: ConfigComparison, earlier: EarlierDifference) -> str:
    """Why one earlier difference is still open; empty if it is not."""
    line = next(
        (each for each in comparison.lines if each.row.config_path == earlier.config_path), None
    )
    since = f"differed at {earlier.at.isoformat()} (record {earlier.record_id})"
    if line is None and _stands(comparison, earlier.config_path):
        return f"{earlier.config_path} {since} and is no longer compared"
    if line is not None and line.differs:
        return f"{earlier.config_path} {since} and still does: {describe(line)}"
    if earlier.commits and not _changed(comparison.changes, earlier.commits):
        return (
            f"{earlier.config_path} {since} and agrees now without a commit: commit the correction"
        )
    return ""


def _stands(comparison: ConfigComparison, path: str) -> bool:
    return any(key == path for key, _ in leaves(merged(comparison.files)))


def _changed(changes: Iterable[FileChange], commits: Mapping[str, str]) -> bool:
    return any(commits.get(change.path) != change.commit for change in changes)
