"""Sentences about gates: their checklist, who signed it, and the approval log."""

from __future__ import annotations

from pytest_bdd import parsers, then, when

from pytest_roadmap.domain.documents import AttestedSubject
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.gate_review import (
    GateReview,
    GateReviewPort,
    SignoffReview,
    approval_problems,
    area_problems,
)
from pytest_roadmap.domain.live_sample import (
    privilege_problems,
    run_as_problems,
    scope_problems,
)
from pytest_roadmap.domain.ports import AzurePort, RepositoryPort, WorkspacePort
from pytest_roadmap.domain.recording import Expect, Recorder

_PIPELINE = "pipeline_sp"


@when(
    parsers.re(r'gate "(?P<gate>[^"]*)" is evaluated without this task'),
    target_fixture="reviewed_gate",
)
def gate_is_evaluated(gate: str, gate_review: GateReviewPort, recorder: Recorder) -> GateReview:
    review = gate_review.evaluate(gate)
    recorder.facts["checklist"] = {
        task.row.task_id: task.row.result.status.value for task in review.tasks
    }
    return review


@then("every area of the checklist is Done on fresh evidence")
def areas_are_done(reviewed_gate: GateReview, expect: Expect) -> None:
    expect.at_least("counted tasks", 1, len(reviewed_gate.tasks))
    expect.none(
        f"every area of {reviewed_gate.gate} is Done on fresh evidence",
        list(area_problems(reviewed_gate)),
    )


@then("a live sample agrees with the stored results")
def live_sample_agrees(
    workspace: WorkspacePort,
    azure: AzurePort,
    repository: RepositoryPort,
    environment: Environment,
    expect: Expect,
) -> None:
    problems = privilege_problems(workspace, repository, environment, _PIPELINE)
    expect.none(f"{_PIPELINE} holds the agreed privileges, live", list(problems))
    problems = scope_problems(workspace, azure, repository, environment)
    expect.none("the scope is backed by the handed-over vault, live", list(problems))
    problems = run_as_problems(workspace, environment, _PIPELINE)
    expect.none(f"the bound jobs run as {_PIPELINE}, live", list(problems))


@when(
    parsers.re(r'the signatures of "(?P<subject>[^"]*)" are verified'),
    target_fixture="signed_subject",
)
def signatures_are_verified(subject: str, gate_review: GateReviewPort) -> AttestedSubject:
    gate = subject.removesuffix(" sign-off")
    signoff = gate_review.signoff(gate).signoff
    if signoff is None:
        return AttestedSubject("no sign-off document", None, gate)
    return AttestedSubject(signoff.checklist_digest, signoff.not_before, gate)


@when(
    parsers.re(r'the approval log of "(?P<gate>[^"]*)" is read'),
    target_fixture="approval_read",
)
def approval_log_is_read(gate: str, gate_review: GateReviewPort) -> SignoffReview:
    return gate_review.signoff(gate)


@then("one final entry approves the gate and no input has changed since")
def approval_is_final(
    approval_read: SignoffReview,
    gate_review: GateReviewPort,
    recorder: Recorder,
    expect: Expect,
) -> None:
    now = gate_review.evaluate(approval_read.gate)
    expect.none(
        f"one final entry approves {approval_read.gate} as it stands",
        list(approval_problems(approval_read, now)),
    )
    if approval_read.signoff is not None:
        recorder.facts["approval"] = [str(each) for each in approval_read.signoff.entries]
