"""QA-02: what counts as registered twice, and what a person has to decide."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from pytest_roadmap.adapters.document.dedupe import read_dedupe
from pytest_roadmap.adapters.document.registers import RegisterError
from pytest_roadmap.composition.quality import score_texts
from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.quality.qa02 import (
    Adjudication,
    Judgement,
    Limits,
    check_duplicates,
    check_resources,
    comparable,
    text_digest,
)
from pytest_roadmap.domain.roadmap import Roadmap
from tests.unit.document.documents import REAL_DOCUMENT, read
from tests.unit.evidence.evidence_samples import record, scenario

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_roadmap.domain.evidence import Record
    from pytest_roadmap.domain.task import Task

PAIR = frozenset({"MON-009", "GOV-007"})


@pytest.fixture(scope="module")
def roadmap() -> Roadmap:
    found = read(REAL_DOCUMENT.read_bytes()).roadmap
    assert found is not None
    return found


def judged(roadmap: Roadmap, judgement: Judgement = Judgement.DISTINCT) -> Adjudication:
    digests = {task_id: text_digest(roadmap.task(task_id)) for task_id in PAIR}
    return Adjudication(PAIR, judgement, digests)


def found(roadmap: Roadmap, *known: Adjudication) -> list[Finding]:
    return list(check_duplicates(roadmap, known, score_texts, Limits()))


def errors(findings: list[Finding]) -> list[tuple[str, str | None]]:
    return [(each.code, each.task) for each in findings if each.level is Level.ERROR]


def with_task(roadmap: Roadmap, workstream: str, dod: str) -> Roadmap:
    model = next(task for task in roadmap.tasks if task.workstream == workstream)
    added = replace(model, task_id="NEW-001", dod=dod, evidence_path="new", sub_tasks=())
    return Roadmap((*roadmap.tasks, added), "", roadmap.workstreams)


def changed(roadmap: Roadmap, task_id: str, task: Task) -> Roadmap:
    tasks = tuple(task if each.task_id == task_id else each for each in roadmap.tasks)
    return Roadmap(tasks, "", roadmap.workstreams)


def test_the_real_tables_have_one_candidate_and_one_remark(roadmap: Roadmap) -> None:
    """MON-009 / GOV-007 across workstreams, CUT-007 / CUT-009 within one."""
    findings = found(roadmap)

    assert errors(findings) == [("CANDIDATE_OPEN", "GOV-007")]
    assert any("MON-009 (score 55.2)" in each.message for each in findings)
    remarks = [each for each in findings if each.level is Level.INFO]
    assert [each.task for each in remarks] == ["CUT-009"]
    assert "CUT-007 (score 50.8)" in remarks[0].message
    assert len(findings) == 2


def test_a_judged_pair_passes(roadmap: Roadmap) -> None:
    """The real tables with the entry of the rules hold no error."""
    assert errors(found(roadmap, judged(roadmap))) == []


@pytest.mark.parametrize(
    ("one", "other", "score"),
    [("MON-009", "GOV-007", 55.2), ("CUT-007", "CUT-009", 50.8), ("MON-007", "CUT-005", 46.3)],
)
def test_real_pairs_score_as_the_rules_say(
    roadmap: Roadmap, one: str, other: str, score: float
) -> None:
    """The threshold of 50 stands between 50.8 and 46.3."""
    texts = [comparable(roadmap.task(task_id).dod) for task_id in (one, other)]

    assert round(score_texts(texts[0], texts[1], 0), 1) == score


@pytest.mark.parametrize(
    ("workstream", "dod", "like", "score"),
    [
        (
            "WS-GOV",
            "Databricks diagnostic logs를 Log Analytics에 연결하고 A/B/C 리소스 매핑 확인",
            "MON-001",
            "91.9",
        ),
        ("WS-GOV", "Workbook 게시 및 운영팀 공유 권한 부여", "MON-006", "79.2"),
        ("WS-CUT", "Key Vault Secret Scope 접근 검증 및 rotation 절차 확인", "SEC-004", "90.0"),
        ("WS-SEC", "매주 로드맵 상태 리뷰 루틴 고정", "GOV-004", "65.3"),
    ],
)
def test_a_paraphrase_in_another_workstream_is_a_candidate(
    roadmap: Roadmap, workstream: str, dod: str, like: str, score: str
) -> None:
    """Each with the score of the rules against the real task."""
    findings = found(with_task(roadmap, workstream, dod), judged(roadmap))

    assert ("CANDIDATE_OPEN", "NEW-001") in errors(findings)
    assert any(f"that of {like} (score {score})" in each.message for each in findings)


def test_nothing_else_across_workstreams_comes_near(roadmap: Roadmap) -> None:
    """Below the one candidate the next pair stands at 46.3."""
    scores = sorted(
        score_texts(comparable(one.dod), comparable(other.dod), 0)
        for one, other in combinations(roadmap.tasks, 2)
        if one.workstream != other.workstream
    )

    assert [round(each, 1) for each in scores[-2:]] == [46.3, 55.2]


def test_a_full_paraphrase_is_the_known_miss(roadmap: Roadmap) -> None:
    """Text alone does not find it."""
    more = with_task(roadmap, "WS-GOV", "운영 대시보드를 만들어 공유한다")

    assert errors(found(more, judged(roadmap))) == []


def test_short_sub_tasks_are_not_compared(roadmap: Roadmap) -> None:
    """The pair of MON-007 and GOV-002 would score 76.9 and says nothing."""
    assert not [each for each in found(roadmap) if each.code == "SUB_TASK_ALIKE"]


@pytest.mark.parametrize(
    ("field", "code"),
    [("evidence_path", "SAME_EVIDENCE"), ("dod", "SAME_DOD"), ("sub_tasks", "SAME_SUB_TASKS")],
)
def test_equal_fields_are_errors(roadmap: Roadmap, field: str, code: str) -> None:
    """Whatever the workstreams are."""
    copied = getattr(roadmap.task("SEC-001"), field)
    twin = replace(roadmap.task("MON-001"), **{field: copied})

    assert (code, "MON-001") in errors(found(changed(roadmap, "MON-001", twin), judged(roadmap)))


def test_a_judgement_of_an_older_text_is_stale(roadmap: Roadmap) -> None:
    """The digest names the text that was judged."""
    task = roadmap.task("GOV-007")
    more = changed(roadmap, "GOV-007", replace(task, dod=task.dod + " 새로"))

    assert ("ADJUDICATION_STALE", "GOV-007") in errors(found(more, judged(roadmap)))


def test_a_pair_judged_duplicate_may_not_stay(roadmap: Roadmap) -> None:
    """One of the two has to go."""
    known = judged(roadmap, Judgement.DUPLICATE)

    assert [code for code, _ in errors(found(roadmap, known))] == ["DUPLICATE"]


ENTRY = """- pair: [MON-009, GOV-007]
  verdict: distinct
  reason: one fixes, one keeps
  reviewer: {role: DataEng Lead, name: }
  date: 2026-02-20
  digest: {MON-009: aa, GOV-007: bb}
"""


def test_the_entry_of_the_rules_is_read(tmp_path: Path) -> None:
    """With a reviewer whose name is not given yet."""
    path = tmp_path / "dedupe.yaml"
    path.write_text(ENTRY, "utf-8")

    (entry,) = read_dedupe(path)

    assert (entry.pair, entry.judgement) == (PAIR, Judgement.DISTINCT)
    assert read_dedupe(tmp_path / "absent.yaml") == ()


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("distinct", "maybe", "[1].verdict"),
        ("[MON-009, GOV-007]", "[MON-009]", "[1].pair"),
        ("2026-02-20", "20 Feb", "[1].date"),
        ("  reason: one fixes, one keeps\n", "", "[1].reason"),
        ("MON-009: aa, ", "", "[1].digest.MON-009"),
        ("role: DataEng Lead, ", "", "[1].reviewer.role"),
        ("  verdict", "  verdikt", "[1].verdikt"),
    ],
)
def test_a_bad_entry_is_one_sentence_with_its_key(
    tmp_path: Path, old: str, new: str, place: str
) -> None:
    """File and key stand in it."""
    path = tmp_path / "dedupe.yaml"
    path.write_text(ENTRY.replace(old, new), "utf-8")

    with pytest.raises(RegisterError) as caught:
        read_dedupe(path)

    assert str(caught.value).startswith(f"{path}: {place}: ")
    assert "\n" not in str(caught.value)


def changing(task_id: str, *resources: object, mode: str = "PROBE") -> Record:
    """A record of a task whose scenario changes something."""
    return record(
        task_id=task_id, scenarios=(scenario(modes=(mode,)),), facts={"resources": list(resources)}
    )


class TestResources:
    """The second net: one resource that tasks of two workstreams change."""

    def test_it_is_a_warning_at_the_later_task(self, roadmap: Roadmap) -> None:
        """Said once for each pair, whatever the case of the id."""
        records = [
            changing("SEC-003", {"id": "/a/B"}),
            changing("MON-001", {"id": "/A/b"}, {"id": "/a/B"}),
            changing("MON-001", {"id": "/a/B"}),
        ]
        findings = list(check_resources(roadmap, records))

        assert [(each.code, each.task) for each in findings] == [("SAME_RESOURCE", "MON-001")]
        assert findings[0].level is Level.WARNING

    @pytest.mark.parametrize(
        "other",
        [
            changing("SEC-004", {"id": "/a"}),
            changing("MON-001", {"id": "/b"}),
            changing("MON-001", {"id": "/a"}, mode="RO"),
            changing("NEW-009", {"id": "/a"}),
            changing("MON-001", "/a", {"id": 3}),
            record(task_id="MON-001", scenarios=(scenario(modes=("PROBE",)),), facts={}),
        ],
        ids=["same workstream", "other id", "reads", "no task", "no ids", "none"],
    )
    def test_anything_else_is_not(self, roadmap: Roadmap, other: Record) -> None:
        """Reading is no creating, and within a workstream people know."""
        assert not list(check_resources(roadmap, [changing("SEC-003", {"id": "/a"}), other]))
