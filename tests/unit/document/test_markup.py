"""The Markdown inside a cell."""

from __future__ import annotations

import pytest

from pytest_roadmap.adapters.document.lines import count_cells, split_cells
from pytest_roadmap.domain.markup import (
    code_texts,
    fold,
    hidden_characters,
    split_breaks,
    unwrap_code,
)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("`a` b `c`", ("a", "c")),
        ("``a ` b``", ("a ` b",)),
        ("`a ``b`", ("a ``b",)),
        ("no `end", ()),
        ("\\`a` b`", ("b",)),
        ("`a\\` b`", ("a\\",)),
        ("\\``a`", ("a",)),
    ],
)
def test_code_spans_follow_commonmark(text: str, spans: tuple[str, ...]) -> None:
    """Runs of equal length belong together, and an escaped backtick opens nothing."""
    assert code_texts(text) == spans


@pytest.mark.parametrize(
    ("text", "content"),
    [("`a`", "a"), ("`` a`b ``", "a`b"), ("`a` b", "`a` b"), ("`a` `b`", "`a` `b`"), ("a", "a")],
)
def test_only_a_cell_that_is_one_code_span_is_unwrapped(text: str, content: str) -> None:
    """Anything beside it keeps the cell as it is."""
    assert unwrap_code(text) == content


def test_breaks_split_outside_code_only() -> None:
    """Two spans with breaks between and inside them."""
    assert split_breaks("`a<br>`<br>b `<br>` c<br/>`d") == ("`a<br>`", "b `<br>` c", "`d")


@pytest.mark.parametrize("text", ["한글 `code` → (a)", "A+B", "é", "　"])
def test_ordinary_text_holds_no_hidden_character(text: str) -> None:
    """Korean, arrows and wide spaces are visible or plain white space."""
    assert hidden_characters(text) == ()


def test_hidden_characters_are_named() -> None:
    """By code point and name, each once."""
    assert hidden_characters("a\u200bb\u200b\x00") == (
        "U+200B ZERO WIDTH SPACE",
        "U+0000 control character",
    )


def test_folding_shows_what_was_meant() -> None:
    """Full-width letters, marks and hidden signs go."""
    assert fold(" **ＳＥＣ-００１**\u200b ") == "SEC-001"


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("| a | b |", 2),
        ("a | b", 2),
        ("| a | b", 2),
        ("  | a |  ", 1),
        ("| a \\| b | c |", 2),
        ("| `a | b` |", 2),
        ("| a | b \\|", 2),
        ("||a|", 2),
        ("|", 0),
        ("text", 1),
    ],
)
def test_cells_are_counted_as_gfm_parts_them(line: str, count: int) -> None:
    """A pipe parts cells unless a backslash stands before it."""
    assert count_cells(line) == count


def test_the_cells_of_a_quoted_line_are_found() -> None:
    """Marks of quotes and lists are no cells."""
    assert split_cells("> - | a \\| b | c |") == ["a | b", "c"]
