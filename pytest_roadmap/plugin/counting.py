"""Whether the records of a run in a real environment will count at a gate (rules d.4, g.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.domain.provenance import Asked, shortcomings
from pytest_roadmap.domain.validity import EMBEDDED_KIND, Failure, Unjudged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_roadmap.domain.evidence import Record
    from pytest_roadmap.domain.provenance import Surroundings
    from pytest_roadmap.plugin.state import RunState


def not_counting(state: RunState) -> tuple[str, ...]:
    """A sentence for each rule that records of this run break, with its first reason.

    An embedded run proves checks only, so nothing is asked of it.
    """
    if state.access.kind == EMBEDDED_KIND:
        return ()
    records = state.book.ledger.records(state.frame())
    if not records:
        return ()
    from pytest_roadmap.adapters.repository.lock_file import (  # noqa: PLC0415 - real runs only
        LockFileError,
    )

    try:
        around = _surroundings(state, records)
    except LockFileError as error:
        return (_sentence(Failure.CONTROLS_UNPROVEN.value, [str(error)]),)
    found: dict[str, list[str]] = {}
    for word, reason in _broken(state, records, around):
        found.setdefault(word, []).append(reason)
    return tuple(_sentence(word, reasons) for word, reasons in found.items())


def _broken(
    state: RunState, records: tuple[Record, ...], around: Surroundings
) -> Iterator[tuple[str, str]]:
    policy, roadmap = state.plans.policy, state.plans.roadmap
    for record in records:
        first_level = roadmap.task(record.task_id).verification_level == policy.levels[0]
        asked = Asked((record.kind,), documents_only=first_level)
        for each in shortcomings(record, asked, around):
            yield "UNJUDGED" if isinstance(each, Unjudged) else each.failure.value, each.reason


def _sentence(word: str, reasons: list[str]) -> str:
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    return f"records do not count yet: {word} {reasons[0]}{more}"


def _surroundings(state: RunState, records: tuple[Record, ...]) -> Surroundings:
    """What the records speak of, as it is at the end of the run."""
    from pytest_roadmap.composition.surroundings import (  # noqa: PLC0415 - real runs only
        project_signers,
        surroundings_of,
    )

    root = state.options.root
    return surroundings_of(
        root,
        records,
        {each.scenario_id: each.feature_digest for each in state.chosen.scenarios},
        state.plans.policy,
        now=state.now(),
        signers=project_signers(root, records),
    )
