"""The steps of the running scenario, in the tree that ``allure.step`` and ``allure.attach`` use.

allure-python-commons keeps what is open in one reporter. Gherkin steps are put there, so that
whatever a step function attaches or opens by itself lands inside the step that did it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from allure_commons.model2 import (
    Attachment,
    Parameter,
    StatusDetails,
    TestResult,
    TestStepResult,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allure_commons.reporter import AllureReporter

Plain = dict[str, Any]


class Nesting:
    """The open scenario and its open steps inside an ``AllureReporter``."""

    def __init__(self, reporter: AllureReporter) -> None:
        self._reporter: Any = reporter  # allure-python-commons has no types
        self._uuid = ""
        self._open: list[tuple[str, Any]] = []

    def open_scenario(self, uuid: str) -> None:
        """Whatever is attached from now on belongs to this scenario."""
        self._uuid = uuid
        self._open.clear()
        self._reporter.schedule_test(uuid, TestResult(uuid=uuid))

    def open_step(self, name: str, start: int, attachments: list[dict[str, str]]) -> None:
        """A Gherkin step begins inside the scenario."""
        step = TestStepResult(name=name, start=start)
        step.attachments.extend(Attachment(**attachment) for attachment in attachments)
        uuid = str(uuid4())
        self._reporter.start_step(self._uuid, uuid, step)
        self._open.append((uuid, step))

    def add_parameters(self, values: Mapping[str, str]) -> None:
        """The parameters of the open step."""
        if self._open:
            step = self._open[-1][1]
            step.parameters.extend(Parameter(name=n, value=v) for n, v in values.items())

    def close_step(self, stop: int, status: str, message: str = "") -> None:
        """The open step ends; without an open step nothing happens."""
        if self._open:
            uuid, step = self._open.pop()
            step.stop = stop
            step.status = status
            if message:
                step.statusDetails = StatusDetails(message=message)
            self._reporter.stop_step(uuid)

    def close_open_steps(self, stop: int, status: str) -> None:
        """End what an exception left open."""
        while self._open:
            self.close_step(stop, status)

    def restate(self, wrong: str, right: str) -> None:
        """Give the steps of one status another one."""
        for step in self._reporter.get_item(self._uuid).steps:
            if step.status == wrong:
                step.status = right

    def add_step(self, name: str, when: int, status: str) -> None:
        """A step of no duration, which was not reached."""
        step = TestStepResult(name=name, start=when, stop=when, status=status)
        self._reporter.get_item(self._uuid).steps.append(step)

    def close_scenario(self) -> tuple[list[Plain], list[Plain], list[Plain], list[Plain]]:
        """Steps, attachments, labels and links that were gathered, as plain JSON."""
        result = self._reporter.get_item(self._uuid)
        self._reporter.drop_test(self._uuid)
        return (
            [_plain(step) for step in result.steps],
            [_plain(attachment) for attachment in result.attachments],
            [_plain(label) for label in result.labels],
            [_plain(link) for link in result.links],
        )


def _plain(item: Any) -> Plain:
    """An object of Allure's model as JSON, empty fields left out."""
    found: Plain = {}
    for name, value in vars(item).items():
        if not value:
            continue
        if type(value) is list:
            found[name] = [_plain(entry) for entry in value]
        elif isinstance(value, StatusDetails):
            found[name] = _plain(value)
        else:
            found[name] = value
    return found
