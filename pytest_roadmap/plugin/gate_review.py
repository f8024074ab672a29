"""Gates as their sign-off tasks ask for them: from the records on disk and the repository."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from pytest_roadmap.adapters.evidence.slots import slot_of
from pytest_roadmap.adapters.evidence.store import EvidenceStore
from pytest_roadmap.adapters.repository import GitError
from pytest_roadmap.composition.signoffs import SignoffFolder
from pytest_roadmap.domain.effective import effective_results
from pytest_roadmap.domain.gate_review import GateReview, ReviewedTask, SignoffReview
from pytest_roadmap.domain.gate_rows import GateRow, gate_rows
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.provenance import input_digests
from pytest_roadmap.domain.roadmap import dod_digest
from pytest_roadmap.domain.standing import Occasion, freshness_limit
from pytest_roadmap.domain.status import derive_all

if TYPE_CHECKING:
    from pytest_roadmap.adapters.evidence.reading import LoadedEvidence
    from pytest_roadmap.composition import Run
    from pytest_roadmap.domain.effective import EffectiveResult
    from pytest_roadmap.domain.evidence import Record
    from pytest_roadmap.domain.policy import GatePolicy
    from pytest_roadmap.plugin.state import RunState


class RunGateReview:
    """``GateReviewPort`` of one run; what is on disk is read again for every question."""

    def __init__(self, state: RunState, run: Run) -> None:
        self._state = state
        self._run = run

    def evaluate(self, gate: str) -> GateReview:
        """See ``GateReviewPort``."""
        policy = self._gate(gate)
        plans = self._state.plans
        loaded = EvidenceStore(self._run.evidence_root, schema=self._run.evidence_schema).load()
        records = [each for each in loaded.records if self._counts(each)]
        derived = derive_all(
            plans.roadmap,
            self._state.required_scenarios(),
            self._effective(records),
            today=self._run.clock().date(),
            blockers=plans.blockers,
        )
        left_out = (policy.signoff_task,) if policy.signoff_task else ()
        rows, _uses = gate_rows(gate, plans.roadmap, plans.policy, derived, leave_out=left_out)
        newest = {record.task_id: record for record in records}
        tasks = (self._reviewed(row, newest.get(row.task_id), loaded) for row in rows)
        return GateReview(gate, policy.conditions, tuple(tasks))

    def signoff(self, gate: str) -> SignoffReview:
        """See ``GateReviewPort``."""
        policy = self._gate(gate)
        self._run.review_gate(gate)
        environment = self._run.environment.name
        folder = SignoffFolder(self._run.documents_root, environment, self._run.clock)
        found = folder.newest(gate)
        if found is None:
            return SignoffReview(gate, policy.signoff_roles)
        try:
            earlier = folder.earlier_entries(gate)
        except GitError as error:
            raise InconclusiveError("history_unreadable", str(error)) from error
        approval = folder.approval(found.signoff, policy)
        return SignoffReview(gate, policy.signoff_roles, found.signoff, approval, earlier)

    def _gate(self, gate: str) -> GatePolicy:
        found = self._state.plans.policy.gates.get(gate)
        if found is None:
            raise BlockedError("missing_binding", f"gates.{gate}", "the policy has no such gate")
        return found

    def _counts(self, record: Record) -> bool:
        """Whether the record is of this environment and state, and of the present tasks."""
        same = (self._run.environment.name, self._run.environment.kind, self._run.state_id)
        task = self._state.plans.roadmap.by_id.get(record.task_id)
        if task is None or (record.environment, record.kind, record.state_id) != same:
            return False
        return record.dod_digest == dod_digest(task)

    def _effective(self, records: list[Record]) -> Mapping[str, EffectiveResult]:
        by_task: dict[str, list[Record]] = {}
        for record in records:
            by_task.setdefault(record.task_id, []).append(record)
        plans, now = self._state.plans, self._run.clock()
        hours = self._run.environment.get("evidence.max_age_h")
        bound = timedelta(hours=float(hours)) if hours else None
        found: dict[str, EffectiveResult] = {}
        for task_id, own in by_task.items():
            task = plans.roadmap.task(task_id)
            limit = freshness_limit(task, plans.policy, _modes(own), Occasion.GATE, bound)
            kinds = (self._run.environment.kind,)
            found.update(effective_results(own, kinds=kinds, now=now, limit=limit))
        return found

    def _reviewed(
        self, row: GateRow, newest: Record | None, loaded: LoadedEvidence
    ) -> ReviewedTask:
        task = row.result.task
        slot = slot_of(task, self._state.plans.policy.slots)
        problems = tuple(each.reason for each in loaded.problems if each.slot == slot)
        changed = tuple(self._changed(newest)) if newest is not None else ()
        return ReviewedTask(row, problems, changed)

    def _changed(self, record: Record) -> Iterator[str]:
        """The documents that are no longer what the record judged."""
        root = self._run.documents_root
        for path, digest in input_digests(record):
            file = root / path
            content = file.read_bytes() if file.is_file() else None
            if content is None or hashlib.sha256(content).hexdigest() != digest:
                yield path


def _modes(records: list[Record]) -> dict[str, frozenset[str]]:
    return {
        result.scenario_id: frozenset(result.modes)
        for record in records
        for result in record.scenarios
    }
