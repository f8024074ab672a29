"""External locations: how one is bound, what a probe of it found, and what that amounts to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_roadmap.domain.identifiers import is_inside, same


@dataclass(frozen=True, slots=True)
class LocationBinding:
    """One external location as bound; ``write`` says whether the matrix grants writing there."""

    name: str
    url: str
    credential_name: str
    read_only: bool
    access_via: str
    probe_prefix: str
    volume: str
    write: bool

    @property
    def writable(self) -> bool:
        """Whether a write must succeed."""
        return self.write and not self.read_only


@dataclass(frozen=True, slots=True)
class Answer:
    """How one attempt ended; ``refused`` means: for lack of permission and for nothing else."""

    done: bool
    refused: bool = False
    cause: str = ""


@dataclass(frozen=True, slots=True)
class LocationReport:
    """Everything the probe of one location found."""

    binding: LocationBinding
    observed: Mapping[str, Any]
    write: Answer
    listing: Answer
    expected: str
    entries: int = 0
    content: tuple[str, ...] = ()
    left_over: str = ""
    place: str = ""
    diagnosis: tuple[str, ...] = ()
    privileges: frozenset[str] = frozenset()
    actor: str = ""
    principal: str = ""
    found: bool = True


def content_problems(reports: Sequence[LocationReport]) -> tuple[str, ...]:
    """Why what was written was not listed and read back from where it belongs."""
    if not reports:
        return ("no external location is bound",)
    return tuple(f"{r.binding.name}: {p}" for r in reports for p in _content_problems(r))


def _content_problems(report: LocationReport) -> Iterator[str]:
    binding = report.binding
    if report.actor.casefold() != report.principal.casefold():
        yield f"probed as {report.actor or 'nobody'}, not as {report.principal}"
    yield from _place_problems(report)
    if not report.listing.done:
        yield f"listing failed: {report.listing.cause}"
    if not binding.writable:
        return
    if not report.write.done:
        yield f"writing failed: {report.write.cause}{_because(report)}"
        return
    if report.listing.done and not report.entries:
        yield "the listing of what was written is empty"
    if report.content != (report.expected,):
        yield f"wrote {report.expected!r}, read back {list(report.content)!r}{_because(report)}"
    if not report.privileges & {"WRITE_FILES", "ALL_PRIVILEGES"} and binding.access_via == "path":
        yield "the write was accepted although no grant of WRITE_FILES is listed"


def _because(report: LocationReport) -> str:
    return f" (credential check: {'; '.join(report.diagnosis)})" if report.diagnosis else ""


def _place_problems(report: LocationReport) -> Iterator[str]:
    binding, url = report.binding, str(report.observed.get("url") or "")
    if not same(url, binding.url):
        yield f"bound to {binding.url}, the service points it to {url or 'nothing'}"
    credential = str(report.observed.get("credential_name") or "")
    if binding.credential_name and credential != binding.credential_name:
        yield f"bound to {binding.credential_name}, the service uses {credential or 'nothing'}"
    if (report.observed.get("read_only") is True) != binding.read_only:
        yield f"bound as read_only={binding.read_only}, the service says the opposite"
    if not is_inside(report.place, binding.url):
        yield f"the probe goes to {report.place or 'nowhere'}, outside {binding.url}"


def refusal_problems(reports: Sequence[LocationReport]) -> tuple[str, ...]:
    """Where a write was not refused though the location is read-only or grants no write."""
    return tuple(
        f"{r.binding.name}: {_unrefused(r)}"
        for r in reports
        if not r.binding.writable and not r.write.refused
    )


def _unrefused(report: LocationReport) -> str:
    if report.write.done:
        return "the write was accepted"
    return f"the write failed, but not for lack of permission: {report.write.cause}"


def left_over(reports: Iterable[LocationReport]) -> tuple[str, ...]:
    """Probe objects that could not be removed."""
    return tuple(r.left_over for r in reports if r.left_over)


def missing_locations(reports: Iterable[LocationReport]) -> tuple[str, ...]:
    """Bound locations that the platform does not know."""
    return tuple(f"external_location {r.binding.name}" for r in reports if not r.found)
