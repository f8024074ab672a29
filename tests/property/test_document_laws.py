"""Laws of the document reader: what is written is read, and no bytes make it raise."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from markdown_it.rules_block.table import escapedSplit

from pytest_roadmap.adapters.document import read_roadmap
from pytest_roadmap.adapters.document.features import lint_feature
from pytest_roadmap.adapters.document.lines import count_cells
from pytest_roadmap.domain.markup import code_spans, hidden_characters, split_breaks
from pytest_roadmap.domain.quality.finding import has_errors
from pytest_roadmap.domain.quality.graph import find_cycles
from tests.unit.document.documents import (
    COLUMNS,
    REAL_DOCUMENT,
    cells,
    document,
    header,
    line,
    policy,
    read,
    row,
)

WORDS = st.text(
    st.characters(
        exclude_categories=("C", "Z"), exclude_characters="\\`|<&\u3164\uffa0\u115f\u1160"
    ),
    min_size=1,
    max_size=12,
).filter(lambda word: not hidden_characters(word))
PROSE = st.lists(WORDS, min_size=2, max_size=5).map(lambda words: "값 " + " ".join(words))
CELL = st.one_of(PROSE, PROSE.map(lambda text: f"`{text}` 확인"), PROSE.map(lambda t: f"a|b {t}"))
LINES = st.sampled_from(
    [
        row("SEC-001"),
        row("SEC-002", depends_on="SEC-001"),
        row("ＳＥＣ-００３"),
        row("SEC-004") + " extra |",
        header(),
        header().split("\n")[0],
        "",
        "```",
        "~~~ text",
        "<!--",
        "-->",
        "<div>",
        "> " + row("SEC-005"),
        "    " + row("SEC-006"),
        "- item",
        "#### 완료 항목 (Done)",
        "### WS-SEC",
        "text",
        "|",
        "\t",
    ]
)


def escaped(text: str) -> str:
    return text.replace("|", "\\|")


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=5), st.permutations(COLUMNS))
def test_what_is_written_in_a_table_is_read_from_it(
    texts: list[tuple[str, str, str]], columns: list[str]
) -> None:
    """Whatever the texts and the order of the columns."""
    rows = [
        cells(f"SEC-{number:03d}", dod=escaped(dod), owner=escaped(owner), sub=f"1) {escaped(sub)}")
        for number, (dod, owner, sub) in enumerate(texts)
    ]
    body = "\n".join([header(tuple(columns)), *(line(each, tuple(columns)) for each in rows)])

    reading = read(f"### WS-SEC\n\n{body}\n")

    assert not has_errors(reading.findings)
    tasks = reading.roadmap.tasks if reading.roadmap else ()
    assert [(task.dod, task.owner, task.sub_tasks[0].text) for task in tasks] == texts


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_raise(content: bytes) -> None:
    """They give findings, and a roadmap only without errors."""
    reading = read_roadmap(content, policy())

    assert reading.roadmap is None or not has_errors(reading.findings)
    assert reading.findings


@given(st.lists(LINES, max_size=14), st.sampled_from(["\n", "\r\n", "\r"]))
def test_no_task_row_is_ever_dropped(lines: list[str], end: str) -> None:
    """Each row with an id is a task, or is reported, or stands in a closed fence or comment."""
    lines = "\n".join(lines).split("\n")

    reading = read(end.join(lines))

    seen = {each.line for each in reading.rows} | {each.line for each in reading.findings}
    hides = {"```", "~~~ text", "<!--"} & set(lines)
    for number, written in enumerate(lines, start=1):
        if "-00" in unicodedata.normalize("NFKC", written) and not hides:
            assert number in seen


@given(st.data())
def test_a_damaged_real_document_never_raises(data: st.DataObject) -> None:
    """Cut, double or replace any part of it."""
    content = REAL_DOCUMENT.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 300)))
    inserted = data.draw(st.one_of(st.binary(max_size=8), st.sampled_from([b"|", b"\n", b"```\n"])))

    reading = read_roadmap(content[:start] + inserted + content[end:], policy())

    assert reading.roadmap is None or len(reading.roadmap.tasks) == len(reading.rows)


@given(st.text("|\\\\` -a\t", max_size=40))
def test_cells_are_counted_as_the_parser_splits_them(text: str) -> None:
    """The count and the parser's own splitting agree for every line."""
    parts = escapedSplit(text.strip())
    if parts and parts[0] == "":
        parts.pop(0)
    if parts and parts[-1] == "":
        parts.pop()

    assert count_cells(text) == len(parts) or not text.strip()


@given(st.text("`\\ab<br>/ ", max_size=40))
def test_code_spans_and_breaks_cover_text_in_order(text: str) -> None:
    """Spans do not overlap, and no visible text is lost between breaks."""
    spans = list(code_spans(text))

    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert all(text[start] == "`" == text[end - 1] for start, end, _ in spans)
    assert sum(part.count("a") for part in split_breaks(text)) == text.count("a")


@given(st.dictionaries(st.integers(0, 12), st.lists(st.integers(0, 12), max_size=3), max_size=13))
def test_cycles_found_are_cycles_and_none_is_missed(graph: dict[int, list[int]]) -> None:
    """A graph without a found cycle can be emptied from its leaves."""
    edges = {
        str(node): [str(each) for each in following if each in graph and each != node]
        for node, following in graph.items()
    }

    cycles = list(find_cycles(edges))

    for circle in cycles:
        assert all(b in edges[a] for a, b in zip(circle, [*circle[1:], circle[0]], strict=True))
    left = set(edges)
    while leaves := {node for node in left if not left & set(edges[node])}:
        left -= leaves
    assert bool(cycles) == bool(left)


@given(st.text(max_size=200))
def test_no_text_makes_the_feature_lint_raise(text: str) -> None:
    """It gives problems."""
    assert lint_feature(text, {"SEC-001"})


def test_the_good_document_of_these_tests_is_good() -> None:
    """Otherwise the laws above would hold for nothing."""
    assert read(document(row())).findings == ()
    assert Path(REAL_DOCUMENT).is_file()
