"""The grant matrix as bound by an environment file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import AssetMissingError, BlockedError, InconclusiveError
from pytest_roadmap.domain.ports import RepositoryPort, UnreadableDocumentError
from pytest_roadmap.domain.privileges import MatrixError, MatrixRow, matrix_problems, read_matrix

#: The schema that belongs to the harness, about which no principal has an agreement.
PROBE = "probe"


def load_matrix(
    repository: RepositoryPort, environment: Environment, principal: str
) -> tuple[MatrixRow, ...]:
    """The rows of one principal; there is at least one.

    Raises:
        BlockedError: the matrix is not bound, absent, or says nothing of the principal.
        InconclusiveError: it cannot be read as a matrix.
    """
    path = str(environment.require("grants_matrix"))
    try:
        rows = read_matrix(repository.load_yaml(repository.read(path)), principal)
    except AssetMissingError as missing:
        raise BlockedError("missing_binding", "grants_matrix", str(missing)) from missing
    except (MatrixError, UnreadableDocumentError) as problem:
        raise InconclusiveError("grants_matrix", str(problem)) from problem
    if not rows:
        raise BlockedError("missing_binding", f"grants_matrix[{principal}]", f"add rows to {path}")
    return rows


def bound_matrix_problems(rows: Sequence[MatrixRow], environment: Environment) -> tuple[str, ...]:
    """Why the matrix does not settle the catalog, schemas and locations that are bound.

    Raises:
        BlockedError: no catalog, schema or external location is bound.
    """
    schemas = environment.require("uc.schemas")
    locations: Sequence[Mapping[str, Any]] = environment.require("external_locations")
    return matrix_problems(
        rows,
        catalog=str(environment.require("uc.catalog")),
        schemas=[str(name) for alias, name in schemas.items() if alias != PROBE],
        locations={str(row["name"]): row.get("read_only") is True for row in locations},
    )
