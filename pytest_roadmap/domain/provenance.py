"""Whether a record holds against platform, code, controls, inputs and signatures (rules d.4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_roadmap.domain.identity import ProbedIdentity, identity_problems
from pytest_roadmap.domain.trusted_hosts import tls_problems
from pytest_roadmap.domain.validity import Failure, Unjudged, ValidityFailure

if TYPE_CHECKING:
    from pytest_roadmap.domain.environment import Environment
    from pytest_roadmap.domain.evidence import Record

Shortcoming = ValidityFailure | Unjudged
_PROBES = ("arm_request_id", "databricks_request_id")
#: Where a change after the record makes it stale at once (rules d.7).
_WATCHED = ("/scheduledqueryrules/", "/actiongroups/", "/workbooks/")


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a commit is part of the protected branch at its remote; None: it cannot be told."""

    reached: bool | None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What records are held against; an entry that is absent is a thing that is not there.

    ``environments`` are by name, ``unusable`` says of a name why its file cannot be read.
    ``commits`` are by commit, ``inputs`` are present SHA-256 digests in hex by path, ``proven``
    counts the proven controls by scenario id, ``attestations`` say by id why one does not hold,
    with an empty text where it does.
    """

    environments: Mapping[str, Environment] = field(default_factory=dict)
    unusable: Mapping[str, str] = field(default_factory=dict)
    commits: Mapping[str, Reach] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    proven: Mapping[str, int] = field(default_factory=dict)
    attestations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a task asks of its records: which environment kinds, and whether it is of level L1."""

    kinds: Collection[str]
    documents_only: bool


def shortcomings(record: Record, asked: Asked, around: Surroundings) -> tuple[Shortcoming, ...]:
    """Every rule that the record breaks, or that cannot be decided; without any it counts."""
    return (
        *_kind(record, asked),
        *_identity(record, asked, around),
        *_code(record, around),
        *_controls(record, around),
        *(_inputs(record, around) if asked.documents_only else ()),
        *_attestations(record, around),
    )


def _failed(failure: Failure, record: Record, reason: str) -> ValidityFailure:
    return ValidityFailure(failure, f"{record.task_id}: {reason}")


def _kind(record: Record, asked: Asked) -> Iterator[Shortcoming]:
    if record.kind not in asked.kinds:
        counted = ", ".join(asked.kinds)
        yield _failed(
            Failure.KIND,
            record,
            f"a record of kind {record.kind} does not count for it, only {counted}",
        )


def _identity(record: Record, asked: Asked, around: Surroundings) -> Iterator[Shortcoming]:
    environment = around.environments.get(record.environment)
    if environment is None:
        file = f".roadmap/environments/{record.environment}.yaml"
        reason = around.unusable.get(record.environment) or f"there is no {file}"
        yield _failed(Failure.IDENTITY, record, f"its environment is not known: {reason}")
        return
    for reason in _identity_problems(record, environment, asked):
        yield _failed(Failure.IDENTITY, record, reason)


def _identity_problems(record: Record, environment: Environment, asked: Asked) -> Iterator[str]:
    facts = record.facts
    if environment.kind != record.kind:
        yield f"the record is of kind {record.kind}, {environment.source} of {environment.kind}"
    if facts.get("embedded_answer"):
        yield "an embedded cloud answered, which is no real environment"
    probed = facts.get("environment")
    if asked.documents_only and probed is None and facts.get("tls") is None:
        return  # documents were judged, and no platform was touched
    if not isinstance(probed, Mapping):
        yield "no live probe showed which platform answered"
        return
    probe = probed.get("probe")
    stated = probe if isinstance(probe, Mapping) else {}
    for key in _PROBES:
        if not (isinstance(stated.get(key), str) and stated[key]):
            yield f"its live probe has no {key}"
    yield from identity_problems(environment, _probed(probed, facts.get("principal")))
    yield from tls_problems(facts.get("tls"), environment)


def _probed(stated: Mapping[str, Any], principal: Any) -> ProbedIdentity:
    """What the record states about the platform; what is missing contradicts every binding."""
    app_id = principal.get("app_id") if isinstance(principal, Mapping) else None
    return ProbedIdentity(
        user_name="",
        application_id=str(app_id) if app_id else None,
        object_id="",
        display_name="",
        workspace_id=str(stated.get("workspace_id", "")),
        workspace_host=str(stated.get("workspace_host", "")),
        tenant_id=str(stated.get("tenant_id", "")),
        subscription_id=str(stated.get("subscription_id", "")),
    )


def _code(record: Record, around: Surroundings) -> Iterator[Shortcoming]:
    if record.runner.get("tree_clean") is not True:
        reason = "the run's working tree had changes that no commit holds"
        yield _failed(Failure.UNTRACKED_CODE, record, reason)
    commit = record.runner.get("git_commit")
    reach = around.commits.get(commit) if isinstance(commit, str) else None
    if reach is None:
        yield _failed(Failure.UNTRACKED_CODE, record, "the record names no commit of its code")
    elif reach.reached is None:
        yield Unjudged(f"{record.task_id}: {reach.sentence}")
    elif not reach.reached:
        yield _failed(Failure.UNTRACKED_CODE, record, reach.sentence)


def _controls(record: Record, around: Surroundings) -> Iterator[Shortcoming]:
    for result in record.scenarios:
        if not result.outcome.conclusive:
            continue
        name = result.scenario_id
        if result.controls.count < 1 or not result.controls.proven_at:
            reason = f"the negative controls of {name} were not proven for the code that ran"
            yield _failed(Failure.CONTROLS_UNPROVEN, record, reason)
        elif around.proven.get(name, 0) < 1:
            reason = f"the negative controls of {name} are not proven: run 'roadmap prove --write'"
            yield _failed(Failure.CONTROLS_UNPROVEN, record, reason)


def _inputs(record: Record, around: Surroundings) -> Iterator[Shortcoming]:
    found = input_digests(record)
    if not found:
        yield _failed(Failure.INPUT_CHANGED, record, "the record names no document that was read")
    for path, digest in found:
        if around.inputs.get(path) != digest:
            state = "has changed since" if path in around.inputs else "is gone"
            yield _failed(Failure.INPUT_CHANGED, record, f"{path}, which was judged, {state}")


def _attestations(record: Record, around: Surroundings) -> Iterator[Shortcoming]:
    ids = attestation_ids(record)
    for result in record.scenarios:
        if result.attested and not ids:
            reason = f"{result.scenario_id} rests on attestations, and the record names none"
            yield _failed(Failure.ATTESTATION, record, reason)
    for each in ids:
        problem = around.attestations.get(each, "there is no such attestation")
        if problem:
            yield _failed(Failure.ATTESTATION, record, f"attestation {each}: {problem}")


def input_digests(record: Record) -> tuple[tuple[str, str], ...]:
    """Path and SHA-256 (hex) of every document that the record was made from."""
    return tuple(
        (str(each.get("path")), str(each.get("sha256")).removeprefix("sha256:"))
        for each in _listed(record.facts.get("inputs"))
        if isinstance(each, Mapping)
    )


def attestation_ids(record: Record) -> tuple[str, ...]:
    """The ids of the attestations that the record rests on."""
    return tuple(str(each) for each in _listed(record.facts.get("attestations")))


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else ()


def resource_changes(records: Iterable[Record]) -> dict[str, ValidityFailure]:
    """By record id: a rule, action group or workbook that a later record saw changed (d.7)."""
    newest: dict[tuple[str, str], Any] = {}
    found: dict[str, ValidityFailure] = {}
    for record in sorted(records, key=lambda each: each.ended, reverse=True):
        for name, stamp in _watched(record):
            seen = newest.setdefault((record.environment, name), stamp)
            if seen != stamp:
                reason = f"{name} has changed since the record was made"
                failure = _failed(Failure.RESOURCE_CHANGED, record, reason)
                found.setdefault(record.record_id, failure)
    return found


def _watched(record: Record) -> Iterator[tuple[str, Any]]:
    """Id and last seen stamp of the resources whose change voids the record."""
    stamps: dict[str, Any] = {}
    for each in _listed(record.facts.get("resources")):
        if isinstance(each, Mapping):
            name = str(each.get("id", "")).lower()
            if any(part in name for part in _WATCHED):
                stamps[name] = (each.get("etag"), each.get("modified_at"))
    yield from stamps.items()
