"""Reading environment files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_roadmap.adapters.environment import EnvironmentFileError, parse_environment
from pytest_roadmap.adapters.environment.rules import is_loopback
from pytest_roadmap.composition.kinds import rules_of
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError
from pytest_roadmap.domain.pipeline_contract import bound_window

ROOT = Path(__file__).parents[3]
HEAD = "schema: roadmap-environment/1\nenv: {name: dev, kind: dev}\n"


def parse(more: str = "", head: str = HEAD) -> Environment:
    content = (head + more).encode()
    return parse_environment(content, "dev.yaml", rules_of=rules_of, expected_name="dev")


def problems(more: str = "", head: str = HEAD) -> tuple[str, ...]:
    with pytest.raises(EnvironmentFileError) as caught:
        parse(more, head)
    return caught.value.problems


def test_the_template_is_valid_and_every_identity_binding_is_open() -> None:
    """The documented template can be read, and blocks where it must be filled in."""
    content = (ROOT / ".roadmap/environments/dev.yaml").read_bytes()

    environment = parse_environment(content, "dev.yaml", rules_of=rules_of, expected_name="dev")

    with pytest.raises(BlockedError, match=r"missing_binding\(workspace.host\)"):
        environment.require("workspace.host")


def test_all_problems_are_reported_at_once_with_their_keys() -> None:
    """One sentence for each, naming the key and what is expected."""
    found = problems("warehouse: {id: 5, start_timeout_s: soon}\nsaftey: {}\n")

    assert [problem.split(":")[0] for problem in found] == [
        "the file",
        "warehouse.id",
        "warehouse.start_timeout_s",
    ]
    assert "unknown key saftey" in found[0]
    assert "a whole number" in found[2]


def test_a_key_that_the_data_contract_does_not_have_is_named() -> None:
    """Pipelines have names in capitals, whatever else stands there is one of few keys."""
    (found,) = problems("pipelines: {ordr: [A], A: {outputs: [{table: t, key: [k], run_id: r}]}}\n")

    assert "unknown key ordr; known keys are dq, modes, order" in found


def test_a_list_that_is_too_short_says_so() -> None:
    """A window has two times."""
    (found,) = problems("pipelines: {windows: {smoke: ['2026-02-01T00:00:00Z']}}\n")

    assert found == "pipelines.windows.smoke: expected at least 2 entries"


def test_times_may_be_written_without_quotes() -> None:
    """YAML reads them as times, the contract as texts."""
    environment = parse(
        "pipelines: {windows: {smoke: [2026-02-01T00:00:00Z, 2026-02-02T00:00:00Z]}}\n"
    )

    assert bound_window(environment, "smoke").end == datetime(2026, 2, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["", "TBD", "<subscription>", "00000000-0000-0000-0000-000000000000"]
)
def test_a_placeholder_is_allowed_where_a_guid_belongs(value: str) -> None:
    """Nobody has filled it in yet: that blocks scenarios, it does not break the file."""
    environment = parse(f"azure: {{tenant_id: '{value}'}}\n")

    assert environment.get("azure.tenant_id") is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("azure: {tenant_id: contoso}", "azure.tenant_id"),
        ("workspace: {host: adb-1.azuredatabricks.net}", "workspace.host"),
        ("workspace: {azure_resource_id: dbw}", "workspace.azure_resource_id"),
        ("jobs: {A: {max_gap: 26h}}", "jobs.A.max_gap"),
        ("safety: {allow: [READ]}", "safety.allow[0]"),
        ("handoff: {inventory: ../secret.yaml}", "handoff.inventory"),
        ("handoff: {inventory: /etc/passwd}", "handoff.inventory"),
        ("auth: {harness: {credential_ref: my-secret-value}}", "auth.harness.credential_ref"),
        ("evidence: {root: elsewhere}", "evidence.root"),
        ("attestations: {signers: mine.yaml}", "attestations.signers"),
        ("workspace: {host: 'http://adb-1.azuredatabricks.net'}", "workspace.host"),
        ("workspace: {host: 'https://127.0.0.1:8443'}", "workspace.host"),
        ("azure: {endpoints: {arm: 'https://localhost:1'}}", "azure.endpoints.arm"),
        ("azure: {tenant_id: ebedded0-0000-4000-8000-000000000001}", "azure.tenant_id"),
        ("safety: {allow: [RO, SWITCH]}", "safety.allow"),
        ("documents: {today: '2026-01-01'}", "documents.today"),
        ("pipelines: {windows: {smoke: [2026-02-01]}}", "pipelines.windows.smoke"),
        ("pipelines: {A: {outputs: [{table: t, key: [k]}]}}", "pipelines.A.outputs[0]"),
        ("pipelines: {order: A}", "pipelines.order"),
    ],
)
def test_a_wrong_value_is_named_by_its_key(text: str, key: str) -> None:
    """What would mislead a run is refused before any call."""
    (problem,) = problems(text + "\n")

    assert problem.startswith(f"{key}: ")


def test_a_value_in_the_place_of_a_selector_is_not_shown() -> None:
    """Somebody may paste a secret there; the message must not repeat it."""
    (problem,) = problems("auth: {harness: {credential_ref: dapi0123456789abcdef}}\n")

    assert "dapi" not in problem


def test_a_duplicate_key_is_refused_with_its_line() -> None:
    """YAML would silently let the last one win."""
    (problem,) = problems("uc: {catalog: a}\nuc: {catalog: b}\n")

    assert problem == "line 4: the key 'uc' stands twice"


def test_the_file_name_is_the_environments_name() -> None:
    """A copied file whose name was forgotten would judge the wrong environment."""
    head = HEAD.replace("name: dev", "name: prod")

    (problem,) = problems(head=head)

    assert problem.startswith("env.name: expected dev")


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"a: [", b"just text"])
def test_what_is_no_mapping_is_refused_in_a_sentence(content: bytes) -> None:
    """No file, however broken, leads to a traceback."""
    with pytest.raises(EnvironmentFileError, match=r"dev\.yaml: "):
        parse_environment(content, "dev.yaml", rules_of=rules_of)


@pytest.mark.parametrize(
    ("kind", "more", "mode", "permitted"),
    [
        ("dev", "", "RUN", True),
        ("dev", "", "SWITCH", False),
        ("rehearsal", "", "SWITCH", True),
        ("prod", "", "RUN", False),
        ("prod", "", "NOTIFY", True),
        ("prod", "", "SWITCH", False),
        ("prod", "execute", "SWITCH", True),
    ],
)
def test_hard_limits_hold_whatever_is_listed(
    kind: str, more: str, mode: str, permitted: bool
) -> None:
    """Rules a.8: a SWITCH in dev or a RUN in prod is refused even if listed."""
    safety = {"allow": [mode], "production_cutover": more or "observe"}
    environment = Environment("x", kind, {"safety": safety}, "x.yaml")

    assert environment.permits(mode) is permitted


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:1", True),
        ("http://127.9.9.9", True),
        ("https://[::1]:2", True),
        ("http://localhost", True),
        ("https://localhost.example.org", False),
        ("https://127.0.0.1.example.org", False),
        ("https://adb-1.azuredatabricks.net", False),
    ],
)
def test_a_loopback_address_is_recognised(url: str, local: bool) -> None:
    """Only this machine counts as local, whatever a name looks like."""
    assert is_loopback(url) is local
