"""``RepositoryPort``: tracked files of one working tree, by path or by the name steps use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_roadmap.adapters.repository.git import (
    GitError,
    last_change,
    path_problem,
    run_git,
    tracked_problem,
)
from pytest_roadmap.adapters.strict_yaml import YamlProblemError, load_yaml
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import AssetMissingError, InconclusiveError
from pytest_roadmap.domain.ports import Document, FileChange, UnreadableDocumentError
from pytest_roadmap.domain.recording import Recorder

_MAX_BYTES = 8 << 20
_MAX_PROBLEMS = 50
_ROADMAP = "roadmap"
#: Sections whose keys name documents; the first word of a name may select one.
_SECTIONS = (
    *("handoff", "cutover", "secrets", "issues", "preflight", "exit_criteria"),
    *("config_binding", "governance", "audit"),
)


class GitRepository:
    """The documents of ``documents.root``; every one that is read becomes an input of the record.

    Args:
        root: the root of the working tree.
        environment: its bindings name the documents.
        recorder: collects the digests of what was read, in ``facts["inputs"]``.
        roadmap_path: the document that steps call "roadmap"; it needs no binding.
    """

    def __init__(
        self, root: Path, environment: Environment, recorder: Recorder, *, roadmap_path: str = ""
    ) -> None:
        self._root = root
        self._environment = environment
        self._recorder = recorder
        self._roadmap_path = roadmap_path

    def document(self, name: str) -> Document:
        """The document with this name; see ``RepositoryPort``."""
        if name == _ROADMAP and self._roadmap_path:
            return self._read(name, self._roadmap_path)
        for key in _keys(name):
            path = self._environment.get(key)
            if isinstance(path, str):
                return self._read(name, path)
        self._environment.require(next(_keys(name)))
        raise InconclusiveError("malformed_binding", f"{name}: {next(_keys(name))} is no path")

    def read(self, path: str) -> Document:
        """A tracked file by its path; see ``RepositoryPort``."""
        return self._read(path, path)

    def last_change(self, path: str) -> FileChange:
        """The last commit of a tracked file; see ``RepositoryPort``."""
        if problem := path_problem(path):
            raise AssetMissingError(path, problem)
        try:
            return last_change(self._root, path)
        except GitError as error:
            raise InconclusiveError("git", str(error)) from error

    def records(self, name: str) -> tuple[Document, ...]:
        """The records below the folder bound for them; see ``RepositoryPort``."""
        key = "documents.records." + name.strip().lower().replace("-", "_").replace(" ", "_")
        folder = str(self._environment.require(key)).rstrip("/")
        problem = path_problem(folder)
        if problem:
            raise InconclusiveError("malformed_binding", f"{key}: {problem}")
        try:
            printed = run_git(self._root, "ls-files", "-z", "--", f":(literal){folder}")
        except GitError as error:
            raise InconclusiveError("git", str(error)) from error
        paths = (path for path in printed.decode("utf-8", "replace").split("\0") if path)
        return tuple(self._read(path, path) for path in sorted(paths))

    def _read(self, name: str, path: str) -> Document:
        problem = path_problem(path)
        if problem:
            raise AssetMissingError(path, problem)
        try:
            problem = tracked_problem(self._root, path)
        except GitError as error:
            raise InconclusiveError("git", str(error)) from error
        if problem:
            raise AssetMissingError(path, problem)
        content = self._content(path)
        digest = hashlib.sha256(content).hexdigest()
        inputs = self._recorder.facts.setdefault("inputs", [])
        entry = {"path": path, "sha256": digest}
        if entry not in inputs:
            inputs.append(entry)
        return Document(name, path, content, digest)

    def _content(self, path: str) -> bytes:
        target = self._root / path
        root = self._root.resolve()
        try:
            if target.resolve(strict=True) != root / path:
                raise AssetMissingError(path, "a symbolic link leads to it")
            if target.stat().st_size > _MAX_BYTES:
                raise InconclusiveError("too_large", f"{path} is larger than {_MAX_BYTES} bytes")
            return target.read_bytes()
        except FileNotFoundError as error:
            raise AssetMissingError(path, "tracked, but absent from the working tree") from error
        except OSError as error:
            raise InconclusiveError("unreadable_file", f"{path}: {error.strerror}") from error

    def load_yaml(self, document: Document) -> Any:
        """The YAML as plain values; dates and times stay text.

        Raises:
            UnreadableDocumentError: one sentence with the path and, where known, the line.
        """
        try:
            return load_yaml(document.content)
        except YamlProblemError as error:
            raise UnreadableDocumentError(f"{document.path}: {error}") from error

    def schema_problems(self, instance: Any, schema_path: str) -> tuple[str, ...]:
        """What JSON Schema says, one sentence each; no reference is followed out of the file."""
        from jsonschema import Draft202012Validator  # noqa: PLC0415 (a slow import)
        from jsonschema.exceptions import SchemaError  # noqa: PLC0415
        from referencing import Registry  # noqa: PLC0415
        from referencing.exceptions import Unresolvable  # noqa: PLC0415

        document = self.read(schema_path)
        try:
            schema = json.loads(document.content)
            Draft202012Validator.check_schema(schema)
            validator = Draft202012Validator(schema, registry=Registry())
            errors = sorted(validator.iter_errors(instance), key=lambda e: str(e.json_path))
        except ValueError as error:
            return (f"{schema_path} is not JSON: {error}",)
        except SchemaError as error:
            return (f"{schema_path} is no JSON Schema: {error.message}",)
        except Unresolvable as error:
            return (f"{schema_path} refers to what is not in it: {error}",)
        return tuple(f"{error.json_path}: {error.message}" for error in errors[:_MAX_PROBLEMS])


def _keys(name: str) -> Iterator[str]:
    """The keys a name may stand for, the most likely one (named when nothing is bound) first."""
    words = name.strip().replace("-", " ").split()
    joined = "_".join(words)
    section = [s for s in _SECTIONS if joined.startswith(f"{s}_")]
    for found in section:
        rest = joined[len(found) + 1 :]
        yield f"{found}.{rest}"
        yield f"{found}.{rest}_file"
    yield f"documents.{joined}"
    for split in range(1, len(words)):
        yield f"documents.{'_'.join(words[:split])}.{'_'.join(words[split:])}"
        yield f"{'_'.join(words[:split])}.{'_'.join(words[split:])}"
    for found in _SECTIONS:
        yield f"{found}.{joined}"
    yield joined
