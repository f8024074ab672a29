"""Configuration files against measured values: the comparison, and what it must show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_roadmap.domain.canonical import utc_text
from pytest_roadmap.domain.config_map import (
    AREAS,
    Comparator,
    ConfigMapError,
    ConfigRow,
    read_config_map,
)
from pytest_roadmap.domain.config_sources import Measurements
from pytest_roadmap.domain.config_values import (
    ConfigFile,
    SecretReference,
    as_text,
    broken_reference,
    leaves,
    literal_problems,
    merged,
    reference_of,
    references_in,
    shown,
    telling,
    telling_value,
    value_at,
)
from pytest_roadmap.domain.differences import DifferenceClaim
from pytest_roadmap.domain.identifiers import is_inside, same
from pytest_roadmap.domain.outcome import AssetMissingError, BlockedError, InconclusiveError
from pytest_roadmap.domain.ports import FileChange, RepositoryPort, UnreadableDocumentError

_NO_REFERENCE = "(no reference)"
_FILES, _MAP = "config_binding.files", "config_binding.map"


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """One mapped key: what is configured (never a literal secret), where, and what was measured.

    ``configured`` is None where no file holds the key, ``observed`` where the service does not
    know the thing.
    """

    row: ConfigRow
    configured: str | None
    file: str
    observed: str | None
    differs: bool


@dataclass(frozen=True, slots=True)
class ConfigComparison:
    """The configuration files as they stood at a moment, held against the platform."""

    at: datetime
    files: tuple[ConfigFile, ...]
    map_change: FileChange
    lines: tuple[ConfigLine, ...]
    references: tuple[tuple[str, SecretReference, str], ...] = ()
    broken: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """The last commits of everything that people wrote."""
        return (*(file.change for file in self.files), self.map_change)

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Why files could not be read, one sentence each."""
        return tuple(file.problem for file in self.files if file.problem)

    @property
    def differences(self) -> tuple[ConfigLine, ...]:
        """The lines that do not agree, references aside."""
        return tuple(line for line in self.lines if line.differs)

    def claims(self) -> Iterator[DifferenceClaim]:
        """No configured value differs, and values were compared."""
        problems = (*self.unreadable, *map(describe, self.differences))
        compared = sum(
            line.configured is not None and line.observed is not None for line in self.lines
        )
        yield DifferenceClaim("every configured value is the measured one", problems, compared)

    def as_fact(self) -> dict[str, Any]:
        """The comparison table as plain values for the record."""
        return {
            "at": utc_text(self.at),
            "files": [{"path": c.path, "commit": c.commit, "clean": c.clean} for c in self.changes],
            "table": [
                {
                    "config_path": line.row.config_path,
                    "area": line.row.area,
                    "observed_source": line.row.observed,
                    "comparator": line.row.comparator.value,
                    "configured": line.configured,
                    "observed": line.observed,
                    "differs": line.differs,
                }
                for line in self.lines
            ],
        }


def compare_configuration(
    repository: RepositoryPort, measurements: Measurements, at: datetime
) -> ConfigComparison:
    """Hold every mapped key of the bound files against its measured value.

    Raises:
        BlockedError: files or map are not bound or not there, or the harness may not look.
        InconclusiveError: the map is no map.
    """
    environment = measurements.environment
    paths = tuple(str(path) for path in environment.require(_FILES))
    map_path = str(environment.require(_MAP))
    rows = _load_map(repository, map_path)
    files = tuple(_load(repository, path) for path in paths)
    values = merged(files)
    lines = tuple(_line(row, files, values, measurements) for row in rows)
    found = [(path, r) for path, value in leaves(values) for r in references_in(value)]
    found += [
        (line.row.config_path, reference)
        for line in lines
        if line.row.comparator is Comparator.REFERENCE
        and isinstance(value := value_at(values, line.row.config_path), Mapping)
        and (reference := reference_of(value))
    ]
    return ConfigComparison(
        at,
        files,
        repository.last_change(map_path),
        lines,
        tuple((path, r, measurements.reference_problem(r)) for path, r in found),
        tuple(path for path, value in leaves(values) if broken_reference(value)),
    )


def _load_map(repository: RepositoryPort, path: str) -> tuple[ConfigRow, ...]:
    try:
        return read_config_map(repository.load_yaml(repository.read(path)))
    except AssetMissingError as missing:
        raise _absent(_MAP, missing) from missing
    except UnreadableDocumentError as problem:
        raise InconclusiveError("config_map", str(problem)) from problem
    except ConfigMapError as problem:
        raise InconclusiveError("config_map", f"{path}: {problem}") from problem


def _load(repository: RepositoryPort, path: str) -> ConfigFile:
    try:
        document = repository.read(path)
        change = repository.last_change(path)
    except AssetMissingError as missing:
        raise _absent(_FILES, missing) from missing
    values: Any = {}
    problem = text = ""
    try:
        text = document.text
        values = repository.load_yaml(document)
    except (UnreadableDocumentError, UnicodeDecodeError) as error:
        problem = str(error)
    if not problem and not isinstance(values, Mapping):
        problem, values = f"{path}: expected keys with values", {}
    return ConfigFile(path, document.sha256, change, values, text, problem)


def _absent(key: str, missing: AssetMissingError) -> BlockedError:
    return BlockedError("missing_binding", key, str(missing), owner="DataEng")


def _line(
    row: ConfigRow,
    files: tuple[ConfigFile, ...],
    values: Mapping[str, Any],
    measurements: Measurements,
) -> ConfigLine:
    value = value_at(values, row.config_path)
    file = next((f.path for f in reversed(files) if _holds(f, row)), "")
    if row.comparator is Comparator.REFERENCE:
        named = reference_of(value)
        name = f"{named.scope}/{named.key}" if named else _NO_REFERENCE
        return ConfigLine(row, None if value is None else name, file, None, differs=False)
    observed = measurements.value(row.observed)
    configured = as_text(value)
    needed = row.required or value is not None
    differs = needed and not _agrees(row.comparator, configured, observed)
    return ConfigLine(row, shown(configured), file, observed, differs)


def _holds(file: ConfigFile, row: ConfigRow) -> bool:
    return value_at(file.values, row.config_path) is not None


def _agrees(comparator: Comparator, configured: str | None, observed: str | None) -> bool:
    if configured is None or observed is None:
        return False
    if comparator is Comparator.EXACT:
        return configured == observed
    if comparator is Comparator.INSIDE:
        return is_inside(configured, observed)
    return same(configured, observed)


def describe(line: ConfigLine) -> str:
    """A line that does not agree, as people read it."""
    relation = "not inside" if line.row.comparator is Comparator.INSIDE else "not"
    where = f" ({line.file})" if line.file else ""
    return (
        f"{line.row.config_path} is {line.configured!r}{where}, {relation} {line.observed!r} "
        f"as measured for {line.row.observed}"
    )


def coverage_problems(comparison: ConfigComparison) -> tuple[str, ...]:
    """What the comparison leaves out, or what keeps a value from being compared."""
    return (
        *comparison.unreadable,
        *(f"no {area} is compared" for area in AREAS if not _covers(comparison, area)),
        *(
            f"{line.row.config_path} stands in no file"
            for line in comparison.lines
            if line.configured is None and line.row.required
        ),
        *(f"{path} is not in the map" for path in _unmapped(comparison)),
        *_misleading_overrides(comparison),
    )


def _covers(comparison: ConfigComparison, area: str) -> bool:
    return any(line.row.area == area and line.configured is not None for line in comparison.lines)


def _unmapped(comparison: ConfigComparison) -> Iterator[str]:
    mapped = {line.row.config_path for line in comparison.lines}
    below = tuple(
        f"{line.row.config_path}."
        for line in comparison.lines
        if line.row.comparator is Comparator.REFERENCE
    )
    for path, value in leaves(merged(comparison.files)):
        tells = telling(path) or telling_value(value)
        if tells and path not in mapped and not path.startswith(below):
            yield path


def _misleading_overrides(comparison: ConfigComparison) -> Iterator[str]:
    """Where a later file puts a value that was not measured over another one."""
    for line in comparison.differences:
        path = line.row.config_path
        held = [(f.path, shown(as_text(value_at(f.values, path)))) for f in comparison.files]
        under = [value for file, value in held if value is not None and file != line.file]
        if line.configured is not None and any(value != line.configured for value in under):
            yield (
                f"{line.file} overrides {path} {under[-1]!r} with {line.configured!r}, "
                "which was not measured"
            )


def secret_problems(comparison: ConfigComparison) -> tuple[str, ...]:
    """Where the files hold a secret itself, or name one that does not exist; never its value."""
    problems = [problem for file in comparison.files for problem in literal_problems(file)]
    problems += [
        f"{line.row.config_path} names no secret, expected {{{{secrets/<scope>/<key>}}}}"
        for line in comparison.lines
        if line.row.comparator is Comparator.REFERENCE and line.configured == _NO_REFERENCE
    ]
    problems += [f"{path} holds a reference that names no secret" for path in comparison.broken]
    problems += [f"{path}: {why}" for path, _, why in comparison.references if why]
    return (*comparison.unreadable, *problems)


def missing_sources(comparison: ConfigComparison) -> tuple[str, ...]:
    """What the platform does not know, though it is bound."""
    return tuple(
        dict.fromkeys(
            line.row.observed
            for line in comparison.lines
            if line.observed is None and line.row.comparator is not Comparator.REFERENCE
        )
    )
