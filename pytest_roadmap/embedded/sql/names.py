"""Names of Unity Catalog objects as a statement writes them."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_roadmap.embedded.sql.errors import SqlError, syntax_error

THREE_LEVELS = 3


@dataclass(frozen=True, slots=True)
class Session:
    """What an unqualified name is resolved against."""

    catalog: str
    schema: str


@dataclass(frozen=True, slots=True)
class ObjectName:
    """A three-level name, lower-cased as the service stores it."""

    catalog: str
    schema: str
    name: str

    @property
    def full(self) -> str:
        """``catalog.schema.name``."""
        return f"{self.catalog}.{self.schema}.{self.name}"

    @property
    def schema_name(self) -> str:
        """``catalog.schema``."""
        return f"{self.catalog}.{self.schema}"

    @property
    def quoted(self) -> str:
        """As error messages show it."""
        return f"`{self.catalog}`.`{self.schema}`.`{self.name}`"


def object_name(parts: tuple[str, ...], session: Session) -> ObjectName:
    """Complete a one- to three-part name of a table, view, function or volume."""
    folded = tuple(part.lower() for part in parts)
    if not folded or len(folded) > THREE_LEVELS or not all(folded):
        raise SqlError(
            "REQUIRES_SINGLE_PART_NAMESPACE",
            f"The name {'.'.join(parts)} is not a valid name.",
            "42K05",
        )
    missing = THREE_LEVELS - len(folded)
    return ObjectName(*(session.catalog, session.schema)[:missing], *folded)


def schema_name(parts: tuple[str, ...], session: Session) -> tuple[str, str]:
    """Complete a one- or two-part name of a schema: catalog and schema."""
    folded = tuple(part.lower() for part in parts)
    if len(folded) == 1:
        return session.catalog, folded[0]
    if len(folded) == THREE_LEVELS - 1:
        return folded[0], folded[1]
    raise syntax_error(".".join(parts))
