"""Judging a secret in the warehouse."""

from __future__ import annotations

import pytest

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.ports import StatementResult
from pytest_roadmap.domain.secret_sql import SQL_ROUTE, SqlRoute, secret_statement, sql_fallback
from pytest_roadmap.domain.secrets import SecretPolicy, SecretReading, read_secrets
from tests.fakes.world import REFUSED, FakeWorkspace

POLICY = SecretPolicy("db-pw", min_length=8)
NOTEBOOK_ONLY = InconclusiveError("service_error(BAD_REQUEST)", "only in a notebook")


def read(result: StatementResult) -> SecretReading:
    """The reading where the service hands out no value and the warehouse answers this."""
    workspace = FakeWorkspace(
        secrets={"kv-scope": {"db-pw": NOTEBOOK_ONLY}}, answers=lambda _statement: result
    )
    route = SqlRoute(workspace, "w")
    (found,) = read_secrets(workspace, "kv-scope", [POLICY], route.read)
    return found


def row(*values: str | None) -> StatementResult:
    return StatementResult("s", "SUCCEEDED", ("a", "b", "c", "d"), (values,))


def test_the_warehouse_judges_what_the_service_does_not_hand_out() -> None:
    """Yes or no for each fact, and no value."""
    found = read(row("true", "true", "true", "false"))
    assert (found.route, found.status, found.values) == (SQL_ROUTE, 200, ())
    assert [name for name, holds in found.facts.items() if not holds] == ["no_placeholder"]


def test_null_is_a_secret_that_is_absent_or_not_readable() -> None:
    """The function hides which of the two."""
    found = read(row("false", None, None, None))
    assert (found.status, found.facts["present"]) == (404, False)
    assert "NULL" in found.refusal


def test_a_refused_statement_is_a_refusal() -> None:
    """Nothing was judged."""
    assert (read(REFUSED).status, read(REFUSED).facts["present"]) == (403, False)


def test_a_warehouse_without_the_function_leaves_no_route() -> None:
    """The third route, a probe job, is not there."""
    with pytest.raises(BlockedError, match="probe job"):
        read(StatementResult("s", "FAILED", error_code="UNRESOLVED_ROUTINE"))


def test_a_warehouse_that_stands_still_is_started_only_where_that_is_permitted() -> None:
    """A statement would start it."""
    workspace = FakeWorkspace(
        warehouse="STOPPED", answers=lambda _statement: row("true", "true", "true", "true")
    )
    with pytest.raises(BlockedError, match="stands still"):
        SqlRoute(workspace, "w").read("kv-scope", POLICY)
    assert workspace.statements == []
    assert SqlRoute(workspace, "w", may_start=True).read("kv-scope", POLICY).status == 200


def test_without_a_bound_warehouse_there_is_no_second_route() -> None:
    """Nothing is asked of the environment that the first route does not need."""
    unbound = Environment("dev", "dev", {}, "dev.yaml")
    assert sql_fallback(FakeWorkspace(), unbound) is None
    bound = Environment("dev", "dev", {"warehouse": {"id": "w"}}, "dev.yaml")
    assert sql_fallback(FakeWorkspace(), bound) is not None
    with pytest.raises(BlockedError, match="probe job"):
        read_secrets(
            FakeWorkspace(secrets={"kv-scope": {"db-pw": NOTEBOOK_ONLY}}), "kv-scope", [POLICY]
        )


def test_the_statement_selects_neither_value_nor_digest() -> None:
    """Only comparisons leave the warehouse."""
    text = secret_statement("kv-scope", POLICY)
    selected = text.partition(" FROM ")[0]
    assert "sha2" not in text
    assert "try_secret" not in selected
    assert "length(a) >= 8" in selected


@pytest.mark.parametrize(("scope", "name"), [("kv'scope", "x"), ("kv-scope", "x') --")])
def test_a_name_that_is_no_name_is_never_written_into_a_statement(scope: str, name: str) -> None:
    """Names are inlined, so they are checked first."""
    with pytest.raises(InconclusiveError, match="malformed_binding"):
        secret_statement(scope, SecretPolicy(name))
