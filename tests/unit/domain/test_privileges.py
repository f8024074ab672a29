"""The grant matrix equals effective privileges: no less, no more, by the agreed route."""

from dataclasses import replace
from typing import Any

import pytest

from pytest_roadmap.domain.outcome import AccessRefusedError, AssetMissingError, BlockedError
from pytest_roadmap.domain.ports import Privilege, ServicePrincipal
from pytest_roadmap.domain.privilege_reading import read_privileges, resolve_subject
from pytest_roadmap.domain.privileges import (
    MatrixError,
    Securable,
    excess_problems,
    matrix_problems,
    missing_securables,
    read_matrix,
    required_problems,
    securables_of,
)
from tests.fakes.world import PIPELINE, WORKSPACE_ID, FakeWorkspace

FORBIDDEN = ["ALL_PRIVILEGES", "MANAGE"]
ROWS = [
    {
        "principal": "pipeline_sp",
        "securable_type": "catalog",
        "full_name": "main",
        "required": ["USE CATALOG"],
        "forbidden": FORBIDDEN,
        "via": "direct",
    },
    {
        "principal": "pipeline_sp",
        "securable_type": "schema",
        "full_name": "main.silver",
        "required": ["USE_SCHEMA", "SELECT"],
        "allowed": ["MODIFY"],
        "forbidden": FORBIDDEN,
        "via": "group:grp-etl",
    },
    {
        "principal": "pipeline_sp",
        "securable_type": "table",
        "full_name": "main.silver.txn",
        "required": ["SELECT"],
        "forbidden": [*FORBIDDEN, "MODIFY"],
    },
    {
        "principal": "other",
        "securable_type": "catalog",
        "full_name": "main",
        "required": ["BROWSE"],
    },
]
MATRIX = read_matrix({"rows": ROWS}, "pipeline_sp")


def world() -> Any:
    """A workspace where the principal holds exactly what the matrix says."""
    fake = FakeWorkspace(
        securables={
            ("catalog", "main"): {"owner": "park", "isolation_mode": "ISOLATED"},
            ("schema", "main.silver"): {"owner": "park"},
            ("table", "main.silver.txn"): {"owner": "park"},
        },
        bindings={"catalog main": (WORKSPACE_ID,)},
        principals={PIPELINE: ServicePrincipal(PIPELINE, "sp", True, ("grp-local",))},
    )
    give(fake, "catalog", "main", PIPELINE, "USE_CATALOG")
    fake.direct["catalog", "main", PIPELINE] = (Privilege(PIPELINE, "USE_CATALOG"),)
    for kind, name in (("schema", "main.silver"), ("table", "main.silver.txn")):
        give(fake, kind, name, "grp-etl", "USE_SCHEMA", "SELECT")
    return fake


def give(fake: Any, kind: Any, name: Any, principal: Any, *privileges: Any) -> None:
    """Add effective privileges."""
    held = fake.effective.get((kind, name, principal), ())
    added = tuple(Privilege(principal, privilege) for privilege in privileges)
    fake.effective[kind, name, principal] = held + added


def read(fake: Any, rows: Any = MATRIX) -> Any:
    """The reading of the matrix's subject."""
    return read_privileges(fake, resolve_subject(fake, PIPELINE, ["grp-etl"]), rows)


def test_exactly_the_agreed_access_has_no_problem() -> None:
    """Everything required by its route, nothing beyond, entries from above not counted as extra."""
    reading = read(world())
    assert required_problems(MATRIX, reading) == ()
    assert excess_problems(MATRIX, reading) == ()
    assert missing_securables(MATRIX, reading) == ()


def test_an_application_id_is_looked_up_as_the_platform_writes_it() -> None:
    """A GUID in capitals is the same principal, also where grants are asked for by name."""
    fake = world()
    subject = resolve_subject(fake, PIPELINE.upper(), ["grp-etl"])
    assert required_problems(MATRIX, read_privileges(fake, subject, MATRIX)) == ()


def without(key: Any) -> Any:
    """The world in which nobody holds anything on one securable."""
    fake = world()
    fake.effective = {k: v for k, v in fake.effective.items() if k[:2] != key}
    return fake


@pytest.mark.parametrize(
    ("fake", "parts"),
    [
        (without(("catalog", "main")), ["catalog main: lacks USE_CATALOG", "nothing in it"]),
        (without(("schema", "main.silver")), ["schema main.silver: lacks SELECT", "USE_SCHEMA on"]),
        (without(("table", "main.silver.txn")), ["table main.silver.txn: lacks SELECT"]),
    ],
)
def test_a_lacking_privilege_is_named_where_it_is_needed(fake: Any, parts: Any) -> None:
    """Its own row and every row below that becomes unusable say so."""
    problems = required_problems(MATRIX, read(fake))
    assert all(any(part in problem for problem in problems) for part in parts)


def test_another_route_than_agreed_is_named_with_the_real_one() -> None:
    """Account users are no direct grant, and the principal itself is no group."""
    fake = without(("catalog", "main"))
    fake.direct.clear()
    give(fake, "catalog", "main", "account users", "USE_CATALOG")
    give(fake, "schema", "main.silver", PIPELINE, "USE_SCHEMA", "SELECT")
    fake.effective.pop(("schema", "main.silver", "grp-etl"))
    problems = required_problems(MATRIX, read(fake))
    assert any("via account users, not via direct" in problem for problem in problems)
    assert any("via the principal itself, not via group:grp-etl" in p for p in problems)


def test_a_group_route_needs_the_membership() -> None:
    """Grants of a group count only when the principal is bound to it."""
    fake = world()
    reading = read_privileges(fake, resolve_subject(fake, PIPELINE, []), MATRIX)
    assert any("lacks SELECT" in problem for problem in required_problems(MATRIX, reading))


def test_all_privileges_can_do_everything_but_is_an_excess() -> None:
    """It satisfies what is required, violates what is forbidden, and never includes MANAGE."""
    fake = world()
    give(fake, "table", "main.silver.txn", PIPELINE, "ALL_PRIVILEGES")
    fake.effective.pop(("table", "main.silver.txn", "grp-etl"))
    reading = read(fake)
    assert required_problems(MATRIX, reading) == ()
    problems = excess_problems(MATRIX, reading)
    assert any("forbidden ALL_PRIVILEGES" in problem for problem in problems)
    assert any("forbidden MODIFY" in problem for problem in problems)
    assert not any("MANAGE" in problem for problem in problems)


@pytest.mark.parametrize(
    ("principal", "privilege", "part"),
    [
        (PIPELINE, "MANAGE", "forbidden MANAGE"),
        ("grp-etl", "CREATE_TABLE", "CREATE_TABLE beyond the matrix"),
        ("grp-local", "EXECUTE", "EXECUTE beyond the matrix"),
        ("account users", "READ_VOLUME", "READ_VOLUME beyond the matrix"),
    ],
)
def test_whatever_reaches_the_principal_counts(principal: Any, privilege: Any, part: Any) -> None:
    """Its own grants, bound groups, groups of its record, and account users."""
    fake = world()
    give(fake, "schema", "main.silver", principal, privilege)
    assert any(part in problem for problem in excess_problems(MATRIX, read(fake)))


def test_an_allowed_privilege_is_neither_needed_nor_extra() -> None:
    """``allowed`` is what may be there."""
    fake = world()
    give(fake, "schema", "main.silver", PIPELINE, "MODIFY")
    assert excess_problems(MATRIX, read(fake)) == ()


@pytest.mark.parametrize("owner", [PIPELINE.upper(), "grp-etl", "account users"])
@pytest.mark.parametrize("key", [("catalog", "main"), ("table", "main.silver.txn")])
def test_an_owner_needs_no_grant(key: Any, owner: Any) -> None:
    """Owning a securable or a container, oneself or through a group, is an excess."""
    fake = world()
    fake.securables[key] = {"owner": owner}
    assert any("owned by" in problem for problem in excess_problems(MATRIX, read(fake)))


def test_an_isolated_catalog_of_another_workspace_is_unusable() -> None:
    """Grants on what is not bound to this workspace are worth nothing, here and below."""
    fake = world()
    fake.bindings = {"catalog main": ("1",)}
    assert len(required_problems(MATRIX, read(fake))) == len(MATRIX)


def test_a_grant_to_write_is_useless_where_the_binding_only_reads() -> None:
    """What is required for reading stays usable; a row that also writes names the binding."""
    writing = {
        "principal": "pipeline_sp",
        "securable_type": "table",
        "full_name": "main.silver.txn",
        "required": ["SELECT", "MODIFY"],
        "via": "any",
    }
    rows = (*MATRIX, *read_matrix({"rows": [writing]}, "pipeline_sp"))
    fake = world()
    give(fake, "table", "main.silver.txn", "grp-etl", "MODIFY")
    assert required_problems(rows, read(fake)) == ()
    fake.read_only = {"catalog main"}
    (problem,) = required_problems(rows, read(fake))
    assert "catalog main is bound READ_ONLY" in problem
    assert problem.endswith("MODIFY cannot be used there")


def test_a_securable_that_does_not_exist_is_missing_not_fine() -> None:
    """A 404 is named, for the securable and for a container."""
    fake = world()
    give(fake, "catalog", "main", "account users", "USE_CATALOG")
    del fake.securables["table", "main.silver.txn"]
    reading = read(fake)
    assert missing_securables(MATRIX, reading) == ("table main.silver.txn",)
    assert any("404" in problem for problem in required_problems(MATRIX, reading))


def test_a_group_that_unity_catalog_does_not_know_holds_nothing() -> None:
    """A workspace-local group answers 404 for its grants."""

    class Strict(FakeWorkspace):
        def effective_privileges(self, securable_type: Any, full_name: Any, principal: Any) -> Any:
            if principal == "grp-local":
                raise AssetMissingError(principal)
            return super().effective_privileges(securable_type, full_name, principal)

    fake = world()
    strict = Strict(**{name: getattr(fake, name) for name in fake.__dataclass_fields__})
    assert required_problems(MATRIX, read(strict)) == ()


@pytest.mark.parametrize(
    "row",
    [
        "x",
        {"colour": "red"},
        {"securable_type": "cluster", "full_name": "x"},
        {"securable_type": "schema", "full_name": "main"},
        {"securable_type": "catalog", "full_name": ""},
        {"securable_type": "catalog", "full_name": "main", "via": "luck"},
        {"securable_type": "catalog", "full_name": "main", "via": "group:"},
        {"securable_type": "catalog", "full_name": "main", "required": "SELECT"},
    ],
)
def test_a_matrix_that_cannot_be_read_is_refused(row: Any) -> None:
    """Unknown keys, types, names, routes and lists are errors with the number of the row."""
    with pytest.raises(MatrixError, match="row 1"):
        read_matrix([row], "pipeline_sp")


def test_a_matrix_is_a_list_of_rows() -> None:
    """Anything else is refused; the rows of others are left out."""
    with pytest.raises(MatrixError):
        read_matrix({}, "pipeline_sp")
    assert read_matrix(ROWS, "nobody") == ()


def test_the_matrix_must_settle_everything_bound() -> None:
    """A catalog, schema or location without a row, or a row that contradicts the binding."""
    assert matrix_problems(MATRIX, catalog="main", schemas=["silver"], locations={}) == ()
    problems = matrix_problems(MATRIX, catalog="prod", schemas=["silver"], locations={"loc": False})
    assert len(problems) == len(["catalog", "schema", "location"])


def test_a_row_must_not_contradict_itself_or_the_binding() -> None:
    """Agreed and forbidden at once; writing on what is read-only; a location nobody bound."""
    clash = replace(MATRIX[0], forbidden=frozenset({"USE_CATALOG"}))
    place = replace(
        MATRIX[0],
        securable=Securable("external_location", "loc"),
        required=frozenset({"WRITE_FILES"}),
    )
    bound: dict[str, Any] = {"catalog": "main", "schemas": ()}
    assert matrix_problems([clash], locations={}, **bound)
    assert matrix_problems([MATRIX[0], place], locations={"loc": True}, **bound)
    assert matrix_problems([MATRIX[0], place], locations={}, **bound)
    assert matrix_problems([MATRIX[0], place], locations={"loc": False}, **bound) == ()


def test_containers_are_read_before_what_they_contain() -> None:
    """Each securable once, outermost first; a location has no container."""
    names = [str(s) for s in securables_of(MATRIX)]
    assert names == ["catalog main", "schema main.silver", "table main.silver.txn"]
    assert Securable("external_location", "a.b").parents == ()


def test_a_hidden_securable_is_refused_not_missing() -> None:
    """Without sight of the catalog a 404 proves nothing: that blocks."""
    fake = world()
    del fake.securables["table", "main.silver.txn"]
    with pytest.raises(AccessRefusedError):
        read(fake)


@pytest.mark.parametrize("active", [None, False])
def test_a_principal_that_is_not_there_blocks(active: Any) -> None:
    """An absent or inactive subject has not been handed over."""
    fake = world()
    fake.principals.clear()
    if active is not None:
        fake.principals[PIPELINE] = ServicePrincipal(PIPELINE, "sp", active, ())
    with pytest.raises(BlockedError, match="asset_not_handed_over"):
        read(fake)


def test_an_unbound_catalog_that_may_not_be_read_is_unusable_not_blocked() -> None:
    """The service refuses to read what is not bound here; its bindings say why."""

    class Refusing(FakeWorkspace):
        def securable(self, securable_type: Any, full_name: Any) -> Any:
            raise AccessRefusedError(f"{securable_type} {full_name}", "not accessible here")

    fake = world()
    fake.bindings = {"catalog main": ("1",)}
    refusing = Refusing(**{name: getattr(fake, name) for name in fake.__dataclass_fields__})
    problems = required_problems(MATRIX, read(refusing))
    assert len(problems) == len(MATRIX)
    assert all("not bound to workspace" in problem for problem in problems)
    fake.bindings = {"catalog main": (WORKSPACE_ID,)}
    refusing = Refusing(**{name: getattr(fake, name) for name in fake.__dataclass_fields__})
    with pytest.raises(AccessRefusedError):
        read(refusing)
