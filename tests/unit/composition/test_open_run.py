"""Opening an environment, and the ports it gives."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_roadmap.composition import (
    CompositionError,
    connect_embedded,
    open_run,
)
from pytest_roadmap.composition.cloud import checked_connection
from pytest_roadmap.domain.identity import EMBEDDED_TENANT
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.recording import Recorder
from tests.unit.adapters.fake_http import FakeServer, Reply, fake_server
from tests.unit.composition.openings import ME, ROOT, options

SUB = "ebedded0-0000-4000-8000-000000000002"


class World:
    """Two scripted servers and the connection an embedded cloud would print."""

    def __init__(self, databricks: FakeServer, azure: FakeServer, folder: Path) -> None:
        self.databricks = databricks
        self.azure = azure
        self.folder = folder
        self.bindings: dict[str, Any] = {
            "schema": "roadmap-environment/1",
            "env": {"name": "embedded", "kind": "embedded"},
            "workspace": {"host": databricks.url, "workspace_id": "42"},
            "azure": {"tenant_id": EMBEDDED_TENANT, "subscription_id": SUB},
            "auth": {"subjects": {"pipeline_sp": {"credential_ref": "env:UNSET"}}},
        }
        databricks.on("GET /.well-known/databricks-config", Reply())
        stamp = {"x-roadmap-embedded": "1", "x-request-id": "d-1", "X-Databricks-Org-Id": "42"}
        databricks.on(f"GET {ME}", Reply(body={"userName": "reader", "id": "7"}, headers=stamp))
        body = {"tenantId": EMBEDDED_TENANT, "subscriptionId": SUB}
        answer = Reply(body=body, headers={"x-roadmap-embedded": "1", "x-ms-request-id": "m-1"})
        azure.on(f"GET /subscriptions/{SUB}", answer)

    @property
    def connection(self) -> dict[str, Any]:
        file = self.folder / "embedded.yaml"
        file.write_text(json.dumps(self.bindings))
        return {
            "databricks_url": self.databricks.url,
            "azure_url": self.azure.url,
            "ca_file": self.azure.ca_file,
            "workspace_id": "42",
            "warehouse_id": "w",
            "tokens": {"harness": "harness-token", "pipeline_sp": "subject-token"},
            "admin_token": "admin-token",
            "state_id": "state-1",
            "environment_file": str(file),
            "repository": str(self.folder),
            "work_dir": str(self.folder),
        }


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with fake_server() as databricks, fake_server(tmp_path) as azure:
        yield World(databricks, azure, tmp_path)


def test_the_template_blocks_by_name_and_imports_no_sdk() -> None:
    """With placeholders a run ends quickly, and with the names of what is missing."""
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from pytest_roadmap.composition import RunOptions, open_run\n"
        "from pytest_roadmap.domain.outcome import BlockedError\n"
        "from pytest_roadmap.domain.recording import Recorder\n"
        "root = Path.cwd()\n"
        "run = open_run(RunOptions(root, root / '.roadmap/implementation_roadmap.md', 'dev'))\n"
        "try: run.ports(Recorder('X.S1', lambda: datetime.now(UTC))).identity.probe()\n"
        "except BlockedError as error: print(error.reason)\n"
        "print(sorted({m.split('.')[0] for m in sys.modules}"
        " & {'azure', 'databricks', 'msal', 'requests'}))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    reason, imported = done.stdout.splitlines()
    assert reason == (
        "missing_binding(workspace.host, workspace.workspace_id, azure.tenant_id,"
        " azure.subscription_id)"
    )
    assert imported == "[]"


def test_an_unknown_environment_names_the_known_ones() -> None:
    """A misspelt name is no crash."""
    with pytest.raises(CompositionError, match="known environments: embedded, dev"):
        open_run(options(ROOT, "devv"))


@pytest.mark.parametrize("name", ["../dev", "a/b", "", ".", "DEV"])
def test_a_name_is_no_path(name: str) -> None:
    """The name of an environment cannot lead out of its folder."""
    with pytest.raises(CompositionError, match="no name of an environment"):
        open_run(options(ROOT, name))


def test_a_real_environment_takes_no_embedded_cloud() -> None:
    """An address given for the embedded cloud must not be forgotten silently."""
    with pytest.raises(CompositionError, match="takes no embedded cloud"):
        open_run(options(ROOT, "dev", embedded_url="http://127.0.0.1:1"))


def test_a_broken_file_is_one_sentence_a_problem(tmp_path: Path) -> None:
    """File, key and what is expected; before any call."""
    folder = tmp_path / ".roadmap/environments"
    folder.mkdir(parents=True)
    (folder / "dev.yaml").write_text(
        "schema: roadmap-environment/1\nenv: {name: dev, kind: live}\nuc: {catalogue: main}\n"
    )

    with pytest.raises(CompositionError) as caught:
        open_run(options(tmp_path, "dev"))

    lines = str(caught.value).splitlines()
    assert lines[0].startswith(".roadmap/environments/dev.yaml: env.kind: expected embedded, dev")
    assert lines[1].startswith(".roadmap/environments/dev.yaml: uc: unknown key catalogue")


def test_a_file_of_kind_embedded_is_refused_in_a_project(tmp_path: Path) -> None:
    """The embedded environment is made at start; a file could only pretend to be it."""
    folder = tmp_path / ".roadmap/environments"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(
        "schema: roadmap-environment/1\nenv: {name: mine, kind: embedded}\n"
    )

    with pytest.raises(CompositionError, match="no file of its own"):
        open_run(options(tmp_path, "mine"))


def test_the_probe_proves_both_sides_and_keeps_the_request_ids(
    world: World, recorder: Recorder
) -> None:
    """C-WHO and A-SUB agree with the bindings; their ids become facts of the record."""
    run = open_run(options(ROOT, "embedded"), world.connection)

    probed = run.ports(recorder).identity.probe()

    assert (probed.workspace_id, probed.tenant_id) == ("42", EMBEDDED_TENANT)
    facts = recorder.facts["environment"]
    assert facts["probe"] == {"arm_request_id": "m-1", "databricks_request_id": "d-1"}
    assert facts["bindings_digest"].startswith("sha256:")
    assert recorder.facts["principal"]["kind"] == "user"


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("workspace", "workspace_id", "43"),
        ("workspace", "host", "https://adb-1.azuredatabricks.net"),
        ("azure", "tenant_id", "aaaaaaaa-0000-4000-8000-000000000001"),
    ],
)
def test_another_platform_than_the_bound_one_judges_nothing(
    world: World, recorder: Recorder, section: str, key: str, value: str
) -> None:
    """The wrong host is the cheapest false pass."""
    world.bindings[section][key] = value
    run = open_run(options(ROOT, "embedded"), world.connection)

    with pytest.raises(InconclusiveError, match=f"{section}.{key} is bound to"):
        run.ports(recorder).identity.probe()


def test_a_subject_acts_with_its_own_token(world: World, recorder: Recorder) -> None:
    """The token of the role, never the harness's."""
    run = open_run(options(ROOT, "embedded"), world.connection)

    run.ports(recorder).act_as("pipeline_sp").whoami()

    asked = world.databricks.requests(ME)[-1]
    assert asked.headers["Authorization"] == "Bearer subject-token"
    assert recorder.events[-1].body["identity"] == "pipeline_sp"


def test_no_real_token_reaches_a_local_server(
    world: World, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever credentials the process holds, the embedded cloud sees only its own tokens."""
    for name in ("DATABRICKS_TOKEN", "ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET"):
        monkeypatch.setenv(name, "real-secret")
    monkeypatch.setenv("ARM_CLIENT_ID", "real-client")
    run = open_run(options(ROOT, "embedded"), world.connection)

    run.ports(recorder).identity.probe()

    sent = repr([a.headers for s in (world.databricks, world.azure) for a in s.asked])
    assert "real-" not in sent


def test_an_unknown_subject_blocks_before_any_call(world: World, recorder: Recorder) -> None:
    """No client is built for somebody nobody knows."""
    run = open_run(options(ROOT, "embedded"), world.connection)

    with pytest.raises(BlockedError, match=r"auth.subjects.ghost.credential_ref"):
        run.ports(recorder).act_as("ghost")
    assert world.databricks.asked == []


def test_tokens_of_the_cloud_are_known_to_redaction(world: World) -> None:
    """Every role's token, and the administrator's."""
    run = open_run(options(ROOT, "embedded"), world.connection)

    clean = run.redactor.redact_text("a harness-token b subject-token c admin-token")

    assert "-token" not in clean


def test_embedded_records_stay_below_the_work_folder(world: World, tmp_path: Path) -> None:
    """An embedded run has no choice where it writes."""
    chosen = options(ROOT, "embedded", evidence_dir=tmp_path / "elsewhere")

    run = open_run(chosen, world.connection)

    assert run.evidence_root == tmp_path / "evidence"
    assert run.evidence_schema == "roadmap-evidence-embedded/1"
    assert run.state_id == "state-1"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"databricks_url": "http://example.org"}, "not on this machine"),
        ({"azure_url": "http://127.0.0.1:1"}, "not https"),
        ({"tokens": {}}, "did not name its tokens"),
    ],
)
def test_a_connection_leads_to_this_machine_only(
    world: World, change: dict[str, Any], words: str
) -> None:
    """Local tokens are never sent elsewhere, and no message shows them."""
    with pytest.raises(CompositionError, match=words) as caught:
        checked_connection(world.connection | change)
    assert "harness-token" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.org:80", "loopback"),
        ("http://127.0.0.1:9", "no embedded cloud answers"),
        ("https://127.0.0.1:9", "http address"),
        ("nonsense", "loopback"),
    ],
)
def test_an_address_without_a_cloud_is_refused_in_a_sentence(
    tmp_path: Path, url: str, words: str
) -> None:
    """No traceback for a mistyped address."""
    with pytest.raises(CompositionError, match=words):
        connect_embedded(url, tmp_path)


def test_a_running_cloud_is_found_with_the_repository_of_its_start(
    world: World, tmp_path: Path
) -> None:
    """A run that is given only the address finds what belongs to that state."""
    known = world.connection
    own = {key: known.pop(key) for key in ("environment_file", "repository", "work_dir")}
    world.databricks.on("GET /.well-known/roadmap-embedded", Reply(body=known))
    note = tmp_path / "build/embedded/servers/state-1.json"
    note.parent.mkdir(parents=True)
    note.write_text(json.dumps(own))

    assert connect_embedded(world.databricks.url, tmp_path) == known | own
