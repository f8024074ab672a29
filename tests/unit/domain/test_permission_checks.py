"""Permitted statements succeed, the others are refused for lack of permission, nothing stays."""

from typing import Any

import pytest

from pytest_roadmap.domain.outcome import AccessRefusedError, BlockedError
from pytest_roadmap.domain.permission_checks import (
    Bench,
    Version,
    empty_commits,
    is_empty_commit,
    permission_problems,
    permitted,
    quoted,
    run_permission_checks,
    untested_schemas,
)
from pytest_roadmap.domain.ports import StatementResult
from pytest_roadmap.domain.privileges import read_matrix
from tests.fakes.world import DONE, PIPELINE, REFUSED, FakeWorkspace

MATRIX = read_matrix(
    [
        {
            "principal": "pipeline_sp",
            "securable_type": "schema",
            "full_name": "main.silver",
            "required": ["SELECT", "MODIFY"],
        },
        {
            "principal": "pipeline_sp",
            "securable_type": "table",
            "full_name": "main.silver.txn",
            "required": ["SELECT", "MODIFY"],
        },
    ],
    "pipeline_sp",
)
ME = StatementResult("s", "SUCCEEDED", ("current_user()",), ((PIPELINE,),))
EMPTY = StatementResult("s", "SUCCEEDED", ("1",))
PARSE_ERROR = StatementResult("s", "FAILED", error_code="PARSE_SYNTAX_ERROR", sql_state="42601")
NOT_FOUND = StatementResult("s", "FAILED", error_code="TABLE_OR_VIEW_NOT_FOUND")
REFUSALS = ("CREATE SCHEMA", "SELECT * FROM", "INSERT INTO", "GRANT SELECT")


def history(number: Any, operation: Any = "WRITE", metrics: Any = "") -> Any:
    """An answer to DESCRIBE HISTORY."""
    row = (str(number), operation, metrics)
    columns = ("version", "operation", "operationMetrics")
    return StatementResult("s", "SUCCEEDED", columns, (row,))


def subject(**special: Any) -> Any:
    """A subject that may do what the matrix says; ``special`` answers by start of statement."""
    table = {
        "SELECT current_user()": ME,
        **dict.fromkeys(REFUSALS, REFUSED),
        **special.pop("answers", {}),
    }

    def answer(statement: Any) -> Any:
        return next(
            (result for start, result in table.items() if statement.startswith(start)), None
        )

    return FakeWorkspace(answers=answer, **special)


def observer(*versions: Any, **answers: Any) -> Any:
    """A harness that sees the given table versions one after the other."""
    seen = list(versions or (history(3), history(3)))

    def answer(statement: Any) -> Any:
        if statement.startswith("DESCRIBE HISTORY"):
            return seen.pop(0)
        return next((r for start, r in answers.items() if statement.startswith(start)), None)

    return FakeWorkspace(
        answers=answer, securables={("table", "main.silver.txn"): {"owner": "park"}}
    )


def run(acting: Any = None, watching: Any = None) -> Any:
    """The report of one permission check, and both identities."""
    acting, watching = acting or subject(), watching or observer()
    bench = Bench(acting, watching, "wh", PIPELINE, "main", "probe", "42")
    return run_permission_checks(bench, MATRIX)


def test_the_agreed_behaviour_has_no_problem() -> None:
    """Identity, read, modify and four refusals, and the probe table is gone."""
    acting, watching = subject(), observer()
    report = run(acting, watching)
    assert permission_problems(report) == ()
    assert report.left_over == ()
    assert watching.statements[-1] == "DROP TABLE IF EXISTS `main`.`probe`.`_dod_probe_42`"
    assert len(report.checks) == len(acting.statements)


@pytest.mark.parametrize(
    ("answers", "part"),
    [
        ({"SELECT 1 FROM": REFUSED}, "SELECT 1 FROM `main`.`silver`.`txn` LIMIT 1: must succeed"),
        ({"DELETE FROM `main`.`silver`": REFUSED}, "must succeed, but ended FAILED"),
        ({"GRANT SELECT": DONE}, "must be refused for lack of permission, but succeeded"),
        ({"CREATE SCHEMA": PARSE_ERROR}, "PARSE_SYNTAX_ERROR"),
        ({"SELECT * FROM": NOT_FOUND}, "TABLE_OR_VIEW_NOT_FOUND"),
        ({"SELECT current_user()": DONE}, "the statements ran as 1"),
        ({"SELECT current_user()": EMPTY}, "the statements ran as None"),
        ({"SELECT 1 FROM": EMPTY}, "no row although the table has rows"),
    ],
)
def test_every_other_behaviour_is_a_problem(answers: Any, part: Any) -> None:
    """Refused though permitted, accepted though not, another error, identity or emptiness."""
    problems = permission_problems(run(subject(answers=answers)))
    assert any(part in problem for problem in problems)


def test_an_http_refusal_is_no_refusal_of_the_statement() -> None:
    """403 for the warehouse says nothing about the privilege, in either direction."""

    class Shut(FakeWorkspace):
        def execute(self, statement: Any, *, warehouse_id: Any, parameters: Any = None) -> Any:
            raise AccessRefusedError("warehouse", "no CAN_USE")

    report = run(Shut())
    assert len(permission_problems(report)) == len(report.checks)


def test_what_succeeded_against_expectation_is_taken_back() -> None:
    """An accepted GRANT is revoked, an accepted schema dropped by who made it."""
    acting = subject(answers={"GRANT SELECT": DONE, "CREATE SCHEMA": DONE})
    watching = observer()
    run(acting, watching)
    assert any(s.startswith("REVOKE SELECT") for s in watching.statements)
    assert acting.statements[-1] == "DROP SCHEMA IF EXISTS `main`.`_dod_probe_42` CASCADE"


def test_a_probe_object_that_stays_is_named() -> None:
    """A failed clean-up is reported with the service's words."""
    report = run(watching=observer(DROP=REFUSED))
    assert report.left_over == ("table main.probe._dod_probe_42: no",)


def test_without_a_probe_table_the_check_is_blocked() -> None:
    """The harness needs its own schema: that is a precondition, not a verdict."""
    with pytest.raises(BlockedError, match="access_not_granted"):
        run(watching=observer(CREATE=REFUSED))


@pytest.mark.parametrize("statement", ["DESCRIBE HISTORY", "SELECT 1 FROM"])
def test_what_the_observer_may_not_read_blocks(statement: Any) -> None:
    """A refusal to the harness is raised, never judged."""
    watching = (
        observer(REFUSED, REFUSED) if statement[0] == "D" else observer(**{statement: REFUSED})
    )
    with pytest.raises(AccessRefusedError):
        run(watching=watching)


def test_an_empty_table_may_answer_nothing_unless_a_filter_hides_it() -> None:
    """No row for both identities is fine; with a row filter nobody can tell."""
    quiet = {"SELECT 1 FROM": EMPTY}
    assert permission_problems(run(subject(answers=quiet), observer(**quiet))) == ()
    filtered = observer(**quiet)
    filtered.securables["table", "main.silver.txn"] = {"row_filter": {"function_name": "f"}}
    assert any(
        "row filter" in p for p in permission_problems(run(subject(answers=quiet), filtered))
    )


def test_a_no_op_commit_is_reported_and_a_real_one_fails() -> None:
    """DELETE of nothing may write an empty version; anything else changed the table."""
    empty = run(watching=observer(history(3), history(4, "DELETE", '{"numDeletedRows":"0"}')))
    assert permission_problems(empty) == ()
    assert empty_commits(empty) == ("main.silver.txn",)
    for after in (history(4, "WRITE"), history(4, "DELETE", '{"numDeletedRows":"1"}'), history(5)):
        assert permission_problems(run(watching=observer(history(3), after)))


def test_an_unknown_version_proves_nothing() -> None:
    """Without a version before and after, MODIFY is not shown."""
    assert permission_problems(run(watching=observer(EMPTY, EMPTY)))
    assert not is_empty_commit(Version(3), Version(4, "DELETE", ""))


def test_a_schema_without_a_table_in_the_matrix_is_untested() -> None:
    """SELECT or MODIFY on a schema is shown by a table below it, or not at all."""
    assert untested_schemas(MATRIX) == ()
    assert len(untested_schemas(MATRIX[:1])) == len(["SELECT", "MODIFY"])


def test_names_are_quoted_part_by_part() -> None:
    """A backtick in a name cannot leave its quotes."""
    assert quoted("main.a`b") == "`main`.`a``b`"


def test_a_table_that_does_not_exist_is_a_problem_of_its_statement() -> None:
    """The agreed table is gone: the statement says so, and the check goes on."""
    watching = observer()
    watching.securables.clear()
    problems = permission_problems(run(subject(answers={"SELECT 1 FROM": NOT_FOUND}), watching))
    assert any("TABLE_OR_VIEW_NOT_FOUND" in problem for problem in problems)


def test_permitted_statements_are_counted_apart_from_the_refusals() -> None:
    """A matrix without tables leaves nothing that the principal was seen to do."""
    assert permitted(run()) == 2
    bench = Bench(subject(), observer(), "wh", PIPELINE, "main", "probe", "42")
    assert permitted(run_permission_checks(bench, ())) == 0
