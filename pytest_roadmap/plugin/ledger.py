"""The results of a run, joined into the records of its tasks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_roadmap.domain.evidence import ProvenControls, Record, ScenarioResult
from pytest_roadmap.domain.outcome import Outcome, worst_outcome
from pytest_roadmap.plugin.results import ItemResult, merge_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from pytest_roadmap.domain.recording import Event
    from pytest_roadmap.plugin.selection import SelectedScenario, Selection


@dataclass(frozen=True, slots=True)
class RecordFrame:
    """What all records of a run have in common."""

    environment: str
    kind: str
    state_id: str | None
    runner: Mapping[str, Any] = field(default_factory=dict)


class Ledger:
    """Collects results, task by task.

    ``new_id`` gives a fresh record id; ``dod_digest`` the digest of a task's texts; ``controls``
    what is proven of a scenario.
    """

    def __init__(
        self,
        selection: Selection,
        *,
        new_id: Callable[[], str],
        dod_digest: Callable[[str], str],
        controls: Callable[[str], ProvenControls] = lambda _scenario_id: ProvenControls(),
    ) -> None:
        self.selection = selection
        self._new_id = new_id
        self._dod_digest = dod_digest
        self._controls = controls
        self._expected: dict[str, dict[str, list[SelectedScenario]]] = {}
        self._open: dict[str, int] = {}
        for scenario in selection.scenarios:
            rows = self._expected.setdefault(scenario.task_id, {})
            rows.setdefault(scenario.scenario_id, []).append(scenario)
            self._open[scenario.task_id] = self._open.get(scenario.task_id, 0) + 1
        self._results: dict[str, dict[str, ItemResult]] = {}
        self._ids: dict[str, str] = {}
        #: How many results were taken in.
        self.count = 0

    def add(self, result: ItemResult) -> bool:
        """Take a result in; whether it was the last of its task."""
        known = self._results.setdefault(result.task_id, {})
        if result.key not in known:
            self._open[result.task_id] -= 1
            self.count += 1
        known[result.key] = result
        return self._open[result.task_id] == 0

    def keys(self, task_id: str) -> Iterator[str]:
        """The keys of the selected scenarios of a task, row by row."""
        for rows in self._expected[task_id].values():
            for row in rows:
                yield row.key

    def has_ended(self, task_id: str, key: str) -> bool:
        """Whether a scenario or row has ended."""
        return key in self._results.get(task_id, {})

    def begun(self) -> Iterator[str]:
        """The tasks of which some scenario has ended and some has not."""
        for task_id in self._results:
            if self._open[task_id] > 0:
                yield task_id

    def joined(self) -> Iterator[tuple[str, Outcome, ItemResult | None]]:
        """Id and word of every selected scenario, and the row that decided; rows are joined.

        A scenario that has not ended is not_run, decided by nothing.
        """
        for task_id, scenarios in self._expected.items():
            for scenario_id, rows in scenarios.items():
                word, decisive = self._joined(task_id, rows)
                yield scenario_id, word, decisive

    def outcomes(self) -> tuple[Outcome, ...]:
        """The word of every selected scenario."""
        return tuple(word for _, word, _ in self.joined())

    def record(self, task_id: str, frame: RecordFrame) -> Record:
        """The record of a task as it stands; scenarios that have not ended are not_run."""
        results = self._results.get(task_id, {})
        facts: dict[str, Any] = {}
        for result in results.values():
            merge_facts(facts, result.facts)
        started = min(result.started for result in results.values())
        ended = max(result.ended for result in results.values())
        scenarios = (
            self._scenario(task_id, rows, ended) for rows in self._expected[task_id].values()
        )
        return Record(
            record_id=self._ids.setdefault(task_id, self._new_id()),
            task_id=task_id,
            dod_digest=self._dod_digest(task_id),
            environment=frame.environment,
            kind=frame.kind,
            state_id=frame.state_id,
            started=started,
            ended=ended,
            scenarios=tuple(scenarios),
            runner=frame.runner,
            facts=facts,
        )

    def records(self, frame: RecordFrame) -> tuple[Record, ...]:
        """The records of all tasks of which anything has ended, provisional ones included."""
        return tuple(self.record(task_id, frame) for task_id in self._results)

    def events(self, task_id: str) -> Sequence[Event]:
        """The events of a task, scenario by scenario in running order."""
        results = self._results.get(task_id, {})
        return [
            event
            for rows in self._expected[task_id].values()
            for row in rows
            if row.key in results
            for event in results[row.key].events
        ]

    def forget_events(self, task_id: str) -> None:
        """Let go of the events of a task: its record is written."""
        results = self._results.get(task_id, {})
        for key, result in results.items():
            if result.events:
                results[key] = replace(result, events=())

    def _joined(
        self, task_id: str, rows: Sequence[SelectedScenario]
    ) -> tuple[Outcome, ItemResult | None]:
        """The worst word of the rows, and the first row that ended in it."""
        known = self._results.get(task_id, {})
        found = [known[row.key] for row in rows if row.key in known]
        words = [result.outcome for result in found]
        if len(found) < rows[0].rows:
            words.append(Outcome.NOT_RUN)
        word = worst_outcome(words)
        return word, next((result for result in found if result.outcome is word), None)

    def _scenario(
        self, task_id: str, rows: Sequence[SelectedScenario], task_ended: datetime
    ) -> ScenarioResult:
        first = rows[0]
        known = self._results.get(task_id, {})
        ended = [known[row.key] for row in rows if row.key in known]
        word, decisive = self._joined(task_id, rows)
        row = f"row {decisive.row}: " if decisive and decisive.row and decisive.detail else ""
        return ScenarioResult(
            scenario_id=first.scenario_id,
            title=first.title,
            sub_tasks=first.sub_tasks,
            modes=first.modes,
            required=first.required,
            outcome=word,
            reason=decisive.reason if decisive else "not_reached",
            detail=row + decisive.detail if decisive else "not every row was run",
            owner=decisive.owner if decisive else "",
            failed_step=decisive.failed_step if decisive else "",
            started=min((result.started for result in ended), default=task_ended),
            ended=max((result.ended for result in ended), default=task_ended),
            feature_digest=first.feature_digest,
            attested=any(_attested(result) for result in ended),
            controls=self._controls(first.scenario_id),
        )


def _attested(result: ItemResult) -> bool:
    """Whether a scenario rests on what people signed."""
    return result.facts.get("attested") is True or bool(result.facts.get("attestations"))
