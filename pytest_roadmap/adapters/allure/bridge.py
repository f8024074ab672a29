"""Scenarios as Allure results: Gherkin steps nested, outcome words mapped, evidence attached.

The plugin calls one bridge per process, for one scenario at a time, in this order::

    scenario_started(scenario)
        step_started(keyword, text, table, doc_string)      # before_step; lookup_error
        step_arguments(step_func, text, args)               # before_step_call
        step_ended(error)                                   # after_step; step_error; lookup_error
        ...
    scenario_ended(ending)                                  # after teardown, with the final word
    link_record(keys, href, record_id)                      # when the record of the task is written

A step still open when the scenario ends (pytest-bdd reports no end for a skip) is closed with it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from time import time
from typing import TYPE_CHECKING, Any

from pytest_roadmap.adapters.allure.arguments import StepArguments, StepFunction
from pytest_roadmap.adapters.allure.identity import history_id, result_uuid
from pytest_roadmap.adapters.allure.labels import (
    description,
    scenario_labels,
    task_labels,
    task_links,
    with_record,
)
from pytest_roadmap.adapters.allure.statuses import (
    FAILED,
    SKIPPED,
    STATUS_OF,
    status_of_error,
    step_message,
)
from pytest_roadmap.domain.event_line import event_line
from pytest_roadmap.domain.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pytest_roadmap.adapters.allure.nesting import Nesting
    from pytest_roadmap.adapters.allure.results_dir import ResultsDirectory
    from pytest_roadmap.adapters.allure.values import (
        ReportedRun,
        ReportedScenario,
        StepText,
        Table,
    )
    from pytest_roadmap.domain.recording import Event
    from pytest_roadmap.domain.redaction import Redactor

_JSON_LINES = "application/x-ndjson"
_WITHHELD = "withheld: the text still looked like it holds a secret"


@dataclass(frozen=True, slots=True)
class ScenarioEnding:
    """How a scenario ended, for its report.

    ``remaining`` are the steps that were not reached, ``trace`` is what pytest shows of an error,
    ``captured`` the output that pytest captured, by name.
    """

    outcome: Outcome
    reason: str = ""
    detail: str = ""
    trace: str = ""
    events: Sequence[Event] = ()
    remaining: Sequence[StepText] = ()
    captured: Mapping[str, str] = field(default_factory=dict)


class AllureBridge:
    """Writes one Allure result for each scenario.

    Args:
        results: where results go.
        run: what is the same for all of them.
        redactor: removes secrets from whatever is written.
        nesting: where ``allure.step`` and ``allure.attach`` of a step land.
        hold: keep each result until its record is linked; a run that writes its records itself
            thereby writes every file once. ``flush`` writes what is left.
        now: milliseconds since the epoch.
    """

    def __init__(
        self,
        results: ResultsDirectory,
        run: ReportedRun,
        redactor: Redactor,
        nesting: Nesting,
        *,
        hold: bool = False,
        now: Callable[[], int] = lambda: int(time() * 1000),
    ) -> None:
        self.results = results
        self.run = run
        self._redactor = redactor
        self._nesting = nesting
        self._now = now
        self._arguments = StepArguments()
        self._task_labels: dict[str, list[dict[str, str]]] = {}
        self._scenario: ReportedScenario | None = None
        self._uuid = ""
        self._started = 0
        self._attached = 0
        self._hold = hold
        self._held: dict[str, dict[str, Any]] = {}

    def scenario_started(self, scenario: ReportedScenario) -> None:
        """A scenario, or a row of an outline, begins."""
        self._scenario = scenario
        self._uuid = result_uuid(self.run.environment, scenario.key)
        self._started = self._now()
        self._attached = 0
        self._nesting.open_scenario(self._uuid)

    def step_started(
        self, keyword: str, text: str, table: Table | None = None, doc_string: str | None = None
    ) -> None:
        """A step begins; keyword as in the feature. Table and doc string are attached to it."""
        attachments = []
        if table:
            attachments.append(self._attach("data table", _csv(table), "text/csv", "csv"))
        if doc_string is not None:
            attachments.append(self._attach("doc string", doc_string, "text/plain", "txt"))
        self._nesting.open_step(f"{keyword} {text}", self._now(), attachments)

    def step_arguments(self, step_func: StepFunction, text: str, args: Mapping[str, Any]) -> None:
        """The open step is about to be called; what its text says becomes its parameters."""
        parsed = self._arguments.of_text(step_func, text, args) if args else None
        if parsed:
            texts = {name: str(value) for name, value in parsed.items()}
            self._nesting.add_parameters(self._redactor.redact(texts).value)

    def step_ended(self, error: BaseException | None = None) -> None:
        """The open step has ended, well without an error."""
        if error is None:
            self._nesting.close_step(self._now(), STATUS_OF[Outcome.PASS])
        else:
            status = status_of_error(error)
            self._nesting.close_step(self._now(), status, self._clean(step_message(error)))

    def scenario_ended(self, ending: ScenarioEnding) -> None:
        """The scenario has ended; its result is written, or held until its record is."""
        if self._scenario is None:
            return
        stop = self._now()
        status = STATUS_OF[ending.outcome]
        self._nesting.close_open_steps(stop, status)
        if ending.outcome is not Outcome.FAIL:
            self._nesting.restate(FAILED, status)  # an assertion outside a Then judges nothing
        for keyword, text in ending.remaining:
            self._nesting.add_step(f"{keyword} {text}", stop, SKIPPED)
        result = self._result(self._scenario, ending, stop)
        if self._hold:
            self._held[self._uuid] = result
        else:
            self._write(result)
        self._scenario = None

    def link_record(self, keys: Iterable[str], href: str, record_id: str) -> None:
        """Link a record from the results of its scenarios, as far as there are any."""
        uuids = [result_uuid(self.run.environment, key) for key in keys]
        for uuid in uuids:
            held = self._held.pop(uuid, None)
            if held is not None:
                self._write(with_record(held, href, record_id))
            else:
                self.results.link_record([uuid], href, record_id)

    def result_text(self, key: str) -> str | None:
        """The result of a scenario as it is written, without a link to its record."""
        uuid = result_uuid(self.run.environment, key)
        held = self._held.get(uuid)
        return self.results.read(uuid) if held is None else self._text(held)

    def flush(self) -> None:
        """Write the results that are still held: their record was not written."""
        for result in self._held.values():
            self._write(result)
        self._held.clear()

    def _write(self, result: Mapping[str, Any]) -> None:
        self.results.write(f"{result['uuid']}-result.json", self._text(result))

    def _text(self, result: Mapping[str, Any]) -> str:
        """A result as JSON, without its details where redaction did not reach everything."""
        text = json.dumps(result, ensure_ascii=False)
        if self._redactor.leaks(text):
            bare = {**result, "steps": [], "statusDetails": {"message": _WITHHELD}}
            text = json.dumps(bare, ensure_ascii=False)
        return text

    def _result(
        self, scenario: ReportedScenario, ending: ScenarioEnding, stop: int
    ) -> dict[str, Any]:
        steps, attachments, labels, links = self._nesting.close_scenario()
        attachments.extend(self._evidence(ending.events))
        attachments.extend(
            self._attach(name, self._clean(text), "text/plain", "txt")
            for name, text in ending.captured.items()
            if text
        )
        task = scenario.task
        known = self._task_labels.get(task.task_id)
        if known is None:
            known = self._task_labels[task.task_id] = task_labels(task, self.run)
        outcome = {"name": "outcome", "value": ending.outcome.value}
        result: dict[str, Any] = {
            "uuid": self._uuid,
            "historyId": history_id(scenario.key),
            "testCaseId": history_id(scenario.key),
            "fullName": scenario.key,
            "name": f"{scenario.key} {scenario.title}",
            "titlePath": [known[0]["value"], task.task_id],
            "description": description(scenario),
            "status": STATUS_OF[ending.outcome],
            "stage": "finished",
            "start": self._started,
            "stop": stop,
            "labels": [*known, *scenario_labels(scenario), outcome, *labels],
            "links": [*task_links(task, self.run), *links],
            "parameters": [
                {"name": name, "value": self._clean(value), "excluded": True}
                for name, value in scenario.parameters.items()
            ],
            "steps": steps,
            "attachments": attachments,
        }
        if ending.outcome is not Outcome.PASS:
            result["statusDetails"] = self._details(ending)
        return result

    def _details(self, ending: ScenarioEnding) -> dict[str, str]:
        """The message starts with the outcome word; categories match on it."""
        parts = [ending.outcome.value, ending.reason, ending.detail]
        details = {"message": self._clean(": ".join(part for part in parts if part))}
        if ending.trace:
            details["trace"] = self._clean(ending.trace)
        return details

    def _evidence(self, events: Sequence[Event]) -> list[dict[str, str]]:
        if not events:
            return []
        lines = (event_line(event, self._redactor).value for event in events)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        return [self._attach("events", text, _JSON_LINES, "jsonl")]

    def _attach(self, name: str, text: str, kind: str, extension: str) -> dict[str, str]:
        if self._redactor.leaks(text):
            text = _WITHHELD
        self._attached += 1
        source = f"{self._uuid}-{self._attached}-attachment.{extension}"
        self.results.write(source, text)
        return {"name": name, "source": source, "type": kind}

    def _clean(self, text: str) -> str:
        return self._redactor.redact_text(text) if text else text


def _csv(table: Table) -> str:
    return "".join(",".join(_cell(cell) for cell in row) + "\n" for row in table)


def _cell(text: str) -> str:
    if any(mark in text for mark in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text
