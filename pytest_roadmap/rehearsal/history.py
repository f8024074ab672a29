"""A git repository with a short history, made with few processes and no outside configuration."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

BRANCH = "main"
_LIMIT_S = 60


class GitError(Exception):
    """Git could not do what was asked; the message has its own words."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit to make: who, when, why, and the files it changes."""

    author: str
    email: str
    at: datetime
    message: str
    files: Mapping[str, bytes]
    executable: frozenset[str] = frozenset()


def make_history(repository: Path, commits: Sequence[Commit]) -> None:
    """A new repository whose only branch holds these commits, checked out and clean."""
    repository.mkdir(parents=True)
    run_git(repository, "init", "--quiet", f"--initial-branch={BRANCH}", "--template=")
    configure(repository)
    run_git(repository, "fast-import", "--quiet", stdin=b"".join(map(_stream, commits)))
    run_git(repository, "reset", "--quiet", "--hard", BRANCH)


def configure(repository: Path) -> None:
    """Everything a commit here needs to know, in the repository's own configuration."""
    settings = repository / ".git" / "config"
    with settings.open("a", encoding="utf-8") as file:
        file.write(
            "[user]\n\tname = Embedded People\n\temail = people@embedded.example\n"
            "[commit]\n\tgpgSign = false\n[core]\n\thooksPath = /dev/null\n\tautocrlf = false\n"
            "[gc]\n\tauto = 0\n"
        )


def _stream(commit: Commit) -> bytes:
    """The commit in the language of ``git fast-import``."""
    who = f"{commit.author} <{commit.email}> {int(commit.at.timestamp())} +0000"
    head = f"commit refs/heads/{BRANCH}\ncommitter {who}\n".encode()
    parts = [head, _data(commit.message.encode())]
    for path, content in commit.files.items():
        mode = "100755" if path in commit.executable else "100644"
        parts += [f"M {mode} inline {path}\n".encode(), _data(content)]
    return b"".join([*parts, b"\n"])


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def commit_all(repository: Path, message: str, at: datetime) -> None:
    """Commit the working tree as it stands; nothing to commit is no error."""
    run_git(repository, "add", "--all")
    run_git(repository, "commit", "--quiet", "--allow-empty", "--message", message, at=at)


def run_git(
    repository: Path, *arguments: str, stdin: bytes = b"", at: datetime | None = None
) -> bytes:
    """Run git in the repository, deaf to the caller's configuration; what it printed.

    Raises:
        GitError: git failed or took longer than a minute.
    """
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    if at is not None:
        quiet |= {"GIT_AUTHOR_DATE": at.isoformat(), "GIT_COMMITTER_DATE": at.isoformat()}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=repository,
            env=quiet,
            input=stdin,
            capture_output=True,
            timeout=_LIMIT_S,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode("utf-8", "replace").strip()
        raise GitError(f"git {arguments[0]}: {words}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(f"git {arguments[0]}: {error}") from error
    return done.stdout
