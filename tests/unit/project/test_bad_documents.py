"""Documents that steps read end, when bad, in one sentence, and nothing else was asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_roadmap.cli import main
from pytest_roadmap.domain.assets import form_problems, read_inventory
from pytest_roadmap.domain.config_map import ConfigMapError, read_config_map
from pytest_roadmap.domain.documents import read_document
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.grant_matrix import load_matrix
from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.ports import UnreadableDocumentError
from tests.fakes.world import FakeRepository

ENVIRONMENT = Environment("dev", "dev", {"grants_matrix": "grants.yaml"}, "dev.yaml")
ROW = {
    "principal": "pipeline_sp",
    "securable_type": "table",
    "full_name": "main.silver.txn",
    "required": ["SELECT"],
}
ASSET = {
    "kind": "uc",
    "environment": "dev",
    "identifier": "main",
    "owner_team": "Infra",
    "access_principal": "admin",
    "contact": "infra",
    "fields": {"owner": {"value": "a", "verify": True}},
}


def matrix_sentence(values: Any) -> str:
    repository: Any = FakeRepository({"grants.yaml": b"x"}, {"grants.yaml": values})
    with pytest.raises(InconclusiveError) as caught:
        load_matrix(repository, ENVIRONMENT, "pipeline_sp")
    return str(caught.value)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"row": []}, "the grant matrix has no list of rows"),
        ([ROW, ROW | {"securable_type": "tabel"}], "row 2: tabel is no securable type"),
        ([ROW | {"full_name": "main"}], "row 1: main is no name of a table"),
        ([ROW | {"via": "me"}], "row 1: via is any, direct or group:<name>, not me"),
        ([ROW | {"requires": []}], "row 1: expected the keys "),
        (UnreadableDocumentError("grants.yaml: line 3: no YAML"), "grants.yaml: line 3: no YAML"),
    ],
)
def test_a_bad_grant_matrix_names_its_row(values: Any, told: str) -> None:
    """One sentence under the key that binds the file; no workspace was given to ask."""
    sentence = matrix_sentence(values)

    assert "grants_matrix" in sentence
    assert told in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "the inventory has no list of assets"),
        ({"assets": [ASSET, "x"]}, "1 entries of the list are no assets"),
        ({"assets": [ASSET, ASSET | {"owner_team": ""}]}, "item 2: has no owner_team"),
        ({"assets": [ASSET | {"identifier": "TBD"}]}, "uc TBD: identifier is still open (TBD)"),
    ],
)
def test_a_bad_inventory_names_its_item(values: Any, told: str) -> None:
    """One sentence for each problem, with the item and the key."""
    problems = form_problems(read_inventory(values))

    assert any(told in problem for problem in problems)
    assert not any("\n" in problem for problem in problems)


def test_an_inventory_that_is_no_yaml_is_told_with_its_line() -> None:
    """In the reader's own words."""
    values = {"inventory": UnreadableDocumentError("inventory.yaml: line 2: no YAML")}
    repository: Any = FakeRepository({"inventory": b"x"}, values)

    assert read_document(repository, "inventory").problems == ("inventory.yaml: line 2: no YAML",)


CONFIG_ROW = {"config_path": "dev.host", "observed": "workspace.host", "comparator": "same"}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([], "expected the keys schema and rows"),
        ({"schema": "x", "rows": []}, "expected roadmap-config-map/1"),
        ({"schema": "roadmap-config-map/1", "rows": []}, "at least one row"),
        (
            {"schema": "roadmap-config-map/1", "rows": [CONFIG_ROW | {"comparator": "like"}]},
            "row 1: comparator is 'like', expected one of exact, same",
        ),
        (
            {"schema": "roadmap-config-map/1", "rows": [CONFIG_ROW | {"observed": "cloud"}]},
            "row 1: observed is 'cloud', expected one of workspace.host",
        ),
    ],
)
def test_a_bad_config_map_names_its_row(values: Any, told: str) -> None:
    """And what is expected there."""
    with pytest.raises(ConfigMapError) as caught:
        read_config_map(values)

    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b'{"payload": 3}', b""])
def test_a_bad_attestation_is_named_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
) -> None:
    """File and failure, and the command does not pass."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / ".roadmap" / "attestations" / "20260301_handoff-lock_1.dsse.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    (tmp_path / ".roadmap" / "signers.yaml").write_text("[]\n", "utf-8")

    status = main(["verify", str(path)])
    lines = [line for line in capsys.readouterr().out.splitlines() if path.name in line]

    assert status not in (0, 3)
    assert len(lines) == 1
