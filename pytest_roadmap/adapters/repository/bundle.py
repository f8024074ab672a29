"""``BundlePort``: the Databricks CLI on the bundle of the repository, in a scrubbed environment.

Source: https://docs.databricks.com/dev-tools/cli/bundle-commands (``bundle summary -t TARGET -o
json``: the resolved configuration with the ids of what is deployed) and ``databricks bundle
summary --help`` of the CLI.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_roadmap.adapters.repository.git import GitError, path_problem, tracked_problem
from pytest_roadmap.domain.bundle_port import BundleSummary
from pytest_roadmap.domain.canonical import sha256_of
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.recording import Recorder
from pytest_roadmap.domain.redaction import Redactor

_OWNER = "DataEng"
_SHOWN = 600
_KEPT = ("PATH", "HOME", "LANG")
_LOGIN = ("DATABRICKS_HOST", "DATABRICKS_TOKEN")


@dataclass(frozen=True, slots=True)
class _Ended:
    """How the tool ended."""

    returncode: int
    stdout: bytes
    stderr: bytes


class BundleTool:
    """Runs ``bundle.cli`` on the bundle of a working tree.

    Args:
        root: the working tree.
        environment: names the tool, the folder of the bundle and its target.
        recorder: gets the run as one event.
        redactor: knows the secrets that must not stand in what the tool says.
        credentials: what it may sign in with, asked for when it runs. Nothing else of the process
            environment reaches it but PATH, HOME and LANG.
        timeout_s: after that it is killed.
    """

    def __init__(
        self,
        root: Path,
        environment: Environment,
        recorder: Recorder,
        redactor: Redactor,
        *,
        credentials: Callable[[], Mapping[str, str]],
        timeout_s: float = 120.0,
    ) -> None:
        self._root = root
        self._environment = environment
        self._recorder = recorder
        self._redactor = redactor
        self._credentials = credentials
        self._timeout_s = timeout_s

    def summary(self) -> BundleSummary:
        """See ``BundlePort``."""
        target = str(self._environment.require("bundle.target"))
        folder = self._folder(str(self._environment.require("bundle.root")))
        tool = self._tool(str(self._environment.require("bundle.cli")))
        begun = time.monotonic()
        ended = self._execute([tool, "bundle", "summary", "-t", target, "-o", "json"], folder)
        milliseconds = round((time.monotonic() - begun) * 1000)
        said = self._redactor.redact_text(ended.stderr.decode("utf-8", "replace")).strip()
        if ended.returncode:
            problem = f"{Path(tool).name} ended {ended.returncode}: {said[-_SHOWN:]}"
            read = BundleSummary(target, problem=problem)
        else:
            read = _read(target, ended.stdout)
        self._record(target, ended, read, milliseconds, said)
        return read

    def _folder(self, name: str) -> Path:
        folder = (self._root / name).resolve()
        if not folder.is_relative_to(self._root.resolve()):
            raise InconclusiveError("malformed_binding", "bundle.root: it leaves the repository")
        if not folder.is_dir():
            raise BlockedError("missing_binding", "bundle.root", f"there is no {name}", _OWNER)
        return folder

    def _tool(self, name: str) -> str:
        """The tool by its path in the repository, or, without a slash, from PATH."""
        if "/" not in name:
            found = shutil.which(name)
            if found is None:
                raise BlockedError("missing_tool", name, "install it, or set bundle.cli", _OWNER)
            return found
        problem = path_problem(name)
        try:
            problem = problem or tracked_problem(self._root, name)
        except GitError as error:
            raise InconclusiveError("git", str(error)) from error
        tool = self._root / name
        if problem is None and not os.access(tool, os.X_OK):
            problem = "it is absent from the working tree, or not executable"
        if problem:
            raise BlockedError("missing_tool", name, f"bundle.cli: {problem}", _OWNER)
        return str(tool)

    def _execute(self, command: list[str], folder: Path) -> _Ended:
        variables = {name: os.environ[name] for name in _KEPT if name in os.environ}
        login = self._credentials()
        variables |= {name: login[name] for name in _LOGIN}
        # Files, not pipes: what the tool leaves running cannot keep them open.
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as words:
            try:
                process = subprocess.Popen(
                    command,
                    cwd=folder,
                    env=variables,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=words,
                    start_new_session=True,
                )
            except OSError as error:
                detail = f"cannot be started: {error}"
                raise BlockedError("missing_tool", Path(command[0]).name, detail) from error
            self._wait(process)
            output.seek(0)
            words.seek(0)
            return _Ended(process.returncode, output.read(), words.read())

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for its end, and end the whole process group."""
        try:
            process.wait(self._timeout_s)
        except subprocess.TimeoutExpired as error:
            raise InconclusiveError(
                "bundle_timeout", f"the bundle tool did not end within {self._timeout_s:g} s"
            ) from error
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _record(
        self,
        target: str,
        ended: _Ended,
        read: BundleSummary,
        milliseconds: int,
        said: str,
    ) -> None:
        self._recorder.call(
            call="C-BUNDLE",
            method="EXEC",
            path=str(self._environment.get("bundle.cli")),
            api_version=None,
            request={"arguments": ["bundle", "summary", "-t", target, "-o", "json"]},
            status=ended.returncode,
            request_id="",
            ms=milliseconds,
            mutating=False,
            response={
                "exit_code": ended.returncode,
                "message": said[-_SHOWN:],
                "mode": read.mode,
                "run_as": {str(key): job.get("run_as") for key, job in read.jobs.items()},
                "digest": sha256_of(ended.stdout),
            },
            ids={},
        )


def _read(target: str, output: bytes) -> BundleSummary:
    """The summary as values.

    Raises:
        InconclusiveError: it is no summary of a bundle.
    """
    try:
        said = json.loads(output)
        mode = str(said["bundle"].get("mode") or "")
        jobs = (said.get("resources") or {}).get("jobs") or {}
        return BundleSummary(target, mode, _by_id(jobs.values()))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InconclusiveError(
            "bundle_output", f"it is no summary of a bundle: {error}"
        ) from error


def _by_id(jobs: Iterable[Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    kept = [_job(job) for job in jobs if _is_deployed(job)]
    if len(dict(kept)) < len(kept):
        raise ValueError("two of its jobs have one id")
    return dict(kept)


def _is_deployed(job: Mapping[str, Any]) -> bool:
    """Whether the job is there now and stays with the next deployment."""
    return "id" in job and job.get("modified_status") != "deleted"


def _job(job: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    return int(job["id"]), {"name": job.get("name"), "run_as": dict(job.get("run_as") or {})}
