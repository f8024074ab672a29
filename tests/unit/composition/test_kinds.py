"""What an environment of each kind may bind."""

from __future__ import annotations

import pytest

from pytest_roadmap.adapters.environment import EnvironmentFileError, parse_environment
from pytest_roadmap.composition.kinds import rules_of
from pytest_roadmap.domain.environment import Environment

HEAD = "schema: roadmap-environment/1\nenv: {name: embedded, kind: embedded}\n"


def parse(more: str) -> Environment:
    return parse_environment((HEAD + more).encode(), "embedded.yaml", rules_of=rules_of)


@pytest.mark.parametrize(
    "more",
    [
        "workspace: {host: 'http://127.0.0.1:8443'}",
        "azure: {tenant_id: ebedded0-0000-4000-8000-000000000001}",
        "documents: {today: '2026-01-01'}",
        "evidence: {root: build/embedded/records}",
    ],
)
def test_the_embedded_environment_binds_what_no_real_one_may(more: str) -> None:
    """This machine, its own tenant, a fixed day, a folder for its records alone."""
    assert parse(more).kind == "embedded"


@pytest.mark.parametrize("root", ["elsewhere", ".agents/logs/verification"])
def test_embedded_records_never_lie_beside_real_ones(root: str) -> None:
    """The place of real records is as wrong as any other."""
    with pytest.raises(EnvironmentFileError, match="expected a path below build/embedded/"):
        parse(f"evidence: {{root: {root}}}")
