"""A status edit changes nothing else in the document."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_roadmap.adapters.document.editing import edit_statuses
from pytest_roadmap.domain.task import Status
from tests.property.test_document_laws import CELL, escaped
from tests.unit.document.documents import COLUMNS, SUB, cells, line, policy, read

OPEN = st.sampled_from([Status.NOT_STARTED, Status.IN_PROGRESS, Status.BLOCKED])
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
STYLES = st.sampled_from(["outer", "bare", "tight", "wide", "trailing", "indented"])


def styled(text: str, style: str) -> str:
    """The row written another way; it means the same."""
    inner = text.removeprefix("| ").removesuffix(" |")
    return {
        "outer": text,
        "bare": inner,
        "tight": "|" + inner.replace(" | ", "|") + "|",
        "wide": "|   " + inner.replace(" | ", "\t |  ") + "   |  ",
        "trailing": inner + " |",
        "indented": "  " + text,
    }[style]


@given(
    st.lists(st.tuples(CELL, CELL, OPEN, STYLES, OPEN), min_size=1, max_size=5),
    st.permutations(COLUMNS),
    ENDS,
    st.booleans(),
    st.booleans(),
    st.data(),
)
def test_a_status_edit_changes_nothing_but_the_status_cells(
    tasks: list[tuple[str, str, Status, str, Status]],
    columns: list[str],
    end: str,
    bom: bool,
    ended: bool,
    data: st.DataObject,
) -> None:
    """Whatever the texts, columns, outer pipes, spaces, line ends, and byte order mark."""
    names = tuple(columns)
    chosen = data.draw(st.sets(st.sampled_from(range(len(tasks)))))

    def text(edited: set[int]) -> bytes:
        lines = ["# 로드맵", "", "### 3.1 WS-SEC (Security)", "", "#### 미완료", ""]
        lines += ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
        for number, (dod, owner, old, style, new) in enumerate(tasks):
            row = cells(
                f"SEC-{number:03d}",
                dod=escaped(dod),
                owner=escaped(owner),
                status=(new if number in edited else old).value,
            )
            # "-" and "1)" at the beginning of a line would make it a list item.
            bare_is_list = names[0] in ("depends_on", SUB) and style in ("bare", "trailing")
            lines.append(styled(line(row, names), "outer" if bare_is_list else style))
        whole = end.join([*lines, "", "끝 NotStarted | Blocked", *([""] if ended else [])])
        return (b"\xef\xbb\xbf" if bom else b"") + whole.encode()

    before = text(set())
    assert read(before).roadmap is not None
    statuses = {f"SEC-{number:03d}": tasks[number][4] for number in chosen}

    assert edit_statuses(before, statuses, policy()) == text(chosen)
