"""What every ``WorkspacePort`` promises, on the SDK against the embedded cloud and on the fake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from pytest_roadmap.composition import EmbeddedCloud, Run, RunOptions, open_run, start_embedded
from pytest_roadmap.domain.outcome import AssetMissingError
from pytest_roadmap.domain.ports import Ports, Privilege, ServicePrincipal, WorkspacePort
from pytest_roadmap.domain.recording import Recorder
from tests.fakes.world import PIPELINE, READER, REFUSED, WORKSPACE_ID, FakeWorkspace

ROOT = Path(__file__).parents[2]
FOLDER = "/Volumes/main/ops/probe_volume/_dod_probe"
GHOST = "ebedded0-0000-4000-8000-0000000000ff"
SECRET_TABLE = "SELECT * FROM main._private.salaries"
HELD = ("USE_SCHEMA", "SELECT", "MODIFY")


@dataclass(frozen=True)
class Subject:
    """One implementation: the port of the harness, of the pipeline principal, and a warehouse."""

    harness: WorkspacePort
    pipeline: WorkspacePort
    warehouse_id: str


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    started = start_embedded(ROOT, tmp_path_factory.mktemp("cloud"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def opened(cloud: EmbeddedCloud) -> Run:
    document = ROOT / ".roadmap/implementation_roadmap.md"
    return open_run(RunOptions(ROOT, document, "embedded"), cloud.connection)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("SEC-003.S2", lambda: datetime.now(UTC))


@pytest.fixture
def ports(opened: Run, recorder: Recorder) -> Ports:
    return opened.ports(recorder)


@pytest.fixture(params=["sdk", "fake"])
def subject(request: pytest.FixtureRequest) -> Subject:
    if request.param == "fake":
        fake = _fake()
        return Subject(fake, fake, "w")
    ports: Ports = request.getfixturevalue("ports")
    run: Run = request.getfixturevalue("opened")
    return Subject(
        ports.workspace, ports.act_as("pipeline_sp"), str(run.environment.require("warehouse.id"))
    )


def _fake() -> FakeWorkspace:
    held = tuple(Privilege(PIPELINE, name) for name in HELD)
    principal = ServicePrincipal(PIPELINE, "sp-pipeline", active=True, groups=("grp-etl",))
    return FakeWorkspace(
        securables={("catalog", "main"): {"name": "main", "owner": "infra.park@embedded.example"}},
        effective={("schema", "main.silver", PIPELINE): held},
        direct={("schema", "main.silver", PIPELINE): held},
        bindings={"catalog main": (WORKSPACE_ID,)},
        principals={PIPELINE: principal},
        scopes=({"name": "kv-scope", "backend_type": "AZURE_KEYVAULT"},),
        answers=lambda statement: REFUSED if statement == SECRET_TABLE else None,
    )


def test_the_harness_is_known_with_its_workspace(subject: Subject) -> None:
    """C-WHO: application id and workspace id."""
    identity = subject.harness.whoami()

    assert (identity.application_id, identity.workspace_id) == (READER, WORKSPACE_ID)


def test_a_securable_has_the_services_fields(subject: Subject) -> None:
    """C-CAT: owner and name as the service spells them."""
    found = subject.harness.securable("catalog", "main")

    assert (found["name"], found["owner"]) == ("main", "infra.park@embedded.example")


@pytest.mark.parametrize(
    "read",
    [
        lambda port: port.securable("schema", "main.nowhere"),
        lambda port: port.service_principal(GHOST),
        lambda port: port.download(f"{FOLDER}/absent"),
    ],
    ids=["securable", "service_principal", "file"],
)
def test_what_does_not_exist_is_missing(
    subject: Subject, read: Callable[[WorkspacePort], object]
) -> None:
    """404 is ``AssetMissingError`` whatever was asked for."""
    with pytest.raises(AssetMissingError):
        read(subject.harness)


def test_privileges_are_listed_for_the_principal_that_was_asked_for(subject: Subject) -> None:
    """C-GE and C-GD."""
    effective = subject.harness.effective_privileges("schema", "main.silver", PIPELINE)
    direct = subject.harness.direct_privileges("schema", "main.silver", PIPELINE)

    assert set(HELD) <= {p.privilege for p in effective}
    assert {p.privilege for p in direct} == set(HELD)
    assert {p.principal for p in direct} == {PIPELINE}


def test_an_isolated_catalog_names_its_workspaces(subject: Subject) -> None:
    """C-BIND."""
    assert subject.harness.bound_workspaces("catalog", "main") == {WORKSPACE_ID: False}


def test_a_service_principal_is_active_and_has_groups(subject: Subject) -> None:
    """C-SP: direct groups of the workspace."""
    found = subject.harness.service_principal(PIPELINE)

    assert found.active
    assert "grp-etl" in found.groups


def test_the_groups_of_a_service_principal_include_its_own(subject: Subject) -> None:
    """C-SP: at least the direct ones."""
    own = subject.harness.service_principal(PIPELINE).groups

    assert set(own) <= set(subject.harness.groups_of(PIPELINE))


def test_a_started_warehouse_runs(subject: Subject) -> None:
    """C-WH."""
    assert subject.harness.start_warehouse(subject.warehouse_id, 30.0) == "RUNNING"
    assert subject.harness.warehouse_state(subject.warehouse_id) == "RUNNING"


def test_a_statement_without_permission_is_refused_not_raised(subject: Subject) -> None:
    """C-SQL: a refusal is an answer that says it is one."""
    result = subject.pipeline.execute(SECRET_TABLE, warehouse_id=subject.warehouse_id)

    assert result.refused
    assert result.rows == ()


def test_a_statement_that_may_run_succeeds(subject: Subject) -> None:
    """C-SQL: rows of text."""
    result = subject.pipeline.execute("SELECT 1", warehouse_id=subject.warehouse_id)

    assert (result.state, result.refused, result.rows) == ("SUCCEEDED", False, (("1",),))


def test_a_file_is_written_listed_read_and_removed(subject: Subject) -> None:
    """C-FILES: the content comes back identically, and is gone afterwards."""
    path = f"{FOLDER}/{uuid4().hex}"

    subject.harness.upload(path, b"probe")

    assert subject.harness.download(path) == b"probe"
    assert path in [entry.path for entry in subject.harness.list_directory(FOLDER)]
    subject.harness.delete_file(path)
    with pytest.raises(AssetMissingError):
        subject.harness.download(path)


def test_scopes_name_their_backend(subject: Subject) -> None:
    """C-SCOPE."""
    backends = {scope["name"]: scope["backend_type"] for scope in subject.harness.secret_scopes()}

    assert backends["kv-scope"] == "AZURE_KEYVAULT"


def test_the_identity_is_proven_on_both_sides(ports: Ports, recorder: Recorder) -> None:
    """C-WHO and A-SUB on the embedded cloud, with live request ids."""
    probed = ports.identity.probe()

    assert probed.application_id == READER
    assert all(recorder.facts["environment"]["probe"].values())


def test_azure_resources_and_probe_directories(ports: Ports, opened: Run) -> None:
    """A-DBX reads, A-DFS removes what the subject wrote."""
    workspace_id = opened.environment.require("workspace.azure_resource_id")
    warehouse_id = str(opened.environment.require("warehouse.id"))
    folder = f"_dod_probe/{uuid4().hex}"
    url = f"abfss://landing@stdataembedded.dfs.core.windows.net/{folder}"
    pipeline = ports.act_as("pipeline_sp")

    found = ports.azure.resource("A-DBX", workspace_id)
    pipeline.execute(
        f"INSERT OVERWRITE DIRECTORY '{url}' USING CSV SELECT '1' AS v",
        warehouse_id=warehouse_id,
    )
    ports.azure.delete_storage_directory("stdataembedded", "landing", folder)

    assert found["properties"]["workspaceId"] == WORKSPACE_ID
    with pytest.raises(AssetMissingError):
        ports.azure.delete_storage_directory("stdataembedded", "landing", folder)


def test_the_audit_script_measures_and_leaks_nothing(ports: Ports) -> None:
    """The sample script logs in with what it is given, and prints no token."""
    run = ports.audit.run()

    assert (run.exit_code, run.output_problem, run.secrets_found) == (0, "", ())
    assert run.output


def test_every_call_to_the_embedded_cloud_has_a_request_id(
    ports: Ports, recorder: Recorder
) -> None:
    """No answer without an id, no event without one."""
    ports.identity.probe()
    ports.workspace.effective_privileges("catalog", "main", PIPELINE)

    assert len(recorder.events) >= 3
    assert all(event.body["request_id"] for event in recorder.events)
