"""The ``databricks`` tool of the generated repository: it reads the bundle, or says why not."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pytest_roadmap.rehearsal.templates import sample_files

TOOL = str(files("pytest_roadmap.rehearsal") / "sample" / "tools" / "databricks")
IDS = {"pipeline_a": [101], "pipeline_b": [102, 103]}


class _Jobs(BaseHTTPRequestHandler):
    """A workspace that knows two names of jobs."""

    def do_GET(self) -> None:
        """Answer the list of jobs."""
        name = parse_qs(urlsplit(self.path).query)["name"][0]
        body = json.dumps({"jobs": [{"job_id": found} for found in IDS.get(name, [])]}).encode()
        self.send_response(200 if self.headers["Authorization"] == "Bearer t" else 401)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[str]:
    """The address of the workspace."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Jobs) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _bundle(folder: Path, text: str) -> Path:
    (folder / "databricks.yml").write_text(text, "utf-8")
    return folder


def _run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", **variables}
    return subprocess.run(
        [TOOL, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


def _small(host: str = "http://x", jobs: str = "pipeline_a: {name: pipeline_a}") -> str:
    return (
        "bundle:\n  name: small\nrun_as: {user_name: 'me@x.example'}\nresources:\n  jobs:\n"
        f"    {jobs}\ntargets:\n  dev: {{mode: development}}\n"
        f'  prod:\n    mode: production\n    workspace: {{host: "{host}"}}\n'
    )


def test_the_sample_bundle_says_as_whom_every_job_runs(tmp_path: Path) -> None:
    """Also where the job leaves it to the bundle; one line of text is one job's identity."""
    sample = sample_files(
        dict.fromkeys(
            ("databricks_url", "azure_url", "warehouse_id", "today", "incident_resolved"), "x"
        )
    )
    text = sample["databricks.yml"].decode()
    found = _run(
        _bundle(tmp_path, text), "bundle", "validate", "--strict", "-t", "embedded", "-o", "json"
    )
    jobs = json.loads(found.stdout)["resources"]["jobs"]
    assert {job["run_as"]["service_principal_name"] for job in jobs.values()} == {
        "ebedded0-0000-4000-8000-0000000000a2"
    }
    for key in ("pipeline_a", "pipeline_silver", "pipeline_b", "pipeline_c", "bootstrap_catalog"):
        assert text.count(f"{key}: {{name: {key}, run_as:") == 1


def test_a_summary_knows_what_is_deployed_and_what_is_not(tmp_path: Path, host: str) -> None:
    """The id comes from the workspace; a job that is not there is yet to be created."""
    jobs = "pipeline_a: {name: pipeline_a}\n    other: {name: other, run_as: {user_name: you}}"
    found = _run(
        _bundle(tmp_path, _small(host, jobs)),
        *("bundle", "summary", "-t", "prod", "-o", "json"),
        DATABRICKS_HOST=host,
        DATABRICKS_TOKEN="t",
    )
    summary = json.loads(found.stdout)
    assert summary["bundle"] == {"name": "small", "target": "prod", "mode": "production"}
    assert summary["resources"]["jobs"] == {
        "pipeline_a": {
            "name": "pipeline_a",
            "run_as": {"user_name": "me@x.example"},
            "id": "101",
            "url": f"{host}/jobs/101",
        },
        "other": {"name": "other", "run_as": {"user_name": "you"}, "modified_status": "created"},
    }


def test_development_mode_marks_the_names(tmp_path: Path) -> None:
    """They are not the jobs of production."""
    found = _run(_bundle(tmp_path, _small()), "bundle", "validate", "-t", "dev", "-o", "json")
    assert json.loads(found.stdout)["resources"]["jobs"]["pipeline_a"]["name"] == "[dev] pipeline_a"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bundle:\n  name: x\nsync: {}\n", "unknown field: sync"),
        ("bundle:\n  name: x\n", "prod: no such target"),
        ("bundle:\n  name: x\nbundle:\n  name: y\n", "databricks.yml:3: bundle stands twice"),
        ("bundle: {name: x, name: y}\n", "name stands twice"),
        ("- bundle\n", "databricks.yml:1: expected a key"),
        ("bundle: {name: x\n", "databricks.yml:1: expected }"),
        ("bundle:\n  name: x\n    more: y\n", "unexpected indentation"),
        ("bundle: x\ntargets: {prod: {mode: production}}\n", "has not the expected form"),
        (_small().replace("mode: production", "shape: round"), "unknown field: shape"),
        (_small().replace("  jobs:", "  lakes:"), "unknown field: lakes"),
    ],
)
def test_a_bundle_it_cannot_read_ends_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    """Nothing on standard output, status 1."""
    found = _run(_bundle(tmp_path, text), "bundle", "validate", "-t", "prod", "-o", "json")
    assert (found.returncode, found.stdout) == (1, "")
    assert said in found.stderr
    assert found.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "cannot configure default credentials"),
        ({"DATABRICKS_HOST": "http://other", "DATABRICKS_TOKEN": "t"}, "is not the host"),
        ({"DATABRICKS_HOST": "", "DATABRICKS_TOKEN": "wrong"}, "does not answer about job"),
        ({"DATABRICKS_HOST": "", "DATABRICKS_TOKEN": "t"}, "2 jobs are named pipeline_b"),
    ],
)
def test_a_summary_needs_one_answer_for_each_job(
    tmp_path: Path, host: str, variables: dict[str, str], said: str
) -> None:
    """Credentials, the right workspace, and names that are not ambiguous."""
    jobs = "pipeline_b: {name: pipeline_b}"
    given = {name: value or host for name, value in variables.items()}
    found = _run(
        _bundle(tmp_path, _small(host, jobs)),
        *("bundle", "summary", "-t", "prod", "-o", "json"),
        **given,
    )
    assert found.returncode == 1
    assert said in found.stderr


def test_another_command_is_refused(tmp_path: Path) -> None:
    """It deploys nothing."""
    found = _run(_bundle(tmp_path, _small()), "bundle", "deploy", "-t", "prod")
    assert (found.returncode, "usage" in found.stderr) == (1, True)
