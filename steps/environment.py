"""Sentences about the environment: what is bound, who acts, what is available."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import given, parsers

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.ports import Ports, WorkspacePort
from pytest_roadmap.domain.warehouse import running_warehouse


@given("the environment is bound")
def environment_is_bound(ports: Ports) -> None:
    ports.identity.probe()


@given(parsers.re(r'the binding "(?P<key>[^"]*)" is set'))
def binding_is_set(key: str, environment: Environment) -> None:
    environment.require(key)


@given("the SQL warehouse is available", target_fixture="warehouse_id")
def warehouse_is_available(environment: Environment, workspace: WorkspacePort) -> str:
    return running_warehouse(environment, workspace)


@given(parsers.re(r'I act as "(?P<subject>[^"]*)"'), target_fixture="subject")
def act_as_subject(subject: str, act_as: Callable[[str], WorkspacePort]) -> WorkspacePort:
    return act_as(subject)
