"""Sentences about the pipelines: what they run on, how they ran, what they left."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from pytest_bdd import given, parsers, then, when

from pytest_roadmap.domain.bound_jobs import aliases_in, bound_job_id
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.evidence import Record
from pytest_roadmap.domain.pipeline_baseline import (
    processed_pipelines,
    record_baseline,
    require_contract,
    require_idle,
    require_source_rows,
)
from pytest_roadmap.domain.pipeline_contract import Contract, bound_window, load_contract
from pytest_roadmap.domain.pipeline_outputs import (
    OutputReport,
    earlier_runs,
    key_problems,
    new_row_problems,
    query_outputs,
    read_output,
    require_something_new,
    smoke_problems,
    writer_problems,
)
from pytest_roadmap.domain.pipeline_runs import (
    PipelineRunner,
    PipelineRuns,
    elapsed_problems,
    run_problems,
    used_parameter_problems,
)
from pytest_roadmap.domain.policy import Policy
from pytest_roadmap.domain.ports import Clock, RepositoryPort, WorkspacePort
from pytest_roadmap.domain.recording import Expect, Recorder
from pytest_roadmap.domain.roadmap import Roadmap
from pytest_roadmap.domain.run_history import RunHistory, history_problems, read_run_history
from pytest_roadmap.domain.scenario_results import (
    first_recorded,
    leave_result,
    passed_result,
    result_limit,
)
from pytest_roadmap.domain.warehouse import running_warehouse
from pytest_roadmap.domain.warehouse_desk import WarehouseDesk


def _desk(workspace: WorkspacePort, environment: Environment) -> WarehouseDesk:
    return WarehouseDesk(workspace, running_warehouse(environment, workspace))


@given("the pipelines data contract holds", target_fixture="contract")
def data_contract_holds(workspace: WorkspacePort, environment: Environment) -> Contract:
    contract = load_contract(environment)
    require_contract(workspace, contract)
    return contract


@given("a fresh business run id", target_fixture="business_run_id")
def fresh_run_id(clock: Clock, recorder: Recorder) -> str:
    run_id = f"dod-{clock():%Y%m%d%H%M%S}-{uuid4().hex[:12]}"
    recorder.facts.setdefault("business_run_ids", {})[recorder.scenario] = run_id
    return run_id


@given(parsers.re(r'a baseline of "(?P<pipelines>[^"]*)" is recorded'))
def baseline_is_recorded(
    pipelines: str,
    business_run_id: str,
    workspace: WorkspacePort,
    environment: Environment,
    recorder: Recorder,
) -> None:
    contract = load_contract(environment)
    wanted = contract.in_order(aliases_in(pipelines))
    baseline = record_baseline(_desk(workspace, environment), contract, wanted, business_run_id)
    recorder.facts.setdefault("baselines", {})[recorder.scenario] = baseline.as_facts()


@given(parsers.re(r'no run of "(?P<jobs>[^"]*)" is active'))
def no_run_is_active(jobs: str, workspace: WorkspacePort, environment: Environment) -> None:
    require_idle(workspace, environment, aliases_in(jobs))


@given(parsers.re(r'the source has rows in the window "(?P<window>[^"]*)"'))
def source_has_rows(
    window: str, workspace: WorkspacePort, environment: Environment, recorder: Recorder
) -> None:
    contract, span = load_contract(environment), bound_window(environment, window)
    found = require_source_rows(_desk(workspace, environment), contract, span)
    recorder.facts.setdefault("source_rows", {})[window] = found


@given(parsers.re(r'the result of scenario "(?P<scenario>[^"]*)"'), target_fixture="earlier_result")
def result_of_scenario(
    scenario: str,
    records: Callable[[], tuple[Record, ...]],
    roadmap: Roadmap,
    policy: Policy,
    environment: Environment,
    clock: Clock,
) -> Mapping[str, Any]:
    known, task = records(), roadmap.task(scenario.partition(".")[0])
    limit = result_limit(known, task, policy, environment.get("evidence.max_age_h"))
    return passed_result(known, scenario, kind=environment.kind, now=clock(), limit=limit)


@when(
    parsers.re(
        r'pipelines "(?P<pipelines>[^"]*)" are run in order as "(?P<mode>[^"]*)"'
        r' for the window "(?P<window>[^"]*)"'
    ),
    target_fixture="pipeline_runs",
)
def pipelines_are_run(
    pipelines: str,
    mode: str,
    window: str,
    business_run_id: str,
    workspace: WorkspacePort,
    environment: Environment,
    clock: Clock,
    recorder: Recorder,
) -> PipelineRuns:
    contract, span = load_contract(environment), bound_window(environment, window)
    wanted = contract.in_order(aliases_in(pipelines))
    processed = processed_pipelines(_desk(workspace, environment), contract, span)
    runner = PipelineRunner(workspace, environment, clock, time.sleep)
    runs = runner.run_in_order(wanted, mode, span, business_run_id)
    leave_result(recorder, runs.as_facts())
    return replace(runs, processed_before=processed)


@then("every run succeeded with all expected tasks")
def every_run_succeeded(pipeline_runs: PipelineRuns, expect: Expect) -> None:
    expect.at_least("runs started", 1, len(pipeline_runs.started))
    expect.none("every run succeeded with every task", list(run_problems(pipeline_runs)))


@then("the runs used the requested parameters")
def runs_used_the_parameters(pipeline_runs: PipelineRuns, expect: Expect) -> None:
    problems = list(used_parameter_problems(pipeline_runs))
    expect.none("the runs are new ones and used what was requested", problems)


@then(parsers.re(r'elapsed time is within "(?P<limit>[^"]*)"'))
def elapsed_time_is_within(
    limit: str, pipeline_runs: PipelineRuns, environment: Environment, expect: Expect
) -> None:
    minutes = float(environment.require(limit))
    problems = list(elapsed_problems(pipeline_runs, minutes))
    expect.none(f"execution took at most {minutes:g} minutes", problems)


@then(parsers.re(r'the outputs of "(?P<pipelines>[^"]*)" have new rows of this run'))
def outputs_have_new_rows(
    pipelines: str,
    pipeline_runs: PipelineRuns,
    workspace: WorkspacePort,
    environment: Environment,
    expect: Expect,
) -> None:
    desk, contract = _desk(workspace, environment), load_contract(environment)
    outputs = contract.of(contract.in_order(aliases_in(pipelines)))
    readings = [read_output(desk, each, pipeline_runs.run_id) for each in outputs]
    expect.at_least("outputs read", 1, len(readings))
    require_something_new(readings, pipeline_runs.processed_before, pipeline_runs.window)
    problems = list(new_row_problems(readings, earlier_runs(pipeline_runs.as_facts())))
    expect.none("every pipeline left rows of this run", problems)


@then(parsers.re(r'the data were written by "(?P<principal>[^"]*)"'))
def data_were_written_by(
    principal: str,
    pipeline_runs: PipelineRuns,
    workspace: WorkspacePort,
    environment: Environment,
    expect: Expect,
) -> None:
    application_id = str(environment.require(f"principals.{principal}.application_id"))
    desk, contract = _desk(workspace, environment), load_contract(environment)
    outputs = contract.of(pipeline_runs.wanted)
    readings = [read_output(desk, each, pipeline_runs.run_id) for each in outputs]
    runs = earlier_runs(pipeline_runs.as_facts())
    problems = list(writer_problems(readings, runs, application_id))
    expect.none(f"every version of the runs was written by {principal}", problems)


@when(
    parsers.re(r'the outputs of "(?P<pipelines>[^"]*)" are queried'), target_fixture="output_report"
)
def outputs_are_queried(
    pipelines: str,
    earlier_result: Mapping[str, Any],
    workspace: WorkspacePort,
    environment: Environment,
) -> OutputReport:
    desk, contract = _desk(workspace, environment), load_contract(environment)
    wanted = contract.in_order(aliases_in(pipelines))
    return query_outputs(desk, contract, wanted, earlier_runs(earlier_result))


@then("at least one smoke output has complete rows of this run")
def smoke_output_is_complete(
    output_report: OutputReport, environment: Environment, recorder: Recorder, expect: Expect
) -> None:
    rows = {each.output.table: each.run_rows for each in output_report.outputs}
    recorder.facts.setdefault("output_rows", {})[recorder.scenario] = rows
    allowed = load_contract(environment).dq.status_values
    expect.at_least("source rows in the window", 1, output_report.source_rows)
    problems = smoke_problems(output_report, allowed)
    expect.none("a smoke output has complete rows of this run", problems)


@then(parsers.re(r'the outputs of "(?P<pipelines>[^"]*)" have no duplicate keys'))
def no_duplicate_keys(pipelines: str, output_report: OutputReport, expect: Expect) -> None:
    wanted = aliases_in(pipelines)
    read = [each for each in output_report.outputs if each.output.pipeline in wanted]
    expect.at_least(f"outputs of {pipelines} read", 1, len(read))
    expect.none("every key occurs once", list(key_problems(output_report, wanted)))


@when(
    parsers.re(r'the run history of "(?P<jobs>[^"]*)" since "(?P<since>[^"]*)" is read'),
    target_fixture="run_history",
)
def run_history_is_read(
    jobs: str,
    since: str,
    records: Callable[[], tuple[Record, ...]],
    workspace: WorkspacePort,
    repository: RepositoryPort,
    environment: Environment,
    recorder: Recorder,
) -> RunHistory:
    ids = {alias: bound_job_id(workspace, environment, alias) for alias in aliases_in(jobs)}
    moment = first_recorded(records(), since, kind=environment.kind)
    parameter = str(environment.require("params.run_id"))
    history = read_run_history(workspace, repository, ids, moment, parameter)
    recorder.facts.setdefault("run_history", {})[recorder.scenario] = history.as_facts()
    return history


@then("every unsuccessful run has a recorded cause and a later successful rerun")
def failures_are_accounted_for(run_history: RunHistory, expect: Expect) -> None:
    total = sum(len(runs) for runs in run_history.runs.values())
    failed = len(run_history.unsuccessful)
    expect.at_least(f"runs in the history ({failed} with a failed attempt)", 1, total)
    problems = list(history_problems(run_history))
    expect.none("every failed attempt has a cause and a later success", problems)
