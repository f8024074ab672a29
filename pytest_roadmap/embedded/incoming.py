"""One request before it is understood, and what the two services share in answering it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_roadmap.embedded.faults import use

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import ActiveFault, CloudState, Principal
    from pytest_roadmap.embedded.wire import Reply

BEARER = "Bearer "


@dataclass(frozen=True, slots=True)
class Incoming:
    """Method, decoded path, query, headers (lower case) and raw body."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes

    @property
    def token(self) -> str:
        """The bearer token, empty when there is none."""
        value = self.headers.get("authorization", "")
        return value[len(BEARER) :].strip() if value.startswith(BEARER) else ""


@dataclass(frozen=True, slots=True)
class Service:
    """One of the two sides: how it answers, and its words for faults and failures."""

    answer: Callable[[Cloud, Incoming], Reply]
    error: Callable[[int, str, str, str], Reply]
    headers: Callable[[Cloud, Incoming, str], Mapping[str, str]]
    throttled: str
    failed: str


def principal_of(state: CloudState, token: str) -> Principal | None:
    """Who the token stands for (fault ``swapped-identity`` makes it somebody else)."""
    found = state.principal_of_token(token) if token else None
    swap = state.fault("swapped-identity")
    if found is None or swap is None:
        return found
    if swap.parameters.get("subject") not in (found.name, found.display_name):
        return found
    other = swap.parameters.get("as", "")
    by_display = (p for p in state.principals.values() if p.display_name == other)
    return state.principal_named(other) or next(by_display, found)


def matching_fault(state: CloudState, incoming: Incoming, fault_id: str) -> ActiveFault | None:
    """The active fault of this kind that applies to the request; it is counted as used.

    ``route`` is a prefix of the path, ``method`` a method, ``principal`` a name or display name.
    Requests to the admin endpoints are never touched.
    """
    for fault in state.faults.values():
        if fault.fault_id == fault_id and fault.remaining != 0 and _applies(state, incoming, fault):
            use(fault)
            return fault
    return None


def _applies(state: CloudState, incoming: Incoming, fault: ActiveFault) -> bool:
    wanted = fault.parameters
    who = wanted.get("principal")
    if who is not None:
        caller = state.principal_of_token(incoming.token)
        if caller is None or who not in (caller.name, caller.display_name):
            return False
    return incoming.path.startswith(wanted.get("route", "/")) and wanted.get(
        "method", incoming.method
    ) == (incoming.method)
