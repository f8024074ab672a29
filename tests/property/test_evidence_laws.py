"""Laws of evidence: records survive the file, and no bytes make the reader raise."""

from __future__ import annotations

import base64
import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_roadmap.adapters.evidence.attest import RepositoryAttestations
from pytest_roadmap.adapters.evidence.layout import cell
from pytest_roadmap.adapters.evidence.signers import SignerRegistry
from pytest_roadmap.adapters.evidence.store import EvidenceStore, statement_path
from pytest_roadmap.domain.evidence import Record, ScenarioResult
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.redaction import redact
from pytest_roadmap.domain.validity import REAL_SCHEMA
from tests.unit.evidence.evidence_samples import call, claim, record, task

TEXT = st.text(max_size=20).filter(lambda text: redact(text).count == 0)
NAMES = st.text(max_size=12).filter(lambda text: redact({text: "x"}).count == 0)
MOMENTS = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 (hypothesis wants it so)
    max_value=datetime(2999, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
FACTS = st.dictionaries(
    st.sampled_from(
        [*("environment", "principal", "inputs", "allure", "derived_before", "other", "note")]
    ),
    PLAIN,
)
SCENARIOS = st.builds(
    ScenarioResult,
    scenario_id=TEXT.map("SEC-003.{}".format),
    title=TEXT,
    sub_tasks=st.lists(st.integers(0, 9), max_size=3).map(tuple),
    modes=st.lists(TEXT, max_size=2).map(tuple),
    required=st.booleans(),
    outcome=st.sampled_from(Outcome),
    reason=TEXT,
    detail=TEXT,
    owner=TEXT,
    failed_step=TEXT,
    started=MOMENTS,
    ended=MOMENTS,
    feature_digest=TEXT,
    attested=st.booleans(),
)
RECORDS = st.builds(
    Record,
    record_id=TEXT,
    task_id=st.just("SEC-003"),
    dod_digest=TEXT,
    environment=TEXT,
    kind=st.sampled_from(["dev", "rehearsal", "prod"]),
    state_id=st.none() | TEXT,
    started=MOMENTS,
    ended=MOMENTS,
    scenarios=st.lists(SCENARIOS, max_size=3, unique_by=lambda s: s.scenario_id).map(tuple),
    runner=st.dictionaries(NAMES, PLAIN, max_size=3),
    facts=FACTS,
)
MARKDOWN = task(evidence_path=".agents/logs/verification/20260212_sec_x.md")


@given(RECORDS, st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_record_survives_its_file(made: Record, in_markdown: bool) -> None:
    """Written as log or Markdown, a record is read again exactly, by us and as YAML."""
    with tempfile.TemporaryDirectory() as folder:
        store = EvidenceStore(Path(folder), schema=REAL_SCHEMA, durable=False)
        path = store.write(made, [call(), claim()], MARKDOWN if in_markdown else task())
        loaded = store.load()
        front = yaml.safe_load(path.read_text("utf-8").split("\n---\n")[0][4:])

    assert (loaded.records, loaded.problems) == ((made,), ())
    assert front["record_id"] == made.record_id
    assert [item["title"] for item in front["scenarios"]] == [s.title for s in made.scenarios]


@given(st.binary(max_size=300), st.binary(max_size=300), st.integers(0, 5000))
@settings(max_examples=150, deadline=None)
def test_no_bytes_make_the_reader_raise(file: bytes, beside: bytes, cut: int) -> None:
    """Garbage, and good files cut or spliced with garbage, end in problems and never in a crash."""
    with tempfile.TemporaryDirectory() as folder:
        store = EvidenceStore(Path(folder), schema=REAL_SCHEMA, durable=False)
        good = store.write(record(), [call()], task())
        whole, stated = good.read_bytes(), statement_path(good).read_bytes()
        (good.parent / "20260101_a.log").write_bytes(file)
        (good.parent / "20260101_a.log.dsse.json").write_bytes(beside)
        good.write_bytes(whole[:cut] + file + whole[cut:])
        statement_path(good).write_bytes(stated[:cut] + beside + stated[cut:])
        loaded = store.load()

    expected = 1 if (file, beside) == (b"", b"") else 0
    assert len(loaded.records) <= 1
    assert len(loaded.records) >= expected


STATEMENTS = st.fixed_dictionaries(
    {"_type": st.just("https://in-toto.io/Statement/v1")},
    optional={
        "subject": PLAIN | st.just([{"name": "x", "digest": {"sha256": "0" * 64}}]),
        "predicateType": PLAIN | st.just("urn:pytest-roadmap:attestation:v1"),
        "predicate": PLAIN,
    },
)


@given(STATEMENTS, PLAIN)
@settings(max_examples=150, deadline=None)
def test_no_statement_makes_the_attestations_raise(stated: Any, signatures: Any) -> None:
    """Whatever stands in an envelope, it is read, or named with the reason why not."""
    payload = base64.b64encode(json.dumps(stated).encode()).decode()
    envelope = {
        "payload": payload,
        "payloadType": "application/vnd.in-toto+json",
        "signatures": signatures,
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "x.dsse.json").write_text(json.dumps(envelope))
        port = RepositoryAttestations(
            *(Path(folder), SignerRegistry({}, {}), lambda: datetime.now(UTC) - timedelta(0)),
            environment="dev",
        )
        verdict = port.verify("handover", ["Ops"], subject_digest="sha256:" + "0" * 64)

    assert (verdict.valid, verdict.persons) == ((), ())
    assert verdict.missing or verdict.problems


@given(st.text())
def test_a_cell_is_one_cell(text: str) -> None:
    """No text breaks out of its table cell or turns into HTML."""
    shown = cell(text)

    assert "|" not in shown.replace("\\|", "")
    assert "<" not in shown.replace("<br>", "")
    assert len(shown.splitlines()) <= 1
