"""Read ``.roadmap/waivers.yaml``: the tasks that people ask a gate to pass over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.adapters.document.registers import Entry, read_entries
from pytest_roadmap.domain.waiver import Approver, Requester, WaiverEntry

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_KEYS = (
    *("id", "gate", "task", "scope", "reason", "risk", "compensation"),
    *("requested_by", "approved_by", "created", "expires"),
)


def read_waivers(
    path: Path, tasks: Collection[str], gates: Collection[str]
) -> tuple[WaiverEntry, ...]:
    """The waivers as people wrote them; none where the file is absent.

    Whether one is valid is judged by `pytest_roadmap.domain.waiver`, not here.

    Raises:
        RegisterError: the file is unreadable, or an entry is not complete, names no task or gate
            that exists, or has the id of another.
    """
    found: dict[str, WaiverEntry] = {}
    for entry in read_entries(path, _KEYS):
        waiver = _waiver(entry)
        if waiver.waiver_id in found:
            raise entry.error("id", f"{waiver.waiver_id} stands twice")
        if waiver.task_id not in tasks:
            raise entry.error("task", f"{waiver.task_id} is no task of the roadmap")
        if waiver.gate not in gates:
            raise entry.error("gate", f"{waiver.gate} is no gate of the policy")
        found[waiver.waiver_id] = waiver
    return tuple(found.values())


def _waiver(entry: Entry) -> WaiverEntry:
    requester = entry.inner("requested_by", entry.fields["requested_by"], ("role", "name"))
    approvers = entry.fields["approved_by"]
    if not isinstance(approvers, list):
        raise entry.error("approved_by", "must be a list; empty until somebody approves")
    return WaiverEntry(
        waiver_id=entry.text("id"),
        gate=entry.text("gate"),
        task_id=entry.text("task"),
        scope=entry.texts("scope"),
        reason=entry.text("reason"),
        risk=entry.text("risk"),
        compensation=entry.text("compensation"),
        requested_by=Requester(requester.text("role"), requester.text("name")),
        approved_by=tuple(
            _approver(entry, place, value) for place, value in enumerate(approvers, start=1)
        ),
        created=entry.day("created"),
        expires=entry.day("expires"),
    )


def _approver(entry: Entry, place: int, value: object) -> Approver:
    inner = entry.inner(f"approved_by[{place}]", value, ("role", "name", "attestation"))
    return Approver(inner.text("role"), inner.text("name"), inner.text("attestation"))
