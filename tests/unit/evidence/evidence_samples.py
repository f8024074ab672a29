"""Records and tasks that the evidence tests start from."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_roadmap.domain.evidence import Record, ScenarioResult
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.recording import Event
from pytest_roadmap.domain.task import Status, SubTask, Task
from pytest_roadmap.domain.validity import EMBEDDED_SCHEMA, REAL_SCHEMA

T0 = datetime(2026, 11, 24, 3, 4, 5, 120000, tzinfo=UTC)
DIGEST = "sha256:" + "ab" * 32
SCHEMAS = (REAL_SCHEMA, EMBEDDED_SCHEMA)


def task(task_id: str = "SEC-003", evidence_path: str | None = None, **changes: object) -> Task:
    name = evidence_path or ".agents/logs/verification/20260212_sec_uc_acl_external_location.log"
    made = Task(
        task_id=task_id,
        status=Status.NOT_STARTED,
        priority="P0",
        depends_on=("SEC-002",),
        source_doc="`.specs/ops/cutover_preflight_exit_template.md`",
        dod="UC 권한(`USE CATALOG/SCHEMA`) 및 external location 접근 검증 통과",
        verification_level="L3",
        evidence_path=name,
        owner="DataEng + Infra",
        target_gate="G1",
        sub_tasks=(SubTask(1, "UC grant 매트릭스 확정"),),
        section="3.1 WS-SEC",
        workstream="SEC",
        line=64,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def scenario(number: int = 1, outcome: Outcome = Outcome.PASS, **changes: object) -> ScenarioResult:
    made = ScenarioResult(
        scenario_id=f"SEC-003.S{number}",
        title="권한 매트릭스가 | 확정된다",
        sub_tasks=(number,),
        modes=("RO",),
        required=True,
        outcome=outcome,
        reason="",
        detail="",
        owner="",
        failed_step="",
        started=T0,
        ended=T0 + timedelta(seconds=2),
        feature_digest=DIGEST,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def record(record_id: str = "01JD0000000000000000000000", **changes: object) -> Record:
    made = Record(
        record_id=record_id,
        task_id="SEC-003",
        dod_digest=DIGEST,
        environment="dev",
        kind="dev",
        state_id=None,
        started=T0,
        ended=T0 + timedelta(seconds=3),
        scenarios=(scenario(1), scenario(2, Outcome.BLOCKED, reason="access_not_granted(main)")),
        runner={"git_commit": "a" * 40, "packages": {"databricks-sdk": "0.162.0"}},
        facts={
            "environment": {
                "name": "dev",
                "kind": "dev",
                "tenant_id": "ebedded0-0000-4000-8000-000000000001",
            },
            "principal": {"display": "sp-roadmap-reader"},
            "inputs": [{"path": "grants.yaml", "sha256": "cd" * 32}],
            "note": "한글",
        },
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def call(**body: object) -> Event:
    made = {
        "call": "C-GE",
        "method": "GET",
        "path": "/api/2.1/unity-catalog/effective-permissions/catalog/main",
        "request": {"principal": "ebedded0-0000-4000-8000-0000000000a2"},
        "status": 200,
        "request_id": "8f3c1f6e-0000-4000-8000-1234567890ab",
        "ms": 212,
        "response": {"privilege_assignments": []},
    }
    return Event(T0, "SEC-003.S1", "When it is read", "call", made | body)


def claim(**body: object) -> Event:
    made = {"claim": "every privilege", "expected": [], "observed": [], "holds": True}
    return Event(T0, "SEC-003.S1", "Then it holds", "assertion", made | body)


def statement(path: Path) -> Any:
    """The statement inside an envelope file."""
    return json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))
