"""The identity that ran the pipelines before cannot write what they write."""

from typing import Any

import pytest

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.former_identity import (
    FORMER,
    former_problems,
    read_former_identity,
    unsettled_schemas,
)
from pytest_roadmap.domain.outcome import AccessRefusedError, AssetMissingError, BlockedError
from pytest_roadmap.domain.ports import Privilege
from pytest_roadmap.domain.privilege_reading import metastore_privileges
from pytest_roadmap.domain.privileges import (
    Access,
    Reading,
    Subject,
    excess_problems,
    read_matrix,
    required_problems,
)
from tests.fakes.world import PIPELINE, WORKSPACE_ID, FakeWorkspace

USER = "choi@embedded.example"
SCHEMA, TABLE = ("schema", "main.silver"), ("table", "main.silver.txn")


def row(principal: str, place: tuple[str, str], **privileges: list[str]) -> dict[str, Any]:
    """A row of the grant matrix."""
    return {
        "principal": principal,
        "securable_type": place[0],
        "full_name": place[1],
        **privileges,
    }


MATRIX = read_matrix(
    [
        row("sp", ("catalog", "main"), required=["USE_CATALOG"]),
        row("sp", ("schema", "main.bronze"), required=["SELECT"]),
        row("sp", TABLE, allowed=["MODIFY"]),
    ],
    "sp",
)
AGREED = read_matrix([row(FORMER, SCHEMA, forbidden=["MODIFY"])], FORMER)
BOUND = Environment(
    "dev", "dev", {"principals": {FORMER: {"user_name": USER, "groups": ["far"]}}}, "dev.yaml"
)


def world(owner: str = "park", **users: tuple[str, ...]) -> FakeWorkspace:
    """A workspace where the former identity is in the group ``near``."""
    return FakeWorkspace(
        securables={
            ("catalog", "main"): {"owner": "park"},
            SCHEMA: {"owner": owner},
            TABLE: {"owner": "park"},
        },
        users=users or {USER: ("near",)},
    )


def test_a_former_identity_without_rights_writes_nothing() -> None:
    """Only what the pipelines write is looked at: the schema and the table in it."""
    former = read_former_identity(world(), BOUND, MATRIX)
    assert [row.securable.full_name for row in former.rows] == ["main.silver", "main.silver.txn"]
    assert former_problems(former) == ()
    assert list(unsettled_schemas(MATRIX, AGREED)) == []


@pytest.mark.parametrize("through", [USER, "near", "far", "account users"])
@pytest.mark.parametrize("privilege", ["MODIFY", "ALL_PRIVILEGES"])
@pytest.mark.parametrize("place", [SCHEMA, TABLE])
def test_a_right_to_write_is_found_by_every_route(
    place: tuple[str, str], privilege: str, through: str
) -> None:
    """By its own grant, a group of its own or a bound one, and what everybody has."""
    fake = world()
    fake.effective[(*place, through)] = (Privilege(through, privilege),)
    found = former_problems(read_former_identity(fake, BOUND, MATRIX))
    assert any(f"{place[0]} {place[1]}: holds forbidden MODIFY" in text for text in found)


def test_what_the_agreement_forbids_beside_writing_is_found_too() -> None:
    """With MANAGE it could grant itself the rest, on the schema or on a table in it."""
    agreed = read_matrix([row(FORMER, SCHEMA, forbidden=["MODIFY", "MANAGE"])], FORMER)
    for place in (SCHEMA, TABLE):
        fake = world()
        fake.effective[(*place, USER)] = (Privilege(USER, "MANAGE"),)
        found = former_problems(read_former_identity(fake, BOUND, MATRIX, agreed))
        assert len(found) == 1
        assert "holds forbidden MANAGE" in found[0]


def test_an_owner_needs_no_grant() -> None:
    """Owning a schema is writing it."""
    found = former_problems(read_former_identity(world(owner=USER), BOUND, MATRIX))
    assert found == (f"schema main.silver: owned by {USER}, who needs no grant",)


def test_who_has_left_the_workspace_is_still_looked_at() -> None:
    """Grants may stay behind; the privileges of an unknown name are none."""

    class Forgetful(FakeWorkspace):
        def direct_privileges(self, *_place: str) -> tuple[Privilege, ...]:
            raise AssetMissingError("no such principal")

    fake = Forgetful(securables=world().securables)
    former = read_former_identity(fake, BOUND, MATRIX)
    assert former_problems(former) == ()
    assert former.reading.subject.groups == ("far",)


def test_the_agreement_has_to_forbid_it() -> None:
    """A schema that the pipelines write needs a row; a row that allows it is none."""
    lax = read_matrix([row(FORMER, SCHEMA, allowed=["MODIFY"])], FORMER)
    said = ["the matrix does not forbid previous_identity MODIFY on schema main.silver"]
    assert list(unsettled_schemas(MATRIX, lax)) == said


def test_an_unbound_former_identity_blocks() -> None:
    """Nobody knows whom to look for."""
    empty = Environment("dev", "dev", {}, "dev.yaml")
    with pytest.raises(BlockedError, match=r"principals\.previous_identity\.user_name"):
        read_former_identity(world(), empty, MATRIX)


SUBJECT = Subject(PIPELINE, ("grp-etl",))


def test_what_the_metastore_or_the_admins_give_is_in_excess() -> None:
    """No matrix has a row for it; what everybody gets is no excess."""
    held = (
        Privilege("grp-etl", "CREATE_CATALOG"),
        Privilege("account users", "USE_MARKETPLACE_ASSETS"),
    )
    admin = Subject(PIPELINE, ("admins",))
    assert excess_problems((), Reading(SUBJECT, WORKSPACE_ID, {}, held)) == (
        "the metastore: holds CREATE_CATALOG through grp-etl",
    )
    assert "workspace group admins" in excess_problems((), Reading(admin, WORKSPACE_ID, {}))[0]


def test_the_subject_reads_for_itself_what_the_observer_may_not() -> None:
    """Only administrators of a metastore read what others hold there."""

    class Refused(FakeWorkspace):
        def effective_privileges(self, *_place: str) -> tuple[Privilege, ...]:
            raise AccessRefusedError("metastore m", "no")

    own = FakeWorkspace()
    own.effective["metastore", "m", "grp-etl"] = (Privilege("grp-etl", "CREATE_CATALOG"),)
    found = metastore_privileges(Refused(), lambda: own, SUBJECT, "m")
    assert [each.privilege for each in found] == ["CREATE_CATALOG"]
    assert metastore_privileges(own, Refused, SUBJECT, "m") == found


@pytest.mark.parametrize("isolated", [True, False])
def test_a_row_that_only_forbids_lacks_nothing(isolated: bool) -> None:
    """Not even on a securable that this workspace may not use."""
    accesses = {row.securable: Access(row.securable, isolated=isolated) for row in AGREED}
    parents = {p: Access(p) for row in AGREED for p in row.securable.parents}
    reading = Reading(SUBJECT, WORKSPACE_ID, parents | accesses)
    assert required_problems(AGREED, reading) == ()
