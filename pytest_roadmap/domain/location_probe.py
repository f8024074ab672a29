"""Writing, listing, reading and removing a probe object in each external location."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.external_location import Answer, LocationBinding, LocationReport
from pytest_roadmap.domain.location_routes import PathRoute, Prober, VolumeRoute
from pytest_roadmap.domain.outcome import AccessRefusedError, AssetMissingError
from pytest_roadmap.domain.privilege_reading import read_privileges, resolve_subject
from pytest_roadmap.domain.privileges import Access, MatrixRow, Securable


def read_bindings(
    rows: Iterable[Mapping[str, Any]], writers: Iterable[str]
) -> tuple[LocationBinding, ...]:
    """The bound locations; ``writers`` names those where the matrix requires WRITE_FILES."""
    granted = set(writers)
    return tuple(
        LocationBinding(
            name=str(row["name"]),
            url=str(row["url"]).rstrip("/"),
            credential_name=str(row.get("credential_name") or ""),
            read_only=row.get("read_only") is True,
            access_via=str(row.get("access_via") or "path"),
            probe_prefix=str(row.get("probe_prefix") or "_dod_probe").strip("/"),
            volume=str(row.get("volume") or ""),
            write=str(row["name"]) in granted,
        )
        for row in rows
    )


def probe_bound_locations(
    prober: Prober, environment: Environment, matrix: Sequence[MatrixRow], principal: str
) -> tuple[LocationReport, ...]:
    """One report for each bound external location.

    Raises:
        BlockedError: no external location or no such principal is bound.
    """
    application_id = str(environment.require(f"principals.{principal}.application_id"))
    groups = environment.get(f"principals.{principal}.groups") or ()
    named = {row.securable: row for row in matrix}
    writers = [s.full_name for s, row in named.items() if "WRITE_FILES" in row.required]
    bindings = read_bindings(environment.require("external_locations"), writers)
    places = [Securable("external_location", binding.name) for binding in bindings]
    nothing: frozenset[str] = frozenset()
    rows = [MatrixRow(principal, place, nothing, nothing, nothing) for place in places]
    subject = resolve_subject(prober.observer, application_id, groups)
    reading = read_privileges(prober.observer, subject, rows)
    actor = _actor(prober)
    return tuple(
        replace(
            probe_location(prober, binding, reading.accesses[place]),
            actor=actor,
            principal=application_id,
        )
        for binding, place in zip(bindings, places, strict=True)
    )


def _actor(prober: Prober) -> str:
    """Who the subject's credential really is."""
    try:
        identity = prober.subject.whoami()
    except AccessRefusedError as refusal:
        return str(refusal)
    return identity.application_id or identity.user_name


def probe_location(prober: Prober, binding: LocationBinding, access: Access) -> LocationReport:
    """Try everything as the subject, and remove what was written whatever happened."""
    if not access.found:
        absent = Answer(done=False, cause="the external location does not exist (404)")
        return LocationReport(binding, {}, absent, absent, prober.token, found=False)
    observed = prober.observer.securable("external_location", binding.name)
    by_volume = binding.access_via == "volume"
    route = VolumeRoute(prober, binding) if by_volume else PathRoute(prober, binding)
    write = route.write()
    left_over = ""
    try:
        listing, entries = route.listing()
        content = route.read() if write.done else ()
    finally:
        if not write.refused:
            left_over = route.remove()
    failed = binding.writable and not (write.done and entries and content)
    return LocationReport(
        binding,
        observed,
        write,
        listing,
        prober.token,
        entries=entries,
        content=content,
        left_over=left_over,
        place=route.place(),
        diagnosis=_diagnose(prober, binding) if failed else (),
        privileges=frozenset(p.privilege for held in access.effective.values() for p in held),
    )


def _diagnose(prober: Prober, binding: LocationBinding) -> tuple[str, ...]:
    """What the service says about the credential; it decides nothing (C-VAL)."""
    try:
        results = prober.observer.validate_location(
            binding.credential_name, binding.name, read_only=binding.read_only
        )
    except (AccessRefusedError, AssetMissingError) as failure:
        return (f"no diagnosis: {failure}",)
    return tuple(
        f"{r.get('operation')} {r.get('result')} {r.get('message') or ''}".strip() for r in results
    )
