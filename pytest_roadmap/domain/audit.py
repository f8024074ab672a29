"""The audit of the cloud state: what a run of the script shows, and how it compares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_roadmap.domain.assets import Asset, AssetField
from pytest_roadmap.domain.differences import DifferenceClaim
from pytest_roadmap.domain.handoff import read_time
from pytest_roadmap.domain.identifiers import normalise
from pytest_roadmap.domain.observation import Observation
from pytest_roadmap.domain.outcome import BlockedError
from pytest_roadmap.domain.ports import AuditRun

#: What a script prints when the platform does not know its login (HTTP 401).
LOGIN_MARKER = "ROADMAP-AUDIT: 401"

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class MeasuredItem:
    """One asset as measured, by whomever."""

    identifier: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """Measured assets by kind, when and in which workspace.

    A kind without a section was not measured; an empty section was, and held nothing.
    """

    sections: Mapping[str, tuple[MeasuredItem, ...]]
    collected_at: datetime | None = None
    workspace_id: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of the report: ``missing``, ``unexpected`` or ``changed``, with both values."""

    word: str
    item: str
    field: str
    recorded: Any
    measured: Any

    def __str__(self) -> str:
        """The line as people read it."""
        at = f".{self.field}" if self.field else ""
        return f"{self.word} {self.item}{at}: handoff {self.recorded!r}, measured {self.measured!r}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences, and what was really compared: (asset name, field) each."""

    differences: tuple[Difference, ...]
    compared: frozenset[tuple[str, str]]
    uncompared: tuple[str, ...]


def read_measured(data: Any) -> Measured:
    """The output of an audit script in plain values; what is no item becomes a problem."""
    if not isinstance(data, Mapping):
        return Measured({}, problems=("the output is no object",))
    sections = data.get("sections")
    problems: list[str] = []
    measured = {
        str(kind): tuple(_items(str(kind), listed, problems))
        for kind, listed in (sections.items() if isinstance(sections, Mapping) else ())
    }
    return Measured(
        measured,
        read_time(data.get("collected_at")),
        str(data.get("workspace_id") or ""),
        tuple(problems),
    )


def _items(kind: str, listed: Any, problems: list[str]) -> Iterator[MeasuredItem]:
    for item in listed if isinstance(listed, list) else ():
        fields = item.get("fields") if isinstance(item, Mapping) else None
        if isinstance(fields, Mapping) and item.get("identifier"):
            yield MeasuredItem(str(item["identifier"]), fields)
        else:
            problems.append(f"an entry of section {kind} has no identifier and fields")


def read_independently(observations: Iterable[Observation], *, workspace_id: str) -> Measured:
    """Look-ups through the SDK in the form of an audit, so that both can be compared."""
    sections: dict[str, tuple[MeasuredItem, ...]] = {}
    for observation in observations:
        held = sections.setdefault(observation.asset.kind, ())
        if observation.found:
            item = MeasuredItem(observation.identifier, observation.fields)
            sections[observation.asset.kind] = (*held, item)
    return Measured(sections, workspace_id=workspace_id)


def require_login(run: AuditRun) -> AuditRun:
    """The run, unless the script itself said that it is not logged in.

    Raises:
        BlockedError: it failed with its own marker for HTTP 401.
    """
    if run.exit_code != 0 and LOGIN_MARKER in run.log:
        raise BlockedError("access_not_granted", "audit login", "log in where the script runs")
    return run


def run_problems(run: AuditRun, kinds: Collection[str], workspace_id: str) -> tuple[str, ...]:
    """Why a run of the script proves nothing: failed, partial, stale, foreign or leaking."""
    measured = read_measured(run.output)
    return (*unusable(run), *_run_problems(run, measured, kinds, workspace_id))


def unusable(run: AuditRun) -> tuple[str, ...]:
    """Why nothing that the run printed may be taken for measured now."""
    if run.exit_code != 0:
        return (f"the script ended with exit status {run.exit_code}",)
    if run.output_problem:
        return (f"the output cannot be read: {run.output_problem}",)
    at = read_measured(run.output).collected_at
    if at is None:
        return ("collected_at is absent or has no time zone",)
    if not run.started <= at <= run.ended:
        span = f"from {run.started.isoformat()} to {run.ended.isoformat()}"
        return (f"collected at {at.isoformat()}, the script ran {span}",)
    return ()


def _run_problems(
    run: AuditRun, measured: Measured, kinds: Collection[str], workspace_id: str
) -> Iterator[str]:
    yield from measured.problems
    yield from (f"no section {kind}" for kind in sorted(set(kinds) - set(measured.sections)))
    yield from (f"section {kind} is empty" for kind, i in measured.sections.items() if not i)
    if measured.workspace_id != workspace_id:
        yield f"measured in workspace {measured.workspace_id!r}, connected to {workspace_id!r}"
    yield from (f"log or output show a secret ({kind})" for kind in run.secrets_found)
    if not run.log.strip():
        yield "the log is empty"


def compare(assets: Sequence[Asset], run: AuditRun, rules: Collection[str]) -> Comparison:
    """The inventory against a run, field by field, under the declared normalisations only."""
    measured = read_measured(run.output)
    differences: list[Difference] = []
    compared: set[tuple[str, str]] = set()
    uncompared = [*unusable(run), *measured.problems]
    listed: dict[str, list[Asset]] = {}
    for asset in assets:
        listed.setdefault(asset.kind, []).append(asset)
    for kind, recorded in listed.items():
        if kind not in measured.sections:
            uncompared += [f"{asset.name} (section {kind} was not measured)" for asset in recorded]
            continue
        found = _by_identifier(measured.sections[kind], rules)
        for asset in recorded:
            items = found.pop(normalise(asset.identifier, rules), [])
            lines, fields = _compare_asset(asset, items, rules)
            differences += lines
            compared |= {(asset.name, name) for name in fields}
        differences += _strangers(kind, found)
    for kind in sorted(set(measured.sections) - set(listed)):
        differences += _strangers(kind, _by_identifier(measured.sections[kind], rules))
    return Comparison(tuple(differences), frozenset(compared), tuple(uncompared))


def _by_identifier(
    items: Iterable[MeasuredItem], rules: Collection[str]
) -> dict[Any, list[MeasuredItem]]:
    found: dict[Any, list[MeasuredItem]] = {}
    for item in items:
        found.setdefault(normalise(item.identifier, rules), []).append(item)
    return found


def _compare_asset(
    asset: Asset, items: Sequence[MeasuredItem], rules: Collection[str]
) -> tuple[list[Difference], set[str]]:
    if not items:
        missing = Difference("missing", asset.name, "", asset.identifier, None)
        return [missing], {"identifier"}
    lines = [_unexpected(asset.kind, item) for item in items[1:]]
    for field in asset.verified:
        measured = items[0].fields.get(field.name, _ABSENT)
        if measured is _ABSENT:
            lines.append(Difference("changed", asset.name, field.name, field.value, None))
        elif not _equal(field, measured, rules):
            lines.append(Difference("changed", asset.name, field.name, field.value, measured))
    return lines, {"identifier", *(field.name for field in asset.verified)}


def _equal(field: AssetField, measured: Any, rules: Collection[str]) -> bool:
    recorded, other = normalise(field.value, rules), normalise(measured, rules)
    if field.as_set and isinstance(recorded, list) and isinstance(other, list):
        return sorted(map(str, recorded)) == sorted(map(str, other))
    return type(recorded) is type(other) and bool(recorded == other)


def _strangers(kind: str, found: Mapping[Any, Sequence[MeasuredItem]]) -> list[Difference]:
    return [_unexpected(kind, item) for items in found.values() for item in items]


def _unexpected(kind: str, item: MeasuredItem) -> Difference:
    return Difference("unexpected", f"{kind} {item.identifier}", "", None, item.identifier)


def coverage_problems(assets: Sequence[Asset], comparison: Comparison) -> tuple[str, ...]:
    """What the comparison left out; a comparison of nothing is not 0 differences."""
    problems = [f"not compared: {name}" for name in comparison.uncompared]
    if not assets:
        problems.append("the inventory lists nothing for this environment")
    items = {name for name, _ in comparison.compared}
    problems += [f"not compared: {a.name}" for a in assets if a.name not in items]
    absent = {d.item for d in comparison.differences if d.word == "missing"}
    problems += [
        f"not compared: {asset.name}.{field.name}"
        for asset in assets
        for field in asset.verified
        if (asset.name, field.name) not in comparison.compared and asset.name not in absent
    ]
    return tuple(dict.fromkeys(problems))


@dataclass(frozen=True, slots=True)
class AuditDifferences:
    """Runs of the script held against the inventory, by the word that names each run."""

    assets: Sequence[Asset]
    lock_problems: tuple[str, ...]
    runs: Mapping[str, AuditRun]
    rules: Collection[str]

    def claims(self) -> Iterator[DifferenceClaim]:
        """The inventory is still locked; no run differs from it or leaves anything out."""
        still = "the inventory is still the locked one"
        yield DifferenceClaim(still, self.lock_problems, len(self.assets))
        for word, run in self.runs.items():
            comparison = compare(self.assets, run, self.rules)
            lines = tuple(str(difference) for difference in comparison.differences)
            compared = len(comparison.compared)
            yield DifferenceClaim(f"the {word} run differs nowhere", lines, compared)
            left_out = coverage_problems(self.assets, comparison)
            yield DifferenceClaim(f"the {word} run left nothing out", left_out, compared)


def confirmation_problems(
    assets: Sequence[Asset],
    runs: tuple[AuditRun, AuditRun],
    independent: Measured,
    *,
    locked_at: datetime | None,
    rules: Collection[str],
) -> tuple[str, ...]:
    """Why a first run, an independent reading and a repetition do not confirm each other."""
    first, second = (read_measured(run.output) for run in runs)
    problems = list(_order_problems(first, second, locked_at))
    if {first.workspace_id, second.workspace_id} != {independent.workspace_id}:
        problems.append("the script measured another workspace than the independent reading")
    for word, measured in (("first", first), ("repeated", second)):
        for asset in assets:
            problems += [
                f"{word} run, {line}" for line in _disagreement(asset, measured, independent, rules)
            ]
    return tuple(problems)


def _order_problems(first: Measured, second: Measured, locked_at: datetime | None) -> Iterator[str]:
    if first.collected_at is None or second.collected_at is None:
        yield "a run does not say when it measured"
        return
    if second.collected_at <= first.collected_at:
        yield (
            f"the repetition was collected at {second.collected_at.isoformat()}, "
            f"not after {first.collected_at.isoformat()}"
        )
    if locked_at is None:
        yield "the inventory is not locked"
    elif min(first.collected_at, second.collected_at) <= locked_at:
        yield f"locked at {locked_at.isoformat()}, after the measurement: audit again"


def _disagreement(
    asset: Asset, scripted: Measured, independent: Measured, rules: Collection[str]
) -> Iterator[str]:
    key = normalise(asset.identifier, rules)
    ours = _by_identifier(independent.sections.get(asset.kind, ()), rules).get(key, [])
    theirs = _by_identifier(scripted.sections.get(asset.kind, ()), rules).get(key, [])
    if len(ours) != 1 or len(theirs) != 1:
        yield f"{asset.name}: {len(theirs)} measured by the script, {len(ours)} independently"
        return
    for field in asset.verified:
        own, other = ours[0].fields.get(field.name), theirs[0].fields.get(field.name)
        if not _equal(AssetField(field.name, own, True, field.as_set), other, rules):  # noqa: FBT003
            yield f"{asset.name}.{field.name}: script {other!r}, independently {own!r}"
