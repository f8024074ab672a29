"""A small roadmap project in a directory of its own, run by an inner pytest."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

#: Plugins that cost an inner pytest time and add nothing to it.
_WITHOUT = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:anyio")

_COLUMNS = (
    "task_id | status | priority | depends_on | source_doc | dod | verification_level"
    " | evidence_path | owner | target_gate | 세부 태스크"
)

POLICY = """\
schema: roadmap-policy/1
gates:
  G1: {requires: [], signoff_roles: [Platform]}
  G2: {requires: [G1], signoff_roles: [Ops]}
task_id_pattern: '^(SEC|MON)-\\d{3}$'
required_kinds: {L1: [dev, rehearsal, prod], L2: [dev, rehearsal], L3: [rehearsal, prod]}
task_kinds: {}
freshness:
  l1_document_d: 35
  weekly_d: 8
  monthly_d: 35
  state_gate_d: 7
  state_done_d: 30
  event_gate_d: 45
  event_done_d: 90
  one_off_gate_d: 30
waivers: {max_per_gate: 2, max_days: 45, max_renewals: 1}
qa: {dedupe_threshold: 100, subtask_threshold: 80, subtask_min_tokens: 4, allow_untracked: []}
attestation: {default_expiry_d: 90}
protected_branch: main
"""

DEV = """\
schema: roadmap-environment/1
env: {name: dev, kind: dev}
safety: {allow: [RO, NOOP, PROBE]}
"""

STEPS = """\
from pytest_bdd import given, parsers, then, when

from pytest_roadmap.domain import outcome


def _stop(word):
    raise {
        "blocked": outcome.BlockedError("missing_binding", "uc.catalog", "set it", "Platform"),
        "pending": outcome.PendingError("waiting_signature(Ops)", "nobody signed"),
        "inconclusive": outcome.InconclusiveError("throttled", "429"),
        "not_run": outcome.NotRunError("waiting(SEC-001.S1)", "later"),
        "refused": outcome.AccessRefusedError("main.silver", "no USE"),
        "missing": outcome.AssetMissingError("main.gold"),
        "assertion": AssertionError("not so"),
        "error": KeyError("typo"),
    }[word]


@given("a start")
def start():
    pass


@when("something happens")
def happens():
    pass


@given(parsers.re(r'a given that ends "(?P<word>[^"]*)"'))
@when(parsers.re(r'a when that ends "(?P<word>[^"]*)"'))
@then(parsers.re(r'it ends "(?P<word>[^"]*)"'))
def ends(word):
    _stop(word)


@then("it holds")
def holds():
    pass


@then("it fails")
def fails():
    assert 1 + 1 == 3


@then(parsers.re(r'"(?P<value>[^"]*)" is good'))
def good(value):
    assert value == "good"
"""


#: Stands for the task in the quotation of a sub-task until a feature says whose it is.
_OF_TASK = "of <task>"


@dataclass(frozen=True)
class TaskRow:
    """One row of the inner document."""

    task_id: str
    gate: str = "G1"
    depends_on: str = "-"
    priority: str = "P0"
    level: str = "L3"
    status: str = "NotStarted"

    @property
    def line(self) -> str:
        """The row in Markdown."""
        name = self.task_id.lower().replace("-", "_")
        prefix = self.task_id.partition("-")[0].lower()
        return (
            f"| {self.task_id} | {self.status} | {self.priority} | {self.depends_on} |"
            f" `.specs/{name}.md` | DoD of {self.task_id} | {self.level} |"
            f" `.agents/logs/verification/20260101_{prefix}_{name}.md` | Platform | {self.gate} |"
            f" 1) first of {self.task_id}<br>2) second of {self.task_id} |"
        )


class Inner:
    """The inner project; files are written as they are asked for."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.root = pytester.path

    def write(self, path: str, text: str) -> Path:
        """A file below the project's root."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def document(self, rows: Iterable[TaskRow]) -> None:
        """The roadmap document, its tables by workstream."""
        listed = list(rows)
        text = "# Roadmap\n\n## 3) Workstream Backlog\n"
        for number, code in enumerate(
            dict.fromkeys(r.task_id.partition("-")[0] for r in listed), 1
        ):
            text += (
                f"\n### 3.{number} WS-{code} (Part {code})\n\n#### 미완료 항목 (세부 태스크)\n\n"
            )
            text += f"| {_COLUMNS} |\n|{'---|' * 11}\n"
            text += "".join(row.line + "\n" for row in listed if row.task_id.startswith(code))
        self.write(".roadmap/implementation_roadmap.md", text)

    def feature(self, task_id: str, *scenarios: str, dod: str = "", header: str = "") -> Path:
        """The feature of a task, from scenarios made by ``scenario``."""
        folder = task_id.partition("-")[0].lower()
        text = f"@{task_id}\nFeature: {task_id}\n  {dod or f'DoD of {task_id}'}\n{header}"
        text += "".join(scenarios).replace(_OF_TASK, f"of {task_id}")
        return self.write(f"features/{folder}/{task_id}.feature", text)

    def run(self, *args: str) -> pytest.RunResult:
        """Run the inner pytest in this process."""
        return self.pytester.runpytest_inprocess(*_WITHOUT, *args)

    def run_apart(self, *args: str) -> pytest.RunResult:
        """Run the inner pytest in a process of its own."""
        return self.pytester.runpytest_subprocess(*_WITHOUT, *args)

    def track_sources(self) -> None:
        """Give every task an item in its source document, and let git track them."""
        document = (self.root / ".roadmap/implementation_roadmap.md").read_text(encoding="utf-8")
        for task_id, path in re.findall(r"^\| (\S+) \|.*`(\.specs/\S+)`", document, re.MULTILINE):
            self.write(path, f"- [ ] DoD of {task_id} <!-- roadmap: {task_id} -->\n")
        self.pytester.run("git", "init", "-q")
        self.pytester.run("git", "add", ".specs")

    def evidence(self) -> list[dict[str, Any]]:
        """What the records of embedded runs without a cloud say, oldest first."""
        folder = self.root / "build/embedded/without-cloud/evidence"
        records = []
        for path in sorted(folder.glob("*.md")):
            front = path.read_text(encoding="utf-8").split("---\n")[1]
            records.append(_front_matter(front))
        return sorted(records, key=lambda record: str(record["record_id"]))

    def outcomes(self) -> Mapping[str, str]:
        """The word of each recorded scenario; later records win."""
        return {
            scenario["id"]: scenario["outcome"]
            for record in self.evidence()
            for scenario in record["scenarios"]
        }


def _front_matter(text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    key = ""
    for line in text.splitlines():
        if line.startswith("  - "):
            fields[key].append(json.loads(line[4:]))
        else:
            key, _, value = line.partition(":")
            fields[key] = json.loads(value) if value.strip() else []
    return fields


def scenario(
    number: int,
    *steps: str,
    tags: str = "@RO @required",
    title: str = "",
    sub: int = 1,
    examples: str = "",
) -> str:
    """One scenario that quotes its sub-task."""
    text = {1: f"1) first {_OF_TASK}", 2: f"2) second {_OF_TASK}"}[sub]
    keyword = "Scenario Outline" if examples else "Scenario"
    body = "".join(f"    {step}\n" for step in steps or ("Given a start", "Then it holds"))
    return (
        f"\n  @S{number} @sub-{sub} {tags}\n  {keyword}: {title or f'number {number}'}\n"
        f"    {text}\n\n{body}{examples}"
    )


@pytest.fixture
def inner(pytester: pytest.Pytester) -> Inner:
    """A project with two gates and four tasks, and no feature yet."""
    project = Inner(pytester)
    project.write(
        "pyproject.toml",
        '[tool.pytest.ini_options]\nstrict = true\nfilterwarnings = ["error"]\n',
    )
    project.write(".roadmap/policy.yaml", POLICY)
    project.document(
        [
            TaskRow("SEC-001"),
            TaskRow("SEC-002", depends_on="SEC-001", priority="P1"),
            TaskRow("MON-001", gate="G2", depends_on="SEC-002"),
            TaskRow("MON-002", gate="G2", level="L1"),
        ]
    )
    project.write("conftest.py", STEPS)
    return project
