"""Which files of a working tree are tracked, asked of git itself."""

from __future__ import annotations

import os
import subprocess
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath

from pytest_roadmap.domain.ports import FileChange

_LIMIT_S = 30
_SYMLINK = "120000"
_SUBMODULE = "160000"


class GitError(Exception):
    """Git is absent, or this is no repository; the message has git's own words."""


def git_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The process environment without what would send git to another repository."""
    source = os.environ if environ is None else environ
    kept = {name: value for name, value in source.items() if not name.startswith("GIT_")}
    return kept | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}


def run_git(root: Path, *arguments: str) -> bytes:
    """What git prints.

    Raises:
        GitError: it failed, is absent, or took longer than half a minute.
    """
    try:
        done = subprocess.run(
            ["git", "-c", "core.quotepath=false", *arguments],
            cwd=root,
            env=git_environment(),
            capture_output=True,
            timeout=_LIMIT_S,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode("utf-8", "replace").strip()
        raise GitError(f"git {arguments[0]} in {root}: {words}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(f"git {arguments[0]} in {root}: {error}") from error
    return done.stdout


def git_top_level(folder: Path) -> Path:
    """The root of the repository that holds a folder; raises ``GitError`` where there is none."""
    return Path(run_git(folder, "rev-parse", "--show-toplevel").decode("utf-8").strip())


def path_problem(path: str) -> str | None:
    """Why a text is no path inside a repository; None if it may be one."""
    parts = PurePosixPath(path).parts
    if not path or "\\" in path or any(ord(char) < ord(" ") for char in path):
        return "it is no relative path with forward slashes"
    if path.startswith("/") or (len(path) > 1 and path[1] == ":") or "://" in path:
        return "it must be relative to the repository root"
    if ".." in parts or ".git" in (part.lower() for part in parts):
        return "it leaves the documents of the repository"
    return None


def tracked_problem(root: Path, path: str) -> str | None:
    """Why a path is no tracked regular file with exactly this spelling; None if it is one."""
    wanted = unicodedata.normalize("NFC", path)
    spellings = dict.fromkeys([path, wanted, unicodedata.normalize("NFD", path)])
    literal = (f":(literal){each}" for each in spellings)
    entries = run_git(root, "ls-files", "-z", "--stage", "--", *literal)
    for entry in entries.decode("utf-8", "replace").split("\0"):
        head, _, name = entry.partition("\t")
        if unicodedata.normalize("NFC", name) != wanted:
            continue
        if head.startswith(_SYMLINK):
            return "it is a symbolic link"
        return "it is a submodule" if head.startswith(_SUBMODULE) else None
    return "git does not track a file of this name"


def spelled_on_disk(root: Path, path: str) -> Path:
    """The file of a path, whichever way its letters are composed there; as given if none is."""
    for form in ("NFC", "NFD"):
        spelled = root / unicodedata.normalize(form, path)
        if spelled.exists():
            return spelled
    return root / path


def committed_versions(root: Path, path: str, count: int) -> Iterator[bytes]:
    """The newest committed versions of a file, newest first; none where git cannot tell."""
    try:
        log = run_git(root, "log", "--format=%H", f"--max-count={count}", "--", f":(literal){path}")
        for commit in log.decode("ascii").split():
            yield run_git(root, "show", f"{commit}:{path}")
    except GitError:
        return


def time_added(root: Path, path: Path) -> datetime | None:
    """When the commit that added a file was made; None where git cannot tell."""
    try:
        printed = run_git(
            root, "log", "--diff-filter=A", "--format=%cI", "--max-count=1", "--", str(path)
        )
    except GitError:
        return None
    text = printed.decode("ascii", "replace").strip()
    return datetime.fromisoformat(text) if text else None


def last_change(root: Path, path: str) -> FileChange:
    """The last commit of a tracked file, and whether the working tree holds just what it holds.

    The contents themselves are compared, so a file that git was told to overlook is seen, too.

    Raises:
        GitError: git cannot tell.
    """
    printed = run_git(root, "log", "--max-count=1", "--format=%H %cI", "--", f":(literal){path}")
    commit, _, moment = printed.decode("ascii", "replace").strip().partition(" ")
    if not commit:
        return FileChange(path, "", None, clean=False)
    held = run_git(root, "ls-tree", "--full-tree", "-z", "HEAD", "--", f":(top,literal){path}")
    stands = run_git(root, "hash-object", f"--path={path}", "--", str(root / path))
    blob = held.decode("utf-8", "replace").partition("\t")[0].rpartition(" ")[2]
    clean = stands.decode("ascii").strip() == blob
    return FileChange(path, commit, datetime.fromisoformat(moment), clean)
