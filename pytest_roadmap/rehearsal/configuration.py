"""How people come by a right configuration: compare, correct in a commit, compare again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from pytest_roadmap.adapters.document import read_policy, read_roadmap_file
from pytest_roadmap.adapters.evidence.store import EvidenceStore
from pytest_roadmap.adapters.evidence.ulid import UlidFactory
from pytest_roadmap.domain.canonical import utc_text
from pytest_roadmap.domain.config_history import FACT
from pytest_roadmap.domain.documents import GENERATED_ROADMAP
from pytest_roadmap.domain.evidence import Record, ScenarioResult
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.roadmap import dod_digest
from pytest_roadmap.domain.validity import EMBEDDED_KIND, EMBEDDED_SCHEMA
from pytest_roadmap.rehearsal.history import commit_all, run_git

COMMON, DEV, MAP = "configs/common.yaml", "configs/dev.yaml", "config_map.yaml"
_POLICY, _CLOUD = ".roadmap/policy.yaml", "cloud.json"
_TASK, _SCENARIO = "SEC-006", "SEC-006.S2"
_STEP = "Then there are 0 differences"
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
#: What the first configuration got wrong: file, key, the wrong text and the measured one.
_MISTAKES = (
    (COMMON, "uc.catalog", b"catalog: main_draft\n", b"catalog: main\n"),
    (DEV, "landing.base_path", b"abfss://raw@", b"abfss://landing@"),
)
Perform = Callable[[Path, Path, datetime], None]


def first_configuration(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The configuration files as they were before anybody compared them."""
    drafts = {path: files[path] for path in (COMMON, DEV)}
    for path, _, wrong, right in _MISTAKES:
        drafts[path] = drafts[path].replace(right, wrong)
    return drafts


def _compared_before(*, corrected: bool) -> Perform:
    """An earlier comparison stands in a record; it found the mistakes of the commits it saw."""

    def perform(repository: Path, _keys: Path, now: datetime) -> None:
        order = ("--reverse",) if corrected else ()
        seen = [
            {"path": path, "commit": _commits(repository, path, *order)[0], "clean": True}
            for path in (COMMON, DEV, MAP)
        ]
        at = now - _DAY * 4
        table = [{"config_path": key, "differs": True} for _, key, _, _ in _MISTAKES]
        fact = {"at": utc_text(at), "files": seen, "table": table}
        _leave_record(repository, at, {FACT: [fact]})

    return perform


def _commits(repository: Path, path: str, *order: str) -> list[str]:
    return run_git(repository, "log", "--format=%H", *order, "--", path).decode("ascii").split()


def _leave_record(repository: Path, at: datetime, facts: Mapping[str, object]) -> None:
    policy = read_policy(repository / _POLICY)
    roadmap = read_roadmap_file(repository / GENERATED_ROADMAP, policy).roadmap
    if roadmap is None:
        raise ValueError(f"{GENERATED_ROADMAP} cannot be read")
    task = roadmap.task(_TASK)
    state = json.loads((repository.parent / _CLOUD).read_text("utf-8"))
    result = ScenarioResult(
        scenario_id=_SCENARIO,
        title="Values are equal and secrets are references only",
        sub_tasks=(1, 3),
        modes=("RO",),
        required=True,
        outcome=Outcome.FAIL,
        reason="",
        detail="two values differ from the measured ones",
        owner=task.owner,
        failed_step=_STEP,
        started=at,
        ended=at,
        feature_digest="",
    )
    record = Record(
        record_id=UlidFactory(lambda: at)(),
        task_id=task.task_id,
        dod_digest=dod_digest(task),
        environment=EMBEDDED_KIND,
        kind=EMBEDDED_KIND,
        state_id=str(state["state_id"]),
        started=at,
        ended=at,
        scenarios=(result,),
        facts=facts,
    )
    store = EvidenceStore(repository.parent / "evidence", schema=EMBEDDED_SCHEMA)
    store.write(record, (), task)


def _changed_later(repository: Path, _keys: Path, now: datetime) -> None:
    """Somebody commits a change at a time that no comparison has reached yet."""
    path = repository / DEV
    path.write_bytes(path.read_bytes() + b"# reviewed\n")
    commit_all(repository, "Review the configuration", now + _HOUR)


CONFIGURATION_ACTS: Mapping[str, Mapping[str, Perform]] = {
    "earlier-comparison": {
        "": _compared_before(corrected=True),
        "uncorrected": _compared_before(corrected=False),
    },
    "configuration-change": {"after-comparison": _changed_later},
}
