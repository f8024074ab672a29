"""The evidence folder: what is written, under which name, and what comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_roadmap.adapters.evidence.files import EvidenceError
from pytest_roadmap.adapters.evidence.keys import generate_key, key_id, public_key_pem
from pytest_roadmap.adapters.evidence.signers import SignerRegistry, signer_entry
from pytest_roadmap.adapters.evidence.store import EvidenceStore, statement_path
from pytest_roadmap.domain.evidence import ProvenControls
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.redaction import LeakError, Redactor
from pytest_roadmap.domain.validity import EMBEDDED_SCHEMA, REAL_SCHEMA
from tests.unit.evidence.evidence_samples import (
    DIGEST,
    T0,
    call,
    claim,
    record,
    scenario,
    statement,
    task,
)

MARKDOWN_SLOT = ".agents/logs/verification/20260212_sec_handoff_inventory.md"


def front_matter(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8").split("---\n")[1])


def test_a_record_comes_back_exactly(store: EvidenceStore) -> None:
    """What was found about a task can be read again without loss."""
    store.write(record(), [call(), claim()], task())

    loaded = store.load()

    assert loaded.records == (record(),)
    assert (loaded.problems, loaded.ignored) == ((), 0)


def test_a_record_without_facts_comes_back_exactly(store: EvidenceStore) -> None:
    """Nothing is invented where nothing was found."""
    bare = record(facts={}, runner={}, scenarios=())
    store.write(bare, [], task())

    assert store.load().records == (bare,)


@pytest.mark.parametrize(
    "environment",
    [
        {"name": "other", "kind": "dev", "x": 1},
        {"name": "dev", "kind": "dev"},
        {"name": "dev", "kind": "dev", "state_id": "s"},
        {"tenant_id": "t"},
        {},
        None,
        "dev",
    ],
)
def test_facts_that_clash_with_fields_come_back_exactly(
    store: EvidenceStore, environment: object
) -> None:
    """A probed environment that has a name of its own does not replace the record's."""
    odd = record(facts={"environment": environment, "principal": None, "inputs": []})
    store.write(odd, [], task())

    assert store.load().records == (odd,)


def test_the_file_stands_in_the_slot_of_the_task(store: EvidenceStore) -> None:
    """The date is that of the run's end in UTC, the name that of the slot."""
    late = datetime(2026, 11, 25, 1, 0, tzinfo=timezone(timedelta(hours=9)))

    path = store.write(record(ended=late), [], task())

    assert path.name == "20261124_sec_uc_acl_external_location.log"


def test_repeats_of_a_day_are_numbered(store: EvidenceStore) -> None:
    """A second run on one day does not replace the first."""
    names = [store.write(record(f"01JD{n:022}"), [], task()).name for n in range(3)]

    assert [name.removeprefix("20261124_sec_uc_acl_external_location") for name in names] == [
        *(".log", "_r2.log", "_r3.log")
    ]
    assert len(store.load().records) == 3


def test_the_front_matter_is_yaml_in_the_agreed_order(store: EvidenceStore) -> None:
    """Any YAML reader sees the fields of the rules, first the schema."""
    path = store.write(record(), [call(), call(method="PATCH"), claim()], task())

    fields = front_matter(path)

    assert list(fields)[:7] == [
        *("schema", "record_id", "task", "dod_digest", "scenarios", "derived_before"),
        "environment",
    ]
    assert fields["calls"]["count"] == 2
    assert fields["calls"]["mutating"] == 1
    assert fields["environment"]["tenant_id"] == "ebedded0-0000-4000-8000-000000000001"
    assert fields["scenarios"][0]["started"] == "2026-11-24T03:04:05.120000Z"


def test_text_that_yaml_would_read_differently_is_escaped(store: EvidenceStore) -> None:
    """Line separators, controls and half characters reach a YAML reader as they were."""
    text = "a\u2028b\x85c\ufeffd\ud800e: #'\"\t\x00 한"
    path = store.write(record(facts={"note": text}), [], task())

    assert front_matter(path)["facts"] == {"note": text}
    assert store.load().records[0].facts == {"note": text}


def test_every_event_is_one_json_line(store: EvidenceStore) -> None:
    """A log holds one object per call and claim, in order, with the digest of the response."""
    path = store.write(record(), [call(), claim(expected=["a\nb"])], task())

    lines = path.read_text("utf-8").partition("\n---\n")[2].splitlines()
    events = [json.loads(line) for line in lines]

    assert [event["kind"] for event in events] == ["call", "assertion"]
    assert events[0]["response_digest"].startswith("sha256:")
    assert events[1]["expected"] == ["a\nb"]


def test_markdown_evidence_escapes_what_it_quotes(store: EvidenceStore) -> None:
    """Text of documents and services becomes neither markup nor a further cell."""
    hostile = "a|b\n<img src=x> [l](javascript:x) `c` \u202e ![i](http://x)"
    path = store.write(record(), [claim(observed=hostile)], task(evidence_path=MARKDOWN_SLOT))

    body = path.read_text("utf-8").partition("\n---\n")[2]
    row = next(line for line in body.splitlines() if "every privilege" in line)

    assert path.name == "20261124_sec_handoff_inventory.md"
    assert row.replace("\\|", "").count("|") == 7
    assert "<img" not in body
    assert "\\[l\\]" in body
    assert "\u202e" not in body


def test_markdown_evidence_loses_no_event(store: EvidenceStore) -> None:
    """Below the tables stands every line that a log would have; nothing in it ends the block."""
    events = [call(response={"schemas": [{"name": "```\n# x"}]}), claim(observed="<b>\u202e")]
    path = store.write(record(), events, task(evidence_path=MARKDOWN_SLOT))
    log = store.write(record("01JD0000000000000000000001"), events, task())

    _, _, block = path.read_text("utf-8").partition("\n## Events\n\n```json\n")
    lines = block.splitlines()

    assert (lines[-1], len(lines)) == ("```", 3)
    written = log.read_text("utf-8").partition("\n---\n")[2].splitlines()
    assert [json.loads(line) for line in lines[:-1]] == [json.loads(line) for line in written]


def test_what_was_proven_of_a_scenario_is_written_and_stated(store: EvidenceStore) -> None:
    """Count and commit, in the file and in the statement beside it."""
    proven = ProvenControls(9, "c" * 40)
    scenarios = (scenario(1, controls=proven), scenario(2))
    path = store.write(record(scenarios=scenarios), [], task())

    assert [each.controls for each in store.load().records[0].scenarios] == [
        proven,
        ProvenControls(),
    ]
    stated = statement(statement_path(path))["predicate"]["roadmap"]["controls"]
    assert stated["SEC-003.S1"] == {"count": 9, "proven_at": "c" * 40}


def test_the_statement_names_the_configuration_of_the_run(store: EvidenceStore) -> None:
    """Each file by its name and digest, as in-toto has it."""
    runner = {"configuration": {"policy.yaml": DIGEST, "environments/dev.yaml": DIGEST}}
    path = store.write(record(runner=runner), [], task())

    stated = statement(statement_path(path))["predicate"]["configuration"]
    assert [each["name"] for each in stated] == ["environments/dev.yaml", "policy.yaml"]
    assert stated[0]["digest"] == {"sha256": DIGEST.removeprefix("sha256:")}


def test_the_statement_binds_file_definition_features_and_environment(store: EvidenceStore) -> None:
    """The envelope beside the file says which bytes, which texts and which environment."""
    path = store.write(record(), [call()], task())

    stated = statement(statement_path(path))

    assert stated["subject"][0]["name"] == f".agents/logs/verification/{path.name}"
    roadmap = stated["predicate"]["roadmap"]
    assert roadmap["dod_digest"] == DIGEST
    assert roadmap["feature_digests"] == {"SEC-003.S1": DIGEST, "SEC-003.S2": DIGEST}
    assert roadmap["environment"]["kind"] == "dev"
    assert stated["predicate"]["warnedTests"] == ["SEC-003.S2"]


@pytest.mark.parametrize(
    ("outcomes", "result"),
    [
        ((Outcome.PASS, Outcome.PASS), "PASSED"),
        ((Outcome.PASS, Outcome.BLOCKED), "WARNED"),
        ((Outcome.FAIL, Outcome.BLOCKED), "FAILED"),
        ((), "WARNED"),
    ],
)
def test_the_result_of_the_statement_follows_the_outcomes(
    store: EvidenceStore, outcomes: tuple[Outcome, ...], result: str
) -> None:
    """FAILED for any fail, PASSED only when all required scenarios pass."""
    scenarios = tuple(scenario(n, outcome) for n, outcome in enumerate(outcomes, 1))
    path = store.write(record(scenarios=scenarios), [], task())

    assert statement(statement_path(path))["predicate"]["result"] == result


def test_a_signed_record_names_its_signer(store: EvidenceStore) -> None:
    """With a key configured the envelope is signed, and the reader verifies it."""
    key = generate_key()
    entry = signer_entry("ci@corp", ["runner"], public_key_pem(key), T0 - timedelta(days=1))
    store.write(record(), [], task(), key)

    stored = store.load(SignerRegistry.of(Path("signers.yaml"), [entry])).stored[0]

    assert (stored.signed_by, stored.by_runner) == ((key_id(key),), True)


def test_a_signature_by_a_stranger_is_tampering(store: EvidenceStore) -> None:
    """Every signature that is present must verify against the registry."""
    store.write(record(), [], task(), generate_key())

    loaded = store.load(SignerRegistry({}, {}))

    assert loaded.records == ()
    assert "not registered" in loaded.problems[0].reason


def test_no_secret_reaches_any_file(tmp_path: Path) -> None:
    """Planted everywhere a step or a probe can put them, tokens are in none of the files."""
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."
    known = "r4nd0m-token-of-this-run"
    store = EvidenceStore(tmp_path, schema=REAL_SCHEMA, redactor=Redactor([known]))
    facts = {"principal": {"display": known}, "resources": [{"id": f"x?sig={token}"}], known: 1}
    bad = record(facts=facts, scenarios=(scenario(detail=f"refused {token} ops.kim@corp.example"),))
    events = [
        call(request={"Authorization": f"Bearer {known}"}, response={"value": token}),
        claim(observed=[known, {"url": f"https://u:{known}@h/"}]),
    ]

    store.write(bad, events, task())
    store.write(replace(bad, record_id="01JD2"), events, task(evidence_path=MARKDOWN_SLOT))

    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    statements = json.dumps([statement(path) for path in tmp_path.glob("*.dsse.json")])
    for secret in (token, known, "ops.kim"):
        assert secret.encode() not in written
        assert secret not in statements
    assert store.load().records[0].facts["principal"] == {"display": "[redacted:known secret]"}
    assert front_matter(next(tmp_path.glob("*.log")))["redactions"]["count"] >= 7


def test_a_leak_after_redaction_writes_nothing(tmp_path: Path) -> None:
    """When the deny scan finds something, there is no record rather than a leaking one."""

    class Blind(Redactor):
        def leaks(self, text: str) -> tuple[str, ...]:
            return ("token",) if "observed" in text else ()

    store = EvidenceStore(tmp_path, schema=REAL_SCHEMA, redactor=Blind())

    with pytest.raises(LeakError):
        store.write(record(), [claim()], task())
    assert list(tmp_path.iterdir()) == []


def test_a_secret_in_the_identity_of_a_record_is_an_error(tmp_path: Path) -> None:
    """A record is never silently renamed by redaction."""
    store = EvidenceStore(tmp_path, schema=REAL_SCHEMA, redactor=Redactor(["SEC-003"]))

    with pytest.raises(EvidenceError, match="task"):
        store.write(record(), [], task())


def test_response_fields_outside_the_allow_list_are_left_out(store: EvidenceStore) -> None:
    """What nobody asserts is not kept, and the event names what was left out."""
    event = call(response={"privilege_assignments": [], "internal_blob": "x"})
    path = store.write(record(), [event], task())

    line = json.loads(path.read_text("utf-8").partition("\n---\n")[2])

    assert line["response"] == {"privilege_assignments": []}
    assert line["response_omitted"] == ["internal_blob"]


@pytest.mark.parametrize(("kind", "schema"), [("embedded", REAL_SCHEMA), ("prod", EMBEDDED_SCHEMA)])
def test_a_record_of_the_other_sort_is_refused(tmp_path: Path, kind: str, schema: str) -> None:
    """An embedded record is never written as evidence of a real environment, nor the reverse."""
    with pytest.raises(EvidenceError, match="cannot be written"):
        EvidenceStore(tmp_path, schema=schema).write(record(kind=kind), [], task())


def test_a_record_of_another_task_is_refused(store: EvidenceStore) -> None:
    """A slot takes only records of its own task."""
    with pytest.raises(EvidenceError, match="no evidence for"):
        store.write(record(task_id="SEC-001"), [], task())


def test_a_time_without_zone_is_refused(store: EvidenceStore) -> None:
    """Evidence states times in UTC."""
    with pytest.raises(EvidenceError, match="zone"):
        store.write(record(ended=T0.replace(tzinfo=None)), [], task())
