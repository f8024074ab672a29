"""Sentences about the secret scope, its secrets and their rotation."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytest_bdd import parsers, then, when

from pytest_roadmap.domain.documents import require_handed_over
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.ports import (
    AzurePort,
    Clock,
    RepositoryPort,
    VaultPort,
    WorkspacePort,
)
from pytest_roadmap.domain.recording import Expect, Recorder
from pytest_roadmap.domain.secret_rotation import (
    Rotation,
    Rotator,
    SecretHistory,
    list_histories,
    rotation_problems,
)
from pytest_roadmap.domain.secret_sql import SQL_ROUTE, sql_fallback
from pytest_roadmap.domain.secrets import (
    ScopeInspection,
    SecretReading,
    acl_problems,
    backing_problems,
    bound_secrets,
    disclosure_problems,
    handed_over,
    inspect_scope,
    read_secrets,
    require_accepted_vault,
    vault_problems,
)

_PAUSE_S = 0.2


@when("the secret scope is inspected", target_fixture="scope_inspection")
def scope_is_inspected(
    workspace: WorkspacePort, azure: AzurePort, environment: Environment
) -> ScopeInspection:
    return inspect_scope(workspace, azure, environment)


@then("the scope is backed by exactly the handed-over vault")
def scope_is_backed(
    scope_inspection: ScopeInspection,
    repository: RepositoryPort,
    environment: Environment,
    recorder: Recorder,
    expect: Expect,
) -> None:
    require_handed_over(repository, scope_inspection.missing)
    handed = handed_over(repository, environment, "secret_scope", scope_inspection.name)
    problems = backing_problems(scope_inspection, environment, handed)
    expect.none(f"{scope_inspection.name} is backed by the handed-over vault", problems)
    expect.none("the vault is protected and reachable", vault_problems(scope_inspection))
    if scope_inspection.acl is None:
        recorder.facts["scope_acl"] = f"not readable: {scope_inspection.acl_refused}"
    problems = acl_problems(scope_inspection, environment)
    expect.none("the scope grants exactly what was agreed", problems)


@when(
    parsers.re(r'"(?P<principal>[^"]*)" reads each secret through the scope'),
    target_fixture="secret_readings",
)
def secrets_are_read(
    principal: str, subject: WorkspacePort, environment: Environment, recorder: Recorder
) -> tuple[SecretReading, ...]:
    recorder.facts["secrets_read_by"] = principal
    scope = str(environment.require("secrets.scope"))
    fallback = sql_fallback(subject, environment)
    return read_secrets(subject, scope, bound_secrets(environment), fallback)


@then("every secret is present and plausible")
def secrets_are_plausible(
    secret_readings: tuple[SecretReading, ...],
    repository: RepositoryPort,
    environment: Environment,
    expect: Expect,
) -> None:
    require_accepted_vault(repository, environment, secret_readings)
    missing = [f"secret {r.policy.name}" for r in secret_readings if r.status == 404]  # noqa: PLR2004 (not found)
    require_handed_over(repository, missing)
    expect.at_least("required secrets", 1, len(secret_readings))
    refused = [f"{r.policy.name}: {r.status} {r.refusal}" for r in secret_readings if r.refusal]
    expect.none("every required secret was read", refused)
    for reading in secret_readings:
        facts = reading.facts
        expect.equal(f"{reading.policy.name} by {reading.route}", dict.fromkeys(facts, True), facts)


@then("no secret value is disclosed")
def no_value_is_disclosed(
    secret_readings: tuple[SecretReading, ...], recorder: Recorder, expect: Expect
) -> None:
    served = [reading for reading in secret_readings if reading.route != SQL_ROUTE]
    expect.at_least("values to look for", len(served), sum(len(r.values) for r in served))
    problems = disclosure_problems(secret_readings, recorder.events, recorder.facts)
    expect.none("nothing this scenario recorded holds a value", problems)


@when("the versions of each secret are listed", target_fixture="secret_histories")
def versions_are_listed(vault: VaultPort, environment: Environment) -> tuple[SecretHistory, ...]:
    return list_histories(vault, bound_secrets(environment))


@then("age and expiry of every secret are within the rotation policy")
def rotation_is_within_policy(
    secret_histories: tuple[SecretHistory, ...],
    repository: RepositoryPort,
    clock: Clock,
    expect: Expect,
) -> None:
    missing = [f"secret {h.policy.name}" for h in secret_histories if not h.versions]
    require_handed_over(repository, missing)
    expect.at_least("secrets with versions", 1, len(secret_histories))
    now = clock()
    problems = [problem for h in secret_histories for problem in rotation_problems(h, now)]
    expect.none("every secret is young enough and expires in time", problems)


@when("the canary secret is rotated by the written procedure", target_fixture="rotation")
def canary_is_rotated(
    vault: VaultPort,
    act_as: Callable[[str], WorkspacePort],
    environment: Environment,
    repository: RepositoryPort,
    clock: Clock,
) -> Rotation:
    repository.document("secrets rotation procedure")
    subject = act_as("pipeline_sp")
    return Rotator(vault, subject, environment, clock, lambda: time.sleep(_PAUSE_S)).rotate()


@then("the workload sees the new value and the old version can be disabled")
def workload_follows_rotation(rotation: Rotation, recorder: Recorder, expect: Expect) -> None:
    recorder.facts["rotation"] = {
        "old_version": rotation.old_version,
        "new_version": rotation.new_version,
        "propagation_s": round(rotation.seconds, 1),
    }
    facts = rotation.facts
    expect.equal(f"rotation of {rotation.canary}", dict.fromkeys(facts, True), facts)
