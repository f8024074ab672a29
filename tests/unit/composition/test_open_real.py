"""Opening a real environment: what it refuses, where it writes, whom it signs in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pytest_roadmap.adapters.azure import LoopbackCredential
from pytest_roadmap.composition import (
    CompositionError,
    Run,
)
from pytest_roadmap.composition.platforms import RealPlatform
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.recording import Recorder
from pytest_roadmap.domain.redaction import Redactor
from tests.unit.adapters.fake_http import Reply, fake_server
from tests.unit.composition.openings import ME, ROOT, options


def test_a_real_environment_never_accepts_an_embedded_cloud(
    tmp_path: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that says prod, answered by an embedded cloud, proves nothing (rules d.4)."""
    with fake_server(tmp_path) as cloud:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cloud.ca_file))
        monkeypatch.setenv("DATABRICKS_TOKEN", "some-token")
        stamp = {"x-roadmap-embedded": "1", "X-Databricks-Org-Id": "42"}
        cloud.on("GET /.well-known/databricks-config", Reply(headers=stamp))
        cloud.on(f"GET {ME}", Reply(body={"userName": "reader"}, headers=stamp))
        bindings = {
            "workspace": {"host": cloud.url, "workspace_id": "42"},
            "azure": {"tenant_id": "T", "subscription_id": "S"},
            "auth": {"harness": {"credential_ref": "default"}},
        }
        environment = Environment("prod", "prod", bindings, "prod.yaml")
        platform = RealPlatform(environment, tmp_path, lambda _secret: None)
        run = Run(
            options(ROOT, "prod"),
            environment,
            platform,
            clock=lambda: datetime.now(UTC),
            redactor=Redactor(),
        )

        with pytest.raises(InconclusiveError, match=r"identity.*embedded cloud"):
            run.ports(recorder).identity.probe()

    assert "environment" not in recorder.facts
    assert recorder.facts["tls"] == {"hosts": [cloud.url], "authorities": "REQUESTS_CA_BUNDLE"}


REAL: dict[str, Any] = {
    "workspace": {"host": "https://adb-1.azuredatabricks.net", "workspace_id": "1"},
    "azure": {"tenant_id": "T", "subscription_id": "S"},
    "auth": {"harness": {"credential_ref": "default"}},
}


def real_run(root: Path, bindings: dict[str, Any], **more: Any) -> Run:
    environment = Environment("dev", "dev", bindings, "dev.yaml")
    return Run(
        options(root, "dev", **more),
        environment,
        RealPlatform(environment, root, lambda _secret: None),
        clock=lambda: datetime.now(UTC),
        redactor=Redactor(),
    )


def test_records_of_a_real_environment_go_to_their_fixed_folder(tmp_path: Path) -> None:
    """Unless the command line moves them."""
    moved = real_run(tmp_path, REAL, evidence_dir=tmp_path / "elsewhere")

    assert real_run(tmp_path, REAL).evidence_root == tmp_path / ".agents/logs/verification"
    assert moved.evidence_root == tmp_path / "elsewhere"
    assert moved.evidence_schema == "roadmap-evidence/1"
    assert moved.state_id is None


def test_documents_of_a_real_environment_are_those_of_the_repository() -> None:
    """The git top level that holds the roadmap document."""
    assert real_run(ROOT, REAL).documents_root == ROOT


def test_a_document_outside_git_is_a_sentence(tmp_path: Path) -> None:
    """Without a repository nobody can tell what is tracked."""
    (tmp_path / ".roadmap").mkdir()

    with pytest.raises(CompositionError, match="in no git repository"):
        _ = real_run(tmp_path, REAL).documents_root


def test_without_a_signers_file_a_question_about_signatures_blocks(recorder: Recorder) -> None:
    """Who may sign has to be registered first."""
    bindings = REAL | {"attestations": {"signers": ".roadmap/no-such-signers.yaml"}}
    port = real_run(ROOT, bindings).ports(recorder).attestations

    with pytest.raises(BlockedError, match=r"attestations.signers"):
        port.verify("handoff-lock", ["Platform"], subject_digest="sha256:0")


def test_a_broken_signers_file_judges_nothing(recorder: Recorder) -> None:
    """It is no missing signature, and no invalid one."""
    bindings = REAL | {"attestations": {"signers": "README.md"}}
    port = real_run(ROOT, bindings).ports(recorder).attestations

    with pytest.raises(InconclusiveError, match="signers_broken"):
        port.verify("handoff-lock", ["Platform"], subject_digest="sha256:0")


def test_statements_stay_unsigned_without_a_key(tmp_path: Path) -> None:
    """No selector, no key."""
    assert real_run(tmp_path, REAL).signer is None


def test_a_key_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """A configured key must work, or the run must not begin to write."""
    run = real_run(tmp_path, REAL | {"evidence": {"signing_key_ref": "env:NO_SUCH_KEY"}})

    with pytest.raises(CompositionError, match=r"evidence.signing_key_ref: .*NO_SUCH_KEY"):
        _ = run.signer


def test_no_credentials_block_where_the_platform_is_first_needed(
    tmp_path: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bindings are there, the sign-in is not: blocked, with the setting."""
    for name in ("DATABRICKS_TOKEN", "DATABRICKS_AUTH_TYPE", "ARM_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    run = real_run(ROOT, REAL)
    run.__dict__["documents_root"] = ROOT

    with pytest.raises(BlockedError, match=r"auth.harness.credential_ref"):
        run.ports(recorder).identity.probe()


def test_an_audit_script_of_a_real_environment_gets_short_lived_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The harness's own tokens, known to redaction before anything runs."""
    with fake_server(tmp_path) as cloud:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cloud.ca_file))
        monkeypatch.setenv("DATABRICKS_TOKEN", "harness-token")
        cloud.on("GET /.well-known/databricks-config", Reply())
        bindings = REAL | {"workspace": {"host": cloud.url, "workspace_id": "1"}}
        kept: list[str] = []
        platform = RealPlatform(
            Environment("dev", "dev", bindings, "dev.yaml"),
            ROOT,
            kept.append,
            sign_in_to_azure=lambda _selector, _machine: LoopbackCredential("arm-token"),
        )

        login = platform.audit_login()

    assert login == {
        "DATABRICKS_HOST": cloud.url,
        "DATABRICKS_TOKEN": "harness-token",
        "ARM_ENDPOINT": "https://management.azure.com",
        "ARM_TOKEN": "arm-token",
    }
    assert {"harness-token", "arm-token"} <= set(kept)
