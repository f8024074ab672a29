"""The in-toto Statement of a record, and the envelope it travels in (rules d.1)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_roadmap.adapters.evidence.layout import GarbledError, once_each
from pytest_roadmap.domain.evidence import Record
from pytest_roadmap.domain.outcome import Outcome

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope's payload bytes and statement, and its raw dictionary for verification."""

    payload: bytes
    statement: Mapping[str, Any]
    envelope: dict[str, Any]

    @property
    def signed(self) -> bool:
        """Whether any signature is present."""
        return bool(self.envelope["signatures"])


def evidence_statement(
    record: Record, fields: Mapping[str, Any], schema: str, subjects: Mapping[str, str]
) -> dict[str, Any]:
    """What is stated about one evidence file.

    Args:
        record: what the file says.
        fields: its front matter as written.
        schema: of the record.
        subjects: SHA-256 in hex by name, of the file itself first, then of its archive.
    """
    outcomes = {result.scenario_id: str(result.outcome) for result in record.scenarios}
    features = {result.scenario_id: result.feature_digest for result in record.scenarios}
    configuration = _mapping(_mapping(fields["runner"]).get("configuration"))
    allure = _mapping(fields["allure"])
    return {
        "_type": STATEMENT_TYPE,
        "subject": [
            {"name": name, "digest": {"sha256": sha256}} for name, sha256 in subjects.items()
        ],
        "predicateType": TEST_RESULT,
        "predicate": {
            "result": _result(record),
            "configuration": [
                {"name": name, "digest": {"sha256": str(digest).removeprefix("sha256:")}}
                for name, digest in sorted(configuration.items())
            ],
            "url": str(allure.get("report_url") or ""),
            "passedTests": _named(outcomes, (Outcome.PASS,)),
            "warnedTests": _named(
                outcomes,
                (Outcome.BLOCKED, Outcome.PENDING, Outcome.INCONCLUSIVE, Outcome.NOT_RUN),
            ),
            "failedTests": _named(outcomes, (Outcome.FAIL,)),
            "roadmap": {
                "schema": schema,
                "record_id": record.record_id,
                "task": record.task_id,
                "dod_digest": record.dod_digest,
                "feature_digests": features,
                "environment": fields["environment"],
                "outcomes": outcomes,
                "inputs": fields["inputs"] or [],
                "time": fields["time"],
                "controls": {each["id"]: each["controls"] for each in fields["scenarios"]},
            },
        },
    }


def unsigned_envelope(statement: Mapping[str, Any]) -> dict[str, Any]:
    """A DSSE envelope without signatures: it protects against accident, not against intent."""
    payload = base64.b64encode(statement_bytes(statement)).decode("ascii")
    return {"payload": payload, "payloadType": PAYLOAD_TYPE, "signatures": []}


def statement_bytes(statement: Mapping[str, Any]) -> bytes:
    """The payload of an envelope."""
    return json.dumps(statement, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def open_envelope(content: bytes) -> Opened:
    """Take an envelope apart without verifying it.

    Raises:
        GarbledError: it is no DSSE envelope around an in-toto Statement.
    """
    try:
        envelope = json.loads(content, object_pairs_hook=once_each)
        payload = base64.b64decode(envelope["payload"], validate=True)
        statement = json.loads(payload, object_pairs_hook=once_each)
        signatures = envelope["signatures"]
        if envelope["payloadType"] != PAYLOAD_TYPE or statement["_type"] != STATEMENT_TYPE:
            raise GarbledError("it is no in-toto Statement in a DSSE envelope")
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise GarbledError("it is no DSSE envelope") from error
    well_formed = isinstance(signatures, list) and all(
        isinstance(item, dict) and all(isinstance(item.get(key), str) for key in ("keyid", "sig"))
        for item in signatures
    )
    if not isinstance(statement, dict) or not well_formed:
        raise GarbledError("it is no DSSE envelope")
    return Opened(payload, statement, envelope)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _named(outcomes: Mapping[str, str], words: Iterable[Outcome]) -> list[str]:
    wanted = {str(word) for word in words}
    return [name for name, word in outcomes.items() if word in wanted]


def _result(record: Record) -> str:
    required = [result.outcome for result in record.scenarios if result.required]
    if any(result.outcome is Outcome.FAIL for result in record.scenarios):
        return "FAILED"
    passed = bool(required) and all(outcome is Outcome.PASS for outcome in required)
    return "PASSED" if passed else "WARNED"
