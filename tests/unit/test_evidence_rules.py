"""Digests, event lines and the failures that a record shows by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from pytest_roadmap.domain.canonical import canonical_digest, canonical_json
from pytest_roadmap.domain.event_line import call_figures, event_line
from pytest_roadmap.domain.redaction import Redactor
from pytest_roadmap.domain.response_fields import MAX_ROWS
from pytest_roadmap.domain.validity import (
    EMBEDDED_SCHEMA,
    REAL_SCHEMA,
    Failure,
    dod_changes,
    failures_of,
    schema_of_kind,
)
from tests.unit.evidence.evidence_samples import DIGEST, T0, call, record

FEATURES = {"SEC-003.S1": DIGEST, "SEC-003.S2": DIGEST}


def test_a_digest_depends_on_the_value_alone() -> None:
    """Neither key order nor Unicode form nor the type of sequence matters."""
    composed, decomposed = {"이름": "é", "n": [1]}, {"n": (1,), "이름": "e\u0301"}

    assert canonical_digest(composed) == canonical_digest(decomposed)
    assert canonical_digest(composed) != canonical_digest({**composed, "n": ["1"]})


def test_dates_count_as_their_text() -> None:
    """YAML reads dates; JSON subjects spell them."""
    assert canonical_json({"d": date(2026, 1, 2)}) == '{"d":"2026-01-02"}'
    assert canonical_json(T0) == '"2026-11-24T03:04:05.120000Z"'


@pytest.mark.parametrize("value", [{1: "a"}, float("nan"), object()])
def test_what_json_cannot_say_has_no_digest(value: object) -> None:
    """Two values never share a digest because one was bent into shape."""
    with pytest.raises((TypeError, ValueError)):
        canonical_digest(value)


def test_a_response_is_cut_to_its_first_rows() -> None:
    """A result is kept up to a limit, its count beside it."""
    rows = [[str(number)] for number in range(100)]
    event = call(call="C-SQL", response={"rows": rows, "row_count": 100})

    line = event_line(event, Redactor()).value

    assert line["response"] == {"rows": rows[:MAX_ROWS], "row_count": 100}


def test_a_bottomless_response_is_cut() -> None:
    """A hostile answer costs neither the record nor the run."""
    deep: list[object] = []
    for _ in range(3000):
        deep = [deep]

    line = event_line(call(response={"value": deep}), Redactor()).value

    assert line["response_omitted"] == ["(nested too deep)"]


def test_a_call_without_response_has_no_digest() -> None:
    """Nothing answered, nothing digested."""
    event = call()
    bare = replace(event, body={"call": "C-GE", "method": "GET"})

    assert "response_digest" not in event_line(bare, Redactor()).value


def test_a_digest_is_taken_after_redaction() -> None:
    """The digest in evidence is of what evidence holds, and betrays nothing."""
    line = event_line(call(response={"name": "ops.kim@corp.example"}), Redactor()).value

    assert line["response"] == {"name": "o***@corp.example"}
    assert line["response_digest"] == canonical_digest(line["response"])


def test_an_event_keeps_its_own_scenario_and_step() -> None:
    """A body cannot pass itself off as another step's."""
    line = event_line(call(step="Then all is well", scenario="SEC-001.S1"), Redactor()).value

    assert (line["scenario"], line["step"]) == ("SEC-003.S1", "When it is read")


@pytest.mark.parametrize(
    ("body", "mutating"),
    [
        ({"method": "GET"}, 0),
        ({"method": "DELETE"}, 1),
        ({"method": "POST", "call": "C-VAL"}, 0),
        ({"method": "POST", "call": "C-SQL", "request": {"statement": " select 1"}}, 0),
        ({"method": "POST", "call": "C-SQL", "request": {"statement": "DELETE FROM t"}}, 1),
        ({"method": "POST", "call": "C-SQL", "request": {"statement": ""}}, 1),
        ({"method": "POST", "mutating": False}, 0),
    ],
)
def test_changing_calls_are_counted(body: dict[str, object], mutating: int) -> None:
    """The front matter says how many calls could have changed something."""
    assert call_figures([call(**body)]).mutating == mutating


def test_a_good_record_breaks_no_rule() -> None:
    """Nothing speaks against a record of the current texts with times in order."""
    assert judged() == ()


def judged(**changes: Any) -> tuple[Failure, ...]:
    made = record(**changes)
    found = failures_of(
        made, schema=REAL_SCHEMA, dod_digest=DIGEST, feature_digests=FEATURES, now=made.ended
    )
    return tuple(item.failure for item in found)


@pytest.mark.parametrize("changes", [{"kind": "embedded"}, {"state_id": "s1"}])
def test_an_embedded_record_never_counts(changes: dict[str, object]) -> None:
    """Whatever says that it came from an embedded server is no evidence of a task."""
    assert judged(**changes) == (Failure.EMBEDDED_ONLY,)


def test_an_embedded_run_counts_for_itself() -> None:
    """Judged as evidence of its own environment an embedded record is a record."""
    found = failures_of(
        record(kind="embedded", state_id="s1"),
        schema=EMBEDDED_SCHEMA,
        dod_digest=DIGEST,
        feature_digests=FEATURES,
        now=T0 + timedelta(days=1),
    )

    assert found == ()


def test_another_definition_of_done_is_named() -> None:
    """A record made for an older text proves that text only."""
    (failure,) = dod_changes(record(), "sha256:0", FEATURES)

    assert failure.failure is Failure.DOD_CHANGED
    assert "definition of done" in failure.reason


def test_another_feature_text_is_named_by_scenario() -> None:
    """Only the scenario whose feature changed is named."""
    (failure,) = dod_changes(record(), DIGEST, FEATURES | {"SEC-003.S2": "sha256:0"})

    assert failure.reason.startswith("SEC-003.S2")


def test_times_must_be_in_order() -> None:
    """A record from the future, or one that ended before it started, does not count."""
    made = replace(record(), started=T0 + timedelta(days=2))

    found = failures_of(
        made, schema=REAL_SCHEMA, dod_digest=DIGEST, feature_digests=FEATURES, now=made.ended
    )

    assert [item.failure for item in found] == [Failure.CLOCK]


@pytest.mark.parametrize(
    "times", [{"ended": T0 + timedelta(days=9000)}, {"started": T0 + timedelta(days=1)}]
)
def test_a_scenario_cannot_end_after_its_record(times: dict[str, Any]) -> None:
    """Else it would stay fresh for ever, and outlive every later failure."""
    first, *others = record().scenarios
    made = replace(record(), scenarios=(replace(first, **times), *others))
    now = made.ended + timedelta(days=1)

    (failure,) = failures_of(
        made, schema=REAL_SCHEMA, dod_digest=DIGEST, feature_digests=FEATURES, now=now
    )

    assert failure.failure is Failure.CLOCK
    assert failure.reason.startswith(first.scenario_id)


def test_each_kind_has_one_schema() -> None:
    """Embedded and real records never share a schema."""
    assert {schema_of_kind(kind) for kind in ("dev", "rehearsal", "prod")} == {REAL_SCHEMA}
    assert schema_of_kind("embedded") == EMBEDDED_SCHEMA
