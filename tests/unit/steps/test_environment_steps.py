"""The sentences about the environment end a scenario with the word its rule names."""

import pytest

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError, NotRunError
from pytest_roadmap.domain.permission_checks import (
    Checked,
    PermissionReport,
    Purpose,
    TableFacts,
)
from pytest_roadmap.domain.ports import StatementResult
from pytest_roadmap.domain.recording import Expect, Recorder
from steps.access import locations_are_probed, statements_behave_as_agreed
from steps.audit import inventory_is_locked
from steps.environment import binding_is_set, warehouse_is_available
from tests.fakes.world import NOW, FakeAzure, FakeRepository, FakeWorkspace


def environment(**bindings: object) -> Environment:
    """Bindings of a step."""
    return Environment("embedded", "embedded", bindings, "embedded.yaml")


def test_a_placeholder_is_no_binding() -> None:
    """The reason names the key."""
    with pytest.raises(BlockedError, match=r"missing_binding\(handoff\.inventory\)"):
        binding_is_set("handoff.inventory", environment(handoff={"inventory": "TBD"}))


def test_a_stopped_warehouse_is_started_where_that_is_permitted() -> None:
    """Permission comes from the environment file alone."""
    stopped = FakeWorkspace(warehouse="STOPPED")
    allowed = environment(warehouse={"id": "wh"}, safety={"may_start_warehouse": True})
    assert warehouse_is_available(allowed, stopped) == "wh"
    with pytest.raises(BlockedError, match="it is STOPPED"):
        warehouse_is_available(environment(warehouse={"id": "wh"}), stopped)


def test_a_warehouse_that_does_not_start_blocks() -> None:
    """Whatever state it reached is named."""
    stuck = FakeWorkspace(warehouse="STOPPED", started="STARTING")
    allowed = environment(warehouse={"id": "wh"}, safety={"may_start_warehouse": True})
    with pytest.raises(BlockedError, match="it is STARTING"):
        warehouse_is_available(allowed, stuck)


def test_an_unlocked_inventory_is_waited_for() -> None:
    """What builds on the lock does not run without it, and says whom it waits for."""
    repository = FakeRepository({"handoff inventory": b"x"})
    with pytest.raises(NotRunError, match=r"waiting\(SEC-001\)"):
        inventory_is_locked(repository)


def test_a_probe_does_not_start_a_warehouse_that_may_not_be_started() -> None:
    """A statement would start it silently; without permission the probe is blocked."""
    kept = environment(warehouse={"id": "wh"})
    stopped = FakeWorkspace(warehouse="STOPPED")
    with pytest.raises(BlockedError, match="warehouse wh"):
        locations_are_probed("p", stopped, stopped, FakeAzure(), kept, FakeRepository())
    assert stopped.statements == []


def test_a_failed_clean_up_is_reported_after_everything_else_held() -> None:
    """A probe object that stays makes the scenario inconclusive and is named."""
    recorder = Recorder("SEC-003.S2", lambda: NOW)
    read = Checked(Purpose.READ, "t", "SELECT", StatementResult("s", "SUCCEEDED"))
    tables = {"t": TableFacts(has_rows=False, row_filter=False)}
    report = PermissionReport("me", (read,), tables, left_over=("table main.probe.x: no",))
    with pytest.raises(InconclusiveError, match=r"cleanup_failed\(table main\.probe\.x"):
        statements_behave_as_agreed(report, Expect(recorder))


def test_a_check_of_no_permitted_statement_is_not_passed() -> None:
    """Refusals alone do not show that the principal can do anything."""
    with pytest.raises(AssertionError, match="permitted statements"):
        statements_behave_as_agreed(
            PermissionReport("me", ()), Expect(Recorder("SEC-003.S2", lambda: NOW))
        )


def test_no_bound_location_blocks_the_probe() -> None:
    """Probing nothing is not a success."""
    bindings = environment(warehouse={"id": "wh"}, external_locations=[])
    matrix = {"rows": [{"principal": "p", "securable_type": "catalog", "full_name": "main"}]}
    repository = FakeRepository({"grants.yaml": b"x"}, {"grants.yaml": matrix})
    everything = environment(
        **bindings.bindings, grants_matrix="grants.yaml", principals={"p": {"application_id": "a"}}
    )
    with pytest.raises(BlockedError, match="external_locations"):
        locations_are_probed(
            "p",
            FakeWorkspace(),
            FakeWorkspace(),
            FakeAzure(),
            everything,
            repository,
        )
