"""Scenarios as Allure results: steps, labels, identity, statuses, evidence and redaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import allure_commons
import pytest
from allure_commons.reporter import AllureReporter

from pytest_roadmap.adapters.allure import (
    ReportedRun,
    ReportedScenario,
    ScenarioEnding,
    result_anchor,
    result_uuid,
)
from pytest_roadmap.adapters.allure.bridge import AllureBridge
from pytest_roadmap.adapters.allure.nesting import Nesting
from pytest_roadmap.adapters.allure.results_dir import ResultsDirectory
from pytest_roadmap.domain.outcome import BlockedError, Outcome
from pytest_roadmap.domain.recording import Event
from pytest_roadmap.domain.redaction import Redactor
from tests.unit.domain_cases import NOW, task

SECRET = "s3cr3t-of-the-run"
RUN = ReportedRun("dev", "dev", {"P0": "blocker"}, "https://example.test/roadmap.md")


class Scene:
    """A bridge over a directory, and what it wrote."""

    def __init__(self, directory: Path, *, hold: bool = False) -> None:
        self.directory = directory
        self.reporter: Any = AllureReporter()  # type: ignore[no-untyped-call]
        self.clock = 1000
        self.bridge = AllureBridge(
            ResultsDirectory(directory),
            RUN,
            Redactor([SECRET]),
            Nesting(self.reporter),
            hold=hold,
            now=self._tick,
        )

    def _tick(self) -> int:
        self.clock += 5
        return self.clock

    def start(self, **fields: Any) -> AllureBridge:
        values: dict[str, Any] = {"tags": ("S1", "RO"), "sub_tasks": (1,)} | fields
        scenario = ReportedScenario(task("SEC-003"), "SEC-003.S1", "Rights are there", **values)
        self.bridge.scenario_started(scenario)
        return self.bridge

    def result(self) -> dict[str, Any]:
        [path] = self.directory.glob("*-result.json")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def attachment(self, holder: Mapping[str, Any], index: int = 0) -> str:
        source = holder["attachments"][index]["source"]
        text: str = (self.directory / source).read_text(encoding="utf-8")
        return text


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "results")


def _labels(result: Mapping[str, Any]) -> dict[str, str]:
    return {label["name"]: label["value"] for label in result["labels"] if label["name"] != "tag"}


def test_a_result_stands_where_its_task_stands_in_the_roadmap(scene: Scene) -> None:
    """Epic, feature, gate, severity and owner come from the document and the policy."""
    scene.start().scenario_ended(ScenarioEnding(Outcome.PASS))

    labels = _labels(scene.result())
    assert labels["epic"] == task("SEC-003").workstream
    assert labels["feature"] == labels["task_id"] == "SEC-003"
    assert labels["gate"] == "G1"
    assert labels["severity"] == "blocker"
    assert labels["owner"] == "Platform"
    assert labels["allure.id"] == "SEC-003.S1"
    assert labels["story"] == "Rights are there"


def test_a_result_quotes_the_dod_and_its_sub_tasks(scene: Scene) -> None:
    """The description is the roadmap's own text."""
    scene.start().scenario_ended(ScenarioEnding(Outcome.PASS))

    assert scene.result()["description"] == "**DoD SEC-003**: it is there\n\n1) look"


def test_a_result_links_to_the_row_of_the_document(scene: Scene) -> None:
    """The link names the line of the task."""
    scene.start().scenario_ended(ScenarioEnding(Outcome.PASS))

    [link] = scene.result()["links"]
    assert link["type"] == "tms"
    assert link["url"] == "https://example.test/roadmap.md#L1"


def test_the_same_scenario_has_the_same_uuid_in_every_run(tmp_path: Path) -> None:
    """A link into a report can be cited."""
    uuids = []
    for name in ("one", "two"):
        scene = Scene(tmp_path / name)
        scene.start().scenario_ended(ScenarioEnding(Outcome.PASS))
        uuids.append(scene.result()["uuid"])

    assert uuids[0] == uuids[1] == result_uuid("dev", "SEC-003.S1")


def test_uuids_differ_by_row_and_by_environment() -> None:
    """Two rows, or two environments, are two results."""
    uuids = {
        result_uuid(environment, key)
        for environment in ("dev", "prod")
        for key in ("SEC-003.S1", "SEC-003.S1[a]", "SEC-003.S1[b]")
    }

    assert len(uuids) == 6


def test_the_anchor_of_a_result_is_the_md5_of_its_uuid() -> None:
    """Allure reports address a result by that."""
    anchor = result_anchor("dev", "SEC-003.S1")

    assert anchor.startswith("#")
    assert len(anchor) == 33


def test_the_history_survives_renamed_outline_columns(tmp_path: Path) -> None:
    """Allure compares rows by their values; the columns are shown and not compared."""
    results = []
    for column in ("role", "principal"):
        scene = Scene(tmp_path / column)
        scene.start(row="ops", parameters={column: "ops"}).scenario_ended(
            ScenarioEnding(Outcome.PASS)
        )
        results.append(scene.result())

    assert results[0]["historyId"] == results[1]["historyId"]
    assert results[0]["parameters"] == [{"name": "role", "value": "ops", "excluded": True}]


def test_gherkin_steps_are_nested_with_their_parameters(scene: Scene) -> None:
    """Keyword and text are the name; what the text holds is a parameter."""
    bridge = scene.start()
    bridge.step_started("Given", 'I act as "ops"')
    bridge.step_ended()
    bridge.step_started("And", "the matrix")
    bridge.step_ended()
    bridge.scenario_ended(ScenarioEnding(Outcome.PASS))

    steps = scene.result()["steps"]
    assert [step["name"] for step in steps] == ['Given I act as "ops"', "And the matrix"]
    assert {step["status"] for step in steps} == {"passed"}
    assert all(step["stop"] >= step["start"] for step in steps)


def test_a_table_and_a_doc_string_are_attached_to_their_step(scene: Scene) -> None:
    """A reader sees what the step was given."""
    bridge = scene.start()
    bridge.step_started("Given", "rows", [["a", "b"], ["1", 'x,"y"']], "some\ntext")
    bridge.step_ended()
    bridge.scenario_ended(ScenarioEnding(Outcome.PASS))

    [step] = scene.result()["steps"]
    assert [attachment["name"] for attachment in step["attachments"]] == [
        "data table",
        "doc string",
    ]
    assert scene.attachment(step, 0) == 'a,b\n1,"x,""y"""\n'
    assert scene.attachment(step, 1) == "some\ntext"


def test_a_failing_step_is_failed_and_the_rest_is_skipped(scene: Scene) -> None:
    """The report shows where it went wrong and what was not reached."""
    bridge = scene.start()
    bridge.step_started("Then", "it holds")
    bridge.step_ended(AssertionError("expected 1, observed 2"))
    bridge.scenario_ended(
        ScenarioEnding(
            Outcome.FAIL,
            "assertion",
            "expected 1, observed 2",
            trace="Traceback",
            remaining=[("And", "something else")],
        )
    )

    result = scene.result()
    assert [(step["name"], step["status"]) for step in result["steps"]] == [
        ("Then it holds", "failed"),
        ("And something else", "skipped"),
    ]
    assert result["steps"][0]["statusDetails"]["message"] == "expected 1, observed 2"
    assert result["statusDetails"] == {
        "message": "fail: assertion: expected 1, observed 2",
        "trace": "Traceback",
    }


def test_a_step_left_open_by_a_skip_is_closed_with_its_scenario(scene: Scene) -> None:
    """pytest-bdd says nothing when a step skips."""
    bridge = scene.start()
    bridge.step_started("Given", "the environment is bound")
    bridge.scenario_ended(ScenarioEnding(Outcome.BLOCKED, "missing_binding(x)", "set x"))

    assert scene.result()["steps"][0]["status"] == "skipped"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("pass", "passed"),
        ("fail", "failed"),
        ("blocked", "skipped"),
        ("pending", "skipped"),
        ("not_run", "skipped"),
        ("inconclusive", "broken"),
    ],
)
def test_every_outcome_word_has_a_status_and_a_label(scene: Scene, word: str, status: str) -> None:
    """Allure has four statuses; the word itself stays findable."""
    scene.start().scenario_ended(ScenarioEnding(Outcome(word), "why"))

    result = scene.result()
    assert result["status"] == status
    assert _labels(result)["outcome"] == word
    assert result.get("statusDetails", {}).get("message", "pass").startswith(word)


@pytest.mark.parametrize(
    ("error", "word", "status"),
    [
        (BlockedError("missing_binding", "x"), "blocked", "skipped"),
        (AssertionError("no"), "fail", "failed"),
        (KeyError("no"), "inconclusive", "broken"),
    ],
)
def test_a_step_has_the_status_of_its_error(
    scene: Scene, error: Exception, word: str, status: str
) -> None:
    """What stops a scenario on purpose is no failure."""
    bridge = scene.start()
    bridge.step_started("Given", "something")
    bridge.step_ended(error)
    bridge.scenario_ended(ScenarioEnding(Outcome(word)))

    assert scene.result()["steps"][0]["status"] == status


def test_an_assertion_that_judges_nothing_shows_no_failure(scene: Scene) -> None:
    """An assertion in a Given judges nothing, so its step is broken, not failed."""
    bridge = scene.start()
    bridge.step_started("Given", "something")
    bridge.step_ended(AssertionError("no"))
    bridge.scenario_ended(ScenarioEnding(Outcome.INCONCLUSIVE))

    assert scene.result()["steps"][0]["status"] == "broken"


def test_the_events_of_the_scenario_are_attached_as_json_lines(scene: Scene) -> None:
    """The same lines as in the evidence file, one for each event."""
    event = Event(NOW, "SEC-003.S1", "When x", "assertion", {"claim": "c", "holds": True})

    scene.start().scenario_ended(ScenarioEnding(Outcome.PASS, events=[event, event]))

    lines = scene.attachment(scene.result()).splitlines()
    assert [json.loads(line)["claim"] for line in lines] == ["c", "c"]


def test_no_secret_reaches_a_result(scene: Scene) -> None:
    """Messages, traces, doc strings, parameters and output are redacted before they are written."""
    bridge = scene.start(row="a", parameters={"key": SECRET})
    bridge.step_started("Given", "a doc string", doc_string=f"token {SECRET}")
    bridge.step_ended(ValueError(SECRET))
    bridge.scenario_ended(
        ScenarioEnding(
            Outcome.INCONCLUSIVE,
            "error",
            SECRET,
            trace=f"x = {SECRET}",
            captured={"stdout": SECRET},
        )
    )

    written = [path.read_text(encoding="utf-8") for path in scene.directory.iterdir()]
    assert len(written) == 3
    assert not any(SECRET in text for text in written)


def test_a_result_that_still_holds_a_secret_is_written_without_details(scene: Scene) -> None:
    """What redaction does not reach, such as a step's own text, is withheld as a whole."""
    bridge = scene.start()
    bridge.step_started("Given", f"the token {SECRET}")
    bridge.step_ended()
    bridge.scenario_ended(ScenarioEnding(Outcome.PASS))

    result = scene.result()
    assert SECRET not in json.dumps(result)
    assert result["steps"] == []
    assert result["statusDetails"]["message"].startswith("withheld")


def test_what_a_step_attaches_by_itself_lands_inside_it(scene: Scene) -> None:
    """``allure.step`` inside a step function is nested below the Gherkin step."""
    bridge = scene.start()
    bridge.step_started("When", "something is called")
    inner = allure_commons.model2.TestStepResult(name="a call", status="passed")
    scene.reporter.start_step(None, "inner", inner)
    scene.reporter.stop_step("inner")
    bridge.step_ended()
    bridge.scenario_ended(ScenarioEnding(Outcome.PASS))

    assert scene.result()["steps"][0]["steps"][0]["name"] == "a call"


def test_a_record_is_linked_from_the_results_of_its_scenarios(scene: Scene) -> None:
    """Linking again replaces the link; scenarios without a result are passed over."""
    bridge = scene.start()
    bridge.scenario_ended(ScenarioEnding(Outcome.PASS))

    for name in ("old.log", "new.log"):
        bridge.link_record(["SEC-003.S1", "SEC-003.S2"], name, "01J")

    links = [link for link in scene.result()["links"] if link["type"] == "record"]
    assert [link["url"] for link in links] == ["new.log"]


def test_a_held_result_is_written_with_its_link(tmp_path: Path) -> None:
    """A run that writes its records itself writes each result once, linked."""
    scene = Scene(tmp_path / "results", hold=True)
    bridge = scene.start()
    bridge.scenario_ended(ScenarioEnding(Outcome.PASS))
    before = list(scene.directory.iterdir())

    bridge.link_record(["SEC-003.S1"], "new.log", "01J")

    assert before == []
    assert scene.result()["links"][-1]["url"] == "new.log"


def test_what_is_still_held_is_written_at_the_end(tmp_path: Path) -> None:
    """A record that could not be written takes no result with it."""
    scene = Scene(tmp_path / "results", hold=True)
    scene.start().scenario_ended(ScenarioEnding(Outcome.PASS))

    scene.bridge.flush()

    assert scene.result()["status"] == "passed"
