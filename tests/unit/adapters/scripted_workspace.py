"""The workspace adapter, signed in at a scripted server."""

from __future__ import annotations

from pytest_roadmap.adapters.databricks import DatabricksWorkspace, Limits, connect_workspace
from pytest_roadmap.composition.answers import refuse_unsupported
from pytest_roadmap.domain.recording import AnswerCheck, Recorder
from tests.unit.adapters.fake_http import FakeServer, accept


def workspace(
    server: FakeServer,
    recorder: Recorder,
    *,
    answer_check: AnswerCheck = accept,
    retry_s: int = 3,
    statement_s: float = 5.0,
) -> DatabricksWorkspace:
    connection = connect_workspace(
        server.url,
        {"auth_type": "pat", "token": "fake-token-value"},
        identity="harness",
        limits=Limits(retry_s=retry_s, http_s=2, wait_s=5, statement_s=statement_s),
        answer_check=answer_check,
        error_check=refuse_unsupported,
        trust_env=answer_check is not accept,
    )
    return DatabricksWorkspace(connection, recorder)
