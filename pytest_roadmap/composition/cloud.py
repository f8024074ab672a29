"""Starting, finding and stopping the embedded cloud and its people."""

from __future__ import annotations

import fcntl
import json
import os
import selectors
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from pytest_roadmap.adapters.environment.rules import is_loopback
from pytest_roadmap.composition.options import CompositionError

WORK_DIR = Path("build") / "embedded"
START_LIMIT_S = 30.0
#: The state of a cloud dies with it, so nothing is lost by insisting soon.
_STOP_LIMIT_S = 0.5
_ATTACH_LIMIT_S = 5.0
_TAIL = 2000
_RUNS = 100
_NOTED = ("repository", "environment_file", "work_dir")
_REQUIRED = (
    *("databricks_url", "azure_url", "ca_file", "workspace_id", "warehouse_id"),
    *("tokens", "admin_token", "state_id"),
)


@dataclass
class EmbeddedCloud:
    """A server this process started; it also ends by itself when this process does.

    ``connection`` is the server's own line (URLs, tokens, ``state_id``) with ``repository``,
    ``environment_file`` and ``work_dir``.
    """

    connection: dict[str, Any]
    process: subprocess.Popen[bytes]
    note: Path
    claim: IO[bytes]

    def stop(self) -> None:
        """End the server, wait until it is gone, and leave its folder to the next run."""
        self.note.unlink(missing_ok=True)
        end_process(self.process)
        self.claim.close()


def start_embedded(
    root: Path,
    work_dir: Path,
    *,
    port: int = 0,
    faults: Sequence[str] = (),
    latency_ms: int = 0,
    state_dir: Path | None = None,
) -> EmbeddedCloud:
    """Start a fresh cloud, then its repository and people.

    Args:
        root: the project whose roadmap, policy and features the repository is made from.
        work_dir: everything is written below it; what an earlier cloud left there (repository,
            records) is replaced. While another run uses it, a folder ``run-<n>`` inside takes its
            place.
        port: of the Databricks side on the loopback address; 0 for any.
        faults: ids of faults that are on from the beginning.
        latency_ms: added to every answer.
        state_dir: where the server keeps its files; below ``work_dir`` when not given.

    Raises:
        CompositionError: the server did not come up, or the repository could not be made.
    """
    work_dir, claim = _claim(work_dir.resolve())
    # Records of a state that is gone count for nothing; a run would only read them in vain.
    shutil.rmtree(work_dir / "evidence", ignore_errors=True)
    log = work_dir / "server.log"
    command = [sys.executable, "-P", "-m", "pytest_roadmap.embedded", "--port", str(port)]
    command += ["--exit-with-parent"]
    command += ["--state-dir", str((state_dir or work_dir / "state").resolve())]
    command += ["--latency-ms", str(latency_ms)] if latency_ms else []
    command += ["--faults", ",".join(faults)] if faults else []
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd=work_dir
        )
    try:
        connection = _first_line(process, log)
        attach_repository(connection, root, work_dir)
        note = _write_note(connection, root)
    except BaseException:
        end_process(process)
        claim.close()
        raise
    return EmbeddedCloud(connection, process, note, claim)


def connect_embedded(url: str, root: Path | None = None) -> dict[str, Any]:
    """The connection to a server that is already up, with its state as it is.

    Its repository is the one made at its start; a server without one gets a fresh one.

    Raises:
        CompositionError: no embedded cloud answers there, or the address is not local.
    """
    root = (root or Path.cwd()).resolve()
    if not is_loopback(url):
        raise CompositionError(f"{url}: an embedded cloud has a loopback address (127.0.0.1)")
    connection = checked_connection(_well_known(url))
    note = _note_path(root, connection)
    known = _read_note(note)
    connection |= {name: known[name] for name in _NOTED if name in known}
    if not Path(str(connection.get("environment_file", ""))).is_file():
        attach_repository(connection, root, root / WORK_DIR / f"at-{connection['state_id']}")
    return connection


def checked_connection(found: Any) -> dict[str, Any]:
    """The connection, if it is complete and leads nowhere but to this machine.

    Raises:
        CompositionError: it is not; no token is shown.
    """
    missing = [name for name in _REQUIRED if not (isinstance(found, dict) and found.get(name))]
    if missing:
        raise CompositionError(f"the embedded cloud did not name its {', '.join(missing)}")
    for name in ("databricks_url", "azure_url"):
        if not is_loopback(str(found[name])):
            raise CompositionError(f"{name} of the embedded cloud is not on this machine")
    if urlsplit(str(found["azure_url"])).scheme != "https":
        raise CompositionError("azure_url of the embedded cloud is not https")
    return dict(found)


def attach_repository(connection: dict[str, Any], root: Path, work_dir: Path) -> None:
    """Let the people of the rehearsal make their repository, and name it in the connection."""
    from pytest_roadmap import rehearsal  # noqa: PLC0415 (only where something is started)
    from pytest_roadmap.rehearsal.history import GitError  # noqa: PLC0415

    work_dir.mkdir(parents=True, exist_ok=True)
    try:
        made = rehearsal.generate_repository(
            work_dir, connection, embedded_clock(connection), root=root
        )
    except (OSError, GitError) as error:
        raise CompositionError(f"the embedded repository could not be made: {error}") from error
    connection["work_dir"] = str(work_dir)
    connection["repository"] = str(made)
    connection["environment_file"] = str(made / ".roadmap" / "environments" / "embedded.yaml")


@dataclass(frozen=True, slots=True)
class EmbeddedClock:
    """The clock that harness, server and people share: UTC and what the server added to it."""

    offset_s: float

    def __call__(self) -> datetime:
        """The present moment of the embedded environment."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_s)


def embedded_clock(connection: Mapping[str, Any]) -> EmbeddedClock:
    """The shared clock of a cloud."""
    return EmbeddedClock(float(connection.get("clock_offset_s") or 0))


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Close the pipe the server watches, then insist."""
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    process.terminate()
    try:
        process.wait(_STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _claim(work_dir: Path) -> tuple[Path, IO[bytes]]:
    """A folder that no other running cloud writes to, and the lock that keeps it so."""
    for folder in (work_dir, *(work_dir / f"run-{number}" for number in range(2, _RUNS))):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        return folder, lock
    raise CompositionError(f"{_RUNS} embedded clouds already run below {work_dir}; stop one first")


def _first_line(process: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    """The one JSON line the server prints when it is ready."""
    if process.stdout is None:
        raise CompositionError("the embedded cloud has no output")
    deadline = time.monotonic() + START_LIMIT_S
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise CompositionError(
                    f"the embedded cloud was not ready within {START_LIMIT_S:.0f} s{_tail(log)}"
                )
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                process.wait(_STOP_LIMIT_S)
                raise CompositionError(
                    f"the embedded cloud ended at once (status {process.returncode}){_tail(log)}"
                )
            line += chunk
    try:
        return checked_connection(json.loads(line))
    except ValueError as error:
        raise CompositionError(f"the embedded cloud printed no JSON line{_tail(log)}") from error


def _tail(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace").strip() if log.is_file() else ""
    return f"; its last words ({log}):\n{text[-_TAIL:]}" if text else f"; see {log}"


def _well_known(url: str) -> Any:
    address = f"{url.rstrip('/')}/.well-known/roadmap-embedded"
    if urlsplit(address).scheme != "http":
        raise CompositionError(f"{url}: give the http address of the Databricks side")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=_ATTACH_LIMIT_S) as answer:
            return json.load(answer)
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise CompositionError(f"no embedded cloud answers at {url}: {reason}") from error


def _note_path(root: Path, connection: Mapping[str, Any]) -> Path:
    return root / WORK_DIR / "servers" / f"{connection['state_id']}.json"


def _write_note(connection: Mapping[str, Any], root: Path) -> Path:
    """Where the repository of a running server is, for runs that are given its address only."""
    note = _note_path(root.resolve(), connection)
    note.parent.mkdir(parents=True, exist_ok=True)
    for old in note.parent.glob("*.json"):
        if not _belongs_to_a_process(old):
            old.unlink(missing_ok=True)
    kept = {name: connection[name] for name in _NOTED} | {"process_id": os.getpid()}
    temporary = note.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(kept), encoding="utf-8")
    temporary.replace(note)
    return note


def _read_note(note: Path) -> dict[str, Any]:
    """What is known of a server's repository; nothing where the note is absent or broken."""
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _belongs_to_a_process(note: Path) -> bool:
    process_id = _read_note(note).get("process_id")
    if not isinstance(process_id, int) or process_id <= 0:
        return False
    try:
        os.kill(process_id, 0)  # asks only whether it is there
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
