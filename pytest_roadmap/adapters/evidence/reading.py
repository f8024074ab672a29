"""Reading an evidence folder: every file is judged by itself, and no byte makes it raise."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_roadmap.adapters.evidence.files import UnreadableFileError, read_plain_file
from pytest_roadmap.adapters.evidence.layout import (
    GarbledError,
    controls_fields,
    parse,
    record_of,
)
from pytest_roadmap.adapters.evidence.slots import ARCHIVE, slot_of_file
from pytest_roadmap.adapters.evidence.statement import TEST_RESULT, Opened, open_envelope
from pytest_roadmap.domain.evidence import Record
from pytest_roadmap.domain.validity import Failure, schema_of_kind

if TYPE_CHECKING:
    from pytest_roadmap.adapters.evidence.signers import SignerRegistry

_FILE_LIMIT = 64 * 1024 * 1024
_STATEMENT_LIMIT = 16 * 1024 * 1024
_STATEMENT_END = ".dsse.json"
_SCHEMA_PREFIX = "roadmap-evidence"


@dataclass(frozen=True, slots=True)
class EvidenceProblem:
    """Why one file does not count; ``slot`` is the slot its name belongs to, if any."""

    failure: Failure
    path: Path
    slot: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record with its file.

    ``signed`` says that a signature is present; ``signed_by`` are key ids that verified, none if
    nobody asked; ``by_runner`` says that one of them belonged to somebody whose role was
    ``runner`` when the record ended.
    """

    record: Record
    path: Path
    file_digest: str
    signed_by: tuple[str, ...] = ()
    by_runner: bool = False
    signed: bool = False


@dataclass(frozen=True, slots=True)
class LoadedEvidence:
    """All that a folder holds: ``ignored`` files are not ours or of another schema."""

    stored: tuple[StoredRecord, ...] = ()
    problems: tuple[EvidenceProblem, ...] = ()
    ignored: int = 0

    @property
    def records(self) -> tuple[Record, ...]:
        """The records, oldest first."""
        return tuple(item.record for item in self.stored)


class _ForeignError(Exception):
    """The file belongs to another schema."""


class _InterruptedError(Exception):
    """The writer of the file did not come to write its statement."""


def load_folder(root: Path, schema: str, signers: SignerRegistry | None = None) -> LoadedEvidence:
    """Read the folder; an absent one holds nothing."""
    try:
        names = sorted(os.listdir(root))  # noqa: PTH208 (names only, thousands of them)
    except FileNotFoundError:
        return LoadedEvidence()
    except OSError as error:
        reason = f"{root.name} cannot be listed: {error.strerror}"
        return LoadedEvidence(problems=(EvidenceProblem(Failure.TAMPERED, root, None, reason),))
    reader = _Reader(root, schema, signers, frozenset(names))
    for name in _evidence_names(names):
        reader.read(name)
    return reader.result()


def _evidence_names(names: Iterable[str]) -> list[str]:
    """File names in question: those written, and those a statement speaks of."""
    spoken_of = {name.removesuffix(_STATEMENT_END) for name in names if _is_statement(name)}
    written = {name for name in names if name.endswith((".log", ".md")) and name[0] != "."}
    return sorted(spoken_of | written)


def _is_statement(name: str) -> bool:
    return name.endswith(_STATEMENT_END) and name[0] != "."


class _Reader:
    """Collects what one folder says."""

    def __init__(
        self, root: Path, schema: str, signers: SignerRegistry | None, names: frozenset[str]
    ) -> None:
        self._root = root
        self._schema = schema
        self._signers = signers
        self._names = names
        self._stored: list[StoredRecord] = []
        self._problems: list[EvidenceProblem] = []
        self._ids: set[str] = set()
        self._ignored = 0

    def read(self, name: str) -> None:
        try:
            self._stored.append(self._judged(name))
        except _ForeignError:
            self._ignored += 1
        except _InterruptedError as error:
            self._note(Failure.INTERRUPTED, name, str(error))
        except UnreadableFileError as error:
            if slot_of_file(name) is None and name + _STATEMENT_END not in self._names:
                self._ignored += 1
            else:
                self._note(Failure.TAMPERED, name, str(error))
        except GarbledError as error:
            self._note(Failure.TAMPERED, name, f"{name}: {error}")

    def result(self) -> LoadedEvidence:
        ordered = sorted(self._stored, key=lambda item: (item.record.ended, item.record.record_id))
        return LoadedEvidence(tuple(ordered), tuple(self._problems), self._ignored)

    def _note(self, failure: Failure, name: str, reason: str) -> None:
        path = self._root / name
        self._problems.append(EvidenceProblem(failure, path, slot_of_file(name), reason))

    def _judged(self, name: str) -> StoredRecord:
        opened = self._statement(name)
        if opened is not None:
            self._refuse_foreign_statement(opened)
        content = self._content(name, stated=opened is not None)
        digest = hashlib.sha256(content).hexdigest()
        if opened is None:
            self._without_statement(name, content)
        elif not _states(opened.statement, name, digest):
            raise GarbledError("its content is not what its statement says (digest mismatch)")
        fields = parse(_decoded(content))
        record = record_of(fields)
        self._agree(fields, record, opened)
        if opened is not None:
            self._archived(opened, record.record_id)
        return self._with_signatures(record, name, digest, opened)

    def _statement(self, name: str) -> Opened | None:
        beside = name + _STATEMENT_END
        if beside not in self._names:
            return None
        return open_envelope(read_plain_file(self._root / beside, _STATEMENT_LIMIT))

    def _content(self, name: str, *, stated: bool) -> bytes:
        if name not in self._names and stated:
            raise GarbledError("it is gone, although its statement is still there")
        return read_plain_file(self._root / name, _FILE_LIMIT)

    def _refuse_foreign_statement(self, opened: Opened) -> None:
        schema = _roadmap(opened).get("schema")
        if opened.statement.get("predicateType") != TEST_RESULT or not isinstance(schema, str):
            raise GarbledError("its statement is not one of evidence")
        if schema != self._schema:
            raise _ForeignError

    def _without_statement(self, name: str, content: bytes) -> None:
        """A file without statement: foreign, interrupted, or robbed of it."""
        head = content[:4096].decode("utf-8", "replace")
        schema = _schema_line(head)
        if not schema.startswith(_SCHEMA_PREFIX) or schema != self._schema:
            raise _ForeignError
        beside = f".{name}{_STATEMENT_END}."
        if any(other.startswith(beside) for other in self._names):
            raise _InterruptedError(f"{name}: its writer was stopped before the statement")
        raise GarbledError("there is no statement beside it")

    def _agree(self, fields: Mapping[str, Any], record: Record, opened: Opened | None) -> None:
        """The statement and the file it covers tell the same story, once."""
        stated = _roadmap(opened) if opened is not None else {}
        outcomes = {result.scenario_id: str(result.outcome) for result in record.scenarios}
        features = {result.scenario_id: result.feature_digest for result in record.scenarios}
        controls = {
            result.scenario_id: controls_fields(result.controls) for result in record.scenarios
        }
        expected = {
            "schema": fields.get("schema"),
            "record_id": record.record_id,
            "task": record.task_id,
            "dod_digest": record.dod_digest,
            "environment": fields["environment"],
            "outcomes": outcomes,
            "feature_digests": features,
            "controls": controls,
        }
        for key, value in expected.items():
            if stated.get(key) != value:
                raise GarbledError(f"its statement and its front matter differ in {key}")
        if schema_of_kind(record.kind) != self._schema:
            raise GarbledError(f"a record of kind {record.kind} cannot have schema {self._schema}")
        if record.record_id in self._ids:
            raise GarbledError(f"another file already holds the record {record.record_id}")
        self._ids.add(record.record_id)

    def _archived(self, opened: Opened, record_id: str) -> None:
        """Every further file that the statement speaks of is there, as it says."""
        for subject in opened.statement["subject"][1:]:
            inside, stated = _archived_subject(subject, record_id)
            content = read_plain_file(self._root / inside, _FILE_LIMIT)
            if hashlib.sha256(content).hexdigest() != stated:
                raise GarbledError(f"{inside} is not what its statement says (digest mismatch)")

    def _with_signatures(
        self, record: Record, name: str, digest: str, opened: Opened | None
    ) -> StoredRecord:
        signed = opened is not None and opened.signed
        stored = StoredRecord(record, self._root / name, f"sha256:{digest}", signed=signed)
        if opened is None or not signed or self._signers is None:
            return stored
        verified, by_runner = self._signers.verify_evidence(opened.envelope, record.ended)
        return replace(stored, signed_by=verified, by_runner=by_runner)


def _roadmap(opened: Opened) -> Mapping[str, Any]:
    predicate = opened.statement.get("predicate")
    part = predicate.get("roadmap") if isinstance(predicate, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def _states(statement: Mapping[str, Any], name: str, digest: str) -> bool:
    """Whether the first subject is this file with this content."""
    subjects = statement.get("subject")
    first = subjects[0] if isinstance(subjects, list) and subjects else None
    if not isinstance(first, Mapping):
        return False
    named, stated = first.get("name"), first.get("digest")
    same_name = isinstance(named, str) and named.rpartition("/")[2] == name
    return same_name and isinstance(stated, Mapping) and stated.get("sha256") == digest


def _archived_subject(subject: Any, record_id: str) -> tuple[str, str]:
    """The place below the folder, and the digest, of a file in the archive of a record."""
    try:
        name, stated = str(subject["name"]), str(subject["digest"]["sha256"])
    except (KeyError, TypeError) as error:
        raise GarbledError("its statement has a subject without name or digest") from error
    file = name.rpartition("/")[2]
    inside = f"{ARCHIVE}/{record_id}/{file}"
    if not name.endswith(f"/{inside}") or "/" in record_id or file in ("", ".", ".."):
        raise GarbledError(f"its statement speaks of {name[:80]!r}, which is not in its archive")
    return inside, stated


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise GarbledError("it is not UTF-8") from error


def _schema_line(head: str) -> str:
    if not head.startswith("---\nschema:"):
        return ""
    return head[len("---\nschema:") :].partition("\n")[0].strip().strip("\"'")
