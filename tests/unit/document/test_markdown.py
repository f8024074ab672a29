"""Any document as headings and tables, and what stands under a heading."""

from __future__ import annotations

import pytest

from pytest_roadmap.adapters.document.markdown import read_markdown
from pytest_roadmap.domain.markdown import MarkdownHeading, read_section

_TEXT = """\
# Title

| a | b |
|---|---|
| 0 | 0 |

## 2. Access

### Detail

| a | b |
|---|---|
| 1 | 2 |

```text
| a | b |
|---|---|
| 3 | 4 |
```

## 12.1) Later

> | a | b |
> |---|---|
> | 5 | 6 |
"""


def test_a_section_ends_at_the_next_heading_of_its_depth() -> None:
    """Tables under deeper headings belong to it; those before, after and in code do not."""
    section = read_section(read_markdown(_TEXT), "Access", "preflight")
    assert [row.cells for table in section.tables for row in table.rows] == [("1", "2")]


def test_a_table_in_a_quote_is_no_table_of_the_document() -> None:
    """The section is there, its tables are not."""
    section = read_section(read_markdown(_TEXT), "12.1", "preflight")
    assert (len(section.headings), section.tables) == (1, ())


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_line_ends_make_no_difference(ends: str) -> None:
    """The same text with other line ends is the same document."""
    assert read_markdown(_TEXT.replace("\n", ends)) == read_markdown(_TEXT)


@pytest.mark.parametrize(
    ("heading", "name", "answers"),
    [
        ("6) Legacy map", "Legacy map", True),
        ("12. Status", "12", True),
        ("12.1 Items", "12.1", True),
        ("12.1 Items", "12", False),
        ("§ 12. Status", "12", True),
        ("Legacy map of old", "Legacy map", False),
    ],
)
def test_a_heading_answers_to_its_text_and_its_number(
    heading: str, name: str, *, answers: bool
) -> None:
    """Section 12 is not 12.1, and a longer title is another one."""
    assert MarkdownHeading(1, 2, heading).answers_to(name) is answers
