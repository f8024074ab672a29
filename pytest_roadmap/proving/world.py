"""An embedded cloud with its repository that can be changed and put back as it was."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from pytest_roadmap import rehearsal
from pytest_roadmap.composition import start_embedded
from pytest_roadmap.composition.cloud import embedded_clock
from pytest_roadmap.domain.controls import Change
from pytest_roadmap.rehearsal.history import GitError, commit_all

_CALL_LIMIT_S = 60.0


class ChangeError(Exception):
    """A change of a control could not be made, so the control proves nothing."""


class World:
    """One server, its people and their repository; the state of the start is kept.

    Args:
        root: the project.
        work_dir: everything is written below it.

    Raises:
        CompositionError: the cloud did not come up.
        ChangeError: it came up and does not answer.
    """

    def __init__(self, root: Path, work_dir: Path) -> None:
        self._cloud = start_embedded(root, work_dir)
        with contextlib.ExitStack() as failing:
            failing.callback(self._cloud.stop)
            self._keep(work_dir / "kept")
            failing.pop_all()

    def _keep(self, folder: Path) -> None:
        """Learn how to reach the world, and remember how it is."""
        self.connection = self._cloud.connection
        self.repository = Path(str(self.connection["repository"]))
        self._kept = folder
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.copytree(self.repository, self._kept, symlinks=True)
        tls = ssl.create_default_context(cafile=str(self.connection["ca_file"]))
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=tls)
        )
        self._faults: list[str] = []
        self._snapshot = self._admin("snapshot", {})["snapshot_id"]
        self._apply: Mapping[str, Callable[[Any], None]] = {
            "databricks": lambda call: self._call("databricks_url", call),
            "azure": lambda call: self._call("azure_url", call),
            "sql": self._sql,
            "fault": self._fault,
            "document": self._document,
            "act": self._act,
        }

    def reset(self) -> None:
        """Put server and repository back to their start; earlier records are dropped."""
        self._admin("restore", {"snapshot_id": self._snapshot})
        self._faults = []
        self._admin("faults", {"active": []})
        shutil.rmtree(self.repository)
        shutil.copytree(self._kept, self.repository, symlinks=True)
        evidence = Path(str(self.connection["work_dir"])) / "evidence"
        shutil.rmtree(evidence, ignore_errors=True)

    def apply(self, change: Change) -> None:
        """Make one change.

        Raises:
            ChangeError: it was refused, or there is nothing it could change.
        """
        self._apply[change.kind](change.body)

    def stop(self) -> None:
        """End the server."""
        self._cloud.stop()

    def _admin(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        token = str(self.connection["admin_token"])
        return self._send("databricks_url", "POST", f"/_embedded/{name}", body, token)

    def _call(self, base: str, call: Mapping[str, Any]) -> None:
        token = str(self.connection["tokens"]["admin"])
        self._send(base, call["method"], call["path"], call.get("body"), token)

    def _sql(self, statement: str) -> None:
        token = str(self.connection["tokens"]["admin"])
        body = {
            "statement": statement,
            "warehouse_id": self.connection["warehouse_id"],
            "wait_timeout": "50s",
        }
        answer = self._send("databricks_url", "POST", "/api/2.0/sql/statements", body, token)
        status = answer.get("status", {})
        if status.get("state") != "SUCCEEDED":
            raise ChangeError(f"{statement!r} ended {status.get('state')}: {status.get('error')}")

    def _fault(self, name: str) -> None:
        self._faults.append(name)
        self._admin("faults", {"active": self._faults})

    def _document(self, body: Mapping[str, Any]) -> None:
        path = (self.repository / body["path"]).resolve()
        if not path.is_relative_to(self.repository.resolve()):
            raise ChangeError(f"{body['path']} leaves the repository")
        try:
            self._edit(path, body)
            if body.get("commit"):
                commit_all(self.repository, "A change", embedded_clock(self.connection)())
        except (OSError, UnicodeDecodeError, GitError) as error:
            raise ChangeError(f"{body['path']}: {error}") from error

    def _edit(self, path: Path, body: Mapping[str, Any]) -> None:
        if body.get("remove"):
            path.unlink()
        elif "content" in body:
            path.write_bytes(body["content"].encode())
        else:
            text = path.read_bytes().decode()
            if text.count(body["replace"]) != 1:
                raise ChangeError(
                    f"{body['path']}: the text to replace stands {text.count(body['replace'])}"
                    " times there, expected once"
                )
            path.write_bytes(text.replace(body["replace"], body["with"]).encode())

    def _act(self, body: Mapping[str, str]) -> None:
        keys = self.repository.parent / "keys"
        clock = embedded_clock(self.connection)
        try:
            rehearsal.act(self.repository, keys, clock, body["name"], body.get("variant", ""))
        except (rehearsal.UnknownActError, GitError, OSError) as error:
            raise ChangeError(str(error)) from error
        except (yaml.YAMLError, LookupError, TypeError, ValueError) as error:
            # People read what an earlier change left there.
            problem = f"{type(error).__name__}: {error}"
            raise ChangeError(
                f"{body['name']}: the documents do not allow it: {problem}"
            ) from error

    def _send(self, base: str, method: str, path: str, body: Any, token: str) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - the base was checked to be loopback http(s)
            str(self.connection[base]) + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=_CALL_LIMIT_S) as answer:
                content = answer.read()
            found = json.loads(content) if content else {}
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:300]
            raise ChangeError(f"{method} {path} answered {error.code}: {said}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ChangeError(f"{method} {path}: {error}") from error
        return found if isinstance(found, dict) else {"value": found}
