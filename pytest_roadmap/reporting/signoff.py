"""The sign-off document of a gate (rules e): the same facts always give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pytest_roadmap.adapters.document.signoff import approvals_block, mark
from pytest_roadmap.domain.canonical import utc_text
from pytest_roadmap.domain.evidence import Record
from pytest_roadmap.domain.gate import GateDecision
from pytest_roadmap.domain.gate_rows import GateRow
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.signoff import Approval, ApprovalEntry
from pytest_roadmap.domain.signoff_text import checklist_digest
from pytest_roadmap.reporting.markdown import escaped, link, table
from pytest_roadmap.reporting.words import WORDS

EMPTY_DECISION = "meeting_date:\ndecision:\nparticipants: []\nconditions: []\n"
_SHORT = 19


@dataclass(frozen=True, slots=True)
class CountedRecord:
    """The newest record of a counted task: its file, and that file's digest (``sha256:…``)."""

    record: Record
    file: str
    digest: str

    @property
    def report_url(self) -> str:
        """Where its report is published; "" where nobody said."""
        allure = self.record.facts.get("allure")
        return str((allure or {}).get("report_url") or "")


@dataclass(frozen=True, slots=True)
class BlockerLine:
    """A root blocker; dates are "" where nobody registered it."""

    task_id: str
    code: str
    owner: str
    since: str
    review_by: str
    downstream: int


@dataclass(frozen=True, slots=True)
class WaiverLine:
    """A waiver of the gate as it was judged."""

    waiver_id: str
    task_id: str
    reason: str
    compensation: str
    approvers: tuple[str, ...]
    expires: date
    attestations: tuple[str, ...]
    used: bool
    note: str


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A quality check: its word, how many errors it found, and its warnings as sentences."""

    name: str
    result: str
    errors: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignoffFacts:
    """All that sections 1 to 6 and the appendix say."""

    decision: GateDecision
    definition: str
    signoff_task: str | None
    roles: tuple[str, ...]
    conditions: Mapping[str, tuple[str, ...]]
    commit: str
    roadmap_digest: str
    environments: tuple[tuple[str, str], ...]
    plugin_version: str
    records: Mapping[str, CountedRecord]
    blockers: tuple[BlockerLine, ...] = ()
    waivers: tuple[WaiverLine, ...] = ()
    checks: tuple[CheckLine, ...] = ()
    ignored: int = 0
    reproduce: tuple[str, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)

    @property
    def embedded(self) -> bool:
        """Whether anything here was recorded in the embedded environment."""
        return any(kind == "embedded" for _name, kind in self.environments)


def figures(facts: SignoffFacts, language: str) -> str:
    """Sections 1 to 6, with the title of the document."""
    page = _Page(facts, WORDS[language])
    decision = facts.decision
    head = [
        mark(decision.gate, language, decision.verdict, facts.commit, decision.horizon),
        "",
        f"# {page.word('title', gate=decision.gate)}",
        "",
    ]
    sections = (page.header, page.conditions, page.tasks, page.blockers, page.waivers, page.checks)
    parts = [line for number, of in enumerate(sections, 1) for line in page.section(number, of())]
    return "\n".join([*head, *parts])


def document(
    facts: SignoffFacts,
    language: str,
    *,
    decision_text: str,
    entries: Sequence[ApprovalEntry],
    approval: Approval,
    generated: datetime,
) -> str:
    """The whole document around what people decided (as they wrote it) and signed."""
    page = _Page(facts, WORDS[language])
    top = figures(facts, language)
    written = decision_text or EMPTY_DECISION
    digest = checklist_digest(top, written)
    rest = [
        *page.section(7, page.decision(written, entries)),
        *page.section(8, page.signatures(approval, digest)),
        *page.section(9, page.appendix(generated)),
    ]
    return f"{top}\n" + "\n".join(rest).rstrip("\n") + "\n"


@dataclass(frozen=True, slots=True)
class _Page:
    """Writes the sections; each method gives the lines below its heading."""

    facts: SignoffFacts
    words: Mapping[str, str]

    def word(self, name: str, **values: str) -> str:
        return self.words[name].format(**values) if values else self.words[name]

    def section(self, number: int, lines: Iterator[str]) -> Iterator[str]:
        yield f"## {number}. {self.word(str(number))}"
        yield ""
        if self.facts.embedded:
            yield f"> **EMBEDDED**: {self.word('embedded')}"
            yield ""
        yield from lines
        yield ""

    def header(self) -> Iterator[str]:
        facts, decision = self.facts, self.facts.decision
        environments = ", ".join(f"{name} ({kind})" for name, kind in facts.environments)
        stated = {
            "gate": decision.gate,
            "definition": facts.definition,
            "verdict": decision.verdict.value,
            "reason": decision.reason,
            "exit_code": str(decision.exit_code),
            "commit": facts.commit,
            "roadmap_digest": facts.roadmap_digest,
            "environments": environments or "-",
            "horizon": utc_text(decision.horizon) if decision.horizon else "-",
            "plugin": facts.plugin_version,
        }
        for name, value in stated.items():
            yield f"- {self.word(name)}: {escaped(value)}"
        if facts.signoff_task:
            yield ""
            yield self.word("without", task=facts.signoff_task)

    def conditions(self) -> Iterator[str]:
        rows = {row.task_id: row for row in self.facts.decision.rows}
        lines = [
            (
                escaped(name),
                task_id,
                result.scenario_id,
                result.outcome.value,
                self._record(task_id),
            )
            for name, tasks in self.facts.conditions.items()
            for task_id in tasks
            if task_id in rows
            for result in rows[task_id].result.results
        ]
        header = ("condition", "task", "scenario", "outcome", "record")
        yield from table([self.word(each) for each in header], lines)

    def tasks(self) -> Iterator[str]:
        header = ("task", "priority", "declared", "derived", "flags", "counts", "newest")
        rows = [self._task(row) for row in self.facts.decision.rows]
        yield from table([*(self.word(each) for each in header), "Allure"], rows)

    def _task(self, row: GateRow) -> tuple[str, ...]:
        task, counts = row.result.task, row.result.counts
        found = self.facts.records.get(row.task_id)
        address = found.report_url if found else ""
        return (
            row.task_id,
            escaped(task.priority),
            task.status.value,
            row.result.status.value,
            escaped(" ".join(flag.value for flag in row.result.flags)),
            "/".join(str(counts[word]) for word in _ORDER),
            self._newest(found),
            link(row.task_id, address) if found else "",
        )

    def _newest(self, found: CountedRecord | None) -> str:
        horizon = self.facts.decision.horizon
        if found is None or horizon is None:
            return ""
        age = (horizon - found.record.ended).days
        return f"{found.record.record_id} ({found.digest[:_SHORT]}…, {max(age, 0)} d)"

    def _record(self, task_id: str) -> str:
        found = self.facts.records.get(task_id)
        return link(found.record.record_id, found.report_url) if found else ""

    def blockers(self) -> Iterator[str]:
        header = ("task", "code", "owner", "since", "review_by", "downstream")
        rows = [
            (
                each.task_id,
                escaped(each.code),
                escaped(each.owner),
                each.since,
                each.review_by,
                str(each.downstream),
            )
            for each in self.facts.blockers
        ]
        yield from table([self.word(name) for name in header], rows)

    def waivers(self) -> Iterator[str]:
        header = ("task", "reason", "compensation", "approver", "expires", "attestation", "effect")
        rows = [
            (
                escaped(each.waiver_id),
                each.task_id,
                escaped(each.reason),
                escaped(each.compensation),
                escaped(", ".join(each.approvers)),
                str(each.expires),
                escaped(", ".join(each.attestations)),
                self.word("used" if each.used else "unused")
                + (f": {escaped(each.note)}" if each.note else ""),
            )
            for each in self.facts.waivers
        ]
        yield from table(["id", *(self.word(name) for name in header)], rows)

    def checks(self) -> Iterator[str]:
        rows = [
            (each.name, each.result, str(each.errors), str(len(each.warnings)))
            for each in self.facts.checks
        ]
        header = ("check", "result", "errors", "warnings")
        yield from table([self.word(name) for name in header], rows)
        listed = [
            f"- {each.name}: {escaped(w)}" for each in self.facts.checks for w in each.warnings
        ]
        if listed:
            yield ""
            yield f"{self.word('warning_list')}:"
            yield ""
            yield from listed

    def decision(self, written: str, entries: Sequence[ApprovalEntry]) -> Iterator[str]:
        yield self.words["decide"]
        yield ""
        yield f"```yaml decision\n{written}```"
        yield ""
        yield self.word("log", gate=self.facts.decision.gate)
        yield ""
        yield f"```yaml approvals\n{approvals_block(entries)}```"

    def signatures(self, approval: Approval, digest: str) -> Iterator[str]:
        yield f"- {self.word('checklist')}: {digest}"
        yield f"- {self.word('roles')}: {escaped(', '.join(self.facts.roles) or '-')}"
        yield ""
        rows = [
            (
                escaped(each.role),
                escaped(each.person),
                escaped(each.attestation_id),
                utc_text(each.signed_at),
                each.digest,
            )
            for each in approval.signed
        ]
        header = ("role", "person", "attestation", "signed_at", "digest")
        yield from table([self.word(name) for name in header], rows)

    def appendix(self, generated: datetime) -> Iterator[str]:
        yield f"<!-- generated {utc_text(generated)} -->"
        yield ""
        rows = [
            (task_id, each.record.record_id, escaped(each.file), each.digest)
            for task_id, each in self.facts.records.items()
        ]
        header = ("task", "record", "file", "digest")
        yield from table([self.word(name) for name in header], rows)
        packages = ", ".join(f"{name} {version}" for name, version in self.facts.packages.items())
        yield ""
        yield f"- {self.word('packages')}: {escaped(packages) or '-'}"
        yield f"- {self.word('ignored')}: {self.facts.ignored}"
        yield f"- {self.word('reproduce')}:"
        yield ""
        yield "```sh"
        yield from self.facts.reproduce
        yield "```"


_ORDER = (
    Outcome.PASS,
    Outcome.FAIL,
    Outcome.BLOCKED,
    Outcome.PENDING,
    Outcome.INCONCLUSIVE,
    Outcome.NOT_RUN,
)
