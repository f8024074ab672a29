"""What the reader gives for documents that are in order."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_roadmap.adapters.document import read_roadmap, read_roadmap_file
from pytest_roadmap.domain.quality.finding import Level
from pytest_roadmap.domain.quality.row import REQUIRED_COLUMNS
from pytest_roadmap.domain.roadmap import Roadmap
from pytest_roadmap.domain.task import Status, SubTask
from tests.unit.document.documents import (
    COLUMNS,
    REAL_DOCUMENT,
    SUB,
    cells,
    document,
    errors,
    header,
    line,
    policy,
    read,
    row,
)

if TYPE_CHECKING:
    from pathlib import Path


def roadmap_of(text: str | bytes) -> Roadmap:
    found = read(text).roadmap
    assert found is not None, errors(text)
    return found


def real() -> Roadmap:
    return roadmap_of(REAL_DOCUMENT.read_bytes())


def test_the_real_document_holds_its_34_tasks() -> None:
    """Workstreams, declared words, priorities and levels are those counted by hand."""
    tasks = real().tasks

    assert Counter(task.workstream for task in tasks) == {
        "WS-SEC": 8,
        "WS-MON": 9,
        "WS-CUT": 10,
        "WS-GOV": 7,
    }
    assert Counter(task.status.value for task in tasks) == {
        "NotStarted": 20,
        "InProgress": 11,
        "Blocked": 2,
        "Done": 1,
    }
    assert Counter(task.priority for task in tasks) == {"P0": 19, "P1": 12, "P2": 3}
    assert Counter(task.verification_level for task in tasks) == {"L1": 11, "L2": 3, "L3": 20}


def test_the_real_document_holds_99_sub_tasks_in_33_tasks() -> None:
    """Only the table of the one Done task has no sub-tasks."""
    counts = [len(task.sub_tasks) for task in real().tasks]

    assert (sum(counts), sum(count > 0 for count in counts)) == (99, 33)


def test_the_findings_on_the_real_document_are_those_of_the_rules() -> None:
    """No error; the warnings and remarks that rules c.4 and b.2 list."""
    findings = read(REAL_DOCUMENT.read_bytes()).findings

    assert sorted((each.level.value, each.code, str(each.task)) for each in findings) == [
        ("info", "LIVE_CHECK_DOCUMENT", "CUT-002"),
        ("info", "LIVE_CHECK_DOCUMENT", "CUT-008"),
        ("info", "LIVE_CHECK_DOCUMENT", "CUT-010"),
        ("info", "LIVE_CHECK_DOCUMENT", "SEC-001"),
        ("info", "LIVE_CHECK_DOCUMENT", "SEC-008"),
        ("warning", "EVIDENCE_PREFIX", "SEC-002"),
        ("warning", "NO_SUB_TASK_COLUMN", "GOV-005"),
        ("warning", "PRIORITY_INVERSION", "CUT-005"),
        ("warning", "PRIORITY_INVERSION", "CUT-009"),
        ("warning", "PRIORITY_INVERSION", "SEC-008"),
        ("warning", "SELF_REFERENCE", "GOV-005"),
    ]


def test_a_task_of_the_real_document_has_all_its_fields() -> None:
    """Korean, inline code and commas in prose survive."""
    task = real().task("SEC-005")

    assert task.status is Status.BLOCKED
    assert task.depends_on == ("SEC-003", "SEC-004")
    assert task.source_doc == (
        "`.specs/decision_open_items.md` (D-018), `.specs/cloud/cloud_migration_rebuild_plan.md`"
    )
    assert task.dod == "서비스 프린시플 `run_as` 전환 + UC ACL 최소권한 적용 + 실행 성공"
    assert task.evidence_path == ".agents/logs/verification/20260212_sec_run_as_transition.log"
    assert task.owner == "Infra + DataEng"
    assert task.sub_tasks[2] == SubTask(3, "A/B/C 실행 스모크 검증")
    assert task.section == "미완료 항목 (세부 태스크)"
    assert task.line == 66


def test_the_line_of_a_task_is_its_line_in_the_file() -> None:
    """Every task's line holds its row, and the raw line is kept as it stands."""
    reading = read(REAL_DOCUMENT.read_bytes())
    lines = REAL_DOCUMENT.read_text("utf-8").split("\n")

    assert all(each.raw == lines[each.line - 1] for each in reading.rows)
    assert all(each.raw.startswith(f"| {each.task_id} |") for each in reading.rows)
    assert list(reading.lines) == lines


def test_the_digest_is_that_of_the_bytes() -> None:
    """So that a record can name the document it was made for."""
    content = REAL_DOCUMENT.read_bytes()

    assert roadmap_of(content).digest == "sha256:" + hashlib.sha256(content).hexdigest()


def test_workstreams_are_named_by_their_headings() -> None:
    """The code gives the heading, in document order."""
    assert next(iter(real().workstreams.items())) == (
        "WS-SEC",
        "3.1 WS-SEC (Security And Pre-Provisioned Resource Binding)",
    )


def test_columns_may_stand_in_any_order() -> None:
    """Cells are found by the name of their column."""
    columns = tuple(reversed(COLUMNS))
    text = f"### WS-SEC\n\n{header(columns)}\n{line(cells(), columns)}\n"

    assert replace(roadmap_of(text).tasks[0], line=0, section="") == replace(
        roadmap_of(document(row())).tasks[0], line=0, section=""
    )


def test_unknown_columns_are_kept_and_ignored() -> None:
    """Their cells stand in ``extra``."""
    columns = ("비고", *COLUMNS)
    text = f"### WS-SEC\n\n{header(columns)}\n{line({**cells(), '비고': '메모'}, columns)}\n"

    assert roadmap_of(text).tasks[0].extra == {"비고": "메모"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a \\| b", "a | b"),
        ("`a \\| b`", "`a | b`"),
        ("로그 -> 분석", "로그 -> 분석"),
        ("`silver.dq_status`/Gold", "`silver.dq_status`/Gold"),
        ("첫째<br>둘째", "첫째<br>둘째"),
        ("A & B < C", "A & B < C"),
        ("*강조* [링크](x.md)", "*강조* [링크](x.md)"),
        ("C:\\\\path", "C:\\\\path"),
    ],
)
def test_the_markdown_of_a_cell_survives(written: str, meant: str) -> None:
    """Only the escape of a pipe is undone."""
    assert roadmap_of(document(row(dod=written))).tasks[0].dod == meant


@pytest.mark.parametrize(
    "sub", ["1) 하나<br>2) 둘", "1) 하나<br/>2) 둘", "1) 하나 <BR /> 2) 둘", "1)하나<br>2)둘"]
)
def test_sub_tasks_are_parted_by_breaks(sub: str) -> None:
    """In every spelling of the tag."""
    assert roadmap_of(document(row(sub=sub))).tasks[0].sub_tasks == (
        SubTask(1, "하나"),
        SubTask(2, "둘"),
    )


def test_a_break_inside_a_code_span_parts_nothing() -> None:
    """It is text there."""
    task = roadmap_of(document(row(sub="1) `a<br>b` 확인<br>2) 둘"))).tasks[0]

    assert [each.text for each in task.sub_tasks] == ["`a<br>b` 확인", "둘"]


def test_a_done_row_needs_no_sub_tasks() -> None:
    """Its table may lack the column or the cell may be empty."""
    text = document(row(status="Done", sub="-"), block="완료 항목 (Done)")

    assert roadmap_of(text).tasks[0].sub_tasks == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_byte_order_mark_and_line_ends_change_nothing(end: str, mark: bytes) -> None:
    """Lines are counted the same."""
    text = document(row("SEC-001"), row("SEC-002"))

    tasks = roadmap_of(mark + text.replace("\n", end).encode()).tasks

    assert tasks == roadmap_of(text).tasks


def test_a_document_without_last_line_end_is_read() -> None:
    """The last row counts."""
    text = document(row("SEC-001"), row("SEC-002")).split("\n\n끝.")[0]

    assert len(roadmap_of(text).tasks) == 2


def test_a_row_without_outer_pipes_is_read() -> None:
    """GFM allows it."""
    assert roadmap_of(document(row().strip("| "))).tasks[0].task_id == "SEC-001"


def test_header_names_in_decomposed_unicode_are_found() -> None:
    """A Korean column name typed on another system is the same name."""
    decomposed = unicodedata.normalize("NFD", SUB)
    text = document(row()).replace(SUB, decomposed)

    assert len(roadmap_of(text).tasks[0].sub_tasks) == 2


@pytest.mark.parametrize("content", [b"\xff\xfe|", b"# a\n\xc3\x28", "한글".encode("euc-kr")])
def test_bytes_that_are_not_utf8_are_no_roadmap(content: bytes) -> None:
    """Nothing is decoded by guess."""
    reading = read_roadmap(content, policy())

    assert [each.code for each in reading.findings] == ["NOT_UTF8"]
    assert not reading.readable


def test_the_line_of_a_bad_byte_is_named() -> None:
    """So that somebody can repair it."""
    assert read_roadmap(b"# a\n\nb\xff\n", policy()).findings[0].line == 3


def test_a_document_beyond_the_limits_is_refused_unread() -> None:
    """Size, lines and cells are bounded."""
    for content in (b" " * (17 << 20), b"\n" * 400_001, b"|" * 1_000_001):
        assert [each.code for each in read_roadmap(content, policy()).findings] == ["TOO_LARGE"]


@pytest.mark.parametrize("name", ["", "absent.md", "x" * 5000, "a\0b"])
def test_a_path_that_is_no_file_is_a_finding(tmp_path: Path, name: str) -> None:
    """Directory, missing, too long, impossible: never an exception."""
    reading = read_roadmap_file(tmp_path / name, policy())

    assert not reading.readable
    assert [each.level for each in reading.findings] == [Level.ERROR]


def test_the_code_knows_no_workstream_gate_or_level_of_this_roadmap() -> None:
    """Another policy makes another roadmap readable."""
    other = replace(
        policy(),
        task_id_pattern=r"^OPS-\d{4}$",
        gates={"Ready": replace(policy().gates["G1"], name="Ready")},
        required_kinds={"V1": ("dev",)},
        priorities={"high": next(iter(policy().priorities.values()))},
    )
    good = cells("OPS-0001", priority="high", verification_level="V1", target_gate="Ready")
    good["evidence_path"] = "`.agents/logs/verification/20260212_ops_1.log`"
    text = document(line(good), heading="## WS-OPS (Betrieb)")

    reading = read_roadmap(text.encode(), other)

    assert reading.findings == ()
    assert [task.workstream for task in (reading.roadmap or Roadmap(())).tasks] == ["WS-OPS"]


def test_every_required_column_is_a_field_of_a_task() -> None:
    """The ten names of the document are the ten names in code."""
    task = real().tasks[0]

    assert all(getattr(task, name, None) is not None for name in REQUIRED_COLUMNS)
