"""The judgement of one gate from the records of a project, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_roadmap.adapters.repository.git import GitError, run_git
from pytest_roadmap.cli._checks import check_project
from pytest_roadmap.cli._tables import markdown_table, plain_task, text_table
from pytest_roadmap.cli.check import CHECKS
from pytest_roadmap.composition.approvals import waiver_approvals
from pytest_roadmap.domain.canonical import utc_text
from pytest_roadmap.domain.gate import CheckResult, GateConditions, GateDecision, decide_gates
from pytest_roadmap.domain.task_table import task_cells
from pytest_roadmap.domain.waiver import WaiverJudgement, judge_waivers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from pytest_roadmap.cli._standing import ProjectStanding
    from pytest_roadmap.domain.gate_rows import GateRow
    from pytest_roadmap.domain.quality.report import CheckReport

#: The quality checks that belong to every gate (rules b.4).
QUALITY = ("QA-01", "QA-02", "QA-03", "QA-04", "QA-05")
_RESULTS = {
    "pass": CheckResult.PASS,
    "fail": CheckResult.FAIL,
    "inconclusive": CheckResult.INCONCLUSIVE,
    "invalid": CheckResult.FAIL,
}


@dataclass(frozen=True)
class GateReport:
    """A decision with all that a reader of it is told."""

    project: ProjectStanding
    decision: GateDecision
    waivers: WaiverJudgement
    commit: str | None
    no_waivers: bool

    @property
    def exit_code(self) -> int:
        """The exit status of the verdict (rules b.4)."""
        return self.decision.verdict.exit_code(no_waivers=self.no_waivers)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What does not count, a sentence each."""
        ignored = tuple(
            str(each) for each in self.waivers.invalid if self._concerns(each.entry.gate)
        )
        return (*ignored, *self.project.remarks)

    def _concerns(self, gate: str) -> bool:
        return gate == self.decision.gate or gate in self.project.policy.transitive_requires(
            self.decision.gate
        )


def judge_gate(
    project: ProjectStanding,
    gate: str,
    document: Path,
    *,
    no_waivers: bool,
    also: GateConditions | None = None,
    waived_at: datetime | None = None,
) -> GateReport:
    """Judge a gate of the policy, and with it every gate it requires.

    Args:
        project: where its tasks stand.
        gate: which one.
        document: the roadmap, for the quality checks.
        no_waivers: end with a status of its own where waivers were needed.
        also: checks that were made already (they are not made again), and what else is open or
            left out.
        waived_at: the time at which waivers are judged, if not that of the standing (UTC).
    """
    moment = waived_at or project.now
    waivers = judge_waivers(
        project.waivers,
        project.roadmap,
        project.policy,
        today=moment.date(),
        approval=waiver_approvals(project.root, lambda: moment),
    )
    asked = also or GateConditions(qa={})
    conditions = GateConditions(
        qa=asked.qa or check_quality(document, project.root),
        tampered=project.standing.tampered,
        unsigned=project.standing.unsigned,
        open=(*_open(project), *asked.open),
        waivers=waivers.valid,
        leave_out=asked.leave_out,
    )
    decisions = decide_gates(project.roadmap, project.policy, project.standing.derived, conditions)
    return GateReport(project, decisions[gate], waivers, _commit(project.root), no_waivers)


def check_quality(document: Path, root: Path) -> Mapping[str, CheckResult]:
    """The result of each quality check; one that does not exist yet was not asked."""
    return {
        name: result_of(check_project(document, (name,), root))
        if name in CHECKS
        else CheckResult.NOT_ASKED
        for name in QUALITY
    }


def result_of(report: CheckReport) -> CheckResult:
    """What the report of a check means for a gate."""
    return _RESULTS[report.verdict.value]


def _open(project: ProjectStanding) -> Iterator[str]:
    yield from project.standing.unjudged.values()
    if not project.evidence.complete:
        yield "some evidence files cannot be judged"


def _commit(root: Path) -> str | None:
    try:
        return run_git(root, "rev-parse", "HEAD").decode("ascii").strip()
    except GitError:
        return None


def as_plain(report: GateReport) -> dict[str, Any]:
    """The report as JSON values; times in UTC, ages in days."""
    decision, project = report.decision, report.project
    return {
        "gate": decision.gate,
        "verdict": decision.verdict.value,
        "exit_code": report.exit_code,
        "reason": decision.reason,
        "commit": report.commit,
        "roadmap_digest": project.roadmap.digest,
        "evidence_horizon": utc_text(decision.horizon) if decision.horizon else None,
        "oldest_evidence": utc_text(decision.oldest) if decision.oldest else None,
        "oldest_evidence_age_d": _age_days(report),
        "embedded_records_ignored": project.embedded_records,
        "tasks": [_plain_row(row) for row in decision.rows],
        "checks": {name: result.value for name, result in decision.qa.items()},
        "root_blockers": [
            {"task": row.task_id, "code": each.code, "owner": each.owner, "detail": each.detail}
            for row in decision.root_blocked
            for each in row.result.blocks
        ],
        "waivers": [
            {
                "id": use.waiver.waiver_id,
                "task": use.waiver.task_id,
                "used": use.used,
                "note": use.note,
            }
            for use in decision.waivers
        ],
        "remarks": list(report.remarks),
    }


def _plain_row(row: GateRow) -> dict[str, Any]:
    return {
        **plain_task(row.result),
        "own": row.own,
        "waived_by": row.waived_by,
        "unsigned": row.unsigned,
    }


def _age_days(report: GateReport) -> int | None:
    oldest = report.decision.oldest
    return (report.project.now - oldest).days if oldest else None


def as_lines(report: GateReport, *, markdown: bool) -> list[str]:
    """The report for people: table, what is behind it, and the verdict last."""
    rows = [_cells(report, row) for row in report.decision.rows]
    decision = report.decision
    notes = [*filter(None, [decision.checks_sentence]), *_notes(report)]
    verdict = f"{decision.gate} {decision.verdict} ({report.exit_code}): {decision.reason}"
    if not markdown:
        return [*text_table(rows), *notes, verdict]
    return [
        f"## {decision.gate} {decision.verdict}",
        "",
        *markdown_table(rows),
        "",
        *(f"- {note}" for note in [*notes, verdict]),
    ]


def _cells(report: GateReport, row: GateRow) -> tuple[str, ...]:
    name = row.task_id if row.own else f"{row.task_id} *"
    missing = row.task_id in report.project.without_feature
    return task_cells(row.result, name, row.reason, no_feature=missing)


def _notes(report: GateReport) -> Iterator[str]:
    decision = report.decision
    for row in decision.root_blocked:
        for block in row.result.blocks:
            detail = f": {block.detail}" if block.detail else ""
            yield f"root blocker {row.task_id}: {block.code}, owner {block.owner}{detail}"
    for use in decision.waivers:
        yield use.sentence
    yield from report.remarks
    yield f"{report.project.embedded_records} embedded record(s) ignored: they prove checks only"
    if decision.horizon and decision.oldest:
        yield (
            f"evidence: newest {utc_text(decision.horizon)}, oldest {utc_text(decision.oldest)} "
            f"({_age_days(report)} days old)"
        )
    else:
        yield "evidence: none of a real environment"
    yield f"commit: {report.commit or 'unknown'}"
