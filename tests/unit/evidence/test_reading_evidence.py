"""Reading the evidence folder: nothing altered, foreign or half-written counts, nothing crashes."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_roadmap.adapters.evidence.files import EvidenceError
from pytest_roadmap.adapters.evidence.keys import generate_key, public_key_pem
from pytest_roadmap.adapters.evidence.signers import SignerRegistry, signer_entry
from pytest_roadmap.adapters.evidence.store import EvidenceStore, statement_path
from pytest_roadmap.domain.redaction import LeakError, Redactor
from pytest_roadmap.domain.validity import EMBEDDED_SCHEMA, REAL_SCHEMA, Failure
from tests.unit.evidence.evidence_samples import T0, call, claim, record, statement, task


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(tmp_path, schema=REAL_SCHEMA)


@pytest.fixture
def written(store: EvidenceStore) -> Path:
    return store.write(record(), [call(), claim()], task())


def flipped(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"outcome": "blocked"', b'"outcome": "pass"'))


def restated(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """Forge the (unsigned) statement so that one of its claims differs."""

    def forge(path: Path) -> None:
        beside = statement_path(path)
        stated = statement(beside)
        change(stated["predicate"]["roadmap"])
        envelope = json.loads(beside.read_bytes())
        envelope["payload"] = base64.b64encode(json.dumps(stated).encode()).decode()
        beside.write_text(json.dumps(envelope))

    return forge


ALTERATIONS: dict[str, Callable[[Path], object]] = {
    "an outcome edited": flipped,
    "one byte appended": lambda path: path.write_bytes(path.read_bytes() + b"\n"),
    "emptied": lambda path: path.write_bytes(b""),
    "removed": lambda path: path.unlink(),
    "statement removed": lambda path: statement_path(path).unlink(),
    "statement emptied": lambda path: statement_path(path).write_bytes(b""),
    "statement cut": lambda path: statement_path(path).write_bytes(b'{"payload": "e30'),
    "statement of another type": lambda path: statement_path(path).write_text(
        '{"payload": "e30=", "payloadType": "text/plain", "signatures": []}'
    ),
    "statement nested": lambda path: statement_path(path).write_bytes(b"[" * 100_000),
    "statement not bytes of text": lambda path: statement_path(path).write_bytes(b"\xff\xfe\x00"),
    "signatures no list": lambda path: statement_path(path).write_text(
        statement_path(path).read_text().replace('"signatures": []', '"signatures": {"a": 1}')
    ),
    "claims another record": restated(lambda claims: claims.update(record_id="01JX")),
    "claims another outcome": restated(
        lambda claims: claims.update(outcomes={"SEC-003.S1": "pass", "SEC-003.S2": "pass"})
    ),
    "claims another definition": restated(lambda claims: claims.update(dod_digest="sha256:0")),
    "claims other controls": restated(
        lambda claims: claims["controls"]["SEC-003.S1"].update(count=9)
    ),
    "claims another environment": restated(lambda claims: claims.update(environment={})),
}


@pytest.mark.parametrize("alter", ALTERATIONS.values(), ids=ALTERATIONS)
def test_an_altered_record_is_named_and_does_not_count(
    store: EvidenceStore, written: Path, alter: Callable[[Path], object]
) -> None:
    """Each alteration ends in TAMPERED with the file's name and slot, and in no record."""
    alter(written)

    loaded = store.load()

    assert loaded.records == ()
    (problem,) = loaded.problems
    assert problem.failure is Failure.TAMPERED
    assert problem.slot == "sec_uc_acl_external_location.log"
    assert written.name in problem.reason


def rewritten(change: Callable[[str], str | bytes]) -> Callable[[Path], object]:
    """Rewrite the file and make its (unsigned) statement fit the new bytes."""

    def forge(path: Path) -> None:
        changed = change(path.read_text("utf-8"))
        content = changed if isinstance(changed, bytes) else changed.encode()
        path.write_bytes(content)
        beside = statement_path(path)
        stated = statement(beside)
        stated["subject"][0]["digest"]["sha256"] = hashlib.sha256(content).hexdigest()
        envelope = json.loads(beside.read_bytes())
        envelope["payload"] = base64.b64encode(json.dumps(stated).encode()).decode()
        beside.write_text(json.dumps(envelope))

    return forge


REWRITES: dict[str, Callable[[Path], object]] = {
    "no front matter": rewritten(lambda text: text[4:]),
    "front matter without end": rewritten(lambda text: text.replace("\n---\n", "\n")),
    "no UTF-8": rewritten(lambda text: text.encode() + b"\xff"),
    "a line that is no field": rewritten(lambda text: text.replace("runner:", "not a field:")),
    "a field twice": rewritten(lambda text: text.replace("runner:", "task:")),
    "a field gone": rewritten(lambda text: text.replace("runner:", "runnr:")),
    "a list item first": rewritten(lambda text: text.replace("---\n", "---\n  - {}\n", 1)),
    "a value that is no JSON": rewritten(lambda text: text.replace("runner: {", "runner: {x")),
    "a time without zone": rewritten(lambda text: text.replace('0Z", "ended"', '0", "ended"')),
    "a number for a text": rewritten(lambda text: text.replace('task: "SEC-003"', "task: 3")),
    "a text for a number": rewritten(lambda text: text.replace('"sub": [1]', '"sub": ["1"]')),
    "a text for a truth": rewritten(
        lambda text: text.replace('"required": true', '"required": "yes"')
    ),
    "an unknown outcome": rewritten(lambda text: text.replace('"pass"', '"passed"')),
    "an embedded kind": rewritten(lambda text: text.replace('"kind": "dev"', '"kind": "embedded"')),
    "a key twice in one object": rewritten(
        lambda text: text.replace('"outcome": "pass"', '"outcome": "fail", "outcome": "pass"')
    ),
    "an outcome edited": rewritten(lambda text: text.replace('"blocked"', '"pass"')),
}


@pytest.mark.parametrize("forge", REWRITES.values(), ids=REWRITES)
def test_a_rewritten_file_with_a_fitting_digest_does_not_count(
    store: EvidenceStore, written: Path, forge: Callable[[Path], object]
) -> None:
    """Who also edits the digest still has to make file and statement agree in every field."""
    forge(written)

    loaded = store.load()

    assert loaded.records == ()
    assert [problem.failure for problem in loaded.problems] == [Failure.TAMPERED]


def test_an_embedded_record_in_real_clothes_does_not_count(
    store: EvidenceStore, written: Path
) -> None:
    """Schema and kind belong together, even when file and statement agree."""
    rewritten(lambda text: text.replace('"kind": "dev"', '"kind": "embedded"'))(written)
    restated(lambda claims: claims["environment"].update(kind="embedded"))(written)

    assert "cannot have schema" in store.load().problems[0].reason


def test_a_record_in_two_files_counts_once(store: EvidenceStore, written: Path) -> None:
    """Two files with one record id are one record and one problem."""
    store.write(record(), [], task())

    loaded = store.load()

    assert len(loaded.records) == 1
    assert "already holds the record" in loaded.problems[0].reason


def test_a_folder_that_cannot_be_listed_is_a_problem(tmp_path: Path) -> None:
    """What cannot be read is not taken for nothing."""
    place = tmp_path / "file"
    place.write_text("")

    (problem,) = EvidenceStore(place, schema=REAL_SCHEMA).load().problems

    assert "cannot be listed" in problem.reason


def test_an_altered_record_does_not_hide_its_neighbours(
    store: EvidenceStore, written: Path
) -> None:
    """Files are judged one by one."""
    store.write(record("01JD0000000000000000000001"), [], task())
    flipped(written)

    loaded = store.load()

    assert [item.record_id for item in loaded.records] == ["01JD0000000000000000000001"]
    assert len(loaded.problems) == 1


def test_a_copy_under_another_name_does_not_count_twice(
    store: EvidenceStore, written: Path
) -> None:
    """A statement names its file, so a record cannot be moved to another slot or day."""
    copy = written.with_name("20261125_sec_handoff_inventory.log")
    copy.write_bytes(written.read_bytes())
    statement_path(copy).write_bytes(statement_path(written).read_bytes())

    loaded = store.load()

    assert len(loaded.records) == 1
    assert copy.name in loaded.problems[0].reason


def test_records_of_another_schema_are_ignored_and_counted(tmp_path: Path) -> None:
    """Embedded evidence that lies in the real folder is not read as evidence."""
    EvidenceStore(tmp_path, schema=EMBEDDED_SCHEMA).write(
        record(kind="embedded", environment="embedded", state_id="s1"), [], task()
    )

    loaded = EvidenceStore(tmp_path, schema=REAL_SCHEMA).load()

    assert (loaded.records, loaded.problems, loaded.ignored) == ((), (), 1)


def test_foreign_files_are_ignored_and_counted(store: EvidenceStore) -> None:
    """Logs and notes that people put there are none of ours."""
    (store.root / "20260101_old_run.log").write_bytes(b"\x00\xff anything")
    (store.root / "README.md").write_text("# notes")
    (store.root / "notes.txt").write_text("x")
    (store.root / "folder.log").mkdir()

    loaded = store.load()

    assert (loaded.records, loaded.problems, loaded.ignored) == ((), (), 3)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_link_or_pipe_in_a_slot_is_refused(store: EvidenceStore, tmp_path: Path) -> None:
    """Only plain files are read, so that reading cannot be led away or made to wait."""
    target = tmp_path / "target.txt"
    target.write_text("---\n")
    (store.root / "20260101_a.log").symlink_to(target)
    os.mkfifo(store.root / "20260101_b.log")

    reasons = [problem.reason for problem in store.load().problems]

    assert ["symbolic link" in reasons[0], "regular file" in reasons[1]] == [True, True]


def test_an_absent_folder_holds_nothing(tmp_path: Path) -> None:
    """Before the first run there is no evidence, and that is no error."""
    assert EvidenceStore(tmp_path / "none", schema=REAL_SCHEMA).load().records == ()


_WRITER = """
import os, sys, time
from pathlib import Path
from pytest_roadmap.adapters.evidence import files, store
from pytest_roadmap.domain.validity import REAL_SCHEMA
from tests.unit.evidence.evidence_samples import record, task
root, stage = Path(sys.argv[1]), sys.argv[2]
def stop(*_):
    print("ready", flush=True)
    time.sleep(60)
if stage == "before the file":
    store.publish_new = stop
else:
    Path.replace = stop
made = record("01JD0000000000000000000009")
store.EvidenceStore(root, schema=REAL_SCHEMA).write(made, [], task())
"""


@pytest.mark.parametrize(
    ("stage", "failures"),
    [("before the file", []), ("before the statement", [Failure.INTERRUPTED])],
)
def test_a_killed_writer_leaves_old_records_whole(
    store: EvidenceStore, written: Path, stage: str, failures: list[Failure]
) -> None:
    """Killed between temporary file and rename, a writer leaves the old record and no half one."""
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(store.root), stage], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        writer.send_signal(signal.SIGKILL)

    loaded = store.load()
    store.write(record("01JD000000000000000000000A"), [], task())

    assert loaded.records == (record(),)
    assert [problem.failure for problem in loaded.problems] == failures
    assert len(store.load().records) == 2


def test_two_hundred_signed_records_load_in_a_fifth_of_a_second(tmp_path: Path) -> None:
    """Reading stays quick when evidence grows: a thousand in a second (doubled here for noise)."""
    store = EvidenceStore(tmp_path, schema=REAL_SCHEMA, durable=False)
    key = generate_key()
    entry = signer_entry("ci@corp", ["runner"], public_key_pem(key), T0.replace(year=1999))
    for number in range(200):
        day = record(f"01JD{number:022}", ended=T0.replace(year=2000 + number // 10))
        store.write(day, [call(), claim()], task(), key)
    registry = SignerRegistry.of(Path("signers.yaml"), [entry])

    before = time.process_time()
    loaded = store.load(registry)

    assert time.process_time() - before < 0.4
    assert all(item.by_runner for item in loaded.stored)
    assert (len(loaded.records), loaded.problems) == (200, ())


def archived(store: EvidenceStore) -> Path:
    """A record with one file in its archive; the record's path."""
    return store.write(record(), [call()], task(), None, {"a-result.json": b"{}"})


def test_the_archive_of_a_record_lies_beside_it_under_its_id(store: EvidenceStore) -> None:
    """The statement speaks of it, and the record counts."""
    path = archived(store)

    kept = store.root / "allure" / record().record_id / "a-result.json"
    assert kept.read_bytes() == b"{}"
    names = [each["name"] for each in statement(statement_path(path))["subject"]]
    assert names == [
        f".agents/logs/verification/{path.name}",
        f".agents/logs/verification/allure/{record().record_id}/a-result.json",
    ]
    assert (len(store.load().records), store.load().problems) == (1, ())


def linked(kept: Path) -> None:
    """A symbolic link to the same content."""
    kept.rename(kept.with_name("b"))
    kept.symlink_to("b")


ARCHIVES: dict[str, Callable[[Path], object]] = {
    "changed": lambda kept: kept.write_bytes(b"[]"),
    "gone": lambda kept: kept.unlink(),
    "a link": linked,
}


@pytest.mark.parametrize("alter", ARCHIVES.values(), ids=ARCHIVES)
def test_an_altered_archive_taints_its_record(
    store: EvidenceStore, alter: Callable[[Path], object]
) -> None:
    """What a reviewer is shown is what was stated."""
    archived(store)
    alter(store.root / "allure" / record().record_id / "a-result.json")

    loaded = store.load()

    assert loaded.records == ()
    assert [each.failure for each in loaded.problems] == [Failure.TAMPERED]


@pytest.mark.parametrize(
    "subject",
    [
        {"name": "x"},
        "x",
        {"name": "/etc/passwd", "digest": {"sha256": "0"}},
        {"name": "a/allure/01JD0000000000000000000000/..", "digest": {"sha256": "0"}},
    ],
)
def test_a_statement_speaks_of_its_own_archive_only(store: EvidenceStore, subject: object) -> None:
    """Nothing outside of it is even opened."""
    path = store.write(record(), [call()], task())
    stated = statement(statement_path(path))
    stated["subject"].append(subject)
    payload = base64.b64encode(json.dumps(stated).encode()).decode()
    envelope = json.loads(statement_path(path).read_bytes()) | {"payload": payload}
    statement_path(path).write_text(json.dumps(envelope), "utf-8")

    (problem,) = store.load().problems

    assert (problem.failure, "its statement" in problem.reason) == (Failure.TAMPERED, True)


def test_an_archive_that_is_there_already_is_never_replaced(store: EvidenceStore) -> None:
    """Nor is a record written that would speak of it."""
    archived(store)
    with pytest.raises(EvidenceError, match="is there already"):
        archived(store)
    assert len(store.load().records) == 1


def test_a_secret_in_an_archive_stops_the_record(tmp_path: Path) -> None:
    """Nothing is written."""
    store = EvidenceStore(tmp_path / "v", schema=REAL_SCHEMA, redactor=Redactor(["s3cret-value"]))
    with pytest.raises(LeakError):
        store.write(record(), [], task(), None, {"a-result.json": b'"s3cret-value"'})
    assert not (tmp_path / "v").exists()
