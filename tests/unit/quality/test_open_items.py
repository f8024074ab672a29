"""QA-01: what is not one to one between open items and tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_roadmap.adapters.document.item_mapping import read_mapping
from pytest_roadmap.adapters.document.registers import RegisterError
from pytest_roadmap.adapters.document.source_items import read_items
from pytest_roadmap.composition.quality import score_words
from pytest_roadmap.domain.quality.finding import Finding, Level
from pytest_roadmap.domain.quality.qa01 import (
    ItemSources,
    SourceItem,
    check_items,
    listed_sources,
    shared_items,
)
from pytest_roadmap.domain.quality.qa02 import check_shared
from pytest_roadmap.domain.roadmap import Roadmap
from tests.unit.document.documents import REAL_DOCUMENT, document, read, row

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATH = ".specs/a.md"
OWN = ".roadmap/implementation_roadmap.md"
GOOD = "- [ ] 값 <!-- roadmap: SEC-001 -->\n"


@pytest.fixture(scope="module")
def real() -> Roadmap:
    found = read(REAL_DOCUMENT.read_bytes()).roadmap
    assert found is not None
    return found


def one_task(**changed: str) -> Roadmap:
    block = "완료 항목 (Done)" if changed.get("status") == "Done" else "미완료"
    found = read(document(row("SEC-001", **changed), block=block)).roadmap
    assert found is not None
    return found


def items(text: str) -> tuple[SourceItem, ...]:
    return read_items(PATH, text.encode())


def check(roadmap: Roadmap, text: str, mapping: Mapping[str, str] | None = None) -> list[Finding]:
    sources = ItemSources(items(text), {})
    return list(check_items(roadmap, sources, mapping or {}, score_words, OWN))


def codes(findings: list[Finding], level: Level = Level.ERROR) -> list[str]:
    return [each.code for each in findings if each.level is level]


class TestWhatAnItemIs:
    """Items of a document, and what only looks like one."""

    @pytest.mark.parametrize(
        "text",
        [
            "- [ ] a\n",
            "* [ ] a\n",
            "1. [ ] a\n",
            "- b\n  - [ ] a\n",
            "| x | 상태 |\n|---|---|\n| a | 미완료 |\n",
            "| x | status |\n|---|---|\n| a | InProgress |\n",
            "| x | Status |\n|---|---|\n| a | open |\n",
            "| task | x | status |\n|---|---|---|\n| a | b | Planned |\n",
            "## 미완료 항목\n\n- a\n",
            "## 3. Open items\n\n### Later\n\n- a\n",
            "## TODO\n\n- a\n",
        ],
    )
    def test_it_is_found(self, text: str) -> None:
        """Boxes, rows by their status cell, and bullets below a heading of open work."""
        assert len(items(text)) == 1

    @pytest.mark.parametrize(
        "text",
        [
            "```\n- [ ] a\n```\n",
            "    - [ ] a\n",
            "> - [ ] a\n",
            "- [ ] ~~a~~\n",
            "- [ ] a <!-- not-roadmap: kept by another team -->\n",
            "| x | status |\n|---|---|\n| ~~a~~ | Open |\n",
            "| x | status |\n|---|---|\n| a | Planned |\n",
            "| x | state |\n|---|---|\n| a | Open |\n",
            "> | x | status |\n> |---|---|\n> | a | Open |\n",
            "## Mastodons\n\n- a\n",
            "## TODO\n\n1. a\n",
            "## TODO\n\n## Notes\n\n- a\n",
            "---\nstatus: deprecated\n---\n\n- [ ] a\n",
            "text [ ] a\n",
        ],
    )
    def test_it_is_passed_over(self, text: str) -> None:
        """Code, quotes, struck text, items of others, headings that end, old documents."""
        assert items(text) == ()

    def test_a_reason_is_asked_of_what_is_left_out(self) -> None:
        """Without one the item stays an item."""
        assert len(items("- [ ] a <!-- not-roadmap: -->\n")) == 1

    def test_a_comment_in_code_maps_nothing(self) -> None:
        """It only shows how to write one."""
        assert items("- [ ] write `<!-- roadmap: SEC-001 -->`\n")[0].tasks == ()

    def test_comments_may_stand_on_lines_of_their_own(self) -> None:
        """Inside the item they belong to."""
        found = items("- [ ] a\n  <!-- item: A-1 -->\n  <!-- roadmap: SEC-001, SEC-002 -->\n")

        assert (found[0].item_id, found[0].tasks) == ("A-1", ("SEC-001", "SEC-002"))

    def test_an_item_knows_its_place(self) -> None:
        """Line, section number, and the item above it; front matter counts as lines."""
        found = items("---\na: b\n---\n## 2. X\n\n- [ ] a\n  - [x] b\n")

        assert [(i.line, i.section, i.parent, i.closed) for i in found] == [
            (6, "2", 0, False),
            (7, "2", 6, True),
        ]

    def test_its_identity_stays_when_only_spaces_and_case_change(self) -> None:
        """Path, section and text make it, unless it has an id."""
        one, two = items("# 1. X\n\n- [ ] A  b\n")[0], items("# 1. X\n\n\n* [ ] a B\n")[0]

        assert one.identity == two.identity
        assert one.identity.startswith(".specs/a.md#1:")
        assert items("- [ ] a <!-- item: A-1 -->\n")[0].identity == "A-1"

    def test_a_file_that_is_no_markdown_has_none(self) -> None:
        """YAML holds no boxes."""
        assert read_items("configs/dev.yaml", b"- [ ]\n") == ()


class TestOneToOne:
    """Every item one task, every unfinished task its items."""

    def test_an_item_for_each_task_passes(self) -> None:
        """Nothing is found."""
        assert check(one_task(), GOOD) == []

    def test_an_item_without_a_task_is_unmapped_and_gets_a_suggestion(self, real: Roadmap) -> None:
        """The example of the rules; a suggestion maps nothing."""
        text = "- [ ] 진단로그 Log Analytics 연결 <!-- item: AMI-M1-01 -->\n"
        found = [each for each in check(real, text) if each.code == "UNMAPPED"]

        assert len(found) == 1
        assert "it reads like MON-001" in found[0].message
        assert (found[0].file, found[0].line) == (PATH, 1)

    def test_at_most_three_tasks_are_suggested(self, real: Roadmap) -> None:
        """The best ones; a text like no other gets none."""
        message = check(real, "- [ ] alert rule workbook runbook cutover 검증 확인 기록\n")[
            0
        ].message

        assert message.partition("reads like ")[2].count(",") <= 2
        assert "reads like" not in check(real, "- [ ] xyzzy\n")[0].message

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("- [ ] 값 <!-- roadmap: SEC-001, SEC-002 -->\n", "MULTI_MAPPED"),
            ("- [ ] 값 <!-- roadmap: SEC-009 -->\n", "UNKNOWN_TASK"),
            ("", "ORPHAN_TASK"),
            (GOOD + "- [ ] b <!-- roadmap: SEC-001 -->\n", "NOT_ONE_TO_ONE"),
            (GOOD + GOOD, "ITEM_TWICE"),
        ],
    )
    def test_what_is_not_one_to_one_is_an_error(self, text: str, code: str) -> None:
        """Named by its code."""
        assert code in codes(check(one_task(), text))

    def test_a_box_in_a_code_block_does_not_count(self) -> None:
        """Control N4, a guard."""
        assert check(one_task(), GOOD + "\n```\n- [ ] b\n```\n") == []

    @pytest.mark.parametrize(
        "text",
        [
            "- all\n  - [ ] a <!-- roadmap: SEC-001 -->\n  - [ ] b <!-- roadmap: SEC-001 -->\n",
            "- [ ] all <!-- roadmap: SEC-001 -->\n  - [ ] a <!-- roadmap: SEC-001 -->\n",
            "- [ ] 하나 <!-- roadmap: SEC-001 -->\n- [ ] 둘 <!-- roadmap: SEC-001 -->\n",
        ],
    )
    def test_parts_of_one_item_may_lead_to_one_task(self, text: str) -> None:
        """Siblings below one item, with or without it, or the task's own sub-tasks."""
        assert check(one_task(), text) == []

    def test_the_register_maps_what_has_no_comment(self) -> None:
        """By identity; what it says twice is said once."""
        text = "- [ ] 값 <!-- item: A-1 -->\n"

        assert check(one_task(), text, {"A-1": "SEC-001"}) == []
        assert check(one_task(), text + "  <!-- roadmap: SEC-001 -->", {"A-1": "SEC-001"}) == []

    def test_a_register_that_contradicts_the_comment_maps_twice(self) -> None:
        """Neither wins."""
        text = "- [ ] 값 <!-- item: A-1 --> <!-- roadmap: SEC-001 -->\n"

        assert "MULTI_MAPPED" in codes(check(one_task(), text, {"A-1": "SEC-002"}))

    def test_an_entry_for_no_item_is_a_warning(self) -> None:
        """The item may have been finished and removed."""
        assert codes(check(one_task(), GOOD, {"B-1": "SEC-001"}), Level.WARNING) == ["ITEM_UNKNOWN"]

    def test_a_task_whose_source_is_the_roadmap_needs_no_item(self) -> None:
        """It stands in its source already."""
        assert check(one_task(source_doc=f"`{OWN}`"), "") == []


class TestStates:
    """The state of an item and the status of its task."""

    def test_a_closed_item_of_an_unfinished_task_is_a_warning(self) -> None:
        """Control N6."""
        found = check(one_task(), "- [x] 값 <!-- roadmap: SEC-001 -->\n")

        assert codes(found) == []
        assert codes(found, Level.WARNING) == ["STATE"]

    @pytest.mark.parametrize(("box", "expected"), [(" ", ["STATE"]), ("x", [])])
    def test_a_done_task_has_no_open_item(self, box: str, expected: list[str]) -> None:
        """Control N7."""
        done = one_task(status="Done")

        assert codes(check(done, f"- [{box}] 값 <!-- roadmap: SEC-001 -->\n")) == expected

    def test_a_closed_item_that_names_no_task_is_history(self) -> None:
        """It is not asked for one."""
        assert check(one_task(), GOOD + "- [x] old\n") == []


class TestUnread:
    """Source documents that are not there."""

    def test_they_are_named_and_no_task_is_called_an_orphan(self, real: Roadmap) -> None:
        """Its item may stand in what could not be read."""
        sources = ItemSources((), {PATH: "there is no such file"})
        found = list(check_items(real, sources, {}, score_words, OWN))

        assert [(each.code, each.file) for each in found] == [("SOURCE_UNREAD", PATH)]
        assert codes(found) == []

    def test_the_real_tables_name_eleven_documents_beside_their_own(self, real: Roadmap) -> None:
        """Twelve paths, of which the roadmap itself is one."""
        assert len(listed_sources(real, (), OWN)) == 11
        assert len(listed_sources(real, (), "")) == 12


def test_an_item_of_two_workstreams_is_work_registered_twice(real: Roadmap) -> None:
    """QA-02 says so at the later task; within one workstream it does not."""
    found = items(
        "- [ ] a <!-- roadmap: SEC-001, MON-001 -->\n- [ ] b <!-- roadmap: SEC-001, SEC-002 -->\n"
    )
    shared = list(shared_items(real, ItemSources(found, {}), {}))
    errors = list(check_shared(real, shared))

    assert [(each.code, each.task) for each in errors] == [("SAME_ITEM", "MON-001")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- {item: A-1}\n", "[1].task: is missing"),
        ("- {item: A-1, task: 3}\n", "[1].task: must be text"),
        ("- {item: A-1, task: SEC-001, by: me}\n", "[1].by: is not one of the keys item, task"),
        ("a: b\n", "must be a list of entries"),
        ("- {item: A, task: B}\n- {item: A, task: C}\n", "[2].item: A has an entry already"),
        ("- [\n", "line 2: "),
    ],
)
def test_a_bad_register_is_told_with_its_key(tmp_path: Path, text: str, sentence: str) -> None:
    """File, key and what is expected, in one sentence."""
    path = tmp_path / "source_items.yaml"
    path.write_text(text, "utf-8")

    with pytest.raises(RegisterError) as caught:
        read_mapping(path)

    assert sentence in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_finding_reads_as_a_sentence_with_its_place() -> None:
    """File and line where they are known, the document otherwise."""
    whole = Finding("QA-01", "UNMAPPED", Level.ERROR, "SEC-001", 3, "no task", "a.md")
    bare = Finding("QA-05", "NO_PHASE_MAP", Level.WARNING, None, None, "no map")

    assert str(whole) == "a.md:3: error: QA-01 UNMAPPED SEC-001: no task"
    assert str(bare) == "roadmap: warning: QA-05 NO_PHASE_MAP: no map"
