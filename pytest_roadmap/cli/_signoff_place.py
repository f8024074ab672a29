"""Where a sign-off document gets its figures from: the project, or an embedded run's repository."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_roadmap.adapters.evidence.store import EvidenceStore
from pytest_roadmap.cli._project import ProjectEvidence, read_features
from pytest_roadmap.cli._standing import ProjectStanding, read_standing
from pytest_roadmap.domain.documents import GENERATED_ROADMAP
from pytest_roadmap.domain.standing import Evidence, Occasion, Standing
from pytest_roadmap.domain.validity import EMBEDDED_KIND, EMBEDDED_SCHEMA, REAL_SCHEMA
from pytest_roadmap.plugin.judge import derive_run
from pytest_roadmap.plugin.project import Plans

if TYPE_CHECKING:
    from pytest_roadmap.adapters.evidence.reading import LoadedEvidence
    from pytest_roadmap.domain.evidence import Record

EMBEDDED_DIR = Path("build/embedded")
_REPOSITORY = "repository"
_CLOUD = "cloud.json"


@dataclass(frozen=True, slots=True)
class SignoffPlace:
    """The repository of the sign-off, its roadmap document and where its records lie.

    ``base`` is the folder of the embedded run; None for the project itself.
    """

    root: Path
    document: Path
    base: Path | None = None

    @property
    def environment(self) -> str:
        """The environment that attestations may be bound to; "" for none."""
        return EMBEDDED_KIND if self.base else ""

    def now(self) -> datetime:
        """The present moment there: an embedded environment may have a clock of its own."""
        noted = _noted(self.base) if self.base else {}
        return datetime.now(UTC) + timedelta(seconds=float(noted.get("clock_offset_s") or 0))

    def load(self) -> LoadedEvidence:
        """The records that count here."""
        if self.base is None:
            return EvidenceStore(self.root / ".agents/logs/verification", schema=REAL_SCHEMA).load()
        return EvidenceStore(self.base / "evidence", schema=EMBEDDED_SCHEMA).load()

    def stand(self, now: datetime) -> ProjectStanding:
        """Where the tasks stand, as these records show at ``now`` (UTC).

        Raises:
            UnusableProjectError: a file of the project is broken.
        """
        if self.base is None:
            return read_standing(self.document, self.root, now, Occasion.GATE)
        return self._embedded(now, self.base)

    def _embedded(self, now: datetime, base: Path) -> ProjectStanding:
        """As the run itself judges: by the records of its own state (rules g.1)."""
        read = read_standing(self.document, self.root, now, Occasion.GATE)
        state_id = str(_noted(base).get("state_id") or "")
        loaded = self.load()
        records = tuple(each for each in loaded.records if _of_state(each, state_id, now))
        features = read_features(self.root, read.roadmap)
        required = {
            feature.task_id: tuple(each.scenario_id for each in feature.scenarios if each.required)
            for feature in features.texts
        }
        blockers = read.evidence.evidence.blockers
        plans = Plans(read.roadmap, read.policy, blockers, read.waivers)
        derived = derive_run(plans, records, required, kind=EMBEDDED_KIND, now=now)
        evidence = Evidence(records=records, features=features.texts, blockers=blockers)
        refused = {
            task_id: "TAMPERED"
            for task_id in read.roadmap.by_id
            if any(
                problem.slot and _names(problem.slot, task_id, read) for problem in loaded.problems
            )
        }
        standing = Standing(derived, refused=refused)
        return ProjectStanding(
            self.root,
            read.roadmap,
            read.rows,
            read.policy,
            ProjectEvidence(evidence),
            standing,
            read.waivers,
            now,
        )


def _names(slot: str, task_id: str, read: ProjectStanding) -> bool:
    task = read.roadmap.task(task_id)
    return read.policy.slots.get(task_id) == slot or task.evidence_path.endswith(f"_{slot}")


def _of_state(record: Record, state_id: str, now: datetime) -> bool:
    return record.ended <= now and state_id in ("", record.state_id)


def _noted(base: Path) -> dict[str, Any]:
    """What is known of the cloud of an embedded run."""
    try:
        found = json.loads((base / _CLOUD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def place_in(
    root: Path, environment: str | None, base: Path | None, document: Path
) -> SignoffPlace:
    """The place that the options name."""
    if environment != EMBEDDED_KIND:
        return SignoffPlace(root, document)
    folder = (base or root / EMBEDDED_DIR).resolve()
    repository = folder / _REPOSITORY
    return SignoffPlace(repository, repository / GENERATED_ROADMAP, folder)


def place_of_file(path: Path, document: Path) -> SignoffPlace:
    """The place of a sign-off document that is there: it lies in its own repository."""
    root = path.resolve().parents[3]
    if root.name == _REPOSITORY and (root.parent / _CLOUD).is_file():
        return SignoffPlace(root, root / GENERATED_ROADMAP, root.parent)
    return SignoffPlace(root, root / document)
