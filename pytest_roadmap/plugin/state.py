"""Everything one process of a session knows about its roadmap run."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from pytest_roadmap.plugin.access import Access
from pytest_roadmap.plugin.collection import Collection
from pytest_roadmap.plugin.exchange import Exchange
from pytest_roadmap.plugin.project import Plans, Project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_roadmap.composition import Run
    from pytest_roadmap.domain.evidence import ProvenControls, Record
    from pytest_roadmap.domain.status import DerivedTask
    from pytest_roadmap.plugin.bdd import StepSearch
    from pytest_roadmap.plugin.ledger import RecordFrame
    from pytest_roadmap.plugin.options import RoadmapOptions
    from pytest_roadmap.plugin.records import RecordBook
    from pytest_roadmap.plugin.reports import AllureListener
    from pytest_roadmap.plugin.results import ItemResult
    from pytest_roadmap.plugin.selection import Selection


class RunState:
    """The parts of a run. A worker has an exchange, the controller of workers makes one."""

    def __init__(self, config: pytest.Config, options: RoadmapOptions) -> None:
        self.config = config
        self.options = options
        self.project = Project(options)
        self.collection = Collection(self.project, config)
        worker_input = getattr(config, "workerinput", None)
        self.is_worker = worker_input is not None
        directory = (worker_input or {}).get("roadmap_exchange")
        self.exchange = Exchange.at(directory) if directory else None
        self.access = Access(options, self.exchange, worker=self.is_worker)
        #: Who shows the scenarios of this process elsewhere, once they run.
        self.listener: AllureListener | None = None
        self.step_search: StepSearch | None = None
        self._frozen = False
        self._selection: Selection | None = None
        self._derived: tuple[int, Mapping[str, DerivedTask]] | None = None
        self._configured: tuple[Run | None, Mapping[str, str]] | None = None

    @property
    def plans(self) -> Plans:
        """The roadmap and its policy; only asked where a feature was collected."""
        return self.project.plans

    @property
    def selection(self) -> Selection | None:
        """What the session runs; None until that is known, or when it is no roadmap scenario."""
        return self._selection

    @property
    def chosen(self) -> Selection:
        """What the session runs.

        Raises:
            LookupError: that is not known yet.
        """
        if self._selection is None:
            raise LookupError("no scenario has been selected")
        return self._selection

    def start(self, selection: Selection) -> None:
        """The selection is known."""
        self._selection = selection

    def now(self) -> datetime:
        """The clock of the environment once it is open, the machine's before."""
        run = self.access.opened
        return run.clock() if run else datetime.now(UTC)

    @cached_property
    def book(self) -> RecordBook:
        """The records of the run; only asked once the selection is known."""
        from pytest_roadmap.domain.evidence import ProvenControls  # noqa: PLC0415 - if recorded
        from pytest_roadmap.domain.roadmap import dod_digest  # noqa: PLC0415 - only where scenarios run
        from pytest_roadmap.plugin.ledger import Ledger  # noqa: PLC0415
        from pytest_roadmap.plugin.records import RecordBook  # noqa: PLC0415

        ledger = Ledger(
            self.chosen,
            new_id=self.access.new_id,
            dod_digest=lambda task_id: dod_digest(self.plans.roadmap.task(task_id)),
            controls=lambda scenario_id: self._proven.get(scenario_id, ProvenControls()),
        )
        return RecordBook(
            ledger, self.access.store(self.plans), self.frame, self._about, self._archive
        )

    def frame(self) -> RecordFrame:
        """What the records of this run have in common."""
        from pytest_roadmap.plugin.ledger import RecordFrame  # noqa: PLC0415

        return RecordFrame(
            environment=self.access.name,
            kind=self.access.kind,
            state_id=self.access.state_id,
            runner={**self._runner, "configuration": self._configuration()},
        )

    @cached_property
    def _runner(self) -> Mapping[str, Any]:
        from pytest_roadmap.plugin.runner import describe_runner  # noqa: PLC0415 - if recorded

        arguments = tuple(str(each) for each in self.config.invocation_params.args)
        return describe_runner(self.options.root, arguments)

    def _configuration(self) -> Mapping[str, str]:
        """The digests of the policy and, once it is open, of the environment's file."""
        run = self.access.opened
        if self._configured is None or self._configured[0] is not run:
            from pytest_roadmap.plugin.runner import digests_of  # noqa: PLC0415 - if recorded

            files = {"policy.yaml": self.options.root / ".roadmap" / "policy.yaml"}
            if run is not None:
                files[f"environments/{run.environment.name}.yaml"] = run.environment_file
            self._configured = (run, digests_of(files))
        return self._configured[1]

    @cached_property
    def _proven(self) -> Mapping[str, ProvenControls]:
        """What the lock proves of the selected scenarios; a broken one proves nothing."""
        from pytest_roadmap.adapters.repository.lock_file import (  # noqa: PLC0415 - if recorded
            LockFileError,
            proven_controls,
        )

        digests = {each.scenario_id: each.feature_digest for each in self.chosen.scenarios}
        try:
            return proven_controls(self.options.root, digests)
        except LockFileError:
            return {}

    def _about(self, task_id: str, record_id: str) -> Mapping[str, Any]:
        """What a record says beside its results: the status before, and where Allure shows it."""
        about: dict[str, Any] = {"derived_before": self._earlier_statuses[task_id]}
        if self.allure_results is not None:
            from pytest_roadmap.adapters.allure.identity import (  # noqa: PLC0415
                history_id,
                result_uuid,
            )

            run = self.access.opened
            url = run.environment.get("evidence.report_url") if run else None
            keys = tuple(self.book.ledger.keys(task_id))
            about["allure"] = {
                "report_url": str(url).replace("{record_id}", record_id) if url else None,
                "result_uuids": [result_uuid(self.access.name, key) for key in keys],
                "history_ids": [history_id(key) for key in keys],
            }
        return about

    def _archive(self, task_id: str) -> Mapping[str, bytes]:
        """The Allure results that a record of a real environment keeps beside it."""
        if self.access.state_id is not None:
            return {}
        from pytest_roadmap.plugin.reports import results_of  # noqa: PLC0415

        return results_of(self, self.listener, self.book.ledger.keys(task_id))

    @cached_property
    def _earlier_statuses(self) -> Mapping[str, str]:
        from pytest_roadmap.plugin.judge import derive_run  # noqa: PLC0415 - if recorded

        derived = derive_run(
            self.plans,
            self.book.remember_earlier(),
            self.required_scenarios(),
            kind=self.access.kind,
            now=self.now(),
        )
        return {task_id: each.status.value for task_id, each in derived.items()}

    def derived(self) -> Mapping[str, DerivedTask]:
        """The status of every task as the records of this environment now show it."""
        from pytest_roadmap.plugin.judge import derive_run  # noqa: PLC0415

        self.catch_up()
        count = self.book.ledger.count
        if self._derived is None or self._derived[0] != count:
            derived = derive_run(
                self.plans,
                self.book.records(),
                self.required_scenarios(),
                kind=self.access.kind,
                now=self.now(),
            )
            self._derived = (count, derived)
        return self._derived[1]

    def records(self) -> tuple[Record, ...]:
        """The records of this environment, those of this run so far included."""
        self.catch_up()
        return self.book.records()

    def catch_up(self) -> None:
        """Worker: take in what other workers have finished since the last look."""
        if self.is_worker and self.exchange is not None:
            from pytest_roadmap.plugin.results import ItemResult  # noqa: PLC0415

            for plain in self.exchange.new_results():
                self.book.take(ItemResult.from_json(plain))

    def depends_on(self) -> Mapping[str, tuple[str, ...]]:
        """What every task waits for in a run, that first."""
        return {task.task_id: task.depends_on for task in self.plans.running_order}

    def lost_result(self, report: pytest.TestReport) -> ItemResult | None:
        """The result of a scenario whose worker died, made from xdist's report of the crash."""
        if self._selection is None or report.when in ("setup", "call", "teardown"):
            return None
        from pytest_roadmap.plugin.results import lost_result  # noqa: PLC0415

        key = report.nodeid.rpartition("::")[2]
        for scenario in self._selection.scenarios:
            if scenario.key == key:
                return lost_result(scenario, str(report.longrepr), self.now())
        return None

    def required_scenarios(self) -> Mapping[str, tuple[str, ...]]:
        """The required scenarios of every task that has a feature, collected here or not."""
        required = dict(self.chosen.required)
        for task in self.plans.roadmap.tasks:
            if task.task_id not in required:
                found = self.collection.required_elsewhere(task)
                if found:
                    required[task.task_id] = found
        return required

    def note(self, result: ItemResult) -> None:
        """Controller, or a run on its own: a scenario has ended."""
        if self.book.take(result):
            self.write(result.task_id)
        if self.exchange is not None:
            self.exchange.publish(result.to_json(events=False))

    def write(self, task_id: str) -> None:
        """Write the record of a task as it stands, and link it from its Allure results."""
        from pytest_roadmap.plugin.reports import link_record  # noqa: PLC0415

        record = self.book.write(task_id)
        if record is not None:
            path = self.book.written[task_id]
            keys = self.book.ledger.keys(task_id)
            link_record(self, self.listener, keys, path, record.record_id)

    @cached_property
    def allure_results(self) -> Path | None:
        """Where Allure results go; None where there are none."""
        from pytest_roadmap.plugin.reports import results_directory  # noqa: PLC0415

        return results_directory(self.config, self.options.root, self.access.name)

    def freeze(self) -> None:
        """Spare the garbage collector what was collected: it stays to the end of the session.

        Each of its full passes would look at every item again, which is worse than linear.
        """
        gc.collect(1)  # what is garbage already must not stay
        gc.freeze()
        self._frozen = True

    def thaw(self) -> None:
        """Give it back, for whoever goes on in this process after the session."""
        if self._frozen:
            gc.unfreeze()
            self._frozen = False

    def close(self) -> None:
        """Stop and remove what this process started."""
        if self.listener is not None:
            self.listener.bridge.flush()
        if self.step_search is not None:
            self.step_search.remove()
        self.access.close()
        if self.exchange is not None and not self.is_worker:
            self.exchange.remove()
