"""The server process: how it starts, refuses to start, and ends."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.contract.embedded_cloud import RunningCloud

COMMAND = [sys.executable, "-P", "-m", "pytest_roadmap.embedded"]


def _fails(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        cwd=cwd,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    return done.stderr


def test_the_start_line_names_everything_and_is_kept_private(running_cloud: RunningCloud) -> None:
    """One JSON line; the copy in the state directory is readable by its owner only."""
    line = running_cloud.connection
    assert set(line) == {
        *("databricks_url", "azure_url", "ca_file", "workspace_id", "warehouse_id"),
        *("tokens", "admin_token", "state_id", "clock_offset_s"),
    }
    assert set(line["tokens"]) == {
        *("admin", "harness", "pipeline_sp", "operator", "ops_member", "outsider")
    }
    assert line["databricks_url"].startswith("http://127.0.0.1:")
    assert line["azure_url"].startswith("https://127.0.0.1:")
    kept = Path(line["ca_file"]).parent / "server.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text()) == line


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104
def test_it_binds_to_loopback_only(tmp_path: Path, host: str) -> None:
    """Its tokens are in the open for everyone who can reach it."""
    assert "loopback" in _fails("--host", host, "--state-dir", str(tmp_path), cwd=tmp_path)


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    """Exit status 1 and the port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        message = _fails("--port", str(port), "--state-dir", str(tmp_path), cwd=tmp_path)
    assert f"127.0.0.1:{port}" in message
    assert len(message.splitlines()) == 1


def test_an_unknown_fault_stops_the_start_with_the_known_ones(tmp_path: Path) -> None:
    """A typo must not give a healthy cloud."""
    assert "throttle" in _fails("--faults", "trottle", cwd=tmp_path)


@pytest.mark.parametrize("how", ["parent", "SIGTERM", "SIGINT"])
def test_it_ends_quietly_and_soon(tmp_path: Path, how: str) -> None:
    """With its parent's pipe, and on both signals; also while a request waits."""
    arguments = ["--state-dir", str(tmp_path), "--faults", "slow-responses:ms=60000"]
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        port = int(json.loads(process.stdout.readline())["databricks_url"].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as waiting:
            waiting.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n")
            time.sleep(0.1)
            if how == "parent":
                process.stdin.close()
            else:
                process.send_signal(getattr(signal, how))
            assert process.wait(5) == 0
        assert process.stderr.read() == b""


def test_faults_and_latency_of_the_command_line_are_on(tmp_path: Path) -> None:
    """``--faults`` with parameters and ``--latency-ms``."""
    cloud = RunningCloud(
        tmp_path, "--faults", "wrong-workspace:id=7,throttle", "--latency-ms", "150"
    )
    try:
        started = time.monotonic()
        answer = cloud.rest("harness", "GET", "/api/2.0/preview/scim/v2/Me")
        assert time.monotonic() - started >= 0.15
        assert (answer.status_code, answer.headers["x-databricks-org-id"]) == (429, "7")
    finally:
        cloud.stop()
