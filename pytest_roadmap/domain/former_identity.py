"""The identity that ran the pipelines before: whether it can still write what they write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import AssetMissingError
from pytest_roadmap.domain.ports import WorkspacePort
from pytest_roadmap.domain.privilege_reading import read_privileges
from pytest_roadmap.domain.privileges import (
    MatrixRow,
    Reading,
    Securable,
    Subject,
    forbidden_problems,
    owned_problems,
)

#: The alias under ``principals`` and in the grant matrix.
FORMER = "previous_identity"
_WRITE = "MODIFY"


@dataclass(frozen=True, slots=True)
class FormerIdentity:
    """What was read about the former identity, by the rows it is judged by."""

    rows: tuple[MatrixRow, ...]
    reading: Reading


def read_former_identity(
    workspace: WorkspacePort,
    environment: Environment,
    matrix: Sequence[MatrixRow],
    agreed: Sequence[MatrixRow] = (),
) -> FormerIdentity:
    """C-GE of the former identity on all that the pipelines write.

    It may not write there, nor hold what its own rows ``agreed`` forbid it on these places: with
    MANAGE it could grant itself the rest.

    Raises:
        BlockedError: ``principals.previous_identity.user_name`` is not bound.
    """
    name = str(environment.require(f"principals.{FORMER}.user_name"))
    bound = environment.get(f"principals.{FORMER}.groups") or ()
    try:
        own = workspace.groups_of(name)
    except AssetMissingError:  # it has left the workspace; grants may have stayed
        own = ()
    subject = Subject(name, tuple(dict.fromkeys((*bound, *own))))
    rows = tuple(
        MatrixRow(FORMER, place, frozenset(), frozenset(), _forbidden(place, agreed))
        for place in written(matrix)
    )
    return FormerIdentity(rows, read_privileges(workspace, subject, rows))


def _forbidden(place: Securable, agreed: Sequence[MatrixRow]) -> frozenset[str]:
    """Writing, and what the agreement forbids on a place or on a container of it."""
    around = {place, *place.parents}
    return frozenset({_WRITE}).union(*(r.forbidden for r in agreed if r.securable in around))


def written(matrix: Sequence[MatrixRow]) -> tuple[Securable, ...]:
    """The schemas and tables that the pipeline principal may change by the matrix."""
    places = (row.securable for row in matrix if _WRITE in row.required | row.allowed)
    return tuple(dict.fromkeys(place for each in places for place in (*each.parents[1:], each)))


def unsettled_schemas(matrix: Sequence[MatrixRow], former: Sequence[MatrixRow]) -> Iterator[str]:
    """Which schemas the pipelines write without the matrix forbidding it to the former identity."""
    forbidden = {row.securable for row in former if _WRITE in row.forbidden}
    for place in written(matrix):
        if place.securable_type == "schema" and place not in forbidden:
            yield f"the matrix does not forbid {FORMER} {_WRITE} on {place}"


def former_problems(former: FormerIdentity) -> tuple[str, ...]:
    """By which grant or ownership the former identity still writes."""
    return (
        *forbidden_problems(former.rows, former.reading),
        *owned_problems(former.rows, former.reading),
    )
