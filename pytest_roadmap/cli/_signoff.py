"""The figures of a sign-off document, computed from records alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from pytest_roadmap import __version__
from pytest_roadmap.cli._checks import check_project
from pytest_roadmap.cli._gate import QUALITY, judge_gate, result_of
from pytest_roadmap.cli.check import CHECKS
from pytest_roadmap.composition.signoffs import project_commit
from pytest_roadmap.domain.gate import CheckResult, GateConditions
from pytest_roadmap.domain.quality.finding import Level
from pytest_roadmap.reporting.signoff import (
    BlockerLine,
    CheckLine,
    CountedRecord,
    SignoffFacts,
    WaiverLine,
)

if TYPE_CHECKING:
    from pytest_roadmap.cli._gate import GateReport
    from pytest_roadmap.cli._signoff_place import SignoffPlace
    from pytest_roadmap.cli._standing import ProjectStanding
    from pytest_roadmap.domain.quality.report import CheckReport


class UnknownGateError(Exception):
    """The policy has no such gate; the message names those it has."""


def gather(
    place: SignoffPlace, gate: str, *, now: datetime, commit: str | None = None
) -> SignoffFacts:
    """What the records say about a gate, its sign-off task left out.

    Tasks are judged at the time of the newest counted evidence, so that the same records give the
    same figures tomorrow; waivers and who approved them at ``now``.

    Args:
        place: the repository and its records.
        gate: name of the gate.
        now: when it is reviewed, UTC.
        commit: what the document states, where there is one; else the newest of the project.

    Raises:
        UnknownGateError: there is no such gate. UnusableProjectError: a file is broken.
    """
    project = place.stand(now)
    if gate not in project.policy.gates:
        known = ", ".join(project.policy.gates)
        raise UnknownGateError(f"{gate!r} is no gate; choose from {known}")
    reports = {
        name: check_project(place.document, (name,), place.root) if name in CHECKS else None
        for name in QUALITY
    }
    horizon = _horizon(project, gate)
    if horizon is not None:
        project = place.stand(horizon)
    signoff_task = project.policy.gates[gate].signoff_task
    also = GateConditions(
        qa={name: result_of(r) if r else CheckResult.NOT_ASKED for name, r in reports.items()},
        leave_out=(signoff_task,) if signoff_task else (),
    )
    report = judge_gate(project, gate, place.document, no_waivers=False, also=also, waived_at=now)
    return _facts(place, project, report, reports, commit or project_commit(place.root))


def _horizon(project: ProjectStanding, gate: str) -> datetime | None:
    """The newest evidence of the tasks that this gate or one it requires counts."""
    policy, roadmap = project.policy, project.roadmap
    left_out = policy.gates[gate].signoff_task
    counted = {
        task.task_id
        for name in (gate, *policy.transitive_requires(gate))
        for task in roadmap.counted(name)
    } - {left_out}
    times = (
        result.ended
        for task_id in counted
        for result in project.standing.derived[task_id].results
        if result.ended is not None
    )
    return max(times, default=None)


def _facts(
    place: SignoffPlace,
    project: ProjectStanding,
    report: GateReport,
    reports: Mapping[str, CheckReport | None],
    commit: str,
) -> SignoffFacts:
    decision, gate = report.decision, project.policy.gates[report.decision.gate]
    records = dict(_records(place, report))
    environments = {(each.record.environment, each.record.kind) for each in records.values()}
    if place.base is not None:
        environments.add(("embedded", "embedded"))
    option = " --roadmap-env embedded" if place.base else ""
    return SignoffFacts(
        decision=decision,
        definition=_definition(place.document.read_text("utf-8"), decision.gate),
        signoff_task=gate.signoff_task,
        roles=gate.signoff_roles,
        conditions=gate.conditions,
        commit=commit or "-",
        roadmap_digest=project.roadmap.digest,
        environments=tuple(sorted(environments)),
        plugin_version=f"pytest-roadmap {__version__}",
        records=records,
        blockers=tuple(_blockers(project, report)),
        waivers=tuple(_waivers(project, report)),
        checks=tuple(_check_line(name, found) for name, found in reports.items()),
        ignored=0 if place.base else project.embedded_records,
        reproduce=(
            f"roadmap signoff {decision.gate}{option}",
            *(() if place.base else (f"roadmap gate {decision.gate} --at {commit}",)),
        ),
        packages=_packages(records),
    )


def _definition(text: str, gate: str) -> str:
    """What the document says the gate is."""
    found = re.search(rf"^- `{re.escape(gate)}`: (.+)$", text, re.MULTILINE)
    return found[1].strip() if found else "-"


def _records(place: SignoffPlace, report: GateReport) -> Iterator[tuple[str, CountedRecord]]:
    """The newest record that counts for each task, in the order of the table."""
    stored = {each.record.record_id: each for each in place.load().stored}
    for row in report.decision.rows:
        known = [r for r in row.result.results if r.ended is not None and r.record_id in stored]
        if known:
            newest = max(known, key=lambda each: (str(each.ended), str(each.record_id)))
            found = stored[str(newest.record_id)]
            yield row.task_id, CountedRecord(found.record, found.path.name, found.file_digest)


def _blockers(project: ProjectStanding, report: GateReport) -> Iterator[BlockerLine]:
    registered = {each.task_id: each for each in project.evidence.evidence.blockers}
    for row in report.decision.root_blocked:
        below = sum(
            row.task_id in project.roadmap.transitive_dependencies(task.task_id)
            for task in project.roadmap.tasks
        )
        entry = registered.get(row.task_id)
        for block in row.result.blocks:
            since, review_by = (str(entry.since), str(entry.review_by)) if entry else ("", "")
            yield BlockerLine(row.task_id, block.code, block.owner, since, review_by, below)


def _waivers(project: ProjectStanding, report: GateReport) -> Iterator[WaiverLine]:
    uses = {use.waiver.waiver_id: use for use in report.decision.waivers}
    invalid = {each.entry.waiver_id: str(each) for each in report.waivers.invalid}
    for entry in project.waivers:
        if entry.gate != report.decision.gate:
            continue
        use = uses.get(entry.waiver_id)
        yield WaiverLine(
            entry.waiver_id,
            entry.task_id,
            entry.reason,
            entry.compensation,
            tuple(f"{each.name} ({each.role})" for each in entry.approved_by),
            entry.expires,
            tuple(each.attestation for each in entry.approved_by),
            used=use.used if use else False,
            note=use.note if use else invalid.get(entry.waiver_id, ""),
        )


def _check_line(name: str, report: CheckReport | None) -> CheckLine:
    if report is None:
        return CheckLine(name, CheckResult.NOT_ASKED.value, 0, ())
    own = [each for each in report.findings if each.check == name]
    errors = sum(each.level is Level.ERROR for each in own)
    warnings = (
        f"{each.code}{f' {each.task}' if each.task else ''}: {each.message}"
        for each in own
        if each.level is Level.WARNING
    )
    return CheckLine(name, report.verdict.value, errors, tuple(warnings))


def _packages(records: Mapping[str, CountedRecord]) -> dict[str, str]:
    """The versions that the newest record states."""
    newest = max(records.values(), key=lambda each: each.record.ended, default=None)
    packages = newest.record.runner.get("packages") if newest else None
    return {str(name): str(version) for name, version in (packages or {}).items()}
