"""A project whose records can be valid by every rule: a remote, environments, proven controls."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_roadmap.adapters.repository.sources import package_digest, steps_digest
from pytest_roadmap.domain.evidence import ProvenControls
from pytest_roadmap.domain.lock import SCHEMA, lock_key

if TYPE_CHECKING:
    from collections.abc import Collection

LOCK = Path(".roadmap/controls.lock.json")
HOST = "https://adb-1.1.azuredatabricks.net"
TENANT = "11111111-2222-4333-8444-555555555555"
SUBSCRIPTION = "66666666-7777-4888-8999-aaaaaaaaaaaa"
_ENVIRONMENT = f"""schema: roadmap-environment/1
env: {{name: KIND, kind: KIND}}
workspace: {{host: {HOST}, workspace_id: "1"}}
azure: {{tenant_id: {TENANT}, subscription_id: {SUBSCRIPTION}}}
"""


def git(root: Path, *arguments: str) -> str:
    """What git prints, with a committer of its own and no hooks."""
    settings = ("user.name=t", "user.email=t@example.test", "commit.gpgsign=false")
    options = [each for setting in settings for each in ("-c", setting)]
    done = subprocess.run(
        ["git", *options, *arguments], cwd=root, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def publish(root: Path, message: str = "x") -> str:
    """Commit everything and let the remote's ``main`` be there; the commit."""
    if not (root / ".git").exists():
        git(root, "init", "-q", "-b", "main")
    if "origin" not in git(root, "remote").split():
        git(root, "remote", "add", "origin", root.as_posix())
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", message)
    git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
    return git(root, "rev-parse", "HEAD")


def bind(root: Path, kinds: Collection[str] = ("dev", "rehearsal", "prod"), more: str = "") -> None:
    """An environment of each kind, named after it; ``more`` are further lines of its file."""
    folder = root / ".roadmap" / "environments"
    folder.mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        text = _ENVIRONMENT.replace("KIND", kind) + more
        (folder / f"{kind}.yaml").write_text(text, "utf-8")


def present_key(root: Path, feature: Path) -> str:
    """The key of a feature, of its controls, and of a package that the project holds itself."""
    controls = feature.with_suffix(".controls.yaml")
    controls.write_text("[]\n", "utf-8")
    package = root / "pytest_roadmap"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text("", "utf-8")
    code = steps_digest(root), package_digest(package)
    return lock_key(feature.read_bytes(), controls.read_bytes(), *code)


def prove(root: Path, scenarios: Collection[str], feature: str = "features/a.feature") -> None:
    """Let the lock say that these scenarios of one task are proven for the code that is here."""
    (task,) = {name.partition(".")[0] for name in scenarios}
    entry = {
        "key": present_key(root, root / feature),
        "scenarios": {name: [f"{name}.N1"] for name in scenarios},
    }
    text = json.dumps({"schema": SCHEMA, "tasks": {task: entry}})
    (root / LOCK).write_text(text, "utf-8")


def live(name: str) -> dict[str, Any]:
    """What the probes of a run in one of these environments state."""
    return {
        "environment": {
            "name": name,
            "kind": name,
            "tenant_id": TENANT,
            "subscription_id": SUBSCRIPTION,
            "workspace_id": "1",
            "workspace_host": HOST,
            "probe": {"arm_request_id": "a-1", "databricks_request_id": "d-1"},
        },
        "tls": {"hosts": ["https://management.azure.com", HOST], "authorities": "default"},
    }


def judged(root: Path, path: str) -> dict[str, str]:
    """A document as the input of a record."""
    return {"path": path, "sha256": hashlib.sha256((root / path).read_bytes()).hexdigest()}


def proven(commit: str) -> ProvenControls:
    """One control, proven at this commit."""
    return ProvenControls(1, commit)
