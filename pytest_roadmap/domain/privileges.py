"""The agreed grant matrix of a principal, and its judgement against the privileges it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_roadmap.domain.ports import Privilege

ALL_PRIVILEGES = "ALL_PRIVILEGES"
ACCOUNT_USERS = "account users"
#: The group whose members administer a workspace.
ADMINS = "admins"

#: What the metastore gives to every user, which is no privilege on data.
#: Source: https://learn.microsoft.com/azure/databricks/marketplace/get-started-consumer
_OF_EVERYBODY = frozenset({"USE_MARKETPLACE_ASSETS"})

#: What ``ALL_PRIVILEGES`` leaves out.
#: Source: https://learn.microsoft.com/azure/databricks/data-governance/unity-catalog/manage-privileges/privileges
NOT_IN_ALL = frozenset({"MANAGE", "EXTERNAL_USE_SCHEMA", "EXTERNAL_USE_LOCATION"})

#: The types a matrix may speak of, with the number of parts of their names (0 = any one name).
SECURABLE_TYPES: Mapping[str, int] = {
    "catalog": 1,
    "schema": 2,
    "table": 3,
    "volume": 3,
    "external_location": 0,
    "storage_credential": 0,
}
_ROW_KEYS = frozenset(
    {"principal", "securable_type", "full_name", "required", "allowed", "forbidden", "via"}
)
#: The right to enter a container, by the type of the container.
_ENTRY = {"catalog": "USE_CATALOG", "schema": "USE_SCHEMA"}
_CONTAINER_PARTS = {1: "catalog", 2: "schema"}


#: What can be used in a workspace that is bound to read only.
_READING = frozenset(
    {"USE_CATALOG", "USE_SCHEMA", "SELECT", "BROWSE", "EXECUTE", "READ_VOLUME", "READ_FILES"}
)


class MatrixError(Exception):
    """The grant matrix cannot be read as one; the message says where."""


@dataclass(frozen=True, slots=True)
class Securable:
    """Something privileges are granted on."""

    securable_type: str
    full_name: str

    def __str__(self) -> str:
        """How messages speak of it."""
        return f"{self.securable_type} {self.full_name}"

    @property
    def parents(self) -> tuple[Securable, ...]:
        """The containers it lies in, outermost first."""
        names = self.full_name.split(".") if SECURABLE_TYPES.get(self.securable_type) else []
        return tuple(
            Securable(_CONTAINER_PARTS[count], ".".join(names[:count]))
            for count in range(1, len(names))
        )


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """What one principal must, may and must not hold on one securable, and by which route.

    ``via`` is ``any``, ``direct`` or ``group:<name>``.
    """

    principal: str
    securable: Securable
    required: frozenset[str]
    allowed: frozenset[str]
    forbidden: frozenset[str]
    via: str = "any"


@dataclass(frozen=True, slots=True)
class Subject:
    """The principal that is judged: its application id and every group it may draw on."""

    application_id: str
    groups: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every principal name whose grants reach the subject."""
        return tuple(dict.fromkeys((self.application_id, *self.groups, ACCOUNT_USERS)))


@dataclass(frozen=True, slots=True)
class Access:
    """What the platform says about one securable and the subject; ``found`` is false after a 404.

    ``effective`` and ``direct`` are keyed by principal name.
    """

    securable: Securable
    owner: str = ""
    effective: Mapping[str, tuple[Privilege, ...]] = field(default_factory=dict)
    direct: Mapping[str, tuple[Privilege, ...]] = field(default_factory=dict)
    isolated: bool = False
    bound_to: tuple[str, ...] = ()
    #: Those of ``bound_to`` in which nothing can be written, whatever is granted.
    read_only_in: tuple[str, ...] = ()
    found: bool = True

    def unusable(self, workspace_id: str) -> bool:
        """Whether the securable is isolated and not bound to this workspace."""
        return self.isolated and workspace_id not in self.bound_to

    def held(self, names: Iterable[str]) -> frozenset[str]:
        """The privileges that these principals hold here, inherited ones included."""
        return frozenset(p.privilege for name in names for p in self.effective.get(name, ()))


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything read about a subject: one access for each securable and each of its parents.

    ``metastore`` is what it holds on the metastore, about which no matrix has a row.
    """

    subject: Subject
    workspace_id: str
    accesses: Mapping[Securable, Access]
    metastore: tuple[Privilege, ...] = ()


def read_matrix(data: Any, principal: str) -> tuple[MatrixRow, ...]:
    """The rows of one principal.

    Raises:
        MatrixError: the values are no matrix; every row is checked, also those of others.
    """
    rows = data.get("rows") if isinstance(data, Mapping) else data
    if not isinstance(rows, list):
        raise MatrixError("the grant matrix has no list of rows")
    parsed = [_row(number, row) for number, row in enumerate(rows, 1)]
    return tuple(row for row in parsed if row.principal == principal)


def _row(number: int, row: Any) -> MatrixRow:
    if not isinstance(row, Mapping) or set(row) - _ROW_KEYS:
        raise MatrixError(f"row {number}: expected the keys {', '.join(sorted(_ROW_KEYS))}")
    kind, name, via = (str(row.get(k) or "") for k in ("securable_type", "full_name", "via"))
    if kind not in SECURABLE_TYPES:
        raise MatrixError(f"row {number}: {kind or 'nothing'} is no securable type")
    parts = SECURABLE_TYPES[kind]
    if not name or (parts and len(name.split(".")) != parts):
        raise MatrixError(f"row {number}: {name or 'nothing'} is no name of a {kind}")
    via = via or "any"
    if via not in ("any", "direct") and not via.removeprefix("group:").strip():
        raise MatrixError(f"row {number}: via {via} names no group")
    if via not in ("any", "direct") and not via.startswith("group:"):
        raise MatrixError(f"row {number}: via is any, direct or group:<name>, not {via}")
    listed = {key: _privileges(number, key, row) for key in ("required", "allowed", "forbidden")}
    return MatrixRow(str(row.get("principal") or ""), Securable(kind, name), via=via, **listed)


def _privileges(number: int, key: str, row: Mapping[str, Any]) -> frozenset[str]:
    values = row.get(key) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise MatrixError(f"row {number}: {key} is no list of privileges")
    return frozenset("_".join(value.upper().split()) for value in values)


def securables_of(rows: Iterable[MatrixRow]) -> tuple[Securable, ...]:
    """Every securable of the rows and its containers, each once, containers first."""
    return tuple(dict.fromkeys(s for row in rows for s in (*row.securable.parents, row.securable)))


def matrix_problems(
    rows: Sequence[MatrixRow],
    *,
    catalog: str,
    schemas: Iterable[str],
    locations: Mapping[str, bool],
) -> tuple[str, ...]:
    """Why the matrix does not settle what is bound; ``locations`` maps a name to read-only."""
    named = {row.securable for row in rows}
    expected = [Securable("catalog", catalog)]
    expected += [Securable("schema", f"{catalog}.{schema}") for schema in schemas]
    expected += [Securable("external_location", name) for name in locations]
    problems = [f"the matrix has no row for {s}" for s in expected if s not in named]
    for row in rows:
        problems += [f"{row.securable}: {p}" for p in _row_problems(row, locations)]
    return tuple(problems)


def _row_problems(row: MatrixRow, locations: Mapping[str, bool]) -> Iterator[str]:
    if clash := row.forbidden & (row.required | row.allowed):
        yield f"{_listed(clash)} is agreed and forbidden at once"
    if row.securable.securable_type == "external_location":
        name = row.securable.full_name
        if name not in locations:
            yield "the environment binds no such external location"
        elif locations[name] and "WRITE_FILES" in row.required:
            yield "WRITE_FILES is required on a location that is bound as read-only"


def missing_securables(rows: Iterable[MatrixRow], reading: Reading) -> tuple[str, ...]:
    """The securables of the rows, containers included, that the platform does not know."""
    return tuple(str(s) for s in securables_of(rows) if not reading.accesses[s].found)


def required_problems(rows: Iterable[MatrixRow], reading: Reading) -> tuple[str, ...]:
    """Which required privileges are absent, unusable or held by another route than agreed."""
    return tuple(f"{row.securable}: {problem}" for row in rows for problem in _lacks(row, reading))


def _lacks(row: MatrixRow, reading: Reading) -> Iterator[str]:
    access, subject = reading.accesses[row.securable], reading.subject
    unbound = _unbound(row.securable, reading)
    if unbound is not None:
        if row.required:
            yield f"{unbound} is ISOLATED and not bound to workspace {reading.workspace_id}"
        return
    if not access.found:
        yield "does not exist (404)"
        return
    held = access.held(subject.names)
    for privilege in sorted(row.required):
        if not _can(privilege, held):
            yield f"lacks {privilege}"
        elif not _by_route(row.via, privilege, access, subject):
            yield f"holds {privilege} via {_routes(privilege, access, subject)}, not via {row.via}"
    if row.required:
        yield from _no_way_in(row.securable, reading)
        yield from _read_only(row, reading)


def _unbound(securable: Securable, reading: Reading) -> Securable | None:
    """The outermost part of the way to the securable that this workspace may not use."""
    parts = (*securable.parents, securable)
    return next((p for p in parts if reading.accesses[p].unusable(reading.workspace_id)), None)


def _read_only(row: MatrixRow, reading: Reading) -> Iterator[str]:
    """What makes a grant to write useless: a binding that lets this workspace only read."""
    here, writing = reading.workspace_id, sorted(row.required - _READING)
    for part in (*row.securable.parents, row.securable):
        access = reading.accesses[part]
        if access.isolated and here in access.read_only_in and writing:
            listed = ", ".join(writing)
            yield f"{part} is bound READ_ONLY to workspace {here}: {listed} cannot be used there"


def _no_way_in(securable: Securable, reading: Reading) -> Iterator[str]:
    """What makes a grant useless: no way in from above."""
    for container in securable.parents:
        entry = _ENTRY[container.securable_type]
        if not _can(entry, reading.accesses[container].held(reading.subject.names)):
            yield f"lacks {entry} on {container}, without which nothing in it can be used"


def _can(privilege: str, held: Iterable[str]) -> bool:
    held = frozenset(held)
    return privilege in held or (ALL_PRIVILEGES in held and privilege not in NOT_IN_ALL)


def _by_route(via: str, privilege: str, access: Access, subject: Subject) -> bool:
    if via == "any":
        return True
    if via == "direct":
        own = access.direct.get(subject.application_id, ())
        return _can(privilege, (p.privilege for p in own))
    group = via.removeprefix("group:")
    return group in subject.names and _can(privilege, access.held([group]))


def _routes(privilege: str, access: Access, subject: Subject) -> str:
    """Through whom, and from where, the subject holds a privilege."""
    routes = []
    for name in subject.names:
        for held in access.effective.get(name, ()):
            if held.privilege in (privilege, ALL_PRIVILEGES):
                who = "the principal itself" if name == subject.application_id else name
                origin = held.inherited_from_name
                routes.append(f"{who} (inherited from {origin})" if origin else who)
    return ", ".join(dict.fromkeys(routes)) or "no grant"


def excess_problems(rows: Iterable[MatrixRow], reading: Reading) -> tuple[str, ...]:
    """Which privileges are forbidden or beyond the agreement, and what the subject owns."""
    listed = tuple(rows)
    return (
        *(f"{row.securable}: {p}" for row in listed for p in _exceeds(row, reading)),
        *owned_problems(listed, reading),
        *_beyond_securables(reading),
    )


def forbidden_problems(rows: Iterable[MatrixRow], reading: Reading) -> tuple[str, ...]:
    """Which forbidden privileges the subject holds."""
    return tuple(f"{row.securable}: {p}" for row in rows for p in _forbidden(row, reading))


def owned_problems(rows: Iterable[MatrixRow], reading: Reading) -> tuple[str, ...]:
    """Which securables of the rows, containers included, belong to the subject."""
    names = {name.casefold() for name in reading.subject.names}
    owners = {each: reading.accesses[each].owner for each in securables_of(rows)}
    return tuple(
        f"{securable}: owned by {owner}, who needs no grant"
        for securable, owner in owners.items()
        if owner and owner.casefold() in names
    )


def _beyond_securables(reading: Reading) -> Iterator[str]:
    """What reaches past every row: administering the workspace, creating in the metastore."""
    if ADMINS in reading.subject.groups:
        yield f"it is in the workspace group {ADMINS}, which manages everything"
    for held in reading.metastore:
        if held.privilege not in _OF_EVERYBODY:
            yield f"the metastore: holds {held.privilege} through {held.principal}"


def _forbidden(row: MatrixRow, reading: Reading) -> Iterator[str]:
    access, subject = reading.accesses[row.securable], reading.subject
    held = access.held(subject.names)
    for privilege in sorted(row.forbidden):
        if _can(privilege, held) or privilege in held:
            yield f"holds forbidden {privilege} via {_routes(privilege, access, subject)}"


def _exceeds(row: MatrixRow, reading: Reading) -> Iterator[str]:
    access, subject = reading.accesses[row.securable], reading.subject
    held = access.held(subject.names)
    yield from _forbidden(row, reading)
    extra = held - row.required - row.allowed - row.forbidden - _entries_above(row.securable)
    for privilege in sorted(extra):
        yield f"holds {privilege} beyond the matrix via {_routes(privilege, access, subject)}"


def _entries_above(securable: Securable) -> frozenset[str]:
    """Entry rights of the containers: listed here as inherited, judged at their own rows."""
    return frozenset(_ENTRY[container.securable_type] for container in securable.parents)


def _listed(privileges: Iterable[str]) -> str:
    return ", ".join(sorted(privileges))
