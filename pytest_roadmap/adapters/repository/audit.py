"""``AuditPort``: the audit script of the environment, in a scrubbed process environment."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pytest_roadmap.adapters.repository.git import GitError, path_problem, tracked_problem
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.ports import AuditRun, Clock
from pytest_roadmap.domain.recording import Recorder
from pytest_roadmap.domain.redaction import Redactor

_MAX_LOG = 4 << 20
_MAX_OUTPUT = 16 << 20
_POLL_S = 0.02
_OWNER = "DataEng"


class AuditScript:
    """Runs ``audit.script`` of a working tree.

    Args:
        root: the working tree; the script runs there.
        environment: names the script, its arguments and its output.
        recorder: gets the run as one event.
        clock: the present moment.
        redactor: knows the secrets that must not stand in a log.
        credentials: the variables the script may log in with, asked for when it runs. Nothing else
            of the process environment reaches it but PATH, HOME and LANG.
        timeout_s: after that the script and everything it started are killed.
    """

    def __init__(
        self,
        root: Path,
        environment: Environment,
        recorder: Recorder,
        clock: Clock,
        redactor: Redactor,
        *,
        credentials: Callable[[], Mapping[str, str]],
        timeout_s: float = 600.0,
    ) -> None:
        self._root = root
        self._environment = environment
        self._recorder = recorder
        self._clock = clock
        self._redactor = redactor
        self._credentials = credentials
        self._timeout_s = timeout_s

    def run(self) -> AuditRun:
        """Run it once; see ``AuditPort``.

        Raises:
            BlockedError: not bound (``missing_binding``), absent or not executable
                (``missing_tool``). InconclusiveError: it did not end in time.
        """
        name = str(self._environment.require("audit.script"))
        output = str(self._environment.require("audit.output"))
        script = self._tool(name)
        target = self._output(output)
        arguments = [str(item) for item in self._environment.get("audit.args") or ()]
        variables = self._variables(target)
        started, begun = self._clock(), time.monotonic()
        exit_code, raw_log = _execute(
            [str(script), *arguments], self._root, variables, self._timeout_s
        )
        ended = self._clock()
        raw_text = raw_log.decode("utf-8", "replace")
        log = self._redactor.redact_text(raw_text)
        content, problem = _read_output(target)
        value, problem = _parsed(content, problem)
        run = AuditRun(
            exit_code=exit_code,
            started=started,
            ended=ended,
            log=log,
            log_digest=_digest(log.encode()),
            script_digest=_digest(script.read_bytes()),
            output=value,
            output_problem=problem,
            output_digest=_digest(content),
            secrets_found=self._secrets(raw_text, content),
        )
        self._record(name, arguments, run, round((time.monotonic() - begun) * 1000))
        return run

    def _secrets(self, log: str, output: bytes) -> tuple[str, ...]:
        """Kinds of secrets in the log, and in the output, which names owners by mail address."""
        in_output = self._redactor.leaks(output.decode("utf-8", "replace"))
        kinds = (*self._redactor.leaks(log), *(k for k in in_output if k != "mail address"))
        return tuple(dict.fromkeys(kinds))

    def _tool(self, name: str) -> Path:
        problem = path_problem(name)
        try:
            problem = problem or tracked_problem(self._root, name)
        except GitError as error:
            raise InconclusiveError("git", str(error)) from error
        script = self._root / name
        if problem is None and not script.is_file():
            problem = "it is absent from the working tree"
        if problem is None and not os.access(script, os.X_OK):
            problem = "it is not executable"
        if problem:
            raise BlockedError("missing_tool", name, f"audit.script: {problem}", _OWNER)
        return script

    def _output(self, output: str) -> Path:
        problem = path_problem(output)
        target = self._root / output
        if problem is None and not target.parent.resolve().is_relative_to(self._root.resolve()):
            problem = "it leaves the repository"
        if problem:
            raise InconclusiveError("malformed_binding", f"audit.output: {problem}")
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _variables(self, target: Path) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | dict(self._credentials()) | {"AUDIT_OUTPUT": str(target)}

    def _record(self, name: str, arguments: list[str], run: AuditRun, milliseconds: int) -> None:
        self._recorder.call(
            call="AUDIT",
            method="EXEC",
            path=name,
            api_version=None,
            request={"arguments": arguments, "script_digest": run.script_digest},
            status=run.exit_code,
            request_id="",
            ms=milliseconds,
            mutating=False,
            response={
                "exit_code": run.exit_code,
                "message": run.log[-4000:],
                "length": len(run.log),
                "digest": run.output_digest,
                "error": run.output_problem,
            },
            ids={"log_digest": run.log_digest, "output_digest": run.output_digest},
        )


def _execute(
    command: list[str], folder: Path, variables: Mapping[str, str], timeout_s: float
) -> tuple[int, bytes]:
    """Exit code and log; the whole process group is gone when this returns."""
    # A file, not a pipe: what the script leaves running in the background cannot keep it open.
    with tempfile.TemporaryFile() as log:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise BlockedError(
                "missing_tool", Path(command[0]).name, f"cannot be started: {error}", _OWNER
            ) from error
        try:
            _wait(process, log.fileno(), timeout_s)
        finally:
            _end_group(process)
        log.seek(0)
        return process.returncode, log.read(_MAX_LOG)


def _wait(process: subprocess.Popen[bytes], log: int, timeout_s: float) -> None:
    """Wait for the script itself, as long as time and the size of its log permit."""
    deadline = time.monotonic() + timeout_s
    running = True
    while running:
        running = process.poll() is None
        if os.fstat(log).st_size > _MAX_LOG:
            raise InconclusiveError(
                "audit_log_too_large", f"the audit script printed more than {_MAX_LOG} bytes"
            )
        if running and time.monotonic() >= deadline:
            raise InconclusiveError(
                "audit_timeout", f"the audit script did not end within {timeout_s:.0f} s"
            )
        if running:
            time.sleep(_POLL_S)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what the script left behind; its group id is its own process id."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read_output(target: Path) -> tuple[bytes, str]:
    try:
        found = target.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_OUTPUT:
            return b"", f"{target.name} is no file, or larger than {_MAX_OUTPUT} bytes"
        return target.read_bytes(), ""
    except OSError as error:
        return b"", f"{target.name} cannot be read: {error.strerror}"


def _parsed(content: bytes, problem: str) -> tuple[Any, str]:
    if problem:
        return None, problem
    try:
        return json.loads(content, object_pairs_hook=_once, parse_constant=_no_number), ""
    except (ValueError, RecursionError) as error:
        return None, f"the output is not JSON: {error}"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once: the last of two would hide the first."""
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return read


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()
