"""The registry of service-behaviour faults.

A fault names what the service does wrong, never a task. Whatever an administrator can do through
the normal API (revoke a grant, close a storage firewall, delete a vault) is not a fault.
Written ``id`` or ``id:name=value,name=value``; ``count`` limits how often a fault acts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_roadmap.embedded.state import ActiveFault

_TRANSPORT = ("route", "method", "principal", "count")


@dataclass(frozen=True, slots=True)
class FaultKind:
    """What a fault does and which parameters it takes."""

    fault_id: str
    description: str
    parameters: tuple[str, ...] = ()


class UnknownFaultError(ValueError):
    """A fault id or parameter that the embedded cloud does not have."""


_KINDS = (
    FaultKind(
        "throttle",
        "answer 429 with Retry-After (route=prefix, method=, principal=, count=, retry_after=1)",
        (*_TRANSPORT, "retry_after"),
    ),
    FaultKind(
        "error-500",
        "answer 500 INTERNAL_ERROR (route=prefix, method=, principal=, count=, status=500)",
        (*_TRANSPORT, "status"),
    ),
    FaultKind(
        "drop-connection",
        "close the connection without an answer (route=prefix, method=, principal=, count=)",
        _TRANSPORT,
    ),
    FaultKind(
        "slow-responses",
        "wait before each answer (route=prefix, method=, principal=, count=, ms=500)",
        (*_TRANSPORT, "ms"),
    ),
    FaultKind(
        "altered-answer",
        "a GET answers another value in one field (route=path, field=dotted, value=, after=N true "
        "answers first, principal=, count=)",
        (*_TRANSPORT, "field", "value", "after"),
    ),
    FaultKind(
        "grant-pages-of-one",
        "grants answers carry one privilege a page, with an empty page between two",
    ),
    FaultKind(
        "grant-page-2-hidden",
        "grants answers keep one privilege (privilege=, default the last) for the page after an "
        "empty one",
        ("privilege",),
    ),
    FaultKind(
        "wrong-workspace",
        "the host answers for another workspace (id=, default 1111111111111111)",
        ("id",),
    ),
    FaultKind(
        "swapped-identity",
        "tokens of one principal authenticate as another (subject=name, as=name)",
        ("subject", "as"),
    ),
    FaultKind(
        "arm-forbidden",
        "Resource Manager refuses reads of one provider or path part to everyone but owners "
        "(provider=Microsoft.KeyVault)",
        ("provider",),
    ),
    FaultKind(
        "stale-read",
        "path reads return other content than what was last written (content=, default the "
        "previous content)",
        ("content",),
    ),
    FaultKind(
        "write-accepted-on-read-only",
        "writes are accepted where the external location is read-only or WRITE FILES is missing",
    ),
    FaultKind(
        "location-redirect",
        "writes below one URL land below another (location=name, to=abfss url)",
        ("location", "to"),
    ),
    FaultKind(
        "row-filter-hides-all",
        "a row filter hides every row of a table (table=full name, default all)",
        ("table",),
    ),
    FaultKind(
        "refusal-as-parse-error",
        "SQL refusals for lack of permission come as PARSE_SYNTAX_ERROR",
    ),
    FaultKind(
        "refusal-as-not-found",
        "SQL refusals for lack of permission come as TABLE_OR_VIEW_NOT_FOUND",
    ),
    FaultKind(
        "grant-accepted-from-anyone",
        "GRANT and REVOKE succeed without the right to grant",
    ),
    FaultKind(
        "no-op-delete-commits",
        "a DELETE that matches no row still writes a table version",
    ),
    FaultKind(
        "privilege-not-enforced",
        "one privilege is not checked in SQL and on paths (privilege=)",
        ("privilege",),
    ),
    FaultKind(
        "secret-scope-stale",
        "a Key Vault-backed scope keeps answering the version before the newest",
    ),
    FaultKind(
        "secret-shown-in-error",
        "secret reads answer 503 with the value in the message (after=N true answers first, "
        "count=)",
        ("after", "count"),
    ),
    FaultKind(
        "secret-get-refused",
        "secret reads answer 400 BAD_REQUEST, as a service that serves them to notebooks only",
    ),
    FaultKind(
        "secret-dates-shifted",
        "versions of secrets are listed older, or as expiring sooner (older_by=, sooner_by= days)",
        ("older_by", "sooner_by"),
    ),
    FaultKind(
        "secret-expiry-dropped",
        "the vault accepts a new version of a secret and forgets its expiry",
    ),
    FaultKind(
        "run-executes-as",
        "runs are executed as another principal than their run_as (principal=name)",
        ("principal",),
    ),
    FaultKind(
        "run-now-answers-old-run",
        "run-now answers the last run of the job and starts none",
    ),
    FaultKind(
        "job-parameter-ignored",
        "a run takes the default of a parameter whatever was given (name=, default all)",
        ("name",),
    ),
    FaultKind(
        "job-parameter-lost",
        "tasks get the default of a parameter though the run lists what was given (name=, "
        "default all)",
        ("name",),
    ),
    FaultKind(
        "task-attempt-fails",
        "an attempt at a task fails before it does anything (job=name, task=key, message=, count=)",
        ("job", "task", "message", "count"),
    ),
    FaultKind(
        "task-hangs",
        "an attempt at a task runs until it is told to stop (job=name, task=key)",
        ("job", "task"),
    ),
    FaultKind(
        "task-does-nothing",
        "an attempt at a task succeeds without doing anything (job=name, task=key)",
        ("job", "task"),
    ),
    FaultKind("runs-forgotten", "the list of runs is empty, as after their retention"),
    FaultKind("warehouse-stuck-starting", "a warehouse stays STARTING for ever"),
)

FAULTS: dict[str, FaultKind] = {kind.fault_id: kind for kind in _KINDS}

_NUMBERS = {"count", "retry_after", "status", "ms", "after", "id", "older_by", "sooner_by"}
_NUMBER = re.compile(r"^[0-9]{1,18}\Z", re.ASCII)
_PARAMETER = re.compile(r"^[a-z_]+=")


def parse_fault(text: str) -> ActiveFault:
    """One fault as written on the command line or sent to the admin endpoint.

    Raises:
        UnknownFaultError: unknown id or parameter, or a number that is none.
    """
    fault_id, _, rest = text.strip().partition(":")
    kind = FAULTS.get(fault_id)
    if kind is None:
        raise UnknownFaultError(f"unknown fault {fault_id!r}; known are {', '.join(FAULTS)}")
    parameters: dict[str, str] = {}
    for part in filter(None, rest.split(",")):
        name, separator, value = part.partition("=")
        if not separator or name not in kind.parameters:
            known = ", ".join(kind.parameters) or "none"
            raise UnknownFaultError(f"fault {fault_id} has no parameter {part!r}; it takes {known}")
        parameters[name] = value
    for name in _NUMBERS & set(parameters):
        if not _NUMBER.match(parameters[name]):
            raise UnknownFaultError(f"fault {fault_id}: {name}={parameters[name]} is not a number")
    count = parameters.pop("count", None)
    if count == "0":
        raise UnknownFaultError(f"fault {fault_id}: count=0 would never act")
    return ActiveFault(fault_id, parameters, None if count is None else int(count))


def split_faults(text: str) -> tuple[str, ...]:
    """Split ``a,b:x=1,y=2,c`` at the commas that start a new fault."""
    parts: list[str] = []
    for piece in filter(None, (item.strip() for item in text.split(","))):
        if parts and _PARAMETER.match(piece):
            parts[-1] += f",{piece}"
        else:
            parts.append(piece)
    return tuple(parts)


def activate(texts: tuple[str, ...] | list[str]) -> dict[str, ActiveFault]:
    """All faults as ``CloudState.faults`` wants them.

    The same id may be given several times with other parameters; the key is then the whole text.

    Raises:
        UnknownFaultError: as ``parse_fault``.
    """
    active: dict[str, ActiveFault] = {}
    for text in texts:
        fault = parse_fault(text)
        active[fault.fault_id if fault.fault_id not in active else text] = fault
    return active


def use(fault: ActiveFault) -> None:
    """Count one action of a fault that has a count."""
    if fault.remaining:
        fault.remaining -= 1
