"""``roadmap serve`` and the server it starts, as a client sees them."""

from __future__ import annotations

import json
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_roadmap.composition import CompositionError, connect_embedded, start_embedded

ROOT = Path(__file__).parents[2]
COMMAND = [
    sys.executable,
    "-c",
    "import sys; from pytest_roadmap.cli import main; sys.exit(main())",
]


@contextmanager
def serving(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, "serve", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_serve_prints_one_line_and_ends_when_asked(tmp_path: Path) -> None:
    """The line leads to a cloud with its repository; SIGTERM ends it with status 0."""
    with serving("--state-dir", str(tmp_path)) as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 30)[0]
        connection = json.loads(process.stdout.readline())
        found = connect_embedded(connection["databricks_url"], ROOT)

        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == 0
        assert process.stdout.read() == ""
    assert found == connection
    assert (Path(connection["repository"]) / "audit_cloud_state.sh").is_file()


def serve_and_fail(tmp_path: Path, *arguments: str) -> str:
    """The words of a server that cannot start."""
    done = subprocess.run(
        [*COMMAND, "serve", "--state-dir", str(tmp_path), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 4
    return done.stderr


def test_serve_names_an_unknown_fault(tmp_path: Path) -> None:
    """The server's own words, no traceback."""
    words = serve_and_fail(tmp_path, "--faults", "no-such-fault")

    assert "no-such-fault" in words
    assert "Traceback" not in words


def test_serve_says_that_its_port_is_taken(tmp_path: Path) -> None:
    """The server's own words, no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = serve_and_fail(tmp_path, "--port", str(taken.getsockname()[1]))

    assert "cannot listen" in words
    assert "Traceback" not in words


@pytest.mark.parametrize("value", ["x", "-1", "70000", "1.5", "１"])
def test_a_wrong_port_is_a_usage_error(value: str) -> None:
    """Nothing is started."""
    done = subprocess.run(
        [*COMMAND, "serve", "--port", value],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2


def test_a_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """No cloud outlives a run, even one that was killed."""
    code = (
        "import json, os, signal; from pathlib import Path\n"
        "from pytest_roadmap.composition import start_embedded\n"
        f"cloud = start_embedded(Path({str(ROOT)!r}), Path({str(tmp_path)!r}))\n"
        "print(cloud.process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    server = int(done.stdout)

    assert _gone(server)


def _gone(process_id: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_server_that_cannot_start_leaves_its_last_words(tmp_path: Path) -> None:
    """The error holds the tail of the server's own output."""
    with pytest.raises(CompositionError, match="no-such-fault"):
        start_embedded(ROOT, tmp_path, faults=("no-such-fault",))


def test_two_clouds_do_not_share_a_folder(tmp_path: Path) -> None:
    """A second run beside the first must not replace the repository under its feet."""
    first = start_embedded(ROOT, tmp_path)
    second = start_embedded(ROOT, tmp_path)
    try:
        assert first.connection["repository"] != second.connection["repository"]
        assert Path(first.connection["environment_file"]).is_file()
    finally:
        first.stop()
        second.stop()


def test_a_folder_is_free_again_when_its_cloud_has_stopped(tmp_path: Path) -> None:
    """Runs one after the other use the same folder."""
    first = start_embedded(ROOT, tmp_path)
    first.stop()
    second = start_embedded(ROOT, tmp_path)
    second.stop()

    assert first.connection["repository"] == second.connection["repository"]
    assert first.connection["state_id"] != second.connection["state_id"]


def test_a_note_of_a_killed_server_is_cleared_by_the_next(tmp_path: Path) -> None:
    """What leads to a server goes when the process that held it has gone."""
    notes = tmp_path / "build/embedded/servers"
    notes.mkdir(parents=True)
    (notes / "gone.json").write_text('{"process_id": 999999999}')
    (notes / "broken.json").write_text("{")
    (tmp_path / ".roadmap").mkdir()
    for name in ("implementation_roadmap.md", "policy.yaml"):
        shutil.copy(ROOT / ".roadmap" / name, tmp_path / ".roadmap" / name)
    (tmp_path / "features").mkdir()

    cloud = start_embedded(tmp_path, tmp_path / "build/embedded")

    kept = [note.stem for note in notes.iterdir()]
    cloud.stop()
    assert kept == [cloud.connection["state_id"]]
    assert list(notes.iterdir()) == []
