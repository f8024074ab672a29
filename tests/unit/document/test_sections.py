"""Headings: which workstream they name, and whether they announce done or open tasks."""

from __future__ import annotations

import pytest

from pytest_roadmap.adapters.document.sections import block_of, workstream_code
from pytest_roadmap.domain.quality.row import Block
from tests.unit.document.documents import document, header, read, row


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ("3.1 WS-SEC (Security)", "WS-SEC"),
        ("**3.1 WS-SEC:** x", "WS-SEC"),
        ("`WS-A1`", "WS-A1"),
        ("[WS-SEC](x.md)", "WS-SEC"),
        ("NEWS-SEC", ""),
        ("WS-", ""),
        ("ws-sec", ""),
        ("보안", ""),
    ],
)
def test_a_heading_names_its_workstream(heading: str, code: str) -> None:
    """Whatever stands around the code."""
    assert workstream_code(heading) == code


@pytest.mark.parametrize(
    ("heading", "block"),
    [
        ("완료 항목 (Done)", Block.DONE),
        ("미완료 항목 (세부 태스크)", Block.OPEN),
        ("Done", Block.DONE),
        ("Not done yet", Block.OPEN),
        ("Open tasks", Block.OPEN),
        ("Completeness of OpenShift", Block.UNNAMED),
        ("완료기준", Block.UNNAMED),
    ],
)
def test_a_heading_announces_done_or_open_tasks(heading: str, block: Block) -> None:
    """By whole words, so that other titles announce nothing."""
    assert block_of(heading) is block


def test_a_section_ends_at_the_next_heading_of_its_depth() -> None:
    """A later workstream has its own tables."""
    text = document(row()) + f"\n### WS-MON\n\n{header()}\n{row('MON-001')}\n"

    assert [(each.table.workstream, each.table.section) for each in read(text).rows] == [
        ("WS-SEC", "미완료"),
        ("WS-MON", "WS-MON"),
    ]


def test_headings_in_quotes_and_fences_are_no_sections() -> None:
    """They belong to what is quoted."""
    text = document(row(), heading="### WS-SEC\n\n> ### WS-MON\n\n```\n### WS-CUT\n```")

    assert [each.table.workstream for each in read(text).rows] == ["WS-SEC"]
