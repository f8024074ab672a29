"""Where the records of one environment are written and read again (rules d)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_roadmap.adapters.evidence.files import (
    EvidenceError,
    publish_new,
    sync_folder,
    temporary_copy,
)
from pytest_roadmap.adapters.evidence.layout import front_matter, render
from pytest_roadmap.adapters.evidence.slots import ARCHIVE, VERIFICATION_FOLDER, file_name, slot_of
from pytest_roadmap.adapters.evidence.statement import evidence_statement, unsigned_envelope
from pytest_roadmap.domain.canonical import sha256_of
from pytest_roadmap.domain.event_line import call_figures, event_line
from pytest_roadmap.domain.evidence import Record
from pytest_roadmap.domain.recording import Event
from pytest_roadmap.domain.redaction import RULES_VERSION, Redactor
from pytest_roadmap.domain.task import Task
from pytest_roadmap.domain.validity import EMBEDDED_SCHEMA, schema_of_kind

if TYPE_CHECKING:
    from pytest_roadmap.adapters.evidence.keys import Signer
    from pytest_roadmap.adapters.evidence.reading import LoadedEvidence
    from pytest_roadmap.adapters.evidence.signers import SignerRegistry

_MAX_REPEATS = 10_000
#: Fields that name the record: redaction may not touch them.
_IDENTITY = ("schema", "record_id", "task", "dod_digest", "time")
#: A larger file would not be read again.
MAX_FILE_BYTES = 64 * 1024 * 1024


class EvidenceStore:
    """The evidence folder of one environment, written by one writer or by several at once.

    Args:
        root: the folder that holds the slot files (``.agents/logs/verification`` or the embedded
            run's own); no file is ever written outside it.
        schema: the only schema written and read; files of another one are ignored and counted.
        redactor: knows the secrets of this run.
        self_reference_slots: slot file name by task id, for tasks whose evidence path is their
            own source document (rules a.6).
        subject_folder: the folder as the statement names it.
        durable: wait for the disk, so that a record outlives a power cut; by default for
            evidence of real environments. A killed process never leaves half a record either way.
    """

    def __init__(
        self,
        root: Path,
        *,
        schema: str,
        redactor: Redactor | None = None,
        self_reference_slots: Mapping[str, str] | None = None,
        subject_folder: str = VERIFICATION_FOLDER,
        durable: bool | None = None,
    ) -> None:
        self.root = root
        self.schema = schema
        self._redactor = redactor or Redactor()
        self._slots = dict(self_reference_slots or {})
        self._durable = schema != EMBEDDED_SCHEMA if durable is None else durable
        self._subject_folder = subject_folder.rstrip("/")

    def slot(self, task: Task) -> str:
        """The file name without date under which the task's records are kept."""
        return slot_of(task, self._slots)

    def write(
        self,
        record: Record,
        events: Sequence[Event],
        task: Task,
        signer: Signer | None = None,
        archive: Mapping[str, bytes] | None = None,
    ) -> Path:
        """Write the record's archive, its file and, last, its statement; the path of the file.

        ``archive`` are Allure results by file name, kept below ``allure/<record_id>/``.

        The file appears whole or not at all, under a name nothing else has: ``…_r2`` and so on
        for repeats on one day.

        Raises:
            EvidenceError: the folder cannot be written, the slot is none, or the record does not
                belong here. LeakError: something secret is left after redaction. Nothing is
                written in either case.
        """
        self._refuse_foreign(record, task)
        slot = self.slot(task)
        fields, text = self._text(record, events, slot.rpartition(".")[2])
        content = text.encode("utf-8")
        if len(content) > MAX_FILE_BYTES:
            raise EvidenceError(f"{task.task_id}: {len(content)} bytes of evidence are too many")
        subjects = self._keep(record, archive or {})
        path = self._publish(record, slot, content, fields, signer, subjects)
        if self._durable:
            sync_folder(self.root)
        return path

    def load(self, signers: SignerRegistry | None = None) -> LoadedEvidence:
        """Every record of this schema, with what is wrong named per file; never raises."""
        from pytest_roadmap.adapters.evidence.reading import load_folder  # noqa: PLC0415 - if asked

        return load_folder(self.root, self.schema, signers)

    def _refuse_foreign(self, record: Record, task: Task) -> None:
        if record.task_id != task.task_id:
            raise EvidenceError(f"a record of {record.task_id} is no evidence for {task.task_id}")
        if schema_of_kind(record.kind) != self.schema:
            raise EvidenceError(
                f"a record of kind {record.kind} cannot be written as {self.schema}"
            )
        moments = (record.started, record.ended, *(r.started for r in record.scenarios))
        if any(moment.tzinfo is None for moment in moments):
            raise EvidenceError(f"{record.task_id}: a time of the record has no zone")

    def _text(
        self, record: Record, events: Sequence[Event], kind: str
    ) -> tuple[dict[str, Any], str]:
        honest = front_matter(record, self.schema, call_figures(events))
        redacted = self._redactor.redact(honest)
        fields: dict[str, Any] = dict(redacted.value)
        altered = [key for key in _IDENTITY if fields[key] != honest[key]]
        if altered:
            raise EvidenceError(
                f"{record.task_id}: a secret of this run stands in the record's {altered[0]}; "
                "the record would no longer be the same"
            )
        lines = [event_line(event, self._redactor) for event in events]
        fields["redactions"] = {
            "count": redacted.count + sum(line.count for line in lines),
            "omitted": sum(len(line.value.get("response_omitted", ())) for line in lines),
            "rules": RULES_VERSION,
        }
        objects = [line.value for line in lines]
        text = render(fields, objects, kind)
        self._redactor.assert_clean(text)
        return fields, text

    def _keep(self, record: Record, archive: Mapping[str, bytes]) -> dict[str, str]:
        """Write the archive; digest by subject name."""
        for content in archive.values():
            self._redactor.assert_clean(content.decode("utf-8", "replace"))
        kept: dict[str, str] = {}
        for name, content in archive.items():
            inside = f"{ARCHIVE}/{record.record_id}/{name}"
            target = self.root / inside
            with temporary_copy(target.parent, name, content, durable=self._durable) as whole:
                if not publish_new(whole, target):
                    raise EvidenceError(f"{record.task_id}: {inside} is there already")
            kept[f"{self._subject_folder}/{inside}"] = sha256_of(content).removeprefix("sha256:")
        return kept

    def _publish(
        self,
        record: Record,
        slot: str,
        content: bytes,
        fields: Mapping[str, Any],
        signer: Signer | None,
        archived: Mapping[str, str],
    ) -> Path:
        date = record.ended.astimezone(UTC).strftime("%Y%m%d")
        digest = sha256_of(content).removeprefix("sha256:")
        for repeat in range(1, _MAX_REPEATS):
            path = self.root / file_name(slot, date, repeat)
            beside = statement_path(path)
            if path.exists() or path.is_symlink() or beside.exists() or beside.is_symlink():
                continue
            subjects = {f"{self._subject_folder}/{path.name}": digest, **archived}
            statement = evidence_statement(record, fields, self.schema, subjects)
            self._redactor.assert_clean(json.dumps(statement, ensure_ascii=False))
            envelope = _enveloped(statement, signer)
            if self._publish_pair(path, content, beside, envelope):
                return path
        raise EvidenceError(f"{record.task_id}: no free name for slot {slot} on {date}")

    def _publish_pair(self, path: Path, content: bytes, beside: Path, statement: bytes) -> bool:
        with (
            temporary_copy(
                self.root, beside.name, statement, durable=self._durable
            ) as whole_statement,
            temporary_copy(self.root, path.name, content, durable=self._durable) as whole_file,
        ):
            if not publish_new(whole_file, path):
                return False
            stated = False
            try:
                whole_statement.replace(beside)
                stated = True
            finally:
                if not stated:  # a file must not stay behind without its statement
                    path.unlink(missing_ok=True)
        return True


def statement_path(path: Path) -> Path:
    """The statement beside an evidence file."""
    return path.with_name(path.name + ".dsse.json")


def _enveloped(statement: Mapping[str, Any], signer: Signer | None) -> bytes:
    if signer is None:
        envelope = unsigned_envelope(statement)
    else:
        from pytest_roadmap.adapters.evidence.envelope import (  # noqa: PLC0415 (0.2 s, signing only)
            signed_envelope,
        )

        envelope = signed_envelope(statement, [signer])
    return (json.dumps(envelope) + "\n").encode("ascii")
