"""Python tasks: a child process that asks for everything of the cloud through a pipe.

The child has no token and no environment: SQL, secrets and who it is are answered here, as the
principal of the run. It has a folder of its own and limits on time, memory and processor. It is
still a process of this user: what runs in it is the code of the workspace, not of strangers.
Source: https://learn.microsoft.com/azure/databricks/dev-tools/databricks-utils (documented:
``dbutils.widgets.get``, ``dbutils.notebook.exit``, ``dbutils.secrets.get``).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.databricks.job_values import job_of_history
from pytest_roadmap.embedded.databricks.secret_scopes import read_secret
from pytest_roadmap.embedded.errors import ServiceError
from pytest_roadmap.embedded.sql.engine import TypedParam
from pytest_roadmap.embedded.sql.errors import SqlError

if TYPE_CHECKING:
    from pytest_roadmap.embedded.databricks.job_tasks import Attempt
    from pytest_roadmap.embedded.state_jobs import WorkspaceObject

_CHILD = Path(__file__).with_name("python_child.py")
_LONGEST_S = 300.0
_MOST_LINE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ended:
    """How the child ended; ``exited`` is what it gave to ``dbutils.notebook.exit``."""

    logs: str = ""
    exited: str | None = None
    error: str = ""
    trace: str = ""


def run(
    attempt: Attempt,
    source: WorkspaceObject,
    *,
    widgets: dict[str, str],
    arguments: tuple[str, ...],
) -> Ended:
    """Run the source to its end, or until it is told to stop.

    Raises:
        WorldReplacedError: the cloud has another state by now.
    """
    start = {
        "path": source.path,
        "source": source.content.decode("utf-8", "replace"),
        "widgets": widgets,
        "arguments": list(arguments),
        "notebook": source.object_type == "NOTEBOOK",
    }
    with tempfile.TemporaryDirectory(prefix="run-") as folder:
        child = subprocess.Popen(
            [sys.executable, "-I", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={"TZ": "UTC", "PYTHONHASHSEED": "0"},
            text=True,
            encoding="utf-8",
        )
        watch = threading.Timer(_LONGEST_S, child.kill)
        watch.daemon = True
        watch.start()
        attempt.stop.interrupts(child.kill)
        try:
            return _talk(attempt, child, start)
        finally:
            watch.cancel()
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()


def _talk(attempt: Attempt, child: subprocess.Popen[str], start: dict[str, Any]) -> Ended:
    """Answer what the child asks, until it says how it ended."""
    if child.stdin is None or child.stdout is None:
        return Ended(error="The Python process has no pipes.")
    try:
        _send(child, start)
        while line := child.stdout.readline(_MOST_LINE):
            message = json.loads(line)
            if message["kind"] == "ended":
                return Ended(message["logs"], message["exited"], message["error"], message["trace"])
            _send(child, _answer(attempt, message))
    except (BrokenPipeError, json.JSONDecodeError):
        pass
    return Ended(error="The Python process exited unresponsively.")


def _send(child: subprocess.Popen[str], message: dict[str, Any]) -> None:
    if child.stdin is not None:
        child.stdin.write(json.dumps(message) + "\n")
        child.stdin.flush()


def _answer(attempt: Attempt, message: dict[str, Any]) -> dict[str, Any]:
    if message["kind"] == "user":
        return {"value": attempt.principal.name}
    if message["kind"] == "secret":
        try:
            with attempt.world.lock:
                state = attempt.world.state
                value = read_secret(state, attempt.principal, message["scope"], message["key"])
        except ServiceError as error:
            return {"error": f"{error.error_code}: {error.message}"}
        return {"value": value}
    return _sql(attempt, message)


def _sql(attempt: Attempt, message: dict[str, Any]) -> dict[str, Any]:
    parameters = {
        name: TypedParam(value, kind) for name, (value, kind) in message["arguments"].items()
    }
    try:
        outcome = attempt.engine.execute(
            message["statement"],
            principal=attempt.principal,
            parameters=parameters,
            started=attempt.stop.interrupts,
            job=job_of_history(attempt.run, attempt.task),
        )
    except SqlError as error:
        return {"error": str(error)}
    columns = [[column.name, column.type.name] for column in outcome.columns]
    return {"columns": columns, "rows": [list(row) for row in outcome.rows]}
