"""Rows of which something is wrong: each is named, at its line, and none is guessed at."""

from __future__ import annotations

import pytest

from tests.unit.document.documents import (
    COLUMNS,
    SUB,
    cells,
    codes,
    document,
    errors,
    header,
    line,
    read,
    row,
)

REFUSED_CELLS = [
    ("EMPTY_FIELD", {"dod": ""}),
    ("EMPTY_FIELD", {"dod": "-"}),
    ("EMPTY_FIELD", {"owner": "—"}),
    ("EMPTY_FIELD", {"dod": "&nbsp;"}),
    ("EMPTY_FIELD", {"dod": "<br>"}),
    ("EMPTY_FIELD", {"dod": "<!-- later -->"}),
    ("EMPTY_FIELD", {"dod": "` `"}),
    ("EMPTY_FIELD", {"evidence_path": "-"}),
    ("EMPTY_FIELD", {"depends_on": ""}),
    ("PLACEHOLDER", {"dod": "TBD"}),
    ("PLACEHOLDER", {"dod": "(tbd)"}),
    ("PLACEHOLDER", {"owner": "<owner>"}),
    ("PLACEHOLDER", {"owner": "n/a"}),
    ("PLACEHOLDER", {"source_doc": "..."}),
    ("UNKNOWN_STATUS", {"status": "In Progress"}),
    ("UNKNOWN_STATUS", {"status": "done"}),
    ("UNKNOWN_STATUS", {"status": "`NotStarted`"}),
    ("UNKNOWN_PRIORITY", {"priority": "P9"}),
    ("UNKNOWN_LEVEL", {"verification_level": "L3+"}),
    ("UNKNOWN_LEVEL", {"verification_level": "L4"}),
    ("UNKNOWN_GATE", {"target_gate": "G5"}),
    ("MALFORMED_ID", {"task_id": "SEC-1"}),
    ("MALFORMED_ID", {"task_id": "sec-001"}),
    ("MALFORMED_ID", {"task_id": "`SEC-001`"}),
    ("MALFORMED_ID", {"task_id": "ＳＥＣ-００１"}),
    ("MALFORMED_ID", {"task_id": "SEC-００１"}),
    ("WRONG_WORKSTREAM", {"task_id": "MON-001"}),
    ("DEPENDENCY_SELF", {"depends_on": "SEC-001"}),
    ("DEPENDENCY_UNKNOWN", {"depends_on": "SEC-999"}),
    ("DEPENDENCY_RANGE", {"depends_on": "SEC-002~SEC-004"}),
    ("DEPENDENCY_RANGE", {"depends_on": "SEC-002..SEC-004"}),
    ("DEPENDENCY_RANGE", {"depends_on": "SEC-002 – SEC-004"}),
    ("DEPENDENCY_RANGE", {"depends_on": "SEC-002 - SEC-004"}),
    ("DEPENDENCY_SYNTAX", {"depends_on": "SEC-002; SEC-003"}),
    ("DEPENDENCY_SYNTAX", {"depends_on": "SEC-002 SEC-003"}),
    ("DEPENDENCY_SYNTAX", {"depends_on": "SEC-002/SEC-003"}),
    ("DEPENDENCY_SYNTAX", {"depends_on": "SEC-002，SEC-003"}),
    ("DEPENDENCY_SYNTAX", {"depends_on": "SEC-002<br>SEC-003"}),
    ("DEPENDENCY_SYNTAX", {"depends_on": "SEC-002,"}),
    ("DEPENDENCY_SYNTAX", {"depends_on": "SEC-002,,SEC-003"}),
    ("DEPENDENCY_SYNTAX", {"depends_on": "-, SEC-002"}),
    ("DEPENDENCY_SYNTAX", {"depends_on": "–"}),
    ("DEPENDENCY_SYNTAX", {"depends_on": "`SEC-002`"}),
    ("DEPENDENCY_SYNTAX", {"depends_on": "SEC-００2"}),
    ("DEPENDENCY_TWICE", {"depends_on": "SEC-002, SEC-002"}),
    ("EVIDENCE_ABSOLUTE", {"evidence_path": "`/var/log/x.log`"}),
    ("EVIDENCE_ABSOLUTE", {"evidence_path": "`C:\\x.log`"}),
    ("EVIDENCE_ABSOLUTE", {"evidence_path": "`~/x.log`"}),
    ("EVIDENCE_ESCAPES", {"evidence_path": "`../20260212_x.log`"}),
    ("EVIDENCE_ESCAPES", {"evidence_path": "`.agents/logs/verification/../../../x.log`"}),
    ("EVIDENCE_URL", {"evidence_path": "`https://example.org/20260212_x.log`"}),
    ("EVIDENCE_DIRECTORY", {"evidence_path": "`.agents/logs/verification/`"}),
    ("EVIDENCE_DIRECTORY", {"evidence_path": "`.agents/logs/verification`"}),
    ("EVIDENCE_NAME", {"evidence_path": "`.agents/logs/verification/x.log`"}),
    ("EVIDENCE_NAME", {"evidence_path": "`.agents/logs/verification/20260212_X.log`"}),
    ("EVIDENCE_NAME", {"evidence_path": "`.agents/logs/verification/a/20260212_x.log`"}),
    ("EVIDENCE_NAME", {"evidence_path": "`.agents/logs/verification/20260212_x.txt`"}),
    ("EVIDENCE_NAME", {"evidence_path": "`.agents/logs/verification/20260212_x.log` and more"}),
    ("SUB_TASK_NUMBERING", {"sub": "1) 하나<br>3) 셋"}),
    ("SUB_TASK_NUMBERING", {"sub": "2) 둘"}),
    ("SUB_TASK_NUMBERING", {"sub": "1) 하나<br>"}),
    ("SUB_TASK_NUMBERING", {"sub": "하나"}),
    ("SUB_TASK_NUMBERING", {"sub": "１) 하나"}),
    ("PLACEHOLDER", {"sub": "1) TBD"}),
    ("SUB_TASKS_MISSING", {"sub": ""}),
    ("WRONG_BLOCK", {"status": "Done"}),
]


@pytest.mark.parametrize(("code", "changed"), REFUSED_CELLS)
def test_a_bad_cell_is_named_at_its_line(code: str, changed: dict[str, str]) -> None:
    """The finding has the code, the line of the row and a sentence, and no roadmap results."""
    text = document(row(**changed), row("SEC-002"), row("SEC-003"))

    found = [each for each in errors(text) if each.code == code]

    assert [each.line for each in found] == [9]
    assert found[0].message
    assert read(text).roadmap is None


@pytest.mark.parametrize("place", ["모든{}값", "{}값", "값{}"])
@pytest.mark.parametrize(
    "character",
    [
        "\u200b",
        "\u200d",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\u00ad",
        "\x07",
        "\x0b",
        "\u2028",
        "\u3164",
    ],
)
def test_a_hidden_character_in_a_field_is_refused(character: str, place: str) -> None:
    """Control, bidirectional and zero-width characters cannot stand in a field."""
    assert "HIDDEN_CHARACTER" in codes(document(row(dod=place.format(character))))


def test_a_hidden_character_written_as_an_entity_is_refused() -> None:
    """An entity is the character it stands for."""
    assert "HIDDEN_CHARACTER" in codes(document(row(dod="모든&#8203;값")))


def test_a_nul_in_a_field_is_refused() -> None:
    """NUL is a control character; Markdown would put another character in its place."""
    assert codes(document(row(dod="모든\0값"))) == {"HIDDEN_CHARACTER"}


@pytest.mark.parametrize("broken", ["", " 하나 더 |", " a | b |"])
def test_a_row_with_another_cell_count_than_its_header_is_refused(broken: str) -> None:
    """A cell too few or too many is reported; GFM would pad or cut the row silently."""
    whole = row()
    text = document(whole + broken if broken else whole.rsplit("|", 2)[0] + "|")

    assert [(each.code, each.line, each.task) for each in errors(text)] == [
        ("CELL_COUNT", 9, "SEC-001"),
    ]


def test_an_unescaped_pipe_in_a_code_span_parts_the_cell() -> None:
    """GFM splits at a bare pipe inside a code span, so the row has a cell too many."""
    assert "CELL_COUNT" in codes(document(row(dod="`a | b` 확인")))


def test_prose_directly_below_a_table_is_no_row() -> None:
    """A line without blank line before it belongs to the table and has too few cells."""
    text = document(row()).replace("|\n\n끝.", "|\n끝.")

    assert codes(text) == {"CELL_COUNT"}


def test_an_id_that_stands_twice_is_refused_at_its_second_line() -> None:
    """The finding names the first line."""
    text = document(row("SEC-001"), row("SEC-002"), row("SEC-001", evidence_path="`x`"))

    found = [each for each in errors(text) if each.code == "DUPLICATE_ID"]

    assert [each.line for each in found] == [11]
    assert "line 9" in found[0].message


def test_an_evidence_file_belongs_to_one_task() -> None:
    """The same slot is refused, under another date too."""
    other = "`.agents/logs/verification/20270101_sec_001.md`"

    found = errors(document(row("SEC-001"), row("SEC-002", evidence_path=other)))

    assert [(each.code, each.task) for each in found] == [("EVIDENCE_TWICE", "SEC-002")]


def test_a_cycle_is_reported_once_with_its_tasks() -> None:
    """The message walks the circle."""
    text = document(
        row("SEC-001", depends_on="SEC-003"),
        row("SEC-002", depends_on="SEC-001"),
        row("SEC-003", depends_on="SEC-002"),
        row("SEC-004", depends_on="SEC-003"),
    )

    found = errors(text)

    assert [each.code for each in found] == ["DEPENDENCY_CYCLE"]
    assert "SEC-001 -> SEC-003 -> SEC-002 -> SEC-001" in found[0].message


def test_two_separate_cycles_are_both_reported() -> None:
    """One finding for each circle."""
    text = document(
        row("SEC-001", depends_on="SEC-002"),
        row("SEC-002", depends_on="SEC-001"),
        row("SEC-003", depends_on="SEC-004"),
        row("SEC-004", depends_on="SEC-003"),
    )

    assert [each.code for each in errors(text)] == ["DEPENDENCY_CYCLE"] * 2


@pytest.mark.parametrize(
    ("gate", "other", "allowed"),
    [
        ("G1", "G2", False),
        ("G2", "G1", True),
        ("G2", "G3", False),
        ("G3", "G2", False),
        ("G4", "G2", True),
        ("G4", "G1", True),
        ("G1", "G1", True),
    ],
)
def test_a_task_cannot_wait_for_a_later_gate(gate: str, other: str, allowed: bool) -> None:
    """A dependency lies in the own gate or in one that it requires, however far away."""
    text = document(
        row("SEC-001", target_gate=gate, depends_on="SEC-002"), row("SEC-002", target_gate=other)
    )

    assert ("DEPENDENCY_LATER_GATE" in codes(text)) is not allowed


def test_a_row_that_is_not_done_cannot_stand_under_done() -> None:
    """The Done block holds Done rows only."""
    assert codes(document(row(), block="완료 항목 (Done)")) == {"WRONG_BLOCK"}


def test_a_dependency_on_a_row_that_is_refused_is_no_second_error() -> None:
    """One slip gives one finding."""
    text = document(row("SEC-001") + " more |", row("SEC-002", depends_on="SEC-001"))

    assert codes(text) == {"CELL_COUNT"}


@pytest.mark.parametrize("name", [name for name in COLUMNS if name != SUB])
def test_a_missing_column_is_named(name: str) -> None:
    """The header's line is given, and the other columns are still checked."""
    columns = tuple(each for each in COLUMNS if each != name)
    text = f"### WS-SEC\n\n{header(columns)}\n{line(cells(sub='2) 둘'), columns)}\n"

    found = errors(text)

    assert ("MISSING_COLUMN", 3) in [(each.code, each.line) for each in found]
    assert "SUB_TASK_NUMBERING" in {each.code for each in found}


def test_a_misspelt_column_is_missing_and_the_slip_is_shown() -> None:
    """``Task ID`` is not taken for ``task_id``."""
    text = document(row()).replace("| task_id ", "| Task ID ")

    found = [each for each in errors(text) if each.code == "MISSING_COLUMN"]

    assert "Task ID" in found[0].message


def test_a_column_that_stands_twice_is_refused() -> None:
    """Nobody can say which of the two cells is meant."""
    columns = (*COLUMNS, "dod")
    text = f"### WS-SEC\n\n{header(columns)}\n{line(cells(), columns)}\n"

    assert "DUPLICATE_COLUMN" in codes(text)


def test_all_problems_are_reported_at_once() -> None:
    """Each bad cell of each row has its finding."""
    text = document(
        row("SEC-001", dod="", status="Maybe", priority="P7"),
        row("SEC-002", target_gate="G9", depends_on="SEC-777"),
    )

    assert [(each.line, each.code) for each in errors(text)] == [
        (9, "EMPTY_FIELD"),
        (9, "UNKNOWN_STATUS"),
        (9, "UNKNOWN_PRIORITY"),
        (10, "UNKNOWN_GATE"),
        (10, "DEPENDENCY_UNKNOWN"),
    ]


@pytest.mark.parametrize("name", ["세부태스크", "Sub_Tasks"])
def test_a_misspelt_sub_task_column_is_refused(name: str) -> None:
    """Its sub-tasks would be dropped."""
    assert "SUB_TASK_COLUMN" in codes(document(row()).replace(SUB, name))


def test_a_table_outside_the_workstreams_is_refused() -> None:
    """Where other tables stand in one."""
    text = document(row()) + f"\n## 9) 부록\n\n{header()}\n{row('SEC-002')}\n"

    assert [(each.code, each.task) for each in errors(text)] == [("NO_WORKSTREAM", "SEC-002")]


def test_a_name_that_only_marks_a_repeat_is_the_same_evidence() -> None:
    """``_r2`` marks the second record of a day."""
    again = "`.agents/logs/verification/20260212_sec_001_r2.md`"

    assert codes(document(row(), row("SEC-002", evidence_path=again))) == {"EVIDENCE_TWICE"}


def test_the_source_of_a_task_may_be_its_evidence_path_unless_it_is_outside() -> None:
    """A self-reference is a warning; it does not open the way out of the repository."""
    inside = row(source_doc="`a.md`", evidence_path="`a.md`")
    outside = row(source_doc="`/etc/passwd`", evidence_path="`/etc/passwd`")

    assert [each.code for each in read(document(inside)).findings] == ["SELF_REFERENCE"]
    assert codes(document(outside)) == {"EVIDENCE_ABSOLUTE"}
