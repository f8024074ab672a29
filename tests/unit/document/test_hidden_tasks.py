"""Tasks that a slip of Markdown hides: each is reported, none is dropped silently."""

from __future__ import annotations

import pytest

from tests.unit.document.documents import codes, document, errors, header, read, row

FIRST, SECOND, THIRD = row("SEC-001"), row("SEC-002"), row("SEC-003")

ORPHANING = [
    ("blank line", [FIRST, "", SECOND]),
    ("comment", [FIRST, "<!-- later -->", SECOND]),
    ("quote", [FIRST, "> " + SECOND]),
    ("nested quote", [FIRST, "> > " + SECOND]),
    ("list", [FIRST, "- " + SECOND]),
    ("indentation", [FIRST, "    " + SECOND]),
    ("tab", [FIRST, "\t" + SECOND]),
    ("heading", [FIRST, "## x", SECOND]),
    ("rule", [FIRST, "---", SECOND]),
    ("html", [FIRST, "<div>", SECOND]),
    ("comment before it on the line", [FIRST, "<!-- x -->" + SECOND]),
    ("end of comment before it", [FIRST, "<!--", "-->" + SECOND]),
    ("full-width id", [FIRST, "", row("ＳＥＣ-００２")]),
    ("bold id", [FIRST, "", row("**SEC-002**")]),
    ("lower-case id", [FIRST, "", row("sec-002")]),
    ("malformed id", [FIRST, "", row("SEC-2")]),
    ("no outer pipes", [FIRST, "", SECOND.strip("| ")]),
]


@pytest.mark.parametrize("lines", [each[1] for each in ORPHANING], ids=[e[0] for e in ORPHANING])
def test_a_row_parted_from_its_table_is_refused(lines: list[str]) -> None:
    """The last line is reported as a row without table."""
    found = errors(document(*lines))

    assert [(each.code, each.line) for each in found] == [("ORPHAN_ROW", 8 + len(lines))]


def test_every_row_of_a_table_with_a_broken_delimiter_is_refused() -> None:
    """Without a delimiter of the header's width there is no table, hence no task."""
    text = document(FIRST, SECOND).replace("|---|---|", "|---|", 1)

    assert [each.code for each in errors(text)] == ["NO_TASKS", "ORPHAN_ROW", "ORPHAN_ROW"]
    assert not read(text).readable


@pytest.mark.parametrize("prefix", ["> ", "- ", "  - ", "1. "])
def test_a_task_table_in_a_quote_or_list_is_refused(prefix: str) -> None:
    """A task table stands by itself."""
    first, *others = [header(), SECOND]
    lines = [line for part in (first, *others) for line in part.split("\n")]
    indent = prefix if prefix == "> " else " " * len(prefix)
    nested = [prefix + lines[0], *(indent + line for line in lines[1:])]
    text = document(FIRST) + "\n" + "\n".join(nested) + "\n"

    assert [(each.code, each.task) for each in errors(text)] == [("ORPHAN_ROW", "SEC-002")]


def test_a_table_indented_by_up_to_three_spaces_is_read() -> None:
    """That much indentation changes nothing in Markdown."""
    text = "### WS-SEC\n\n" + "\n".join(
        "   " + line for line in (header() + "\n" + FIRST).split("\n")
    )

    assert [each.task_id for each in read(text).rows] == ["SEC-001"]
    assert read(text).roadmap is not None


@pytest.mark.parametrize(
    "lines",
    [
        ["```", header(), THIRD, "```"],
        ["~~~ text", header(), THIRD, "~~~"],
        ["````", "```", header(), THIRD, "````"],
        ["<!--", header(), THIRD, "-->"],
        ["<!-- " + THIRD + " -->"],
        ["<!--", "", THIRD, "", "-->"],
    ],
)
def test_tables_in_closed_fences_and_comments_are_no_tasks(lines: list[str]) -> None:
    """They are examples."""
    reading = read(document(FIRST) + "\n" + "\n".join(lines) + "\n")

    assert [each.task_id for each in reading.rows] == ["SEC-001"]
    assert reading.roadmap is not None


@pytest.mark.parametrize("opening", ["```", "~~~", "``` text", "> ```"])
def test_an_unclosed_fence_that_swallows_tasks_is_refused(opening: str) -> None:
    """The fence and each swallowed row are named."""
    quote = "> " if opening.startswith(">") else ""
    text = document(FIRST) + f"\n{opening}\n{quote}{SECOND}\n{quote}{THIRD}\n"

    assert [each.code for each in errors(text)] == [
        "UNCLOSED_FENCE",
        "SWALLOWED_ROW",
        "SWALLOWED_ROW",
    ]


def test_a_fence_closed_by_the_next_fence_only_is_refused() -> None:
    """A fence line with a language inside a fence shows that the first one was left open."""
    text = "```\n" + document(FIRST) + "\n```bash\nls\n```\n"

    assert "UNCLOSED_FENCE" in codes(text)


def test_a_fence_left_open_that_pairs_with_a_later_one_is_refused() -> None:
    """With an odd number of fence lines nobody can say which rows are examples."""
    text = document(FIRST) + "\n```\n" + SECOND + "\n\n```\nls\n```\n"

    assert codes(text) == {"UNCLOSED_FENCE", "SWALLOWED_ROW"}


def test_an_unclosed_fence_without_tasks_changes_nothing() -> None:
    """Only tasks matter here."""
    assert errors(document(FIRST) + "\n```\nls\n") == []


def test_an_unclosed_comment_that_swallows_tasks_is_refused() -> None:
    """A comment nobody closes hides everything below it."""
    text = document(FIRST) + "\n<!-- later\n\n" + SECOND + "\n"

    assert [each.code for each in errors(text)] == ["UNCLOSED_COMMENT", "SWALLOWED_ROW"]


def test_an_unclosed_fence_around_everything_leaves_no_roadmap() -> None:
    """There is nothing to read."""
    reading = read("```\n" + document(FIRST))

    assert {"NO_TASKS", "UNCLOSED_FENCE"} <= {each.code for each in reading.findings}
    assert not reading.readable


@pytest.mark.parametrize("text", ["", "\n", "# 로드맵\n", "| a | b |\n|---|---|\n| 1 | 2 |\n"])
def test_a_document_without_tasks_is_no_roadmap(text: str) -> None:
    """No task at all is an error of its own."""
    reading = read(text)

    assert [each.code for each in reading.findings] == ["NO_TASKS"]
    assert not reading.readable


def test_a_task_table_without_rows_is_no_roadmap() -> None:
    """A header alone says nothing."""
    assert codes(document()) == {"NO_TASKS"}


def test_prose_that_names_tasks_between_pipes_is_no_row() -> None:
    """A short list of ids is text."""
    assert errors(document(FIRST) + "\nG1: SEC-001 | SEC-002 | SEC-003\n") == []


def test_another_table_may_name_tasks() -> None:
    """A table whose header has none of the fields holds no tasks."""
    other = "\n| 항목 | a | b | c |\n|---|---|---|---|\n| SEC-009 | x | y | z |\n"

    assert errors(document(FIRST) + other) == []
