"""What the steps may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_roadmap.domain.recording import Expect, Recorder
from pytest_roadmap.plugin.items import ScenarioItem

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_roadmap.domain.bundle_port import BundlePort
    from pytest_roadmap.domain.environment import Environment
    from pytest_roadmap.domain.evidence import Record
    from pytest_roadmap.domain.gate_review import GateReviewPort
    from pytest_roadmap.domain.markdown import MarkdownText
    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.ports import (
        AttestationPort,
        AuditPort,
        AzurePort,
        Clock,
        IdentityPort,
        Ports,
        RepositoryPort,
        VaultPort,
        WorkspacePort,
    )
    from pytest_roadmap.domain.roadmap import Roadmap
    from pytest_roadmap.plugin.state import RunState


class StepFixtures:
    """The fixtures of a run; each opens the environment only when a step asks for it."""

    def __init__(self, state: RunState) -> None:
        self._state = state

    @pytest.fixture
    def recorder(self, request: pytest.FixtureRequest) -> Recorder:
        """The events of the scenario that runs."""
        node = request.node
        if not isinstance(node, ScenarioItem) or node.run is None:
            raise pytest.UsageError(f"{node.nodeid} is no scenario of the roadmap")
        return node.run.recorder

    @pytest.fixture
    def expect(self, recorder: Recorder) -> Expect:
        """Judges claims and records them."""
        return Expect(recorder)

    @pytest.fixture
    def roadmap(self) -> Roadmap:
        """The tasks of the document."""
        return self._state.plans.roadmap

    @pytest.fixture
    def policy(self) -> Policy:
        """The policy of the project."""
        return self._state.plans.policy

    @pytest.fixture
    def records(self) -> Callable[[], tuple[Record, ...]]:
        """Gives the records of this environment, those of this run so far included."""
        return self._state.records

    @pytest.fixture
    def gate_review(self) -> GateReviewPort:
        """Gates and their sign-off documents."""
        from pytest_roadmap.plugin.gate_review import (  # noqa: PLC0415 - only where one is asked
            RunGateReview,
        )

        return RunGateReview(self._state, self._state.access.open())

    @pytest.fixture
    def environment(self) -> Environment:
        """The bindings of the environment."""
        return self._state.access.open().environment

    @pytest.fixture
    def ports(self, recorder: Recorder) -> Ports:
        """Everything outside, recorded for this scenario."""
        return self._state.access.open().ports(recorder)

    @pytest.fixture
    def workspace(self, ports: Ports) -> WorkspacePort:
        """The Databricks workspace, as the harness sees it."""
        return ports.workspace

    @pytest.fixture
    def act_as(self, ports: Ports) -> Callable[[str], WorkspacePort]:
        """Gives the workspace as another subject sees it."""
        return ports.act_as

    @pytest.fixture
    def azure(self, ports: Ports) -> AzurePort:
        """Azure Resource Manager and storage."""
        return ports.azure

    @pytest.fixture
    def vault(self, ports: Ports) -> VaultPort:
        """The secrets of the bound vault."""
        return ports.vault

    @pytest.fixture
    def bundle(self, ports: Ports) -> BundlePort:
        """The Databricks bundle that the environment binds."""
        return ports.bundle

    @pytest.fixture
    def repository(self, ports: Ports) -> RepositoryPort:
        """The documents of the project repository."""
        return ports.repository

    @pytest.fixture
    def read_markdown(self, ports: Ports) -> Callable[[str], MarkdownText]:
        """Gives the headings and tables of a Markdown text."""
        return ports.read_markdown

    @pytest.fixture
    def attestations(self, ports: Ports) -> AttestationPort:
        """The attestations of the project repository."""
        return ports.attestations

    @pytest.fixture
    def audit(self, ports: Ports) -> AuditPort:
        """The audit script."""
        return ports.audit

    @pytest.fixture
    def identity(self, ports: Ports) -> IdentityPort:
        """Who the harness is, and on which platform it stands."""
        return ports.identity

    @pytest.fixture
    def clock(self, ports: Ports) -> Clock:
        """The clock that harness, server and people share."""
        return ports.clock
