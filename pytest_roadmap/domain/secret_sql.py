"""Judging a secret inside the SQL warehouse, where the service hands out no value."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.ports import WorkspacePort
from pytest_roadmap.domain.secrets import (
    PLACEHOLDERS,
    Fallback,
    SecretPolicy,
    SecretReading,
    no_route,
)

SQL_ROUTE = "try_secret"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
_FACTS = ("present", "length_ok", "two_reads_equal", "no_placeholder")


@dataclass(frozen=True, slots=True)
class SqlRoute:
    """C-SECRET, route 2: the warehouse reads the value as the subject and answers yes or no.

    The value is never selected, and no digest of it either: both would stand in the result.
    """

    subject: WorkspacePort
    warehouse_id: str
    may_start: bool = False

    def read(self, scope: str, policy: SecretPolicy) -> SecretReading:
        """The facts about one secret.

        Raises:
            BlockedError: the warehouse stands still, or does not know the function.
            InconclusiveError: a name that cannot be written into a statement.
        """
        if not self.may_start and self.subject.warehouse_state(self.warehouse_id) != "RUNNING":
            where = f"warehouse {self.warehouse_id}"
            raise BlockedError("access_not_granted", where, "it stands still; start it", "Infra")
        done = self.subject.execute(secret_statement(scope, policy), warehouse_id=self.warehouse_id)
        if done.refused:
            return SecretReading(policy, 403, refusal=done.error_message, route=SQL_ROUTE)
        if done.state != "SUCCEEDED" or len(done.rows) != 1:
            raise no_route()
        judged = dict(zip(_FACTS, (value == "true" for value in done.rows[0]), strict=True))
        refusal = "" if judged["present"] else "try_secret gives NULL: absent or not readable"
        status = 200 if judged["present"] else 404
        return SecretReading(policy, status, refusal=refusal, route=SQL_ROUTE, judged=judged)


def sql_fallback(subject: WorkspacePort, environment: Environment) -> Fallback | None:
    """The route through the bound warehouse; None where no warehouse is bound."""
    warehouse_id = environment.get("warehouse.id")
    if warehouse_id is None:
        return None
    may_start = environment.get("safety.may_start_warehouse") is True
    return SqlRoute(subject, str(warehouse_id), may_start=may_start).read


def secret_statement(scope: str, policy: SecretPolicy) -> str:
    """The statement; the arguments of ``try_secret`` must be constants, so names are inlined."""
    if not _NAME.fullmatch(scope) or not _NAME.fullmatch(policy.name):
        raise InconclusiveError("malformed_binding", f"{scope}/{policy.name} is no secret's name")
    secret = f"try_secret('{scope}', '{policy.name}')"
    blanks = ", ".join(f"'{text}'" for text in (*PLACEHOLDERS, policy.name.lower()))
    return (
        f"SELECT a IS NOT NULL AS present, length(a) >= {policy.min_length} AS length_ok,"  # noqa: S608 (checked names)
        f" a = b AS two_reads_equal, lower(trim(a)) NOT IN ({blanks}) AS no_placeholder"
        f" FROM (SELECT {secret} AS a, {secret} AS b) AS t"
    )
